"""Figures as charts draw them and as people read them."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import typing as t
from functools import lru_cache

import attrs
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_decimal, format_scientific, get_currency_symbol

from ...core.text import Text, _, translate
from ..here import HERE

Value = int | float | decimal.Decimal | dt.timedelta | None
"""What a chart takes for a figure. None, and a float that is no number, is a gap: nothing is known there."""

Number = float | decimal.Decimal | int
MINUS, GAP, HUGE, TINY = "\u2212", "\u2014", 1e300, 1e-300
NBSP = "\u00a0"


@attrs.frozen(kw_only=True)
class Unit:
    """What figures are counted in: it stands after the number, and a figure is divided by `per` before it is shown.

    `currency` is an ISO code (``"RUB"``) and is shown as its sign. `digits` is how many decimals are shown at most.

    ```python
    write(0.256, PERCENT, "en")                          # 25.6%
    write(1250000, Unit(currency="RUB"), "ru")           # 1 250 000 ₽
    write(dt.timedelta(minutes=90), HOURS, "en")         # 1.5 h
    ```
    """

    name: str = ""
    currency: str = ""
    per: float = 1
    digits: int | None = None
    percent: bool = False

    def after(self, language: str) -> str:
        """Return what stands after the number, with the space before it."""
        if self.percent:
            return f"{NBSP}%" if language == "ru" else "%"
        shown = get_currency_symbol(self.currency, locale=locale_of("ru")) if self.currency else say(self.name, language)
        return f"{NBSP}{shown}" if shown else ""


NUMBER = Unit()
PERCENT = Unit(percent=True, per=0.01, digits=1)
MINUTES = Unit(name=_("min", ru="мин"), per=60, digits=1)
HOURS = Unit(name=_("h", ru="ч"), per=3600, digits=1)
DAYS = Unit(name=_("d", ru="дн"), per=86400, digits=1)


def unit_of(unit: Unit | str) -> Unit:
    """Return a unit; a word becomes one of its own."""
    return unit if isinstance(unit, Unit) else Unit(name=unit)


def time_unit(values: t.Iterable[dt.timedelta | None]) -> Unit:
    """Return the unit in which these durations read best: minutes, hours or days, by the longest.

    ```python
    time_unit([dt.timedelta(hours=3), dt.timedelta(days=4)]) is DAYS
    ```
    """
    longest = max((v for v in values if v is not None), default=dt.timedelta())
    return DAYS if longest >= dt.timedelta(days=3) else HOURS if longest >= dt.timedelta(hours=2) else MINUTES


def real(value: Value, unit: Unit = NUMBER) -> float | None:
    """Return where a figure is drawn, in its unit; None for a gap. Beyond 1e300 there is no paper."""
    if value is None or (isinstance(value, decimal.Decimal) and not value.is_finite()):
        return None
    try:
        plain = value.total_seconds() if isinstance(value, dt.timedelta) else float(value)
    except OverflowError:  # a whole number of some hundred digits
        plain = HUGE if value > t.cast(t.Any, 0) else -HUGE
    if math.isnan(plain) or (isinstance(value, float) and math.isinf(plain)):
        return None
    plain = max(-HUGE, min(HUGE, plain / unit.per))
    return plain if abs(plain) >= TINY else 0.0


def write(value: Value, unit: Unit = NUMBER, language: str | None = None, *, short: bool = False, sign: bool = False) -> str:
    """Return a figure with its unit as a reader of a language writes it: ``1 250 000 ₽``; `short`: ``1,3 млн ₽``; a gap is a dash."""
    language = spoken(language)
    number = real(value, unit)
    if number is None:
        return GAP
    exact = _exact(value, unit, number)
    places = 2 if unit.currency and exact != int(exact) else None
    shown = plain_number(exact, language, unit.digits, short=short, places=places)
    if sign and number > 0:
        shown = f"+{shown}"
    return shown + unit.after(language)


@lru_cache(maxsize=4096, typed=True)  # most of the time a chart takes; a tip and its table write the same figures
def plain_number(number: Number, language: str, digits: int | None = None, *, short: bool = False, places: int | None = None) -> str:
    """Return a number without a unit, rounded as far as a reader cares, or with exactly so many `places`."""
    locale, size = locale_of(language), abs(float(number))
    if size and (size >= 1e15 or size < 1e-6):
        text = format_scientific(decimal.Decimal(f"{number:.2e}"), locale=locale)
    elif short and size >= 10_000:
        text = format_compact_decimal(t.cast(t.Any, number), locale=locale, fraction_digits=1)
    elif places is not None:
        text = format_decimal(t.cast(t.Any, number), format="#,##0." + "0" * places, locale=locale)
    else:
        text = format_decimal(t.cast(t.Any, _rounded(number, digits)), locale=locale, decimal_quantization=False)
    return text.replace("-", MINUS)


def _exact(value: Value, unit: Unit, number: float) -> Number:
    """Return the figure as it was given where it needs no dividing: whole numbers and amounts keep every digit."""
    if unit.per == 1 and isinstance(value, int | decimal.Decimal) and abs(number) < HUGE:
        return value
    return number


def _rounded(number: Number, digits: int | None) -> Number:
    """Round to `digits`; without them to two decimals, or to three significant ones for what is less than one."""
    if isinstance(number, int):
        return number
    if digits is None:
        if isinstance(number, decimal.Decimal):
            return number.normalize() if number == number.to_integral_value() else number
        digits = 2 if not number or abs(number) >= 1 else 2 - math.floor(math.log10(abs(number)))
    return t.cast(Number, round(number, digits)) or 0  # no minus before a nought


@lru_cache(maxsize=32)
def locale_of(language: str) -> Locale:
    """Return the locale of a language, English for one that nobody knows."""
    try:
        return Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def month_name(day: dt.date, language: str | None = None) -> str:
    """Return the month of a day for the label of a chart: ``Mar``, and with its year where one begins: ``Jan 27``."""
    name = format_date(day, "LLL", locale=locale_of(spoken(language)))
    return str(f"{name} {day:%y}" if day.month == 1 else name)


def spoken(language: str | None) -> str:
    """Return the language asked for, or that of the visit a chart is drawn for."""
    return language or HERE.get().language


def say(words: str | Text, language: str) -> str:
    """Return words in a language on one line, without what no document may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in translate(words, language)).split(" ")).strip()
