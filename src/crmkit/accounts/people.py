"""From a session, a token or a person to an `Actor`, in one statement; and the roles and teams the kernel asks for."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t
from collections.abc import Iterable, Mapping

import attrs
import sqlalchemy as sa

from crmkit import Actor, Message, Role, UtcDateTime, _, hookimpl

from .entities import Delegation, Membership, Session, StoredRole, Team, Token, User, UserRole
from .state import Stamp, state_of

if t.TYPE_CHECKING:
    from crmkit import Crm

user, role, team = User.__table__, StoredRole.__table__, Team.__table__
MAY_SIGN_IN = (user.c.active, user.c.archived_at.is_(None))
held, member, stands_in = UserRole.__table__, Membership.__table__, Delegation.__table__


@attrs.frozen
class Known:
    """Somebody who proved to be a person of this CRM: `key` of the session or token, and when that was last noted as used."""

    actor: Actor
    key: int
    seen_at: dt.datetime | None
    stamps: tuple[Stamp, Stamp]


# ---- one statement ----------------------------------------------------------------------------------------------------------
def _words(column: t.Any, *conditions: t.Any, source: t.Any) -> t.Any:
    """Return a subquery that lists a column's values, separated by spaces (numbers and role names hold none)."""
    listed = sa.func.aggregate_strings(sa.cast(column, sa.String), " ")
    return sa.select(listed).select_from(source).where(*conditions).correlate(user).scalar_subquery()


def _roles_of(whose: t.Any) -> tuple[t.Any, ...]:
    return (held.c.user_id == whose, held.c.archived_at.is_(None), role.c.archived_at.is_(None))


def _standing_in() -> tuple[t.Any, ...]:
    today = sa.bindparam("today", type_=sa.Date())
    away = user.alias("away")
    there = sa.exists().where(away.c.id == stands_in.c.from_user_id, away.c.active, away.c.archived_at.is_(None))
    return (
        stands_in.c.to_user_id == user.c.id, stands_in.c.archived_at.is_(None),
        stands_in.c.starts_on <= today, stands_in.c.ends_on >= today, there,
    )  # fmt: skip


def _stamp(table: sa.Table) -> tuple[t.Any, ...]:
    """Return what changes whenever a row of a small table does: every write raises a version, every new row is one more."""
    total, count, last = sa.func.coalesce(sa.func.sum(table.c.version), 0), sa.func.count(), sa.func.max(table.c.updated_at)
    return tuple(sa.select(part).select_from(table).scalar_subquery() for part in (total, count, last))


def _person() -> tuple[t.Any, ...]:
    delegated = stands_in.join(held, held.c.user_id == stands_in.c.from_user_id).join(role, role.c.id == held.c.role_id)
    return (
        user.c.id, user.c.name, user.c.language, user.c.team_id,
        _words(role.c.name, *_roles_of(user.c.id), source=held.join(role, role.c.id == held.c.role_id)),
        _words(role.c.name, *_standing_in(), stands_in.c.with_roles, *_roles_of(stands_in.c.from_user_id), source=delegated),
        _words(member.c.team_id, member.c.user_id == user.c.id, member.c.archived_at.is_(None), member.c.team_id == team.c.id,
            team.c.archived_at.is_(None), source=member.join(team, sa.true())),
        _words(stands_in.c.from_user_id, *_standing_in(), source=stands_in),
        *_stamp(role), *_stamp(team),
    )  # fmt: skip


@functools.cache
def _by_session() -> t.Any:
    c = Session.__table__.c
    now, idle = (sa.bindparam(n, type_=UtcDateTime) for n in ("now", "idle"))
    good = (c.digest == sa.bindparam("digest"), c.ended_at.is_(None), c.expires_at > now, c.seen_at > idle, *MAY_SIGN_IN)
    return sa.select(c.id, c.seen_at, sa.null(), *_person()).join_from(Session.__table__, user, user.c.id == c.user_id).where(*good)


@functools.cache
def _by_token() -> t.Any:
    c = Token.__table__.c
    now = sa.bindparam("now", type_=UtcDateTime)
    good = (c.digest == sa.bindparam("digest"), c.revoked_at.is_(None), c.expires_at > now, *MAY_SIGN_IN)
    return sa.select(c.id, c.seen_at, c.roles, *_person()).join_from(Token.__table__, user, user.c.id == c.user_id).where(*good)


@functools.cache
def _by_person() -> t.Any:
    return sa.select(user.c.id, sa.null(), sa.null(), *_person()).where(user.c.id == sa.bindparam("person"), *MAY_SIGN_IN)


@functools.cache
def _stamps() -> t.Any:
    return sa.select(*_stamp(role), *_stamp(team))


# ---- asking -----------------------------------------------------------------------------------------------------------------
def known_by(crm: Crm, way: str, value: t.Any, idle: dt.timedelta | None = None) -> Known | None:
    """Return who a session's or token's digest (or a person's number) stands for, or None."""
    statement = {"session": _by_session, "token": _by_token, "person": _by_person}[way]()
    now = crm.clock.now()
    values = {"digest" if way != "person" else "person": value, "today": now.astimezone(crm.zone).date(), "now": now}
    if idle is not None:
        values["idle"] = now - idle
    with crm.read() as uow:
        row = uow.connection.execute(statement, values).one_or_none()
    return None if row is None else _known(row)


def _known(row: t.Any) -> Known:
    key, seen_at, only, number, name, language, main, roles, delegated, teams, away, *stamps = row
    granted = {*(roles or "").split(), *(delegated or "").split()}
    granted &= granted if only is None else set(only)
    numbers = sorted(map(int, (teams or "").split()))
    ordered = dict.fromkeys([*([main] if main is not None else []), *numbers])
    acts_for = tuple(sorted({int(n) for n in (away or "").split()} - {number}))
    actor = Actor(number, name, tuple(sorted(granted)), tuple(ordered), language, acts_for=acts_for)
    return Known(actor, key, seen_at, (tuple(stamps[:3]), tuple(stamps[3:])))


def actor_of(crm: Crm, person: int) -> Actor | None:
    """Return a person as an actor, as of now: for schedules, imports and questions about them. None when they may not sign in."""
    known = known_by(crm, "person", person)
    if known is None:
        return None
    notice(crm, known.stamps)
    return known.actor


@hookimpl
def crm_person(crm: Crm, id: int) -> Actor | None:
    """Say what a person may do now: for webhooks and schedules on their behalf."""
    return actor_of(crm, id)


# ---- roles and teams --------------------------------------------------------------------------------------------------------
def notice(crm: Crm, stamps: tuple[Stamp, Stamp] | None = None) -> None:
    """Read roles and teams again if they are not what they were when last read."""
    if stamps is None:
        with crm.read() as uow:
            row = tuple(uow.connection.execute(_stamps()).one())
        stamps = row[:3], row[3:]
    state = state_of(crm)
    if state.roles != stamps[0]:
        crm.access.refresh()
        state.roles = stamps[0]
    if state.teams != stamps[1]:
        with crm.read() as uow:
            state.tree = dict(uow.connection.execute(sa.select(team.c.id, team.c.parent_id)).all())
        state.teams = stamps[1]


@hookimpl
def crm_publish(crm: Crm, messages: t.Sequence[Message]) -> None:
    """After a commit of this process: roles and teams hold at once, for callers who do not come over HTTP too."""
    if any(m.topic in ("accounts.role", "accounts.team") for m in messages):
        notice(crm)


@hookimpl
def crm_roles(crm: Crm) -> Iterable[Role] | None:
    """Hand the stored roles to the kernel; none while there are no tables yet."""
    c = role.c
    try:
        with crm.read() as uow:
            rows = uow.connection.execute(sa.select(c.name, c.grants, c.hidden, c.read_only, c.label, c.label_ru).where(c.archived_at.is_(None)))
            return [as_role(*row) for row in rows]
    except (sa.exc.OperationalError, sa.exc.ProgrammingError):
        if sa.inspect(crm.engine).has_table(role.name):
            raise
        return None


def as_role(name: str, grants: Mapping[str, t.Any], hidden: Iterable[str], read_only: Iterable[str], label: str, label_ru: str) -> Role:
    """Return a stored role as the kernel's."""
    english = label or name.replace("_", " ").capitalize()
    return Role(name, dict(grants), tuple(hidden), tuple(read_only), _(english, ru=label_ru or english))


@hookimpl
def crm_teams(crm: Crm) -> Mapping[int, int | None]:
    """Hand the tree of teams to the kernel."""
    state = state_of(crm)
    if state.tree is None:
        notice(crm)
    return state.tree or {}
