"""Rows of our own tables by the ten thousand."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from crmkit import Uow, UtcDateTime

Row = Sequence[t.Any]
as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def insert(uow: Uow, table: sa.Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows of a table that has no records: by COPY on PostgreSQL. JSON columns are given as text."""
    if not rows:
        return
    listed, connection = ", ".join(f'"{c}"' for c in columns), uow.connection
    if connection.dialect.name == "postgresql":
        driver: t.Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copy:
            write = copy.write_row
            for row in rows:
                write(row)
        return
    made = [(i, how) for i, c in enumerate(columns) if (how := _sqlite(table.c[c].type, connection.dialect)) is not None]
    plain: list[Row] = []
    for row in rows:
        cells = list(row)
        for i, how in made:
            cells[i] = how(cells[i])
        plain.append(tuple(cells))
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join('?' * len(columns))})", t.cast(t.Any, plain))


def _sqlite(kind: sa.types.TypeEngine[t.Any], dialect: sa.Dialect) -> Callable[[t.Any], t.Any] | None:
    if isinstance(kind, sa.Date):
        return dt.date.isoformat
    return kind.dialect_impl(dialect).bind_processor(dialect) if isinstance(kind, UtcDateTime) else None


__all__ = ["as_json", "insert"]
