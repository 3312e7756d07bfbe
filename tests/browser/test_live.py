"""Live pages: what anybody changes shows where it is looked at, and nothing is lost on the way."""

from __future__ import annotations

import contextlib
import socket
import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from crmkit.web.running import running
from tests.browser import phone, world
from tests.browser.marks import on_both_databases
from tests.suite.forked import ROOT, Forked

LENA = "Елена Соколова"


@pytest.fixture
def crm_plugins():
    return [*world.plugins(), phone.plugin]


@pytest.fixture
def call(served) -> int:
    with served.uow() as uow:
        phone.allow(uow)
        return phone.ring(uow, LENA)


@pytest.fixture
def calls(page, sign_in, call) -> Page:
    sign_in("manager")
    return opened(page)


def opened(page: Page, path: str = "/phone/calls") -> Page:
    page.goto(path)
    expect(page.locator("html")).to_have_attribute("data-stream", "live")
    return page


def hub(served):
    return running(served.crm).live


def state(page: Page, call: int):
    return page.locator(f"#call-{call} .state")


def change(served, call: int, state: str) -> None:
    with served.uow() as uow:
        uow.get(phone.Ring, call).state = state


@on_both_databases
def test_two_browsers_see_each_other_s_change(calls, colleague, call):
    owen = opened(colleague("director"))
    owen.get_by_role("link", name=LENA, exact=True).click()
    owen.get_by_role("button", name="Ответить").click()
    expect(state(calls, call)).to_have_text("talks")
    expect(owen.locator("#state")).to_contain_text("talks")


@on_both_databases
def test_what_happens_between_the_page_and_its_stream_is_told(page, sign_in, served, call):
    sign_in("manager")
    page.route("**/live-worker.js", lambda route: (change(served, call, "gone"), route.continue_()))
    opened(page)
    expect(state(page, call)).to_have_text("gone")


def test_the_same_holds_for_a_tab_that_opens_later(calls, served, call):
    later = calls.context.new_page()
    later.route("**/phone/calls", lambda route: route.fulfill(response=route.fetch()) or change(served, call, "gone"))
    opened(later)
    expect(state(later, call)).to_have_text("gone")
    expect(state(calls, call)).to_have_text("gone")


def test_what_happens_while_a_page_is_on_its_way_is_told_to_it(calls, served, call):
    calls.get_by_role("link", name="К сделкам").click()
    expect(calls.get_by_role("heading", name="Сделки", level=1)).to_be_visible()
    expect(calls.locator("html[data-stream=live]")).to_have_count(1)
    calls.evaluate("document.body.addEventListener('crm:told', () => { window.told = true })")

    def late(route):
        response = route.fetch()
        change(served, call, "gone")
        calls.wait_for_function("window.told")
        route.fulfill(response=response)

    calls.route("**/phone/calls", late, times=1)
    calls.get_by_role("navigation", name="Меню").get_by_role("link", name="Звонки").first.click()
    expect(state(calls, call)).to_have_text("gone")


def test_eight_tabs_are_all_alive(calls, served, call):
    tabs = [calls, *(opened(calls.context.new_page()) for _tab in range(7))]
    change(served, call, "talks")
    for tab in tabs:
        expect(state(tab, call)).to_have_text("talks")
    assert {tab.evaluate("document.documentElement.dataset.worker") for tab in tabs} == {"shared"}


def test_a_browser_without_shared_workers_has_a_stream_for_each_tab(page, sign_in, served, call):
    sign_in("manager")
    page.add_init_script("delete window.SharedWorker")
    opened(page)
    assert page.evaluate("document.documentElement.dataset.worker") == "own"
    change(served, call, "talks")
    expect(state(page, call)).to_have_text("talks")


def test_thousands_of_changes_are_a_handful_of_requests(calls, served, call):
    asked: list[str] = []
    calls.on("request", lambda request: asked.append(request.url) if request.url.endswith("/phone/calls") else None)
    for name in range(20):
        with served.uow() as uow:
            uow.add_many(phone.Ring, [{"who": f"{name}-{n}", "state": "rings", "note": ""} for n in range(100)])
    expect(calls.locator("#calls > li")).to_have_count(2001)
    assert len(asked) < 20


def test_an_edit_in_progress_is_left_alone_and_catches_up(calls, served, call):
    calls.evaluate("document.querySelector('#calls').setAttribute('data-hold', '')")
    change(served, call, "talks")
    expect(calls.locator("#calls")).to_have_attribute("data-stale", "")
    expect(state(calls, call)).to_have_text("rings")
    calls.evaluate("document.querySelector('#calls').removeAttribute('data-hold')")
    expect(state(calls, call)).to_have_text("talks")


def test_a_typed_form_is_not_replaced_but_says_that_something_changed(calls, served, call):
    form = "<li><form method=post><input aria-label=Слово></form></li>"
    calls.evaluate("form => document.querySelector('#calls').insertAdjacentHTML('beforeend', form)", form)
    calls.get_by_label("Слово").press_sequentially("моё")
    change(served, call, "talks")
    expect(calls.get_by_text("За это время здесь кое-что изменилось")).to_be_visible()
    expect(calls.get_by_label("Слово")).to_have_value("моё")
    calls.get_by_role("button", name="Показать, отбросив введённое").click()
    expect(state(calls, call)).to_have_text("talks")
    expect(calls.get_by_label("Слово")).to_have_count(0)


def test_after_a_gap_everything_is_fetched_again(calls, served, call):
    calls.evaluate("document.body.addEventListener('crm:resync', () => { window.again = true })")
    with calls.expect_response("**/phone/calls"):
        hub(served).resync(hub(served).mark())
    calls.wait_for_function("window.again")


def test_a_stream_that_broke_is_resumed_where_it_was(calls, served, call):
    calls.context.set_offline(True)
    hub(served).hang_up()
    change(served, call, "gone")
    calls.context.set_offline(False)
    calls.evaluate("window.dispatchEvent(new Event('online'))")
    expect(state(calls, call)).to_have_text("gone")


def test_the_end_of_the_session_is_said_and_the_next_step_leads_to_signing_in(calls, served, watch, call):
    watch.expect("status of 401")
    calls.context.request.post("/x/accounts/logout", headers={"Origin": served.url})
    hub(served).hang_up()
    expect(calls.locator("#session")).to_be_visible()
    expect(calls.locator("#calls")).to_be_visible()
    calls.get_by_role("link", name="К сделкам").click()
    calls.wait_for_url("**/accounts/login?next=*")


def test_another_person_in_the_same_browser_does_not_get_the_stream_of_the_first(calls, sign_in, served, watch, call):
    watch.expect("status of 409")
    calls.context.clear_cookies()
    sign_in("director")
    hub(served).hang_up()
    expect(calls.locator("#session")).to_contain_text("другой человек")
    with calls.expect_navigation():
        calls.get_by_role("button", name="Положить трубку").click()
    expect(calls.locator("html")).to_have_attribute("data-stream", "live")
    expect(calls.locator("#session")).not_to_be_visible()


def test_a_call_opens_its_window_in_the_tab_somebody_looks_at(calls, served, call):
    others = [opened(calls.context.new_page()) for _tab in range(2)]
    calls.bring_to_front()
    calls.locator("#main").click(position={"x": 600, "y": 400})
    with served.uow() as uow:
        rung = phone.ring(uow, "Пётр Ильин")
    expect(calls.get_by_role("dialog", name="Пётр Ильин")).to_be_visible()
    for other in others:
        expect(other.locator(f"#call-{rung}")).to_be_visible()
        expect(other.locator(".win")).to_have_count(0)
    with served.uow() as uow:
        phone.settle(uow, rung, "talks")  # a colleague took it
    expect(calls.get_by_role("dialog")).to_have_count(0)


def test_a_call_that_somebody_took_stays_with_them(calls, colleague, served, call):
    other = opened(colleague("director"))
    with served.uow() as uow:
        phone.ring(uow, "Пётр Ильин")
    for page in (calls, other):
        expect(page.get_by_role("dialog", name="Пётр Ильин")).to_be_visible()
    calls.get_by_role("dialog").get_by_role("button", name="Ответить").click()
    expect(other.get_by_role("dialog")).to_have_count(0)
    expect(calls.get_by_role("dialog").get_by_text("talks:")).to_be_visible()


def test_a_call_does_not_take_the_focus_from_who_is_typing(calls, served, call):
    calls.get_by_text(f"Заметка {call}").click()
    words = calls.get_by_label("Что сказали")
    words.press_sequentially("печатаю")
    with served.uow() as uow:
        phone.ring(uow, "Пётр Ильин")
    expect(calls.get_by_role("dialog", name="Пётр Ильин")).to_be_visible()
    expect(words).to_be_focused()
    expect(calls.locator("#live-say")).to_contain_text("Входящий звонок")


SERVER = """
import sys, uvicorn
from crmkit import Crm
from tests.browser import phone, world
settings = {"crmkit": {"timezone": world.ZONE, "jobs": False}, "activities": {"folder": sys.argv[3]}}
crm = Crm(*world.plugins(), phone.plugin, database=sys.argv[1], settings=settings)
uvicorn.run(crm.app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", timeout_graceful_shutdown=1)
"""


@contextlib.contextmanager
def process(url: str, folder: str) -> Iterator[str]:
    """The CRM served by another process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Forked(["-c", SERVER, url, str(port), folder], cwd=ROOT)
    address, until = f"http://127.0.0.1:{port}", time.monotonic() + 60
    try:
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            assert made.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server did not start"
        yield address
    finally:
        made.terminate()
        made.wait(20)


@on_both_databases
def test_a_browser_served_by_one_process_sees_what_another_commits(served, call, new_context, sign_in, watch, tmp_path):
    url = served.crm.engine.url.render_as_string(hide_password=False)
    with process(url, str(tmp_path / "a")) as first, process(url, str(tmp_path / "b")) as second:
        watch.homes += [first, second]
        pages = []
        for name, home in (("manager", first), ("director", second)):
            context = new_context(base_url=home)
            sign_in(name, context)
            pages.append(opened(context.new_page()))
        one, other = pages
        one.get_by_role("link", name=LENA, exact=True).click()
        one.get_by_role("button", name="Ответить").click()
        expect(state(other, call)).to_have_text("talks")
        for page in pages:
            page.close()
