"""What a record is found by: one line of tokens for each record, made of its search fields.

A token is ``<code>_<key>``: the code says in which field of which kind the word stands, so that a field an actor may not see is
left out of their question, not of the answer. Digits of five and more are also kept by their tails, ``<code>.<tail>``: any part
of a number is then the beginning of some token.
"""

from __future__ import annotations

import base64
import datetime as dt
import enum
import hashlib
import re
import typing as t
import weakref
from collections.abc import Iterable, Mapping

import attrs

from ..errors import CompositionError
from ..field import Field
from ..kind import ExtensionKind, Kind
from ..model import Entity
from ..text import Text
from .words import fold, key_of, stem_of, words_of

MAX_WORDS, MAX_TEXT = 1_000, 20_000
SHORTEST_PART, SHORTEST_NUMBER, LONGEST_NUMBER = 3, 5, 20
_NUMBER = re.compile(r"\+?[\d\s().\-/\u00a0\u2010-\u2015]{5,40}")
_EMAIL = re.compile(r"[\w.+-]{1,100}@[\w.-]{1,100}")
_NOISE = re.compile(r"\D+")


@attrs.frozen(eq=False)
class SearchField:
    """A field marked ``search=True``, with its short code. `dotted` names an extension's field as ``patient.card``."""

    dotted: str
    code: str
    field: Field
    extension: ExtensionKind | None

    @property
    def names(self) -> bool:
        """True when the words are people's names rather than language."""
        return self.field.personal


_known: weakref.WeakKeyDictionary[Kind, tuple[SearchField, ...]] = weakref.WeakKeyDictionary()


def search_fields(kind: Kind) -> tuple[SearchField, ...]:
    """Return the search fields of a kind, its extensions' included; secret fields are never among them."""
    found = _known.get(kind)
    if found is None:
        own = [(n, f, None) for n, f in kind.fields.items()]
        added = [(f"{e.name}.{n}", f, e) for e in kind.extensions.values() for n, f in e.fields.items()]
        marked = [(n, f, e) for n, f, e in (*own, *added) if f.search and not f.secret]
        found = _known[kind] = tuple(SearchField(n, code_of(kind.key, n), f, e) for n, f, e in marked)
        if len({f.code for f in found}) != len(found):
            raise CompositionError([f"two search fields of {kind.key} got the same code in the index; rename one of {[f.dotted for f in found]}"])
    return found


def code_of(kind: str, dotted: str) -> str:
    """Return the code of a field: made of its name alone, so that it stays when other fields come and go."""
    digest = hashlib.blake2b(f"{kind} {dotted}".encode(), digest_size=3).digest()
    return base64.b32encode(digest).decode().lower().rstrip("=")


# ---- tokens ----------------------------------------------------------------------------------------------------------
def tokens(field: SearchField, value: t.Any) -> list[str]:
    """Return the tokens of one value."""
    text = text_of(value)
    if not text:
        return []
    code = field.code
    if _NUMBER.fullmatch(text) and SHORTEST_NUMBER <= len(digits := _NOISE.sub("", text)) <= LONGEST_NUMBER:
        return _number(code, digits)
    folded = fold(text)
    found = [f"{code}_{folded}"] if "@" in folded and _EMAIL.fullmatch(folded) else []
    for word in words_of(folded)[:MAX_WORDS]:
        if word.isdecimal() and word.isascii() and SHORTEST_NUMBER <= len(word) <= LONGEST_NUMBER:
            found += _number(code, word)
            continue
        key = key_of(word)
        found.append(f"{code}_{key}")
        stem = stem_of(word, field.names)
        if stem != key:
            found.append(f"{code}_{stem}")
    return found


def _number(code: str, digits: str) -> list[str]:
    """Return a number whole and by its tails; a telephone number begins with 7, whether it was written +7, 8 or without either."""
    if len(digits) == 11 and digits[0] == "8":
        digits = f"7{digits[1:]}"
    whole = [f"{code}_7{digits}", f"{code}_{digits}"] if len(digits) == 10 else [f"{code}_{digits}"]
    return whole + [f"{code}.{digits[start:]}" for start in range(1, len(digits) - SHORTEST_PART + 1)]


def text_of(value: t.Any) -> str:
    """Return a value as the text it is found by: a choice by its value and its label in every language."""
    if type(value) is str or (isinstance(value, str) and not isinstance(value, enum.Enum)):
        return value[:MAX_TEXT]
    if value is None or isinstance(value, bool | bytes | dict):
        return ""
    if isinstance(value, enum.Enum):
        label = getattr(value, "label", None)
        spoken = [str(label), *label.translations.values()] if isinstance(label, Text) else []
        return " ".join([str(value.value), *spoken])
    if isinstance(value, list | tuple):
        return " ".join(text_of(v) for v in value)[:MAX_TEXT]
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()[:10]
    return str(value)


def body(fields: Iterable[SearchField], values: Mapping[str, t.Any]) -> str:
    """Return a record's document; `values` are by dotted name."""
    found: dict[str, None] = {}
    for field in fields:
        value = values.get(field.dotted)
        if value is not None:
            found |= dict.fromkeys(tokens(field, value))
    return " ".join(found)


def record_body(kind: Kind, record: Entity, *, new: bool) -> str:
    """Return the document of a record in memory. What a new one's extensions hold is all there is; others are fetched at once."""
    values: dict[str, t.Any] = {}
    held = record.__dict__.get("_extensions", {})
    for field in search_fields(kind):
        if field.extension is None:
            values[field.dotted] = record.__dict__.get(field.field.name)
            continue
        cls = field.extension.cls
        extension = held.get(cls) if new or cls in held else record.get(cls)
        if extension is not None:
            values[field.dotted] = extension.__dict__.get(field.field.name)
    return body(search_fields(kind), values)


def touches(kind: Kind, changed: Iterable[str]) -> bool:
    """True when one of the changed (dotted) fields is searched."""
    names = {f.dotted for f in search_fields(kind)}
    return bool(names) and not names.isdisjoint(changed)
