"""What belongs to a log goes with it when its import is undone, and comes back when that is undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Conflict, Kind, Uow, Written, _, after, hookimpl

from ..entities import Log
from ..rollups import WORK, rebuild
from ..sets import insert
from ..tables import days, events, months, served, served_months, traces, work
from .importing import work_rows
from .stored import stored_intervals

KEPT = dt.timedelta(days=30)
CLEARED = _("The events of «{title}» were cleared away; import the file again", ru="События журнала «{title}» уже удалены; загрузите файл ещё раз")


@attrs.frozen
class LogGone:
    """A log was taken back; its events wait a month in case that is regretted."""

    log_id: int


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """Take the sums of a log away with it, and make them anew when it comes back."""
    if kind.cls is not Log:
        return
    for row in rows:
        key = f"process_monitor.log_gone:{row.id}"
        if row.values is None:
            for table in (work, days, months, served, served_months):
                uow.connection.execute(table.delete().where(table.c.log_id == row.id))
            uow.schedule(LogGone(row.id), delay=KEPT, key=key)
        elif row.changed is None and row.values["imported_at"] is not None and not _has(uow, work, row.id):
            if not _has(uow, events, row.id):
                raise Conflict(CLEARED.format(title=row.values["title"]))
            add_up(uow, row.id)
            uow.cancel(key)


def _has(uow: Uow, table: sa.Table, log: int) -> bool:
    return uow.connection.execute(sa.select(sa.literal(1)).where(table.c.log_id == log).limit(1)).first() is not None


def add_up(uow: Uow, log: int) -> None:
    """Make the work of a log and its sums from its events."""
    zone = uow.crm.zone
    made = [row for case, kind, found in stored_intervals(uow, log) for row in work_rows(log, case, kind, found, zone)]
    insert(uow, work, WORK, made)
    rebuild(uow, log)


@after(LogGone)
def clear(event: LogGone, uow: Uow) -> None:
    """Clear away the events of a log that stayed away."""
    there = uow.connection.execute(sa.select(Log.__table__.c.id).where(Log.__table__.c.id == event.log_id)).first()
    for table in (events, traces) if there is None else ():
        uow.connection.execute(table.delete().where(table.c.log_id == event.log_id))


__all__ = ["LogGone", "add_up", "clear", "crm_settle"]
