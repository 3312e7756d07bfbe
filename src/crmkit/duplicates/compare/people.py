"""People: names and birthdays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import attrs

from crmkit import Text, _

from ..normal import Name, akin, full_name, read_date, read_name, sound
from ..normal.diminutives import full_names
from .base import Comparison, Key, Level, Seen, Values, alike, plain, slips

SAME_NAME = _("the same name: {a}", ru="одинаковые имя и фамилия: {a}")
SWAPPED_NAME = _("name and family name are exchanged: {a} / {b}", ru="имя и фамилия переставлены: {a} / {b}")
SAME_FAMILY = _("the same family name", ru="одинаковая фамилия")
SAME_GIVEN = _("the same given name", ru="одинаковое имя")
ALIKE_FAMILY = _("the family name is spelt alike: {a} / {b}", ru="фамилия пишется похоже: {a} / {b}")
ALIKE_GIVEN = _("the given name is spelt alike: {a} / {b}", ru="имя пишется похоже: {a} / {b}")
FORM_FAMILY = _("forms of one family name: {a} / {b}", ru="формы одной фамилии: {a} / {b}")
SHORT_GIVEN = _("a short form of the name: {a} / {b}", ru="краткая форма имени: {a} / {b}")
INITIAL = _("the initial fits: {a} / {b}", ru="подходит инициал: {a} / {b}")
SAME_BORN = _("the same date of birth", ru="одинаковая дата рождения")
ALIKE_BORN = _("the date of birth differs by a slip: {a} / {b}", ru="дата рождения отличается опечаткой: {a} / {b}")



@attrs.frozen(init=False)
class PersonName(Comparison[Name]):
    """A person's name, in one field in any order, or in fields of its own: ``PersonName(given="first", family="last")``.

    Short names (Саша, Bob), initials, patronymics, letters of either alphabet and exchanged fields are understood.
    """

    given: str = ""
    family: str = ""
    patronymic: str = ""
    # A family name changes with marriage (about one person in twenty), a given name hardly ever; both are mistyped by
    # one in ten. Relatives share the family name and choose given names like strangers. One in 300 people has the usual
    # family name, one in 60 the usual given name: guesses for names that were not counted.
    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "family": {
            "same": Level(0.82, 0.80, 0.0033), "form": Level(0.02, 0.10, 0.003), "alike": Level(0.09, 0.02, 0.004),
            "different": Level(0.07, 0.08, 0.99),
        },
        "given": {
            "same": Level(0.80, None, 0.016), "short": Level(0.05, None, 0.01), "initial": Level(0.02, None, 0.08),
            "alike": Level(0.08, None, 0.01), "different": Level(0.05, None, 0.9),
        },
        "patronymic": {
            "same": Level(0.90, 0.3, 0.02), "alike": Level(0.05, 0.02, 0.01), "initial": Level(0.03, 0.05, 0.08),
            "different": Level(0.02, 0.63, 0.9),
        },
        # A clerk's accident, whoever it happens to. Strangers' names fit as likely in one order as in the other.
        "order": {"straight": Level(0.97, 0.97, 1.0), "exchanged": Level(0.03, 0.03, 1.0)},
    }  # fmt: skip

    def __init__(self, field: str = "", *, given: str = "", family: str = "", patronymic: str = "") -> None:
        fields = (field,) if field else tuple(f for f in (given, family, patronymic) if f)
        self.__attrs_init__(fields=fields, given=given, family=family, patronymic=patronymic)

    def read(self, values: Values) -> Name | None:
        """Return the parts of the name."""
        if not self.given and not self.family:
            found = plain(values)
            return read_name(" ".join(found)) if found else None
        by_field = dict(zip(self.fields, (" ".join(plain([v])) for v in values), strict=False))
        return full_name(*(by_field.get(f, "") for f in (self.given, self.family, self.patronymic)))

    def keys(self, value: Name) -> Iterator[Key]:
        """Yield the family name (a rare one finds records alone), and the whole name by sound in any order, short names as full."""
        family, given = sound(value.family), sound(value.given)
        if family:
            yield Key("family", value.family)
        if len(given) > 1:
            yield Key("given", value.given, counts=True)
        if family and len(given) > 1:
            for full in full_names(value.given):
                yield Key("name", "+".join(sorted((family, full))))
        elif family and given:
            yield Key("initial", f"{family} {given}")

    def codes(self, value: Name) -> Iterator[tuple[str, str]]:
        """Yield the beginnings of both names, by sound."""
        for part in {sound(value.family)[:4], sound(value.given)[:4]}:
            if len(part) > 1:
                yield "name", part

    def compare(self, first: Name, second: Name, label: Text) -> Iterator[Seen]:
        """Yield what family name, given name, patronymic and their order say; exchanged only where that fits better."""
        exchanged = _fits(first, second.swapped) > max(_fits(first, second), 1)
        if exchanged and _order(first) > _order(second):  # whichever comes first: the name that is sure of its order holds
            first, second = second, first
        other = second.swapped if exchanged else second
        if not exchanged or first.loose or second.loose:
            yield Seen(f"{self.name}:order", "straight")
        else:
            yield Seen(f"{self.name}:order", "exchanged", SWAPPED_NAME.format(a=first.shown, b=second.shown))
        yield from self._family(first.family, other.family)
        yield from self._given("given", first.given, other.given)
        if first.patronymic and other.patronymic:
            yield from self._given("patronymic", first.patronymic, other.patronymic)

    def _family(self, a: str, b: str) -> Iterator[Seen]:
        if not a or not b:
            return
        feature, shown = f"{self.name}:family", {"a": a.title(), "b": b.title()}
        if a == b:
            yield Seen(feature, "same", SAME_FAMILY, f"family={a}")
        elif _form(a, b):
            yield Seen(feature, "form", FORM_FAMILY.format(**shown))
        elif sound(a) == sound(b) or _joined(a) == _joined(b) or alike(_joined(a), _joined(b)):
            yield Seen(feature, "alike", ALIKE_FAMILY.format(**shown))
        else:
            yield Seen(feature, "different")

    def _given(self, part: str, a: str, b: str) -> Iterator[Seen]:
        if not a or not b:
            return
        feature, shown = f"{self.name}:{part}", {"a": a.title(), "b": b.title()}
        if a == b and len(a) > 1:
            yield Seen(feature, "same", SAME_GIVEN if part == "given" else None, f"{part}={a}" if part == "given" else None)
        elif 1 in (len(a), len(b)):
            yield Seen(feature, "initial" if a[0] == b[0] else "different", INITIAL.format(**shown) if a[0] == b[0] else None)
        elif alike(_joined(a), _joined(b)) or sound(a) == sound(b):
            yield Seen(feature, "alike", ALIKE_GIVEN.format(**shown))
        elif part == "given" and akin(a, b):
            yield Seen(feature, "short", SHORT_GIVEN.format(**shown))
        else:
            yield Seen(feature, "different")


def _joined(name: str) -> str:
    return name.replace(" ", "").replace("-", "").replace("'", "")


def _fits(first: Name, second: Name) -> int:
    """Count how well the parts agree: only to find out their order."""
    points = 0
    for a, b in ((first.family, second.family), (first.given, second.given)):
        if a and b:
            points += 2 if a == b else 1 if alike(a, b) or sound(a) == sound(b) or akin(a, b) else 0
    return points


def _order(name: Name) -> tuple[bool, str, str]:
    return name.loose, name.family, name.given


def _form(a: str, b: str) -> bool:
    """True for ``ivanov`` and ``ivanova``, ``tolstoy`` and ``tolstaya``: husband and wife, not a slip."""
    short, long = sorted((a, b), key=len)
    if long == short + "a" and short.endswith(("ov", "ev", "in", "yn")):
        return True
    return long.endswith("aya") and short.endswith(("iy", "yy", "oy", "y")) and short.rstrip("yio") == long[:-3].rstrip("yio")


@attrs.frozen(init=False)
class Birthday(Comparison[str]):
    """A date of birth: as a date, or as text in the usual ways of writing. Exchanged day and month and slips are understood."""

    # Sixty years of birthdays; of slips one date in 300 is within reach of another. Twins are one relative in a hundred.
    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "date": {"same": Level(0.91, 0.01, 0.00005), "alike": Level(0.05, 0.004, 0.003), "different": Level(0.04, 0.986, 0.997)},
    }  # fmt: skip

    def __init__(self, field: str) -> None:
        self.__attrs_init__(fields=field)

    def read(self, values: Values) -> str | None:
        """Return eight digits."""
        found = [v for field in values for v in field if v not in (None, "")]
        return read_date(found[0]) if found else None

    def keys(self, value: str) -> Iterator[Key]:
        """Yield the day."""
        yield Key("born", value)

    def codes(self, value: str) -> Iterator[tuple[str, str]]:
        """Yield the year."""
        yield "year", value[:4]

    def compare(self, first: str, second: str, label: Text) -> Iterator[Seen]:
        """Yield same, a slip, or different."""
        feature = f"{self.name}:date"
        if first == second:
            yield Seen(feature, "same", SAME_BORN, f"born={first}")
        elif first[:4] + first[6:] + first[4:6] == second or slips(first, second, 1) <= 1:
            yield Seen(feature, "alike", ALIKE_BORN.format(a=_shown(first), b=_shown(second)))
        else:
            yield Seen(feature, "different")


def _shown(digits: str) -> str:
    return f"{digits[6:]}.{digits[4:6]}.{digits[:4]}"
