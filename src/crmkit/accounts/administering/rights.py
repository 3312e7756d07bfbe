"""What roles give, put so that people can read it: entities with actions, and the rights that are about no entity."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Sequence

import attrs

from crmkit import Permission, Uow
from crmkit.ui import Visit

from ..entities import KEPT, User
from ..guard import covers
from ..people import actor_of
from . import words

ACTIONS = ("read", "create", "change", "move", "archive")
ORDER = {"own": 1, "team": 2, "below": 3, "all": 4}


@attrs.frozen
class Right:
    """One right with its short name."""

    name: str
    label: str
    action: str
    """``read``, ``create`` … for what every entity has; empty for commands and the like."""


@attrs.frozen
class Group:
    """The rights about one entity, or those of a plugin that are about none."""

    key: str
    label: str
    plugin: str
    icon: str
    entity: bool
    rights: Sequence[Right]


@attrs.frozen
class Line:
    """One entity of a person's rights: the scopes of each action, and of further rights."""

    group: Group
    actions: dict[str, list[t.Any]]
    others: list[tuple[str, list[t.Any]]]


def groups_of(visit: Visit, uow: Uow) -> list[Group]:
    """Return all rights there are, those of what people work with first; what signing in leaves behind comes last."""
    crm, site = uow.crm, visit.site
    by_owner: dict[str, list[Permission]] = {}
    for permission in crm.permissions.values():
        owner = permission.name.rpartition(".")[0]
        by_owner.setdefault(owner if owner in crm.kinds else owner.partition(".")[0], []).append(permission)
    kept = {kind.key for kind in crm.kinds.values() if kind.cls in KEPT}
    work = [kind.plugin for kind in crm.kinds.values() if site.shown(kind).section]
    order = dict.fromkeys([*work, *(p.name for p in crm.plugins if p.name != "accounts"), "accounts", "crmkit"])
    places = {name: place for place, name in enumerate(order)}
    found = []
    for owner, permissions in by_owner.items():
        kind = crm.kinds.get(owner)
        plugin = owner.partition(".")[0]
        label = kind.plural if kind is not None else _plugin_label(uow, owner)
        icon = site.shown(kind).icon if kind is not None else "blocks" if owner != "crmkit" else "settings"
        named = [Right(p.name, _label(visit, p), _action(p.name, kind is not None)) for p in permissions]
        named.sort(key=lambda r: (ACTIONS.index(r.action) if r.action else len(ACTIONS), r.label))
        found.append(Group(owner, visit.say(label), plugin, icon, kind is not None, named))
    looks = {kind.key: (not site.shown(kind).section, site.shown(kind).order) for kind in crm.kinds.values()}
    found.sort(key=lambda g: (g.key in kept, places.get(g.plugin, 0), not g.entity, looks.get(g.key, ()), g.label))
    return found


def named_scopes(visit: Visit) -> dict[str, str]:
    """Return the labels of the scopes plugins add."""
    kinds = visit.crm.kinds.values()
    return {name: visit.say(scope.label or name) for kind in kinds for name, scope in kind.scopes.items()}


def _action(name: str, entity: bool) -> str:
    last = name.rpartition(".")[2]
    return last if entity and last in ACTIONS else ""


def _label(visit: Visit, permission: Permission) -> str:
    action = permission.name.rpartition(".")[2]
    owner = permission.name.rpartition(".")[0]
    if owner in visit.crm.kinds and action in ACTIONS:
        return visit.say(words.actions[action])
    label = visit.say(permission.label or permission.name)
    return label[:1].upper() + label[1:]


def _plugin_label(uow: Uow, owner: str) -> str:
    if owner == "crmkit":
        return words.system
    return words.other_rights.format(plugin=next((p.label or p.name for p in uow.crm.plugins if p.name == owner), owner))


def widest(scopes: Iterable[t.Any]) -> list[t.Any]:
    """Return scopes without those that another one contains, the widest first."""
    found: list[t.Any] = []
    for scope in sorted(scopes, key=lambda s: -ORDER.get(s, 0) if isinstance(s, str) else 0):
        if not covers(found, scope):
            found.append(scope)
    return found


def lines_of(groups: Sequence[Group], scopes_of: Callable[[str], Iterable[t.Any]]) -> list[Line]:
    """Return what somebody holds, entity by entity; what they hold nothing of is left out."""
    found = []
    for group in groups:
        held = {right.name: widest(scopes_of(right.name)) for right in group.rights}
        if any(held.values()):
            actions = {right.action: held[right.name] for right in group.rights if right.action}
            found.append(Line(group, actions, [(r.label, held[r.name]) for r in group.rights if not r.action and held[r.name]]))
    return found


def rights_of(visit: Visit, uow: Uow, user: User) -> list[Line] | None:
    """Return what a person may do as of now, all roles together; None when they may not sign in."""
    actor = actor_of(uow.crm, user.id)
    if actor is None:
        return None
    return lines_of(groups_of(visit, uow), lambda name: uow.crm.access.scopes(actor, name))
