"""From the closed deal to the first call; the check-list; an incident in the middle of a call; its closing; the board on the 31st and on the 1st."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

import crmkit_prosthesis_feedback as pf
import crmkit_taskqueue
from crmkit import Plugin
from crmkit.accounts.entities import StoredRole, User
from crmkit.accounts.roles import give, seed
from crmkit_sales import SALES, Contact, Deal
from tests.browser import world

ISSUED = dt.datetime(2026, 6, 16, 9, tzinfo=dt.UTC)
"""Two weeks later is the first call; the one after three months comes in September, after a month of 31 days."""
NAME, MODEL = "Майя Лескова", "Протез кисти «Мио-2»"


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [*world.plugins(), crmkit_taskqueue.plugin, pf.plugin]


@pytest.fixture
def crm_settings(crm_settings):
    return {**crm_settings, "crmkit": {**crm_settings["crmkit"], "language": "ru"}, "prosthesis_feedback": {"team": 2, "callers": [4]}}


@pytest.fixture
def deal(served) -> int:
    """A deal about a prosthesis that is about to be handed over, and somebody who calls afterwards."""
    served.kit.clock.set(ISSUED)
    with served.uow() as uow:
        seed(uow)
        sells = uow.find(StoredRole).where(StoredRole.name == "manager").one()
        sells.grants = {**sells.grants, **next(r for r in pf.ROLES if r.name == "manager").grants}
        give(uow, uow.find(User).where(User.login == world.login("artem")).one().id, ["service_caller"])
        seller = uow.find(User).where(User.login == world.login("manager")).one()
        wearer = uow.add(Contact(name=NAME, phone="+79991234567", born_on=dt.date(1990, 5, 17), owner_id=seller.id))
        uow.flush()
        made = uow.add(
            Deal(title=MODEL, contact_id=wearer.id, amount=Decimal(890_000), owner_id=seller.id, team_id=seller.team_id), into=SALES["offer"]
        )
        uow.flush()
        return made.id


def until(served, moment: dt.datetime) -> None:
    """Let time pass at once, and everything happen that is due by then."""
    served.kit.clock.set(moment)
    served.kit.deliver()


def later(page: Page, served, moment: dt.datetime, sign_in) -> None:
    """Come back after a while: the session is over by then."""
    page.goto("about:blank")
    page.context.clear_cookies()
    until(served, moment)
    sign_in("artem")


def answer(within: Locator, question: str, value: str) -> None:
    """Answer a question, and wait until that is kept."""
    fieldset = within.get_by_role("group", name=re.compile(re.escape(question)))
    fieldset.get_by_role("radio", name=value, exact=True).check()
    expect(within.locator(".pf-q.done", has_text=question)).to_be_visible()


def column(page: Page, stage: str) -> Locator:
    return page.locator(f"[data-col={stage}]")


def test_from_the_closed_deal_to_the_board_of_the_next_month(page: Page, served, deal, sign_in, axe, look, watch):
    watch.expect("status of 422")  # what a form sends back with words at its fields
    watch.expect("status of 403")  # sales may not open the service card
    # The deal is won: sales sees that somebody is followed, and no more.
    sign_in("manager")
    page.goto(f"/sales/deal/{deal}")
    page.locator("[data-stepper]").get_by_role("button", name="Успех").click()
    glance = page.locator(".panel", has_text="Наблюдение за протезом")
    expect(glance.get_by_text("Наблюдается")).to_be_visible()
    expect(glance.get_by_role("link", name="К карточке сервиса")).to_have_count(0)
    with served.uow() as uow:
        service = uow.find(pf.Service).one()
        first = uow.find(pf.Feedback).one()
        assert (service.owner_id, first.period) == (4, next(iter(pf.body_of(uow, first.protocol_version_id).periods)))
    page.goto(f"/prosthesis_feedback/service/{service.id}")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text(NAME)

    # Its time has come: the call is the next task of customer service, with the check-list beside it.
    until(served, first.planned_at + dt.timedelta(minutes=5))
    sign_in("artem")
    page.goto("/taskqueue/")
    page.keyboard.press("Enter")
    task = page.locator(".pf-task")
    expect(task.get_by_role("listitem")).to_contain_text(MODEL)
    task.get_by_role("link", name="Открыть чек-лист").click()
    sheet = page.locator(".win .pf-sheet")
    expect(sheet.get_by_text("Отвечено 0 из")).to_be_visible()

    # One answer asks another question; what is said is kept at once.
    wears = sheet.get_by_role("group", name=re.compile("Вы носите протез"))
    why = sheet.get_by_role("group", name=re.compile("Почему протезом не пользуются"))
    expect(why).to_have_count(0)
    answer(sheet, "Вы носите протез", "Да")
    expect(why).to_have_count(0)
    wears.get_by_role("radio", name="Нет", exact=True).check()
    expect(why).to_be_visible()
    expect(sheet.locator(".pf-red")).to_be_visible()
    answer(sheet, "Почему протезом не пользуются", "Сломан")
    sheet.get_by_role("textbox", name=re.compile("Расскажите словами")).fill("Не раскрывается третий день")
    sheet.get_by_role("textbox", name="Заметка").focus()
    expect(sheet.locator(".pf-q.done", has_text="Расскажите словами")).to_be_visible()
    axe(page, ".win")
    with served.uow() as uow:
        told = pf.answers_of_card(uow, uow.get(pf.Feedback, first.id))
        assert (told["wears"], told["why_not"], told["why_not_words"]) == (False, "broken", "Не раскрывается третий день")

    # In the middle of the call an incident is opened: the answer has filled in its form.
    sheet.locator(".pf-q", has_text="Почему протезом").get_by_role("link", name="Открыть инцидент: Ремонт").click()
    form = page.locator(".win .pf-inc")
    expect(form.get_by_role("radio", name="Ремонт")).to_be_checked()
    expect(form.get_by_label("Что случилось")).to_have_value(re.compile("Почему протезом не пользуются.*Сломан"))
    form.get_by_label("Что случилось").fill("Не раскрывается кисть")
    form.get_by_role("button", name="Открыть инцидент").click()
    expect(page.locator(".win").get_by_text("Не опрашиваем: открыт инцидент")).to_be_visible()
    with served.uow() as uow:
        incident = uow.find(pf.Incident).one()
        assert (incident.pipeline, incident.feedback_id, uow.get(pf.Feedback, first.id).stage) == ("incident_repair", first.id, "incident")

    # A week later it is closed: every date that changes is shown before.
    page.locator(".win").get_by_role("button", name="Закрыть", exact=True).click()
    later(page, served, served.kit.clock.now() + dt.timedelta(days=7), sign_in)
    page.goto(f"/prosthesis_feedback/incident/{incident.id}")
    page.get_by_role("link", name="Закрыть: посмотреть изменения").click()
    lines = page.locator(".pf-diff tbody tr")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("+7 дней")
    page.get_by_role("radio", name="Спросить сейчас то, что пришлось на него").check()
    expect(lines).to_contain_text("+10 дней")
    axe(page)
    look(page)
    close = page.get_by_role("button", name="Закрыть инцидент")
    close.click()
    expect(page.get_by_text("напишите в двух словах, что сделано")).to_be_visible()
    page.get_by_label("Что сделано").fill("Заменили тягу")
    page.get_by_role("radio", name="Сдвинуть всё на длительность инцидента").check()
    expect(lines).to_contain_text("+7 дней")
    close.click()
    expect(page.get_by_text("Инцидент закрыт, даты пересчитаны")).to_be_visible()
    expect(page).to_have_url(re.compile(f"/prosthesis_feedback/service/{service.id}$"))

    # The rest is asked now; what was answered is still there, and what is missing is said.
    page.get_by_role("link", name="Открыть чек-лист").click()
    sheet = page.locator(".pf-sheet")
    expect(sheet.get_by_role("textbox", name=re.compile("Расскажите словами"))).to_have_value("Не раскрывается третий день")
    sheet.get_by_role("button", name="Опрос завершён").click()
    expect(sheet.locator(".pf-q.wrong").first).to_be_visible()
    answer(sheet, "Вы носите протез", "Да")
    with served.uow() as uow:
        body = pf.body_of(uow, first.protocol_version_id)
        asked = pf.asked_of(body, first.period, {"wears": True})
    for name in asked:
        question = body.questions[name]
        if name == "wears" or not question.required:
            continue
        if question.kind in ("choice", "scale", "yes_no"):
            names = {"choice": list(question.choices), "scale": ["8" if question.red_flag is None or question.red_flag.least is None else "1"]}
            value = names.get(question.kind, ["yes" if question.red_flag is None or "yes" not in question.red_flag.values else "no"])[0]
            sheet.locator(f"[name$='.{name}'][value='{value}']").check()
        else:
            sheet.locator(f"[name$='.{name}']").fill("8")
        expect(sheet.locator(".pf-q.done", has_text=question.text.to("ru"))).to_be_visible()
    expect(sheet.locator(".pf-q:not(.done)")).to_have_count(sum(not body.questions[n].required for n in asked))
    axe(page)
    sheet.get_by_role("button", name="Опрос завершён").click()
    expect(page.get_by_text(re.compile("Собрано: .*Следующий звонок"))).to_be_visible()
    page.get_by_role("tab", name="Календарь").click()
    expect(page.locator(".pf-cal tbody tr")).to_have_count(len(body.periods))

    # The board by months: on the 31st a call of the next month, on the 1st one of this month.
    with served.uow() as uow:
        autumn = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
        waits = uow.find(pf.Feedback).where(pf.Feedback.planned_at >= autumn).order_by(pf.Feedback.planned_at).first()
        on = waits.planned_at.astimezone(served.crm.zone)
    last = on.replace(day=1, hour=0, minute=0) - dt.timedelta(minutes=10)
    assert last.day == 31
    later(page, served, last, sign_in)
    page.goto("/prosthesis_feedback/card/board")
    expect(column(page, "next_month").locator("h2")).to_contain_text(MONTHS[on.month - 1])
    mine = column(page, "next_month").locator(".card")
    expect(mine).to_have_count(1)
    expect(mine).to_contain_text(f"🧑 {NAME}")
    expect(mine.locator(".chip", has_text="Взрослый")).to_be_visible()
    expect(column(page, "this_month").locator(".card")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("data-stream", "live")
    until(served, on.replace(day=1, hour=0, minute=31))
    expect(column(page, "this_month").locator(".card")).to_have_count(1)  # it moves before one's eyes
    expect(column(page, "next_month").locator(".card")).to_have_count(0)
    page.reload()
    expect(column(page, "this_month").locator("h2")).to_contain_text(MONTHS[on.month - 1])
    axe(page)
    look(page, "board")


MONTHS = ("январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь")


def test_reports_the_recall_list_and_medical_data(page: Page, served, deal, sign_in, axe, look, watch):
    watch.expect("status of 422")
    with served.uow() as uow:
        give(uow, uow.find(User).where(User.login == world.login("artem")).one().id, ["service_head"])
        uow.move(uow.get(Deal, deal), SALES["won"])
        uow.settle()
        service = uow.find(pf.Service).one()
    sign_in("artem")
    page.goto("/prosthesis_feedback/reports")
    expect(page.locator("#tile-prosthesis_feedback-complaints").get_by_role("row")).to_have_count(2)
    axe(page)
    look(page)
    page.locator("#tile-prosthesis_feedback-complaints").get_by_role("link", name=re.compile("Список для отзыва")).click()
    expect(page.get_by_role("rowheader", name=NAME)).to_be_visible()
    axe(page)
    look(page)
    page.goto(f"/prosthesis_feedback/privacy/{service.id}")
    page.get_by_role("button", name="Стереть безвозвратно").click()
    expect(page.get_by_text("укажите причину")).to_be_visible()
    axe(page)
    look(page)
    page.goto("/prosthesis_feedback/privacy")
    axe(page)
