"""The process monitor's dashboard over ten million spans: every page's time, beside the same figures asked of the spans themselves.

`python -m bench.monitor_dashboard --spans 10000000` fills a database (`bench/monitor_data.py`: 500 managers, two years), compares every
stored sum with one worked out from the rows of work, and asks each page many times, of different managers and teams, as a director.
`--database sqlite` does the same there. The plain query is what the heat map would cost without sums: one GROUP BY over the spans of the
same days; it returns less (no spread of days, no verdicts, no norms).
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from bench import monitor_data as data
from bench import place as places
from bench.data import utc_now
from bench.measure import RESULTS, cpu_seconds
from crmkit import Actor, Crm
from crmkit.core import garbage

BOSS = Actor(900, "Anna Orlova", ("director",))
DASHBOARD, PROFILE = "/process_monitor/dashboard", "/process_monitor/people"
FILE = "/x/process_monitor/monitor"
TOLD = "{name:36} p50 {p50_ms:5.0f} p95 {p95_ms:5.0f} ms  CPU {cpu_p50_ms:5.0f} {cpu_p95_ms:5.0f} ms  {statements:3} statements {kib:4} KiB"


def pages(last: dt.date, cases: int) -> dict[str, Callable[[int], str]]:
    """Return what is asked, by a name: addresses of the n-th call."""
    found: dict[str, Callable[[int], str]] = {}
    for period in ("week", "month", "quarter", "year"):
        found[f"heat map, {period}"] = lambda n, p=period: f"{DASHBOARD}?period={p}&page={n % 10 + 1}"  # type: ignore[misc]
    whole = f"since={data.FIRST}&until={last}"
    odd = f"since={data.FIRST + dt.timedelta(14)}&until={last - dt.timedelta(10)}"
    found |= {
        "heat map, all of it": lambda n: f"{DASHBOARD}?{whole}&page={n % 10 + 1}",
        "heat map, two years less some days": lambda n: f"{DASHBOARD}?{odd}",
        "heat map of a team, month": lambda n: f"{DASHBOARD}?team={n % 50 + 1}",
        "heat map of a kind, year": lambda n: f"{DASHBOARD}?period=year&kind=new",
        "heat map of a point, quarter": lambda n: f"{DASHBOARD}?period=quarter&point={n % 40 + 1}",
        "heat map by name, month": lambda n: f"{DASHBOARD}?sort=name&page={n % 10 + 1}",
        "all drawdowns, year": lambda n: f"{DASHBOARD}?period=year&all=1", "profile, month": lambda n: f"{PROFILE}/{n * 37 % 500 + 1}",
        "profile, year": lambda n: f"{PROFILE}/{n * 37 % 500 + 1}?period=year&step={n % 6 + 1}",
        "a case": lambda n: f"/process_monitor/case/{n * 7919 % cases + 1}",
        "tile of the first page": lambda n: "/_/widget/process_monitor/lost_time",
        "file, CSV, month": lambda n: f"{FILE}?period=month&format=csv", "file, XLSX, month": lambda n: f"{FILE}?period=month&format=xlsx",
    }  # fmt: skip
    return found


def timed(client: TestClient, address: Callable[[int], str], calls: int, place: places.Place) -> list[tuple[float, float]]:
    """Milliseconds of each of some calls, and of the processor for it (ours and the database's own processes), after two that warm up."""
    took = []
    for n in range(calls + 2):
        before, start = spent(place), time.perf_counter()
        answer = client.get(address(n))
        end = time.perf_counter()
        if n >= 2:
            took.append(((end - start) * 1000, (spent(place) - before) * 1000))
        assert answer.status_code == 200, (address(n), answer.text[:500])
        assert "broken" not in answer.text[:200]
    return took


def spent(place: places.Place) -> float:
    """Seconds of the processor up to now."""
    if place.dsn not in _pids:
        _pids[place.dsn] = dict.fromkeys(places.backends(place), 0.0)
    known = _pids[place.dsn]
    for pid in known:
        with contextlib.suppress(ProcessLookupError):  # a connection the pool has given up: what it spent stays counted
            known[pid] = cpu_seconds(pid)
    return time.process_time() + sum(known.values())


_pids: dict[str, dict[int, float]] = {}


def plain(crm: Crm, since: dt.date, until: dt.date) -> float:
    """Milliseconds of the same sums asked of the spans: the quickest of three."""
    query = sa.text(
        "SELECT worker_id, step_id, count(DISTINCT case_id), sum(active + idle), count(*) FROM process_monitor_span"
        " WHERE began_at >= :since AND began_at < :until GROUP BY worker_id, step_id")  # fmt: skip
    text = crm.engine.dialect.name == "sqlite"
    bounds: list[Any] = [dt.datetime.combine(day, dt.time(), dt.UTC) for day in (since, until + dt.timedelta(1))]
    if text:
        bounds = [f"{moment:%Y-%m-%d %H:%M:%S}.000000" for moment in bounds]
    took = []
    with crm.engine.connect() as connection:
        for _turn in range(3):
            start = time.perf_counter()
            assert connection.execute(query, {"since": bounds[0], "until": bounds[1]}).all()
            took.append((time.perf_counter() - start) * 1000)
    return min(took)


def measure(crm: Crm, total: int, calls: int, place: places.Place) -> dict[str, Any]:
    """Ask every page, and the plain query of the same periods."""
    last = data.last_day(total)
    with crm.engine.connect() as connection:
        cases = connection.execute(sa.text("SELECT count(*) FROM process_monitor_case")).scalar_one()
    found: dict[str, Any] = {}
    statements: list[str] = []
    sa.event.listen(crm.engine, "before_cursor_execute", lambda c, cursor, statement, *rest: statements.append(statement))
    garbage.settle()  # as `crmkit serve` does
    app = Starlette(routes=[Mount("/", crm.embedded(actor=lambda connection: BOSS))], lifespan=crm.lifespan())
    with TestClient(app) as client:
        for name, address in pages(last, cases).items():
            client.get(address(0))  # whoever connects, has
            _pids.clear()
            both = timed(client, address, calls, place)
            took, cpu = sorted(one for one, _cpu in both), sorted(one for _took, one in both)
            statements.clear()
            size, last_one = len(client.get(address(0)).content), min(calls - 1, int(calls * 0.95))
            found[name] = {
                "p50_ms": statistics.median(took), "p95_ms": took[last_one], "cpu_p50_ms": statistics.median(cpu), "cpu_p95_ms": cpu[last_one],
                "statements": len(statements), "bytes": size,
            }  # fmt: skip
            print(TOLD.format(name=name, kib=size // 1024, **found[name]), flush=True)
    for name, days in (("month", 30), ("year", 365)):
        alone = plain(crm, last - dt.timedelta(days - 1), last)
        found[f"plain query, {name}"] = {"ms": alone, "times": alone / found[f"heat map, {name}"]["p50_ms"]}
        print(f"{'plain query over the spans, ' + name:40} {alone:8.0f} ms, {found[f'plain query, {name}']['times']:.2f} times the page")
    return found


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=places.DATABASES, default="postgresql")
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--at", help="a database that was filled before (and is left as it is), instead of a new one")
    parser.add_argument("--no-check", action="store_true", help="do not compare the sums with the rows of work")
    given = parser.parse_args()
    began = time.perf_counter()
    place = places.Place(given.database, given.at) if given.at else places.fresh(given.database)
    crm = data.compose(place, given.spans) if given.at else data.build(place, given.spans)
    found: dict[str, Any] = {"at": utc_now().isoformat(), "database": given.database, "spans": given.spans, "built_s": time.perf_counter() - began}
    try:
        found["pages"] = measure(crm, given.spans, given.calls, place)
        if not given.no_check:
            found["unlike"] = data.unlike(crm, given.spans)
            print(f"sums unlike the rows of work: {found['unlike']}")
    finally:
        crm.engine.dispose()
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"monitor_dashboard-{given.database}-{given.spans}.json"
    file.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(file)


if __name__ == "__main__":
    main()
