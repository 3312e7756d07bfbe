"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from .text import _

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A 64-bit key; SQLite numbers rows by itself only in a column of type INTEGER."""


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware moment, kept in UTC: ``timestamptz`` on PostgreSQL, sortable ISO text on SQLite (which has no type for it)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the stored type."""
        return dialect.type_descriptor(sa.String(32) if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        """Turn an aware datetime into what is stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use crm.clock.now() or add tzinfo=datetime.UTC")
        return utc_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """Turn what is stored into an aware datetime in UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
        found: dt.datetime = value
        return found.astimezone(dt.UTC)


def in_utc(value: dt.datetime) -> dt.datetime:
    """Return an aware moment in UTC."""
    return value if value.tzinfo is dt.UTC else value.astimezone(dt.UTC)


def utc_text(value: dt.datetime) -> str:
    """Return a moment as SQLite keeps it: ``2026-01-12 09:00:00.000000``, in UTC, always the same length."""
    if value.tzinfo is not dt.UTC:
        value = value.astimezone(dt.UTC)
    return value.isoformat(" ", "microseconds")[:26]


class Exact(TypeDecorator[decimal.Decimal]):
    """An exact decimal with a fixed number of places: ``numeric`` on PostgreSQL, a scaled integer on SQLite.

    SQLite's own NUMERIC is a float: 0.1 + 0.2 would not be 0.3, and totals of money would drift.
    """

    impl = sa.Numeric
    cache_ok = True
    python_type = decimal.Decimal

    def __init__(self, precision: int = 14, scale: int = 2) -> None:
        self.precision, self.scale = precision, scale
        super().__init__(precision, scale)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the stored type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.BigInteger())
        return dialect.type_descriptor(sa.Numeric(self.precision, self.scale))

    def process_bind_param(self, value: decimal.Decimal | int | None, dialect: Dialect) -> Any:
        """Turn a decimal into what is stored."""
        if value is None or dialect.name != "sqlite":
            return value
        return int(decimal.Decimal(value).scaleb(self.scale).to_integral_value(decimal.ROUND_HALF_UP))

    def process_result_value(self, value: Any, dialect: Dialect) -> decimal.Decimal | None:
        """Turn what is stored into a decimal."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return decimal.Decimal(int(value)).scaleb(-self.scale)
        return decimal.Decimal(value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.precision}, {self.scale})"


class Money(Exact):
    """An amount of money: 14 digits, 2 of them after the point."""

    cache_ok = True


_PHONE_NOISE = re.compile(r"[\s().\-\u00a0\u2010-\u2015/]+")
_PHONE = re.compile(r"\+?[0-9]{3,15}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class Phone(TypeDecorator[str]):
    """A telephone number without spaces, brackets and dashes, at most 15 digits (ITU-T E.164)."""

    impl = sa.String(20)
    cache_ok = True

    @staticmethod
    def clean(value: str) -> str:
        """Return the number without decoration; `ValueError` says what is wrong with it."""
        bare = _PHONE_NOISE.sub("", value)
        if not _PHONE.fullmatch(bare):
            raise ValueError(_("not a telephone number", ru="это не номер телефона"))
        return bare


class Email(TypeDecorator[str]):
    """An e-mail address, in lower case."""

    impl = sa.String(254)
    cache_ok = True

    @staticmethod
    def clean(value: str) -> str:
        """Return the address trimmed and in lower case; `ValueError` says what is wrong with it."""
        bare = value.strip().lower()
        if not _EMAIL.fullmatch(bare):
            raise ValueError(_("not an e-mail address", ru="это не адрес электронной почты"))
        return bare


class Choice(TypeDecorator[enum.Enum]):
    """A member of an `enum.Enum`, kept as the text of its value: adding a member needs no migration."""

    impl = sa.String(40)
    cache_ok = True

    def __init__(self, members: type[enum.Enum] | None = None) -> None:
        for member in members or ():
            if not isinstance(member.value, str) or len(member.value) > 40:
                raise TypeError(f"{member!r}: the members of a column's enum are kept by value, text of at most 40 characters")
        self.members = members
        super().__init__()

    def process_bind_param(self, value: enum.Enum | str | None, dialect: Dialect) -> Any:
        """Turn a member into its text."""
        return value.value if isinstance(value, enum.Enum) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Turn the text into the member."""
        return value if value is None or self.members is None else self.members(value)
