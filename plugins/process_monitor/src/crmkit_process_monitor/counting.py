"""What counts of the time browsers told: no moment of a person twice, and nobody is idle during a call."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import attrs

ACTIVE, IDLE, HIDDEN = 0, 1, 2
KINDS = ("active", "idle", "hidden")
Part = tuple[int, int]
"""A kind of time and how many milliseconds of it."""
Stretch = tuple[int, int]
"""From a moment to another."""


@attrs.frozen(slots=True)
class Told:
    """One span: from when on (milliseconds since whenever), and what followed upon what."""

    id: int
    began: int
    parts: Sequence[Part]

    @property
    def ended(self) -> int:
        """When its last part was over."""
        return self.began + sum(took for _kind, took in self.parts)


@attrs.define(slots=True)
class Counts:
    """What counts of one span, in milliseconds."""

    active: int = 0
    idle: int = 0
    hidden: int = 0
    called: int = 0

    @property
    def length(self) -> int:
        """All of it."""
        return self.active + self.idle + self.hidden


def counted(told: Iterable[Told], talks: Iterable[Stretch] = ()) -> dict[int, Counts]:
    """Return what counts of each span of one person: of several that tell of the same moment, the one that was worked at.

    Active counts before idle, idle before time in another window, of two alike the one that began later. Idle time during a call
    (`talks`) is active. The sum of all is never more than the time that passed.
    """
    spans = list(told)
    pieces: list[tuple[int, int, int, int, int]] = []  # from, to, kind, when its span began, which span
    for span in spans:
        at = span.began
        for kind, took in span.parts:
            if took > 0:
                pieces.append((at, at + took, kind, span.began, span.id))
                at += took
    calls = joined(talks)
    edges = sorted({edge for a, b, *_rest in pieces for edge in (a, b)} | {edge for stretch in calls for edge in stretch})
    found = {span.id: Counts() for span in spans}
    waiting = sorted(pieces, reverse=True)
    open_: list[tuple[int, int, int, int, int]] = []
    call = iter([*calls, (2**62, 2**62)])
    talk = next(call)
    for a, b in itertools.pairwise(edges):
        while waiting and waiting[-1][0] <= a:
            open_.append(waiting.pop())
        open_ = [piece for piece in open_ if piece[1] > a]
        while talk[1] <= a:
            talk = next(call)
        if not open_:
            continue
        _from, _to, kind, _began, whose = min(open_, key=lambda piece: (piece[2], -piece[3], piece[4]))
        counts, took = found[whose], b - a
        in_call = talk[0] <= a
        if kind == HIDDEN:
            counts.hidden += took
        elif kind == ACTIVE or in_call:
            counts.active += took
            counts.called += took if in_call else 0
        else:
            counts.idle += took
    return found


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return stretches in order, those that touch each other as one."""
    made: list[Stretch] = []
    for a, b in sorted(s for s in stretches if s[1] > s[0]):
        if made and a <= made[-1][1]:
            made[-1] = made[-1][0], max(made[-1][1], b)
        else:
            made.append((a, b))
    return made


def clipped(began: int, parts: Iterable[Part], since: int, until: int) -> tuple[int, list[Part]]:
    """Return what of a span lies between two moments, and from when on; nothing where none of it does."""
    made: list[Part] = []
    at, first = began, max(began, since)
    for kind, took in parts:
        a, b = max(at, since), min(at + took, until)
        if b > a:
            made.append((kind, b - a))
        at += took
    return first, made


def flat(parts: Iterable[Part]) -> list[int]:
    """Return parts as they are kept: ``[0, 1200, 1, 30000]``."""
    return [number for part in parts for number in part]


def parts_of(told: Sequence[int] | None, active: int, idle: int, hidden: int) -> list[Part]:
    """Return the parts of a span as it was told; of one that came without, its kinds in order."""
    if told is None:
        return [(kind, took) for kind, took in ((ACTIVE, active), (IDLE, idle), (HIDDEN, hidden)) if took]
    return list(zip(told[::2], told[1::2], strict=True))


__all__ = ["ACTIVE", "HIDDEN", "IDLE", "KINDS", "Counts", "Part", "Stretch", "Told", "clipped", "counted", "flat", "joined", "parts_of"]
