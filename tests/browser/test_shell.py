"""Coming in and finding one's way: the sign-in page, the palette, the menus, on a desk and on a telephone, by keyboard alone."""

from __future__ import annotations

import re

import pyotp
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from crmkit.accounts.entities import Session, User
from crmkit.accounts.links import new_link
from tests.browser import world
from tests.browser.marks import PHONE, in_every_look

SAYS = {
    "ru": {"in": "Войти", "wrong": "Неверный логин или пароль", "login": "Электронная почта", "password": "Пароль"},
    "en": {"in": "Sign in", "wrong": "Login or password is wrong", "login": "E-mail", "password": "Password"},
}
phones = pytest.mark.parametrize("screen", [PHONE], ids=["phone"])


def enter(page: Page, name: str, password: str = world.PASSWORD, language: str = "ru") -> None:
    said = SAYS[language]
    page.get_by_label(said["login"]).fill(world.login(name))
    page.get_by_label(said["password"], exact=True).fill(password)
    page.get_by_role("button", name=said["in"], exact=True).click()


@pytest.fixture
def speaks(context, served, language) -> None:
    """The language of the test is chosen in the browser: the demo's people have languages of their own."""
    context.add_cookies([{"name": "crmkit_language", "value": language, "url": served.url}])


def palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    expect(page.locator("#pal-list [aria-selected=true]")).to_have_count(1)


# ---- coming in ----------------------------------------------------------------------------------------------------------------
@in_every_look
def test_somebody_signs_in_and_sees_what_they_came_for(page, watch, language, axe, look):
    watch.expect("status of 401")
    page.goto("/sales/deal")
    expect(page).to_have_url(re.compile(r"/accounts/login\?next=%2Fsales%2Fdeal$"))
    expect(page.get_by_label(SAYS[language]["login"])).to_be_focused()
    enter(page, "manager", "nonsense", language)
    expect(page.get_by_role("alert")).to_have_text(SAYS[language]["wrong"])
    axe(page)
    look(page, "refused")
    enter(page, "manager", language=language)
    expect(page).to_have_url(re.compile("/sales/deal$"))
    assert not page.evaluate("document.cookie.includes('crmkit_session')")
    assert page.evaluate("localStorage.length") == 0


def test_a_password_can_be_looked_at(page):
    page.goto("/accounts/login")
    field = page.get_by_label("Пароль", exact=True)
    field.fill("тайна")
    page.get_by_label("Показать пароль").check()
    expect(field).to_have_attribute("type", "text")


def test_somebody_signs_in_without_scripts(new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/accounts/login?next=%2Fsearch%3Fq%3Dx")
    enter(page, "manager")
    expect(page).to_have_url(re.compile(r"/search\?q=x$"))
    page.locator("[popovertarget=me]").click()
    page.get_by_role("button", name="Выйти").click()
    expect(page).to_have_url(re.compile("/accounts/login"))


def test_a_link_leaves_the_address_at_once(page, served, axe, look):
    with served.uow() as uow:
        user = uow.find(User).where(User.login == world.login("manager")).one()
        made = new_link(uow, user, "invite")
    page.goto(f"/accounts/enter#{made}")
    expect(page).to_have_url(re.compile("/accounts/password$"))
    expect(page.get_by_role("heading")).to_contain_text("Юлия Зимина")
    axe(page)
    look(page)
    page.go_back()
    assert made not in page.url
    page.goto("/accounts/password")
    page.get_by_label("Пароль", exact=True).fill("шесть жёлтых кленовых листьев")
    page.get_by_role("button", name="Сохранить и войти").click()
    expect(page.locator("#nav")).to_contain_text("Юлия Зимина")


def test_a_second_factor_from_its_code_to_the_next_sign_in(page, sign_in, served, axe, look):
    sign_in("manager")
    page.goto("/accounts/profile")
    section = page.get_by_role("region", name="Второй фактор")
    section.get_by_label("Текущий пароль").fill(world.PASSWORD)
    section.get_by_role("button", name="Настроить").click()
    expect(section.get_by_role("img", name="QR").locator("svg")).to_be_visible()
    app = pyotp.TOTP(section.locator("pre").inner_text().replace(" ", ""))
    section.get_by_label("Код из приложения").fill(app.at(served.crm.clock.now()))
    section.get_by_role("button", name="Включить").click()
    expect(section.get_by_text("Резервные коды")).to_be_visible()
    spare = section.locator("pre").inner_text().split()[0]
    axe(page)  # this and pictures leave traces on a page: only where it is left for good
    look(page)
    page.locator(".nav-user").click()
    page.get_by_role("button", name="Выйти").click()
    enter(page, "manager")
    expect(page).to_have_url(re.compile("/accounts/code"))
    axe(page)
    page.get_by_label("Код из приложения или резервный код").fill(spare)
    page.get_by_role("button", name="Продолжить").click()
    expect(page.locator("#nav")).to_contain_text("Юлия Зимина")


def test_a_session_that_ended_is_begun_anew_at_the_same_page(page, sign_in, served, watch):
    watch.expect("status of 401")
    sign_in("manager")
    page.goto("/search?q=x")
    with served.uow() as uow:
        uow.connection.execute(sa.update(Session.__table__).values(ended_at=uow.now))
    page.get_by_role("navigation", name="Меню").get_by_role("link", name="Сделки", exact=True).click()
    expect(page).to_have_url(re.compile(r"/accounts/login\?next=%2Fsales%2Fdeal$"))
    enter(page, "manager")
    expect(page).to_have_url(re.compile("/sales/deal$"))


def test_what_was_typed_stays_when_the_session_ends_and_is_sent_again(page, sign_in, served, watch):
    watch.expect("status of 401")
    sign_in("manager")
    page.goto("/sales/company/new")
    page.get_by_label("Название").fill("Завод дверей")
    with served.uow() as uow:
        uow.connection.execute(sa.update(Session.__table__).values(ended_at=uow.now))
    page.get_by_role("button", name="Создать").click()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Войти").click()
    enter(opened.value, "manager")
    expect(opened.value.locator("#nav")).to_be_visible()
    page.get_by_role("button", name="Создать").click()
    expect(page).to_have_url(re.compile(r"/sales/company/\d+$"))
    expect(page.locator("#main")).to_contain_text("Завод дверей")


# ---- the palette ----------------------------------------------------------------------------------------------------------------
def test_the_palette_is_worked_by_keys_alone(page, sign_in, served):
    sign_in("director")
    page.goto("/search")
    palette(page)
    field = page.get_by_role("combobox", name="Поиск или команда")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#pal-list [aria-selected=true]")
    expect(chosen).to_have_attribute("id", field.get_attribute("aria-activedescendant") or "")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    palette(page)
    page.evaluate("window.stayed = 1")
    page.keyboard.type("сделки")
    expect(page.get_by_role("option", name="Сделки", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sales/deal"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Сделки")
    assert page.evaluate("window.stayed") == 1


def test_a_record_is_found_and_opened_in_a_window(page, sign_in):
    sign_in("director")
    page.goto("/sales/deal")
    palette(page)
    page.keyboard.type("анна")
    first = page.locator('#pal-list [data-kind="record"]').first
    expect(first.locator("mark").first).to_have_text(re.compile("анна", re.I))
    while first.get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    name = first.locator(".pal-t").inner_text()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#desk")).to_contain_text(name)
    expect(page).to_have_url(re.compile("/sales/deal"))


def test_what_is_typed_fast_is_what_is_meant(page, sign_in):
    sign_in("director")
    page.goto("/search")
    palette(page)
    page.keyboard.type("компании")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sales/company"))


def test_dark_mode_from_the_palette(page, sign_in):
    sign_in("manager")
    page.goto("/search")
    palette(page)
    page.keyboard.type("тёмная")
    expect(page.get_by_role("option", name="Тема: Тёмная")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@in_every_look
def test_the_palette_and_the_search_page_for_everybody(page, sign_in, axe, look, speaks):
    sign_in("director")
    page.goto("/search")
    page.locator("[data-palette]:visible").first.click()
    expect(page.get_by_role("option").first).to_be_visible()
    axe(page, "#palette")
    look(page, "palette")
    page.locator("#pal-q").fill("анна")
    expect(page.locator("#pal-list mark").first).to_be_visible()
    axe(page, "#palette")
    look(page, "found")
    page.get_by_role("option", name=re.compile("«анна»|“анна”")).click()
    expect(page.locator(".hit").first).to_be_visible()


# ---- menus ----------------------------------------------------------------------------------------------------------------------
def test_the_language_is_switched_and_stays(page, sign_in, axe, look):
    sign_in("manager")
    page.goto("/search")
    page.locator(".nav-user").click()
    axe(page)
    look(page)
    page.get_by_label("English").check(force=True)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


@phones
def test_a_telephone_has_a_bar_and_a_drawer(page, sign_in, axe, look):
    sign_in("manager")
    page.goto("/search")
    bar = page.get_by_role("navigation", name="Быстрый доступ")
    expect(bar.get_by_role("link")).to_have_count(3)
    more = bar.get_by_role("button", name="Ещё")
    more.click()
    menu = page.get_by_role("navigation", name="Меню")
    expect(menu).to_be_visible()
    expect(menu.get_by_role("button", name="Закрыть")).to_be_focused()
    assert page.locator("#main").evaluate("el => el.inert")
    axe(page)
    look(page, "drawer")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(more).to_be_focused()
    more.click()
    menu.get_by_role("link", name="Сделки", exact=True).click()
    expect(page).to_have_url(re.compile("/sales/deal"))
    expect(menu).to_be_hidden()
    assert not page.locator("#main").evaluate("el => el.inert")
    expect(bar.locator("[aria-current=page]")).to_have_count(1)


def test_the_skip_link_leads_to_the_content(page, sign_in):
    sign_in("manager")
    page.goto("/sales/company")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Перейти к содержимому")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_lost_connection_is_told(page, sign_in, context):
    sign_in("manager")
    page.goto("/search")
    expect(page.locator("html")).to_have_attribute("data-stream", "live")  # nothing is on its way any more
    context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()


def test_pages_that_are_not_there_say_so_kindly(page, sign_in, watch, axe, look):
    watch.expect("status of 404")
    sign_in("manager")
    page.goto("/nowhere")
    expect(page.locator(".empty")).to_be_visible()
    axe(page)
    look(page)
