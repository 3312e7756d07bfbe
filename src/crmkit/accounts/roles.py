"""Roles to start from, and the matrix of who may do what."""

from __future__ import annotations

import fnmatch
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Crm, Invalid, NotFound, Problem, Text, Uow, _, command, route

from .asked import key_of, language, person, read, whole
from .entities import StoredRole, UserRole
from .guard import demand_reach, gives, listed
from .people import actor_of
from .permissions import ADMINISTER, MATRIX

if t.TYPE_CHECKING:
    from starlette.requests import Request

    from crmkit import Role


@attrs.frozen
class Template:
    """A role to start from: grants of what is not there are left out."""

    name: str
    label: str
    label_ru: str
    grants: dict[str, str]
    read_only: tuple[str, ...] = ()


# Everybody sees the organisation and looks after their own data; a password, a session and a token are one's own anyway.
EVERYBODY = {
    "accounts.user.read": "all", "accounts.user.change": "own", "accounts.team.read": "all", "accounts.membership.read": "all",
    "accounts.delegation.*": "own", "views.*": "own",
}  # fmt: skip
ONESELF = ("accounts.user.login", "accounts.user.active", "accounts.user.team_id", "accounts.user.manager_id", "accounts.user.owner_id")
# To invite people into one's own teams, with roles that reach no further than one's own.
INVITES = {"accounts.invite": "below", "accounts.user.create": "below", "accounts.user_role.create": "below", "accounts.membership.create": "below"}
WORK = ("sales", "activities", "taskqueue", "telephony", "commerce", "messaging", "process_monitor", "prosthesis_feedback")


def _work(scope: str, *names: str) -> dict[str, str]:
    return {f"{name}.*": scope for name in names or WORK}


TEMPLATES = (
    Template("administrator", "Administrator", "Администратор", {"*": "all"}),
    Template("director", "Director", "Директор", EVERYBODY | _work("all") | {
        "accounts.role.read": "all", "accounts.user_role.read": "all", "accounts.matrix": "all", "crmkit.*": "all", "duplicates.*": "all",
        "views.*": "all"}, ONESELF),
    Template("team_lead", "Team lead", "Руководитель отдела", EVERYBODY | _work("below") | {
        "accounts.delegation.*": "below", "crmkit.export": "all"} | INVITES, ONESELF),
    Template("manager", "Manager", "Менеджер", EVERYBODY | _work("own") | {"sales.company.read": "team", "sales.contact.read": "team"}, ONESELF),
    Template("operator", "Call-centre operator", "Оператор колл-центра", EVERYBODY | {
        "sales.inquiry.*": "all", "sales.lead.read": "all", "sales.lead.create": "all", "sales.contact.read": "all", "sales.contact.create": "all",
        "sales.contact.change": "all", "sales.company.read": "all", "sales.company.create": "all", "sales.source.read": "all",
        "sales.dealer.read": "all", "sales.point_of_sale.read": "all", "activities.*": "own", "telephony.*": "own", "taskqueue.*": "own"}, ONESELF),
    Template("dealer_manager", "Dealer's manager", "Менеджер дилера", EVERYBODY | _work("team", "sales", "activities", "taskqueue"), ONESELF),
    Template("dealer_head", "Head of a dealer", "Руководитель дилера", EVERYBODY | _work("below", "sales", "activities", "taskqueue") | {
        "accounts.delegation.*": "below"} | INVITES, ONESELF),
    Template("cashier", "Cashier", "Кассир", EVERYBODY | {
        "sales.deal.read": "team", "sales.contact.read": "team", "sales.company.read": "team", "commerce.payment.*": "team",
        "commerce.order.read": "team"}, ONESELF),
    Template("marketer", "Marketer", "Маркетолог", EVERYBODY | {
        "sales.*.read": "all", "sales.source.*": "all", "crmkit.export": "all"}, ONESELF),
)  # fmt: skip


def seed(uow: Uow) -> list[str]:
    """Add the roles to start from that are not there yet and return their names. What somebody has edited stays as it is."""
    crm = uow.crm
    there = set(uow.connection.execute(sa.select(StoredRole.__table__.c.name)).scalars())
    made = []
    for template in TEMPLATES:
        grants = {p: s for p, s in template.grants.items() if fnmatch.filter(crm.permissions, p)}
        if template.name not in there and grants:
            limits = [f for f in template.read_only if _exists(crm, f)]
            uow.add(StoredRole(name=template.name, label=template.label, label_ru=template.label_ru, grants=dict(grants), read_only=limits))
            made.append(template.name)
    uow.flush()
    return made


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
    asked, user = read(request, Names), person(uow, key_of(request))
    demand_reach(uow, user.id)
    give(uow, user.id, asked.roles)
    return {"id": user.id, "roles": sorted(set(asked.roles))}


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
    return matrix(uow.crm, language(request, uow))


@route("/why", permission=MATRIX)
def why(request: Request, uow: Uow) -> t.Any:
    """Say why a person may or may not see a record: ``?user=7&kind=sales.deal&id=3``."""
    uow.require("crmkit.explain")
    asked = request.query_params
    missing = [Problem(n, "required", _("required", ru="обязательный параметр")) for n in ("user", "kind", "id") if not asked.get(n)]
    if missing or asked["kind"] not in uow.crm.kinds:
        raise Invalid(problems=missing or [Problem("kind", "unknown", _("there is no such entity", ru="нет такой сущности"))])
    kind, user, words = uow.crm.kinds[asked["kind"]], person(uow, whole(asked["user"], "user")), language(request, uow)
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


__all__ = ["TEMPLATES", "give", "listed", "matrix", "seed"]
