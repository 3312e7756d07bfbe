"""Letting waiting tasks follow the settings: a kind whose priority class was changed takes its tasks along."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import Tick, Uow, every

from .clients import UNDER_WAY
from .desk import insert_new
from .entities import Task
from .settings import TaskqueueSettings
from .tables import classes

BATCH = 500


@every(cron="* * * * *")
def align(tick: Tick, uow: Uow) -> None:
    """Give tasks that are not done the priority class their kind has in the settings now, some hundreds at a time."""
    known = {row.kind: row.priority for row in uow.connection.execute(sa.select(classes))}
    c = Task.__table__.c
    for name, kind in uow.crm[TaskqueueSettings].all_kinds.items():
        if known.get(name) == kind.priority:
            continue
        other = sa.select(c.id).where(c.kind == name, c.priority != kind.priority, c.state.in_(UNDER_WAY)).order_by(c.id).limit(BATCH)
        keys = uow.connection.execute(other).scalars().all()
        for key in keys:
            uow.keep(uow.get(Task, key, lock=True), priority=kind.priority)
        if len(keys) < BATCH:
            uow.flush()
            insert_new(uow, classes, kind=name, priority=kind.priority)
            uow.connection.execute(classes.update().where(classes.c.kind == name).values(priority=kind.priority))
        else:
            return
