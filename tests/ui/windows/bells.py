"""A plugin whose bells open windows, for these tests."""

from __future__ import annotations

from sqlalchemy import String

from crmkit import Mapped, NotFound, Owned, Permission, Plugin, Topic, Uow, _, column
from crmkit.ui import Redirect, Result, View, Visit, Window, page, screen_pop

HEAR = Permission("bells.hear", label=_("Hear the bells", ru="Слышать звонки"))


class Bell(Owned, table="bells_bell", label=_("Bell", ru="Звонок"), plural=_("Bells", ru="Звонки")):
    name: Mapped[str] = column(String(50), label=_("Name", ru="Имя"))


RUNG = Topic("bells.rung", of=Bell)
ALARM = Topic("bells.alarm", permission=HEAR)
CHIME = Topic("bells.chime", permission=HEAR)


@screen_pop(RUNG)
def rung(id: int | None, uow: Uow) -> Window | None:
    bell = uow.get(Bell, id or 0)
    return None if bell.name == "still" else Window(path=f"/bells/bell/{bell.id}", title=_("A bell rings", ru="Звонят"), kind="call", urgent=True)


@screen_pop(RUNG)
def also(id: int | None, uow: Uow) -> Window | None:
    if uow.get(Bell, id or 0).name == "cracked":
        raise RuntimeError("cracked")
    return None


@screen_pop(ALARM)
def alarm(id: int | None, uow: Uow) -> Window | None:
    if id is not None:
        raise NotFound()
    return Window(path="/bells/tower?floor=2", title=_("Alarm", ru="Тревога"))


@screen_pop(CHIME)
def chimes(id: int | None, uow: Uow) -> list[Window]:
    return [
        Window(path=f"/bells/bell/{bell.id}", title=bell.name, opens=bell.name != "still") for bell in uow.find(Bell).order_by(Bell.id)
    ]  # fmt: skip


@page("/tower", label=_("Tower", ru="Башня"), permission=HEAR, methods=("GET", "POST"))
def tower(visit: Visit, uow: Uow) -> Result:
    if visit.method == "POST":
        return Redirect("/bells/tower", say=_("Rung", ru="Прозвонили"))
    return View("ui/refused.html", refusal=NotFound())


plugin = Plugin("bells", modules=[__name__], label=_("Bells", ru="Колокола"))
