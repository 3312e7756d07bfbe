"""SQLAlchemy Core the usual way: every call builds its statements, the engine's cache saves their compilation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from bench.peers import PAGE, Actor, Refused
from bench.peers.core_once import CoreOnce, check, follow_up_values, history_values
from bench.peers.sqlalchemy_engine import now
from bench.peers.tables import company, contact, deal, follow_up, history
from bench.peers.tables import stage as stages


class CorePerCall(CoreOnce):
    """The same statements, built in the call."""

    label: ClassVar[str] = "SQLAlchemy Core, built per call"

    def move(self, deal_id: int, stage: str, actor: Actor) -> None:
        """Five statements in one transaction."""
        with self.engine.begin() as connection:
            find = sa.select(stages.c.id, stages.c.needs_amount).where(stages.c.code == stage)
            target = connection.execute(find).one_or_none()
            columns = (deal.c.stage_id, deal.c.amount, deal.c.owner_id, deal.c.version, deal.c.archived_at)
            lock = sa.select(*columns).where(deal.c.id == deal_id).with_for_update()
            found = connection.execute(lock).one_or_none()
            check(found, target, actor)
            assert found is not None
            assert target is not None
            moment = now(self.engine)
            update = (
                sa.update(deal)
                .where(deal.c.id == deal_id, deal.c.version == found.version)
                .values(stage_id=target.id, stage_since=moment, updated_at=moment, version=deal.c.version + 1)
            )
            if connection.execute(update).rowcount != 1:
                raise Refused("changed meanwhile")
            values = history_values(deal_id, found.stage_id, target.id, actor, moment)
            connection.execute(sa.insert(history).values(**values))
            connection.execute(sa.insert(follow_up).values(**follow_up_values(deal_id, found.owner_id, stage, moment)))

    def page(self, actor: Actor, before: int) -> Sequence[Mapping[str, Any]]:
        """One statement, rows as dicts."""
        wanted = (
            sa.select(
                *(deal.c.id, deal.c.title, deal.c.amount, deal.c.currency, deal.c.stage_id, deal.c.owner_id),
                *(deal.c.created_at, deal.c.version),
                *(company.c.name.label("company"), contact.c.name.label("contact")),
            )
            .join_from(deal, company, deal.c.company_id == company.c.id, isouter=True)
            .join(contact, deal.c.contact_id == contact.c.id, isouter=True)
            .where(deal.c.owner_id == actor.id, deal.c.archived_at.is_(None), deal.c.id < before)
            .order_by(deal.c.id.desc())
            .limit(PAGE)
        )
        with self.reading.connect() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]
