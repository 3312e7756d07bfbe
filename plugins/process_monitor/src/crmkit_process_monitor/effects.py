"""Whether a course or a meeting helped: before and after, beside colleagues of the same step who were given nothing."""

from __future__ import annotations

import datetime as dt
import enum
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Text, Uow, _

from .comparing import LEAST_COLLEAGUES, Compared, Two, both, compare
from .entities import Assignment, Worker
from .reading import DAY, Chosen, Sums, sums
from .sampling import LEAST_DAYS, SURE
from .settings import MonitorSettings
from .student import quantile

PERIOD = 28
"""Days before it was given, and days after it was done: the same for everybody, and set beforehand, so that nobody waits for a good day."""
NOT_DONE = _("Not done yet.", ru="Ещё не пройдено.")
SINCE_DONE = _(
    "Measured until {day}: four weeks from the day it was done. {n} cases so far.",
    ru="Измеряется до {day}: четыре недели со дня прохождения. Пока случаев: {n}.",
)
FEW_BEFORE = _(
    "{n} cases on {days} days in the four weeks before: at least {least} on {least_days} days are needed.",
    ru="За четыре недели до этого случаев: {n}, дней: {days}. Нужно не меньше {least} случаев за {least_days} дней.",
)
FEW_AFTER = _(
    "{n} cases on {days} days in the four weeks after: at least {least} on {least_days} days are needed.",
    ru="За четыре недели после этого случаев: {n}, дней: {days}. Нужно не меньше {least} случаев за {least_days} дней.",
)
ALONE = _(
    "{n} colleagues did this step in the same weeks and were given nothing for it; {least} are needed to tell the course from the season.",
    ru="Этот шаг в те же недели делали и не обучались ему коллеги: {n}. Нужно {least}, чтобы отличить обучение от сезона.",
)
COMPARED = _(
    "With the same mix of cases, typical time was {before} s and is {after} s. {n} colleagues who were alike before and were given "
    "nothing changed by {theirs}. Beyond that, and beyond how far a bad month mends by itself: {change}, from {low} to {high} in 95 of 100 cases.",
    ru="При том же составе случаев обычное время было {before} с, стало {after} с. У похожих коллег без обучения ({n}) оно изменилось на "
    "{theirs}. Сверх этого и сверх того, насколько плохой месяц выправляется сам: {change}; в 95 случаях из 100 — от {low} до {high}.",
)  # fmt: skip


class Outcome(enum.Enum):
    """What is said of a course that was done."""

    HELPED = "helped"
    WORSE = "worse"
    UNSURE = "unsure"
    TOO_EARLY = "too_early"
    TOO_FEW = "too_few"
    NO_COLLEAGUES = "no_colleagues"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {
            "helped": _("It helped", ru="Помогло"), "worse": _("Slower than before", ru="Стало медленнее"),
            "unsure": _("No difference shown", ru="Разница не доказана"), "too_early": _("Too early to say", ru="Рано судить"),
            "too_few": _("Too few cases", ru="Слишком мало случаев"), "no_colleagues": _("Nobody to compare with", ru="Не с кем сравнить"),
        }[self.value]  # fmt: skip


@attrs.frozen
class Effect:
    """What became of the time of a step."""

    before: float | None
    """Seconds: typical time in the weeks before it was given, and after it was done; where it can be compared, for the same mix of kinds."""
    after: float | None
    change: float | None
    """By how much it changed beyond what colleagues' times did: -0.3 is three tenths less; 95 of 100 such intervals hold the truth."""
    low: float | None
    high: float | None
    compared_with: int
    """So many colleagues."""
    verdict: Outcome
    why: str
    compared: Compared | None = None
    """The same as logarithms, to be taken together with others'."""


@attrs.frozen
class Works:
    """What a course or a mentor did for those who had it, taken together."""

    course: int | None
    mentor: int | None
    n: int
    """So many could be measured."""
    change: float | None
    low: float | None
    high: float | None


def effect(uow: Uow, assignment: int) -> Effect:
    """Return what became of the time of a step after a course or a meeting was done.

    Who may read the assignment may see its effect: of colleagues it tells a mean of five at least.
    """
    return _Effects(uow).of(uow.get(Assignment, assignment))


class _Effects:
    """Effects of one unit of work: what several need is read once."""

    def __init__(self, uow: Uow) -> None:
        self.uow, self.least = uow, uow.crm[MonitorSettings].least_sample
        self.today = uow.now.astimezone(uow.crm.zone).date()
        self._taught: dict[int, list[tuple[int, dt.date, dt.date]]] = {}

    def of(self, given: Assignment) -> Effect:
        """Return the effect of one."""
        before = Chosen(since=self._day(given.created_at) - PERIOD * DAY, until=self._day(given.created_at) - DAY)
        worker = self.uow.connection.execute(sa.select(Worker.__table__.c.id).where(Worker.__table__.c.user_id == given.owner_id)).scalar()
        then = self._sums(given.step_id, before)
        if given.done_at is None or worker is None:
            return self._nothing(then.get(worker or 0, []), [], Outcome.TOO_EARLY, NOT_DONE)
        after = Chosen(since=self._day(given.done_at) + DAY, until=self._day(given.done_at) + PERIOD * DAY)
        now = self._sums(given.step_id, after)
        mine = then.get(worker, []), now.get(worker, [])
        two = both(then, now, self.least)
        early = self.today <= after.until
        if worker not in two:
            return self._too_few(*mine, after.until if early else None)
        taught = self._given(given.step_id, before.since, after.until)
        others = [other for other in two if other not in taught]
        compared = compare(two, worker, others)
        if compared is None:
            least = LEAST_COLLEAGUES
            return self._nothing(*mine, Outcome.TOO_EARLY if early else Outcome.NO_COLLEAGUES, ALONE.format(n=len(others), least=least))
        return _told(two[worker], compared, after.until if early else None)

    def _day(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.uow.crm.zone).date()

    def _sums(self, step: int, chosen: Chosen) -> dict[int, list[Sums]]:
        """Return what everybody did: whoever asks sees of it how colleagues changed on the whole."""
        found: dict[int, list[Sums]] = defaultdict(list)
        with self.uow.as_system():
            for one in sums(self.uow, attrs.evolve(chosen, step=step), by=("worker", "kind")):
                found[one.worker].append(one)
        return found

    def _given(self, step: int, since: dt.date, until: dt.date) -> set[int]:
        """Return who was given something for a step that may have worked in these days."""
        if step not in self._taught:
            a, w = Assignment.__table__.c, Worker.__table__.c
            rows = sa.select(w.id, a.created_at, a.done_at).join(Worker.__table__, w.user_id == a.owner_id)
            rows = rows.where(a.step_id == step, a.stage != "cancelled", a.archived_at.is_(None))
            found = self.uow.connection.execute(rows)
            self._taught[step] = [(row[0], self._day(row[1]), self._day(row[2]) if row[2] else dt.date.max) for row in found]
        return {worker for worker, given, done in self._taught[step] if given <= until and done >= since}

    def _too_few(self, then: Sequence[Sums], now: Sequence[Sums], until: dt.date | None) -> Effect:
        least = {"least": self.least, "least_days": LEAST_DAYS}
        n, on = _count(then)
        if n < self.least or on < LEAST_DAYS:
            return self._nothing(then, now, Outcome.TOO_FEW, FEW_BEFORE.format(n=n, days=on, **least))
        n, on = _count(now)
        if until is not None:
            return self._nothing(then, now, Outcome.TOO_EARLY, SINCE_DONE.format(day=f"{until:%d.%m.%Y}", n=n))
        return self._nothing(then, now, Outcome.TOO_FEW, FEW_AFTER.format(n=n, days=on, **least))

    def _nothing(self, then: Sequence[Sums], now: Sequence[Sums], verdict: Outcome, why: str) -> Effect:
        return Effect(_typical(then), _typical(now), None, None, None, 0, verdict, why)


def _told(mine: Two, compared: Compared, until: dt.date | None) -> Effect:
    change, low, high = (math.expm1(compared.change + side * compared.reach) for side in (0, -1, 1))
    verdict = Outcome.HELPED if high < 0 else Outcome.WORSE if low > 0 else Outcome.UNSURE
    before, after = (math.exp(one.mean + mine.mix) for one in (mine.before, mine.after))
    why = COMPARED.format(
        before=f"{before:.0f}", after=f"{after:.0f}", n=compared.colleagues, theirs=_share(math.expm1(compared.theirs)), change=_share(change),
        low=_share(low), high=_share(high),
    )  # fmt: skip
    if until is not None:
        so_far = SINCE_DONE.format(day=f"{until:%d.%m.%Y}", n=mine.after.n)
        verdict, why = Outcome.TOO_EARLY, Text(f"{so_far} {why}", ru=f"{so_far.to('ru')} {why.to('ru')}")
    return Effect(before, after, change, low, high, compared.colleagues, verdict, why, compared)


def _share(value: float) -> str:
    return f"{value * 100:+.0f} %".replace("-", "\N{MINUS SIGN}")


def _count(found: Iterable[Sums]) -> tuple[int, int]:
    some = list(found)
    return sum(one.n for one in some), max((one.days for one in some), default=0)


def _typical(found: Sequence[Sums]) -> float | None:
    n = sum(one.n for one in found)
    return math.exp(sum(one.logs for one in found) / n) if n else None


def together(found: Sequence[tuple[float, float, float]]) -> tuple[float, float] | None:
    """Return the mean of several changes (with their errors and degrees of freedom) and how far it may be off in 95 of 100 cases.

    Each weighs by how sure it is and by how much people differ in what a course does for them (DerSimonian and Laird); the reach is that of
    Hartung and Knapp, and never less than if people did not differ.
    """
    if not found:
        return None
    if len(found) == 1:
        return found[0][0], found[0][1] * quantile(SURE, round(found[0][2], 1))
    weights = [1 / error**2 for _change, error, _freedom in found]
    changes = [change for change, _error, _freedom in found]
    mean = _weighted(changes, weights)
    beyond = sum(w * (c - mean) ** 2 for c, w in zip(changes, weights, strict=True)) - (len(found) - 1)
    differ = max(0.0, beyond / (sum(weights) - sum(w * w for w in weights) / sum(weights)))
    weights = [1 / (error**2 + differ) for _change, error, _freedom in found]
    mean = _weighted(changes, weights)
    scatter = sum(w * (c - mean) ** 2 for c, w in zip(changes, weights, strict=True)) / (len(found) - 1)
    error = math.sqrt(max(1.0, scatter) / sum(weights))
    return mean, error * quantile(SURE, len(found) - 1)


def _weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    return statistics.fmean(values, weights)


__all__ = ["PERIOD", "Effect", "Outcome", "Works", "effect", "together"]
