"""Names of people and teams wherever pages show whose something is, and people and teams to choose from."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Crm, Message, Uow, hookimpl

from .entities import Team, User
from .state import state_of

MOST, KEPT = 20, 5000
OF: dict[str, t.Any] = {"person": User, "team": Team}


@hookimpl
def crm_names(crm: Crm, of: str, ids: Sequence[int]) -> Mapping[int, str] | None:
    """Return names: those read a moment ago from memory, the rest by one statement."""
    cls = OF.get(of)
    if cls is None:
        return None
    names = state_of(crm).names_of(of, crm.clock.now())
    found = {key: names[key] for key in ids if key in names}
    missing = [key for key in dict.fromkeys(ids) if key not in found]
    if missing:
        c = cls.__table__.c
        with crm.read() as uow:
            read: dict[int, str] = dict(uow.connection.execute(sa.select(c.id, c.name).where(c.id.in_(missing))).all())
        if len(names) + len(read) > KEPT:
            names.clear()
        names |= read
        found |= read
    return found


@hookimpl
def crm_publish(crm: Crm, messages: Sequence[Message]) -> None:
    """Forget names when people or teams change; another process's changes are seen within a minute."""
    topics = {m.topic for m in messages}
    for of, topic in (("person", "accounts.user"), ("team", "accounts.team")):
        if topic in topics:
            state_of(crm).forget_names(of)


@hookimpl
def crm_pick(crm: Crm, uow: Uow, of: str, question: str, ids: Sequence[int] | None) -> Sequence[tuple[int, str]] | None:
    """Return people or teams the actor may see, found as by the search; to begin with oneself, one's own teams, then the rest by name."""
    cls = OF.get(of)
    if cls is None:
        return None
    found = uow.find(cls)
    if ids is not None:
        return [(row.id, row.name) for row in found.where(cls.id.in_(ids))]
    if cls is User:
        found = found.where(User.active.is_(True))
    asked = question.strip()[:100]
    if asked:
        order = [hit.id for hit in uow.search(asked, kinds=[cls], limit=MOST * 2)]
        rows = {row.id: row for row in found.where(cls.id.in_(order))} if order else {}
        return [(key, rows[key].name) for key in order if key in rows][:MOST]
    mine = list(uow.actor.teams)
    near = (cls.team_id.in_(mine) if cls is User else cls.id.in_(mine)) if mine else sa.false()
    first = sa.case((cls.id == (uow.actor.id or 0) if cls is User else sa.false(), 0), (near, 1), else_=2)
    return [(row.id, row.name) for row in found.order_by(first, cls.name, cls.id).limit(MOST)]
