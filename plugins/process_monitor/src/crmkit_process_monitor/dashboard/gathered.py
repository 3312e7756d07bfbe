"""What the dashboard shows, gathered once: who does which step how long, what it costs, and what closing the gap would bring."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow

from ..entities import Step
from ..holding import held_sums
from ..judging import Judged, Verdict, judge
from ..longer import first_of, last_of
from ..norms import Norms
from ..reading import BY, Chosen, Served, Sums, by_month, conditions, lost_by_all, served_by
from ..settings import MonitorSettings
from ..tables import served

NOBODY = Served(0, 0, 0)
DAY, WEEKS = dt.timedelta(1), 184


@attrs.frozen
class Colleague:
    """One row of the heat map."""

    worker: int
    served: Served
    cells: Mapping[int, Judged]
    """By step."""
    lost_per_day: float
    """Milliseconds beyond the references, for each day on which anybody was served."""
    saved: float
    """Milliseconds in these days that would not be spent if each drawdown were closed: its typical time brought to the reference."""

    @property
    def per_day(self) -> float | None:
        """Clients served on a day of work."""
        return self.served.cases / self.served.days if self.served.days else None

    @property
    def gain(self) -> float:
        """How many more clients a day there would be: the time that is saved is spent on serving, at the pace that is left."""
        left = self.served.took - self.saved
        if not self.served.days or left <= 0 or self.saved <= 0:
            return 0.0
        return self.served.cases * self.saved / left / self.served.days


@attrs.frozen
class Totals:
    """Everybody together, in some days."""

    days: int
    """Days of work of all colleagues."""
    cases: int
    took: int
    lost: int

    @property
    def per_day(self) -> float | None:
        """Clients a colleague serves in a day."""
        return self.cases / self.days if self.days else None

    @property
    def per_case(self) -> dt.timedelta | None:
        """Time for one client."""
        return dt.timedelta(milliseconds=self.took / self.cases) if self.cases else None

    @property
    def lost_per_day(self) -> dt.timedelta | None:
        """Time beyond the references, of a colleague in a day."""
        return dt.timedelta(milliseconds=self.lost / self.days) if self.days else None


@attrs.frozen
class Gathered:
    """All of it."""

    chosen: Chosen
    norms: Norms
    steps: Mapping[int, str]
    """Titles of the steps that were done, in their order."""
    colleagues: Sequence[Colleague]
    """Those first who lose most."""
    totals: Totals
    judged: int
    """How many cells were judged."""

    def alarms(self, verdict: Verdict) -> list[tuple[Colleague, Judged]]:
        """Return the cells with a verdict; what loses most time a day first."""
        found = [(one, cell) for one in self.colleagues for cell in one.cells.values() if cell.verdict is verdict]
        return sorted(found, key=lambda pair: (-pair[1].lost_per_day, pair[1].worker, pair[1].step))

    @property
    def has_norms(self) -> bool:
        """True where anything is held against a norm."""
        return any(cell.reference is not None for one in self.colleagues for cell in one.cells.values())

    @property
    def gain(self) -> float:
        """How many more clients a day everybody together would serve."""
        working = max((one.served.days for one in self.colleagues), default=0)
        return sum(one.gain * one.served.days for one in self.colleagues) / working if working else 0.0


def gather(uow: Uow, chosen: Chosen) -> Gathered:
    """Return what the dashboard shows. All cells are judged together, whoever is looked at afterwards."""
    every = attrs.evolve(chosen, worker=None, step=None)
    norms, settings = Norms.load(uow, chosen.log), uow.crm[MonitorSettings]
    found = held_sums(uow, every, norms, settings.tolerance)
    counted = served_by(uow, every)
    worked = {worker: one.days for worker, one in counted.items()}
    judged = judge(found, norms, worked=worked, least=settings.least_sample, rate=settings.alarm_rate, tolerance=settings.tolerance)
    took: dict[tuple[int, int], int] = defaultdict(int)
    for one in found:
        took[one.worker, one.step] += one.took
    cells: dict[int, dict[int, Judged]] = defaultdict(dict)
    for cell in judged:
        cells[cell.worker][cell.step] = cell
    colleagues = [_colleague(worker, counted.get(worker, NOBODY), own, took) for worker, own in cells.items()]
    colleagues.sort(key=lambda one: (-one.lost_per_day, one.worker))
    totals = Totals(sum(worked.values()), sum(s.cases for s in counted.values()), sum(s.took for s in counted.values()), sum(s.lost for s in found))
    clear = sum(cell.verdict not in (Verdict.TOO_FEW, Verdict.NO_NORM) for cell in judged)
    return Gathered(chosen, norms, titles(uow, {step for _worker, step in took}), colleagues, totals, clear)


def _colleague(worker: int, counted: Served, cells: Mapping[int, Judged], took: Mapping[tuple[int, int], int]) -> Colleague:
    lost = sum(cell.lost for cell in cells.values())
    saved = sum(recoverable(cell, took[worker, cell.step]) for cell in cells.values())
    return Colleague(worker, counted, cells, lost / counted.days if counted.days else 0.0, saved)


def recoverable(cell: Judged, took: int) -> float:
    """Return the milliseconds a drawdown costs: what remains if each time were shortened as the typical one has to be."""
    if cell.verdict is not Verdict.SLOW or not cell.ratio or cell.ratio <= 1:
        return 0.0
    return took * (1 - 1 / cell.ratio)


def titles(uow: Uow, steps: Iterable[int]) -> dict[int, str]:
    """Return the titles of steps in their order."""
    s = Step.__table__.c
    wanted = sa.select(s.id, s.title).where(s.id.in_(sorted(steps))).order_by(s.position, s.id)
    return {row[0]: row[1] for row in uow.connection.execute(wanted)}


def totals(uow: Uow, chosen: Chosen) -> Totals:
    """Return everybody together: of the days before those that are shown, say."""
    counted = served_by(uow, chosen).values()
    lost = lost_by_all(uow, attrs.evolve(chosen, step=None))
    return Totals(sum(s.days for s in counted), sum(s.cases for s in counted), sum(s.took for s in counted), lost)


# ---- over time -----------------------------------------------------------------------------------------------------
@attrs.frozen
class Period:
    """Some days in a row: a day, a week or a month, by the day it begins on."""

    day: dt.date
    cases: int
    days: int
    """Days of work of all colleagues."""


def over_time(uow: Uow, chosen: Chosen) -> list[Period]:
    """Return clients and days of work: day by day up to a month, by weeks up to half a year, by months beyond."""
    s, every = served.c, attrs.evolve(chosen, step=None)
    found: dict[dt.date, list[int]] = defaultdict(lambda: [0, 0])
    rest: list[sa.ColumnElement[bool]] = [s.day.between(chosen.since, chosen.until)]
    if chosen.days > WEEKS and uow.connection.dialect.name == "postgresql":
        first = chosen.since if chosen.since.day == 1 else last_of(chosen.since) + DAY
        last = chosen.until if chosen.until == last_of(chosen.until) else first_of(chosen.until) - DAY
        for month, cases, days in uow.connection.execute(by_month(uow, every, first, last)):
            found[month] = [int(cases), int(days)]
        rest = [sa.or_(s.day.between(chosen.since, first - DAY), s.day.between(last + DAY, chosen.until))]
    one = sa.select(s.day, sa.func.sum(s.cases), sa.func.count(s.worker_id.distinct()))
    for day, cases, people in uow.connection.execute(one.where(*rest, *conditions(uow, every, served, dated=False)).group_by(s.day)):
        place = found[begins(day, chosen.days)]
        place[0] += int(cases)
        place[1] += people
    return [Period(day, *found[day]) for day in sorted(found)]


def begins(day: dt.date, days: int) -> dt.date:
    """Return where the day, week or month begins that a day is counted in, if so many days are shown."""
    if days <= 31:
        return day
    return day - dt.timedelta(day.weekday()) if days <= WEEKS else day.replace(day=1)


__all__ = [
    "BY", "Colleague", "Gathered", "Period", "Sums", "Totals", "begins", "gather", "over_time", "recoverable", "titles", "totals",
]  # fmt: skip
