"""What plugins add to the screen is checked when the pages are built, everything at once, in sentences that say what to type."""

from __future__ import annotations

import types
import typing as t
from typing import Any

import pytest

from crmkit import PUBLIC, CompositionError, Crm, Entity, Mapped, Permission, Plugin, Topic, Uow, column, command
from crmkit.ui import Link, Look, Menu, Toast, View, Visit, Workspace, board, button, list_column, page, panel, screen_pop, settings_tab, widget
from crmkit.ui.registry import gather
from crmkit.ui.serving import site_of

READ = Permission("shop.see", "See the shop")
RUNG = Topic("shop.rung", permission=READ)


class Thing(Entity, table="shop_thing"):
    """Something one can look at."""

    name: Mapped[str] = column(default="")


class Elsewhere(Entity, table="other_elsewhere"):
    """An entity of a plugin that is not here."""

    name: Mapped[str] = column(default="")


def plugin(*things: Any, name: str = "shop") -> Plugin:
    module = types.ModuleType(f"tests_{name}")
    for number, thing in enumerate(things):
        key = getattr(thing, "__name__", f"thing_{number}")
        if isinstance(thing, types.FunctionType):
            thing.__module__ = module.__name__
        elif isinstance(thing, Workspace | Look):
            object.__setattr__(thing, "defined_in", module.__name__)
        elif isinstance(thing, type):
            thing.__module__ = module.__name__
        setattr(module, key, thing)
    return Plugin(name, modules=[module])


def problems(*things: Any, name: str = "shop", settings: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(CompositionError) as told:
        site_of(Crm(plugin(*things, name=name), database="sqlite:///never-opened.db", settings=settings))
    return list(told.value.problems)


def test_everything_a_plugin_adds_is_found():
    @page("/hello", label="Hello", permission=PUBLIC, menu=Menu(icon="gift"))
    def hello(visit: Visit, uow: Uow) -> View:
        return View("hello.html")

    @panel(Thing, label="Beside")
    def beside(record: Thing, uow: Uow) -> str:
        return "beside"

    @widget(label="Tile", permission=READ)
    def tile(uow: Uow) -> str:
        return "tile"

    @command("Polish", permission=READ, of=Thing)
    @button(icon="sparkles", primary=True)
    def polish(record: Thing, uow: Uow) -> None:
        record.name = "polished"

    @list_column(Thing, label="Length")
    def length(ids: Any, uow: Uow) -> dict[int, str]:
        return {}

    @settings_tab(label="Shop", permission=READ)
    def tab(visit: Visit, uow: Uow) -> Toast:
        return Toast("saved")

    @board("/wall", label="Wall", permission=READ)
    def wall(visit: Visit, uow: Uow) -> list[Any]:
        return []

    @screen_pop(RUNG)
    def ringing(key: int | None, uow: Uow) -> None:
        return None

    place = Workspace(name="clerk", label="Clerk", roles=("clerk",), menu=(Link(label="Things", path="/shop/thing"),))
    look = Look(of=Thing, icon="box", columns=("name",))
    found = gather(
        Crm(plugin(Thing, READ, RUNG, hello, beside, tile, polish, length, tab, wall, ringing, place, look), database="sqlite:///never-opened.db")
    )
    assert found.problems == []
    assert [i.key for items in (found.pages, found.panels, found.widgets, found.columns, found.tabs, found.boards) for i in t.cast(Any, items)] == [
        "hello", "beside", "tile", "length", "tab", "wall",
    ]  # fmt: skip
    assert found.buttons["shop.thing.polish"].primary
    assert (list(found.pops), [w.name for w in found.workspaces], found.looks[Thing].icon) == (["shop.rung"], ["clerk"], "box")


def test_everything_wrong_is_told_at_once():
    @page("hello", label="Hello", permission=PUBLIC)
    def hello(visit: Visit, uow: Uow) -> str:
        return ""

    @page("/thing/x", label="Taken", permission=PUBLIC)
    def taken(visit: Visit, uow: Uow) -> str:
        return ""

    @page("/open", label="Open", permission=None)  # type: ignore[arg-type]
    def unguarded(visit: Visit, uow: Uow) -> str:
        return ""

    @panel(Elsewhere, label="Beside")
    def beside(record: Elsewhere, uow: Uow) -> str:
        return ""

    @button(icon="x")
    def lonely(record: Thing, uow: Uow) -> None:
        return None

    look = Look(of=Thing, columns=("nmae",), filter={"naem": 1})
    told = "\n".join(problems(Thing, hello, taken, unguarded, beside, lonely, look))
    for words in (
        "page 'hello' must look like", "is where the list of shop.thing is", "unguarded names no permission", "beside is of Elsewhere",
        "stands beside no @command", "Look of shop.thing: there is no field 'nmae'. Did you mean 'name'?",
        "Look of shop.thing: filter.naem",
    ):  # fmt: skip
        assert words in told, told


def test_a_plugin_may_not_take_an_address_of_the_pages():
    assert "plugin name 'admin' is an address of the pages" in problems(name="admin")[0]


WRONG = [({"hue": 500}, "degrees on the colour circle"), ({"naem": "x"}, "[ui] has no key 'naem'"), ({"logo": "/nowhere.svg"}, "there is no file")]


@pytest.mark.parametrize(("table", "words"), WRONG)
def test_branding_that_cannot_be_is_told_with_its_key(table: dict[str, Any], words: str):
    assert words in problems(settings={"ui": table})[0]


def test_a_crm_may_have_no_pages():
    assert site_of(Crm(plugin(), database="sqlite:///never-opened.db", settings={"ui": {"enabled": False}})) is None
