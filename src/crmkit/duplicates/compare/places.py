"""Places: addresses, cities, postal codes. Relatives share them, and they hang together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import attrs

from crmkit import Text, _

from ..normal import Place, read_address, sound
from .base import Comparison, Key, Level, Seen, Values, alike, plain, slips

SAME_ADDRESS = _("the same address", ru="одинаковый адрес")
ALIKE_ADDRESS = _("the address is written alike: {a} / {b}", ru="адрес написан похоже: {a} / {b}")
SAME_STREET = _("the same street", ru="одна и та же улица")
SAME_CITY = _("the same place: {a}", ru="один населённый пункт: {a}")
ALIKE_CITY = _("the place is spelt alike: {a} / {b}", ru="населённый пункт пишется похоже: {a} / {b}")
SAME_CODE = _("the same postal code: {a}", ru="одинаковый индекс: {a}")
ALIKE_CODE = _("the postal code differs by a slip: {a} / {b}", ru="индекс отличается опечаткой: {a} / {b}")


@attrs.frozen(init=False)
class Address(Comparison[Place]):
    """Street, house and flat, in one field or several: ``Address("street_number", "line1", "line2")``."""

    # A sixth of people moved between two records of them. Who lives at the same address is mostly family.
    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "street": {
            "same": Level(0.60, 0.65, 0.0004), "alike": Level(0.14, 0.08, 0.0006), "shared": Level(0.10, 0.07, 0.004),
            "different": Level(0.16, 0.20, 0.995),
        },
        "house": {
            "same": Level(0.80, 0.80, 0.012), "shared": Level(0.08, 0.07, 0.02), "different": Level(0.12, 0.13, 0.968),
        },
    }  # fmt: skip

    def __init__(self, *fields: str) -> None:
        self.__attrs_init__(fields=fields, group="place")

    def read(self, values: Values) -> Place | None:
        """Return the words and the numbers."""
        return read_address(*plain(values))

    def keys(self, value: Place) -> Iterator[Key]:
        """Yield the street whatever the order of its words, and the house in it."""
        if value.words:
            yield Key("street", "".join(sorted(value.words)))
        if value.words and value.numbers:
            yield Key("house", f"{value.numbers[0]} {sound(_longest(value))}")

    def codes(self, value: Place) -> Iterator[tuple[str, str]]:
        """Yield the beginning of the longest word; without words the house."""
        if value.words:
            yield "street", sound(_longest(value))[:4]
        else:
            yield "street", value.numbers[0]

    def compare(self, first: Place, second: Place, label: Text) -> Iterator[Seen]:
        """Yield what the street and the house say."""
        if first.words and second.words:
            yield self._street(first, second)
        if first.numbers and second.numbers:
            a, b = set(first.numbers), set(second.numbers)
            level = "same" if first.numbers[0] == second.numbers[0] or a == b else "shared" if a & b else "different"
            yield Seen(f"{self.name}:house", level)

    def _street(self, first: Place, second: Place) -> Seen:
        feature = f"{self.name}:street"
        if sorted(first.words) == sorted(second.words):
            return Seen(feature, "same", SAME_ADDRESS if first.numbers == second.numbers else SAME_STREET, f"street={''.join(sorted(first.words))}")
        share = _share(first, second)
        if share >= 0.8 or alike(first.line, second.line):
            return Seen(feature, "alike", ALIKE_ADDRESS.format(a=" ".join(first.words).title(), b=" ".join(second.words).title()))
        if share >= 0.45:
            return Seen(feature, "shared", ALIKE_ADDRESS.format(a=" ".join(first.words).title(), b=" ".join(second.words).title()))
        return Seen(feature, "different")


def _longest(place: Place) -> str:
    return max(place.words, key=lambda word: (len(word), word))


def _share(first: Place, second: Place) -> float:
    """Return which part of the letters stands in words that both have, mistyped or not, the shorter address counting."""
    rest, common = list(second.words), 0
    for word in first.words:
        twin = next((w for w in rest if w == word), None) or next((w for w in rest if alike(w, word)), None)
        if twin is not None:
            rest.remove(twin)
            common += min(len(word), len(twin))
    return common / max(1, min(len(first.line), len(second.line)))


@attrs.frozen(init=False)
class City(Comparison[str]):
    """A city, suburb or village."""

    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "city": {"same": Level(0.80, 0.80, 0.02), "alike": Level(0.09, 0.05, 0.004), "different": Level(0.11, 0.15, 0.976)},
    }  # fmt: skip

    def __init__(self, field: str) -> None:
        self.__attrs_init__(fields=field, group="place")

    def read(self, values: Values) -> str | None:
        """Return the letters of its words without spaces, and without "city of"."""
        place = read_address(*plain(values))
        return (place.line or None) if place else None

    def keys(self, value: str) -> Iterator[Key]:
        """Yield the name, to be counted: a city alone finds nobody."""
        yield Key("city", value, counts=True)

    def codes(self, value: str) -> Iterator[tuple[str, str]]:
        """Yield its beginning by sound."""
        yield "city", sound(value)[:5]

    def compare(self, first: str, second: str, label: Text) -> Iterator[Seen]:
        """Yield same, alike or different."""
        feature, shown = f"{self.name}:city", {"a": first.title(), "b": second.title()}
        if first == second:
            yield Seen(feature, "same", SAME_CITY.format(**shown), f"city={first}")
        elif alike(first, second) or sound(first) == sound(second):
            yield Seen(feature, "alike", ALIKE_CITY.format(**shown))
        else:
            yield Seen(feature, "different")


@attrs.frozen(init=False)
class PostCode(Comparison[str]):
    """A postal code."""

    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "code": {"same": Level(0.78, 0.80, 0.005), "alike": Level(0.10, 0.03, 0.01), "different": Level(0.12, 0.17, 0.985)},
    }  # fmt: skip

    def __init__(self, field: str) -> None:
        self.__attrs_init__(fields=field, group="place")

    def read(self, values: Values) -> str | None:
        """Return letters and digits only."""
        return "".join(c for v in plain(values) for c in v.lower() if c.isalnum()) or None

    def keys(self, value: str) -> Iterator[Key]:
        """Yield the code, to be counted."""
        yield Key("code", value, counts=True)

    def codes(self, value: str) -> Iterator[tuple[str, str]]:
        """Yield the code."""
        yield "code", value

    def compare(self, first: str, second: str, label: Text) -> Iterator[Seen]:
        """Yield same, a slip or different."""
        feature = f"{self.name}:code"
        if first == second:
            yield Seen(feature, "same", SAME_CODE.format(a=first), f"code={first}")
        elif slips(first, second, 1) <= 1:
            yield Seen(feature, "alike", ALIKE_CODE.format(a=first, b=second))
        else:
            yield Seen(feature, "different")
