"""Sales reports over 100,000 deals with their history: wall time of each report, for everybody's rows and one owner's.

`python -m bench.reports --database postgresql --deals 100000`. The floor beside it reads the same history with one plain
``GROUP BY`` and no rule: what any report must at least cost. Deals are put into the tables directly, as walked by chance.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from bench import place as places
from bench.data import START, load, mix, settle
from crmkit import Actor, Crm, MovableClock, Role, Uow, activities
from crmkit_sales import Deal, plugin
from crmkit_sales.reports import Ask, forecast, funnel, office, time_in_stage, won_lost

WAYS = (("new", "qualified", "offer", "negotiation", "won"), ("new", "offer", "won"), ("new", "qualified", "lost"),
    ("new", "qualified", "offer", "lost"), ("new", "offer", "qualified", "offer"), ("new",), ("new", "qualified"))  # fmt: skip
ROLES = (Role("all", {"sales.*": "all"}), Role("own", {"sales.*": "own"}))
YEAR = Ask(since=START.date(), until=START.date() + dt.timedelta(days=364))
DEALS = ("id", "created_at", "updated_at", "version", "owner_id", "team_id", "pipeline", "stage", "stage_since", "title", "amount", "chance",
    "expected_amount", "no_next_step", "closes_on")  # fmt: skip
STAYS = ("id", "kind", "record_id", "pipeline", "stage", "entered_at", "left_at", "to_pipeline", "to_stage")


def walks(count: int) -> Iterator[tuple[int, list[tuple[str, dt.datetime]]]]:
    """Yield each deal's number and its stays: the same in every run."""
    for number in range(1, count + 1):
        at = START + dt.timedelta(minutes=number * (300 * 1440 / count))
        stays = []
        for step, stage in enumerate(WAYS[mix(number, 1) % len(WAYS)]):
            stays.append((stage, at))
            at += dt.timedelta(seconds=60 + mix(number, 20 + step) % (14 * 86400))
        yield number, stays


def deals(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the deals."""
    for number, stays in walks(count):
        stage, since = stays[-1]
        amount, owner, chance = mix(number, 3) % 9_000_00, 1 + mix(number, 4) % 100, {"won": 100, "lost": 0}.get(stage, 25)
        day = (START + dt.timedelta(days=mix(number, 5) % 500)).date()
        yield (number, stays[0][1], since, len(stays), owner, owner % 10, "sales", stage, since, f"Deal {number}", amount, chance,
            amount * chance // 100, False, day)  # fmt: skip


def past(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the history."""
    key = 0
    for number, stays in walks(count):
        for (stage, since), (following, until) in itertools.pairwise(stays):
            key += 1
            yield key, "sales.deal", number, "sales", stage, since, until, "sales", following


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}"
    return value.isoformat() if isinstance(value, dt.date) else value


def prepared(database: str, count: int) -> Crm:
    """Return a CRM with so many deals."""
    place = places.fresh(database)
    crm = Crm(plugin, activities.plugin, database=place.sqlalchemy.replace("+psycopg", ""), roles=ROLES,
        clock=MovableClock(START + dt.timedelta(days=364)))  # fmt: skip
    crm.migrate()
    crm.engine.dispose()
    load(place, "sales_deal", DEALS, deals(count), _for_sqlite)
    load(place, "crm_stage_history", STAYS, past(count), _for_sqlite)
    settle(place)
    return crm


def floor(uow: Uow) -> Any:
    """Read all history once, as plainly as can be."""
    history = next(table for table in uow.crm.kernel_tables if table.name == "crm_stage_history")
    joined = sa.join(history, Deal.__table__, Deal.__table__.c.id == history.c.record_id)
    statement = sa.select(history.c.stage, sa.func.count(), sa.func.max(history.c.left_at)).select_from(joined).group_by(history.c.stage)
    return uow.connection.execute(statement).all()


REPORTS: dict[str, Callable[[Uow], Any]] = {
    "floor": floor,
    "funnel": lambda uow: funnel(uow, YEAR),
    "funnel by entry, by owner": lambda uow: funnel(uow, Ask(since=YEAR.since, until=YEAR.until, by=("owner",)), "entered"),
    "time in stage": lambda uow: time_in_stage(uow, YEAR),
    "time in stage, working hours": lambda uow: time_in_stage(uow, YEAR, office(uow)),
    "won and lost by owner and month": lambda uow: won_lost(uow, Ask(since=YEAR.since, until=YEAR.until, by=("owner", "month"))),
    "forecast": forecast,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", choices=[*places.DATABASES, "both"], default="both")
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=5)
    options = parser.parse_args()
    for database in places.DATABASES if options.database == "both" else [options.database]:
        crm = prepared(database, options.deals)
        for actor in (Actor(1, roles=["all"]), Actor(1, roles=["own"])):
            print(f"\n{database}, {options.deals:,} deals, rows: {actor.roles[0]}")
            for name, made in REPORTS.items():
                walls = []
                for _call in range(options.calls + 1):
                    with crm.read(actor) as uow:
                        started = time.perf_counter()
                        made(uow)
                        walls.append((time.perf_counter() - started) * 1e3)
                print(f"  {name:<36}{statistics.median(walls[1:]):>10.1f} ms")
        crm.engine.dispose()


if __name__ == "__main__":
    main()
