"""A manager's day at the manager's screen, by keyboard alone; and the screen on phones, in the dark, in two tabs."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from urllib.parse import unquote

import pytest
from playwright.sync_api import Locator, Page, expect

import crmkit_taskqueue
from crmkit import Plugin
from crmkit.accounts.entities import StoredRole, User
from crmkit_sales import Contact, ContactPoint, Deal, Lead, Way
from crmkit_taskqueue import ROLES, OldClient, Pause, Task, TaskState, WorkSession
from tests.browser import world
from tests.browser.marks import on_both_screens

START = "Всё готово к работе"


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [*world.plugins(), crmkit_taskqueue.plugin]


@pytest.fixture
def me(served) -> int:
    """The demo's manager, who works at the screen."""
    with served.uow() as uow:
        role = uow.find(StoredRole).where(StoredRole.name == "manager").one()
        role.grants = {**role.grants, **next(r for r in ROLES if r.name == "manager").grants}
        return uow.find(User).where(User.login == world.login("manager")).one().id


@pytest.fixture
def task(served, me):
    """Make a task of the manager's: ``task("call", "Позвонить", minutes=-5)`` was due five minutes ago."""

    def make(kind: str, title: str, minutes: float = -5, **values) -> int:
        with served.uow() as uow:
            made = uow.add(Task(kind=kind, title=title, owner_id=me, due_at=uow.now + dt.timedelta(minutes=minutes), **values))
            uow.flush()
            return made.id

    return make


@pytest.fixture
def client(served, me) -> dict[str, int]:
    """Somebody to call, with a deal, a lead, a second number and a twin."""
    with served.uow() as uow:
        anna = uow.add(Contact(name="Анна Светлова", phone="+74951234567", email="anna@example.com", city="Тула", owner_id=me))
        uow.add(Contact(name="Светлова Анна", phone="+74951234567", owner_id=me))
        uow.flush()
        uow.add(ContactPoint(contact_id=anna.id, way=Way.PHONE, value="+74957654321"))
        deal = uow.add(Deal(title="Шкаф-купе в спальню", amount=Decimal(184_000), contact_id=anna.id, owner_id=me))
        uow.add(Deal(title="Кухня", amount=Decimal(312_500), contact_id=anna.id, owner_id=me))
        uow.add(Lead(title="Заявка с сайта: прихожая", contact_id=anna.id, phone="+74951234567", owner_id=me))
        uow.flush()
        found = {"contact": anna.id, "deal": deal.id}
    with served.uow() as uow:
        for made in uow.find(Task).where(Task.owner_id == me).all():  # what a new lead makes by itself
            uow.keep(made, state=TaskState.CANCELLED)
    return found


def heading(page: Page) -> Locator:
    return page.locator(".tq-t, .tq-h")


def opened(page: Page, title: str | re.Pattern[str]) -> None:
    """The next screen is there, and the focus is at its heading."""
    expect(heading(page)).to_have_text(title)
    expect(heading(page)).to_be_focused()


def state_of(served, key: int) -> tuple[TaskState, str | None]:
    with served.uow() as uow:
        found = uow.get(Task, key)
        return found.state, found.outcome


def test_a_day_by_keyboard(page: Page, served, me, task, client, sign_in, watch):
    watch.expect("status of 422")  # what the screen sends back with words at its fields
    keys = page.keyboard
    with served.uow() as uow:
        for number in range(30):
            uow.add(Task(kind="task", title=f"План {number}", owner_id=me, due_at=uow.now.replace(hour=9) + dt.timedelta(days=1)))
    lead = task("new_lead", "Новый лид: прихожая", -9, contact_id=client["contact"])
    first = task("call_back", "Перезвонить Анне", -8, deal_id=client["deal"])
    made = [task("call", f"Звонок {n}", -7 + n / 10, deal_id=client["deal"]) for n in range(4)]
    other = [task("task", f"Дело {n}", -6 + n / 10, contact_id=client["contact"]) for n in range(4)]
    with served.uow() as uow:
        old = uow.add(OldClient(title="Старый клиент Борис", owner_id=me))
        uow.flush()
        old = old.id

    sign_in("manager")
    page.goto("/")  # managers land on their screen
    expect(page).to_have_url(re.compile("/taskqueue/$"))
    expect(heading(page)).to_have_text(START)
    keys.press("Enter")

    # 1: a field is asked for, and said when it is not there
    opened(page, "Новый лид: прихожая")
    expect(page.locator(".tq-client")).to_contain_text("Анна Светлова")
    expect(page.locator(".tq-biz")).to_contain_text("Шкаф-купе в спальню")
    expect(page.locator(".feed-all")).to_be_visible()
    keys.press("4")
    keys.press("Enter")
    reason = page.get_by_label("Почему")
    expect(reason).to_be_focused()
    expect(reason).to_have_attribute("aria-invalid", "true")
    keys.type("Дорого")
    keys.press("Enter")
    # 2: while typing a note, without leaving it
    opened(page, "Перезвонить Анне")
    keys.press("n")
    keys.type("Ждёт замер, 2 этаж")
    keys.press("Alt+1")
    keys.press("Enter")
    # 3: nobody answers; 4: call back in an hour; 5: out of the field by Esc
    opened(page, "Звонок 0")
    keys.press("3")
    keys.press("Enter")
    opened(page, "Звонок 1")
    keys.press("2")
    expect(page.locator(".tq-pick input:focus")).to_have_count(1)
    keys.press("ArrowRight")
    keys.press("Enter")
    opened(page, "Звонок 2")
    keys.press("n")
    keys.type("123")
    keys.press("Escape")
    expect(heading(page)).to_be_focused()
    expect(page.locator("#tq-note")).to_have_value("123")
    keys.press("1")
    keys.press("Control+Enter")
    # 6: a contact's value is changed where it stands; the card is a key away
    opened(page, "Звонок 3")
    keys.press("c")
    keys.press("Enter")
    expect(page.locator(".tq-client .editing input[type=text]")).to_be_focused()
    keys.press("End")
    keys.type(" (Тула)")
    keys.press("Enter")
    expect(page.locator(".tq-client .prop-e:focus")).to_have_count(1)
    expect(page.locator(".tq-client")).to_contain_text("Анна Светлова (Тула)")
    keys.press("1")
    keys.press("Enter")
    # 7: a full day is refused with the free ones, and another is picked
    opened(page, "Дело 0")
    keys.press("2")
    own = page.get_by_label("Точное время")
    with served.uow() as uow:
        tomorrow = uow.now.astimezone(uow.crm.zone).date() + dt.timedelta(days=1)
    own.focus()
    page.evaluate("v => { document.activeElement.value = v }", f"{tomorrow}T12:00")
    keys.press("Enter")
    expect(page.locator(".tq-dock .fld-bad")).to_contain_text("занят полностью")
    expect(page.get_by_label("Точное время")).to_be_focused()
    free = page.locator(".tqd td:not(.full):not(.off) input").nth(3)
    free.focus()
    keys.press("Space")
    keys.press("Enter")
    # 8: it cannot be done: a reason and words
    opened(page, "Дело 1")
    keys.press("0")
    keys.press("ArrowRight")
    keys.press("Enter")
    expect(page.locator(".tq-note .fld-bad")).to_be_visible()
    expect(page.locator("#tq-note")).to_be_focused()
    keys.type("Клиент Ильи")
    keys.press("Control+Enter")
    # 9 and 10, with a break after it
    opened(page, "Дело 2")
    keys.press("1")
    keys.press("Enter")
    opened(page, "Дело 3")
    keys.press("b")
    expect(page.locator("[data-popmenu]:popover-open button:focus")).to_have_count(1)
    keys.press("Enter")
    expect(page.locator(".tq-after")).to_contain_text("Обед")
    keys.press("1")
    keys.press("Enter")
    opened(page, "Перерыв: Обед")
    keys.press("Enter")
    # the stack, then the end
    opened(page, re.compile("Борис"))
    expect(page.locator(".tq-why")).to_contain_text("старого клиента")
    keys.press("?")
    expect(page.locator("#tq-help")).to_be_visible()
    keys.press("Escape")
    keys.press("2")
    expect(page.get_by_label("Почему")).to_be_focused()
    keys.type("Купил у других")
    keys.press("Enter")
    expect(heading(page)).to_have_text(re.compile("дел нет|откроется"))
    keys.press("b")
    menu = page.locator("[data-popmenu]:popover-open")
    expect(menu.locator("button:focus")).to_have_count(1)
    keys.press("End")
    expect(menu.locator("button").last).to_be_focused()
    keys.press("Enter")
    opened(page, START)
    expect(page.locator("[data-closed]")).to_have_attribute("data-closed", "10")

    assert state_of(served, lead) == (TaskState.DONE, "not_interested")
    assert state_of(served, first) == (TaskState.DONE, "reached")
    assert [state_of(served, key)[1] for key in made] == ["no_answer", "later", "reached", "reached"]
    assert [state_of(served, key)[1] for key in other] == ["later", "not_mine", "done", "done"]
    with served.uow() as uow:
        assert uow.get(OldClient, old).result.value == "refused"
        assert uow.find(Pause).one().ended_at is not None
        assert uow.find(WorkSession).one().ended_at is not None
        assert "2 этаж" in uow.get(Task, first).note


@on_both_screens
def test_how_it_looks(page: Page, served, me, task, client, sign_in, look, axe, watch):
    watch.expect("status of 422")
    task("task", "На завтра", 24 * 60)
    task("call", "Уточнить размеры шкафа и договориться о замере", -12, deal_id=client["deal"], text="Спросить про цвет фасадов и этаж.")
    task("new_lead", "Новый лид: прихожая", -9, contact_id=client["contact"])
    sign_in("manager")
    page.goto("/taskqueue/")
    look(page, "start")
    page.locator("[data-go]").click()
    expect(page.locator(".feed-all")).to_be_visible()
    expect(page.locator(".tq-more .skeleton")).to_have_count(0)
    look(page, "lead")
    axe(page)
    page.locator(".tq-key", has_text="Перезвонить").click()
    look(page, "again")
    page.locator(".tq-key", has_text="Не интересно").click()
    page.locator("[data-finish]").click()
    expect(page.locator(".tq-dock .fld-bad")).to_be_visible()
    look(page, "wrong")
    page.get_by_label("Почему").fill("Дорого")
    page.locator("[data-finish]").click()
    opened(page, re.compile("Уточнить"))
    expect(page.locator(".feed-all")).to_be_visible()
    page.locator("[data-tq-break]").click()
    look(page, "menu")
    page.get_by_role("button", name="Обед").click()
    look(page, "call")
    page.locator(".tq-key", has_text="Сделано").click()
    page.locator("[data-finish]").click()
    opened(page, "Перерыв: Обед")
    look(page, "break")
    page.locator("[data-go]").click()
    opened(page, re.compile("дел нет"))
    look(page, "nothing")
    axe(page)


def test_two_tabs_show_one_task_and_nothing_typed_is_lost(page: Page, served, me, task, client, sign_in):
    task("task", "Первая", -9, contact_id=client["contact"])
    task("task", "Вторая", -8, contact_id=client["contact"])
    sign_in("manager")
    page.goto("/taskqueue/")
    page.locator("[data-go]").click()
    opened(page, "Первая")
    with page.expect_response(lambda r: r.url.endswith("/do/still") and "Наполовину" in unquote(r.request.post_data or "")):
        page.locator("#tq-note").press_sequentially("Наполовину")
        page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("#tq-note")).to_have_value("Наполовину")

    other = page.context.new_page()
    other.goto("/taskqueue/")
    expect(other.locator("#tq-note")).to_have_value("Наполовину")  # a second tab, another device
    other.locator(".tq-key", has_text="Сделано").click()
    other.locator("[data-finish]").click()
    opened(other, "Вторая")
    page.bring_to_front()
    expect(heading(page)).to_have_text("Вторая")
    expect(page.locator(".tq-notice")).to_contain_text("у вас больше не открыта")
    expect(page.locator(".tq-kept")).to_have_text("Наполовину")
    with served.uow() as uow:
        assert [t.state for t in uow.find(Task).where(Task.title == "Первая")] == [TaskState.DONE]


def test_a_click_on_an_outcome_brings_the_next_task_by_one_request(page: Page, task, client, sign_in):
    task("task", "Первая", -9, contact_id=client["contact"])
    task("task", "Вторая", -8, contact_id=client["contact"])
    sign_in("manager")
    page.goto("/taskqueue/")
    page.locator("[data-go]").click()
    opened(page, "Первая")
    expect(page.locator(".tq-mid>.skeleton,.tq-more>.skeleton")).to_have_count(0)
    held, asked = [], []
    # What is fetched once the task is in sight already, and parts that were too slow for what stands around it.
    page.route(re.compile("/taskqueue/(around/|do/still)|/_/panel/"), lambda route: held.append(route))
    page.on("request", lambda request: asked.append(request))
    page.locator(".tq-key", has_text="Сделано").click()
    page.locator("[data-finish]").click()
    opened(page, "Вторая")
    expect(page.locator(".tq-client")).to_contain_text("Анна Светлова")
    later = {route.request for route in held}
    assert [(r.method, r.is_navigation_request(), r.url.rpartition("/")[2]) for r in asked if r not in later] == [("POST", False, "done")]
    for route in held:
        route.continue_()
    expect(page.locator(".tq-mid>.skeleton,.tq-more>.skeleton")).to_have_count(0)
