"""Cards of records: what `Look` names, each value in its place."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

from ...core.kind import Kind
from ...core.pipeline import OPEN, Pipeline
from .. import formats
from ..cells import Cells, look_of
from ..results import Badge
from ..shown import path_of
from .drawn import CardOf, Line

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

Row = Mapping[str, t.Any]
LATE, NOW = "late", "today"


class Cards:
    """Draws the cards of one board: ask for the fields `wanted`, `load` the rows, then `draw` each."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind, pipeline: Pipeline[t.Any]) -> None:
        self.visit, self.kind, self.pipeline = visit, kind, pipeline
        self.shown = visit.site.shown(kind)
        named = [self.shown.title, *([self.shown.subtitle] if self.shown.subtitle else []), *self.shown.card]
        self.cells = Cells(visit, uow, kind, named)
        self.since = self.shown.board_sort.removeprefix("-") or "stage_since"
        """What cards go by: where a script puts one that has changed."""
        self.today = visit.now.astimezone(visit.zone).date()
        self.looks = {name: look_of(field) for name, field in self.cells.fields.items()}
        self.labels = {name: self.cells.label(name) for name in self.cells.names}
        self.plan = [n for n in self.cells.names if n != self.shown.title and n not in ("stage", "pipeline") and not self._twice(n)]
        self.icons = {name: self._icon(name) for name in self.plan}

    def _twice(self, name: str) -> bool:
        """True for a link whose name stands in the subtitle already."""
        target = self.cells.target(name)
        return target is not None and target[0] == self.shown.subtitle

    def _icon(self, name: str) -> str:
        """Return the icon of the entity a value is of."""
        target, hops = self.cells.target(name), self.shown.path(name).hops
        of = target[1] if target is not None else self.visit.crm.kinds.get(getattr(hops[-1], "target", "")) if hops else None
        return self.visit.site.shown(of).icon if of is not None else ""

    @property
    def wanted(self) -> list[str]:
        """The fields to ask a board for."""
        return self.cells.wanted

    def load(self, rows: Sequence[Row]) -> None:
        """Look up the names of people in these rows, in one question."""
        self.cells.load(rows)

    def draw(self, row: Row, badges: Sequence[Badge] = ()) -> CardOf:
        """Return one card."""
        key = int(row["id"])
        lines, chips, sums, due, who = list[Line](), list[Line](), list[Line](), None, None
        for name in self.plan:
            if row.get(name) in (None, "", False):
                continue
            how = self.looks[name]
            if how == "person" and who is None:
                who = Line(text=self.cells.text(name, row), label=self.labels[name], color=formats.color_of(int(row[name])))
            elif how in ("day", "moment") and due is None:
                due = self._due(name, row)
            elif how == "money":
                sums.append(Line(text=formats.short(row[name], self.visit.language), label=self.labels[name], full=self.cells.text(name, row)))
            elif how in ("choice", "check"):
                text = self.labels[name] if how == "check" else self.cells.text(name, row)
                chips.append(Line(text=text, label=self.labels[name], color=self.cells.color(name, row)))
            else:
                lines.append(Line(text=self.cells.text(name, row), label=self.labels[name], icon=self.icons[name]))
        title = (self.cells.text(self.shown.title, row) if self.shown.title in self.cells.fields else "") or f"№ {key}"
        return CardOf(
            id=key, title=title, href=self.visit.url(path_of(self.kind, key)), version=row.get("version"), since=row.get(self.since) or "",
            lines=lines, chips=chips, sums=sums, due=due, who=who, rots=self._rots(row), badges=badges,
        )  # fmt: skip

    def _due(self, name: str, row: Row) -> Line:
        value = row[name]
        day = dt.date.fromisoformat(value) if self.looks[name] == "day" else dt.datetime.fromisoformat(value).astimezone(self.visit.zone).date()
        stage = self.pipeline.stages.get(row.get("stage", ""))
        counts = stage is not None and stage.outcome is OPEN
        state = LATE if counts and day < self.today else NOW if counts and day == self.today else ""
        text = formats.near_day(day, self.today, self.visit.language)
        return Line(text=text, label=self.labels[name], full=self.cells.text(name, row), color=state, icon="calendar")

    def _rots(self, row: Row) -> str:
        """Return how long a record that should have moved on has been where it is; empty for all others."""
        ends, since = row.get("rots_at"), row.get("stage_since")
        if not ends or not since or dt.datetime.fromisoformat(ends) > self.visit.now:
            return ""
        seconds = (self.visit.now - dt.datetime.fromisoformat(since)).total_seconds()
        return formats.span(seconds // 86400 * 86400 if seconds >= 86400 else seconds // 3600 * 3600, self.visit.language)
