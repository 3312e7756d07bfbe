"""Reports say what paper and pencil say, for whoever asks, and every figure's list has as many records as the figure."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from crmkit import SYSTEM, Actor, Crm
from crmkit_sales.reports import Ask, funnel, time_in_stage, won_lost
from crmkit_sales.reports.hours import Hours

from . import paper
from .trial import ACTORS, Case, Known, World, build, sees

SINCE, UNTIL = dt.date(2025, 4, 10), dt.date(2025, 10, 5)
ASK = Ask(since=SINCE, until=UNTIL, pipeline="cases")
KEYS = {
    "source": lambda c: c.source, "owner": lambda c: str(c.owner), "team": lambda c: None if c.team is None else str(c.team),
    "city": lambda c: c.city, "month": lambda c: paper.month(c.now[2]), "dealer": lambda c: c.dealer,
}  # fmt: skip


@pytest.fixture
def world(crm: Crm) -> World:
    return build(crm, 160, seed=7)


def seen(world: World, actor: Actor, archived: bool | None = False) -> list[Known]:
    return [c for c in world.cases if sees(actor)(c) and (archived is None or c.archived is archived)]


def listed(uow: Any, tree: Mapping[str, Any], archived: bool | None = False) -> set[int]:
    """What the list shows that a figure names: the way lists go, hidden fields refused."""
    found = uow.connection.execute(uow.visible(Case, filter=tree)).scalars().all()
    keep = uow.find(Case) if archived is False else uow.find(Case).archived(only=bool(archived))
    return set(found) & set(keep.ids())


@pytest.mark.parametrize("basis", ["created", "entered"])
def test_a_funnel(crm: Crm, world: World, basis: str) -> None:
    within = paper.inside(SINCE, UNTIL)
    for actor in (SYSTEM, *ACTORS):
        with crm.read(actor) as uow:
            made = funnel(uow, ASK, basis)
            expected = paper.funnel(seen(world, actor), within, basis)
            found = [{n: getattr(r, n) for n in ("stage", "reached", "to_next", "to_won", "here", "lost")} for r in made.rows]
            assert found == expected or (not made.rows and not any(e["reached"] for e in expected)), actor
            for row in made.rows:
                for name, tree in row.drill.items():
                    assert len(listed(uow, tree)) == getattr(row, name), (name, row)
    assert made.rows[0].reached > made.rows[2].reached > 0
    assert sum(r.lost for r in made.rows) > 0


def test_a_funnel_split_and_narrowed(crm: Crm, world: World) -> None:
    with crm.read() as uow:
        for by, (name, archived) in itertools.product((("source",), ("owner", "city")), (("created", None), ("entered", True), ("created", False))):
            ask = Ask(since=SINCE, until=UNTIL, pipeline="cases", by=by, archived=archived, filter={"amount": {"gte": "20000"}}, team=2)
            made = funnel(uow, ask, name)
            cases = [c for c in seen(world, SYSTEM, archived) if c.team in (2, 4) and c.amount is not None and c.amount >= 20000]
            groups: dict[tuple[Any, ...], list[Any]] = {}
            for row in made.rows:
                groups.setdefault(tuple(k.label for k in row.by), []).append(row)
            for key in {tuple(KEYS[b](c) for b in by) for c in cases}:
                own = [c for c in cases if tuple(KEYS[b](c) for b in by) == key]
                expected = paper.funnel(own, paper.inside(SINCE, UNTIL), name)
                rows = groups.pop(key, [])
                assert [r.reached for r in rows] == [e["reached"] for e in expected] if rows else not any(e["reached"] for e in expected)
                for row in rows:
                    assert len(listed(uow, row.drill["reached"], archived)) == row.reached
            assert not groups


def lasted(since: dt.datetime, until: dt.datetime) -> dt.timedelta:
    return until - since


def shifts(day: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
    """Half past eight to six with a break at noon, Saturdays till two, and one holiday: by the clock of the office."""
    if day.weekday() == 6 or day == dt.date(2025, 6, 12):
        return []

    def at(hour: int, minute: int = 0) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(hour, minute), paper.ZoneInfo(paper.ZONE)).astimezone(dt.UTC)

    return [(at(8, 30), at(14))] if day.weekday() == 5 else [(at(8, 30), at(12)), (at(13), at(18))]


def worked(since: dt.datetime, until: dt.datetime) -> dt.timedelta:
    total, day = dt.timedelta(), since.date() - dt.timedelta(days=1)
    while day <= until.date() + dt.timedelta(days=1):
        for opens, closes in shifts(day):
            total += max(dt.timedelta(), min(until, closes) - max(since, opens))
        day += dt.timedelta(days=1)
    return total


@pytest.mark.parametrize("hours", [None, Hours(shifts)], ids=["calendar", "working"])
def test_time_in_stage(crm: Crm, world: World, hours: Hours | None) -> None:
    for actor in (SYSTEM, *ACTORS):
        with crm.read(actor) as uow:
            made = time_in_stage(uow, ASK, hours)
            expected = paper.stays(seen(world, actor), paper.inside(SINCE, UNTIL), worked if hours else lasted)
            for row in made.rows:
                for name, value in expected[row.stage].items():
                    found = getattr(row, name)
                    if isinstance(found, dt.timedelta):
                        assert found / dt.timedelta(microseconds=1) == pytest.approx(value, rel=1e-12, abs=1.01), (row.stage, name)
                    else:
                        assert found == value, (row.stage, name, actor)
                assert len(listed(uow, row.drill["records"])) == row.records
                assert len(listed(uow, row.drill["now"])) == row.now
    assert sum(r.stays for r in made.rows) > sum(r.records for r in made.rows) > 0


def test_won_and_lost(crm: Crm, world: World) -> None:
    for actor, name in itertools.product((SYSTEM, *ACTORS), KEYS):
        with crm.read(actor) as uow:
            made = won_lost(uow, Ask(since=SINCE, until=UNTIL, pipeline="cases", by=(name,)))
            expected = paper.outcomes(seen(world, actor), paper.inside(SINCE, UNTIL), KEYS[name])
            figures = ("won", "lost", "won_amount", "lost_amount", "rate")
            found = {r.by[0].value if name == "dealer" else r.by[0].label: {n: getattr(r, n) for n in figures} for r in made.rows}
            assert found == expected, (actor, name)
            for row in made.rows:
                assert (len(listed(uow, row.drill["won"])), len(listed(uow, row.drill["lost"]))) == (row.won, row.lost)
            assert made.archived_left_out == sum(
                c.archived and c.now[0] == "cases" and c.now[1] in ("won", "gift", "lost", "spam") and paper.inside(SINCE, UNTIL)(c.now[2])
                for c in seen(world, actor, None))
