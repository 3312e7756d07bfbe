"""A plugin with everything the shell shows: lines, numbers, commands, workspaces."""

from __future__ import annotations

from crmkit import PUBLIC, Mapped, Owned, Permission, Phone, Plugin, Uow, _, column, command
from crmkit.ui import Link, Look, Menu, Visit, Workspace, button, page

OPEN = Permission("rig.open", _("Open the rig", ru="Открывать снасти"))


class Boat(Owned, table="rig_boat", label=_("Boat", ru="Лодка"), plural=_("Boats", ru="Лодки")):
    name: Mapped[str] = column(search=True, personal=True, label=_("Name", ru="Имя"))
    phone: Mapped[str | None] = column(Phone, default=None, personal=True, search=True, label=_("Phone", ru="Телефон"))


BOATS = Look(of=Boat, icon="sailboat")
HARBOUR = Workspace(
    name="harbour", label=_("Harbour", ru="Гавань"), roles=("skipper",), home="/rig/knots",
    menu=(
        Link(label=_("Knots", ru="Узлы"), path="/rig/knots", icon="link"),
        Link(label=_("Mine", ru="Мои"), path="/rig/boat?view=1"),
    ),
)  # fmt: skip
DESK = Workspace(name="desk", label=_("Desk", ru="Стол"), roles=("skipper", "clerk"), home="/rig/rope", order=60)
TILL = Workspace(
    name="till", label=_("Till", ru="Касса"), roles=("cashier",), home="/rig/knots", menu=(Link(label="Till", path="/rig/knots"),),
    only=True,
)


def waiting(uow: Uow) -> int:
    return uow.find(Boat).count()


def failing(uow: Uow) -> int:
    raise RuntimeError("no number today")


@page("/rope", label=_("Rope", ru="Канат"), permission=OPEN, menu=Menu(icon="cable", badge=waiting))
def rope(visit: Visit, uow: Uow) -> str:
    return "rope"


@page("/rope/splice", label=_("Splice", ru="Сплесень"), permission=OPEN, menu=Menu(order=51, badge=failing))
def splice(visit: Visit, uow: Uow) -> str:
    return "splice"


@page("/knots", label=_("Knots", ru="Узлы"), permission=PUBLIC, menu=Menu(section=_("Rigging", ru="Такелаж")))
def knots(visit: Visit, uow: Uow) -> str:
    return "knots"


@page("/hidden", label="Hidden", permission=PUBLIC, menu=Menu(shown=lambda visit: False))
def hidden(visit: Visit, uow: Uow) -> str:
    return "hidden"


@page("/ashore", label=_("Go ashore", ru="Сойти на берег"), permission=PUBLIC, methods=("POST",), menu=Menu(section="person"))
def ashore(visit: Visit, uow: Uow) -> str:
    return "ashore"


@command(label=_("Weigh anchor", ru="Поднять якорь"), permission=OPEN)
def weigh(uow: Uow) -> None:
    """Nothing to fill in."""


@button(icon="ruler")
@command(label=_("Sound the depth", ru="Измерить глубину"), permission=OPEN)
def sound(uow: Uow, *, metres: int) -> None:
    """Something to fill in."""


@button(palette=False)
@command(label=_("Secret course", ru="Тайный курс"), permission=OPEN)
def course(uow: Uow) -> None:
    """Not in the palette."""


plugin = Plugin("rig", modules=[__name__])
