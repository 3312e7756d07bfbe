"""What somebody has erased on a task is erased in its turns as well."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit import Kind, Uow, hookimpl

from .entities import Task
from .tables import turns


@hookimpl
def crm_forget(kind: Kind, ids: Sequence[int], fields: Sequence[str], uow: Uow) -> None:
    """Take the words out of the turns of tasks whose result in words is erased."""
    if kind.cls is Task and "note" in fields:
        uow.connection.execute(turns.update().where(turns.c.task_id.in_(ids)).values(note=None))
