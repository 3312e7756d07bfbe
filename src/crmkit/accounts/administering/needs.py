"""What the pages ask for: the permissions of the JSON API, and what the reader may see of others."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Entity, Invalid, Permission, Problem, Uow

from ..entities import Team
from ..guard import may_fill
from . import words


class Needs:
    """Permissions of entities, which the kernel has declared already; in a class, so that nobody declares them again."""

    PEOPLE = Permission("accounts.user.read")
    TEAMS = Permission("accounts.team.read")


@attrs.frozen
class TeamLine:
    """A team in the tree: how deep it stands and what is below it."""

    id: int
    name: str
    kind: t.Any
    city: str | None
    parent: int | None
    depth: int
    path: str
    """Names from the top, for choosing: ``Company / Region / Dealer``."""


def sees_all(uow: Uow, permission: str) -> bool:
    """True when the actor holds a permission for every record: a page about many people at once asks no less."""
    return uow.may(permission) and (uow.actor.system or "all" in uow.crm.access.scopes(uow.actor, permission))


def tree(uow: Uow) -> list[TeamLine]:
    """Return the teams the actor may see, each below the one it belongs to, by name."""
    if not uow.may("accounts.team.read"):
        return []
    c = Team.__table__.c
    shown = sa.select(c.id, c.name, c.kind, c.city, c.parent_id).where(c.archived_at.is_(None), c.id.in_(uow.visible(Team)))
    rows = {row.id: row for row in uow.connection.execute(shown)}
    below: dict[int | None, list[t.Any]] = {}
    for row in sorted(rows.values(), key=lambda r: str(r.name).casefold()):
        below.setdefault(row.parent_id if row.parent_id in rows else None, []).append(row)
    found: list[TeamLine] = []
    _walk(below, None, 0, "", found)
    return found


def _walk(below: Mapping[int | None, Sequence[t.Any]], parent: int | None, depth: int, path: str, found: list[TeamLine]) -> None:
    for row in below.get(parent, ()):
        whole = f"{path} / {row.name}" if path else str(row.name)
        found.append(TeamLine(row.id, row.name, row.kind, row.city, row.parent_id, depth, whole))
        _walk(below, row.id, depth + 1, whole, found)


def fillable(uow: Uow, lines: Sequence[TeamLine]) -> list[TeamLine]:
    """Return the teams the actor may add people to."""
    return list(lines) if uow.actor.system else [line for line in lines if may_fill(uow, line.id)]


def demand_fields(uow: Uow, record: type[Entity], *names: str) -> None:
    """Raise `Invalid` for fields the actor may only see: pages write no field the JSON API would not."""
    kind = uow.crm.kind(record)
    closed = uow.crm.access.read_only(uow.actor, kind) | uow.crm.access.hidden(uow.actor, kind)
    problems = [Problem(name, "read-only", words.READ_ONLY) for name in names if name in closed]
    if problems and not uow.elevated:
        raise Invalid(problems=problems)


def whole_number(text: str) -> int | None:
    """Return a number of a form or a query, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


__all__ = ["Needs", "TeamLine", "demand_fields", "fillable", "sees_all", "tree", "whole_number"]
