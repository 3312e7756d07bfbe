"""SQLAlchemy Core with every statement built once, at import; values are bound per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa

from bench.data import MOVES, Data
from bench.peers import PAGE, Actor, Counts, Peer, Refused
from bench.peers.sqlalchemy_engine import READ, counts, engine_for, now
from bench.peers.tables import company, contact, deal, follow_up, history, stage
from bench.place import Place

STAGE = sa.select(stage.c.id, stage.c.needs_amount).where(stage.c.code == sa.bindparam("code"))
LOCK = (
    sa.select(deal.c.stage_id, deal.c.amount, deal.c.owner_id, deal.c.version, deal.c.archived_at)
    .where(deal.c.id == sa.bindparam("deal"))
    .with_for_update()
)
UPDATE = (
    deal.update()
    .where(deal.c.id == sa.bindparam("deal"), deal.c.version == sa.bindparam("seen"))
    .values(
        stage_id=sa.bindparam("to"),
        stage_since=sa.bindparam("now"),
        updated_at=sa.bindparam("now"),
        version=deal.c.version + 1,
    )
)
# Nobody asks for the new keys, so the statement does not fetch them.
HISTORY = history.insert().inline()
FOLLOW_UP = follow_up.insert().inline()
PAGE_OF = (
    sa.select(
        *(deal.c.id, deal.c.title, deal.c.amount, deal.c.currency, deal.c.stage_id, deal.c.owner_id),
        *(deal.c.created_at, deal.c.version, company.c.name.label("company"), contact.c.name.label("contact")),
    )
    .join_from(deal, company, deal.c.company_id == company.c.id, isouter=True)
    .join(contact, deal.c.contact_id == contact.c.id, isouter=True)
    .where(deal.c.owner_id == sa.bindparam("owner"), deal.c.archived_at.is_(None), deal.c.id < sa.bindparam("before"))
    .order_by(deal.c.id.desc())
    .limit(PAGE)
)


class CoreOnce(Peer):
    """A pool, a transaction, constant statements."""

    label: ClassVar[str] = "SQLAlchemy Core, built once"

    def __init__(self, place: Place, data: Data) -> None:
        """Make the engine."""
        self.engine = engine_for(place)
        self.reading = self.engine.execution_options(**READ)

    def move(self, deal_id: int, stage: str, actor: Actor) -> None:
        """Five statements in one transaction."""
        with self.engine.begin() as connection:
            target = connection.execute(STAGE, {"code": stage}).one_or_none()
            found = connection.execute(LOCK, {"deal": deal_id}).one_or_none()
            check(found, target, actor)
            assert found is not None
            assert target is not None
            moment = now(self.engine)
            values = {"deal": deal_id, "seen": found.version, "to": target.id, "now": moment}
            if connection.execute(UPDATE, values).rowcount != 1:
                raise Refused("changed meanwhile")
            connection.execute(HISTORY, history_values(deal_id, found.stage_id, target.id, actor, moment))
            connection.execute(FOLLOW_UP, follow_up_values(deal_id, found.owner_id, stage, moment))

    def page(self, actor: Actor, before: int) -> Sequence[Mapping[str, Any]]:
        """One statement, rows as dicts."""
        with self.reading.connect() as connection:
            rows = connection.execute(PAGE_OF, {"owner": actor.id, "before": before})
            return [dict(row) for row in rows.mappings()]

    def counts(self) -> Counts:
        """The rows."""
        return counts(self.engine)


def check(found: Any, target: Any, actor: Actor) -> None:
    """The four checks, on rows."""
    if found is None or target is None or found.archived_at is not None:
        raise Refused("no such deal or stage")
    if found.owner_id != actor.id:
        raise Refused("not yours")
    if target.id not in MOVES[found.stage_id]:
        raise Refused("not from here")
    if target.needs_amount and found.amount is None:
        raise Refused("amount is missing")


def history_values(deal_id: int, from_stage: int, to_stage: int, actor: Actor, moment: Any) -> dict[str, Any]:
    """The row of the stage history."""
    return {
        "deal_id": deal_id,
        "from_stage_id": from_stage,
        "to_stage_id": to_stage,
        "actor_id": actor.id,
        "at": moment,
    }


def follow_up_values(deal_id: int, owner_id: int, stage: str, moment: Any) -> dict[str, Any]:
    """The row of the follow-up, due tomorrow."""
    return {
        "deal_id": deal_id,
        "owner_id": owner_id,
        "text": f"Call about {stage}",
        "due_at": moment + timedelta(days=1),
        "created_at": moment,
    }
