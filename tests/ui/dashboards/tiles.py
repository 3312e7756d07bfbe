"""A plugin whose tiles go every way: shown, hidden, empty, broken, refused, lazy, asking for a period."""

from __future__ import annotations

import typing as t

from crmkit import PUBLIC, Invalid, Mapped, Permission, Plugin, Uow, _, column
from crmkit import Entity as Record
from crmkit.ui import Menu, Visit, Workspace, charts, dashboard, page, widget

READ = Permission("tiles.read", _("See tiles", ru="Видеть плитки"))


class Thing(Record, table="tiles_thing", label=_("Thing", ru="Вещь")):
    name: Mapped[str] = column()


@widget(label=_("Things", ru="Вещи"), permission=READ, span=2, live=[Thing])
def things(uow: Uow) -> t.Any:
    return charts.bars([charts.Bar("all", uow.find(Thing).count(), href="/tiles/thing")], caption=_("Things", ru="Вещи"))


@widget(label="Nothing to show", permission=PUBLIC)
def nothing(uow: Uow) -> t.Any:
    return None


@widget(label="Broken", permission=PUBLIC)
def broken(uow: Uow) -> t.Any:
    raise RuntimeError("oops <b>")


@widget(label="Refused", permission=PUBLIC)
def refused(uow: Uow) -> t.Any:
    raise Invalid(_("Choose a pipeline first", ru="Сначала выберите воронку"))


@widget(label="Slow", permission=PUBLIC, lazy=True, live=["things.counted"], span=9)
def lazily(visit: Visit, uow: Uow) -> t.Any:
    return f"period <{visit.query.get('period', 'none')}>"


@widget(label="Elsewhere", permission=PUBLIC, dashboard="factory")
def elsewhere(uow: Uow) -> t.Any:
    return "the factory"


@page("/overview", label="Overview", permission=PUBLIC, menu=Menu(icon="factory"))
def overview(visit: Visit, uow: Uow) -> t.Any:
    return dashboard(visit, uow, "factory", label=_("Factory", ru="Фабрика"), bar="<b>")


FOREMAN = Workspace(name="foreman", label=_("Foreman", ru="Мастер"), roles=("foreman",), home="/tiles/overview", order=10)
CLERK = Workspace(name="clerk", label=_("Clerk", ru="Учётчик"), roles=("clerk", "foreman"), home="/")

plugin = Plugin("tiles", modules=[__name__], label=_("Tiles", ru="Плитки"))
