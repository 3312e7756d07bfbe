"""Boards of records: the stages of a pipeline as columns."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from decimal import Decimal

from markupsafe import Markup

from ...core import board as core
from ...core.errors import Invalid, Problem
from ...core.kind import Kind
from ...core.pipeline import OPEN
from ...core.text import translate
from ...web.problems import NoSuchPath
from .. import formats
from ..cells import color_of_stage
from ..shown import path_of
from . import badges, words
from .asked import BoardAsked, folded
from .cards import Cards
from .drawn import CardOf, ColumnOf, Drawn

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

PAGE = 25
"""How many cards of a column are in the page; more come when they are scrolled to."""
EAGER = 300
"""How many cards a page begins with at most: further columns come when they are scrolled to."""
MOST_IDS = 200
Row = Mapping[str, t.Any]


def order_of(field: str) -> tuple[str, ...]:
    """Return the order of the cards in a column."""
    return (field, "-id" if field.startswith("-") else "id") if field else core.ORDER


class BoardOf:
    """One board for one visitor."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind) -> None:
        if not kind.staged or not kind.pipelines:
            raise NoSuchPath()
        uow.require(kind.permission("read"))
        self.visit, self.uow, self.kind = visit, uow, kind
        self.asked = BoardAsked(visit, uow, kind)
        self.bar, self.pipeline = self.asked.bar, self.asked.pipeline
        self.filter: t.Any = self.asked.filter
        self.search = self.bar.asked.q or None
        self.problems: list[Problem] = [Problem("filter", "json", words.broken_filter)] if self.bar.asked.raw else []
        self.notes: list[Markup] = []
        self.may_move = uow.may(kind.permission("move"))
        self.may_create = uow.may(kind.permission("create"))
        by = visit.site.shown(kind).board_sort
        self.order = order_of(by) if by.removeprefix("-") not in uow.crm.access.hidden(uow.actor, kind) else core.ORDER
        self.captions = visit.site.shown(kind).captions(visit)

    @property
    def narrowed(self) -> bool:
        """True when a filter or a search leaves some out."""
        return bool(self.filter or self.bar.asked.raw or self.search)

    # ---- what is shown -----------------------------------------------------------------------------------------
    def draw(self) -> Drawn:
        """Fetch and return the whole board."""
        cards = Cards(self.visit, self.uow, self.kind, self.pipeline)
        folds = folded(self.visit, self.kind, self.pipeline)
        eager = [s for s in self.pipeline.stages if s not in folds][: EAGER // PAGE]
        found: list[dict[str, t.Any]] = self._columns(cards, PAGE, eager)
        drawn = self._drawn(cards, [row for column in found for row in column["cards"]])
        columns = [self._column(column, [drawn[int(row["id"])] for row in column["cards"]], folds) for column in found]
        return self._board(columns)

    def changes(self, ids: Sequence[int]) -> Drawn:
        """Fetch the heads of all columns, and those of some cards that are on the board."""
        cards = Cards(self.visit, self.uow, self.kind, self.pipeline)
        heads = self._columns(cards, 0, [])
        rows = core.column(
            self.uow, self.kind, self.pipeline.name, None, filter=self.filter, fields=cards.wanted, search=self.search, ids=ids, limit=len(ids),
            order=self.order,
        ).rows if not self.problems else []  # fmt: skip
        drawn = self._drawn(cards, rows)
        of: dict[str, list[CardOf]] = {}
        for row in rows:
            of.setdefault(row["stage"], []).append(drawn[int(row["id"])])
        return self._board([self._column(head | {"more": False}, of.get(head["stage"], []), frozenset()) for head in heads])

    def more(self, stage: str, after: str | None) -> ColumnOf:
        """Fetch further cards of one column."""
        cards = Cards(self.visit, self.uow, self.kind, self.pipeline)
        page = core.column(
            self.uow, self.kind, self.pipeline.name, stage, filter=self.filter, fields=cards.wanted, search=self.search, after=after, limit=PAGE,
            order=self.order)
        drawn = self._drawn(cards, page.rows)
        own = [drawn[int(row["id"])] for row in page.rows]
        return ColumnOf(key=stage, label="", color="", count="", cards=own, more=self._more(stage, page.next) if page.next else "")

    # ---- pieces ------------------------------------------------------------------------------------------------
    def _columns(self, cards: Cards, limit: int, stages: Sequence[str]) -> list[dict[str, t.Any]]:
        """Return the columns with their first cards; what is wrong with a filter is kept in `problems`, and nothing is shown."""
        if not self.problems:
            try:
                return t.cast("list[dict[str, t.Any]]", core.board(
                    self.uow, self.kind, self.pipeline.name, cards=limit, filter=self.filter, fields=cards.wanted, search=self.search, within=stages,
                    order=self.order,
                )["columns"])  # fmt: skip
            except Invalid as refusal:
                self.problems += refusal.problems
        return [{"stage": s.name, "label": s.label, "outcome": s.outcome.value, "count": 0, "sums": {}, "cards": [], "more": False, "next": None}
            for s in self.pipeline.stages.values()]  # fmt: skip

    def _drawn(self, cards: Cards, rows: Sequence[Row]) -> dict[int, CardOf]:
        cards.load(rows)
        marks, notes = badges.asked(self.visit, self.uow, self.kind, [int(row["id"]) for row in rows])
        self.notes += notes
        return {int(row["id"]): cards.draw(row, marks.get(int(row["id"]), ())) for row in rows}

    def _column(self, column: dict[str, t.Any], cards: Sequence[CardOf], folds: frozenset[str]) -> ColumnOf:
        name, language = column["stage"], self.visit.language
        sums = [(translate(f.label, language), column["sums"][f.name]) for f in self.kind.totals if f.name in column["sums"]]
        sums = [(label, value) for label, value in sums if Decimal(value or 0)]  # nothing to add up is nothing to read
        stage = self.pipeline.stages[name]
        new = self.visit.url(f"{path_of(self.kind)}/new", stage=name, pipeline=self.pipeline.name)
        caption = self.captions.get((self.pipeline.name, name), "")
        return ColumnOf(
            key=name, label=translate(column["label"], language), color=color_of_stage(self.pipeline, name),
            count=formats.number(column["count"], language), sum=formats.short(sums[0][1], language) if sums else "",
            sum_full=" · ".join(f"{label}: {formats.money(value, language)}" for label, value in sums), cards=cards,
            caption=self.visit.say(caption), icon=stage.icon,
            add=new if self.may_create and stage.outcome is OPEN else "", more=self._more(name, column["next"]) if column["more"] else "",
            folded=name in folds, foldable=True,
        )  # fmt: skip

    def _more(self, stage: str, after: str | None) -> str:
        return self.bar.tool("board/more", stage=stage, **({"after": after} if after else {}))

    def _board(self, columns: Sequence[ColumnOf]) -> Drawn:
        pipeline = self.pipeline
        return Drawn(
            title=translate(self.kind.plural, self.visit.language), columns=columns, changes=self.bar.tool("board/changes"),
            move=self.visit.url(f"{path_of(self.kind)}/ID/move") if self.may_move else "", param="stage", fixed={"pipeline": pipeline.name},
            moves={s: pipeline.targets(s) for s in pipeline.stages}, topics=[self.kind.key], order=self.order[0],
            fresh=badges.refreshing(self.visit, self.uow, self.kind),
            fold=self.visit.url(f"{path_of(self.kind)}/board/fold"), notes=self.notes,
        )  # fmt: skip
