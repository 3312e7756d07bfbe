"""Numbers, money, days and times as people write them in their language, in the CRM's time zone."""

from __future__ import annotations

import datetime as dt
import decimal
import re
import typing as t
from functools import lru_cache
from zoneinfo import ZoneInfo

from ..core.text import _, translate

if t.TYPE_CHECKING:
    from babel import Locale

RUSSIAN = re.compile(r"\+7(\d{3})(\d{3})(\d\d)(\d\d)", re.ASCII)
NBSP = "\u00a0"
TODAY, YESTERDAY, TOMORROW = _("Today", ru="Сегодня"), _("Yesterday", ru="Вчера"), _("Tomorrow", ru="Завтра")


@lru_cache(maxsize=8)
def locale(language: str) -> Locale:
    """Return babel's locale for ``ru`` or ``en``."""
    from babel import Locale

    return Locale.parse("ru_RU" if language == "ru" else "en_GB")


def number(value: t.Any, language: str, places: int | None = None) -> str:
    """Return a number with the language's separators: ``1 234,5``; `places` digits after the point, or as many as there are."""
    from babel.numbers import format_decimal

    given = value if isinstance(value, decimal.Decimal) else decimal.Decimal(str(value))
    if places is None:
        exponent = given.normalize().as_tuple().exponent
        places = max(0, -exponent) if isinstance(exponent, int) else 0
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(given, format=pattern, locale=locale(language))).replace("-", "\u2212")


def money(value: t.Any, language: str, currency: str = "", places: int | None = None) -> str:
    """Return an amount: kopecks only where there are some."""
    given = decimal.Decimal(str(value))
    if places is None:
        places = 0 if given == given.to_integral_value() else 2
    return number(given, language, places) + (f"{NBSP}{currency}" if currency else "")


def short(value: t.Any, language: str) -> str:
    """Return a large amount in few characters: ``1,2 млн`` / ``1.2M``."""
    from babel.numbers import format_compact_decimal

    given = decimal.Decimal(str(value))
    digits = 1 if abs(given) >= 1000 else 0
    return str(format_compact_decimal(given, locale=locale(language), fraction_digits=digits)).replace("-", "\u2212")


@lru_cache(maxsize=10_000)
def phone(value: str) -> str:
    """Return a number with its country's groups: ``+7 912 345-67-89``; what is no number of any country comes back as it is."""
    if own := RUSSIAN.fullmatch(value):  # nearly all there are here, and without the library, which belongs to plugins
        return "+7 {} {}-{}-{}".format(*own.groups())
    try:
        import phonenumbers
    except ImportError:
        return value
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def day(value: dt.date, language: str, *, year: bool = True) -> str:
    """Return a day: ``12 янв. 2026 г.`` / ``12 Jan 2026``."""
    from babel.dates import format_date

    pattern = "d MMM y" if year else "d MMM"
    return str(format_date(value, pattern, locale=locale(language)))


def moment(value: dt.datetime, language: str, zone: ZoneInfo) -> str:
    """Return a moment as a day and a time of day in `zone`."""
    here = value.astimezone(zone)
    return f"{day(here.date(), language)}, {here:%H:%M}"


def near(value: dt.datetime, now: dt.datetime, language: str, zone: ZoneInfo) -> str:
    """Return a moment as people say it: ``Сегодня, 15:30``, ``12 янв., 09:00``, with the year when it is another one."""
    here, today = value.astimezone(zone), now.astimezone(zone).date()
    named = near_day(here.date(), today, language)
    return f"{named}, {here:%H:%M}"


def near_day(value: dt.date, today: dt.date, language: str) -> str:
    """Return a day as people say it: ``Tomorrow``, ``12 янв.``, with the year when it is another one than that of `today`."""
    apart = (value - today).days
    word = {0: TODAY, -1: YESTERDAY, 1: TOMORROW}.get(apart)
    return translate(word, language) if word is not None else day(value, language, year=value.year != today.year)


def span(seconds: float, language: str) -> str:
    """Return a length of time in one or two units: ``2 дн. 3 ч`` / ``2d 3h``."""
    total = int(abs(seconds))
    units = ((86400, "дн.", "d"), (3600, "ч", "h"), (60, "мин", "min"), (1, "с", "s"))
    for i, (size, ru, en) in enumerate(units):
        if total >= size or size == 1:
            first, rest = divmod(total, size)
            words = [f"{first}{NBSP}{ru}" if language == "ru" else f"{first}{en}"]
            if i + 1 < len(units) and (second := rest // units[i + 1][0]) and size != 60:
                words.append(f"{second}{NBSP}{units[i + 1][1]}" if language == "ru" else f"{second}{units[i + 1][2]}")
            return NBSP.join(words)
    return ""


def plural(count: int, language: str, one: str, few: str, many: str = "") -> str:
    """Return the form of a word that goes with a number: in Russian one, few, many (1 сделка, 2 сделки, 5 сделок); in English one and few."""
    form = locale(language).plural_form(count)
    return one if form == "one" else many if form == "many" and many else few


def size(count: int, language: str) -> str:
    """Return a file's size: ``1,2 МБ`` / ``1.2 MB``."""
    names = ("Б", "КБ", "МБ", "ГБ") if language == "ru" else ("B", "KB", "MB", "GB")
    amount, at = float(count), 0
    while amount >= 1000 and at < len(names) - 1:
        amount, at = amount / 1000, at + 1
    return f"{number(round(amount, 0 if amount >= 10 or at == 0 else 1), language)}{NBSP}{names[at]}"


def initials(name: str) -> str:
    """Return one or two letters for a picture of somebody."""
    words = [w for w in name.replace("«", "").replace("»", "").replace('"', "").split() if w[0].isalnum()]
    return "".join(w[0] for w in words[:2]).upper() or "?"


COLORS = ("blue", "violet", "green", "amber", "red")


def color_of(key: t.Any) -> str:
    """Return a colour that stays the same for the same person, company or word."""
    if isinstance(key, int):
        return COLORS[key % len(COLORS)]
    return COLORS[sum(map(ord, str(key))) % len(COLORS)]
