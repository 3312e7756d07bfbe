"""How alike two records are: three explanations are weighed against each other, each outcome of a comparison speaking for one.

Fellegi and Sunter (A Theory for Record Linkage, 1969) weigh two: the records are of one person, or agree by chance. A third
stands here, because in a CRM most of what agrees and is no duplicate is a relative or a colleague: the same family name, address
and telephone, but another given name and birthday.
"""

from __future__ import annotations

import math
import typing as t
from collections.abc import Callable, Iterable, Mapping

import attrs

from .compare import Comparison, Level, Seen

Weights = Mapping[str, Mapping[str, Level]]
# Before anything is compared: every fifth record of a CRM has a second one, everybody has one relative or colleague in it.
DUPLICATES, RELATIVES = 0.2, 1.0
# A small CRM knows few of the people there are: what was counted in it is mixed with that many records as usual.
USUAL = 1000
LIKELY = 0.5
AGAIN = 0.5  # what further evidence of one group still says
LEAST = 1e-9


@attrs.frozen
class Reason:
    """Why two records may be one: the fields it is about, in words, and how much it says (in bits; below zero against it)."""

    fields: tuple[str, ...]
    level: str
    words: t.Any
    weight: float


@attrs.frozen
class Judgement:
    """How likely two records are one, from 0 to 1, and why. `pattern` is what every feature came out at, for learning."""

    score: float
    reasons: tuple[Reason, ...]
    pattern: tuple[tuple[str, str], ...]
    rare: float  # how much more the values say than usual ones, in bits


@attrs.frozen
class Counted:
    """How often values occur: how many records there are, and how many have a certain value."""

    records: int
    often: Callable[[str], int] = lambda term: 0

    def chance(self, term: str, usual: float) -> float:
        """Return how likely another record has this value by chance; `usual` holds where little was counted."""
        others = max(self.often(term) - 1, 0)
        return (others + USUAL * usual) / (self.records + USUAL)


@attrs.frozen
class Evidence:
    """One outcome, with the comparison it comes from and its term."""

    seen: Seen
    comparison: Comparison[t.Any]
    term: str | None


def judge(found: Iterable[Evidence], weights: Weights, counted: Counted) -> Judgement:
    """Weigh everything that was seen and return how likely the two records are one."""
    known = counted.records + USUAL
    same, related = math.log2(DUPLICATES / known), math.log2(RELATIVES / known)
    reasons, pattern, rare = [], [], 0.0
    groups: dict[str, list[tuple[float, float]]] = {}
    for one in found:
        level = weights[one.seen.feature][one.seen.level]
        chance = level.chance if one.term is None else counted.chance(one.term, level.chance)
        bits = math.log2(level.same / max(chance, LEAST))
        kin = 0.0 if level.related is None else math.log2(level.related / max(chance, LEAST))
        pattern.append((one.seen.feature, one.seen.level))
        rare += math.log2(level.chance / max(chance, LEAST))
        if one.comparison.group is None:
            same, related = same + bits, related + kin
        else:
            groups.setdefault(one.comparison.group, []).append((bits, kin))
        if one.seen.words is not None:
            reasons.append(Reason(one.comparison.names, one.seen.level, one.seen.words, round(bits, 1)))
    for members in groups.values():
        for number, (bits, kin) in enumerate(sorted(members, key=lambda m: -abs(m[0]))):
            share = 1.0 if number == 0 else AGAIN
            same, related = same + bits * share, related + kin * share
    score = 1 / (1 + power(-same) + power(related - same))
    reasons.sort(key=lambda r: -r.weight)
    return Judgement(score, tuple(reasons), tuple(pattern), rare)


def power(bits: float) -> float:
    """Return two to the power of `bits`, as far as numbers go."""
    return math.exp2(max(-1000.0, min(1000.0, bits)))
