"""Parts of a record's page on another page: its properties, what plugins add to it, what happened."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from markupsafe import Markup

from ..forms.ids import id_of
from ..marks import Slot
from ..results import View
from ..shown import path_of
from . import feed, words
from .page import AT_ONCE, RecordPage
from .panels import Panel, offered, panel_of
from .related import Tab, pointing

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.model import Entity
    from ...core.uow import Uow
    from ..registry import Item
    from ..visit import Visit


class RecordParts:
    """Records on a page of a plugin's own: ``RecordParts(visit, uow, contact, deal)``, as far as the visitor may see them.

    Panels of plugins for these entities simply appear. The first record is the main one: panels that are for every entity, such as
    the note that is written about a record, are shown for it alone; so are those of the plugins in `once`. All panels are asked
    together, in the error boundary.
    """

    def __init__(self, visit: Visit, uow: Uow, *records: Entity, slots: Sequence[Slot] = AT_ONCE, once: Sequence[str] = ()) -> None:
        self.visit, self.uow, self.once = visit, uow, once
        self.records = [(uow.crm.kind(type(record)), record) for record in records]
        asked: list[Item[t.Any]] = []
        about: dict[int, tuple[Kind, int]] = {}
        for place, (kind, record) in enumerate(self.records):
            for item in offered(visit, uow, kind, slots):
                if id(item) not in about and (not place or self._of_any(item)):
                    about[id(item)] = (kind, record.id)
                    asked.append(item)
        asked.sort(key=lambda item: (item.mark.order, item.plugin, item.key))

        def call(item: Item[t.Any], own: Uow) -> t.Any:
            kind, key = about[id(item)]
            return item.function(own.get(kind.cls, key), own)

        parts = visit.site.boundary.all(visit, uow, asked, call) if asked else []
        self._panels = [panel_of(visit, *about[id(part.item)], part) for part in parts]

    def panels(self, slot: Slot) -> Markup:
        """Return the panels of one slot, in order; nothing where there are none."""
        return Markup("").join(self._drawn("ui/records/panel.html", panel=p, r=words) for p in self._in(slot))

    def properties(self, record: Entity, names: Sequence[str] = ()) -> Markup:
        """Return properties of a record, each changed where it stands; with `names` these alone, in that order."""
        page = RecordPage(self.visit, self.uow, self.uow.crm.kind(type(record)), record, names)
        return self._drawn("ui/records/props.html", **page.props())

    def timeline(self) -> Markup:
        """Return what happened to the main record, with what writes a note above it, and the tabs of plugins beside it."""
        kind, record = self.records[0]
        context = feed.context(self.visit, self.uow, kind, record)
        return self._drawn(
            "ui/records/elsewhere.html", r=words, sfx=id_of(self.visit, "parts", kind.key, record.id), composer=self._in(Slot.TIMELINE),
            tabs=self._tabs(), label=self.visit.say(words.timeline), **context,
        )  # fmt: skip

    def _of_any(self, item: Item[t.Any]) -> bool:
        """True for a panel that is shown for records beside the main one too."""
        return item.mark.of is not None and item.plugin not in self.once

    def _in(self, slot: Slot) -> list[Panel]:
        return [panel for panel in self._panels if panel.slot == slot.value]

    def _tabs(self) -> list[Tab]:
        """Return the parts of the main record (the numbers of a contact), and the panels that are tabs."""
        visit, (main, record) = self.visit, self.records[0]
        found = [
            Tab(key=one.key, label=visit.say(one.kind.plural), source=visit.url(f"{path_of(main, record.id)}/parts", of=one.key))
            for one in pointing(visit, self.uow, main) if one.part
        ]  # fmt: skip
        for place, (kind, other) in enumerate(self.records):
            for item in offered(visit, self.uow, kind, (Slot.TAB,)):
                if not place or self._of_any(item):
                    source = visit.url(f"/_/panel/{item.plugin}/{item.key}/{kind.key}/{other.id}")
                    found.append(Tab(key=f"{item.plugin}.{item.key}", label=visit.say(item.mark.label), source=source))
        return found

    def _drawn(self, template: str, **context: t.Any) -> Markup:
        return self.visit.site.fragment(self.visit, View(template, **context), "")


__all__ = ["RecordParts"]
