"""Settings that dates depend on were changed: everybody's cards are worked out anew, some people at a time."""

from __future__ import annotations

import hashlib

import attrs
import sqlalchemy as sa

from crmkit import Crm, Tick, Uow, every, on
from crmkit_sales import SalesSettings

from .cards import replan
from .entities import Service
from .settings import FeedbackSettings
from .tables import kept

BATCH = 50
NAME = "settings"


@attrs.frozen
class PlanAnew:
    """The cards of the next service cards are to be worked out anew: those after this one."""

    after_id: int = 0


def fingerprint(crm: Crm) -> str:
    """Return what tells settings apart that moments of calls depend on: time zone, hour, working days."""
    sales = crm[SalesSettings]
    days = (sales.working_hours, sales.country if sales.holidays else None, sales.days_off, sales.working_days)
    return hashlib.sha256(repr((crm.zone.key, crm[FeedbackSettings].call_at, days)).encode()).hexdigest()


@every(cron="10 0 * * *")
def follow_settings(tick: Tick, uow: Uow) -> None:
    """Notice that the time zone, the hour of calls or the working days are others than those the cards were planned by."""
    now = fingerprint(uow.crm)
    known = uow.connection.execute(sa.select(kept.c.value).where(kept.c.name == NAME)).scalar()
    if known == now:
        return
    if known is None:
        uow.connection.execute(kept.insert().values(name=NAME, value=now))
    else:
        uow.connection.execute(kept.update().where(kept.c.name == NAME).values(value=now))
        uow.schedule(PlanAnew(), key="prosthesis_feedback:anew", at=uow.now)


@on(PlanAnew)
def plan_some(event: PlanAnew, uow: Uow) -> None:
    """Work out some, and go on with the next."""
    c = Service.__table__.c
    keys = uow.connection.execute(sa.select(c.id).where(c.id > event.after_id, c.archived_at.is_(None)).order_by(c.id).limit(BATCH)).scalars().all()
    for key in keys:
        replan(uow, key)
    if len(keys) == BATCH:
        uow.schedule(PlanAnew(keys[-1]), key="prosthesis_feedback:anew", at=uow.now)


__all__ = ["PlanAnew", "fingerprint"]
