"""The sidebar: lines of plugins' pages and of entities, in sections, as far as somebody may see them; and people's workspaces."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence

import attrs

from ..core.plugin import PUBLIC
from . import words
from .declared import Workspace
from .registry import Item, menus_of
from .shown import path_of

if t.TYPE_CHECKING:
    from ..core.uow import Uow
    from .site import Site
    from .visit import Visit

WORKSPACE_COOKIE = "crmkit_workspace"
WORKSPACE = "workspace"
PERSON = "person"
"""The section that stands in the menu under a person's name instead of the sidebar: a profile, signing out."""
TABS = 2
RARE = 80
"""Lines of this order and above are for now and then: the phone's bar has them only where there is nothing else."""


@attrs.define(kw_only=True)
class Line:
    """One line of the menu. `posts` makes it a button that sends a form: for a page that answers no GET."""

    label: str
    path: str
    icon: str = "circle"
    order: int = 50
    badge: int = 0
    current: bool = False
    posts: bool = False


@attrs.define
class Section:
    """Lines below one heading."""

    key: str
    label: str
    lines: list[Line] = attrs.field(factory=list)


@attrs.define(kw_only=True)
class Shell:
    """What stands around a page: the sidebar's sections, the menu under the person's name, workspaces, the phone's bottom bar."""

    sections: list[Section]
    person: list[Line]
    workspaces: list[Workspace]
    workspace: Workspace | None
    tabs: list[Line]
    home: Line


def shell_of(site: Site, visit: Visit, *, counted: bool = True) -> Shell:
    """Return what stands around a visitor's pages; exactly one line of it is the current one, or none. `counted` asks for the numbers too."""
    uow = visit.uow
    mine = workspaces_of(site, visit)
    chosen = workspace_of(site, visit)
    home = Line(label=words.start, path="/", icon="house")
    if uow is None:
        return Shell(sections=[], person=[], workspaces=mine, workspace=chosen, tabs=[], home=home)
    found = _of_workspace(chosen) if chosen is not None else []
    person: list[Line] = []
    if chosen is None or not chosen.only:
        every = menu_of(site, visit)
        taken = {line.path for section in found for line in section.lines}
        for section in every:
            section.lines = [line for line in section.lines if line.path not in taken]
        found += [section for section in every if section.lines and section.key != PERSON]
        person = [line for section in every if section.key == PERSON for line in section.lines]
    else:
        person = _sections(site, visit, uow).get(PERSON, Section(PERSON, "")).lines
    lines = [line for section in found for line in section.lines]
    mark_current(visit.call.path, [home, *lines, *person])
    if counted:
        _count(site, visit, uow, lines)
    return Shell(sections=found, person=person, workspaces=mine, workspace=chosen, tabs=_tabs(found), home=home)


def menu_of(site: Site, visit: Visit) -> list[Section]:
    """Return the sections a visitor may see, with those that have no line left out."""
    if visit.uow is None:
        return []
    return [section for section in _sections(site, visit, visit.uow).values() if section.lines]


def _sections(site: Site, visit: Visit, uow: Uow) -> dict[str, Section]:
    found = {key: Section(key, label) for key, label in words.sections.items()}
    for plugin, mark, menu in menus_of(site.registry):
        if (mark.permission is PUBLIC or uow.may(mark.permission)) and (menu.shown is None or menu.shown(visit)):
            section = found.setdefault(str(menu.section), Section(str(menu.section), menu.section))
            posts = "GET" not in getattr(mark, "methods", ("GET",))
            section.lines.append(Line(label=menu.label or mark.label, path=f"/{plugin}{mark.path}", icon=menu.icon, order=menu.order, posts=posts))
    for kind in site.crm.kinds.values():
        shown = site.shown(kind)
        if shown.section and uow.may(kind.permission("read")):
            line = Line(label=kind.plural, path=path_of(kind), icon=shown.icon, order=shown.order)
            found.setdefault(shown.section, Section(shown.section, shown.section)).lines.append(line)
    for given in (line for room in site.rooms for line in room.menu):
        if uow.may(given.permission):
            found[given.section].lines.append(Line(label=given.label, path=given.path, icon=given.icon, order=given.order))
    for section in found.values():
        section.lines.sort(key=lambda line: line.order)
    return found


# ---- workspaces ---------------------------------------------------------------------------------------------------------------
def workspaces_of(site: Site, visit: Visit) -> list[Workspace]:
    """Return the workspaces of a visitor's roles, in order; one without roles is everybody's."""
    if not visit.signed_in:
        return []
    held = set(visit.actor.roles)
    return [w for w in site.registry.workspaces if not w.roles or held & set(w.roles)]


def workspace_of(site: Site, visit: Visit) -> Workspace | None:
    """Return the workspace a visitor is in: the one chosen in this browser, else the first of theirs, else None."""
    mine = workspaces_of(site, visit)
    chosen = visit.cookie(WORKSPACE_COOKIE)
    return next((w for w in mine if w.name == chosen), mine[0] if mine else None)


def _of_workspace(workspace: Workspace) -> list[Section]:
    lines = [Line(label=link.label, path=link.path, icon=link.icon, order=place) for place, link in enumerate(workspace.menu)]
    return [Section(WORKSPACE, workspace.label, lines)] if lines else []


# ---- the current line, the bottom bar ---------------------------------------------------------------------------------------------
def mark_current(here: str, lines: Iterable[Line]) -> None:
    """Mark the line somebody is at: the one whose address is the longest beginning of theirs, by whole words."""
    best: Line | None = None
    for line in lines:
        path = line.path.partition("?")[0]
        fits = here == path or (path != "/" and here.startswith(path + "/"))
        if fits and (best is None or len(path) > len(best.path.partition("?")[0])):
            best = line
    if best is not None:
        best.current = True


def _tabs(sections: Sequence[Section]) -> list[Line]:
    """Return what the phone's bar holds: a workspace's lines in their order, else what each section begins with."""
    ranked = [
        (line.order >= RARE, (0, place, 0) if section.key == WORKSPACE else (1, place, number), line)
        for number, section in enumerate(sections)
        for place, line in enumerate(one for one in section.lines if one.path != "/" and not one.posts)
    ]
    return [line for _rare, _place, line in sorted(ranked, key=lambda one: one[:2])][:TABS]


# ---- numbers at lines -------------------------------------------------------------------------------------------------------------
def badges(site: Site, visit: Visit, uow: Uow) -> dict[str, int]:
    """Return the numbers plugins put at their lines, by address; one that fails or is too slow is left out, and the page is not."""
    items = [
        Item(plugin, f"/{plugin}{mark.path}", menu.badge, menu)
        for plugin, mark, menu in menus_of(site.registry)
        if menu.badge is not None and (mark.permission is PUBLIC or uow.may(mark.permission))
    ]
    if not items:
        return {}
    parts = site.boundary.all(visit, uow, t.cast(t.Any, items), lambda item, own: str(_whole(item.function(own))))
    return {part.item.key: int(str(part.html)) for part in parts if part.state == "ok" and str(part.html).isdecimal()}


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _count(site: Site, visit: Visit, uow: Uow, lines: Iterable[Line]) -> None:
    found = badges(site, visit, uow)
    for line in lines:
        line.badge = found.get(line.path, 0)


__all__ = ["PERSON", "WORKSPACE_COOKIE", "Line", "Section", "Shell", "badges", "mark_current", "menu_of", "shell_of", "workspace_of", "workspaces_of"]
