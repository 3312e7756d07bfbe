"""Values on their way in and out: JSON text for people and programs, Python values inside."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import enum
import re
import types
import typing as t
import uuid
from functools import cache

from .field import TYPE_NAMES, Field
from .text import Text, _


def dump(value: t.Any) -> t.Any:
    """Return a JSON value: decimals as text (nothing is rounded), moments as ``2026-01-12T09:00:00Z``."""
    kind = type(value)
    if value is None or kind in (str, int, bool, float):
        return value
    dumper = _DUMPERS.get(kind)
    if dumper is not None:
        return dumper(value)
    if isinstance(value, enum.Enum):
        return value.value
    return str(value) if isinstance(value, Text) else value


def moment(value: dt.datetime) -> str:
    """Return an aware datetime as ISO 8601 in UTC with a final Z."""
    if value.tzinfo is not dt.UTC:
        value = value.astimezone(dt.UTC)
    return value.isoformat()[:-6] + "Z"


_DUMPERS: dict[type, t.Callable[[t.Any], t.Any]] = {
    decimal.Decimal: lambda value: format(value, "f"), dt.datetime: moment, dt.date: lambda value: value.isoformat(), uuid.UUID: str,
    bytes: lambda value: base64.b64encode(value).decode(),
}  # fmt: skip


def load(field: Field, value: t.Any) -> t.Any:
    """Turn a JSON value into the field's Python value, strictly: ``"5"`` is no number and ``1`` is not true."""
    return load_as(field.type, value)


def load_as(kind: type, value: t.Any) -> t.Any:
    """Turn a JSON value into `kind`, strictly; `ValueError` says what was expected."""
    if value is None:
        return None
    loader = _LOADERS.get(kind)
    try:
        if loader is not None:
            return loader(value)
        if issubclass(kind, enum.Enum):
            return _member(kind, value)
        if type(value) is kind or (kind is float and type(value) is int):
            return t.cast(t.Any, kind)(value)
    except (ValueError, TypeError, OverflowError, decimal.InvalidOperation) as error:
        if error.args and isinstance(error.args[0], Text):
            raise
    expected = TYPE_NAMES.get(kind, Text(kind.__name__))
    raise ValueError(_("expected {type}, got {given}", ru="ожидается {type}, получено {given}").format(type=expected, given=repr(value)[:60]))


def _member(kind: type[enum.Enum], value: t.Any) -> enum.Enum:
    for member in kind:
        if member.value == value and type(member.value) is type(value):
            return member
    known = ", ".join(str(m.value) for m in kind)
    raise ValueError(_("choose one of: {known}", ru="выберите одно из: {known}").format(known=known))


_DECIMAL = re.compile(r"[-+.0-9A-Za-z]+")  # no blanks, underscores or other scripts' digits


def _decimal(value: t.Any) -> decimal.Decimal:
    if type(value) is float:
        raise ValueError(_("write decimals as text: \"{value}\"", ru="пишите десятичные числа текстом: \"{value}\"").format(value=value))
    if type(value) is not int and (type(value) is not str or len(value) > 60 or not _DECIMAL.fullmatch(value)):
        raise TypeError
    return decimal.Decimal(value)


def _moment(value: str) -> dt.datetime:
    if len(value) < 16:
        raise TypeError
    found = dt.datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(_("has no time zone: end it with Z or +03:00", ru="нет часового пояса: добавьте Z или +03:00"))
    return found.astimezone(dt.UTC)


def _day(value: str) -> dt.date:
    if len(value) != 10 or value[4] != "-" or value[7] != "-":  # not 20260112 and not 2026-W03-1
        raise TypeError
    return dt.date.fromisoformat(value)


_LOADERS: dict[type, t.Callable[[t.Any], t.Any]] = {
    decimal.Decimal: _decimal, dt.datetime: _moment, dt.date: _day, uuid.UUID: uuid.UUID,
    bytes: lambda value: base64.b64decode(value, validate=True),
}  # fmt: skip


@cache
def strict_converter() -> t.Any:
    """Return the cattrs converter for input: no coercion, no unknown keys, errors with paths."""
    import cattrs

    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (int, str, bool, float, decimal.Decimal, dt.datetime, dt.date, uuid.UUID, bytes):
        converter.register_structure_hook(kind, lambda value, target: _present(load_as(target, value)))
    converter.register_structure_hook_func(lambda c: isinstance(c, type) and issubclass(c, enum.Enum), lambda v, c: _present(load_as(c, v)))
    listings: tuple[t.Any, ...] = (list, set, frozenset)
    converter.register_structure_hook_factory(lambda kind: t.get_origin(kind) in listings, t.cast(t.Any, _strict_listing))
    converter.register_structure_hook(dt.timedelta, lambda value, _target: _seconds(value))
    for kind in (decimal.Decimal, dt.datetime, dt.date, uuid.UUID, bytes):
        converter.register_unstructure_hook(kind, dump)
    converter.register_unstructure_hook(dt.timedelta, lambda value: value.total_seconds())
    return converter


def _strict_listing(kind: t.Any, converter: t.Any) -> t.Callable[[t.Any, t.Any], t.Any]:
    """Structure lists and sets from JSON lists only: text and objects can be gone through too, and would pass for one."""
    from cattrs.cols import list_structure_factory

    listed: t.Any = types.GenericAlias(list, t.get_args(kind)[:1])
    origin, inner = t.cast(t.Any, t.get_origin(kind)), list_structure_factory(listed, converter)

    def strictly(value: t.Any, _kind: t.Any) -> t.Any:
        if type(value) is not list:
            raise ValueError(_("expected a list", ru="ожидается список"))
        return origin(inner(value, kind))

    return strictly


def _present(value: t.Any) -> t.Any:
    if value is None:
        raise ValueError(_("required", ru="обязательное поле"))
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise ValueError(_("too large", ru="слишком большое число"))
    return value


def _seconds(value: t.Any) -> dt.timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(_("expected a number of seconds", ru="ожидается число секунд"))
    return dt.timedelta(seconds=value)


def structure_problems(error: BaseException, path: str = "") -> list[tuple[str, str]]:
    """Flatten a cattrs error into ``(dotted path, message)`` pairs, one for every wrong field."""
    import attrs
    import cattrs

    if isinstance(error, cattrs.IterableValidationError | cattrs.ClassValidationError):
        found: list[tuple[str, str]] = []
        noted, rest = error.group_exceptions()
        for inner, note in noted:
            step = str(getattr(note, "name", getattr(note, "index", "")))
            found += structure_problems(inner, f"{path}.{step}" if path else step)
        for inner in rest:
            found += structure_problems(inner, path)
        return found
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        unknown = _("unknown field", ru="неизвестное поле")
        return [(f"{path}.{k}" if path else k, unknown) for k in sorted(error.extra_fields)]
    if isinstance(error, KeyError):
        return [(path, _("required", ru="обязательное поле"))]
    field = next((a.name for a in error.args if isinstance(a, attrs.Attribute)), None)
    message = error.args[0] if error.args and isinstance(error.args[0], str) else type(error).__name__
    return [(".".join(p for p in (path, field) if p), message)]
