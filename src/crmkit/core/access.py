"""Who may do what, and which rows they see. Default deny: what no role grants does not exist for the actor."""

from __future__ import annotations

import fnmatch
import typing as t
from collections.abc import Iterable, Mapping

import attrs

from .errors import Misuse, closest
from .filter import EVERYTHING, NOTHING, Group, Node, Reader, both
from .kind import ACTIONS, Kind
from .text import Text, _

if t.TYPE_CHECKING:
    from .compose import Crm

Scope = str | Mapping[str, t.Any]
SCOPES: dict[str, Text] = {
    "own": _("own records", ru="свои записи"), "team": _("records of own teams", ru="записи своих команд"),
    "below": _("records of own teams and those below", ru="записи своих и нижестоящих команд"), "all": _("all records", ru="все записи"),
}  # fmt: skip
OWN: Mapping[str, t.Any] = {"owner_id": {"eq": {"relative": "me"}}}
SCOPE_FILTERS: dict[str, Mapping[str, t.Any]] = {
    "own": OWN,
    "team": {"or": [OWN, {"team_id": {"in": {"relative": "my_teams"}}}]},
    "below": {"or": [OWN, {"team_id": {"in": {"relative": "my_teams_and_below"}}}]},
}


def _names(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _numbers(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(values)


@attrs.frozen
class Actor:
    """Somebody (or something) on whose behalf work is done. Hosts make one per request from their own users."""

    id: int | None = None
    name: str = ""
    roles: tuple[str, ...] = attrs.field(default=(), converter=_names)
    teams: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    language: str | None = None
    system: bool = attrs.field(default=False, kw_only=True)


SYSTEM = Actor(name="system", system=True)
"""Automations, imports and scripts: sees and may do everything."""
ANONYMOUS = Actor(name="anonymous")
"""Nobody signed in: holds no role."""


def _label(value: str) -> Text:
    return value if isinstance(value, Text) else Text(value)


@attrs.frozen
class Role:
    """A set of grants: permission pattern (``"sales.deal.*"``) to scope: ``own``, ``team``, ``below``, ``all`` or a filter tree.

    `hidden` and `read_only` name fields (``"sales.contact.phone"``). A person with several roles has what any of them gives.
    """

    name: str
    grants: Mapping[str, Scope | list[Scope]] = attrs.field(factory=dict)
    hidden: tuple[str, ...] = attrs.field(default=(), converter=_names)
    read_only: tuple[str, ...] = attrs.field(default=(), converter=_names)
    label: Text = attrs.field(default=Text(""), converter=_label)


class Access:
    """The roles of one CRM, compiled to filter nodes once per set of roles."""

    def __init__(self, crm: Crm, roles: Iterable[Role]) -> None:
        self.crm = crm
        self.roles = {r.name: r for r in roles}
        self._scopes: dict[tuple[tuple[str, ...], str], tuple[Scope, ...]] = {}
        self._nodes: dict[tuple[tuple[str, ...], str, str], Node] = {}
        self._fields: dict[tuple[tuple[str, ...], str, str], frozenset[str]] = {}

    def problems(self, permissions: Iterable[str]) -> list[str]:
        """Return what is wrong with the roles, in sentences."""
        known = set(permissions)
        found = []
        for role in self.roles.values():
            where = f"role {role.name!r}"
            for pattern, scope in role.grants.items():
                if not fnmatch.filter(known, pattern):
                    found.append(f"{where} grants {pattern!r}, which no plugin declares.{closest(pattern, known)}")
                    continue
                for one in _listed(scope):
                    found += [f"{where}, {pattern!r}: {p}" for p in self._scope_problems(pattern, one)]
            for name in (*role.hidden, *role.read_only):
                kind_key, _dot, _field = name.rpartition(".")
                kind = self.crm.kinds.get(kind_key) or self.crm.kinds.get(kind_key.rpartition(".")[0])
                if kind is None or not any(fnmatch.fnmatch(p, name) for p in _field_names(kind)):
                    every = [p for k in self.crm.kinds.values() for p in _field_names(k)]
                    found.append(f"{where} names the field {name!r}, which does not exist.{closest(name, every)}")
        return found

    def _scope_problems(self, pattern: str, scope: Scope) -> list[str]:
        names = {k: [*(k.permission(a) for a in ACTIONS), *(c.permission.name for c in k.commands.values())] for k in self.crm.kinds.values()}
        kinds = [k for k, permissions in names.items() if fnmatch.filter(permissions, pattern)]
        if isinstance(scope, str):
            if scope not in SCOPES:
                return [f"unknown scope {scope!r}.{closest(scope, SCOPES)}"]
            return []
        found = []
        for kind in kinds:
            reader = Reader(kind, self.crm.kinds)
            reader.read(scope, "scope")
            found += [f"{p.path}: {p.message}" for p in reader.problems]
        return found

    # ---- permissions -------------------------------------------------------------------------------------------
    def scopes(self, actor: Actor, permission: str) -> tuple[Scope, ...]:
        """Return the scopes in which the actor's roles grant `permission`; none means no."""
        key = (actor.roles, permission)
        found = self._scopes.get(key)
        if found is None:
            roles = [self.roles[r] for r in actor.roles if r in self.roles]
            found = tuple(s for r in roles for p, scope in r.grants.items() if fnmatch.fnmatchcase(permission, p) for s in _listed(scope))
            self._scopes[key] = found
        return found

    def may(self, actor: Actor, permission: str, record: t.Any = None) -> bool:
        """True when the actor holds `permission` in some scope and no plugin vetoes it. Rows are another question: `rule`."""
        if actor.system or permission == "public":
            return True
        if not self.scopes(actor, permission):
            return False
        if "crm_may" in self.crm.hooked:
            return False not in self.crm.hook.crm_may(actor=actor, permission=permission, record=record)
        return True

    # ---- rows --------------------------------------------------------------------------------------------------
    def rule(self, actor: Actor, kind: Kind, action: str = "read") -> Node:
        """Return which rows of `kind` the actor may read (or change …) as a filter node."""
        return self.rule_of(actor, kind, kind.permission(action))

    def rule_of(self, actor: Actor, kind: Kind, permission: str) -> Node:
        """Return for which rows of `kind` the actor holds any permission, a command's too, as a filter node."""
        if actor.system:
            return EVERYTHING
        key = (actor.roles, kind.key, permission)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = self._rule(actor, kind, permission)
        if node is NOTHING or "crm_visible" not in self.crm.hooked:
            return node
        narrowed = [n for n in self.crm.hook.crm_visible(actor=actor, kind=kind) if n is not None]
        reader = Reader(kind, self.crm.kinds)
        nodes = [reader.read(tree, "crm_visible") for tree in narrowed]
        if reader.problems:  # half a rule might show more than the whole one
            raise Misuse(f"a plugin's crm_visible for {kind.key}: " + "; ".join(f"{p.path}: {p.message}" for p in reader.problems))
        return both(node, *nodes)

    def _rule(self, actor: Actor, kind: Kind, permission: str) -> Node:
        scopes = self.scopes(actor, permission)
        if "all" in scopes:
            return EVERYTHING
        nodes = [self.scope_node(kind, s) for s in scopes]
        return nodes[0] if len(nodes) == 1 else Group("or", tuple(nodes)) if nodes else NOTHING

    def scope_node(self, kind: Kind, scope: Scope) -> Node:
        """Return one scope as a filter node. Own and team mean nothing for records without an owner: then nothing is seen."""
        if scope == "all":
            return EVERYTHING
        if isinstance(scope, str):
            if not kind.owned:
                return NOTHING
            scope = SCOPE_FILTERS[scope]
        reader = Reader(kind, self.crm.kinds)
        node = reader.read(scope)
        return NOTHING if reader.problems else node

    # ---- fields ------------------------------------------------------------------------------------------------
    def hidden(self, actor: Actor, kind: Kind) -> frozenset[str]:
        """Return the fields (``phone``, ``patient.born``) the actor never sees: hidden in every role that shows the record."""
        secret = frozenset(p.removeprefix(f"{kind.key}.") for p in _field_names(kind) if _is_secret(kind, p.removeprefix(f"{kind.key}.")))
        return secret if actor.system else secret | self._limited(actor, kind, ("read", "create"), "hidden")

    def read_only(self, actor: Actor, kind: Kind, action: str = "change") -> frozenset[str]:
        """Return the fields the actor sees but may not write, on a change or on ``create``."""
        return frozenset() if actor.system else self._limited(actor, kind, (action,), "read_only")

    def _limited(self, actor: Actor, kind: Kind, actions: tuple[str, ...], which: str) -> frozenset[str]:
        """Return what all roles limit that grant the first of `actions` which any of them grants."""
        key = (actor.roles, kind.key, f"{which} {actions}")
        found = self._fields.get(key)
        if found is None:
            roles = [self.roles[r] for r in actor.roles if r in self.roles]
            grants = [[r for r in roles if any(fnmatch.fnmatchcase(kind.permission(a), p) for p in r.grants)] for a in actions]
            granting: list[Role] = next((g for g in grants if g), [])
            names = [p.removeprefix(f"{kind.key}.") for p in _field_names(kind)]
            names = [n for n in names if n not in ("id", "version")]  # what names a record, and guards it
            limits = [{n for n in names for p in getattr(r, which) if fnmatch.fnmatchcase(f"{kind.key}.{n}", p)} for r in granting]
            found = self._fields[key] = frozenset(set.intersection(*limits) if limits else ())
        return found


def _listed(scope: Scope | list[Scope]) -> list[Scope]:
    return scope if isinstance(scope, list) else [scope]


def _field_names(kind: Kind) -> list[str]:
    own = [f"{kind.key}.{n}" for n in kind.fields]
    return own + [f"{kind.key}.{e.name}.{n}" for e in kind.extensions.values() for n in e.fields if n != "id"]


def _is_secret(kind: Kind, dotted: str) -> bool:
    extension, _dot, name = dotted.rpartition(".")
    return (kind.extensions[extension].fields if extension else kind.fields)[name].secret
