"""How soon the next task is seen: from the click that ends one until Chromium has painted the next, and until all its panels stand there.

`python -m bench.next_screen --database both --clicks 200`

A manager works at the real screen: a client with deals, a lead, a timeline and the panels of every plugin without an account of its own; 10,000 tasks
of 500 managers wait besides. The clock starts with the browser's own time of the click and stops after the frame that shows the next
task's title. Server, browser and database share the machine; `slow` is the browser's processor slowed down four times.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

import crmkit
from bench import place as places
from bench.data import utc_now
from bench.measure import RESULTS
from bench.screens import CHROMIUM, p
from bench.taskqueue_peers import USERS, build, team_of

ME = crmkit.Actor(USERS + 1, "Anna Orlova", ("manager",), (team_of(1),))
PLUGINS = ("activities", "duplicates", "sales", "taskqueue", "views")
CLIENTS, DEALS = 20, 3
# From the click to the frame with another title; and to the moment nothing of the screen is awaited any more.
WATCH = """() => {
  window.seen = []; window.whole = []; window.since = 0;
  const painted = new MessageChannel();
  let title = document.querySelector('.tq-t'), waits = false;
  painted.port1.onmessage = () => { seen.push(performance.now() - since); };
  addEventListener('click', (e) => { if (e.target.closest('[data-finish]')) since = e.timeStamp; }, true);
  new MutationObserver(() => {
    const now = document.querySelector('.tq-t');
    if (since && now && now !== title) { title = now; waits = true; requestAnimationFrame(() => painted.port2.postMessage(0)); }
    if (waits && now && !document.querySelector('.tq-mid>.skeleton,.tq-more>.skeleton')) { waits = false; whole.push(performance.now() - since); }
  }).observe(document.querySelector('#main'), {childList: true, subtree: true});
}"""

# Until so many have been shown, within a minute.
SHOWN = """(n) => new Promise((done, failed) => {
  const since = performance.now();
  const look = setInterval(() => {
    if (seen.length > n && whole.length > n) { clearInterval(look); done(); }
    if (performance.now() - since > 60000) { clearInterval(look); failed(new Error(`click ${n} brought no other task`)); }
  }, 20);
})"""


def compose(place: places.Place) -> crmkit.Crm:
    """The CRM a company would run, without people's accounts: a host says who is there."""
    from crmkit.core.compose import installed
    from crmkit_taskqueue import ROLES

    grants = {**next(role for role in ROLES if role.name == "manager").grants, "sales.*": "all", "activities.*": "all", "duplicates.*": "all"}
    files = tempfile.mkdtemp(dir=places.folder())
    tables = {"crmkit": {"jobs": False, "timezone": "Europe/Moscow"}, "activities": {"folder": files}, "ui": {"imports": files}}
    tables["taskqueue"] = {"daily_cap": 100_000}  # all of them are due today
    return crmkit.Crm(*installed(PLUGINS), database=place.sqlalchemy, roles=[crmkit.Role("manager", grants)], settings=tables)


def furnish(crm: crmkit.Crm, clicks: int) -> None:
    """Give the manager clients with deals, a lead and calls to make, all due."""
    from crmkit_sales import Contact, Deal, Lead
    from crmkit_taskqueue import Task, TaskState

    with crm.uow() as uow:
        for number in range(CLIENTS):
            client = uow.add(Contact(name=f"Client {number}", phone=f"+7495{number:07}", email=f"c{number}@example.com", city="Tula", owner_id=ME.id))
            uow.flush()
            made = [uow.add(Deal(title=f"Deal {number}.{n}", amount=Decimal(1000 * n), contact_id=client.id, owner_id=ME.id)) for n in range(DEALS)]
            uow.add(Lead(title=f"Lead {number}", contact_id=client.id, owner_id=ME.id))
            uow.flush()
            for call in range(clicks // CLIENTS + 2):
                uow.add(Task(kind="call", title=f"Call {number}.{call}", contact_id=client.id, deal_id=made[call % DEALS].id, owner_id=ME.id))
    with crm.uow() as uow:
        for first in uow.find(Task).where(Task.kind == "new_lead").all():  # what new leads make by themselves asks for more than a click
            uow.keep(first, state=TaskState.CANCELLED)


@contextmanager
def served(crm: crmkit.Crm) -> Iterator[str]:
    """A real server on this machine, in which the manager is signed in."""
    app = Starlette(routes=[Mount("/", crm.embedded(actor=lambda connection: ME))], lifespan=crm.lifespan())
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()


def click_through(base: str, clicks: int, slow: int) -> dict[str, Any]:
    """End so many tasks by two clicks each, in a browser, and return what was measured."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        view = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
        view.context.new_cdp_session(view).send("Emulation.setCPUThrottlingRate", {"rate": slow})
        view.goto(base + "/taskqueue/")
        if view.locator(".tq-start [data-go]").count():
            view.click(".tq-start [data-go]")
        view.wait_for_selector(".tq-t")
        view.evaluate(WATCH)
        warm = 10
        for number in range(clicks + warm):
            view.click(".tq-key:has([data-key='1'])")
            view.click("[data-finish]")
            view.evaluate(SHOWN, number)
        seen, whole = view.evaluate("[seen, whole]")
        server = view.evaluate(
            "performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/do/done')).map((e) => e.responseEnd - e.requestStart)"
        )
        chromium.close()
    seen, whole, server = seen[warm:], whole[warm:], server[warm:] or server
    return {
        "clicks": len(seen), "slow": slow, "p50_ms": p(seen, 0.5), "p95_ms": p(seen, 0.95), "whole_p50_ms": p(whole, 0.5),
        "whole_p95_ms": p(whole, 0.95), "answer_p50_ms": p(server, 0.5), "answer_p95_ms": p(server, 0.95),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--clicks", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=10_000, help=f"tasks of {USERS} managers that wait besides")
    options = parser.parse_args()
    kept: dict[str, Any] = {}
    for database in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        place = places.fresh(database)
        build(place, options.tasks)
        crm = compose(place)
        crm.migrate()
        furnish(crm, 2 * options.clicks + 40)
        with served(crm) as base:
            for slow in (1, 4):
                one = kept[f"{database}-{slow}"] = click_through(base, options.clicks, slow)
                print(json.dumps({"database": database} | {k: round(v, 1) if isinstance(v, float) else v for k, v in one.items()}), flush=True)
        crm.engine.dispose()
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"next_screen-{utc_now():%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(kept, indent=1))
    print(f"kept in {path}")


if __name__ == "__main__":
    main()
