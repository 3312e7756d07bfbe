"""How the people of a simulation work: what a step takes whom on which day."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence

import attrs

from ..judging import Verdict

STEPS: Mapping[str, tuple[str, str, float, float]] = {
    "contact": ("Client", "Клиент", 60, 1.0), "inquiry": ("Inquiry", "Обращение", 45, 0.6), "selection": ("Selection", "Подбор", 240, 0.8),
    "offer": ("Offer", "Предложение", 180, 0.7), "contract": ("Contract", "Договор", 300, 0.45), "payment": ("Payment", "Оплата", 90, 0.45),
}  # fmt: skip
"""In English and Russian, how many seconds it takes by the norm with a repeat client, and in which share of cases it is come to."""
KINDS: Mapping[str, tuple[float, float]] = {"new": (1.3, 0.6), "repeat": (1.0, 0.4)}
"""How much longer everything takes, and the share of cases."""
LEAST, MOST = 0.45, 2.5
"""Of the reference: the minimum and the maximum of norms."""
PERSON, SKILL, FURTHEST = 0.05, 0.04, 0.12
"""How people differ in all steps, and in one (standard deviations of logarithms); nobody is further off than the last unless it is planted."""
DAY, COMPANY = 0.08, 0.03
"""How one's days differ, and everybody's: the system is slow, it is Monday."""
LONGEST = 3600.0
"""Nobody is at one step for longer."""
CASE = 0.5
"""How cases differ."""
SLOW, HURRIED = (1.8, 2.5), (0.15, 0.25)
"""Of the norm: how long those who are planted as slow take, and those who are too fast."""
INTERRUPTED, GLANCED = 0.02, 0.01
"""The shares of what took five to twenty times as long, because somebody came in; and of pages that were opened and left."""


@attrs.frozen
class Planted:
    """What somebody really does worse than the others."""

    worker: int
    step: int
    ratio: float
    """Time by the norm's; of one too fast it is far below one."""

    @property
    def verdict(self) -> Verdict:
        """What is to be said of it."""
        return Verdict.SLOW if self.ratio > 1 else Verdict.FAST


@attrs.define
class Team:
    """People with what they are really like: logarithms of their time by the norm's, by person and step."""

    managers: int
    dice: random.Random
    edge: float | None = None
    """If given, all are exactly so much slower than the norm: the worst of months in which nobody is to be alarmed about."""
    levels: list[list[float]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.levels = []
        for _person in range(self.managers):
            if self.edge is not None:
                self.levels.append([_behind(math.log1p(self.edge), step) for step in range(len(STEPS))])
                continue
            person = self.dice.gauss(0, PERSON)
            self.levels.append([max(-FURTHEST, min(FURTHEST, person + self.dice.gauss(0, SKILL))) for _step in STEPS])

    def plant(self, slow: int, hurried: int) -> list[Planted]:
        """Make so many really slow at one step each, and some too fast: all of them different people."""
        found: list[Planted] = []
        for place, worker in enumerate(self.dice.sample(range(self.managers), slow + hurried)):
            ratio = self.dice.uniform(*(SLOW if place < slow else HURRIED))
            step = self.dice.randrange(len(STEPS))
            self.levels[worker][step] = math.log(ratio)
            found.append(Planted(worker, step, ratio))
        return found

    def teach(self, taught: Planted) -> float:
        """Halve what somebody takes beyond the norm, and return by how much the logarithm of their time really changes."""
        before = self.true(taught.worker, taught.step)
        self.levels[taught.worker][taught.step] = math.log(1 + (taught.ratio - 1) / 2)
        return self.true(taught.worker, taught.step) - before

    def true(self, worker: int, step: int) -> float:
        """Return what somebody's mean logarithm of time by the norm's really is, with what is interrupted and glanced at."""
        return _seen(self.levels[worker][step], step)


def _seen(level: float, step: int) -> float:
    return level + INTERRUPTED * _MEAN_INTERRUPTED - GLANCED * (level + _USUAL[step] - _MEAN_GLANCED)


def _behind(seen: float, step: int) -> float:
    return (seen - INTERRUPTED * _MEAN_INTERRUPTED + GLANCED * (_USUAL[step] - _MEAN_GLANCED)) / (1 - GLANCED)


def _mean_log(low: float, high: float) -> float:
    """Return the mean logarithm of what is anywhere between two numbers."""
    return (high * math.log(high) - low * math.log(low)) / (high - low) - 1


TIMES, GLANCE = (5.0, 20.0), (2.0, 5.0)
_MEAN_INTERRUPTED, _MEAN_GLANCED = _mean_log(*TIMES), _mean_log(*GLANCE)
_USUAL = [
    sum(share * math.log(seconds * longer) for longer, share in KINDS.values()) for _en, _ru, seconds, _share in STEPS.values()
]  # fmt: skip


@attrs.frozen(slots=True)
class Served:
    """One client served: the kind of case, and the seconds of each step that was come to."""

    worker: int
    kind: str
    seconds: Sequence[tuple[int, float]]


def day(team: Team, dice: random.Random, cases: int) -> Iterator[Served]:
    """Yield what everybody did on one day, about so many cases each."""
    gauss, chance = dice.gauss, dice.random
    company = gauss(0, COMPANY)
    steps = [(math.log(seconds), share) for _en, _ru, seconds, share in STEPS.values()]
    kinds = [(name, math.log(longer), share) for name, (longer, share) in KINDS.items()]
    for worker, levels in enumerate(team.levels):
        own = company + gauss(0, DAY)
        for _case in range(max(1, round(gauss(cases, cases / 6)))):
            kind, longer, _share = kinds[0] if chance() < kinds[0][2] else kinds[1]
            took = []
            for step, (usual, share) in enumerate(steps):
                if share < 1 and chance() >= share:
                    continue
                log = usual + longer + own + levels[step] + gauss(0, CASE)
                odd = chance()
                if odd < INTERRUPTED:
                    log += math.log(TIMES[0] + (TIMES[1] - TIMES[0]) * chance())
                elif odd > 1 - GLANCED:
                    log = math.log(GLANCE[0] + (GLANCE[1] - GLANCE[0]) * chance())
                took.append((step, min(LONGEST, math.exp(log))))
            yield Served(worker, kind, took)


__all__ = ["KINDS", "LEAST", "MOST", "STEPS", "Planted", "Served", "Team", "day"]
