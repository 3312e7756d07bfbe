"""What a change of a role changes: rights and fields before and after, and for how many people."""

from __future__ import annotations

import fnmatch
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Role, Uow
from crmkit.ui import Visit

from ..entities import User, UserRole
from ..guard import gives
from . import words
from .people import roles_of
from .rights import groups_of, widest
from .role_form import Values, fields_of

SHOWN_PEOPLE = 12


@attrs.frozen
class Difference:
    """One right before and after."""

    group: str
    icon: str
    label: str
    before: Sequence[t.Any]
    after: Sequence[t.Any]


@attrs.frozen
class FieldDifference:
    """One field before and after: a word of `words.field_states`."""

    label: str
    before: str
    after: str


@attrs.frozen
class Effect:
    """Everything a change of a role changes."""

    rights: Sequence[Difference]
    fields: Sequence[FieldDifference]
    patterns: Sequence[tuple[str, str, str, str]]
    names: bool
    holders: int
    affected: int
    people: Sequence[tuple[int, str]]

    @property
    def nothing(self) -> bool:
        """True when it would be the same role."""
        return not (self.rights or self.fields or self.patterns or self.names)


def effect_of(visit: Visit, uow: Uow, key: int | None, old: Values, new: Values) -> Effect:
    """Work out what saving would change."""
    before, after = old.role(), new.role()
    had, has = gives(uow.crm, before), gives(uow.crm, after)
    rights = []
    groups = groups_of(visit, uow)
    for group in groups:
        for right in group.rights:
            one, two = widest(had.get(right.name, ())), widest(has.get(right.name, ()))
            if one != two:
                rights.append(Difference(group.label, group.icon, right.label, one, two))
    fields = list(_fields(visit, uow, before, after))
    holders = _holders(uow, key) if key is not None else {}
    touched = [user for user in holders if _changes(uow, user, holders, old.name, before, after)] if rights or fields else []
    names = (old.label, old.label_ru) != (new.label, new.label_ru)
    shown = [(user, holders[user][0]) for user in touched[:SHOWN_PEOPLE]]
    return Effect(rights, fields, list(_patterns({g.key: g.label for g in groups if g.entity}, old, new)), names, len(holders), len(touched), shown)


def _patterns(labels: Mapping[str, str], old: Values, new: Values) -> t.Iterator[tuple[str, str, str, str]]:
    """Yield patterns that change, with what they are about in words: they hold for what comes later too, so they are named themselves."""
    from .role_form import text_of

    for pattern in dict.fromkeys([*old.grants, *new.grants]):
        one, two = (text_of(v.grants[pattern]) if pattern in v.grants else "" for v in (old, new))
        if "*" in pattern and one != two:
            yield pattern, labels.get(pattern.removesuffix(".*"), ""), one, two


def _state(role: Role, dotted: str) -> str:
    if any(fnmatch.fnmatchcase(dotted, p) for p in role.hidden):
        return "hidden"
    return "read_only" if any(fnmatch.fnmatchcase(dotted, p) for p in role.read_only) else ""


def _fields(visit: Visit, uow: Uow, before: Role, after: Role) -> t.Iterator[FieldDifference]:
    for kind in uow.crm.kinds.values():
        for dotted, label in fields_of(visit, kind):
            one, two = _state(before, dotted), _state(after, dotted)
            if one != two:
                yield FieldDifference(f"{visit.say(kind.label)}: {label}", one, two)


def _holders(uow: Uow, key: int) -> dict[int, tuple[str, frozenset[str]]]:
    """Return who holds a role and may sign in: their name, and the names of all their roles."""
    h, u = UserRole.__table__.c, User.__table__.c
    mine = sa.select(h.user_id).where(h.role_id == key, h.archived_at.is_(None))
    people = dict(uow.connection.execute(sa.select(u.id, u.name).where(u.id.in_(mine), u.active, u.archived_at.is_(None)).order_by(u.name)).all())
    held = roles_of(uow, list(people))
    stored = {row.id: row.name for row in _stored(uow)}
    return {user: (name, frozenset(stored[role] for role, _label in held.get(user, ()) if role in stored)) for user, name in people.items()}


def _stored(uow: Uow) -> Iterable[t.Any]:
    from .people import stored_roles

    return stored_roles(uow)


def _changes(uow: Uow, user: int, holders: Mapping[int, tuple[str, frozenset[str]]], name: str, before: Role, after: Role) -> bool:
    """True when somebody may do more or less than before, all of their roles together."""
    others = [uow.crm.access.roles[n] for n in holders[user][1] if n != name and n in uow.crm.access.roles]
    return bool(_whole(uow, [*others, before]) != _whole(uow, [*others, after]))


def _whole(uow: Uow, roles: Sequence[Role]) -> t.Any:
    rights: dict[str, list[t.Any]] = {}
    for role in roles:
        for permission, scopes in gives(uow.crm, role).items():
            rights.setdefault(permission, []).extend(scopes)
    kinds = uow.crm.kinds.values()
    fields = {}
    for kind in kinds:
        granting = [r for r in roles if any(fnmatch.fnmatchcase(kind.permission("read"), p) for p in r.grants)]
        states = [[_state(r, f"{kind.key}.{n}") for n in kind.fields] for r in granting]
        fields[kind.key] = [min(column, key=lambda s: ("", "read_only", "hidden").index(s)) for column in zip(*states, strict=True)]
    return {p: widest(s) for p, s in rights.items()}, fields


__all__ = ["Difference", "Effect", "FieldDifference", "effect_of", "words"]
