"""Roles to start from, and the matrix of who may do what."""

from __future__ import annotations

import fnmatch
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Crm, Invalid, NotFound, Problem, Role, Text, Uow, _, command, hookimpl, route

from .asked import key_of, person, read, whole
from .entities import StoredRole, User, UserRole
from .guard import demand_reach, gives, listed
from .people import actor_of
from .permissions import ADMINISTER, MATRIX, require_administrator

if t.TYPE_CHECKING:
    from starlette.requests import Request


# Everybody sees the organisation and looks after their own data; a password, a session and a token are one's own anyway.
ONESELF = ("accounts.user.login", "accounts.user.active", "accounts.user.team_id", "accounts.user.manager_id", "accounts.user.owner_id")
USUAL = {
    "manager": _("Manager", ru="Менеджер"), "operator": _("Call-centre operator", ru="Оператор колл-центра"),
    "dealer_manager": _("Dealer's manager", ru="Менеджер дилера"), "cashier": _("Cashier", ru="Кассир"), "marketer": _("Marketer", ru="Маркетолог"),
}  # fmt: skip
# Who leads invites people into their own teams, with roles that reach no further than their own.
LEADS = dict.fromkeys(
    ("accounts.delegation.*", "accounts.invite", "accounts.user.create", "accounts.user_role.create", "accounts.membership.create"), "below")


@hookimpl
def crm_role_offers(crm: Crm) -> t.Iterable[Role]:
    """Offer the administrator, and what people may do about people."""
    everybody: dict[str, t.Any] = {
        "accounts.user.read": "all", "accounts.user.change": "own", "accounts.team.read": "all", "accounts.membership.read": "all",
        "accounts.delegation.*": "own",
    }  # fmt: skip
    yield Role("everybody", everybody, read_only=ONESELF)
    yield Role("administrator", {"*": "all"}, label=_("Administrator", ru="Администратор"))
    yield Role("director", {"accounts.*.read": "all", "accounts.matrix": "all", "crmkit.*": "all"}, label=_("Director", ru="Директор"))
    yield Role("team_lead", {**LEADS, "crmkit.export": "all"}, label=_("Team lead", ru="Руководитель отдела"))
    for name, label in USUAL.items():
        yield Role(name, {}, label=label)
    yield Role("dealer_head", LEADS, label=_("Head of a dealer", ru="Руководитель дилера"))


def offered(crm: Crm) -> list[Role]:
    """Return the roles to start from: the offers of all plugins, those of one name joined, everybody's in each."""
    answers = [role for answer in crm.hook.crm_role_offers(crm=crm) for role in answer or ()]
    common = [r for r in answers if r.name == "everybody"]
    names = dict.fromkeys(r.name for r in answers if r.name != "everybody")
    return [_joined(crm, name, [*(r for r in answers if r.name == name), *(() if name == "administrator" else common)]) for name in names]


def _joined(crm: Crm, name: str, offers: list[Role]) -> Role:
    grants: dict[str, list[t.Any]] = {}
    for offer in offers:
        for pattern, scopes in offer.grants.items():
            if fnmatch.filter(crm.permissions, pattern):
                there = grants.setdefault(pattern, [])
                there += [s for s in listed(scopes) if s not in there]
    label = next((r.label for r in offers if r.label), Text(name.replace("_", " ").capitalize()))
    fields = {which: tuple(dict.fromkeys(f for r in offers for f in getattr(r, which) if _exists(crm, f))) for which in ("hidden", "read_only")}
    kept = {p: "all" if "all" in s else s[0] if len(s) == 1 else s for p, s in grants.items()}
    return Role(name, kept, fields["hidden"], fields["read_only"], label)


def seed(uow: Uow) -> list[str]:
    """Add the roles to start from that are not there yet and return their names. What somebody has edited stays as it is."""
    there = set(uow.connection.execute(sa.select(StoredRole.__table__.c.name)).scalars())
    made = [role for role in offered(uow.crm) if role.name not in there and role.grants]
    for role in made:
        uow.add(StoredRole(
            name=role.name, label=str(role.label), label_ru=role.label.to("ru"), grants=dict(role.grants), hidden=list(role.hidden),
            read_only=list(role.read_only)))  # fmt: skip
    uow.flush()
    return [role.name for role in made]


def _exists(crm: Crm, field: str) -> bool:
    kind, _dot, name = field.rpartition(".")
    return kind in crm.kinds and name in crm.kinds[kind].fields


@command(_("Add the roles to start from", ru="Добавить начальные роли"), permission=ADMINISTER)
def seed_roles(uow: Uow) -> list[str]:
    """Add the usual roles (director, team lead, manager, operator …) that are not there yet, for what this CRM has."""
    return seed(uow)


# ---- who holds what ---------------------------------------------------------------------------------------------------------
@attrs.frozen
class Names:
    """Names of roles."""

    roles: list[str]


@route("/users/{id}/roles", permission=ADMINISTER, methods=["PUT"])
def set_roles(request: Request, uow: Uow) -> t.Any:
    """Give somebody exactly these roles."""
    asked = read(request, Names)
    user = hand_out(uow, key_of(request), asked.roles)
    return {"id": user.id, "roles": sorted(set(asked.roles))}


def hand_out(uow: Uow, key: int, names: t.Iterable[str]) -> User:
    """Give a person exactly these roles, as an administrator who may do as much as they, and return the person."""
    require_administrator(uow)
    user = person(uow, key)
    demand_reach(uow, user.id)
    give(uow, user.id, names)
    return user


def give(uow: Uow, user: int, names: t.Iterable[str]) -> None:
    """Let somebody hold exactly these roles; `Invalid` names those that are not there."""
    c = StoredRole.__table__.c
    wanted = list(dict.fromkeys(names))
    known = dict(uow.connection.execute(sa.select(c.name, c.id).where(c.name.in_(wanted), c.archived_at.is_(None))).all())
    no_role = _("there is no role {name}", ru="нет роли {name}")
    missing = [Problem(f"roles.{n}", "unknown", no_role.format(name=w)) for n, w in enumerate(wanted) if w not in known]
    if missing:
        raise Invalid(problems=missing)
    with uow.as_system():
        held = uow.find(UserRole).where(UserRole.user_id == user).archived(only=False).all()
    keys = set(known.values())
    for one in held:
        if one.archived_at is None and one.role_id not in keys:
            uow.archive(one)
        elif one.archived_at is not None and one.role_id in keys and not any(h.role_id == one.role_id and h.archived_at is None for h in held):
            uow.restore(one)
    for key in keys - {one.role_id for one in held}:
        uow.add(UserRole(user_id=user, role_id=key))
    uow.flush()


# ---- the matrix ---------------------------------------------------------------------------------------------------------------
def matrix(crm: Crm, words: str = "en") -> dict[str, t.Any]:
    """Return every role's scopes for every permission, grouped by entity (or plugin), with labels in one language."""
    roles: dict[str, Role] = dict(sorted(crm.access.roles.items()))
    given = {name: gives(crm, role) for name, role in roles.items()}
    groups: dict[str, dict[str, t.Any]] = {}
    for name, permission in sorted(crm.permissions.items()):
        owner = name.rpartition(".")[0]
        kind = crm.kinds.get(owner)
        label = kind.label if kind is not None else _label_of(crm, owner)
        group = groups.setdefault(owner, {"key": owner, "label": _in(label, words), "entity": kind is not None, "permissions": []})
        scopes = {role: [_shown(s) for s in has[name]] for role, has in given.items() if name in has}
        group["permissions"].append({"name": name, "label": _in(permission.label or name, words), "scopes": scopes})
    heads = [{"name": n, "label": _in(r.label or n, words), "hidden": list(r.hidden), "read_only": list(r.read_only)} for n, r in roles.items()]
    return {"roles": heads, "groups": list(groups.values())}


def _label_of(crm: Crm, owner: str) -> str:
    return next((str_or_text for p in crm.plugins if p.name == owner and (str_or_text := p.label)), owner)


def _in(text: str, words: str) -> str:
    return text.to(words) if isinstance(text, Text) else text


def _shown(scope: t.Any) -> t.Any:
    return scope if isinstance(scope, str) else dict(scope)


@route("/matrix", permission=MATRIX)
def show_matrix(request: Request, uow: Uow) -> t.Any:
    """Show all roles and permissions with their scopes."""
    return matrix(uow.crm, uow.language)


@route("/why", permission=MATRIX)
def why(request: Request, uow: Uow) -> t.Any:
    """Say why a person may or may not see a record: ``?user=7&kind=sales.deal&id=3``."""
    uow.require("crmkit.explain")
    asked = request.query_params
    missing = [Problem(n, "required", _("required", ru="обязательный параметр")) for n in ("user", "kind", "id") if not asked.get(n)]
    if missing or asked["kind"] not in uow.crm.kinds:
        raise Invalid(problems=missing or [Problem("kind", "unknown", _("there is no such entity", ru="нет такой сущности"))])
    kind, user, words = uow.crm.kinds[asked["kind"]], person(uow, whole(asked["user"], "user")), uow.language
    uow.require(kind.permission("read"))
    record = uow.get(kind.cls, whole(asked["id"], "id"))
    actor = actor_of(uow.crm, user.id)
    if actor is None:
        raise NotFound(_("This person may not sign in, so they see nothing", ru="Этому сотруднику вход запрещён, поэтому он ничего не видит"))
    found = uow.crm.explain(actor, record)
    return {
        "user": user.id, "roles": list(actor.roles), "teams": list(actor.teams), "acts_for": list(actor.acts_for), "may": found.may,
        "reasons": [attrs.asdict(r) for r in found.reasons], "hidden": list(found.hidden), "read_only": list(found.read_only),
        "sentences": [_in(s, words) for s in found.sentences],
    }  # fmt: skip


__all__ = ["give", "listed", "matrix", "offered", "seed"]
