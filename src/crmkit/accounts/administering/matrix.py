"""The matrix of rights: entities and what can be done with them down, roles across, scopes as short words."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import attrs
import sqlalchemy as sa

from crmkit import Role, Uow, _
from crmkit.ui import Menu, View, Visit, page

from ..entities import StoredRole, User, UserRole
from ..guard import gives
from ..permissions import MATRIX
from . import words
from .people import ORGANISATION
from .rights import Group, Right, groups_of, named_scopes, widest


@attrs.frozen
class Head:
    """A role at the top of its column."""

    name: str
    label: str
    id: int | None
    """None for a role of the settings file."""
    people: int
    role: Role


@attrs.frozen
class Row:
    """One right with every role's scopes."""

    right: Right
    scopes: Mapping[str, list[t.Any]]


@attrs.frozen
class Block:
    """The rows of one entity, and how many of its fields each role hides or locks."""

    group: Group
    rows: list[Row]
    hidden: Mapping[str, int]
    fixed: Mapping[str, int]


@page("/roles", label=_("Roles and rights", ru="Роли и права"), permission=MATRIX, menu=Menu(icon="key-round", section=ORGANISATION, order=30))
def matrix_page(visit: Visit, uow: Uow) -> View:
    """GET /accounts/roles?plugin=sales&role=manager: the matrix; on a phone the column of one role."""
    heads = heads_of(visit, uow)
    groups = groups_of(visit, uow)
    plugins = [(key, visit.say(_plugin(uow, key))) for key in dict.fromkeys(g.plugin for g in groups)]
    plugin = visit.query.get("plugin", "")
    chosen = next((h for h in heads if h.name == visit.query.get("role", "")), heads[0] if heads else None)
    blocks = _blocks(uow, [g for g in groups if g.plugin == plugin] or groups, heads)
    return View(
        "admin/matrix.html", a=words, heads=heads, blocks=blocks, plugins=plugins, only=plugin, chosen=chosen,
        named=named_scopes(visit), strip=[*filter(None, [chosen]), *(h for h in heads if h is not chosen)],
        may_add=uow.may("accounts.role.create"), may_ask_why=uow.may("crmkit.explain"), may_people=uow.may("accounts.user_role.read"),
    )  # fmt: skip


def _plugin(uow: Uow, key: str) -> str:
    return words.system if key == "crmkit" else next((p.label or p.name for p in uow.crm.plugins if p.name == key), key)


def heads_of(visit: Visit, uow: Uow) -> list[Head]:
    """Return all roles by label, those of the settings file too, each with how many people hold it."""
    c, h, u = StoredRole.__table__.c, UserRole.__table__.c, User.__table__.c
    keys: dict[str, int] = dict(uow.connection.execute(sa.select(c.name, c.id).where(c.archived_at.is_(None))).all())
    active = sa.and_(u.id == h.user_id, u.active, u.archived_at.is_(None))
    counted = sa.select(h.role_id, sa.func.count(sa.distinct(h.user_id))).join(User.__table__, active).where(h.archived_at.is_(None))
    people: dict[int, int] = dict(uow.connection.execute(counted.group_by(h.role_id)).all())
    found = []
    for name, role in uow.crm.access.roles.items():
        key = keys.get(name)
        found.append(Head(name, visit.say(role.label or name), key, people.get(key, 0) if key is not None else 0, role))
    return sorted(found, key=lambda head: (-len(gives(uow.crm, head.role)), head.label))


def _blocks(uow: Uow, groups: list[Group], heads: list[Head]) -> list[Block]:
    given = {head.name: gives(uow.crm, head.role) for head in heads}
    found = []
    for group in groups:
        rows = [Row(r, {name: widest(has[r.name]) for name, has in given.items() if r.name in has}) for r in group.rights]
        kind = uow.crm.kinds.get(group.key)
        fields = [f"{group.key}.{name}" for name in kind.fields if not kind.fields[name].secret] if kind is not None else []
        hidden, fixed = ({h.name: _named(getattr(h.role, which), fields) for h in heads} for which in ("hidden", "read_only"))
        found.append(Block(group, rows, hidden, fixed))
    return found


def _named(patterns: tuple[str, ...], fields: list[str]) -> int:
    import fnmatch

    return sum(1 for field in fields if any(fnmatch.fnmatchcase(field, p) for p in patterns))
