"""What somebody types into the search field, as readings: each a list of terms that must all be found."""

from __future__ import annotations

import re

import attrs

from ..errors import Invalid, Problem
from ..field import TOO_LONG
from ..text import _
from .documents import SHORTEST_PART, SearchField
from .words import beginnings_of, fold, key_of, other_layout, stem_of, words_of

MAX_LENGTH, MAX_TERMS = 200, 12
_DIGITS = re.compile(r"\+?\d[\d\s().\-\u00a0\u2010-\u2015]*\d")
_EMAIL = re.compile(r"[\w.+-]+@[\w.-]*")


@attrs.frozen
class Wanted:
    """One token that will do: as it is or as a beginning (`prefix`), in any field, or only in (no) `names`."""

    text: str
    prefix: bool = False
    names: bool | None = None

    def fits(self, field: SearchField) -> bool:
        """True when the token may be looked for in this field."""
        return self.names is None or self.names == field.names


@attrs.frozen
class Term:
    """One word of a question: any of its tokens will do. `text` begins with ``_`` or ``.``, a field's code comes before it."""

    wanted: tuple[Wanted, ...]

    def exact(self) -> Term:
        """Return the term without beginnings: whole words only."""
        return Term(tuple(dict.fromkeys(attrs.evolve(w, prefix=False) for w in self.wanted if w.text.startswith("_"))))

    def meets(self, field: SearchField, tokens: set[str]) -> bool:
        """True when the tokens of a field's value answer this term."""
        for wanted in self.wanted:
            token = field.code + wanted.text
            if wanted.fits(field) and (token in tokens or (wanted.prefix and any(known.startswith(token) for known in tokens))):
                return True
        return False


@attrs.frozen
class Question:
    """A question as it may have been meant; what answers any reading is an answer. No readings: nothing was asked."""

    readings: tuple[tuple[Term, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many terms each reading has: what a statement depends on that looks for terms one by one."""
        return tuple(len(terms) for terms in self.readings)

    def exact(self) -> Question:
        """Return the first reading with whole words only: what is ranked first."""
        return Question(tuple(tuple(term.exact() for term in terms) for terms in self.readings[:1]))

    def meets(self, field: SearchField, tokens: set[str]) -> bool:
        """True when some term of the question is answered by a field."""
        return any(term.meets(field, tokens) for terms in self.readings for term in terms)


def read(text: str, at: str = "q") -> Question:
    """Return the question of a text; `Invalid` when it is too long to be one."""
    if len(text) > MAX_LENGTH:
        raise _refused(at, TOO_LONG.format(max=MAX_LENGTH, got=len(text)))
    readings = [_plain(text), _addresses(text), _numbers(text)]
    swapped = other_layout(text)
    if swapped is not None:
        readings.append(_plain(swapped))
    kept = dict.fromkeys(terms for terms in readings if 0 < len(terms) <= MAX_TERMS)
    if len(readings[0]) > MAX_TERMS:
        raise _refused(at, _("at most {max} words", ru="не больше {max} слов").format(max=MAX_TERMS))
    return Question(tuple(kept))


def _refused(at: str, message: str) -> Invalid:
    return Invalid(problems=[Problem(at, "invalid", message)])


def _plain(text: str) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(_term(word) for word in words_of(fold(text))))


def _term(word: str) -> Term:
    if word.isdecimal() and word.isascii():
        return Term(_digits(word))
    key = key_of(word)
    if len(key) < 2:
        return Term((Wanted(f"_{key}"),))
    found = [Wanted(f"_{beginning}", prefix=True) for beginning in beginnings_of(word)]
    for names in (True, False):
        stem = stem_of(word, names)
        if stem != key:
            found.append(Wanted(f"_{stem}", names=names))
    return Term(tuple(found))


def _digits(word: str) -> tuple[Wanted, ...]:
    if len(word) < 2:
        return (Wanted(f"_{word}"),)
    found = [Wanted(f"_{word}", prefix=True)]
    if len(word) >= SHORTEST_PART:
        found.append(Wanted(f".{word}", prefix=True))
        if word[0] == "8":  # the trunk prefix of Russia: 8 916 … is +7 916 …
            found.append(Wanted(f"_7{word[1:]}", prefix=True))
    return tuple(found)


def _addresses(text: str) -> tuple[Term, ...]:
    """Return the reading in which an e-mail address is one word."""
    folded = fold(text)
    if not _EMAIL.search(folded):
        return ()
    whole = [Term((Wanted(f"_{address}", prefix=True),)) for address in _EMAIL.findall(folded)]
    return tuple(dict.fromkeys([*_plain(_EMAIL.sub(" ", folded)), *whole]))


def _numbers(text: str) -> tuple[Term, ...]:
    """Return the reading in which digits that stand together are one number: ``8 (916) 123-45-67``."""
    joined = _DIGITS.sub(lambda found: f" {re.sub(r'[^0-9]', '', found[0])} ", text)
    return _plain(joined) if joined.split() != text.split() else ()
