"""Values that will do: for required fields nobody cares about in a test, and for input nobody wrote by hand."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import types
import typing as t
import uuid

import attrs

from crmkit.core.field import Field
from crmkit.core.types import Email, Phone

if t.TYPE_CHECKING:
    from crmkit.core.model import Entity


def field_value(field: Field, number: int, now: dt.datetime, link: t.Callable[[type[Entity]], int]) -> t.Any:
    """Return a value for a field of the `number`-th record: always the same one, and another one for each record."""
    kind = field.column.type
    if field.to is not None:
        return link(field.to)
    if isinstance(kind, Phone):
        return f"+7900{number:07d}"
    if isinstance(kind, Email):
        return f"person{number}@example.com"
    if field.type is str:
        text = f"{field.label} {number}"
        return text if field.max_length is None or len(text) <= field.max_length else str(number)[-field.max_length :]
    return plain_value(field.type, number, now)


def plain_value(kind: type, number: int, now: dt.datetime) -> t.Any:
    """Return some value of a plain type."""
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    made: dict[type, t.Any] = {
        str: f"text {number}",
        int: number,
        float: float(number),
        bool: False,
        bytes: b"",
        decimal.Decimal: decimal.Decimal(number),
        dt.datetime: now,
        dt.date: now.date(),
        dt.timedelta: dt.timedelta(days=1),
        dict: {},
        list: [],
        uuid.UUID: uuid.UUID(int=number),
    }
    if kind in made:
        return made[kind]
    raise ValueError(f"no value is known for {kind.__name__}: give one yourself")


def json_value(kind: t.Any, now: dt.datetime) -> t.Any:
    """Return a JSON value that structures into `kind`: input for a command nobody wrote a test for."""
    origin, arguments = t.get_origin(kind), t.get_args(kind)
    if origin is t.Annotated:
        return json_value(arguments[0], now)
    if origin in (t.Union, types.UnionType):
        return json_value(next(a for a in arguments if a is not type(None)), now)
    if origin is t.Literal:
        return arguments[0]
    if origin in (list, set, frozenset, tuple) or kind in (list, set, frozenset, tuple):
        return [json_value(a, now) for a in arguments[:1]]
    if origin is dict or kind is dict:
        return {}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind)).value
    if attrs.has(kind):
        return json_arguments(kind, now)
    made: dict[t.Any, t.Any] = {
        dt.datetime: now.isoformat().replace("+00:00", "Z"),
        dt.date: now.date().isoformat(),
        decimal.Decimal: "1.00",
        dt.timedelta: 60,
        uuid.UUID: str(uuid.UUID(int=1)),
        bytes: "",
        str: "text",
        int: 1,
        float: 1.5,
        bool: True,
    }
    return made.get(kind, "text")


def json_arguments(cls: type, now: dt.datetime) -> dict[str, t.Any]:
    """Return JSON for every field of an attrs class that has no default."""
    attrs.resolve_types(cls)
    return {a.name: json_value(a.type, now) for a in attrs.fields(cls) if a.init and a.default is attrs.NOTHING}
