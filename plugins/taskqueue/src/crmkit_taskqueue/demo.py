"""A manager's day for the demo: tasks that are due, tasks that are planned, clients to ask again, and something every Monday."""

from __future__ import annotations

import datetime as dt
import random as chance
import typing as t

from crmkit import LOST, OPEN, Uow, hookimpl
from crmkit_sales import Deal, Lead

from .entities import Recurring, Task
from .filling import in_outcome, take_in
from .planning import in_working_time
from .settings import TaskqueueSettings

OURS = (2, 3)  # the teams whose people work in the queue; dealers have their own ways
PLANNED = 12  # deals whose next call is planned, for each person
NEW = 20
LATER = (0, 0, 1, 1, 2, 3, 4, 5)


class _Words(t.NamedTuple):
    call: str
    dunning: str
    how: str
    lost: str


# Each team speaks the language of its half of the demo, whatever the CRM's own is: its deals and clients are called in it too.
WORDS = {
    2: _Words("Позвонить: {title}", "Обзвонить должников", "Проверить счета и обзвонить тех, у кого просрочка.", "Сделка потеряна"),
    3: _Words("Call about {title}", "Call those who owe", "Look through the invoices and call whoever is late.", "Deal lost"),
}  # fmt: skip


@hookimpl(trylast=True)
def crm_demo(uow: Uow, random: chance.Random, size: int) -> None:
    """Add tasks about the demo's open deals, the stack of its lost ones, and a recurring task."""
    kinds = uow.crm[TaskqueueSettings].all_kinds
    c = Deal.__table__.c
    for old in uow.find(Deal).where(Deal.team_id.in_(OURS), in_outcome(uow.crm, Deal, LOST)).order_by(c.id):
        take_in(uow, old, WORDS[old.team_id or OURS[0]].lost)
    for refused in uow.find(Lead).where(Lead.team_id.in_(OURS), in_outcome(uow.crm, Lead, LOST)).order_by(Lead.__table__.c.id):
        take_in(uow, refused, WORDS[refused.team_id or OURS[0]].lost)
    planned: dict[int | None, int] = {}
    own = (Deal.team_id.in_(OURS), Deal.owner_id.is_not(None))
    for deal in uow.find(Deal).where(*own, in_outcome(uow.crm, Deal, OPEN)).order_by(c.stage_since.desc(), c.id):
        planned[deal.owner_id] = count = planned.get(deal.owner_id, 0) + 1
        if count > PLANNED or "call" not in kinds:
            continue
        day = random.choice(LATER)
        at = uow.now + dt.timedelta(days=day, minutes=random.randrange(-90, 30) if day == 0 else random.randrange(-180, 240))
        title = WORDS[deal.team_id or OURS[0]].call.format(title=deal.title)[:200]
        kind = "call_back" if count == 1 and "call_back" in kinds else "call"
        due = at if at <= uow.now else in_working_time(uow, at)
        uow.add(Task(kind=kind, title=title, deal_id=deal.id, contact_id=deal.contact_id, owner_id=deal.owner_id, team_id=deal.team_id, due_at=due))
    fresh = uow.crm.kind(Lead).first_pipeline.first.name
    for lead in uow.find(Lead).where(Lead.team_id.in_(OURS), Lead.stage == fresh).order_by(Lead.__table__.c.id.desc()).limit(NEW):
        if "new_lead" in kinds:
            uow.add(Task(kind="new_lead", title=lead.title, lead_id=lead.id, owner_id=lead.owner_id, team_id=lead.team_id))
    for owner, team in ((2, 2), (5, 3)):
        if "task" in kinds:
            uow.add(Recurring(kind="task", title=WORDS[team].dunning, text=WORDS[team].how, cron="0 10 * * mon", owner_id=owner, team_id=team))
