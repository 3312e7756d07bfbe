"""Who learns, who may give them something, and what people are called."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from crmkit import Uow

from ..entities import Worker
from ..roles import COACH


def people(uow: Uow, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of people of this CRM; ``№ 5`` where nobody knows one."""
    wanted = sorted({key for key in ids if key is not None})
    known = dict(uow.crm.hook.crm_names(crm=uow.crm, of="person", ids=wanted) or {}) if wanted and "crm_names" in uow.crm.hooked else {}
    return {key: known.get(key) or f"№ {key}" for key in wanted}


def worker_of(uow: Uow, user: int | None) -> Worker | None:
    """Return a person of this CRM as one whose work is measured, or None."""
    if user is None:
        return None
    with uow.as_system():
        return uow.find(Worker).where(Worker.user_id == user).first()


def workers_of(uow: Uow, users: Iterable[int | None]) -> dict[int, int]:
    """Return the workers of people, by the people's ids."""
    w = Worker.__table__.c
    wanted = sorted({user for user in users if user is not None})
    rows = uow.connection.execute(sa.select(w.user_id, w.id).where(w.user_id.in_(wanted), w.archived_at.is_(None))) if wanted else ()
    return {row[0]: row[1] for row in rows}


def may_coach(uow: Uow, worker: Worker) -> bool:
    """True when the actor may give this colleague a course."""
    if uow.elevated:
        return True
    if not uow.may(COACH):
        return False
    actor, scopes = uow.actor, {s for s in uow.crm.access.scopes(uow.actor, COACH.name) if isinstance(s, str)}
    if "all" in scopes:
        return True
    if scopes & {"own", "team", "below"} and worker.user_id is not None and worker.user_id in (actor.id, *actor.acts_for):
        return True
    teams = set(actor.teams) if scopes & {"team", "below"} else set()
    if "below" in scopes:
        teams |= set(uow.crm.teams_below(actor.teams))
    return worker.team_id is not None and worker.team_id in teams


__all__ = ["may_coach", "people", "worker_of", "workers_of"]
