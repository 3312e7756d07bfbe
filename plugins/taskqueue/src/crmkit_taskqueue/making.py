"""Tasks that make themselves: the first contact with a new lead, and a lead for an old client who wants to buy again."""

from __future__ import annotations

import datetime as dt

from crmkit import OPEN, Archived, Changed, Created, Moved, Uow, on
from crmkit_sales import LEADS, Lead

from .entities import Task, TaskState
from .filling import outcome_of, worked_with
from .settings import TaskqueueSettings

HISTORY = dt.timedelta(days=1)
UNDER_WAY = (TaskState.WAITING, TaskState.OPEN, TaskState.HELD)


def _kind(uow: Uow) -> str:
    settings = uow.crm[TaskqueueSettings]
    return settings.lead_kind if settings.lead_kind in settings.all_kinds else ""


def _is_new(uow: Uow, lead: Lead) -> bool:
    pipeline = uow.crm.kind(Lead).pipelines.get(lead.pipeline)
    return pipeline is not None and lead.stage == pipeline.first.name and outcome_of(uow, lead) is OPEN


@on(Created[Lead])
def task_for_a_new_lead(event: Created[Lead], uow: Uow) -> None:
    """Somebody calls every new lead at once; unless there is a task about it already, or it is history that is written now."""
    lead, kind = event.record, _kind(uow)
    if not kind or lead.archived_at is not None or not _is_new(uow, lead):
        return
    if uow.crm.clock.now() - uow.now > HISTORY:  # an import or a demo tells of the past
        return
    if uow.find(Task).where(Task.lead_id == lead.id, Task.state.in_(UNDER_WAY)).exists():
        return
    uow.add(Task(kind=kind, title=lead.title, contact_id=lead.contact_id, lead_id=lead.id, owner_id=lead.owner_id, team_id=lead.team_id))


@on(Changed[Lead], fields=("owner_id", "team_id"))
def task_follows_its_lead(event: Changed[Lead], uow: Uow) -> None:
    """A lead that is given to somebody else takes its waiting task along."""
    lead, kind = event.record, _kind(uow)
    for task in uow.find(Task).where(Task.lead_id == lead.id, Task.kind == kind, Task.state == TaskState.WAITING) if kind else ():
        task.owner_id, task.team_id = lead.owner_id, lead.team_id


@on(Moved[Lead])
def lead_is_dealt_with(event: Moved[Lead], uow: Uow) -> None:
    """A first contact somebody made past the queue needs no task; nor does any with a lead that is closed."""
    lead = event.record
    if not _is_new(uow, lead):
        _drop(uow, lead, every=outcome_of(uow, lead) is not OPEN)


@on(Archived[Lead])
def lead_is_gone(event: Archived[Lead], uow: Uow) -> None:
    """Nobody calls an archived lead."""
    _drop(uow, event.record, every=True)


def _drop(uow: Uow, lead: Lead, *, every: bool) -> None:
    """Cancel the waiting tasks of the first contact; what was promised to an open lead stays, unless `every`."""
    kind = _kind(uow)
    for task in uow.find(Task).where(Task.lead_id == lead.id, Task.kind == kind, Task.state == TaskState.WAITING) if kind else ():
        if every or task.previous_id is None:
            uow.keep(task, state=TaskState.CANCELLED, done_at=uow.now)


def revived(uow: Uow, task: Task) -> Lead | None:
    """Open a lead, in work already, for an old client who wants to buy again; None where sales has something open for them, or nobody is named."""
    if task.contact_id is None or worked_with(uow, task.contact_id):
        return None
    lead = Lead(title=task.title, contact_id=task.contact_id, owner_id=task.owner_id or task.opened_by, team_id=task.team_id)
    working = uow.crm.kind(Lead).first_pipeline.stages.get("working")
    uow.add(lead, into=LEADS["working"] if working is not None and not working.needs else None)
    uow.flush()
    return lead
