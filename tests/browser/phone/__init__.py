"""A telephone for the tests of windows and live pages: calls that ring, are answered and written up, and pages that watch them."""

from __future__ import annotations

from sqlalchemy import String

from crmkit import Entity, Mapped, Permission, Plugin, Topic, Uow, _, column
from crmkit.accounts.entities import StoredRole
from crmkit.ui import Menu, Redirect, Result, Toast, View, Visit, Window, page, screen_pop

USE = Permission("phone.use", label=_("Use the telephone", ru="Пользоваться телефоном"))
RINGING = Topic("phone.ringing", permission=USE)


class Ring(Entity, table="phone_ring", label=_("Call", ru="Звонок"), plural=_("Calls", ru="Звонки")):
    who: Mapped[str] = column(String(100), label=_("Who", ru="Кто"))
    state: Mapped[str] = column(String(20), label=_("State", ru="Состояние"), default="rings")
    note: Mapped[str] = column(String(200), label=_("Note", ru="Заметка"), default="")


def allow(uow: Uow) -> None:
    """Let everybody in sales use the telephone."""
    for role in uow.find(StoredRole).where(StoredRole.name.in_(["manager", "director"])):
        role.grants = {**role.grants, "phone.*": "all"}


def ring(uow: Uow, who: str = "Елена Соколова") -> int:
    """A call comes in."""
    call = uow.add(Ring(who=who))
    uow.flush()
    uow.publish("phone.ringing", call.id)
    return call.id


def settle(uow: Uow, id: int, state: str) -> None:
    """Somebody answered, or nobody is there any more."""
    uow.get(Ring, id).state = state
    uow.publish("phone.ringing", id)


@screen_pop(RINGING)
def incoming(id: int | None, uow: Uow) -> Window | None:
    call = uow.get(Ring, id or 0)
    if call.state != "rings":
        return None
    return Window(path=f"/phone/calls/{call.id}", title=_("Incoming call", ru="Входящий звонок"), kind="call", urgent=True)


def _call(visit: Visit, uow: Uow) -> Ring:
    return uow.get(Ring, int(visit.path["id"]))


@page("/calls", label=_("Calls", ru="Звонки"), permission=USE, menu=Menu(icon="phone"))
def calls(visit: Visit, uow: Uow) -> Result:
    return View("calls.html", calls=list(uow.find(Ring).order_by(Ring.id.desc())))


@page("/calls/{id}", label=_("Call", ru="Звонок"), permission=USE)
def card(visit: Visit, uow: Uow) -> Result:
    return View("card.html", call=_call(visit, uow))


@page("/calls/{id}/answer", label=_("Answer", ru="Ответить"), permission=USE, methods=("POST",))
def answer(visit: Visit, uow: Uow) -> Result:
    settle(uow, int(visit.path["id"]), "talks")
    return Redirect(f"/phone/calls/{visit.path['id']}")


@page("/calls/{id}/note", label=_("Note", ru="Заметка"), permission=USE, methods=("GET", "POST"))
def note(visit: Visit, uow: Uow) -> Result:
    call = _call(visit, uow)
    if visit.method == "GET":
        return View("note.html", call=call, note=call.note, wrong="")
    if not visit.form["note"].strip():
        return View("note.html", call=call, note="", wrong="Напишите хоть слово", status=422)
    call.note = visit.form["note"]
    if "stay" in visit.form:
        return Redirect(f"/phone/calls/{call.id}", say="Записано")
    return View("saved.html", headers=[("HX-Trigger", "crm:close")])


@page("/calls/{id}/line", label=_("Line", ru="Строка"), permission=USE)
def line(visit: Visit, uow: Uow) -> Result:
    return View("line.html", call=_call(visit, uow))


@page("/hang-up", label=_("Hang up", ru="Положить трубку"), permission=USE, methods=("POST",))
def hang_up(visit: Visit, uow: Uow) -> Result:
    return Toast("Готово", topics=("phone.ring",))


plugin = Plugin("phone", modules=[__name__], label=_("Telephone", ru="Телефон"))
