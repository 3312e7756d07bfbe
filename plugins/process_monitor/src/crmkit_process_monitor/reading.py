"""What dashboards read: sums of work over some days, by whatever they are split, under the row rules of whoever asks."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow
from crmkit.ui import Visit

from .entities import Log, Worker
from .norms import Norms
from .roles import SEE
from .tables import days

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
            period = given.get("period", USUAL)
            period = period if period in PERIODS else USUAL
            until = visit.now.astimezone(visit.zone).date()
            since = until - (PERIODS[period] - 1) * DAY
        numbers = {name: number_of(given.get(name)) for name in ("log", "team", "point", "worker", "step")}
        return cls(since=since, until=until, period=period, kind=given.get("kind") or None, **numbers)

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.until - self.since).days + 1

    @property
    def before(self) -> Chosen:
        """As many days right before these."""
        return attrs.evolve(self, since=self.since - self.days * DAY, until=self.since - DAY, period=None)

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


@attrs.frozen
class Sums:
    """One group of the sums of days. What it is not split by is 0, empty, or the first day."""

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
    squares: float
    fast: int
    slow: int
    lost: int
    ns_squared: float
    """What tells how days differ: over days, the sums of n squared, of n times the day's sum of logarithms, and of that sum squared."""
    ns_logs: float
    logs_squared: float


def sums(uow: Uow, chosen: Chosen, *, by: Sequence[str] = BY, norms: Norms | None = None) -> list[Sums]:
    """Return the sums of what is chosen, as far as the actor may see it."""
    d = days.c
    starts: list[dt.date] = []
    if "era" in by:
        starts = (norms or Norms.load(uow, chosen.log)).starts(chosen.since, chosen.until)
    eras = [chosen.since, *starts]
    whens = [(d.day >= day, sa.literal(place)) for place, day in reversed(list(enumerate(starts, 1)))]
    era: t.Any = sa.case(*whens, else_=sa.literal(0)) if whens else None
    columns: dict[str, t.Any] = {"worker": d.worker_id, "step": d.step_id, "kind": d.kind, "era": era}
    keys = [(name, columns[name]) for name in BY if name in by and columns[name] is not None]
    summed = (d.n, d.took, d.logs, d.log_squares, d.squares, d.fast, d.slow, d.lost, 1.0 * d.n * d.n, d.n * d.logs, d.logs * d.logs)
    totals = [sa.func.count(), *(sa.func.sum(c) for c in summed)]
    wanted = sa.select(*(c.label(f"k_{name}") for name, c in keys), *totals).where(*conditions(uow, chosen, days))
    if keys:
        wanted = wanted.group_by(*(sa.literal_column(f"k_{name}") for name, _c in keys))
    nothing: dict[str, t.Any] = {"worker": 0, "step": 0, "kind": "", "era": 0}
    found: list[Sums] = []
    for row in uow.connection.execute(wanted):
        if not row[len(keys)]:
            continue  # the one row of nothing, without a split
        key = nothing | {name: value for (name, _c), value in zip(keys, row, strict=False)}
        n, took, logs, log_squares, squares, fast, slow, lost, *spread = row[len(keys) + 1 :]
        found.append(Sums(
            key["worker"], key["step"], key["kind"], eras[key["era"]], int(row[len(keys)]), int(n), int(took), logs, log_squares, squares,
            int(fast), int(slow), int(lost), *map(float, spread),
        ))  # fmt: skip
    return found


def worked_days(uow: Uow, chosen: Chosen) -> dict[int, int]:
    """Return on how many of these days each worker served anybody, whatever the step."""
    d = days.c
    each = sa.select(d.worker_id, d.day).where(*conditions(uow, attrs.evolve(chosen, step=None), days)).distinct().subquery()
    rows = uow.connection.execute(sa.select(each.c.worker_id, sa.func.count()).group_by(each.c.worker_id))
    return {row[0]: row[1] for row in rows}


# ---- whose ---------------------------------------------------------------------------------------------------------
def conditions(uow: Uow, chosen: Chosen, table: sa.Table) -> list[sa.ColumnElement[bool]]:
    """Return the condition of the rows of `work` or of a table of sums that are chosen and that the actor may see."""
    c = table.c
    where = [c.log_id == (chosen.log or 0), c.day >= chosen.since, c.day <= chosen.until, seen(uow, c.worker_id, c.team_id)]
    if chosen.log:
        where.append(c.log_id.in_(shown_logs(uow)))
    for column, value in ((c.team_id, chosen.team), (c.point_id, chosen.point), (c.worker_id, chosen.worker), (c.step_id, chosen.step)):
        if value is not None:
            where.append(column == value)
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


def total(found: Iterable[Sums], name: str) -> int:
    """Return one figure of all groups together."""
    return sum(getattr(one, name) for one in found)


__all__ = [
    "BY", "PERIODS", "Chosen", "Sums", "conditions", "day_of", "number_of", "own_worker", "seen", "shown_logs", "sums", "total", "worked_days",
]  # fmt: skip
