"""An operator's day: the card opens by itself, a request is written in a second window, a second call waits, one is handed over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

import crmkit_telephony
from crmkit import Plugin
from crmkit.accounts.entities import StoredRole, User
from crmkit_sales import Contact, Deal, Inquiry
from crmkit_telephony import ROLES, Call, Line, Outcome, provider_named, take
from crmkit_telephony.testing import paper
from tests.browser import world
from tests.browser.marks import PHONE

LENA, OLEG, BOTH = "+79123456789", "+79161112233", "+79160000000"


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [*world.plugins(), crmkit_telephony.plugin, paper.plugin]


@pytest.fixture
def me(served) -> int:
    """The demo's manager, with a telephone of their own; a colleague has one too."""
    with served.uow() as uow:
        role = uow.find(StoredRole).where(StoredRole.name == "manager").one()
        more = dict.fromkeys(("sales.contact.*", "sales.inquiry.*"), "all")
        role.grants = {**role.grants, **next(r for r in ROLES if r.name == "manager").grants, **more}
        mine = uow.find(User).where(User.login == world.login("manager")).one().id
        uow.add(Line(provider="paper", extension="101", owner_id=mine))
        uow.add(Line(provider="paper", extension="102", owner_id=uow.find(User).where(User.login == world.login("director")).one().id))
        lena = uow.add(Contact(name="Елена Соколова", phone=LENA, owner_id=mine))
        uow.flush()
        uow.add(Deal(title="Кухня с островом", contact_id=lena.id, owner_id=mine))
        for name in ("Игорь Котов", "Ирина Котова"):
            uow.add(Contact(name=name, phone=BOTH, owner_id=mine))
        return mine


@pytest.fixture
def pbx(served, me):
    return provider_named(served.crm, "paper")


@pytest.fixture
def tell(served, pbx):
    """Pass on what the telephones told."""

    def told() -> int:
        with served.uow() as uow:
            return take(uow, "paper", pbx.heard())[-1].id

    return told


@pytest.fixture
def desk(page, sign_in, me) -> Page:
    sign_in("manager")
    page.goto("/sales/deal")
    expect(page.locator("html")).to_have_attribute("data-stream", "live")
    return page


def card(page: Page, name: str):
    return page.get_by_role("dialog", name=name)


def test_an_operators_day_with_two_windows(desk, served, pbx, tell, axe):
    ringing = pbx.ring("+79990001122", "101", our_number="+74950000001")  # nobody knows them
    first = tell()
    strange = card(desk, "+7 999 000-11-22")
    expect(strange.get_by_text("Этого номера ещё нет в базе")).to_be_visible()
    expect(strange.get_by_role("button", name="Отклонить")).to_be_visible()
    pbx.answer(ringing)
    tell()
    expect(strange.get_by_role("button", name="Удержать")).to_be_visible()
    axe(desk, ".win")

    # The request is written in a second window; the card stays beside it, through navigation too.
    strange.get_by_role("link", name="Новый контакт").click()
    form = card(desk, "Контакт: новая запись")
    expect(form.get_by_label("Телефон")).to_have_value(re.compile(r"9990001122|999 000"))
    form.get_by_role("textbox", name=re.compile("^Имя")).first.fill("Павел Орлов")
    desk.get_by_role("navigation", name="Меню").get_by_role("link", name="Лиды", exact=True).click()
    expect(desk).to_have_url(re.compile("/sales/lead"))
    form.get_by_role("button", name="Создать").click()
    expect(strange.get_by_text("Павел Орлов")).to_be_visible()  # found by the number at once
    strange.get_by_role("button", name=re.compile("Это Павел Орлов")).click()
    expect(strange.locator(".telc-one").get_by_text("Павел Орлов")).to_be_visible()

    # Held; a second call comes in: both are in the line above the page.
    strange.get_by_role("button", name="Удержать").click()
    expect(strange.get_by_role("button", name="Удерживаем…")).to_be_disabled()
    served.kit.deliver()
    assert ringing.held
    second = pbx.ring(BOTH, "101")
    tell()
    strip = desk.locator(".strip")
    expect(strip.get_by_role("listitem")).to_have_count(2)
    other = card(desk, "+7 916 000-00-00")
    expect(other.get_by_text("Кто это?")).to_be_visible()
    other.get_by_role("button", name="Это Ирина Котова").click()
    expect(other.locator(".telc-one").get_by_text("Ирина Котова")).to_be_visible()
    pbx.answer(second)
    tell()

    # Handed over to a colleague, found by a few letters of the extension.
    other.get_by_role("button", name="Перевести").click()
    other.get_by_placeholder("Имя, внутренний или номер телефона").fill("10")
    other.locator(".telc-people").get_by_role("button", name=re.compile("Сразу")).first.click()
    expect(other.get_by_role("button", name="Переводим…")).to_be_disabled()
    served.kit.deliver()
    assert second.extension == "102"

    # The first is over: the note typed meanwhile is there, and saving it closes the card.
    strange.get_by_label("Заметка").fill("Ждёт замерщика в среду")
    pbx.end(ringing)
    tell()
    expect(strange.get_by_role("button", name="Разговор состоялся")).to_have_attribute("aria-pressed", "true")
    strange.get_by_role("button", name="Сохранить").click()
    expect(strange).to_have_count(0)
    with served.uow() as uow:
        done = uow.get(Call, first)
        assert (done.note, done.wrapped_at is not None, done.outcome) == ("Ждёт замерщика в среду", True, Outcome.ANSWERED)
        assert uow.get(Contact, done.contact_id).name == "Павел Орлов"
        assert uow.get(Inquiry, done.inquiry_id).phone_number == "+79990001122"


def test_a_number_is_called_with_one_press_and_its_recording_is_heard_in_place(desk, served, pbx, tell):
    with served.uow() as uow:
        lena = uow.find(Contact).where(Contact.name == "Елена Соколова").one().id
    desk.goto(f"/sales/contact/{lena}")
    desk.get_by_role("button", name="Позвонить +7 912 345-67-89").first.click()
    window = card(desk, "Елена Соколова")
    expect(window.get_by_text("Набирается")).to_be_visible()
    served.kit.deliver()
    (ours,) = pbx.calls.values()
    pbx.pick_up(ours)
    tell()
    expect(window.get_by_text("Идут гудки")).to_be_visible()
    pbx.answer(ours)
    tell()
    window.get_by_role("button", name="Завершить").click()
    expect(window.get_by_role("button", name="Завершаем…")).to_be_disabled()
    served.kit.deliver()
    key = tell()
    with served.uow() as uow:
        uow.keep(uow.get(Call, key), recording=ours.recording)
    expect(window.get_by_role("button", name="Слушать запись")).to_be_visible()
    expect(desk.locator(".strip")).to_be_hidden()
    with desk.expect_response(re.compile(f"/x/telephony/recording/{key}$")) as heard:
        window.get_by_role("button", name="Слушать запись").click()
    assert heard.value.status in (200, 206)
    expect(desk.locator(".panel", has_text="Звонки").first).to_be_visible()


@pytest.mark.parametrize("screen", [PHONE], ids=["phone"])
def test_on_a_phone_nothing_is_wider_than_the_screen(desk, pbx, tell, axe):
    ringing = pbx.ring(LENA, "101")
    tell()
    pbx.answer(ringing)
    tell()
    expect(card(desk, "Елена Соколова").get_by_role("button", name="Удержать")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") <= 390
    axe(desk)
