"""Whatever else there is: names of companies, numbers of documents, text, and values that are equal or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import attrs
from rapidfuzz import fuzz

from crmkit import Text as Words
from crmkit import _

from ..normal import company_name, latin, sound, words
from .base import Comparison, Key, Level, Seen, Values, alike, plain, slips

SAME = _("{label}: the same", ru="{label}: совпадает")
SAME_VALUE = _("{label}: the same ({a})", ru="{label}: совпадает ({a})")
ALIKE = _("{label}: spelt alike ({a} / {b})", ru="{label}: пишется похоже ({a} / {b})")
SLIP = _("{label}: differs by a slip ({a} / {b})", ru="{label}: отличается опечаткой ({a} / {b})")


@attrs.frozen(init=False)
class CompanyName(Comparison[str]):
    """The name of a company, whatever its legal form and quotation marks."""

    # Branches and affiliates of one group bear one name.
    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "company": {
            "same": Level(0.75, 0.3, 0.0002), "alike": Level(0.12, 0.05, 0.001), "shared": Level(0.07, 0.25, 0.01),
            "different": Level(0.06, 0.4, 0.989),
        },
    }  # fmt: skip

    def __init__(self, field: str) -> None:
        self.__attrs_init__(fields=field)

    def read(self, values: Values) -> str | None:
        """Return the name without legal form."""
        return company_name(" ".join(plain(values))) or None

    def keys(self, value: str) -> Iterator[Key]:
        """Yield the name in any order of its words, by sound, and each longer word."""
        parts = value.split()
        yield Key("company", "".join(sorted(parts)))
        yield Key("company sound", sound("".join(sorted(parts))))
        for word in parts:
            if len(word) > 3:
                yield Key("company word", sound(word))

    def codes(self, value: str) -> Iterator[tuple[str, str]]:
        """Yield the beginning by sound."""
        yield "company", sound(value)[:4]

    def compare(self, first: str, second: str, label: Words) -> Iterator[Seen]:
        """Yield same, alike, some words in common, or different."""
        feature, shown = f"{self.name}:company", {"a": first.title(), "b": second.title(), "label": label}
        a, b = "".join(sorted(first.split())), "".join(sorted(second.split()))
        if a == b:
            yield Seen(feature, "same", SAME_VALUE.format(**shown), f"company={a}")
        elif alike(first.replace(" ", ""), second.replace(" ", "")) or sound(first) == sound(second):
            yield Seen(feature, "alike", ALIKE.format(**shown))
        elif fuzz.token_set_ratio(first, second) >= 85:
            yield Seen(feature, "shared", ALIKE.format(**shown))
        else:
            yield Seen(feature, "different")


@attrs.frozen(init=False)
class Identifier(Comparison[str]):
    """A number that belongs to one person or company: a tax number, a passport, an account."""

    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "number": {"same": Level(0.90, None, 0.00001), "alike": Level(0.06, None, 0.0001), "different": Level(0.04, None, 0.9999)},
    }  # fmt: skip

    def __init__(self, field: str) -> None:
        self.__attrs_init__(fields=field)

    def read(self, values: Values) -> str | None:
        """Return letters and digits only."""
        return "".join(c for v in plain(values) for c in latin(v) if c.isalnum()) or None

    def keys(self, value: str) -> Iterator[Key]:
        """Yield the number."""
        yield Key("number", value)

    def codes(self, value: str) -> Iterator[tuple[str, str]]:
        """Yield its end."""
        yield "number", value[-4:]

    def compare(self, first: str, second: str, label: Words) -> Iterator[Seen]:
        """Yield same, a slip or different."""
        feature, shown = f"{self.name}:number", {"a": first, "b": second, "label": label}
        if first == second:
            yield Seen(feature, "same", SAME_VALUE.format(**shown), f"number={first}")
        elif len(first) > 4 and slips(first, second, 1) <= 1:
            yield Seen(feature, "alike", SLIP.format(**shown))
        else:
            yield Seen(feature, "different")


@attrs.frozen(init=False)
class Text(Comparison[str]):
    """Any short text: a position, a title."""

    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {
        "text": {"same": Level(0.70, 0.1, 0.01), "alike": Level(0.10, 0.03, 0.005), "different": Level(0.20, 0.87, 0.985)},
    }  # fmt: skip

    def __init__(self, field: str) -> None:
        self.__attrs_init__(fields=field)

    def read(self, values: Values) -> str | None:
        """Return its words in Latin letters."""
        return " ".join(w for v in plain(values) for w in words(v)) or None

    def keys(self, value: str) -> Iterator[Key]:
        """Yield the text, to be counted."""
        yield Key("text", value, counts=True)

    def codes(self, value: str) -> Iterator[tuple[str, str]]:
        """Yield its beginning by sound."""
        yield self.name, sound(value)[:5]

    def compare(self, first: str, second: str, label: Words) -> Iterator[Seen]:
        """Yield same, alike or different."""
        feature, shown = f"{self.name}:text", {"a": first, "b": second, "label": label}
        if first == second:
            yield Seen(feature, "same", SAME_VALUE.format(**shown), f"text={first}")
        elif alike(first, second) or fuzz.token_sort_ratio(first, second) >= 88:
            yield Seen(feature, "alike", ALIKE.format(**shown))
        else:
            yield Seen(feature, "different")


@attrs.frozen(init=False)
class Exact(Comparison[str]):
    """A value that is equal or not: a sex, a state, a source."""

    levels: ClassVar[Mapping[str, Mapping[str, Level]]] = {"value": {"same": Level(0.90, 0.6, 0.2), "different": Level(0.10, 0.4, 0.8)}}

    def __init__(self, field: str, *, group: str | None = None) -> None:
        self.__attrs_init__(fields=field, group=group)

    def read(self, values: Values) -> str | None:
        """Return it in lower case, in Latin letters."""
        return " ".join(latin(v) for v in plain(values)) or None

    def keys(self, value: str) -> Iterator[Key]:
        """Yield the value, to be counted."""
        yield Key("value", value, counts=True)

    def compare(self, first: str, second: str, label: Words) -> Iterator[Seen]:
        """Yield same or different."""
        if first == second:
            yield Seen(f"{self.name}:value", "same", SAME.format(label=label), f"value={first}")
        else:
            yield Seen(f"{self.name}:value", "different")
