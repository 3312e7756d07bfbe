"""Names of people: which word is the family name, in any order, with patronymics, initials and short names."""

from __future__ import annotations

import functools
import re

import attrs

from .diminutives import full_names, is_given
from .text import latin

_PATRONYMIC = re.compile(r".{2,}(ovich|evich|iyevich|ievich|ovna|evna|ichna|inichna)|(il|luk|kuzm|fom|nikit|fok|sav)ich")
_TITLES = frozenset(("mr", "mrs", "ms", "miss", "dr", "prof", "sir", "gospodin", "gospozha"))
_ORIENTAL = frozenset(("ogly", "oglu", "kyzy", "uly"))
# What Russian, Ukrainian, Armenian and Georgian family names end in; few given names do.
_FAMILY = re.compile(r".{2,}(ov|ova|ev|eva|in|ina|yn|yna|skiy|skaya|skoy|tskiy|tskaya|enko|chuk|shvili|dze|yan|ykh|ikh)")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@attrs.frozen
class Name:
    """A person's name in Latin letters. `loose` when nothing said which word is the family name; `shown` as it was typed."""

    family: str = ""
    given: str = ""
    patronymic: str = ""
    loose: bool = False
    shown: str = ""

    @property
    def swapped(self) -> Name:
        """The same with family and given name exchanged."""
        return attrs.evolve(self, family=self.given, given=self.family)


@functools.lru_cache(maxsize=20_000)
def read_name(value: str) -> Name | None:
    """Return the parts of a whole name: ``Иванов Иван Иванович``, ``Ivan Ivanov``, ``Ivanov, I. I.``. None when empty."""
    text = latin(value)
    before, comma, after = text.partition(",")
    tokens = [t.replace("’", "'") for t in _WORD.findall(text) if t not in _TITLES]
    if not tokens:
        return None
    if tokens[-1] in _ORIENTAL and len(tokens) > 3:  # Mamedov Ali Vagif ogly
        return Name(" ".join(tokens[:-3]), tokens[-3], tokens[-2], False, " ".join(value.split()))
    shown = " ".join(value.split())
    if comma and _WORD.search(after):
        family, rest = " ".join(_WORD.findall(before)), [t for t in _WORD.findall(after) if t not in _TITLES]
        return _made(family, rest, shown, loose=False)
    middle = next((t for t in tokens if _PATRONYMIC.fullmatch(t)), "") if len(tokens) > 2 else ""
    if middle:
        at = tokens.index(middle)
        if at == 0:
            return _made(tokens[-1], [*tokens[1:-1], middle], shown, loose=True)
        others = [t for i, t in enumerate(tokens) if i not in (at, at - 1)]
        return Name(" ".join(others), tokens[at - 1], middle, False, shown)
    return _without_patronymic(tokens, shown)


def _without_patronymic(tokens: list[str], shown: str) -> Name:
    if len(tokens) == 1:
        return Name("", tokens[0], "", True, shown) if is_given(tokens[0]) else Name(tokens[0], "", "", True, shown)
    if len(tokens[0]) > 1 and all(len(t) == 1 for t in tokens[1:]):  # Ivanov I. I.
        return _made(tokens[0], tokens[1:], shown, loose=False)
    first, last = is_given(tokens[0]), is_given(tokens[-1])
    if not first and not last:
        last = bool(_FAMILY.fullmatch(tokens[0])) and not _FAMILY.fullmatch(tokens[-1])
        first = not last and bool(_FAMILY.fullmatch(tokens[-1])) and not _FAMILY.fullmatch(tokens[0])
    if last and not first:
        return _made(tokens[0], tokens[1:], shown, loose=False)
    return _made(tokens[-1], tokens[:-1], shown, loose=first == last)


def _made(family: str, rest: list[str], shown: str, *, loose: bool) -> Name:
    return Name(family, rest[0] if rest else "", " ".join(rest[1:]), loose, shown)


def full_name(given: str, family: str, patronymic: str = "") -> Name | None:
    """Return a name whose parts are kept in fields of their own; None when all are empty."""
    parts = [" ".join(re.findall(r"[^\W_]+", latin(p))) for p in (given, family, patronymic)]
    if not any(parts):
        return None
    return Name(parts[1], parts[0], parts[2], False, " ".join(p.strip() for p in (given, patronymic, family) if p.strip()))


def akin(first: str, second: str) -> bool:
    """True when two given names (in Latin letters) may be one person's: ``sasha`` and ``aleksandr``, ``bob`` and ``robert``."""
    return bool(full_names(first) & full_names(second))
