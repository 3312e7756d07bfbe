"""What dashboards read: sums of work over some days, by whatever they are split, under the row rules of whoever asks."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BIT

from crmkit import Uow
from crmkit.ui import Visit

from .entities import Case, Log, Worker
from .longer import first_of, last_of
from .norms import Norms
from .roles import SEE
from .tables import days, months, served, served_months

DAY = dt.timedelta(days=1)
PERIODS: Mapping[str, int] = {"week": 7, "month": 30, "quarter": 91, "year": 365}
USUAL = "month"
FIRST, LAST = dt.date(1970, 1, 1), dt.date(2999, 12, 31)
BY = ("worker", "step", "kind", "era")
BIGGEST = 2**63 - 1


@attrs.frozen(kw_only=True)
class Chosen:
    """What a dashboard looks at: some days, both included, of our own cases or of one imported log."""

    since: dt.date
    until: dt.date
    log: int | None = None
    team: int | None = None
    point: int | None = None
    kind: str | None = None
    worker: int | None = None
    step: int | None = None
    period: str | None = None
    """The name of a usual period up to today, or None for days of one's own."""

    @classmethod
    def of(cls, visit: Visit) -> Chosen:
        """Return what an address asks for; what it does not say, or says wrongly, is as usual."""
        given = visit.query
        since, until = day_of(given.get("since")), day_of(given.get("until"))
        period: str | None = None
        if since is None or until is None or since > until:
            usual = cls.last(given.get("period", USUAL), visit.now.astimezone(visit.zone).date())
            period, since, until = usual.period, usual.since, usual.until
        numbers = {name: number_of(given.get(name)) for name in ("log", "team", "point", "worker", "step")}
        return cls(since=since, until=until, period=period, kind=given.get("kind") or None, **numbers)

    @classmethod
    def last(cls, period: str, until: dt.date) -> Chosen:
        """Return a usual period up to a day; a month, if there is none of that name."""
        period = period if period in PERIODS else USUAL
        return cls(since=until - (PERIODS[period] - 1) * DAY, until=until, period=period)

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.until - self.since).days + 1

    @property
    def before(self) -> Chosen:
        """As many days right before these."""
        return attrs.evolve(self, since=self.since - self.days * DAY, until=self.since - DAY, period=None)

    def moments(self, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
        """Return when the first of these days begins and the last is over."""
        return dt.datetime.combine(self.since, dt.time(), zone), dt.datetime.combine(self.until + DAY, dt.time(), zone)

    def query(self, **others: object) -> dict[str, object]:
        """Return it as the query of an address, with `others` in place of its own."""
        span = {"period": self.period} if self.period else {"since": self.since.isoformat(), "until": self.until.isoformat()}
        own = {name: getattr(self, name) for name in ("log", "team", "point", "kind", "worker", "step")}
        return {name: value for name, value in {**span, **own, **others}.items() if value is not None}


def day_of(text: str | None) -> dt.date | None:
    """Return the day an address names, or None."""
    if not text or len(text) != 10:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST <= day <= LAST else None


def number_of(text: str | None) -> int | None:
    """Return the number an address names, or None."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= BIGGEST else None


@attrs.define
class Sums:
    """One group of the sums of days. What it is not split by is 0, empty, or the first day.

    A dashboard reads ten thousand of them: they are not frozen, which takes three times as long.
    """

    worker: int
    step: int
    kind: str
    era: dt.date
    """The day from which on the same norms held: a range may have several."""
    days: int
    """Days with such work; a day at two points of sale counts twice."""
    n: int
    took: int
    """Milliseconds, as is `lost`."""
    logs: float
    log_squares: float
    fast: int
    slow: int
    lost: int
    ns_squared: float
    """What tells how days differ: over days, the sums of n squared, of n times the day's sum of logarithms, and of that sum squared."""
    ns_logs: float
    logs_squared: float
    norm: float | None = None
    """If it was held against norms already (`holding.py`): the sums of n times the logarithm of the reference, and of how far from it slow and too
    fast begin. Then the logarithms above are lessened by those of the references."""
    most: float | None = None
    least: float | None = None


def sums(uow: Uow, chosen: Chosen, *, by: Sequence[str] = BY, norms: Norms | None = None) -> list[Sums]:
    """Return the sums of what is chosen, as far as the actor may see it. Months are read from the sums of months."""
    starts = (norms or Norms.load(uow, chosen.log)).starts(chosen.since, chosen.until) if "era" in by else []
    keys = [name for name in BY if name in by and name != "era"]
    found: list[Sums] = []
    for place, first in enumerate(eras := [chosen.since, *starts]):
        last = eras[place + 1] - DAY if place + 1 < len(eras) else chosen.until
        rows = uow.connection.execute(summed(uow, attrs.evolve(chosen, since=first, until=last), keys))
        # No n: nothing is left of a month, or there is nothing at all.
        found += [Sums(worker, step, kind, first, days, n, *more) for worker, step, kind, days, n, *more in rows if n]
    return found


def lost_by_all(uow: Uow, chosen: Chosen) -> int:
    """Return the milliseconds beyond the references, of everybody the actor may see together."""
    return uow.connection.execute(summed(uow, chosen, (), ("lost",))).one()[-1] or 0


_KEYS = {"worker": "worker_id", "step": "step_id", "kind": "kind"}
_NOTHING: Mapping[str, t.Any] = {"worker": sa.literal(0), "step": sa.literal(0), "kind": sa.literal("")}
_d, _m = days.c, months.c
_DAILY: Mapping[str, t.Any] = {
    "days": sa.literal(1), "ns_squared": sa.cast(_d.n, sa.Float) * _d.n, "ns_logs": _d.n * _d.logs, "logs_squared": _d.logs * _d.logs,
}  # fmt: skip
FIGURES = ("days", "n", "took", "logs", "log_squares", "fast", "slow", "lost", "ns_squared", "ns_logs", "logs_squared")
FLOATS, _WIDE = frozenset(("logs", "log_squares", "ns_squared", "ns_logs", "logs_squared")), frozenset(("took", "lost"))


def _total(column: t.Any, name: str, sign: int = 1) -> t.Any:
    if name in _WIDE:  # whole numbers up to 2**53 all the same, and PostgreSQL does not fall into decimals
        column = sa.cast(column, sa.Float)
    added = sa.func.sum(column) * sign if sign < 0 else sa.func.sum(column)
    return sa.cast(added, sa.Float if name in FLOATS else sa.BigInteger).label(name)


def summed(uow: Uow, chosen: Chosen, keys: Sequence[str], figures: Sequence[str] = FIGURES) -> sa.Select[t.Any]:
    """Return the statement of the sums of one era: months, with the days that are too many or too few.

    Its columns are worker, step and kind, nothing where it is not split by them, and the figures.
    """
    parts: list[sa.Select[t.Any]] = []
    pieces = pieces_of(chosen.since, chosen.until)
    for table, spans, sign in ((months, pieces.months, 1), (days, pieces.more, 1), (days, pieces.less, -1)):
        if spans:
            day = table.c.day if table is days else table.c.month
            added = [_total(_DAILY[name] if table is days and name in _DAILY else table.c[name], name, sign) for name in figures]
            names = [table.c[_KEYS[key]].label(key) for key in keys]
            inside = sa.or_(*(day.between(*span) for span in spans))
            parts.append(sa.select(*names, *added).where(inside, *conditions(uow, chosen, table, dated=False)).group_by(*names))
    each = sa.union_all(*parts).subquery()
    shown: list[t.Any] = [each.c[key] if key in keys else nothing for key, nothing in _NOTHING.items()]
    if len(parts) == 1:
        return sa.select(*shown, *(each.c[name] for name in figures))
    return sa.select(*shown, *(_total(each.c[name], name) for name in figures)).group_by(*(each.c[key] for key in keys))


Span = tuple[dt.date, dt.date]


@attrs.frozen
class Pieces:
    """A range as months (by their first days), with days more than these and days less."""

    months: Sequence[Span]
    more: Sequence[Span]
    less: Sequence[Span]


def pieces_of(since: dt.date, until: dt.date) -> Pieces:
    """Return a range as months and as few days as can be: of a month that is mostly inside, the days outside are taken off."""
    whole: list[dt.date] = []
    more: list[Span] = []
    less: list[Span] = []
    month = first_of(since)
    while month <= until:
        end = last_of(month)
        first, last = max(since, month), min(until, end)
        outside = [(month, first - DAY), (last + DAY, end)]
        if 2 * ((last - first).days + 1) > (end - month).days + 1:
            whole.append(month)
            less += [span for span in outside if span[0] <= span[1]]
        else:
            more.append((first, last))
        month = end + DAY
    return Pieces([(whole[0], whole[-1])] if whole else [], more, less)


def worked_days(uow: Uow, chosen: Chosen) -> dict[int, int]:
    """Return on how many of these days each worker served anybody, whatever the step."""
    return {worker: one.days for worker, one in served_by(uow, chosen).items()}


@attrs.frozen
class Served:
    """The cases a worker had in hand; whatever the step."""

    days: int
    cases: int
    took: int
    """Milliseconds."""


def served_by(uow: Uow, chosen: Chosen) -> dict[int, Served]:
    """Return how many cases each worker had on how many days. A case over two days is counted on both."""
    every = attrs.evolve(chosen, step=None)
    wanted = _by_months(uow, every) if uow.connection.dialect.name == "postgresql" else _by_days(uow, every)
    return {row[0]: Served(int(row[1]), int(row[2]), int(row[3])) for row in uow.connection.execute(wanted) if row[1]}


def _by_days(uow: Uow, chosen: Chosen) -> sa.Select[t.Any]:
    s = served.c
    each = sa.select(s.worker_id, s.day, sa.func.sum(s.cases).label("cases"), sa.func.sum(s.took).label("took"))
    day = each.where(*conditions(uow, chosen, served)).group_by(s.worker_id, s.day).subquery()
    return sa.select(day.c.worker_id, sa.func.count(), sa.func.sum(day.c.cases), sa.func.sum(day.c.took)).group_by(day.c.worker_id)


def _by_months(uow: Uow, chosen: Chosen) -> sa.Select[t.Any]:
    """Read months where they are: days are counted by their bits, cases as sums are (`_summed`)."""
    m, s, pieces = served_months.c, served.c, pieces_of(chosen.since, chosen.until)
    first, last = first_of(chosen.since), first_of(chosen.until)
    bits = sa.case((m.month == first, _bits(first, chosen)), (m.month == last, _bits(last, chosen)), else_=2**31 - 1)
    inside = sa.or_(sa.false(), *(m.month.between(*span) for span in pieces.months))
    month = sa.select(
        m.worker_id, sa.func.bit_count(sa.cast(sa.func.bit_or(m.mask.bitwise_and(bits)), BIT(32))).label("days"),
        sa.func.sum(sa.case((inside, m.cases), else_=0)).label("cases"), sa.func.sum(sa.case((inside, m.took), else_=0)).label("took"),
    ).where(m.month.between(first, last), *conditions(uow, chosen, served_months, dated=False)).group_by(m.worker_id, m.month)  # fmt: skip
    parts = [month]
    for spans, sign in ((pieces.more, 1), (pieces.less, -1)):
        if spans:
            some = sa.select(s.worker_id, sa.literal(0), sa.func.sum(s.cases) * sign, sa.func.sum(s.took) * sign)
            inside = sa.or_(*(s.day.between(*span) for span in spans))
            parts.append(some.where(inside, *conditions(uow, chosen, served, dated=False)).group_by(s.worker_id))
    each = sa.union_all(*parts).subquery()
    return sa.select(each.c.worker_id, *(sa.func.sum(each.c[name]) for name in ("days", "cases", "took"))).group_by(each.c.worker_id)


def by_month(uow: Uow, chosen: Chosen, first: dt.date, last: dt.date) -> sa.Select[t.Any]:
    """Return whole months (of PostgreSQL), each with its cases and the days of work of all together."""
    m = served_months.c
    days = sa.func.bit_count(sa.cast(sa.func.bit_or(m.mask), BIT(32)))
    each = sa.select(m.month, sa.func.sum(m.cases).label("cases"), days.label("days")).where(m.month.between(first, last))
    each_one = each.where(*conditions(uow, chosen, served_months, dated=False)).group_by(m.month, m.worker_id).subquery()
    return sa.select(each_one.c.month, sa.func.sum(each_one.c.cases), sa.func.sum(each_one.c.days)).group_by(each_one.c.month)


def _bits(month: dt.date, chosen: Chosen) -> int:
    """Return the bits of the days of a month that are chosen."""
    first, last = max(chosen.since, month).day, min(chosen.until, last_of(month)).day
    return (1 << last) - (1 << (first - 1))


def began_within(uow: Uow, since: dt.date | None, until: dt.date | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition of cases that began within some days of the CRM's time zone, both included."""
    began, zone = Case.__table__.c.began_at, uow.crm.zone
    first = [began >= dt.datetime.combine(since, dt.time(), zone)] if since is not None else []
    return first + ([began < dt.datetime.combine(until + DAY, dt.time(), zone)] if until is not None else [])


# ---- whose ---------------------------------------------------------------------------------------------------------
def conditions(uow: Uow, chosen: Chosen, table: sa.Table, *, dated: bool = True) -> list[sa.ColumnElement[bool]]:
    """Return the condition of the rows of `work` or of a table of sums that are chosen and that the actor may see."""
    c = table.c
    where = [c.log_id == (chosen.log or 0), seen(uow, c.worker_id, c.team_id)]
    if dated:
        where.append(c.day.between(chosen.since, chosen.until))
    if chosen.log:
        where.append(c.log_id.in_(shown_logs(uow)))
    asked = (("team_id", chosen.team), ("point_id", chosen.point), ("worker_id", chosen.worker), ("step_id", chosen.step))
    where += [c[name] == value for name, value in asked if value is not None]
    return where + ([c.kind == chosen.kind] if chosen.kind is not None else [])


def shown_logs(uow: Uow) -> sa.Select[int]:
    """Return a select of the logs the actor may look at: not those whose import was undone."""
    return uow.visible(Log).where(Log.__table__.c.archived_at.is_(None))


def seen(uow: Uow, worker: t.Any, team: t.Any) -> sa.ColumnElement[bool]:
    """Return the condition that a row, by its columns of worker and team, is about somebody whose work the actor may see."""
    if uow.elevated:
        return sa.true()
    if not uow.may(SEE):
        return sa.false()
    actor = uow.actor
    scopes = {s for s in uow.crm.access.scopes(actor, SEE.name) if isinstance(s, str)}
    if actor.system or "all" in scopes:
        return sa.true()
    w = Worker.__table__.c
    me = sorted({*actor.acts_for, *([actor.id] if actor.id is not None else [])}) if scopes & {"own", "team", "below"} else []
    teams = set(actor.teams) if scopes & {"team", "below"} else set()
    if "below" in scopes:
        teams |= set(uow.crm.teams_below(actor.teams))
    ways: list[sa.ColumnElement[bool]] = [worker.in_(sa.select(w.id).where(w.user_id.in_(me)))] if me else []
    ways += [team.in_(sorted(teams))] if teams else []
    return sa.or_(sa.false(), *ways)


def own_worker(uow: Uow) -> int | None:
    """Return the actor as one whose work is measured, or None."""
    w = Worker.__table__.c
    if uow.actor.id is None:
        return None
    found = uow.connection.execute(sa.select(w.id).where(w.user_id == uow.actor.id)).scalar_one_or_none()
    return t.cast("int | None", found)


__all__ = [
    "BY", "DAY", "FIGURES", "FLOATS", "PERIODS", "USUAL", "Chosen", "Pieces", "Served", "Sums", "began_within", "by_month", "conditions",
    "day_of", "number_of", "own_worker", "pieces_of", "seen", "served_by", "shown_logs", "summed", "sums", "worked_days",
]  # fmt: skip
