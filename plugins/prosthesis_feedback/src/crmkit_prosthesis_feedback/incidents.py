"""Incidents: the first one of a person pauses all their follow-up, the closing of the last ends the pause and calculates anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import (
    LOST,
    OPEN,
    WON,
    Archived,
    Changed,
    Conflict,
    Created,
    Crm,
    Misuse,
    Moved,
    Restored,
    StageOf,
    Undone,
    Uow,
    _,
    on,
)  # fmt: skip

from .cards import Change, facts_of, locked, preview, replan
from .days import today
from .entities import Device, Feedback, Incident, Pause, Policy, Service, Urgency
from .planning import PauseFacts
from .settings import FeedbackSettings

NOT_OPEN = _("the incident is closed", ru="инцидент закрыт")
NOT_CLOSED = _("the incident is open", ru="инцидент открыт")


# ---- what is open ----------------------------------------------------------------------------------------------------
def is_open(crm: Crm, pipeline: str, stage: str) -> bool:
    """True for a stage that is neither a solution nor a cancellation; one that is gone from the settings counts as open."""
    held = crm.pipelines.get(pipeline)
    found = held.stages.get(stage) if held is not None else None
    return found is None or found.outcome is OPEN


def closing_stage(crm: Crm, pipeline: str, *, cancelled: bool = False) -> str:
    """Return the stage in which a pipeline's incidents are solved, or given up."""
    stages = crm.pipelines[pipeline].stages.values()
    for wanted in ((LOST, WON) if cancelled else (WON, LOST)):
        for stage in stages:
            if stage.outcome is wanted:
                return stage.name
    raise Misuse(f"no stage of the pipeline {pipeline!r} closes an incident: give one of them an outcome")


def open_incidents(uow: Uow, service_id: int) -> list[int]:
    """Return the open incidents of a person."""
    uow.flush()
    c = Incident.__table__.c
    rows = uow.connection.execute(
        sa.select(c.id, c.pipeline, c.stage).where(c.service_id == service_id, c.archived_at.is_(None)).order_by(c.id)
    )
    return [row.id for row in rows if is_open(uow.crm, row.pipeline, row.stage)]


def open_pause(uow: Uow, service_id: int) -> Pause | None:
    """Return the pause a person is in."""
    with uow.as_system():
        return uow.find(Pause).where(Pause.service_id == service_id, Pause.ended_on.is_(None)).order_by(Pause.id.desc()).first()


# ---- opening and closing ---------------------------------------------------------------------------------------------
def open_incident(
    uow: Uow, service: Service, *, reason: str, device: Device | None = None, feedback: Feedback | None = None, description: str | None = None,
    urgency: Urgency = Urgency.ROUTINE, wanted_on: dt.date | None = None,
) -> Incident:  # fmt: skip
    """Open an incident in the pipeline of its reason; every undone card of the person stops, of all devices, in the same transaction."""
    service = locked(uow, service)
    with uow.as_system():
        incident = uow.add(Incident(
            service_id=service.id, device_id=device.id if device is not None else feedback.device_id if feedback is not None else None,
            feedback_id=feedback.id if feedback is not None else None, reason=reason, description=description, urgency=urgency, wanted_on=wanted_on,
        ))  # fmt: skip
        uow.flush()
        settle_pause(uow, service, incident)
    return incident


def close_incident(
    uow: Uow, incident: Incident, *, resolution: str, policy: Policy | None = None, stage: str = "", cancelled: bool = False,
) -> Incident:  # fmt: skip
    """Close an incident; the last one ends the pause by its policy, and every card gets its date anew.

    Without `stage` it goes to the first one that solves it, or that gives it up where it was `cancelled`.
    """
    with uow.as_system():
        incident = uow.get(Incident, incident.id, lock=True)
        if not is_open(uow.crm, incident.pipeline, incident.stage):
            raise Conflict(NOT_OPEN)
        service = locked(uow, incident.service_id)
        if policy is not None:
            incident.policy = policy
        to = stage or closing_stage(uow.crm, incident.pipeline, cancelled=cancelled)
        uow.move(incident, _stage(uow, incident, to), {"resolution": resolution})
        settle_pause(uow, service, incident)
    return incident


def reopen_incident(uow: Uow, incident: Incident, stage: str = "") -> Incident:
    """Open a closed incident again; without `stage` in the first one of its pipeline."""
    with uow.as_system():
        incident = uow.get(Incident, incident.id, lock=True)
        if is_open(uow.crm, incident.pipeline, incident.stage):
            raise Conflict(NOT_CLOSED)
        service = locked(uow, incident.service_id)
        uow.move(incident, _stage(uow, incident, stage or uow.crm.pipelines[incident.pipeline].first.name))
        settle_pause(uow, service, incident)
    return incident


def _stage(uow: Uow, incident: Incident, stage: str) -> StageOf[Incident]:
    return uow.crm.pipelines[incident.pipeline][stage]


def preview_closing(uow: Uow, incident: Incident, policy: Policy | None = None) -> list[Change]:
    """Return how the cards would change if this incident were closed today; nothing where others stay open."""
    service = uow.peek(Service, incident.service_id)
    if service is None or set(open_incidents(uow, service.id)) - {incident.id}:
        return []
    with uow.as_system():
        facts, day = facts_of(uow, service), today(uow)
        how = policy or incident.policy or uow.crm[FeedbackSettings].policy
        pauses = tuple(p if p.ended_on is not None else PauseFacts(p.began_on, day, how, p.catch_up_in) for p in facts.person.pauses)
        after = attrs.evolve(facts, person=attrs.evolve(facts.person, pauses=pauses), frozen=False)
        return preview(uow, service, after)


# ---- the pause -------------------------------------------------------------------------------------------------------
def settle_pause(uow: Uow, service: Service | int, incident: Incident | None = None) -> None:
    """Make the pause what the open incidents say: begun, ended, or gone on with. Running it twice changes nothing."""
    service = locked(uow, service)
    with uow.as_system():
        going, pause, day = open_incidents(uow, service.id), open_pause(uow, service.id), today(uow)
        changed = False
        if incident is not None:
            changed = _stamp(uow, incident)
        if going and pause is None:
            pause = _again(uow, service, going) or uow.add(Pause(service_id=service.id, began_on=day))
            uow.flush()
            changed = True
        elif not going and pause is not None:
            how, days = _policy(uow, pause, incident), uow.crm[FeedbackSettings].catch_up_in.days
            uow.keep(pause, ended_on=day, policy=how, catch_up_days=days if how is Policy.CATCH_UP else None)
            changed = True
        if pause is not None and going:
            for key in going:
                one = uow.get(Incident, key)
                if one.pause_id != pause.id:
                    uow.keep(one, pause_id=pause.id)
        uow.flush()
        if changed:
            replan(uow, service)


def _again(uow: Uow, service: Service, going: Sequence[int]) -> Pause | None:
    """Go on with the pause of an incident that is open again, unless the person had another one since."""
    last = uow.find(Pause).where(Pause.service_id == service.id).order_by(Pause.began_on.desc(), Pause.id.desc()).first()
    if last is None or all(uow.get(Incident, key).pause_id != last.id for key in going):
        return None
    return uow.keep(last, ended_on=None, policy=None, catch_up_days=None)


def _policy(uow: Uow, pause: Pause, closed: Incident | None) -> Policy:
    """Return the policy of the incident that was closed last (of several at one moment: `closed`), else that of the settings."""
    of_it = uow.find(Incident).where(Incident.pause_id == pause.id).all()
    last = max(of_it, key=lambda one: (one.closed_at or uow.now, one is closed, one.id), default=None)
    return (last.policy if last is not None else None) or uow.crm[FeedbackSettings].policy


def _stamp(uow: Uow, incident: Incident) -> bool:
    """Keep when an incident was closed; True when that is new."""
    open_ = incident.archived_at is None and is_open(uow.crm, incident.pipeline, incident.stage)
    if open_ == (incident.closed_at is None):
        return False
    uow.keep(incident, closed_at=None if open_ else uow.now)
    return True


@on(Created[Incident])
@on(Moved[Incident])
@on(Archived[Incident])
@on(Restored[Incident])
@on(Undone[Incident])
def incident_has_moved(
    event: Created[Incident] | Moved[Incident] | Archived[Incident] | Restored[Incident] | Undone[Incident], uow: Uow
) -> None:
    """However an incident is opened, moved, closed or taken back (a board, the API, in bulk), the person's pause follows."""
    gone = isinstance(event, Undone) and event.action == "deleted"
    settle_pause(uow, event.record.service_id, None if gone else event.record)


@on(Changed[Incident], fields=("service_id",))
def incident_is_somebody_elses(event: Changed[Incident], uow: Uow) -> None:
    """An incident of somebody else now: both persons' pauses follow."""
    for service_id in event.changes["service_id"]:
        settle_pause(uow, service_id, event.record if service_id == event.record.service_id else None)


@on(Changed[Incident], fields=("reason",))
def reason_is_corrected(event: Changed[Incident], uow: Uow) -> None:
    """An incident of another reason goes the way of that one."""
    incident = event.record
    pipeline = uow.crm.pipelines[uow.crm[FeedbackSettings].all_reasons[incident.reason].pipeline]
    if incident.pipeline != pipeline.name and is_open(uow.crm, incident.pipeline, incident.stage):
        uow.move(incident, pipeline[pipeline.first.name])


__all__ = [
    "close_incident", "closing_stage", "is_open", "open_incident", "open_incidents", "open_pause", "preview_closing", "reopen_incident",
    "settle_pause",
]  # fmt: skip
