"""Boards of plugins: their columns and cards, drawn and moved as those of records."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

import sqlalchemy as sa
from markupsafe import Markup

from ...core.errors import Forbidden, Invalid, Problem
from ...core.ledger import journal
from ...core.plugin import PUBLIC
from ..dashboards.tiles import topic_names
from ..registry import Item
from ..results import Card, Column, Toast, View
from ..rooms import Address
from . import words
from .drawn import CardOf, ColumnOf, Drawn, Line
from .page import common

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..marks import BoardMark
    from ..site import Site
    from ..visit import Visit


def boards(site: Site) -> dict[str, Address]:
    """Return the addresses of plugins' boards."""
    found: dict[str, Address] = {}
    for item in site.registry.boards:
        board = PluginBoard(item)
        is_open = item.mark.permission is PUBLIC
        found[board.path] = Address(get=board.shown, open=is_open, plugin=item.plugin)
        found[f"{board.path}/changes"] = Address(get=board.changes, open=is_open, plugin=item.plugin)
        if item.mark.move is not None:
            found[f"{board.path}/{{card:int}}/move"] = Address(post=board.moved, open=is_open, plugin=item.plugin)
    return found


class PluginBoard:
    """One board of a plugin."""

    def __init__(self, item: Item[BoardMark]) -> None:
        self.item, self.mark = item, item.mark
        self.path = f"/{item.plugin}{item.mark.path}"

    def shown(self, visit: Visit, uow: Uow) -> View:
        """GET: the page."""
        icon = self.mark.menu.icon if self.mark.menu is not None else ""
        return View("ui/boards/plugin.html", board=self.draw(visit, uow), icon_name=icon, **common())

    def changes(self, visit: Visit, uow: Uow) -> View:
        """GET …/changes: the board anew."""
        return View("ui/boards/changes.html", board=self.draw(visit, uow), **common())

    def moved(self, visit: Visit, uow: Uow) -> Toast:
        """POST …/5/move: `column`, and `before`, the card it now stands above."""
        self._allowed(uow)
        assert self.mark.move is not None
        if not self._may_move(uow):
            raise Forbidden(words.no_move)
        before = visit.form.get("before", "")
        column = visit.form.get("column", "")
        if not column:
            raise Invalid(problems=[Problem("column", "unknown", words.lost_column)])
        self.mark.move(uow, int(visit.path["card"]), column, int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None)
        uow.settle()
        written = uow.connection.execute(sa.select(journal.c.id).where(journal.c.tx == uow.tx).limit(1)).first()
        return Toast(words.moved_card, undo=uow.tx if written is not None else None, topics=tuple(topic_names(visit.crm, self.mark.live)))

    def draw(self, visit: Visit, uow: Uow) -> Drawn:
        """Ask the plugin for its columns, in the boundary: one that fails shows that, in a board without columns."""
        self._allowed(uow)
        made: list[Column] = []

        def ask(item: Item[t.Any], uow: Uow) -> None:
            made.extend(item.function(visit, uow))

        part = visit.site.boundary.one(visit, uow, self.item, ask)
        notes = [part.html] if part.html else []
        columns = [self._column(visit, uow, column, notes) for column in made] if part.state == "ok" else []
        url = visit.url(self.path)
        return Drawn(
            title=visit.say(self.mark.label), columns=columns, changes=f"{url}/changes",
            move=f"{url}/ID/move" if self.mark.move is not None and self._may_move(uow) else "", param="column", free=True,
            topics=topic_names(visit.crm, self.mark.live), notes=notes,
        )  # fmt: skip

    def _column(self, visit: Visit, uow: Uow, column: Column, notes: list[Markup]) -> ColumnOf:
        cards = [self._card(visit, uow, card) for card in column.cards]
        count = column.count if column.count is not None else len(cards)
        total = visit.say(column.total)
        return ColumnOf(
            key=column.key, label=visit.say(column.label), color=column.color, count=str(count), sum=total, sum_full=total, cards=cards,
        )  # fmt: skip

    def _card(self, visit: Visit, uow: Uow, card: Card) -> CardOf:
        html: Markup | None = None
        if card.template:
            part = visit.site.boundary.one(visit, uow, self.item, lambda _item, _uow: View(card.template, card=card, **card.context))
            html = part.html
        lines: Sequence[Line] = [Line(text=visit.say(card.subtitle))] if card.subtitle else ()
        return CardOf(id=card.id, title=visit.say(card.title), href=visit.url(card.path) if card.path else "", lines=lines, html=html)

    def _allowed(self, uow: Uow) -> None:
        if self.mark.permission is not None and self.mark.permission is not PUBLIC:
            uow.require(self.mark.permission)

    def _may_move(self, uow: Uow) -> bool:
        return self.mark.may_move is None or uow.may(self.mark.may_move)
