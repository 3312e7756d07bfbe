"""The page of one record, and its parts that are fetched again by themselves."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from markupsafe import Markup

from ...core import operations
from ...core.text import translate
from ..boards import badges
from ..formats import color_of, initials
from ..forms.about import fields_of
from ..forms.ids import id_of
from ..marks import Slot
from ..results import View
from ..shown import path_of
from . import feed, words
from .doing import actions
from .panels import Panel, asked, offered
from .props import PropGroup, Props, fetched
from .related import Tab, tabs
from .rights import Rights
from .steps import steps_of

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.model import Entity
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

PEOPLE = frozenset({"first_name", "last_name", "born_on", "patronymic"})
AT_ONCE = (Slot.HEADER, Slot.TOP, Slot.TIMELINE, Slot.ASIDE)


def page(visit: Visit, uow: Uow) -> Result:
    """GET /sales/deal/5: the page; with ``?part=head`` or ``?part=props`` that part of it, with ``only=name,phone`` some properties."""
    kind = visit.kind
    uow.require(kind.permission("read"))
    record = uow.get(kind.cls, visit.key)
    part = visit.query.get("part", "")
    shown = RecordPage(visit, uow, kind, record, visit.query.get("only", "").split(",") if part == "props" and "only" in visit.query else ())
    if part == "head":
        return View("ui/records/head.html", **shown.head())
    if part == "props":
        return View("ui/records/props.html", **shown.props())
    return View("ui/records/record.html", **shown.whole())


class RecordPage:
    """One record, for one visitor; with `only`, some of its properties."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind, record: Entity, only: Sequence[str] = ()) -> None:
        self.visit, self.uow, self.kind, self.record, self.only = visit, uow, kind, record, only
        self.shown = visit.site.shown(kind)
        self.rights = Rights(uow, kind, record)
        self.properties = Props(visit, uow, kind, self.rights)
        names = self.properties.names if not only else [n for n in only if n in self.properties.fields]
        wanted = [*names, self.shown.title, *([self.shown.subtitle] if self.shown.subtitle else [])]
        self.row, self.cells = fetched(visit, uow, kind, record.id, wanted)

    @property
    def here(self) -> str:
        """The address of the record."""
        return path_of(self.kind, self.record.id)

    @property
    def title(self) -> str:
        """What the record is called."""
        name = self.cells.text(self.shown.title, self.row) if self.shown.title in self.cells.names else ""
        return name or f"{translate(self.kind.label, self.visit.language)} № {self.record.id}"

    def base(self) -> dict[str, t.Any]:
        """Return what every part of the page is filled with."""
        visit, kind = self.visit, self.kind
        return {
            "r": words, "kind": kind, "record": self.record, "title": self.title, "here": visit.url(self.here), "list_path": visit.url(path_of(kind)),
            "icon_name": self.shown.icon, "live": f"{kind.key}:{self.record.id}", "sfx": id_of(visit, kind.key, self.record.id),
        }  # fmt: skip

    def head(self) -> dict[str, t.Any]:
        """Return what the head of the page is filled with: name, badges, stages, what can be done."""
        uow, kind, record = self.uow, self.kind, self.record
        found, notes = badges.asked(self.visit, uow, kind, [record.id])
        into = operations.merged_into(uow, kind, record.id) if record.archived_at is not None else None
        subtitle = self.shown.subtitle
        person = bool(PEOPLE & kind.fields.keys())
        return self.base() | {
            "badges": found.get(record.id, ()), "notes": notes, "steps": steps_of(self.visit, kind, record, self.rights),
            "actions": actions(self.visit, kind, record, self.rights), "may_change": self.rights.can("change"),
            "may_archive": self.rights.can("archive"),
            "subtitle": self.cells.html(subtitle, self.row) if subtitle in self.cells.names and self.row.get(subtitle) is not None else self._about(),
            "initials_of": initials(self.title) if person else "", "color": color_of(record.id), "merged": self._merged(into),
            "header_panels": self._panels((Slot.HEADER,)) if "part" in self.visit.query else [],
        }  # fmt: skip

    def props(self) -> dict[str, t.Any]:
        """Return what the properties are filled with."""
        if self.only:
            some = PropGroup(label="", props=[self.properties.one(self.cells, self.row, n) for n in self.only if n in self.properties.fields])
            return self.base() | {"groups": [some], "only": ",".join(self.only)}
        return self.base() | {"groups": self.properties.groups(self.cells, self.row), "only": ""}

    def whole(self) -> dict[str, t.Any]:
        """Return what the page is filled with."""
        panels = self._panels(AT_ONCE)
        of = {slot: [p for p in panels if p.slot == slot.value] for slot in AT_ONCE}
        related = tabs(self.visit, self.uow, self.kind, self.record.id) if self.kind.whole is None else []
        more = [Tab(key=f"{i.plugin}.{i.key}", label=self.visit.say(i.mark.label), icon=i.mark.icon,
            source=self.visit.url(f"/_/panel/{i.plugin}/{i.key}/{self.kind.key}/{self.record.id}"))
            for i in offered(self.visit, self.uow, self.kind, (Slot.TAB,))]  # fmt: skip
        return self.head() | self.props() | feed.context(self.visit, self.uow, self.kind, self.record) | {
            "header_panels": of[Slot.HEADER], "top": of[Slot.TOP], "composer": of[Slot.TIMELINE], "aside": of[Slot.ASIDE], "tabs": [*related, *more],
        }  # fmt: skip

    def _panels(self, slots: tuple[Slot, ...]) -> list[Panel]:
        items = offered(self.visit, self.uow, self.kind, slots)
        return asked(self.visit, self.uow, self.kind, self.record.id, items)

    def _about(self) -> Markup | str:
        """Return the way to what a note, a file or an activity is about."""
        from ..cells import Names

        names = fields_of(self.kind)
        if names is None or any(n in self.uow.crm.access.hidden(self.uow.actor, self.kind) for n in names):
            return ""
        of, key = getattr(self.record, names[0]), getattr(self.record, names[1])
        return Names(self.visit, self.uow).html(of, key) if of in self.uow.crm.kinds and key else ""

    def _merged(self, into: int | None) -> tuple[str, str] | None:
        if into is None:
            return None
        from ..cells import Names

        return self.visit.url(path_of(self.kind, into)), Names(self.visit, self.uow).text(self.kind.key, into)


__all__ = ["RecordPage", "page"]
