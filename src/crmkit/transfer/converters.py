"""The words of ``convert``: small steps from a cell to a value, each with an argument at most."""

from __future__ import annotations

import datetime as dt
import decimal
import re
import typing as t

import orjson

from ..core.errors import closest
from ..core.text import Text, _
from .coerce import as_text

Convert = t.Callable[[t.Any], t.Any]
NOT_A_NUMBER = _("{given!r} is not a number", ru="{given!r} — не число")
NOT_A_DATE = _("{given!r} is not a date like {like}", ru="{given!r} — не дата вида {like}")
NOT_A_PHONE = _("{given!r} is not a telephone number", ru="{given!r} — не номер телефона")


def _text(change: t.Callable[[str], str]) -> t.Callable[[str], Convert]:
    return lambda _argument: lambda value: change(as_text(value))


def _date(pattern: str) -> Convert:
    def convert(value: t.Any) -> t.Any:
        if isinstance(value, dt.date):
            return value
        try:
            found = dt.datetime.strptime(as_text(value).strip(), pattern)  # noqa: DTZ007  # the field gives it a zone
        except ValueError:
            raise ValueError(NOT_A_DATE.format(given=as_text(value)[:40], like=pattern)) from None
        return found

    dt.datetime(2026, 1, 12).strftime(pattern)  # noqa: DTZ001  # a pattern nobody can read is found before anything is read
    return convert


def _decimal(point: str) -> Convert:
    """Read ``1 234,50`` with the decimal sign that was said; the other sign and blanks group digits."""
    point = point or ","
    if point not in (",", "."):
        raise ValueError(_("decimal takes the sign before the fraction: \",\" or \".\"", ru="decimal принимает знак дробной части: «,» или «.»"))
    other = "." if point == "," else ","

    def convert(value: t.Any) -> t.Any:
        if not isinstance(value, str):
            return value
        bare = re.sub(r"[\s\u00a0\u202f']", "", value).replace(other, "").replace(point, ".")
        try:
            return decimal.Decimal(bare)
        except decimal.InvalidOperation:
            raise ValueError(NOT_A_NUMBER.format(given=value[:40])) from None

    return convert


def _round(places: str) -> Convert:
    unit = decimal.Decimal(1).scaleb(-int(places or 0))

    def convert(value: t.Any) -> t.Any:
        try:
            number = value if isinstance(value, decimal.Decimal) else decimal.Decimal(as_text(value))
        except decimal.InvalidOperation:
            raise ValueError(NOT_A_NUMBER.format(given=as_text(value)[:40])) from None
        return number.quantize(unit, decimal.ROUND_HALF_UP)

    return convert


def _phone(region: str) -> Convert:
    """Write a number as E.164; `region` is the country of numbers without a country code."""
    try:
        import phonenumbers
    except ImportError:
        raise ValueError(_("phone needs a package: pip install phonenumbers", ru="для phone нужен пакет: pip install phonenumbers")) from None
    if region and region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(_("{name!r} is no country code such as RU or US", ru="{name!r} — не код страны вроде RU или US").format(name=region))

    def convert(value: t.Any) -> t.Any:
        try:
            found = phonenumbers.parse(as_text(value), region.upper() or None)
        except phonenumbers.NumberParseException:
            found = None
        if found is None or not phonenumbers.is_possible_number(found):
            raise ValueError(NOT_A_PHONE.format(given=as_text(value)[:40]))
        return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)

    return convert


def _match(pattern: str) -> Convert:
    compiled = re.compile(pattern)

    def convert(value: t.Any) -> t.Any:
        found = compiled.search(as_text(value))
        return None if found is None else found.group((found.lastindex and 1) or 0)

    return convert


def _replace(argument: str) -> Convert:
    old, arrow, new = argument.partition("->")
    if not arrow:
        raise ValueError(_("replace is written: replace OLD -> NEW", ru="replace пишется так: replace ЧТО -> НА ЧТО"))
    old, new = old.strip(), new.strip()
    return lambda value: as_text(value).replace(old, new)


def _cut(most: str) -> Convert:
    size = int(most)
    return lambda value: as_text(value)[:size]


def _item(number: str) -> Convert:
    """Take one of several: ``item 1`` is the first, ``item -1`` the last."""
    index = int(number or 1)

    def convert(value: t.Any) -> t.Any:
        if not isinstance(value, list):
            return value
        place = index - 1 if index > 0 else index
        return value[place] if -len(value) <= place < len(value) else None

    return convert


def _split(pattern: str) -> Convert:
    compiled = re.compile(pattern or "[,;/]")
    return lambda value: [p.strip() for p in compiled.split(as_text(value)) if p.strip()]


CONVERTERS: dict[str, t.Callable[[str], Convert]] = {
    "strip": _text(str.strip), "upper": _text(str.upper), "lower": _text(str.lower), "title": _text(str.title),
    "squeeze": _text(lambda text: " ".join(text.split())), "digits": _text(lambda text: re.sub(r"\D", "", text)),
    "date": _date, "decimal": _decimal, "round": _round, "phone": _phone, "match": _match, "replace": _replace, "cut": _cut,
    "split": _split, "item": _item, "json": lambda _argument: lambda value: orjson.loads(as_text(value)),
}  # fmt: skip


def converter(words: str) -> Convert:
    """Return what ``"date %d.%m.%Y"`` does; `ValueError` says what is wrong with the words."""
    name, _blank, argument = words.strip().partition(" ")
    maker = CONVERTERS.get(name)
    if maker is None:
        raise ValueError(_("there is no converter {name!r}.{near}",
            ru="нет преобразования {name!r}.{near}").format(name=name, near=closest(name, CONVERTERS)))
    try:
        return maker(argument.strip())
    except (ValueError, re.error) as error:
        if error.args and isinstance(error.args[0], Text):
            raise
        message = _("{name} does not take {argument!r}: {why}", ru="{name} не принимает {argument!r}: {why}")
        raise ValueError(message.format(name=name, argument=argument, why=str(error))) from None
