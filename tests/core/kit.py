"""The fixture `shop`: a CRM of the small shop on a database of its own, with whatever a test adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Crm, MovableClock
from crmkit.core import ledger

from .shop import compose, create_tables

Shop = Callable[..., Crm]


@pytest.fixture
def shop(copy_of: Callable[..., str]) -> Iterator[Shop]:
    """`shop(handler, …, settings=…)`: the shop with these things in it, on one database for the whole test."""
    url = copy_of("the shop", _prepare)
    made: list[Crm] = []

    def new(*things: Any, **more: Any) -> Crm:
        crm = compose(more.pop("database", url), *things, **more)
        made.append(crm)
        return crm

    yield new
    for crm in made:
        crm.engine.dispose()


def _prepare(url: str) -> None:
    crm = compose(url)
    create_tables(crm)
    crm.engine.dispose()


def clock_of(crm: Crm) -> MovableClock:
    assert isinstance(crm.clock, MovableClock)
    return crm.clock


def journal(crm: Crm, **where: Any) -> list[Any]:
    """The journal's rows, oldest first."""
    return rows(crm, ledger.journal, **where)


def history(crm: Crm, **where: Any) -> list[Any]:
    """The stage history's rows, oldest first."""
    return rows(crm, ledger.history, **where)


def rows(crm: Crm, table: sa.Table, **where: Any) -> list[Any]:
    conditions = [table.c[name] == value for name, value in where.items()]
    with crm.read() as uow:
        return list(uow.connection.execute(sa.select(table).where(*conditions).order_by(table.c.id)))


def totals(crm: Crm, kind: str = "shop.order") -> dict[tuple[Any, ...], tuple[int, int]]:
    """The running totals: (stage, owner, team) to count and sum in cents; what is nought is left out."""
    c = ledger.tally.c
    place = c.pipeline, c.stage, c.owner_id, c.team_id
    summed = sa.select(*place, sa.func.sum(c.n), sa.func.sum(c.t0)).where(c.kind == kind).group_by(*place)
    with crm.read() as uow:
        found = {tuple(row[:4]): (int(row[4]), int(row[5])) for row in uow.connection.execute(summed)}
    return {place: total for place, total in found.items() if total != (0, 0)}
