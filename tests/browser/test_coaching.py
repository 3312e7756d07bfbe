"""From the red cell of the heat map to a course, and to the colleague who does it."""

from __future__ import annotations

import datetime as dt
import random
import re

import pytest
from playwright.sync_api import Page, expect

import crmkit_process_monitor as pm
from crmkit import Plugin
from crmkit.accounts.entities import StoredRole
from crmkit_process_monitor.rollups import WORK, rebuild
from crmkit_process_monitor.sets import insert
from crmkit_process_monitor.tables import work
from tests.browser import world

COLLEAGUE, COURSE, TITLE = 3, "Предложение за пять минут", "Предложение"


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [*world.plugins(), pm.plugin]


@pytest.fixture
def slow(served) -> None:
    """A month of work of ten colleagues at one step; the demo's manager needs twice the time. One course is there for it."""
    dice, rows = random.Random(8), []
    with served.uow() as uow:
        for role in uow.find(StoredRole).where(StoredRole.name.in_(("manager", "director"))):
            role.grants = {**role.grants, **next(r for r in pm.ROLES if r.name == role.name).grants}
        step = uow.add(pm.Step(name="offer", title=TITLE))
        colleagues = [uow.add(pm.Worker(name="", user_id=user, team_id=2)) for user in range(2, 12)]
        uow.flush()
        today = uow.now.astimezone(uow.crm.zone).date()
        uow.add(pm.Norm(step_id=step.id, since=today - dt.timedelta(days=60), reference=180, least=40, most=500))
        uow.add(pm.Course(title=COURSE, step_id=step.id, minutes=30))
        for place, worker in enumerate(colleagues):
            for number in range(60):
                ms = round(1000 * dice.lognormvariate(0, 0.3) * (360 if worker.user_id == COLLEAGUE else 180))
                day = today - dt.timedelta(days=1 + number % 20)
                rows.append((place * 100 + number + 1, step.id, worker.id, 0, day, "new", 2, None, ms, ms, 0, 0, 1))
        insert(uow, work, WORK, rows)
        rebuild(uow)


def test_the_director_gives_a_course_from_the_cell_and_the_colleague_does_it(page: Page, served, slow, sign_in, axe, look, watch):
    watch.expect("status of 422")  # a form sent back with words at its field
    sign_in("director")
    page.goto("/process_monitor/dashboard")
    page.locator('a[href*="/process_monitor/coach?"]').first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Назначить обучение")
    expect(page.locator(".co-cell")).to_contain_text("Медленно")
    reason = page.get_by_role("textbox", name="Почему")
    expect(reason).to_have_value(re.compile(f"«{TITLE}» обычно занимает .* при эталоне 3:00"))
    look(page)
    axe(page)
    page.get_by_label("Пройти до").fill("2020-01-01")
    page.get_by_role("button", name="Назначить").click()
    expect(page.get_by_role("alert")).to_contain_text("это уже прошло")
    page.get_by_label("Пройти до").fill("")
    reason.fill("Долго ищет шаблон")
    page.get_by_role("button", name="Назначить").click()
    expect(page.get_by_text("Долго ищет шаблон").first).to_be_visible()
    with served.uow() as uow:
        given = uow.find(pm.Assignment).one()
        assert (given.owner_id, given.given_by, given.stage) == (COLLEAGUE, 1, "given")

    page.goto("about:blank")
    page.context.clear_cookies()
    sign_in("manager")
    page.goto("/process_monitor/mine")
    card = page.locator(".co-card", has_text=COURSE)
    expect(card).to_contain_text("Долго ищет шаблон")
    look(page, "mine")
    axe(page)
    card.get_by_role("button", name="Начать").click()
    expect(card).to_contain_text("Начато")
    card.get_by_role("button", name="Пройдено").click()
    expect(card).to_have_count(0)
    expect(page.get_by_role("heading", name="Пройдено")).to_be_visible()
    with served.uow() as uow:
        assert uow.find(pm.Assignment).one().done_at is not None
