"""The supervisor's board in a browser: what managers do shows by itself, and what is left is decided there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

import crmkit_taskqueue
from crmkit import Actor, Plugin
from crmkit.accounts.entities import StoredRole, User
from crmkit_taskqueue import ROLES, Task, complete, current, leave, next_turn, start
from tests.browser import world
from tests.browser.marks import on_both_screens

JULIA = "Юлия Зимина"
TITLES = ("Позвонить по замеру", "Уточнить адрес доставки", "Обсудить договор")


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [*world.plugins(), crmkit_taskqueue.plugin]


@pytest.fixture
def work(served) -> Callable[..., Any]:
    """Do something as the demo's manager, who has three tasks."""
    with served.uow() as uow:
        for role in uow.find(StoredRole).where(StoredRole.name.in_(["manager", "director"])):
            role.grants = {**role.grants, **next(r for r in ROLES if r.name == role.name).grants}
        julia = uow.find(User).where(User.login == world.login("manager")).one()
        for title in TITLES:
            uow.add(Task(kind="task", title=title, owner_id=julia.id, team_id=julia.team_id))
        actor = Actor(julia.id, julia.name, roles=["manager"], teams=(julia.team_id,))

    def run(function: Callable[..., Any], *args: Any) -> Any:
        with served.crm.uow(actor) as uow:
            return function(uow, *args)

    return run


def row(page: Page) -> Locator:
    return page.locator(".tqb-t tbody tr").filter(has_text=JULIA)


def opened(page: Page, path: str = "/taskqueue/board") -> Page:
    page.goto(path)
    expect(page.locator("html")).to_have_attribute("data-stream", "live")
    return page


def test_the_board_follows_the_managers(page: Page, sign_in, work, axe, look):
    sign_in("director")
    opened(page)
    expect(row(page)).to_contain_text("Работа не начата")
    work(start)
    expect(row(page)).to_contain_text("Без задачи")
    turn = work(next_turn)
    expect(row(page)).to_contain_text(TITLES[0])
    expect(row(page).locator(".tqb-run")).to_have_text(re.compile(r"^0:0[1-9]$"))  # it runs, and asks for nothing
    work(complete, turn.id, "done")
    expect(row(page).locator(".tqb-c b")).to_have_text("1")
    expect(row(page)).to_contain_text(TITLES[1])
    axe(page)
    look(page)

    # What was left for a reason is decided here.
    work(leave, work(current).id, "escalate", "Просит директора")
    held = page.locator(".tqb-held li")
    expect(held).to_contain_text("Просит директора")
    held.get_by_role("link", name="Назначить").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("Артём")
    page.get_by_role("option", name="Артём Лунин").click()
    dialog.get_by_role("button", name="Назначить менеджеру").click()
    expect(held).to_have_count(0)

    # A task is taken back, and another one given at once.
    row(page).get_by_role("button", name="Действия").click()
    page.get_by_role("link", name="Вернуть в очередь").click()
    page.get_by_role("dialog").get_by_role("button", name="Да").click()
    expect(row(page)).to_contain_text("Без задачи")
    row(page).get_by_role("button", name="Действия").click()
    page.get_by_role("link", name="Дать задачу").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").click()
    page.get_by_role("option", name=TITLES[2]).click()
    axe(page, "dialog")
    dialog.get_by_role("button", name="Назначить").click()
    expect(row(page)).to_contain_text(TITLES[2])

    # A kind is paused with a reason, and goes on.
    page.get_by_role("button", name="Виды задач").click()
    page.get_by_label("Причина: Звонок").fill("Авария на линии")
    page.locator("#tqb-kinds-pop form").filter(has_text="Звонок").get_by_role("button").click()
    expect(page.locator(".tqb-still")).to_contain_text("Авария на линии")
    page.get_by_role("button", name="Возобновить").click()
    expect(page.locator(".tqb-still")).to_have_count(0)

    # The search leaves in who is asked for.
    page.get_by_role("searchbox", name="Найти менеджера").fill("артём")
    expect(row(page)).to_have_count(0)
    expect(page).to_have_url(re.compile("q="))


@on_both_screens
def test_reports_and_rules(page: Page, sign_in, work, axe, look, served):
    work(start)
    for _number in range(2):
        turn = work(next_turn)
        work(complete, turn.id, "done")
    sign_in("director")
    for path in ("/taskqueue/reports", "/settings/taskqueue.in_force", "/taskqueue/board"):
        opened(page, path)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        axe(page)
        look(page, path.rpartition("/")[2])
    opened(page, "/taskqueue/reports")
    page.locator("#tile-taskqueue-managers").get_by_role("link", name="2", exact=True).click()
    expect(page.locator(".grid tbody tr")).to_have_count(2)
