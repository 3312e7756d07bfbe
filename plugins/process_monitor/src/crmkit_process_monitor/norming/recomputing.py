"""After norms changed, the days they judge are added up anew: a durable job for each month, so that nobody waits for years at once."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Kind, Topic, Uow, Written, after, hookimpl

from ..entities import Norm, Step
from ..roles import SEE
from ..rollups import rebuild
from ..tables import days

JUDGES = frozenset({"step_id", "case_kind", "since", "reference", "least", "most", "archived_at"})
RECOUNTED = Topic("process_monitor.recounted", permission=SEE)


@attrs.frozen
class NormsChanged:
    """Norms that hold in a month changed: its sums are made anew. `log` 0 is our own."""

    log: int
    month: dt.date


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """Have the months judged anew that a norm was or is in force in, whether it was written, undone or archived."""
    if kind.cls is not Norm:
        return
    since: dict[int, dt.date] = {}
    for row in rows:
        if row.values is not None and row.changed is not None and not row.changed & JUDGES:
            continue
        held = row.values if row.values is not None else row.before or {}
        moved = row.changed is not None and bool(row.changed & {"since", "step_id"})  # from where, nobody tells: everything it may have judged
        day = dt.date.min if moved or held.get("since") is None else _day(held["since"])
        step = held.get("step_id")
        if step is not None:
            since[int(step)] = min(day, since.get(int(step), dt.date.max))
    for log, day in _by_log(uow, since).items():
        for month in months(uow, log, day):
            uow.schedule(NormsChanged(log, month), key=f"process_monitor.recount:{log}:{month}")


def _day(value: t.Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value)[:10])


def _by_log(uow: Uow, since: dict[int, dt.date]) -> dict[int, dt.date]:
    s = Step.__table__.c
    found: dict[int, dt.date] = {}
    for step, log in uow.connection.execute(sa.select(s.id, sa.func.coalesce(s.log_id, 0)).where(s.id.in_(sorted(since)))) if since else ():
        found[log] = min(since[step], found.get(log, dt.date.max))
    return found


def months(uow: Uow, log: int, since: dt.date) -> list[dt.date]:
    """Return the first days of the months since a day in which there are sums of a log (0: of our own)."""
    held = sa.select(days.c.day).where(days.c.log_id == log, days.c.day >= since.replace(day=1)).distinct()
    return sorted({day.replace(day=1) for (day,) in uow.connection.execute(held)})


@after(NormsChanged)
def recount_month(event: NormsChanged, uow: Uow) -> None:
    """Make the sums of a month anew by the norms of its days."""
    following = (event.month + dt.timedelta(days=32)).replace(day=1)
    rebuild(uow, event.log, event.month, following - dt.timedelta(days=1))
    uow.publish(RECOUNTED.name)


def waiting(uow: Uow, log: int) -> int:
    """Return how many months still wait to be added up anew."""
    jobs, kind = uow.crm.jobs, uow.crm.event_name(NormsChanged)
    found = [j for state in ("pending", "running") for j in jobs.find(state, plugin="process_monitor", connection=uow.connection, limit=1000)]
    return sum(j.kind.endswith(kind) and (j.key or "").startswith(f"process_monitor.recount:{log}:") for j in found)


__all__ = ["RECOUNTED", "NormsChanged", "crm_settle", "months", "recount_month", "waiting"]
