"""The same deals as a crmkit plugin: what an author would write, guard, needs and automation included."""

from __future__ import annotations

import datetime as dt
import decimal

from sqlalchemy import String

from bench.data import MOVES, STAGES
from crmkit import (
    Entity,
    Mapped,
    Money,
    Moved,
    Owned,
    Pipeline,
    Plugin,
    Stage,
    Staged,
    Uow,
    UtcDateTime,
    after,
    column,
    on,
    relation,
)


class Company(Entity, table="benchcrm_company"):
    """A client's organisation."""

    name: Mapped[str] = column(String(200))


class Contact(Owned, table="benchcrm_contact"):
    """A person."""

    name: Mapped[str] = column(String(200))
    phone: Mapped[str | None] = column(String(40), default=None, index=True)
    email: Mapped[str | None] = column(String(200), default=None)
    company_id: Mapped[int | None] = column(to=Company, default=None)


class Deal(Owned, Staged, table="benchcrm_deal"):
    """A deal."""

    title: Mapped[str] = column(String(200))
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True)
    currency: Mapped[str] = column(String(3), default="RUB")
    lost_reason: Mapped[str | None] = column(String, default=None)
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True)
    contact: Mapped[Contact | None] = relation()
    company_id: Mapped[int | None] = column(to=Company, default=None, index=True)
    company: Mapped[Company | None] = relation()


class FollowUp(Owned, table="benchcrm_follow_up"):
    """What to do next."""

    text: Mapped[str] = column(String(200))
    deal_id: Mapped[int] = column(to=Deal, index=True)
    due_at: Mapped[dt.datetime] = column(UtcDateTime)


def has_owner(deal: Deal, uow: Uow) -> str | None:
    """Nobody's deals do not move."""
    return None if deal.owner_id else "assign the deal first"


FUNNEL = Pipeline(
    "benchcrm",
    of=Deal,
    stages=[Stage(s.code, needs=["amount"] if s.needs_amount else [], guards=[has_owner]) for s in STAGES],
    moves={s.code: [t.code for t in STAGES if t.id in MOVES[s.id]] for s in STAGES},
)


@on(Moved[Deal])
def follow_up(moved: Moved[Deal], uow: Uow) -> None:
    """Every stage plans a call."""
    deal = moved.record
    due = uow.now + dt.timedelta(days=1)
    uow.add(FollowUp(text=f"Call about {moved.stage}", deal_id=deal.id, due_at=due, owner_id=deal.owner_id, team_id=deal.team_id))


@after(Moved[Deal])
def tell(event: Moved[Deal], uow: Uow) -> None:
    """Leaves one row in the outbox for each move."""


plugin = Plugin("benchcrm", modules=[__name__])
