"""SQL that means the same on SQLite and PostgreSQL."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa

from crmkit import Uow


def seconds(uow: Uow, moment: t.Any) -> t.Any:
    """Return a moment as seconds since 1970."""
    if uow.connection.dialect.name == "postgresql":
        return sa.cast(sa.extract("epoch", moment), sa.BigInteger)
    return sa.cast(sa.func.strftime("%s", sa.func.substr(sa.type_coerce(moment, sa.String), 1, 19)), sa.BigInteger)


def ones(condition: t.Any) -> t.Any:
    """Return how many rows a condition holds for."""
    return sa.func.count(sa.case((condition, 1)))
