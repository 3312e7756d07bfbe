"""One `Field` describes one column to everybody: the API, forms, lists, import, export and the docs."""

from __future__ import annotations

import builtins
import datetime as dt
import decimal
import enum
import functools
import math
import sys
import typing as t

import attrs
import sqlalchemy as sa

from .errors import Invalid, Problem
from .nesting import TOO_DEEP, too_deep
from .text import Text, _
from .types import Exact

if t.TYPE_CHECKING:
    from .model import Entity

Clean = t.Callable[[t.Any], t.Any]
Check = t.Callable[[t.Any], object]

NO_WORDS = Text("")
REQUIRED = _("required", ru="обязательное поле")
TYPE_NAMES: dict[type, Text] = {
    str: _("text", ru="текст"), int: _("a whole number", ru="целое число"), float: _("a number", ru="число"),
    bool: _("true or false", ru="да или нет"), decimal.Decimal: _("a decimal number", ru="десятичное число"),
    dt.datetime: _("a moment with its time zone", ru="дата и время с часовым поясом"), dt.date: _("a date", ru="дата"),
    dict: _("an object", ru="объект"), list: _("a list", ru="список"),
}  # fmt: skip


@attrs.frozen(eq=False, kw_only=True)
class Field:
    """What is known about one stored value of an entity."""

    name: str
    column: sa.Column[t.Any]
    type: builtins.type
    nullable: bool
    has_default: bool
    label: Text
    help: Text = NO_WORDS
    to: builtins.type[Entity] | None = None
    search: bool = False
    personal: bool = False
    secret: bool = False
    generated: bool = False
    total: bool = False
    part: bool = False
    about: str | None = None
    needs: str | None = None
    clean: Clean | None = None
    check: Check | None = None
    max_length: int | None = None

    @property
    def required(self) -> bool:
        """True when a new record cannot do without it."""
        return not (self.nullable or self.has_default or self.generated)

    @property
    def choices(self) -> tuple[enum.Enum, ...]:
        """The members of an enumerated field, else nothing."""
        return tuple(self.type) if issubclass(self.type, enum.Enum) else ()

    def accept(self, value: t.Any) -> t.Any:
        """Return `value` as it will be stored; `Invalid` with this field's path when it will not do."""
        problem = None
        try:
            if value is None:
                if self.nullable:
                    return None
                problem = Problem(self.name, "required", REQUIRED)
            else:
                if self.clean is not None and isinstance(value, self.type):
                    value = self.clean(value)
                value = self._of_type(value)
                _fits(self, value)
                if isinstance(value, decimal.Decimal) and isinstance(self.column.type, Exact):
                    value = value.quantize(decimal.Decimal(1).scaleb(-self.column.type.scale))
                elif isinstance(value, dt.datetime) and value.tzinfo is not dt.UTC:
                    value = value.astimezone(dt.UTC)
                if self.check is not None:
                    self.check(value)
        except (ValueError, TypeError, OverflowError) as error:
            problem = Problem(self.name, "invalid", _words(error))
        if problem is not None:
            raise Invalid(problems=[problem])
        return value

    def _of_type(self, value: t.Any) -> t.Any:
        wanted = self.type
        if type(value) is wanted:
            return value
        if wanted is decimal.Decimal and type(value) is int:
            return decimal.Decimal(value)
        if wanted is float and type(value) is int:
            return float(value)
        if isinstance(value, wanted) and not isinstance(value, bool) and not (wanted is dt.date and isinstance(value, dt.datetime)):
            return value
        expected = TYPE_NAMES.get(wanted, Text(wanted.__name__))
        raise TypeError(_("expected {type}, got {given}", ru="ожидается {type}, получено {given}").format(type=expected, given=repr(value)[:60]))


def acceptor(field: Field) -> Clean:
    """Return what does just what `field.accept` does, without delay where nothing needs looking at: for values by the thousand."""
    slow, kind, nullable, clean = field.accept, field.type, field.nullable, field.clean
    if field.check is not None:
        return slow
    if kind is str:
        most = field.max_length if field.max_length is not None else sys.maxsize

        def text(value: t.Any) -> t.Any:
            if value is None and nullable:
                return None
            if type(value) is str:
                try:
                    made = value if clean is None else clean(value)
                except (ValueError, TypeError, OverflowError):
                    return slow(value)  # says what is wrong
                if type(made) is str and len(made) <= most and "\x00" not in made:
                    return made
            return slow(value)

        return text
    if clean is not None:
        return slow
    if kind is int:
        return lambda value: value if (type(value) is int and LEAST <= value <= MOST) or (value is None and nullable) else slow(value)
    if kind in (bool, dt.date) or (issubclass(kind, enum.Enum) and kind.__mro__[1:] == enum.Enum.__mro__):
        return lambda value: value if type(value) is kind or (value is None and nullable) else slow(value)
    return slow


quick = functools.cache(acceptor)


def _words(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) and first else type(error).__name__


TOO_LONG = _("at most {max} characters, got {got}", ru="не больше {max} символов, получено {got}")
DIGITS = 18  # SQLite keeps exact decimals as 64-bit integers, scaled
LEAST, MOST = -(2**63), 2**63 - 1
TOO_BIG = _("too large", ru="слишком большое число")
NUL = _("contains a NUL character", ru="содержит символ NUL")
TOO_FINE = _("at most {places} digits after the point", ru="не больше {places} знаков после запятой")


def _has_nul(value: t.Any) -> bool:
    """True when a JSON value holds a character that PostgreSQL cannot keep."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_has_nul(k) or _has_nul(v) for k, v in value.items())
    return isinstance(value, list | tuple) and any(_has_nul(v) for v in value)


def _fits(field: Field, value: t.Any) -> None:
    """Refuse what one of the databases would refuse, cut or round."""
    if isinstance(value, str):
        if field.max_length is not None and len(value) > field.max_length:
            raise ValueError(TOO_LONG.format(max=field.max_length, got=len(value)))
        if "\x00" in value:
            raise ValueError(NUL)
    elif isinstance(value, dict | list):
        if too_deep(value):
            raise ValueError(TOO_DEEP)
        if _has_nul(value):
            raise ValueError(NUL)
    elif isinstance(value, decimal.Decimal):
        _fits_exact(field.column.type, value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(_("not a finite number", ru="не конечное число"))
    elif isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError(_("has no time zone", ru="не указан часовой пояс"))
    elif type(value) is int and not LEAST <= value <= MOST:
        raise ValueError(TOO_BIG)


def _fits_exact(kind: sa.types.TypeEngine[t.Any], value: decimal.Decimal) -> None:
    if not value.is_finite():
        raise ValueError(_("not a finite number", ru="не конечное число"))
    if not isinstance(kind, (Exact, sa.Numeric)) or kind.precision is None or kind.scale is None:
        return
    if value != 0 and value.adjusted() >= min(kind.precision, DIGITS if isinstance(kind, Exact) else kind.precision) - kind.scale:
        raise ValueError(TOO_BIG)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > kind.scale:
        raise ValueError(TOO_FINE.format(places=kind.scale))
