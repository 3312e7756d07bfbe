"""The page of the exchange: whose telephone rings, and what the person in front of it does, as a client or as a colleague."""

from __future__ import annotations

import random
import typing as t

from crmkit import Conflict, NotFound, Uow, _
from crmkit.ui import Menu, Result, View, Visit, page
from crmkit_sales import Contact
from crmkit_telephony import CALL, OurNumber, line_of, number_of

from ..fake.page import act, state
from ..settings import TelfinSettings
from .running import QUEUE, Exchange, exchange_of

SHOWN = 8
TITLE, SHORT = _("The demo's telephone exchange", ru="Учебная АТС"), _("Telephone exchange", ru="Учебная АТС")
DEEDS = ("pick_up", "hang_up", "rejects", "busy", "unavailable")
BY_HAND = {"colleagues": "own", "clients": "clients"}
WORDS = {
    "lead": _(
        "No telephone here is real. Answer as the client or as yourself, let it ring, hang up, and watch what the CRM does.",
        ru="Настоящих телефонов здесь нет. Отвечайте за клиента или за себя, не берите трубку, кладите её и смотрите, что делает CRM.",
    ),
    "window": _("In a window beside the work", ru="В окне рядом с работой"), "live": _("Telephones", ru="Телефоны"),
    "none": _("All is quiet. Call somebody from the CRM, or be a client and call in.",
              ru="Тишина. Позвоните кому-нибудь из CRM или позвоните сюда за клиента."),
    "call_in": _("A client calls", ru="Звонит клиент"), "number": _("From", ru="Кто звонит"),
    "number_help": _("Choose a client of yours, or type a number nobody has", ru="Выберите своего клиента или введите номер, которого нет в базе"),
    "to": _("To", ru="Кому"), "did": _("Number dialled", ru="На какой номер"), "call": _("Call", ru="Позвонить"),
    "all": _("Everybody ({names})", ru="Всем сразу ({names})"), "myself": _("{name} (you)", ru="{name} (вы)"),
    "habits": _("Who picks up", ru="Кто снимает трубку"), "own": _("Colleagues pick up by themselves", ru="Сотрудники отвечают сами"),
    "clients": _("Clients behave as in life", ru="Клиенты ведут себя как в жизни"),
    "clients_help": _("A third answers; others do not, are busy or off", ru="Отвечает треть, другие не берут, заняты или недоступны"),
    "over": _("Over", ru="Завершённые"), "out": _("Call out", ru="Исходящий"), "in": _("Call in", ru="Входящий"),
    "internal": _("Among colleagues", ru="Внутренний"), "client": _("Client", ru="Клиент"), "agent": _("Colleague", ru="Сотрудник"),
    "queue": _("Queue", ru="Очередь"), "ivr": _("Voice menu", ru="Голосовое меню"), "other": _("Somebody else", ru="Третье лицо"),
    "ringing": _("rings", ru="звонит"), "waits": _("waits", ru="ждёт ответа"), "talking": _("talks", ru="разговор"),
    "held": _("on hold", ru="на удержании"), "ended": _("hung up", ru="трубка положена"), "pick_up": _("Answer", ru="Ответить"),
    "rejects": _("Reject", ru="Сбросить"), "busy": _("Busy", ru="Занято"), "unavailable": _("Switched off", ru="Недоступен"),
    "hang_up": _("Hang up", ru="Положить трубку"),
    "ignore": _("To ignore it, do nothing.", ru="Чтобы не брать трубку, ничего не делайте."),
    "gone": _("That is not possible any more", ru="Это уже невозможно"),
}  # fmt: skip
OUTCOMES = {
    "answered": _("answered", ru="разговор состоялся"), "voicemail": _("voicemail", ru="автоответчик"), "busy": _("busy", ru="занято"),
    "rejected": _("rejected", ru="сброшен"), "invalid_number": _("no such number", ru="нет такого номера"),
    "unavailable": _("switched off", ru="недоступен"), "no_answer": _("no answer", ru="нет ответа"),
    "agent_no_answer": _("colleague did not answer", ru="не ответил сотрудник"),
}  # fmt: skip


def _here(uow: Uow) -> Exchange:
    found = exchange_of(uow.crm)
    if found is None:
        raise NotFound()
    return found


@page("/exchange", label=TITLE, permission=CALL, menu=Menu(
    icon="phone-call", section="work", order=90, label=SHORT, shown=lambda visit: visit.site.crm[TelfinSettings].fake))  # fmt: skip
def exchange(visit: Visit, uow: Uow) -> View:
    """Telephones that ring, clients who call, and who picks up by themselves."""
    found = _here(uow)
    colleagues, clients = found.by_themselves
    return View("exchange.html", own=colleagues, clients=clients, **_calls(visit, uow, found), **_form(visit, uow, found))


@page("/exchange/calls", label=TITLE, permission=CALL)
def calls(visit: Visit, uow: Uow) -> View:
    """The telephones as they are now."""
    return View("exchange_calls.html", **_calls(visit, uow, _here(uow)))


def _calls(visit: Visit, uow: Uow, found: Exchange) -> dict[str, t.Any]:
    shown = state(found.pbx, SHOWN)
    numbers = {call["number"] for call in (*shown["calls"], *shown["ended"]) if call["number"]}
    wanted = {f"+{number.lstrip('+')}" for number in numbers}
    known = {c.phone: c.name for c in uow.find(Contact).where(Contact.phone.in_(sorted(wanted)))} if wanted and uow.may("sales.contact.read") else {}
    return {
        "a": WORDS, "outcomes": OUTCOMES, "calls": shown["calls"], "ended": shown["ended"], "title": visit.say(TITLE),
        "name_of": lambda number: known.get(f"+{(number or '').lstrip('+')}", ""), "written": _written,
    }  # fmt: skip


def _written(number: str | None) -> str:
    return number_of(f"+{number.lstrip('+')}") if number else ""


def _form(visit: Visit, uow: Uow, found: Exchange) -> dict[str, t.Any]:
    mine = line_of(uow, uow.actor.id) if uow.actor.id is not None else None
    own = mine.extension.rpartition("*")[2] if mine is not None else ""
    phones = {e.name: e for e in found.pbx.extensions}
    queue = phones.pop(QUEUE, None)
    lived_in = [e for e in phones.values() if not e.label.startswith("Extension ")]
    to = [(e.name, visit.say(WORDS["myself"], name=e.label) if e.name == own else e.label) for e in lived_in]
    to.sort(key=lambda choice: choice[0] != own)
    if queue is not None:
        to.append((queue.name, visit.say(WORDS["all"], names=", ".join(phones[m].label for m in queue.members if m in phones))))
    with uow.as_system():  # what our own numbers are called is no secret of anybody's
        names = {n.number.lstrip("+"): n.name for n in uow.find(OurNumber)}
    clients: list[tuple[str, str]] = []
    if uow.may("sales.contact.read"):
        own_first = (Contact.owner_id == uow.actor.id).desc()
        known = uow.find(Contact).where(Contact.phone.is_not(None)).order_by(own_first, Contact.__table__.c.id).limit(SHOWN)
        clients = [(t.cast(str, c.phone), c.name) for c in known]
    stranger = f"+7499000{random.randrange(10**4):04}"
    return {"to": to, "dids": [(did, names.get(did, "")) for did in found.pbx.switch.dids], "people": clients, "stranger": stranger}


@page("/exchange/do", label=TITLE, permission=CALL, methods=("POST",))
def do(visit: Visit, uow: Uow) -> Result:
    """Pick up, hang up, reject; call in as a client; let people pick up by themselves."""
    found, form = _here(uow), visit.form
    deed = form.get("deed", "")
    if deed == "habits":
        found.let(colleagues=bool(form.get("own")), clients=bool(form.get("clients")))
    elif deed == "call" or deed in DEEDS:
        wanted = {name: form.get(name, "") for name in ("deed", "leg", "number", "to", "did")}
        try:
            act(found.pbx, wanted)
        except (KeyError, IndexError, ValueError, TypeError) as problem:
            raise Conflict(WORDS["gone"]) from problem
    else:
        raise NotFound()
    return View("exchange_calls.html", **_calls(visit, uow, found))


__all__ = ["exchange"]
