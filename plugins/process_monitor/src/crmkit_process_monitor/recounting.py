"""Work of our own cases, from the spans that were told: written when a case has ended, and again when something of it comes late."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Kind, Uow, Written, hookimpl

from .cases import kind_of, watch, worker_of
from .counting import KINDS, Counts, Told, clipped, counted, parts_of
from .entities import Case
from .locks import hold
from .rollups import WorkRow, put
from .settings import MonitorSettings
from .tables import spans, talks

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)
SLACK = 10_000
"""How much longer, in milliseconds, one message may be under way than another."""
MATTERS = frozenset({"ended_at", "archived_at", "kind", "owner_id", "worker_id", "team_id", "point_of_sale_id", "began_at"})
BY_CONTACT = ("", "new", "repeat")
_case, _span, _talk = Case.__table__.c, spans.c, talks.c
_KEPT = ("active", "idle", "hidden", "called", "worker_id", "began_at")
_SET = spans.update().where(_span.id == sa.bindparam("span")).values({n: sa.bindparam(f"new_{n}", type_=_span[n].type) for n in _KEPT})


def in_ms(moment: dt.datetime) -> int:
    """Return a moment as milliseconds since 1970."""
    return (moment - EPOCH) // MILLISECOND


def moment(ms: int) -> dt.datetime:
    """Return milliseconds since 1970 as a moment."""
    return EPOCH + ms * MILLISECOND


@attrs.frozen
class Counted:
    """A case added up from its spans: what counts of each, and when it began."""

    spans: dict[int, Counts]
    began: dict[int, int]
    rows: list[WorkRow]
    total: Counts


def recount(uow: Uow, keys: Collection[int]) -> None:
    """Make the work of cases what their spans say. Of a case that has not ended, is archived, or gone, there is none.

    Cases whose spans were cleared away keep their work as it is.
    """
    uow.flush()
    oldest = uow.now - uow.crm[MonitorSettings].keep_spans
    with uow.as_system():
        found = {case.id: case for case in uow.find(Case).where(_case.id.in_(keys)).archived(only=False)} if keys else {}
        for owner in sorted({case.owner_id for case in found.values() if case.owner_id is not None}):  # in one order: nobody waits in a circle
            hold(uow, owner)
        rows: list[WorkRow] = []
        touched = []
        for key in sorted(keys):
            one = found.get(key)
            if one is not None and one.began_at < oldest:
                continue
            touched.append(key)
            if one is not None and one.ended_at is not None and one.archived_at is None and one.log_id is None:
                made = of_case(uow, one)
                write(uow, one, made)
                rows += made.rows
        if touched:
            put(uow, touched, rows)
        uow.flush()


def of_case(uow: Uow, case: Case) -> Counted:
    """Add a case up from scratch: what counts of each span, a row of work for each step, and all of it."""
    told = told_of(uow, [case.id])[case.id]
    since, until = in_ms(case.began_at), in_ms(case.ended_at) if case.ended_at is not None else 2**62
    began = placed(told)
    within = ((row.id, clipped(began[row.id], parts_of(row.told, row.active, row.idle, row.hidden), since, until)) for row in told)
    counts = counted([Told(key, *span) for key, span in within], calls_of(uow, case))
    total = Counts()
    for one in counts.values():
        for name in (*KINDS, "called"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
    return Counted(counts, began, work_of(uow, case, told, counts), total)


def placed(told: Iterable[t.Any]) -> dict[int, int]:
    """Return when each span began: the quickest message of a tab tells best how far its clock is from ours, whatever came late."""
    found: dict[int, int] = {}
    by_tab: dict[str, list[t.Any]] = defaultdict(list)
    for row in told:
        if row.clock is None:
            found[row.id] = in_ms(row.began_at)
        else:
            by_tab[row.tab].append(row)
    for rows in by_tab.values():
        alike: list[t.Any] = []
        for row in [*sorted(rows, key=lambda one: (one.seq, one.clock)), None]:
            if alike and (row is None or abs(apart(row) - apart(alike[-1])) > SLACK):
                least = min(map(apart, alike))
                found |= {one.id: one.clock + least for one in alike}
                alike = []
            alike.append(row)
    return found


def apart(row: t.Any) -> int:
    """Return how far a tab's clock is from ours, as one span has it."""
    return in_ms(row.began_at) - int(row.clock)


def work_of(uow: Uow, case: Case, told: Sequence[t.Any], counts: dict[int, Counts]) -> list[WorkRow]:
    """Return a row for each step: a step that was gone back to is one row, its day is when it was first begun."""
    zone = uow.crm.zone
    which = uow.crm[MonitorSettings].counts
    sums: dict[int, list[t.Any]] = {}
    before: int | None = None
    for row in told:
        one = counts[row.id]
        if not one.length:
            continue
        if row.step_id is not None:
            if (held := sums.get(row.step_id)) is None:
                held = sums[row.step_id] = [row.began_at, Counts(), 0]
            for name in KINDS:
                setattr(held[1], name, getattr(held[1], name) + getattr(one, name))
            held[2] += row.step_id != before
        before = row.step_id
    return [
        (case.id, step, case.worker_id or 0, 0, began.astimezone(zone).date(), case.kind, case.team_id, case.point_of_sale_id,
         sum(getattr(one, name) for name in which), one.active, one.idle, one.hidden, visits)
        for step, (began, one, visits) in sums.items()
    ]  # fmt: skip


def write(uow: Uow, case: Case, made: Counted) -> None:
    """Keep what counts of each span, where that is not what is kept, and the sums of the case."""
    there = {row.id: row for row in told_of(uow, [case.id])[case.id]}
    other = []
    for key, one in made.spans.items():
        values = {**attrs.asdict(one), "worker_id": case.worker_id or 0, "began_at": moment(made.began[key])}
        if any(getattr(there[key], name) != value for name, value in values.items()):
            other.append({f"new_{name}": value for name, value in values.items()} | {"span": key})
    if other:
        uow.connection.execute(_SET, other)
    sums = {name: round(getattr(made.total, name) / 1000) for name in KINDS}
    if any(getattr(case, name) != value for name, value in sums.items()):
        uow.keep(case, **sums)


def told_of(uow: Uow, keys: Collection[int]) -> dict[int, list[t.Any]]:
    """Return the spans of cases, in the order of their time."""
    found: dict[int, list[t.Any]] = defaultdict(list)
    for row in uow.connection.execute(sa.select(spans).where(_span.case_id.in_(keys)).order_by(_span.case_id, _span.began_at, _span.id)):
        found[row.case_id].append(row)
    return found


def calls_of(uow: Uow, case: Case) -> list[tuple[int, int]]:
    """Return when whoever serves was in a call, within a case."""
    longest, until = uow.crm[MonitorSettings].longest, case.ended_at or uow.now
    rows = uow.connection.execute(
        sa.select(_talk.began_at, _talk.ended_at).where(_talk.user_id == case.owner_id, _talk.began_at.between(case.began_at - longest, until))
    )
    within = ((max(case.began_at, a), min(until, b or a + longest)) for a, b in rows)
    return [(in_ms(a), in_ms(b)) for a, b in within if b > a]


# ---- kept in step -----------------------------------------------------------------------------------------------------------
@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """Write the work of cases that ended, and again when what it is filed under changed, or an undo took the case away."""
    if kind.cls is not Case:
        return
    keys = []
    for row in rows:
        values = row.values if row.values is not None else row.before or {}
        if values.get("log_id") is not None:
            continue
        changed = row.changed
        if row.values is not None and (changed & {"owner_id", "contact_id"} if changed is not None else values.get("worker_id") is None):
            follow(uow, row.id, changed or {"owner_id", "contact_id"})
        if row.values is None or (changed is None and values.get("ended_at") is not None) or (changed is not None and changed & MATTERS):
            keys.append(row.id)
    if keys:
        recount(uow, keys)


def follow(uow: Uow, key: int, changed: Iterable[str]) -> None:
    """Fill in what follows from a case's owner and client when somebody corrects them, or adds a case by a form."""
    case = uow.peek(Case, key)
    if case is None:
        return
    if "owner_id" in changed and case.owner_id is not None:
        hold(uow, case.owner_id)
        case.worker_id = worker_of(uow, case.owner_id).id
        if case.ended_at is None:
            watch(uow, case, uow.now)
    if "contact_id" in changed and "kind" not in changed and case.kind in BY_CONTACT:
        case.kind = kind_of(uow, case.contact_id, case)


__all__ = ["SLACK", "Counted", "in_ms", "moment", "of_case", "recount"]
