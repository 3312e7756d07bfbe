"""Nobody gives away more than they hold, and somebody can always administer: checked on every way in (API, import, undo …)."""

from __future__ import annotations

import fnmatch
import typing as t
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from crmkit import Actor, Entity, Forbidden, Problem, Role, Uow, _, hookimpl

from .entities import Delegation, Membership, StoredRole, Team, User, UserRole
from .people import as_role
from .permissions import ADMINISTER

if t.TYPE_CHECKING:
    from crmkit import Crm

RANK = {"own": 1, "team": 2, "below": 3}
MORE = _("grants {permission} in the scope {scope}, which you do not hold yourself",
    ru="даёт право {permission} с областью {scope}, которого нет у вас")  # fmt: skip
WIDER = _("grants {pattern}, which reaches further than your own roles; name the permissions one by one",
    ru="даёт {pattern}: это шире ваших прав; перечислите права по одному")  # fmt: skip
SHOWS = _("shows the field {field}, which you do not see yourself", ru="открывает поле {field}, которого не видите вы")
WRITES = _("lets the field {field} be written, which you may not write yourself", ru="разрешает менять поле {field}, которое не можете менять вы")
STRONGER = _("this person may do more than you ({role}): ask somebody who may do as much",
    ru="у этого сотрудника больше прав, чем у вас ({role}): обратитесь к тому, у кого их не меньше")  # fmt: skip
OUTSIDE = _("this team is outside those you may add people to", ru="в эту команду вы не можете добавлять людей")
OUTSIDE_TEAM = _("this team is outside those you may add people to, so it stays where it is",
    ru="в эту команду вы не можете добавлять людей, поэтому не можете и переносить её")  # fmt: skip

Scopes = Mapping[str, tuple[t.Any, ...]]


# ---- what a role gives ------------------------------------------------------------------------------------------------------
def gives(crm: Crm, role: Role) -> Scopes:
    """Return each permission a role grants, with the scopes."""
    found: dict[str, tuple[t.Any, ...]] = {}
    for permission in crm.permissions:
        scopes = [s for pattern, scope in role.grants.items() if fnmatch.fnmatchcase(permission, pattern) for s in listed(scope)]
        if scopes:
            found[permission] = tuple(scopes)
    return found


def listed(scope: t.Any) -> list[t.Any]:
    """Return one scope or several as a list."""
    return list(scope) if isinstance(scope, list | tuple) else [scope]


def covers(held: Iterable[t.Any], scope: t.Any) -> bool:
    """True when one of the scopes held reaches at least as far as `scope`."""
    for own in held:
        if own == "all" or own == scope:
            return True
        if isinstance(own, str) and isinstance(scope, str) and RANK.get(own, 0) >= RANK.get(scope, 9):
            return True
    return False


def own_hands(uow: Uow) -> Actor:
    """Return the actor with what is theirs alone: rights lent by somebody on leave cannot be given away."""
    actor = uow.actor
    if not actor.acts_for or actor.id is None:
        return actor
    own = set(role_names(uow, actor.id))
    return Actor(actor.id, actor.name, tuple(r for r in actor.roles if r in own), actor.teams, actor.language)


def excess(crm: Crm, actor: Actor, new: Role, old: Role | None = None) -> list[Problem]:
    """Return where a role gives more than the actor holds, leaving aside what it gave before."""
    before = gives(crm, old) if old is not None else {}
    found = []
    for permission, scopes in gives(crm, new).items():
        held = crm.access.scopes(actor, permission)
        for scope in scopes:
            if not covers(before.get(permission, ()), scope) and not covers(held, scope):
                shown = scope if isinstance(scope, str) else "…"
                found.append(Problem(f"grants.{permission}", "escalation", MORE.format(permission=permission, scope=shown)))
    known = {p for name in actor.roles if name in crm.access.roles for p in crm.access.roles[name].grants}
    for pattern in new.grants:
        if "*" in pattern and (old is None or pattern not in old.grants) and not any(fnmatch.fnmatchcase(pattern, own) for own in known):
            found.append(Problem(f"grants.{pattern}", "escalation", WIDER.format(pattern=pattern)))  # what a later plugin brings is covered too
    return [*found, *_opened(crm, actor, new, old)][:20]


def _opened(crm: Crm, actor: Actor, new: Role, old: Role | None) -> t.Iterator[Problem]:
    """Yield fields the role shows or lets write, which the actor cannot."""
    given = gives(crm, new)
    for kind in crm.kinds.values():
        secret = {n for n, f in kind.fields.items() if f.secret}
        unseen, fixed = crm.access.hidden(actor, kind) - secret, crm.access.read_only(actor, kind)
        limits = (("hidden", SHOWS, "read", unseen), ("read_only", WRITES, "change", fixed))
        for name, words, action, closed in limits:
            if not closed or kind.permission(action) not in given:
                continue
            for field in sorted(closed):
                dotted = f"{kind.key}.{field}"
                if not _named(getattr(new, name), dotted) and (old is None or _named(getattr(old, name), dotted)):
                    yield Problem(name, "escalation", words.format(field=dotted))


def _named(patterns: Iterable[str], dotted: str) -> bool:
    return any(fnmatch.fnmatchcase(dotted, p) for p in patterns)


# ---- people -----------------------------------------------------------------------------------------------------------------
def role_names(uow: Uow, person: int) -> list[str]:
    """Return the names of a person's own roles, as this transaction sees them."""
    return [name for name, *_rest in _roles(uow, person)]


def _roles(uow: Uow, person: int) -> list[t.Any]:
    c, h = StoredRole.__table__.c, UserRole.__table__.c
    found = sa.select(c.name, c.grants, c.hidden, c.read_only, c.label, c.label_ru).join(UserRole.__table__, h.role_id == c.id)
    return list(uow.connection.execute(found.where(h.user_id == person, h.archived_at.is_(None), c.archived_at.is_(None))))


def stronger(uow: Uow, person: int) -> str | None:
    """Return the role by which a person may do more than the actor, or None; roles lent to them count as well."""
    if uow.actor.system or uow.elevated or uow.actor.id == person:
        return None
    actor = own_hands(uow)
    rows = (row for one in (person, *_lenders(uow, person)) for row in _roles(uow, one))
    return next((row[0] for row in rows if excess(uow.crm, actor, as_role(*row))), None)


def _lenders(uow: Uow, person: int) -> list[int]:
    """Return whose roles a person has, or will have, for as long as they stand in."""
    c, today = Delegation.__table__.c, uow.now.astimezone(uow.crm.zone).date()
    lent = (c.to_user_id == person, c.with_roles, c.archived_at.is_(None), c.ends_on >= today)
    return list(uow.connection.execute(sa.select(c.from_user_id).where(*lent)).scalars())


def demand_reach(uow: Uow, person: int) -> None:
    """Raise `Forbidden` when a person may do more than the actor: whoever sets their password could do it too."""
    role = stronger(uow, person)
    if role is not None:
        raise Forbidden(STRONGER.format(role=role))


def may_fill(uow: Uow, team: int | None) -> bool:
    """True when the actor may add people to a team, as far as their grant of memberships reaches."""
    actor = uow.actor
    scopes = uow.crm.access.scopes(actor, "accounts.membership.create")
    if team is None or "all" in scopes:
        return True
    if "below" in scopes:
        return team in uow.crm.teams_below(actor.teams)
    return "team" in scopes and team in actor.teams


def is_new(record: Entity) -> bool:
    """True for a record that was never saved."""
    return t.cast("int | None", record.id) is None


# ---- the check --------------------------------------------------------------------------------------------------------------
@hookimpl
def crm_check(
    record: StoredRole | UserRole | User | Team | Membership | Delegation, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow
) -> list[Problem] | None:
    """Refuse to give away what the actor does not hold. The system, and automations, are not asked."""
    check = _CHECKS.get(type(record))
    if check is None or uow.actor.system or uow.elevated:
        return None
    return list(check(record, changes, uow))


def _check_role(record: StoredRole, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow) -> Iterable[Problem]:
    if not changes.keys() & {"grants", "hidden", "read_only", "archived_at", "name"} or record.archived_at is not None:
        return ()
    values = {n: getattr(record, n) for n in ("name", "grants", "hidden", "read_only", "label", "label_ru")}
    old = None
    if not is_new(record) and "archived_at" not in changes and "name" not in changes:
        old = as_role(**{n: changes[n][0] if n in changes else v for n, v in values.items()})
    return excess(uow.crm, own_hands(uow), as_role(**values), old) if all(isinstance(values[n], k) for n, k in _SHAPES) else ()


_SHAPES: tuple[tuple[str, type], ...] = (("grants", dict), ("hidden", list), ("read_only", list))


def _check_user_role(record: UserRole, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow) -> Iterable[Problem]:
    stored = uow.peek(StoredRole, record.role_id) if record.archived_at is None else None
    if stored is None:
        return ()
    role = as_role(stored.name, stored.grants, stored.hidden, stored.read_only, stored.label, stored.label_ru)
    return [Problem("role_id", p.code, p.message) for p in excess(uow.crm, own_hands(uow), role)]


def _check_user(record: User, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow) -> Iterable[Problem]:
    if "team_id" in changes and not may_fill(uow, record.team_id):
        yield Problem("team_id", "escalation", OUTSIDE)
    if not is_new(record) and changes.keys() & {"login", "active", "archived_at"}:
        role = stronger(uow, record.id)
        if role is not None:
            yield Problem(next(iter(changes.keys() & {"login", "active", "archived_at"})), "escalation", STRONGER.format(role=role))


def _check_team(record: Team, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow) -> Iterable[Problem]:
    """Who moves a team below their own sees its rows from then on: as if they had joined it."""
    if "parent_id" in changes and not is_new(record) and not may_fill(uow, record.id):
        yield Problem("parent_id", "escalation", OUTSIDE_TEAM)


def _check_membership(record: Membership, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow) -> Iterable[Problem]:
    if record.archived_at is None and not may_fill(uow, record.team_id):
        yield Problem("team_id", "escalation", OUTSIDE)


def _check_delegation(record: Delegation, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow) -> Iterable[Problem]:
    if record.archived_at is None:
        role = stronger(uow, record.from_user_id)
        administers = "all" in uow.crm.access.scopes(own_hands(uow), ADMINISTER.name)
        if role is not None or (record.from_user_id != uow.actor.id and not administers):
            yield Problem("from_user_id", "escalation", STRONGER.format(role=role or ADMINISTER.label))


_CHECKS: dict[type, t.Callable[[t.Any, Mapping[str, tuple[t.Any, t.Any]], Uow], Iterable[Problem]]] = {
    StoredRole: _check_role, UserRole: _check_user_role, User: _check_user, Team: _check_team, Membership: _check_membership,
    Delegation: _check_delegation,
}  # fmt: skip
