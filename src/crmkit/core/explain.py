"""Why: which roles let an actor see or change a record, and what stands in the way."""

from __future__ import annotations

import typing as t

import attrs

from .access import Actor
from .filter import EVERYTHING
from .kind import ACTIONS, Kind
from .model import Entity
from .scopes import SCOPES
from .text import Text, _

if t.TYPE_CHECKING:
    from .compose import Crm


CHOSEN = _("records chosen by a filter", ru="записи, отобранные фильтром")


@attrs.frozen
class Reason:
    """One grant of one role: whether it covers this record."""

    role: str
    permission: str
    scope: str
    covers: bool


@attrs.frozen
class Explanation:
    """What an actor may do with a record, and why. `sentences` says it in words."""

    may: dict[str, bool]
    reasons: tuple[Reason, ...]
    vetoes: tuple[str, ...]
    hidden: tuple[str, ...]
    read_only: tuple[str, ...]
    sentences: tuple[Text, ...]


def explain(crm: Crm, actor: Actor, record: Entity) -> Explanation:
    """Say why `actor` may or may not see, change, move and archive `record`."""
    kind, access = crm.kind(type(record)), crm.access
    reasons: list[Reason] = []
    may: dict[str, bool] = {}
    vetoes: list[str] = []
    with crm.read(actor) as uow:
        for action in ACTIONS:
            if action == "move" and not kind.staged:
                continue
            permission = kind.permission(action)
            reasons += [r for name in actor.roles if name in access.roles for r in _of_role(uow, access.roles[name], kind, permission, record)]
            rule = access.rule(actor, kind, action)
            covered = actor.system or rule is EVERYTHING or uow.matches(record, rule)
            may[action] = covered and access.may(actor, permission, record)
            if covered and not may[action]:
                vetoes.append(permission)
            if not covered and any(r.covers and r.permission == permission for r in reasons):
                vetoes.append(permission)
    may = {action: allowed and may["read"] for action, allowed in may.items()}
    hidden, fixed = tuple(sorted(access.hidden(actor, kind))), tuple(sorted(access.read_only(actor, kind)))
    return Explanation(may, tuple(reasons), tuple(dict.fromkeys(vetoes)), hidden, fixed, tuple(_told(crm, actor, kind, may, reasons, vetoes)))


def _of_role(uow: t.Any, role: t.Any, kind: t.Any, permission: str, record: Entity) -> t.Iterator[Reason]:
    import fnmatch

    for pattern, scopes in role.grants.items():
        if not fnmatch.fnmatchcase(permission, pattern):
            continue
        for scope in scopes if isinstance(scopes, list) else [scopes]:
            node = uow.crm.access.scope_node(kind, scope, bool(uow.actor.acts_for))
            yield Reason(role.name, permission, scope if isinstance(scope, str) else str(scope), node is EVERYTHING or uow.matches(record, node))


def _told(crm: Crm, actor: Actor, kind: Kind, may: dict[str, bool], reasons: list[Reason], vetoes: list[str]) -> t.Iterator[Text]:
    if actor.system:
        yield _("The system sees and may do everything", ru="Система видит и может всё")
        return
    for action, allowed in may.items():
        permission = kind.permission(action)  # a part's is another action's of its whole
        granting = [r for r in reasons if r.permission == permission]
        words = {"action": ACTIONS[action]}
        if allowed:
            why = next(r for r in granting if r.covers)
            yield _("May {action}: role «{role}» grants it for {scope}",
                ru="Может {action}: роль «{role}» даёт это право на {scope}").format(role=_role(crm, why.role),
                    scope=scope_label(kind, why.scope), **words)
        elif permission in vetoes:
            yield _("May not {action}: a plugin forbids it", ru="Не может {action}: запрещает плагин").format(**words)
        elif granting:
            yield _("May not {action}: it is granted for {scopes} only, and the record is outside",
                ru="Не может {action}: право дано только на {scopes}, эта к ним не относится").format(scopes=_joined(kind, granting), **words)
        else:
            yield _("May not {action}: no role grants it", ru="Не может {action}: ни одна роль не даёт этого права").format(**words)


def scope_label(kind: Kind, scope: str) -> Text:
    """Return for which records a role grants something, in words."""
    named = kind.scopes.get(scope)
    if named is not None:
        return named.label or Text(named.name)
    return SCOPES.get(scope) or (Text(scope) if scope.isidentifier() else CHOSEN)


def _joined(kind: Kind, reasons: list[Reason]) -> Text:
    labels = [scope_label(kind, scope) for scope in dict.fromkeys(r.scope for r in reasons)]
    found = labels[0]
    for label in labels[1:]:
        found = _("{one}, {other}", ru="{one}, {other}").format(one=found, other=label)
    return found


def _role(crm: Crm, name: str) -> str:
    """Return what a role is called by people."""
    role = crm.access.roles.get(name)
    return role.label or name if role is not None else name
