"""What an integrator has set is held against the CRM it is for, before it serves anybody."""

from __future__ import annotations

import datetime as dt

from crmkit import OPEN, CompositionError, Crm, hookimpl
from crmkit_sales import Deal
from crmkit_taskqueue import TaskqueueSettings

from .entities import Incident
from .protocols import NAME
from .settings import FeedbackSettings


@hookimpl
def crm_composed(crm: Crm) -> None:
    """Refuse settings that name what is not there."""
    problems = [f"[prosthesis_feedback] {problem}" for problem in problems_of(crm, crm[FeedbackSettings])]
    if problems:
        raise CompositionError(problems)


def problems_of(crm: Crm, settings: FeedbackSettings) -> list[str]:
    """Return what is wrong with the settings in a composed CRM."""
    found = []
    pipeline, _dot, stage = settings.opens_at.partition(".")
    funnels = crm.kind(Deal).pipelines
    if pipeline not in funnels or stage not in funnels[pipeline].stages:
        known = ", ".join(f"{p.name}.{s}" for p in funnels.values() for s in p.stages)
        found.append(f"opens_at = {settings.opens_at!r}: there is no such stage of deals; there are {known}")
    found += _issued(crm, settings.issued)
    if settings.adult_protocol == settings.child_protocol:
        found.append(f"child_protocol = {settings.child_protocol!r}: adults have that one; children need a protocol of their own")
    kinds = crm[TaskqueueSettings].all_kinds
    if settings.task_kind not in kinds:
        found.append(f"task_kind = {settings.task_kind!r}: there is no such kind of tasks; there are {', '.join(kinds)}")
    ways = crm.kind(Incident).pipelines
    for name, reason in settings.all_reasons.items():
        if not NAME.fullmatch(name):
            found.append(f"reasons.{name}: names are small Latin letters, digits and _")
        if reason.pipeline not in ways:
            found.append(f"reasons.{name}.pipeline = {reason.pipeline!r}: there is no such pipeline of incidents; there are {', '.join(ways)}")
        elif all(held.outcome is OPEN for held in ways[reason.pipeline].stages.values()):
            found.append(f"reasons.{name}.pipeline = {reason.pipeline!r}: none of its stages closes an incident; give one of them an outcome")
    return found


def _issued(crm: Crm, path: str) -> list[str]:
    extension, _dot, name = path.rpartition(".")
    kind = crm.kind(Deal)
    held = kind.extensions.get(extension) if extension else None
    fields = kind.fields if not extension else held.fields if held is not None else {}
    field = fields.get(name)
    if field is None:
        return [f"issued = {path!r}: deals have no such field"]
    if field.type not in (dt.date, dt.datetime):
        return [f"issued = {path!r}: that field holds no day"]
    return []
