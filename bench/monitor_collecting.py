"""What measuring costs: the page (kilobytes, milliseconds of its main thread a second) and the server (a batch, the end of a case).

`python -m bench.monitor_collecting --database both --seconds 20`

The page is a list of deals in Chromium with a client being served; somebody moves the mouse, types and goes from page to page. What
the plugin's own module takes of the main thread is read from V8's profile (every 0.1 ms), everything it calls included; `slow` is the
processor slowed down four times. The server takes batches of four spans of 200 colleagues through HTTP, in the application alone (no
network); beside it the same rows put into the same table by the bare driver. Then the cases end: sixty spans each become rows of work.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import crmkit
import crmkit_process_monitor
from bench import place as places
from bench.data import utc_now
from bench.measure import RESULTS
from bench.screens import CHROMIUM, p

ME = crmkit.Actor(1, "Anna Orlova", ("manager",), (1,))
PLUGINS = ("activities", "sales", "process_monitor")
MODULE = Path(crmkit_process_monitor.__file__).parent / "static" / "process_monitor.js"
KILOBYTE, MILLISECONDS = 2048, 1.0
PEOPLE, SPANS, EACH = 200, 60, 4
PAGES = ("/sales/deal", "/sales/lead", "/sales/contact", "/sales/deal/board")


def compose(place: places.Place) -> crmkit.Crm:
    """The CRM without people's accounts: a host says who is there."""
    from crmkit.core.compose import installed

    grants = {**next(r for r in crmkit_process_monitor.ROLES if r.name == "manager").grants, "sales.*": "all", "activities.*": "all"}
    tables = {"crmkit": {"jobs": False}, "ui": {"imports": str(places.folder())}, "activities": {"folder": str(places.folder())}}
    return crmkit.Crm(*installed(PLUGINS), database=place.sqlalchemy, roles=[crmkit.Role("manager", grants)], settings=tables)


# ---- the page ---------------------------------------------------------------------------------------------------------------
def share(profile: dict[str, Any]) -> tuple[float, float]:
    """Return how many milliseconds of a profile our module took, with everything it called: by samples, and by the clock on the wall.

    On a machine that has other things to do, a sample is long because somebody else was at work meanwhile.
    """
    nodes = {node["id"]: node for node in profile["nodes"]}
    parent = {child: node["id"] for node in profile["nodes"] for child in node.get("children", ())}

    def ours(node: int | None) -> bool:
        while node is not None:
            if nodes[node]["callFrame"]["url"].endswith("/process_monitor.js"):
                return True
            node = parent.get(node)
        return False

    mine = {key: ours(key) for key in nodes}
    took: list[float] = [delta / 1000 for key, delta in zip(profile["samples"], profile["timeDeltas"], strict=True) if mine[key]]
    return len(took) * statistics.median(profile["timeDeltas"]) / 1000, sum(took)


def page(crm: crmkit.Crm, seconds: float, slow: int) -> dict[str, Any]:
    """Work at pages with a client being served, and return what that takes of the main thread."""
    from playwright.sync_api import sync_playwright

    from bench import next_screen

    next_screen.ME = ME
    with next_screen.served(crm) as base, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        view = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
        session = view.context.new_cdp_session(view)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slow})
        view.goto(base + PAGES[0])
        view.wait_for_selector("[data-pm]")
        if view.locator("[data-pm='']").count():
            view.click("[data-pm] button")
            view.wait_for_selector("[data-pm]:not([data-pm=''])")
        session.send("Profiler.enable")
        session.send("Profiler.setSamplingInterval", {"interval": 100})
        session.send("Profiler.start")
        began, moves = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            view.mouse.move(300 + moves % 400, 300 + moves % 90)
            moves += 1
            if moves % 40 == 0:
                view.keyboard.press("Shift")
            if moves % 400 == 0:
                view.evaluate("(path) => document.querySelector(`nav a[href$='${path}']`)?.click()", PAGES[moves // 400 % len(PAGES)])
        took = time.perf_counter() - began
        profile = session.send("Profiler.stop")["profile"]
        sent = view.evaluate("performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/process_monitor/spans')).length")
        chromium.close()
    sampled, wall = share(profile)
    each = {"ms_a_second": sampled / took, "wall_ms_a_second": wall / took, "events_a_second": moves / took}
    return {"slow": slow, **each, "batches": sent, "seconds": took}


# ---- the server -------------------------------------------------------------------------------------------------------------
def server(crm: crmkit.Crm, batches: int) -> dict[str, Any]:
    """Take in batches, end cases, and put the same rows by hand."""
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.testclient import TestClient

    from crmkit_process_monitor import cases
    from crmkit_process_monitor.tables import spans

    people = [crmkit.Actor(10 + n, f"Colleague {n}", ("manager",), (1 + n // 20,)) for n in range(PEOPLE)]
    with crm.uow(crmkit.SYSTEM) as uow:
        for person in people:
            cases.begin(uow, user_id=person.id)
    dice, now = random.Random(8), [crmkit.Actor(0)]
    app = Starlette(routes=[Mount("/", crm.embedded(actor=lambda connection: now[0]))], lifespan=crm.lifespan())
    tells, seqs = [], dict.fromkeys(range(PEOPLE), 0)
    with TestClient(app) as client:
        time.sleep(EACH * 0.02)
        for number in range(-PEOPLE, batches):
            at = number % PEOPLE
            seqs[at] += EACH
            told = [{"seq": seqs[at] - EACH + i, "at": seqs[at] * 4 + i * 4, "page": f"/sales/{dice.choice(('deal', 'lead', 'contact'))}/{i}",
                     "parts": [0, 3, 1, 1]} for i in range(EACH)]  # fmt: skip
            body = {"tab": f"tab-of-number-{at}", "now": seqs[at] * 4 + 16, "spans": told}
            now[0] = people[at]
            began = time.perf_counter()
            answer = client.post("/x/process_monitor/spans", json=body)
            if number >= 0:
                tells.append(time.perf_counter() - began)
            if answer.status_code != 200 or answer.json()["kept"] != EACH:
                sys.exit(f"a batch was refused: {answer.text}")
    by_hand = bare(crm, spans, batches)
    ends = []
    with crm.uow(crmkit.SYSTEM) as uow:  # as long as cases are in earnest
        c = spans.c
        some = sa.select(c.case_id, c.worker_id, sa.func.min(c.page_id), sa.func.min(c.step_id), sa.func.max(c.began_at))
        for case, worker, page_id, step, at in uow.connection.execute(some.group_by(c.case_id, c.worker_id)).all():
            row = {"case_id": case, "worker_id": worker, "page_id": page_id, "step_id": step, "tab": "more-of-it", "began_at": at,
                   "active": 3, "idle": 1, "hidden": 0, "called": 0, "told": [0, 3, 1, 1]}  # fmt: skip
            uow.connection.execute(spans.insert(), [row | {"seq": n} for n in range(SPANS)])
    for person in people:
        began = time.perf_counter()
        with crm.uow(person) as uow:
            cases.end(uow)
        ends.append(time.perf_counter() - began)
    half = statistics.median
    return {
        "batches": batches, "batch_p50_ms": half(tells) * 1000, "batch_p95_ms": p(tells, 0.95) * 1000, "by_hand_p50_ms": half(by_hand) * 1000,
        "times_by_hand": half(tells) / half(by_hand), "end_p50_ms": half(ends) * 1000, "end_p95_ms": p(ends, 0.95) * 1000,
    }  # fmt: skip


def bare(crm: crmkit.Crm, spans: sa.Table, batches: int) -> list[float]:
    """Put four rows in a transaction, by the bare driver."""
    raw = crm.engine.raw_connection()
    driver: Any = raw.driver_connection
    mark = "?" if crm.engine.dialect.name == "sqlite" else "%s"
    names = ("case_id", "worker_id", "page_id", "step_id", "tab", "seq", "began_at", "active", "idle", "hidden", "called", "told")
    at: Any = utc_now() if mark == "%s" else int(utc_now().timestamp() * 1_000_000)
    put, took = f"INSERT INTO {spans.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})", []
    for number in range(batches):
        began = time.perf_counter()
        cursor = driver.cursor()
        if mark == "?":
            cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(put, [(10**9, 1, 1, 1, "by-hand", EACH * number + i, at, 3, 1, 0, 0, "[0,3,1,1]") for i in range(EACH)])
        cursor.execute("COMMIT") if mark == "?" else driver.commit()
        took.append(time.perf_counter() - began)
    cursor = driver.cursor()
    cursor.execute(f"DELETE FROM {spans.name} WHERE tab = 'by-hand'")
    driver.commit()
    raw.close()
    return took


def main() -> int:
    """Measure; 1 when a page pays more than was promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=(*places.DATABASES, "both"), default="both")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--batches", type=int, default=1000)
    options = parser.parse_args()
    size = len(gzip.compress(MODULE.read_bytes(), 9))
    print(f"the module: {size:,} bytes compressed (promised: under {KILOBYTE:,})")
    kept: dict[str, Any] = {"bytes": size}
    well = size < KILOBYTE
    place = places.fresh("sqlite")
    crm = compose(place)
    crm.migrate()
    for slow in (1, 4):
        one = kept[f"page-{slow}"] = page(crm, options.seconds, slow)
        well = well and (slow > 1 or one["ms_a_second"] < MILLISECONDS)
        print(json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in one.items()}), flush=True)
    crm.engine.dispose()
    for database in places.DATABASES if options.database == "both" else (options.database,):
        crm = compose(places.fresh(database))
        crm.migrate()
        one = kept[database] = server(crm, options.batches)
        print(json.dumps({"database": database} | {k: round(v, 2) if isinstance(v, float) else v for k, v in one.items()}), flush=True)
        crm.engine.dispose()
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"monitor-collecting-{utc_now():%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"kept in {path}")
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
