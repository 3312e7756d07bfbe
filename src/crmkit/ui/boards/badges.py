"""Marks that plugins put on cards, each asked once for all of them."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

import attrs
from markupsafe import Markup

from ..dashboards.tiles import topic_names
from ..results import Badge

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..marks import BadgeMark
    from ..registry import Item
    from ..visit import Visit


def offered(visit: Visit, uow: Uow, kind: Kind) -> list[Item[BadgeMark]]:
    """Return what puts marks on cards of a kind, as far as the actor may see it."""
    items = visit.site.registry.badges_of(kind)
    return [i for i in items if i.mark.permission is None or uow.may(i.mark.permission)]


def asked(visit: Visit, uow: Uow, kind: Kind, ids: Sequence[int]) -> tuple[dict[int, list[Badge]], list[Markup]]:
    """Return the marks of cards by key, and what is to be said of plugins that failed at it."""
    items = offered(visit, uow, kind) if ids else []
    made: dict[tuple[str, str], dict[int, Badge]] = {}

    def ask(item: Item[BadgeMark], uow: Uow) -> None:
        given = item.function(kind.cls, ids, uow) if item.mark.of is None else item.function(ids, uow)
        made[item.plugin, item.key] = {int(key): _badge(visit, value) for key, value in (given or {}).items() if value}

    found: dict[int, list[Badge]] = {}
    notes = []
    for part in visit.site.boundary.all(visit, uow, items, ask):
        if part.state == "ok":
            for key, badge in made.get((part.item.plugin, part.item.key), {}).items():
                found.setdefault(key, []).append(badge)
        elif part.state == "failed" and part.html:
            notes.append(part.html)
    return found, notes


def _badge(visit: Visit, value: t.Any) -> Badge:
    badge: Badge = value if isinstance(value, Badge) else Badge(text=value)
    return attrs.evolve(badge, text=visit.say(badge.text), title=visit.say(badge.title))


def refreshing(visit: Visit, uow: Uow, kind: Kind) -> Sequence[str]:
    """Return the topics after which marks are asked for again."""
    return topic_names(visit.crm, [one for item in offered(visit, uow, kind) for one in item.mark.live])
