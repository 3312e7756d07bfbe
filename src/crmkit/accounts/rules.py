"""What must hold of people, roles and teams whoever writes them, and what a change of them brings with it."""

from __future__ import annotations

import fnmatch
import typing as t
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from crmkit import Archived, Changed, Conflict, Created, Crm, Entity, Invalid, Kind, Problem, Role, Undone, Uow, _, hookimpl, on

from .entities import KEPT, Attempt, Delegation, Handshake, Identity, Link, Membership, Session, StoredRole, Team, Token, User, UserRole
from .guard import is_new, listed
from .permissions import ADMINISTER

OBJECT = _("expected an object of permissions and scopes", ru="ожидается объект: право и область")
FIELDS = _("expected a list of fields", ru="ожидается список полей")
CIRCLE = _("would stand above itself", ru="окажется выше самой себя")
CIRCLE_OF_PEOPLE = _("would be their own manager", ru="окажется своим же руководителем")
KEPT_HERE = _("kept by the system and not for writing", ru="заполняется системой")
TWICE = _("holds this role already", ru="уже есть эта роль")
MEMBER = _("belongs to this team already", ru="уже состоит в этой команде")
ENDS_FIRST = _("must not be before the first day", ru="не раньше первого дня")
ONESELF = _("nobody stands in for themselves", ru="нельзя замещать самого себя")
LAST = _("Nobody would be left who may administer people and roles: give the role to somebody else first",
    ru="Не останется никого, кто управляет сотрудниками и ролями: сначала передайте роль другому")  # fmt: skip
NO_MERGE = _("People, teams and roles, and what signing in leaves, are not merged: archive the one that is not needed",
    ru="Сотрудников, команды, роли и всё, что связано со входом, не объединяют: уберите лишнее в архив")  # fmt: skip
Changes = Mapping[str, tuple[t.Any, t.Any]]
Known = StoredRole | Team | User | UserRole | Membership | Delegation | Session | Token | Link | Attempt | Identity | Handshake


@hookimpl
def crm_check(record: Known, changes: Changes, uow: Uow) -> list[Problem] | None:
    """Find what cannot be."""
    if isinstance(record, KEPT):
        return None if uow.elevated or uow.actor.system else [Problem(n, "generated", KEPT_HERE) for n in sorted(changes)[:1] or [""]]
    check = _CHECKS.get(type(record))
    return list(check(record, changes, uow)) if check is not None else None


@hookimpl
def crm_merge(kind: Kind, winner: Entity, loser: Entity, uow: Uow) -> None:
    """Refuse what would give somebody the roles, sessions and tokens of another."""
    if isinstance(winner, (Team, User, StoredRole, UserRole, Membership, Delegation, *KEPT)):
        raise Conflict(NO_MERGE)


# ---- roles ------------------------------------------------------------------------------------------------------------------
def _role(record: StoredRole, changes: Changes, uow: Uow) -> Iterable[Problem]:
    """Refuse grants of what does not exist, each under its own path: ``grants.sales.dael.*``."""
    if "grants" in changes:
        yield from _grants(uow.crm, record.grants)
    for name in ("hidden", "read_only"):
        if name in changes:
            yield from _limited(uow.crm, name, getattr(record, name))


def problems_of(crm: Crm, grants: Mapping[str, t.Any], hidden: t.Any, read_only: t.Any) -> list[Problem]:
    """Return what is wrong with a role before it is saved."""
    return [*_grants(crm, grants), *_limited(crm, "hidden", hidden), *_limited(crm, "read_only", read_only)]


def _grants(crm: Crm, grants: Mapping[str, t.Any]) -> Iterable[Problem]:
    for pattern, scope in grants.items():
        shaped = all(isinstance(s, str | dict) for s in listed(scope)) and listed(scope)
        said = crm.access.problems(crm.permissions, [Role("", {pattern: scope})]) if shaped else [OBJECT]
        yield from (Problem(f"grants.{pattern}", "unknown", _bare(s)) for s in said)


def _limited(crm: Crm, name: str, fields: t.Any) -> Iterable[Problem]:
    if not (isinstance(fields, list | tuple) and all(isinstance(f, str) for f in fields)):
        yield Problem(name, "invalid", FIELDS)
        return
    for place, field in enumerate(fields):
        said = crm.access.problems(crm.permissions, [Role("", {}, hidden=(field,))])
        yield from (Problem(f"{name}.{place}", "unknown", _bare(s)) for s in said)


def _bare(sentence: str) -> str:
    """Take the role's empty name out of the kernel's sentence."""
    return sentence.removeprefix("role '' ").removeprefix("role '', ") if type(sentence) is str else sentence


# ---- people and teams -------------------------------------------------------------------------------------------------------
def _team(record: Team, changes: Changes, uow: Uow) -> Iterable[Problem]:
    if "parent_id" in changes and not is_new(record) and _circles(uow, Team.__table__, "parent_id", record.id, record.parent_id):
        yield Problem("parent_id", "circle", CIRCLE)


def _user(record: User, changes: Changes, uow: Uow) -> Iterable[Problem]:
    if "manager_id" in changes and not is_new(record) and _circles(uow, User.__table__, "manager_id", record.id, record.manager_id):
        yield Problem("manager_id", "circle", CIRCLE_OF_PEOPLE)


def _circles(uow: Uow, table: sa.Table, column: str, key: int, above: int | None) -> bool:
    """True when going up from `above` leads back to `key`. The rows are held, so that two moves at once cannot close a circle."""
    if above is None:
        return False
    rows = uow.connection.execute(sa.select(table.c.id, table.c[column]).order_by(table.c.id).with_for_update())
    tree = {row[0]: row[1] for row in rows}
    seen = set[int]()
    while above is not None and above not in seen:
        if above == key:
            return True
        seen.add(above)
        above = tree.get(above)
    return False


def _user_role(record: UserRole, changes: Changes, uow: Uow) -> Iterable[Problem]:
    if record.archived_at is None and _doubled(uow, UserRole.__table__, record, "role_id"):
        yield Problem("role_id", "taken", TWICE)


def _membership(record: Membership, changes: Changes, uow: Uow) -> Iterable[Problem]:
    if record.team_id is None or uow.peek(Team, record.team_id) is None:
        yield Problem("team_id", "reference", _("no such team", ru="нет такой команды"))
    elif record.archived_at is None and _doubled(uow, Membership.__table__, record, "team_id"):
        yield Problem("team_id", "taken", MEMBER)


def _doubled(uow: Uow, table: sa.Table, record: t.Any, column: str) -> bool:
    c = table.c
    same = (c.user_id == record.user_id, c[column] == getattr(record, column), c.archived_at.is_(None), c.id != (record.id or 0))
    return uow.connection.execute(sa.select(c.id).where(*same)).first() is not None


def _delegation(record: Delegation, changes: Changes, uow: Uow) -> Iterable[Problem]:
    if record.ends_on < record.starts_on:
        yield Problem("ends_on", "invalid", ENDS_FIRST)
    if record.from_user_id == record.to_user_id:
        yield Problem("to_user_id", "invalid", ONESELF)


_CHECKS: dict[type, t.Callable[[t.Any, Changes, Uow], Iterable[Problem]]] = {
    StoredRole: _role, Team: _team, User: _user, UserRole: _user_role, Membership: _membership, Delegation: _delegation,
}  # fmt: skip


# ---- what follows from a change -----------------------------------------------------------------------------------------------
@on(Created[User])
def belong_to_oneself(event: Created[User], uow: Uow) -> None:
    """A person's row is their own, whoever made it."""
    event.record.owner_id = event.record.id


@on(Created[Delegation])
def belong_to_who_is_away(event: Created[Delegation], uow: Uow) -> None:
    """A delegation belongs to whoever is away."""
    event.record.owner_id = event.record.from_user_id


@on(Created[Membership])
def belong_to_the_member(event: Created[Membership], uow: Uow) -> None:
    """A membership belongs to the member."""
    event.record.owner_id = event.record.user_id


@on(Changed[User], fields=["active", "login", "password_hash"])
@on(Archived[User])
def end_their_sessions(event: Changed[User] | Archived[User], uow: Uow) -> None:
    """Whoever may no longer sign in is signed out at once; a new login ends what was begun with the old one."""
    if isinstance(event, Archived) or not event.record.active or "login" in event.changes:
        _sign_out(uow, event.record)


def _sign_out(uow: Uow, person: User) -> None:
    c = Session.__table__.c
    uow.connection.execute(Session.__table__.update().where(c.user_id == person.id, c.ended_at.is_(None)).values(ended_at=uow.now))


# ---- somebody can always administer -------------------------------------------------------------------------------------------
def administers(grants: t.Any) -> bool:
    """True when a role's grants make an administrator."""
    if not isinstance(grants, Mapping):
        return False
    return any(fnmatch.fnmatchcase(ADMINISTER.name, pattern) and "all" in listed(scope) for pattern, scope in grants.items())


@on(Changed[User], fields=["active"])
@on(Archived[User])
def keep_an_administrator_among_people(event: Changed[User] | Archived[User], uow: Uow) -> None:
    """Refuse to lock out the last administrator."""
    if isinstance(event, Archived) or not event.record.active:
        c, h = StoredRole.__table__.c, UserRole.__table__.c
        held = sa.select(c.grants).join(UserRole.__table__, h.role_id == c.id).where(h.user_id == event.record.id)
        if any(administers(grants) for (grants,) in uow.connection.execute(held.where(h.archived_at.is_(None), c.archived_at.is_(None)))):
            demand_administrator(uow, "active")


@on(Changed[StoredRole], fields=["grants"])
@on(Archived[StoredRole])
def keep_an_administrator_among_roles(event: Changed[StoredRole] | Archived[StoredRole], uow: Uow) -> None:
    """Refuse to take the last administrator's rights out of a role."""
    before = event.record.grants if isinstance(event, Archived) else event.changes["grants"][0]
    if administers(before) and (isinstance(event, Archived) or not administers(event.record.grants)):
        demand_administrator(uow, "grants")


@on(Changed[UserRole])
@on(Archived[UserRole])
def keep_an_administrator_among_holders(event: Changed[UserRole] | Archived[UserRole], uow: Uow) -> None:
    """Refuse to take the role from the last administrator."""
    key = event.record.role_id if isinstance(event, Archived) else event.changes.get("role_id", (event.record.role_id,))[0]
    role = uow.peek(StoredRole, key)
    if role is not None and administers(role.grants):
        demand_administrator(uow, "role_id")


@on(Undone[User])
@on(Undone[UserRole])
@on(Undone[StoredRole])
def keep_an_administrator_in_an_undo(event: Undone[User] | Undone[UserRole] | Undone[StoredRole], uow: Uow) -> None:
    """Refuse to undo what made the last administrator; whoever may no longer sign in is signed out."""
    record = event.record
    gone = event.action == "deleted" or record.archived_at is not None
    if isinstance(record, User):
        if not gone and record.active:
            return
        _sign_out(uow, record)
    if not uow.actor.system:  # the command line can always put it right, and it begins with nobody
        demand_administrator(uow, "")


def demand_administrator(uow: Uow, path: str) -> None:
    """Raise `Invalid` unless somebody who may sign in administers. Roles are held: two who go at once wait for each other."""
    uow.flush()
    c, h, u = StoredRole.__table__.c, UserRole.__table__.c, User.__table__.c
    roles = uow.connection.execute(sa.select(c.id, c.grants, c.archived_at).order_by(c.id).with_for_update())
    granting = [key for key, grants, archived_at in roles if archived_at is None and administers(grants)]
    source = UserRole.__table__.join(User.__table__, u.id == h.user_id)
    left = sa.select(h.id).select_from(source).where(h.role_id.in_(granting), h.archived_at.is_(None), u.active, u.archived_at.is_(None)).limit(1)
    if uow.connection.execute(left).first() is None:
        raise Invalid(problems=[Problem(path, "last-administrator", LAST)])
