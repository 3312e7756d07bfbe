"""Time on pages, measured by real tabs against a clock that only the test moves: within two in a hundred of the truth."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, expect

import crmkit_process_monitor
from crmkit import Plugin
from crmkit.accounts.entities import StoredRole, User
from crmkit_process_monitor import ROLES, Case, EndedHow, Step
from crmkit_process_monitor.tables import refused, spans, work
from crmkit_sales import Contact, Deal
from tests.browser import world
from tests.browser.marks import in_both_languages

SECOND = dt.timedelta(seconds=1)
HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
ON, OFF = "[data-pm]:not([data-pm=''])", "[data-pm='']"
NEXT, SERVED = "Следующий клиент", "Клиент обслужен"


class Time:
    """The time of the server and of every tab, moved together, a second at a time."""

    def __init__(self, context: BrowserContext, clock) -> None:
        self.context, self.clock, self.moved = context, clock, 0.0
        context.clock.install(time=clock.now())
        context.clock.pause_at(clock.now() + SECOND)
        clock.forward(seconds=1)

    def passes(self, seconds: float, doing: Callable[[], object] | None = None) -> None:
        """Let seconds pass; with `doing` something is done every five."""
        left = seconds
        while left > 0:
            if doing is not None and (seconds - left) % 5 == 0:
                doing()
            some = min(1.0, left)
            self.clock.forward(seconds=some)
            self.context.clock.run_for(round(some * 1000))
            left -= some
            self.moved += some

    def sleeps(self, minutes: int) -> None:
        """The lid is closed and opened again: no timer fires meanwhile."""
        self.clock.forward(minutes=minutes)
        self.context.clock.fast_forward(minutes * 60_000)

    def until(self, holds: Callable[[], bool]) -> None:
        """Let a moment pass after the other until something holds."""
        for _number in range(1000):
            if holds():
                return
            self.passes(0.01)
        assert holds()


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [*world.plugins(), crmkit_process_monitor.plugin]


@pytest.fixture
def manager(served, sign_in) -> None:
    """The demo's manager, whose time is measured, uses the browser."""
    with served.uow() as uow:
        role = uow.find(StoredRole).where(StoredRole.name == "manager").one()
        role.grants = {**role.grants, **next(r for r in ROLES if r.name == "manager").grants}
    sign_in("manager")


@pytest.fixture
def time(context, clock) -> Time:
    return Time(context, clock)


@pytest.fixture
def there(served) -> dict[str, str]:
    """Pages of records the manager may see."""
    with served.uow() as uow:
        me = uow.find(User).where(User.login == world.login("manager")).one().id
        deal, contact = (uow.find(cls).where(cls.owner_id == me).first().id for cls in (Deal, Contact))
        uow.get(Deal, deal).contact_id = contact
        return {"deal": f"/sales/deal/{deal}", "contact": f"/sales/contact/{contact}"}


def real(page: Page) -> Page:
    """Have a tab lose and gain the focus as it does on a desk: the driver keeps all of them focused."""
    page.context.new_cdp_session(page).send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    page.bring_to_front()
    return page


def opened(page: Page, path: str, time: Time) -> Page:
    """Open a page and wait for its line."""
    page.goto(path)
    time.until(page.locator("[data-pm]").is_visible)
    return page


def arrived(page: Page, path: str, time: Time) -> None:
    """Wait for a page that was gone to, its scripts too: where the clock is moved there is no `responseStart`, and what passes before is lost."""
    time.until(lambda: path in page.url)
    page.wait_for_load_state()


def press(page: Page, name: str, time: Time, *, then: str) -> None:
    page.get_by_role("button", name=name).click()
    time.until(page.locator(then).is_visible)
    time.passes(1)


def busy(page: Page) -> Callable[[], object]:
    """Move the mouse a little."""
    places = iter(range(10_000))
    return lambda: page.mouse.move(200 + next(places) % 50, 300)


def told(served, time: Time, seconds: float) -> dict[str, tuple[float, float, float]]:
    """Wait until the work of the last case that ended adds up to so much, and return it by step: active, idle, elsewhere."""
    found: dict[str, tuple[float, float, float]] = {}

    def enough() -> bool:
        with served.crm.read() as uow:
            names = {s.id: s.name for s in uow.find(Step)}
            case = uow.find(Case).where(Case.ended_at.is_not(None), Case.log_id.is_(None)).order_by(Case.id.desc()).first()
            rows = uow.connection.execute(sa.select(work).where(work.c.case_id == (case.id if case else 0))).all()
        found.clear()
        found.update({names[r.step_id]: (r.active / 1000, r.idle / 1000, r.hidden / 1000) for r in rows})
        return sum(map(sum, found.values())) >= seconds * 0.985

    try:
        time.until(enough)
    except AssertionError:
        raise AssertionError(f"{seconds} seconds wanted, found {found}") from None
    return dict(found)


def nothing_kept(page: Page) -> bool:
    """Whether all that was measured was taken: nothing of it is left in the browser."""
    return bool(page.evaluate("Object.keys(localStorage).every((key) => !key.startsWith('crm.pm'))"))


def near(found: tuple[float, float, float], *truth: float) -> None:
    """Hold what was measured against the truth: two in a hundred, and the moment in which a button was pressed."""
    assert len(truth) == 3
    assert found == pytest.approx(truth, rel=0.02, abs=1.2), (found, truth)


def test_pages_windows_and_pauses_of_one_tab(page, manager, served, time, there):
    opened(page, there["deal"], time)
    page.get_by_role("button", name="Начать обслуживание").click()
    time.until(page.locator(ON).is_visible)
    time.passes(60, busy(page))
    page.locator("main a[href^='/sales/contact/']").first.click()
    arrived(page, "/sales/contact/", time)
    time.passes(0.1, busy(page))
    time.passes(130)  # thirty seconds of reading, then nobody is there
    page.go_back()
    arrived(page, "/sales/deal/", time)
    time.passes(60, busy(page))
    page.evaluate("document.querySelector('#desk').open({ url: '/sales/lead', title: 'Leads', kind: 'record' })")  # a window beside the page
    time.until(page.locator(".win h2", has_text="Лиды").is_visible)
    time.passes(60, busy(page))
    page.locator(".win-h").get_by_role("button", name="Закрыть").click()
    before = time.moved
    press(page, SERVED, time, then=OFF)
    found = told(served, time, 300)
    near(found["sales.deal"], 120, 0, 0)
    near(found["sales.contact"], 30, 100, 0)
    near(found["sales.lead"], 60, 0, 0)
    assert sum(map(sum, found.values())) == pytest.approx(before, abs=3)
    with served.crm.read() as uow:
        assert uow.connection.execute(sa.select(sa.func.count()).select_from(refused)).scalar_one() == 0
    time.until(lambda: nothing_kept(page))


def test_two_tabs_one_hidden_and_a_night_of_sleep(page, context, manager, served, time, there):
    first = real(opened(page, there["deal"], time))
    press(first, "Начать обслуживание", time, then=ON)
    second = real(opened(context.new_page(), there["contact"], time))  # somebody looks at it from now on
    time.passes(60, busy(second))
    first.bring_to_front()
    time.passes(50, busy(first))
    elsewhere = real(context.new_page())  # another program
    time.passes(40)
    first.bring_to_front()
    first.evaluate(HIDE, True)
    time.passes(100)
    first.evaluate(HIDE, False)
    time.passes(30, busy(first))
    time.sleeps(25)
    time.passes(50, busy(first))
    elsewhere.close()
    press(first, NEXT, time, then=ON)
    found = told(served, time, 330)
    near(found["sales.contact"], 60, 0, 0)
    near(found["sales.deal"], 130, 0, 140)
    with served.crm.read() as uow:
        kept = uow.connection.execute(sa.select(spans.c.tab, spans.c.active + spans.c.idle + spans.c.hidden)).all()
    by_tab: dict[str, int] = defaultdict(int)
    for tab, took in kept:
        by_tab[tab] += took
    assert len(by_tab) == 2
    press(first, SERVED, time, then=OFF)


def test_a_lost_connection_and_a_closed_tab(page, context, manager, served, time, there, watch):
    watch.expect("ERR_INTERNET_DISCONNECTED")
    opened(page, there["deal"], time)
    press(page, "Начать обслуживание", time, then=ON)
    time.passes(30, busy(page))
    context.set_offline(True)
    time.passes(150, busy(page))
    context.set_offline(False)
    time.passes(30, busy(page))
    context.set_offline(True)
    time.passes(100, busy(page))
    page.close()
    time.passes(20)
    context.set_offline(False)
    other = opened(context.new_page(), there["contact"], time)
    kept = other.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('crm.pm')).join()")
    assert there["deal"] not in kept
    press(other, SERVED, time, then=OFF)
    found = told(served, time, 310)
    near(found["sales.deal"], 310, 0, 0)
    time.until(lambda: nothing_kept(other))
    with served.crm.read() as uow:
        case = uow.find(Case).where(Case.log_id.is_(None)).order_by(Case.id.desc()).first()
        assert case.ended_how is EndedHow.BY_HAND


@in_both_languages
def test_the_line_above_every_page(page, manager, there, axe, look):
    page.goto(there["deal"])
    axe(page)
    page.locator("[data-pm] button").click()
    expect(page.locator(ON)).to_be_visible()
    axe(page)
    look(page)
