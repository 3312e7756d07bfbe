"""Whom somebody supervises: the people and teams within the scope of a permission."""

from __future__ import annotations

import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Permission, Uow
from crmkit_sales import Assignee

from .tables import desks


@attrs.frozen
class Reach:
    """The people somebody may look at. Nobody, unless a role says otherwise."""

    everybody: bool = False
    people: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()

    def where(self, person: t.Any, team: t.Any) -> sa.ColumnElement[bool]:
        """Return the condition that a row, with its columns of person and team, is about one of them."""
        if self.everybody:
            return sa.true()
        ways = [person.in_(sorted(self.people))] if self.people else []
        ways += [team.in_(sorted(self.teams))] if self.teams else []
        return sa.or_(sa.false(), *ways)

    def holds(self, person: int | None, teams: t.Iterable[int | None]) -> bool:
        """True when a person of some teams is one of them."""
        return self.everybody or person in self.people or not self.teams.isdisjoint(x for x in teams if x is not None)


def reach_of(uow: Uow, permission: Permission) -> Reach:
    """Return whom the actor's roles give a permission for: ``own``, ``team``, ``below`` or ``all``; a filter of records says nothing of people."""
    if uow.elevated:
        return Reach(everybody=True)
    if not uow.may(permission):
        return Reach()
    actor = uow.actor
    scopes = {s for s in uow.crm.access.scopes(actor, permission.name) if isinstance(s, str)}
    if "all" in scopes:
        return Reach(everybody=True)
    me = {actor.id, *actor.acts_for} - {None} if scopes & {"own", "team", "below"} else set()
    teams = set(actor.teams) if scopes & {"team", "below"} else set()
    if "below" in scopes:
        teams |= set(uow.crm.teams_below(actor.teams))
    return Reach(people=frozenset(t.cast("set[int]", me)), teams=frozenset(teams))


def teams_of(uow: Uow, person: int) -> tuple[int, ...]:
    """Return the teams of somebody who may work: those of their desk, of who takes leads, and of their account."""
    a = Assignee.__table__.c
    at_desk = sa.select(desks.c.team_id).where(desks.c.user_id == person)
    known = [row[0] for row in uow.connection.execute(sa.union(at_desk, sa.select(a.team_id).where(a.user_id == person)))]
    actor = uow.crm.hook.crm_person(crm=uow.crm, id=person) if "crm_person" in uow.crm.hooked else None
    return tuple(dict.fromkeys([*(x for x in known if x is not None), *(actor.teams if actor is not None else ())]))
