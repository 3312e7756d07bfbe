"""The sidebar: lines of plugins' pages and of entities, in sections, as far as somebody may see them."""

from __future__ import annotations

import typing as t

import attrs

from ..core.plugin import PUBLIC
from . import words
from .registry import menus_of
from .shown import path_of

if t.TYPE_CHECKING:
    from ..core.uow import Uow
    from .site import Site
    from .visit import Visit


@attrs.frozen(kw_only=True)
class Line:
    """One line of the menu."""

    label: str
    path: str
    icon: str = "circle"
    order: int = 50
    badge: int = 0
    current: bool = False


@attrs.define
class Section:
    """Lines below one heading."""

    key: str
    label: str
    lines: list[Line] = attrs.field(factory=list)


def menu_of(site: Site, visit: Visit) -> list[Section]:
    """Return the sections a visitor sees, with those that have no line left out."""
    uow = visit.uow
    found = {key: Section(key, label) for key, label in words.sections.items()}
    if uow is None:
        return []
    for plugin, mark, menu in menus_of(site.registry):
        if mark.permission is PUBLIC or uow.may(mark.permission):
            section = found.setdefault(str(menu.section), Section(str(menu.section), menu.section))
            section.lines.append(_line(visit, uow, menu.label or mark.label, f"/{plugin}{mark.path}", menu.icon, menu.order, menu.badge))
    for kind in site.crm.kinds.values():
        shown = site.shown(kind)
        if shown.section and uow.may(kind.permission("read")):
            found.setdefault(shown.section, Section(shown.section, shown.section)).lines.append(
                _line(visit, uow, kind.plural, path_of(kind), shown.icon, shown.order, None))
    for line in (line for room in site.rooms for line in room.menu):
        if uow.may(line.permission):
            found[line.section].lines.append(_line(visit, uow, line.label, line.path, line.icon, line.order, None))
    for section in found.values():
        section.lines.sort(key=lambda line: line.order)
    return [section for section in found.values() if section.lines]


def _line(visit: Visit, uow: Uow, label: str, path: str, icon: str, order: int, badge: t.Callable[[Uow], int] | None) -> Line:
    here = visit.call.path
    current = here == path or here.startswith(path + "/")
    return Line(label=label, path=path, icon=icon, order=order, badge=badge(uow) if badge else 0, current=current)
