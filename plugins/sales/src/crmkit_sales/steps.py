"""Next steps: stages that ask for one, and deals that have none left."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from crmkit import Kind, Moved, Problem, StageOf, Uow, Written, _, hookimpl, on
from crmkit.activities import Activity, has_next_step

from .entities import Deal, Registration
from .registering import conflict
from .settings import SalesSettings

NEEDED = _("plan the next step first: an activity about this deal with a due date", ru="сначала запланируйте следующий шаг: дело по сделке со сроком")
MANY = 500


@hookimpl
def crm_can_move(record: Deal | Registration, stage: StageOf[t.Any], uow: Uow) -> Iterable[Problem] | None:
    """A stage may ask for a next step; a registration is not approved against another dealer's."""
    if record.__dict__.get("id") is None:
        return None
    if isinstance(record, Deal) and stage.name in uow.crm[SalesSettings].next_step_in and not has_next_step(uow, record):
        return [Problem("next_step", "required", NEEDED)]
    if isinstance(record, Registration) and stage.name == "approved" and record.stage == "requested":
        with uow.as_system():
            why = conflict(record, uow)
        return [Problem("dealer_id", "conflict", why)] if why is not None else None
    return None


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """Mark the deals whose stage asks for a next step and that have none, for lists and reports."""
    stages, name = uow.crm[SalesSettings].next_step_in, uow.crm.kind(Deal).key
    if not stages:
        return
    if kind.cls is Activity:
        told = [values for r in rows if (values := r.values or r.before)]
        touched = sorted({values["about_id"] for values in told if values["about_kind"] == name})
    elif kind.cls is Deal:  # back in its stage, by an undo or from the archive
        touched = sorted(r.id for r in rows if r.values is not None and (r.changed is None or r.changed & {"stage", "archived_at"}))
    else:
        return
    for start in range(0, len(touched), MANY):
        _mark(touched[start : start + MANY], name, stages, uow)


def _mark(deals: Sequence[int], name: str, stages: Sequence[str], uow: Uow) -> None:
    d, a = Deal.__table__.c, Activity.__table__.c
    step = sa.select(a.id).where(
        a.about_kind == name, a.about_id == d.id, a.done_at.is_(None), a.due_at.is_not(None), a.archived_at.is_(None)).exists()  # fmt: skip
    lacks = d.stage.in_(stages) & ~step
    for key in uow.connection.execute(sa.select(d.id).where(d.id.in_(deals), lacks != d.no_next_step)).scalars().all():
        deal = uow.get(Deal, key)
        uow.keep(deal, no_next_step=not deal.no_next_step)


@on(Moved[Deal])
def step_is_asked_for(moved: Moved[Deal], uow: Uow) -> None:
    """What a stage asked for is not asked for after it."""
    if moved.record.no_next_step:
        uow.keep(moved.record, no_next_step=False)
