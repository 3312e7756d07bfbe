"""Learning from records alone, without labels, how often what people type goes wrong here: expectation and maximisation."""

from __future__ import annotations

import collections
import math
import typing as t
from collections.abc import Iterable, Mapping

import attrs

from .compare import Level
from .model import DUPLICATES, LEAST, RELATIVES, USUAL, Weights, power

Pattern = tuple[tuple[str, str], ...]
ROUNDS = 25
# How many pairs of one person the usual weights are worth: a small CRM hardly moves them, and no level ever comes to nothing.
WORTH = 30.0


def learn(patterns: Iterable[tuple[Pattern, float]], weights: Weights, records: int) -> Weights:
    """Return `weights` with the shares of one person's outcomes as they are in these pairs; the rest stays.

    `patterns` are what candidate pairs came out at, each with how much more its values say than usual ones (in bits, from
    how rare they are). Candidates share a key, so chance is not learned from them: it is counted, or stays the guess it is.
    """
    counted = collections.Counter(patterns)
    found = weights
    for _round in range(ROUNDS):
        sums: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        for (pattern, rare), times in counted.items():
            share = _same(pattern, rare, found, records) * times
            for feature, level in pattern:
                sums[feature][level] += share  # type: ignore[assignment]  # counters take any number
        found = {feature: _moved(levels, sums[feature]) for feature, levels in weights.items()}
    return found


def _same(pattern: Pattern, rare: float, weights: Weights, records: int) -> float:
    same, related = math.log2(DUPLICATES / (records + USUAL)) + rare, math.log2(RELATIVES / (records + USUAL))
    for feature, name in pattern:
        level = weights[feature][name]
        same += math.log2(level.same / max(level.chance, LEAST))
        related += 0.0 if level.related is None else math.log2(level.related / max(level.chance, LEAST))
    return 1 / (1 + power(-same) + power(related - same))


def _moved(levels: Mapping[str, Level], counts: Mapping[str, t.Any]) -> Mapping[str, Level]:
    total = float(sum(counts.values())) + WORTH
    return {name: attrs.evolve(level, same=(counts.get(name, 0.0) + WORTH * level.same) / total) for name, level in levels.items()}
