"""`Duplicates`: what a plugin says about an entity so that duplicates of its records are found."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from crmkit import Entity, Text

from .compare import Comparison, Key, Part
from .model import Counted, Evidence, Judgement, Weights, judge

Raw = Mapping[str, Sequence[t.Any]]  # a field (or part) to its values
Prepared = tuple[t.Any, ...]  # one value for each comparison


def _listed(values: Iterable[Comparison[t.Any]]) -> tuple[Comparison[t.Any], ...]:
    return tuple(values)


@attrs.frozen(eq=False)
class Duplicates:
    """How duplicates of an entity are found: put one into a module of your plugin.

    ``CONTACTS = Duplicates(Contact, compare=[PersonName("name"), PhoneNumber("phone"), EmailAddress("email")])``. Put what tells
    most about who it is first. `block` is how many records may share a key before the key is too common to look anybody up by.
    """

    of: type[Entity]
    compare: tuple[Comparison[t.Any], ...] = attrs.field(converter=_listed, kw_only=True)
    block: int = attrs.field(default=100, kw_only=True)

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that is compared, parts by `part_name`."""
        return tuple(dict.fromkeys(n for c in self.compare for n in c.names))

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts whose values are compared."""
        return tuple(p for c in self.compare for p in c.also)

    def weights(self) -> dict[str, Mapping[str, t.Any]]:
        """Return the levels of every feature, as they are before anything is learned."""
        return {feature: levels for c in self.compare for feature, levels in c.model().items()}

    # ---- one record --------------------------------------------------------------------------------------------
    def prepare(self, raw: Raw) -> Prepared:
        """Return the values of a record in one spelling, one for each comparison; None where there is none."""
        return tuple(c.read([raw.get(n, ()) for n in c.names]) for c in self.compare)

    def keys(self, prepared: Prepared, without: frozenset[str] = frozenset()) -> Iterator[Key]:
        """Yield what a record is found by: keys of single comparisons, and those made of two of them. None of fields `without`."""
        codes: list[list[tuple[str, str]]] = []
        for number, (comparison, value) in enumerate(zip(self.compare, prepared, strict=True)):
            if value is None or not without.isdisjoint(comparison.names):
                continue
            name = comparison.name
            for key in comparison.keys(value):
                yield Key(f"{name}:{key.pass_}", key.text, key.counts)
            codes.append([(f"{number}{pass_}", code) for pass_, code in comparison.codes(value) if code])
        for number, first in enumerate(codes):
            # The first comparison, who it is, is crossed with every other, and each of those with the next.
            for second in codes[1:] if number == 0 else codes[number + 1 : number + 2]:
                for (a, left), (b, right) in ((x, y) for x in first for y in second):
                    yield Key(f"{a}×{b}", f"{left} {right}")

    # ---- two records -------------------------------------------------------------------------------------------
    def evidence(self, first: Prepared, second: Prepared, labels: Mapping[str, Text], without: frozenset[str] = frozenset()) -> Iterator[Evidence]:
        """Yield what every comparison sees; those of fields `without` are left out, as if nobody had filled them in."""
        for comparison, a, b in zip(self.compare, first, second, strict=True):
            if a is None or b is None or not without.isdisjoint(comparison.names):
                continue
            for seen in comparison.compare(a, b, labels.get(comparison.name, Text(comparison.name))):
                yield Evidence(seen, comparison, seen.term and f"{comparison.name}:{seen.term}")

    def judge(self, first: Prepared, second: Prepared, labels: Mapping[str, Text], weights: Weights, counted: Counted,
              without: frozenset[str] = frozenset()) -> Judgement:  # fmt: skip
        """Return how likely two records are one, and why."""
        return judge(self.evidence(first, second, labels, without), weights, counted)


def number_of(kind: str, term: str, counts: bool = False) -> int:
    """Return the number under which a key is kept: 64 bits of a digest, so that the index repeats nobody's personal data.

    The last bit is set for keys that are only counted, so that a statement can tell them from those that find records.
    """
    digest = hashlib.blake2b(f"{kind}\n{term}".encode(errors="replace"), digest_size=8).digest()
    number = int.from_bytes(digest, signed=True)
    return number | 1 if counts else number & ~1


def numbers_of(kind: str, keys: Iterable[Key]) -> set[int]:
    """Return the numbers of keys."""
    return {number_of(kind, f"{k.pass_}={k.text}", k.counts) for k in keys}
