"""The monthly correction of feedback cards beside one raw UPDATE of the same rows, on both databases.

`python -m bench.prosthesis --cards 200000`

Two days: an ordinary 1st of a month, on which every card whose month has changed moves; and the first run after a long stop, on which
every card moves. crmkit also writes the journal and the stage history, keeps the boards' totals and moves the service cards; the raw
UPDATE computes the same CASE and writes the stage, its moment and the version. Both are rolled back, and take turns.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bench import place as places
from bench.data import settle, utc_now
from bench.measure import RESULTS
from bench.place import Place
from crmkit import Crm, MovableClock
from crmkit.core import migrate
from crmkit.core.compose import installed
from crmkit.core.totals import rebuild
from crmkit_prosthesis_feedback import Device, Feedback, Group, Service, correct, in_force
from crmkit_prosthesis_feedback.correcting import OPEN, stages_of_cards
from crmkit_sales import Contact

PERIODS = 12
APRIL = dt.datetime(2026, 4, 1, 0, 30, tzinfo=dt.UTC)
MONTHS = 27


def build(place: Place, cards: int) -> Crm:
    """Fill a database: people with one device and twelve cards each, planned over more than two years, in the stages of March."""
    clock = MovableClock(dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC))
    crm = Crm(*installed(["prosthesis_feedback"]), database=place.sqlalchemy, clock=clock)
    migrate.upgrade(crm.engine, migrate.owners_of(crm))
    people = cards // PERIODS
    with crm.uow() as uow:
        version = in_force(uow, Group.ADULT).id
        common = {"created_at": uow.now, "updated_at": uow.now, "version": 1, "archived_at": None}
        staged = common | {"stage_since": uow.now, "team_id": 1}

        def insert(cls: Any, rows: list[dict[str, Any]]) -> None:
            for start in range(0, len(rows), 10_000):
                uow.connection.execute(cls.__table__.insert(), rows[start : start + 10_000])

        numbers = range(1, people + 1)
        insert(Contact, [common | {"id": n, "name": f"Person {n}"} for n in numbers])
        service = {"pipeline": "prosthesis_service", "stage": "active", "group": Group.ADULT, "respondent": "self", "attempts": 0}
        insert(Service, [staged | service | {"id": n, "contact_id": n, "owner_id": n % 20 + 1} for n in numbers])
        issued = dt.date(2025, 1, 1)
        device = {"model": "M", "issued_on": issued, "state": "in_use", "begun_on": issued}
        insert(Device, [common | device | {"id": n, "service_id": n} for n in numbers])
        card = {"pipeline": "prosthesis_feedback", "stage": "later", "protocol_version_id": version, "group": Group.ADULT, "red_flags": 0}
        rows = []
        for number in range(cards // PERIODS * PERIODS):
            person, period = number // PERIODS + 1, number % PERIODS
            day = dt.date(2026, 1, 1) + dt.timedelta(days=(number * 37) % (MONTHS * 30))
            rows.append(staged | card | {
                "id": number + 1, "service_id": person, "contact_id": person, "device_id": person, "period": f"p{period}", "number": period,
                "title": f"🧑 Person {person} · {period}", "owner_id": person % 20 + 1, "earliest": day - dt.timedelta(days=7), "ideal": day,
                "latest": day + dt.timedelta(days=60), "planned_at": dt.datetime.combine(day, dt.time(7), dt.UTC),
            })  # fmt: skip
        insert(Feedback, rows)
        goal = sa.case(*((condition, name) for name, condition in stages_of_cards(uow).items()))
        uow.connection.execute(Feedback.__table__.update().values(stage=goal))
        rebuild(uow)
    clock.set(APRIL)
    return crm


def together(crm: Crm, told: dict[str, Any]) -> float:
    """Run the correction and roll it back; return its seconds."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    took = 0.0
    sa.event.listen(crm.engine, "before_cursor_execute", note)
    with contextlib.suppress(RollBack), crm.uow() as uow:
        began = time.perf_counter()
        done = correct(uow)
        uow.settle()
        took = time.perf_counter() - began
        told |= {"moved": sum(done.cards.values()), "statements": len(statements)}
        if os.environ.get("SHOW"):
            print("\n".join(" ".join(x.split())[:110] for x in statements))
        raise RollBack
    sa.event.remove(crm.engine, "before_cursor_execute", note)
    return took


class RollBack(Exception):
    """Nothing is kept."""


def raw(crm: Crm, told: dict[str, Any]) -> float:
    """Run one UPDATE and roll it back; return its seconds."""
    table, took, count = Feedback.__table__, 0.0, 0
    with contextlib.suppress(RollBack), crm.uow() as uow:
        goal = sa.case(*((condition, name) for name, condition in stages_of_cards(uow).items()))
        update = table.update().where(OPEN, goal != table.c.stage)
        update = update.values(stage=goal, stage_since=uow.now, updated_at=uow.now, version=table.c.version + 1)
        began = time.perf_counter()
        count = uow.connection.execute(update).rowcount
        took = time.perf_counter() - began
        raise RollBack
    assert count == told.get("moved", count), (count, told)
    return took


def measure(database: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure both days, in turns, and print a table."""
    place = places.fresh(database)
    crm = build(place, options.cards)
    found = []
    for day in ("the 1st of a month", "every card astray"):
        if day == "every card astray":
            with crm.engine.begin() as connection:
                connection.execute(Feedback.__table__.update().values(stage="unreachable"))
            with crm.uow() as uow:
                rebuild(uow)
        settle(place)
        told: dict[str, Any] = {"database": database, "day": day, "cards": options.cards}
        took: dict[str, list[float]] = {"crmkit": [], "raw": []}
        peers: dict[str, Callable[[Crm, dict[str, Any]], float]] = {"crmkit": together, "raw": raw}
        for number in range(options.rounds + 1):
            for name, run in peers.items():
                seconds = run(crm, told)
                vacuum(crm)
                if number:  # the first round warms up
                    took[name].append(seconds)
        ratios = [a / b for a, b in zip(took["crmkit"], took["raw"], strict=True)]
        told |= {name: statistics.median(times) for name, times in took.items()} | {"ratio": statistics.median(ratios), "ratios": ratios}
        print(f"{database:<12}{day:<22}{told['moved']:>8} of {options.cards} moved {told['statements']:>5} statements"
            f"{told['crmkit']:>9.2f} s{told['raw']:>9.2f} s raw {told['ratio']:>8.1f} x")  # fmt: skip
        found.append(told)
    crm.engine.dispose()
    return found


def vacuum(crm: Crm) -> None:
    """Let no round pay for what the last one left behind."""
    if crm.database.postgres:
        with crm.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in ("prosthesis_feedback_card", "prosthesis_feedback_service", "crm_journal", "crm_stage_history", "crm_tally"):
                connection.execute(sa.text(f"VACUUM {name}"))


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=[*places.DATABASES, "both"], default="both")
    parser.add_argument("--cards", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3, help="after one to warm up: %(default)s")
    options = parser.parse_args()
    chosen = places.DATABASES if options.database == "both" else [options.database]
    found = [row for database in chosen for row in measure(database, options)]
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"prosthesis-{utc_now():%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(found, indent=1))
    print(f"\nload {os.getloadavg()[0]:.1f}; saved: {path}")


if __name__ == "__main__":
    main()
