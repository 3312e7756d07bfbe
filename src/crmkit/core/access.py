"""Who may do what, and which rows they see. Default deny: what no role grants does not exist for the actor."""

from __future__ import annotations

import fnmatch
import typing as t
from collections.abc import Iterable, Mapping

import attrs

from .errors import Misuse, closest
from .field import Field
from .filter import EVERYTHING, NOTHING, Group, Inside, Leaf, Node, Reader, both, either
from .kind import ACTIONS, Kind
from .scopes import SCOPES, Scope, filter_of
from .text import Text

if t.TYPE_CHECKING:
    from .compose import Crm

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
    acts_for: tuple[int, ...] = attrs.field(default=(), converter=_numbers, kw_only=True)
    """People the actor stands in for: what is theirs counts as own."""


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


@attrs.frozen
class _Known:
    """The roles of one moment, and what was worked out from them."""

    roles: Mapping[str, Role]
    scopes: dict[tuple[tuple[str, ...], str], tuple[Scope, ...]] = attrs.field(factory=dict)
    nodes: dict[tuple[tuple[str, ...], bool, str, str], Node] = attrs.field(factory=dict)
    fields: dict[tuple[tuple[str, ...], str, str], frozenset[str]] = attrs.field(factory=dict)


class Access:
    """The roles of one CRM, compiled to filter nodes once per set of roles."""

    def __init__(self, crm: Crm, roles: Iterable[Role]) -> None:
        self.crm, self._fixed = crm, tuple(roles)
        self._known: _Known | None = None
        self._secret: dict[str, frozenset[str]] = {}
        self._needing: dict[str, dict[str, str]] = {}

    @property
    def roles(self) -> Mapping[str, Role]:
        """The roles by name: those of the settings and those plugins supply (`crm_roles`), who win over the former."""
        return self._now().roles

    def refresh(self) -> list[str]:
        """Ask the plugins for their roles again, because they changed; return what is wrong with them, in sentences."""
        supplied = [r for answer in self.crm.hook.crm_roles(crm=self.crm) for r in answer or ()] if "crm_roles" in self.crm.hooked else []
        self._known = _Known({r.name: r for r in (*self._fixed, *supplied)})  # with empty caches, in one step: others are reading
        return self.problems(self.crm.permissions, supplied)

    def _now(self) -> _Known:
        if self._known is None:
            self.refresh()
        return t.cast(_Known, self._known)

    def problems(self, permissions: Iterable[str], roles: Iterable[Role] | None = None) -> list[str]:
        """Return what is wrong with roles (those of the settings, if none are given), in sentences."""
        known = set(permissions)
        found = []
        for role in self._fixed if roles is None else roles:
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

    def needs_problems(self, permissions: Iterable[str]) -> list[str]:
        """Return which permissions entities and their fields ask for that nobody declares, in sentences."""
        known, asked = set(permissions), dict[str, str]()
        for kind in self.crm.kinds.values():
            names = [p.removeprefix(f"{kind.key}.") for p in _field_names(kind)]
            asked |= {f"{kind.key}.{n}": needed for n in names if (needed := _field(kind, n).needs) is not None}
            asked |= {kind.key: kind.cls.__attached_needs__} if kind.cls.__attached_needs__ else {}
        return [f"{where} needs {name!r}, which no plugin declares.{closest(name, known)}" for where, name in asked.items() if name not in known]

    def _scope_problems(self, pattern: str, scope: Scope) -> list[str]:
        if isinstance(scope, str) and scope in SCOPES:
            return []
        names = {k: [*(k.permission(a) for a in ACTIONS), *(c.permission.name for c in k.commands.values())] for k in self.crm.kinds.values()}
        kinds = [k for k, permissions in names.items() if k.whole is None and fnmatch.filter(permissions, pattern)]
        if isinstance(scope, str):
            named = {*SCOPES, *(name for k in kinds for name in k.scopes)}
            return [f"unknown scope {scope!r}.{closest(scope, named)}"] if scope not in named else []
        found = []
        for kind in kinds:
            reader = Reader(kind, self.crm.kinds)
            reader.read(scope, "scope")
            found += [f"{p.path}: {p.message}" for p in reader.problems]
        return found

    # ---- permissions -------------------------------------------------------------------------------------------
    def scopes(self, actor: Actor, permission: str) -> tuple[Scope, ...]:
        """Return the scopes in which the actor's roles grant `permission`; none means no."""
        key, now = (actor.roles, permission), self._now()
        found = now.scopes.get(key)
        if found is None:
            roles = [now.roles[r] for r in actor.roles if r in now.roles]
            found = tuple(s for r in roles for p, scope in r.grants.items() if fnmatch.fnmatchcase(permission, p) for s in _listed(scope))
            now.scopes[key] = found
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
        key, now = (actor.roles, bool(actor.acts_for), kind.key, permission), self._now()
        narrowed = "crm_visible" in self.crm.hooked
        node = now.nodes.get(key)
        if node is None:
            node = either(self.scope_node(kind, s, bool(actor.acts_for)) for s in self.scopes(actor, permission))
            node = now.nodes[key] = node if narrowed or node is NOTHING else both(node, *self._abouts(actor, kind))
        if node is NOTHING or not narrowed:
            return node
        return both(node, *self._abouts(actor, kind), *self._left(actor, kind))  # plugins answer for one actor: kept for nobody else

    def _left(self, actor: Actor, kind: Kind) -> list[Node]:
        """Return what plugins leave of the rows of a kind; of parts also what they leave of the wholes."""
        narrowed = [n for n in self.crm.hook.crm_visible(actor=actor, kind=kind) if n is not None]
        reader = Reader(kind, self.crm.kinds)
        nodes = [reader.read(tree, "crm_visible") for tree in narrowed]
        if reader.problems:  # half a rule might show more than the whole one
            raise Misuse(f"a plugin's crm_visible for {kind.key}: " + "; ".join(f"{p.path}: {p.message}" for p in reader.problems))
        if kind.whole is not None:
            whole = self.crm.kinds[kind.whole.target]
            left = both(*self._left(actor, whole))
            nodes += [] if left is EVERYTHING else [Inside(kind.whole.field, whole, left)]
        return nodes

    def _abouts(self, actor: Actor, kind: Kind) -> list[Node]:
        return [self._seen(actor, kind, f) for f in kind.abouts]

    def _seen(self, actor: Actor, kind: Kind, key: Field) -> Node:
        """Return for which rows the actor sees the record they are about."""
        named = kind.path(t.cast(str, key.about), self.crm.kinds)
        nodes: list[Node] = []
        every: list[str] = []
        for other in self.crm.kinds.values():
            rule = NOTHING if other.abouts else self.rule(actor, other)
            if rule is not NOTHING and (needed := other.cls.__attached_needs__):
                rule = both(rule, self.rule_of(actor, other, needed))
            if rule is EVERYTHING:
                every.append(other.key)
            elif rule is not NOTHING:
                nodes.append(Group("and", (Leaf(named, "eq", other.key), Inside(key, other, rule))))
        return either([*nodes, *([Leaf(named, "in", tuple(every))] if every else [])])

    def scope_node(self, kind: Kind, scope: Scope, for_others: bool = False) -> Node:
        """Return one scope as a filter node. Own and team mean nothing for records without an owner: then nothing is seen."""
        if scope == "all":
            return EVERYTHING
        whole = kind.whole
        if whole is not None:
            node = self.scope_node(self.crm.kinds[whole.target], scope, for_others)
            return node if node is EVERYTHING or node is NOTHING else Inside(whole.field, self.crm.kinds[whole.target], node)
        if isinstance(scope, str):
            if scope in kind.scopes:
                scope = kind.scopes[scope].filter
            elif not kind.owned or scope not in SCOPES:
                return NOTHING
            else:
                scope = filter_of(scope, for_others)
        reader = Reader(kind, self.crm.kinds)
        node = reader.read(scope)
        return NOTHING if reader.problems else node

    # ---- fields ------------------------------------------------------------------------------------------------
    def hidden(self, actor: Actor, kind: Kind) -> frozenset[str]:
        """Return the fields (``phone``, ``patient.born``) the actor never sees.

        Those hidden in every role that shows the record, and those that need a permission the actor lacks for records they see.
        """
        secret = self._secret.get(kind.key)
        if secret is None:
            fields = {n: _field(kind, n) for n in (p.removeprefix(f"{kind.key}.") for p in _field_names(kind))}
            self._needing[kind.key] = {n: f.needs for n, f in fields.items() if f.needs is not None}
            secret = self._secret[kind.key] = frozenset(n for n, f in fields.items() if f.secret)
        if actor.system:
            return secret
        needing = self._needing[kind.key]
        return secret | self._limited(actor, kind, ("read", "create"), "hidden") | (self._lacking(actor, kind, needing) if needing else frozenset())

    def _lacking(self, actor: Actor, kind: Kind, needing: Mapping[str, str]) -> frozenset[str]:
        """Return the fields whose permission the actor does not hold wherever they see a record: what some rows may show, no list can tell."""
        held = {permission: self.may(actor, permission) and self._covers(actor, kind, permission) for permission in set(needing.values())}
        return frozenset(name for name, permission in needing.items() if not held[permission])

    def _covers(self, actor: Actor, kind: Kind, permission: str) -> bool:
        seen, held = self.scopes(actor, kind.permission("read")), self.scopes(actor, permission)
        return all(any(_within(one, other) for other in held) for one in seen)

    def read_only(self, actor: Actor, kind: Kind, action: str = "change") -> frozenset[str]:
        """Return the fields the actor sees but may not write, on a change or on ``create``."""
        return frozenset() if actor.system else self._limited(actor, kind, (action,), "read_only")

    def _limited(self, actor: Actor, kind: Kind, actions: tuple[str, ...], which: str) -> frozenset[str]:
        """Return what all roles limit that grant the first of `actions` which any of them grants."""
        key, now = (actor.roles, kind.key, f"{which} {actions}"), self._now()
        found = now.fields.get(key)
        if found is None:
            roles = [now.roles[r] for r in actor.roles if r in now.roles]
            grants = [[r for r in roles if any(fnmatch.fnmatchcase(kind.permission(a), p) for p in r.grants)] for a in actions]
            granting: list[Role] = next((g for g in grants if g), [])
            names = [p.removeprefix(f"{kind.key}.") for p in _field_names(kind)]
            names = [n for n in names if n not in ("id", "version")]  # what names a record, and guards it
            limits = [{n for n in names for p in getattr(r, which) if fnmatch.fnmatchcase(f"{kind.key}.{n}", p)} for r in granting]
            found = now.fields[key] = frozenset(set.intersection(*limits) if limits else ())
        return found


def _listed(scope: Scope | list[Scope]) -> list[Scope]:
    return scope if isinstance(scope, list) else [scope]


def _field_names(kind: Kind) -> list[str]:
    own = [f"{kind.key}.{n}" for n in kind.fields]
    return own + [f"{kind.key}.{e.name}.{n}" for e in kind.extensions.values() for n in e.fields if n != "id"]


def _field(kind: Kind, dotted: str) -> Field:
    extension, _dot, name = dotted.rpartition(".")
    return (kind.extensions[extension].fields if extension else kind.fields)[name]


def _within(scope: Scope, other: Scope) -> bool:
    """True where every record of a scope is one of the other's, too, as far as their names tell."""
    if other == "all" or scope == other:
        return True
    widening = tuple(SCOPES)
    return isinstance(scope, str) and isinstance(other, str) and {scope, other} <= SCOPES.keys() and widening.index(scope) < widening.index(other)
