"""The tables of many models as one `MetaData`, so that they can be created and compared together."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ..record import NAMING

DIALECTS: dict[str, sa.engine.Dialect] = {
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]
    "sqlite": sqlite.dialect(),
}


def merged(tables: Iterable[sa.Table]) -> sa.MetaData:
    """Return copies of `tables`, and of every table they point to, in one `MetaData`."""
    made = sa.MetaData(naming_convention=NAMING)  # SQLite can only change constraints that have a name
    waiting = list(tables)
    while waiting:
        table = waiting.pop()
        if table.name in made.tables:
            continue
        copy = table.to_metadata(made)
        copy.info.clear()
        _lift_checks(copy)
        waiting.extend(key.column.table for key in table.foreign_keys)
    return made


def _lift_checks(table: sa.Table) -> None:
    """Make checks written at a column the table's own: Alembic looks only there."""
    for column in table.columns:
        for check in [c for c in column.constraints if isinstance(c, sa.CheckConstraint)]:
            column.constraints.discard(check)
            table.append_constraint(sa.CheckConstraint(check.sqltext, name=check.name))


def in_words(element: t.Any, dialect: str) -> str:
    """Return an SQL expression as `dialect` writes it, without table names and bound values."""
    if isinstance(element, str):
        return element
    return str(
        element.compile(dialect=DIALECTS[dialect], compile_kwargs={"include_table": False, "literal_binds": True})
    )


def type_in_words(kind: sa.types.TypeEngine[t.Any]) -> tuple[str, ...]:
    """Return what a type is called on each database."""
    return tuple(kind.compile(dialect=dialect) for dialect in DIALECTS.values())
