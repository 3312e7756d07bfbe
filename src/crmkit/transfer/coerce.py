"""From what other systems hold to what a field holds: text, spreadsheet cells and database values alike."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import re
import typing as t
from zoneinfo import ZoneInfo

import orjson

from ..core import wire
from ..core.errors import closest
from ..core.field import TYPE_NAMES, Field
from ..core.text import Text, _

YES = frozenset({"true", "yes", "y", "1", "t", "да", "истина", "+"})
NO = frozenset({"false", "no", "n", "0", "f", "нет", "ложь", "-"})
EXPECTED = _("expected {type}, got {given}", ru="ожидается {type}, получено {given}")
DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T](.+))?")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?|[+-]?\.\d+")


def as_text(value: t.Any) -> str:
    """Return a value as a person would write it: ``5.0`` is ``5``, nothing is empty."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return orjson.dumps(value, default=str).decode()
    return str(value)


def is_empty(value: t.Any) -> bool:
    """True for nothing and for empty text."""
    return value is None or value == ""


def to_field(field: Field, value: t.Any, zone: ZoneInfo) -> t.Any:
    """Return `value` in the field's type; `ValueError` says what was expected."""
    kind = field.type
    if value is None:
        return None
    if kind is str:
        return as_text(value)
    try:
        maker = _MAKERS.get(kind)
        if maker is not None:
            return maker(value, zone)
        if issubclass(kind, enum.Enum):
            return _member(kind, value)
        return wire.load(field, value)
    except (ValueError, TypeError, OverflowError, decimal.InvalidOperation) as error:
        if error.args and isinstance(error.args[0], Text):
            raise
        raise ValueError(expected(kind, value)) from None


def expected(kind: type, value: t.Any) -> Text:
    """Return the sentence about a value of another type."""
    return EXPECTED.format(type=TYPE_NAMES.get(kind, Text(kind.__name__)), given=repr(value)[:60])


def _int(value: t.Any, _zone: ZoneInfo) -> int:
    if type(value) is int or isinstance(value, bool):
        return int(value)
    if isinstance(value, float | decimal.Decimal):
        if value != int(value):
            raise ValueError
        return int(value)
    text = as_text(value).strip()
    if not PLAIN_NUMBER.fullmatch(text):
        raise ValueError
    found = decimal.Decimal(text)
    if found != found.to_integral_value() or abs(found) > 2**63:
        raise ValueError
    return int(found)


def _decimal(value: t.Any, _zone: ZoneInfo) -> decimal.Decimal:
    if isinstance(value, decimal.Decimal):
        return value
    if isinstance(value, float):  # what spreadsheets and REAL columns keep: 15 digits are meant, the rest is noise
        return decimal.Decimal(format(value, ".15g"))
    if type(value) is int:
        return decimal.Decimal(value)
    text = as_text(value).strip()
    if not PLAIN_NUMBER.fullmatch(text):
        raise ValueError
    return decimal.Decimal(text)


def _float(value: t.Any, zone: ZoneInfo) -> float:
    return float(value) if isinstance(value, float | int) else float(_decimal(value, zone))


def _bool(value: t.Any, _zone: ZoneInfo) -> bool:
    word = as_text(value).strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError


def _date(value: t.Any, _zone: ZoneInfo) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = as_text(value).strip()
    if found := DOTTED.fullmatch(text):
        day, month, year, _rest = found.groups()
        return dt.date(int(year), int(month), int(day))
    return dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text).date()


def moment(value: t.Any, zone: ZoneInfo) -> dt.datetime:
    """Return a moment; one without its time zone is in `zone`."""
    if isinstance(value, dt.datetime):
        found = value
    elif isinstance(value, dt.date):
        found = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  # gets its zone below
    else:
        text = as_text(value).strip()
        if parts := DOTTED.fullmatch(text):
            day, month, year, rest = parts.groups()
            text = f"{year}-{int(month):02}-{int(day):02}" + (f" {rest}" if rest else "")
        if len(text) < 10:
            raise ValueError
        found = dt.datetime.fromisoformat(text)
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(dt.UTC)


def _structure(kind: type) -> t.Callable[[t.Any, ZoneInfo], t.Any]:
    def make(value: t.Any, _zone: ZoneInfo) -> t.Any:
        found = orjson.loads(value) if isinstance(value, str) else value
        if not isinstance(found, kind):
            raise ValueError
        return found

    return make


def _member(kind: type[enum.Enum], value: t.Any) -> enum.Enum:
    word = as_text(value).strip().casefold()
    for member in kind:
        if str(member.value).casefold() == word:
            return member
    near = closest(as_text(value), [str(m.value) for m in kind])
    raise ValueError(_("there is no {given!r}.{near}", ru="нет значения {given!r}.{near}").format(given=as_text(value)[:60], near=near))


_MAKERS: dict[type, t.Callable[[t.Any, ZoneInfo], t.Any]] = {
    int: _int, decimal.Decimal: _decimal, float: _float, bool: _bool, dt.date: _date, dt.datetime: moment, dict: _structure(dict),
    list: _structure(list),
}  # fmt: skip
