"""SQLAlchemy ORM by hand: a session per operation, entities loaded, changed and flushed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from bench.data import MOVES, Data, NewDeal
from bench.peers import PAGE, Actor, Counts, Peer, Refused
from bench.peers.floor import changes_of
from bench.peers.orm_models import Deal, FollowUp, Journal, Stage, StageHistory
from bench.peers.sqlalchemy_engine import READ, counts, engine_for, now
from bench.place import Place


def move_deal(session: Session, deal_id: int, code: str, actor: Actor, moment: datetime) -> Deal:
    """A move as one would write it; the session's owner commits."""
    stage = session.scalars(sa.select(Stage).where(Stage.code == code)).one_or_none()
    deal = session.get(Deal, deal_id, with_for_update=True)
    if deal is None or stage is None or deal.archived_at is not None:
        raise Refused("no such deal or stage")
    if deal.owner_id != actor.id:
        raise Refused("not yours")
    if stage.id not in MOVES[deal.stage_id]:
        raise Refused("not from here")
    if stage.needs_amount and deal.amount is None:
        raise Refused("amount is missing")
    past = StageHistory(
        deal_id=deal.id, from_stage_id=deal.stage_id, to_stage_id=stage.id, actor_id=actor.id, at=moment
    )
    deal.stage_id, deal.stage_since, deal.updated_at = stage.id, moment, moment
    due = moment + timedelta(days=1)
    call = FollowUp(deal_id=deal.id, owner_id=deal.owner_id, text=f"Call about {code}", due_at=due, created_at=moment)
    session.add_all([past, call])
    return deal


def deals_before(session: Session, actor: Actor, before: int) -> Sequence[Deal]:
    """A page of entities with their company and contact."""
    wanted = (
        sa.select(Deal)
        .where(Deal.owner_id == actor.id, Deal.archived_at.is_(None), Deal.id < before)
        .order_by(Deal.id.desc())
        .limit(PAGE)
        .options(joinedload(Deal.company), joinedload(Deal.contact))
    )
    return session.scalars(wanted).all()


def as_dict(deal: Deal) -> dict[str, Any]:
    """One line of the page."""
    return {
        "id": deal.id,
        "title": deal.title,
        "amount": deal.amount,
        "currency": deal.currency,
        "stage_id": deal.stage_id,
        "owner_id": deal.owner_id,
        "created_at": deal.created_at,
        "version": deal.version,
        "company": deal.company and deal.company.name,
        "contact": deal.contact and deal.contact.name,
    }


class Orm(Peer):
    """Typed declarative classes, `expire_on_commit=False`."""

    label: ClassVar[str] = "SQLAlchemy ORM by hand"

    def __init__(self, place: Place, data: Data) -> None:
        """Make the engine."""
        self.engine = engine_for(place)
        self.reading = self.engine.execution_options(**READ)

    def move(self, deal_id: int, stage: str, actor: Actor) -> None:
        """A session for one move."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            move_deal(session, deal_id, stage, actor, now(self.engine))

    def page(self, actor: Actor, before: int) -> Sequence[Mapping[str, Any]]:
        """A session for one page."""
        with Session(self.reading) as session:
            return [as_dict(deal) for deal in deals_before(session, actor, before)]

    def bulk(self, deals: Sequence[NewDeal], actor: Actor) -> None:
        """`add_all` and a flush for the keys, then `add_all` of the journal."""
        moment = now(self.engine)
        times = {"stage_since": moment, "created_at": moment, "updated_at": moment}
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            added = [Deal(**deal._asdict(), **times) for deal in deals]
            session.add_all(added)
            session.flush()
            session.add_all(
                Journal(
                    at=moment,
                    actor_id=actor.id,
                    entity="deal",
                    record_id=deal.id,
                    action="created",
                    changes=changes_of(given),
                )
                for deal, given in zip(added, deals, strict=True)
            )

    def counts(self) -> Counts:
        """The rows."""
        return counts(self.engine)
