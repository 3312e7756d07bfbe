"""What a saved view is, and who sees it."""

from __future__ import annotations

import enum
import typing as t

from sqlalchemy import String

from crmkit import Mapped, Owned, RowScope, _, column


class Layout(enum.Enum):
    """How the rows are laid out."""

    LIST = "list"
    BOARD = "board"
    CALENDAR = "calendar"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {"list": _("List", ru="Список"), "board": _("Board", ru="Доска"), "calendar": _("Calendar", ru="Календарь")}[self.value]


class Sharing(enum.Enum):
    """Who sees a view besides its owner."""

    NOBODY = "nobody"
    TEAM = "team"
    EVERYBODY = "everybody"

    @property
    def label(self) -> str:
        """What a person reads."""
        words = {"nobody": _("Only me", ru="Только я"), "team": _("My team", ru="Моя команда"), "everybody": _("Everybody", ru="Все")}
        return words[self.value]


class View(Owned, table="views_view", label=_("View", ru="Вид"), plural=_("Views", ru="Виды")):
    """A filter, columns, an order and a layout for the records of one kind, by name."""

    kind: Mapped[str] = column(String(120), index=True, label=_("Records", ru="Записи"), help=_("such as sales.deal", ru="например, sales.deal"))
    name: Mapped[str] = column(String(100), clean=str.strip, label=_("Name", ru="Название"))
    filter: Mapped[dict[str, t.Any]] = column(factory=dict, label=_("Filter", ru="Фильтр"))
    columns: Mapped[list[str]] = column(factory=list, label=_("Columns", ru="Колонки"), help=_("none: all", ru="пусто: все"))
    sort: Mapped[list[str]] = column(factory=list, label=_("Order", ru="Порядок"), help=_("such as -created_at", ru="например, -created_at"))
    layout: Mapped[Layout] = column(default=Layout.LIST, label=_("Layout", ru="Представление"))
    shared: Mapped[Sharing] = column(default=Sharing.NOBODY, label=_("Shared with", ru="Доступен"))
    position: Mapped[int] = column(default=0, label=_("Position", ru="Место в списке"))
    is_default: Mapped[bool] = column(default=False, label=_("Opens first", ru="Открывается первым"))


MINE = {"owner_id": {"in": {"relative": "mine"}}}
SHARED = RowScope(
    "shared", of=View, label=_("own ones and those shared with the person", ru="свои и те, которыми поделились"),
    filter={"or": [MINE, {"shared": "everybody"}, {"shared": "team", "team_id": {"in": {"relative": "my_teams"}}}]},
)  # fmt: skip
