"""The addresses of the screens of calls: the card, calling, control, choosing the client, writing up, colleagues to transfer to."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Callable, Mapping

import attrs

from crmkit import Invalid, NotFound, Problem, Refusal, Uow
from crmkit.activities import Activity, plan
from crmkit.ui import PhoneButton, Redirect, Result, View, Visit, controls, page, typed
from crmkit_sales import Contact, Deal, Lead

from ..commands import said
from ..entities import Call, CallState, Direction
from ..events import Outcome
from ..finding import belongs, do_not_call, find, line_of
from ..ordering import call as place
from ..ordering import hang_up, has_ended, hold, resume, transfer
from ..roles import CALL, LISTEN
from ..taking import PHONE, tell_about
from . import words
from .client import LINKS, client_of, link, seen, unlink
from .mine import card_of, key_of, mine, names_of_calls, number_of, shown_calls
from .people import colleagues

CONTROL: Mapping[str, Callable[[Uow, Call], None]] = {"hang_up": hang_up, "ended": has_ended, "hold": hold, "resume": resume}
SAID = (Outcome.ANSWERED, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.VOICEMAIL, Outcome.INVALID_NUMBER)
STEP = ("subject", "due_at")
LONGEST = 20_000


def _own(visit: Visit, uow: Uow) -> Call:
    """Return the call of an address, for those who may control and write it up."""
    call = card_of(uow, key_of(visit))
    if not mine(uow, call):
        uow.forbid(uow.crm.kind(Call).permission("change"))
    return call


CALL_BUTTON = PhoneButton(
    label=words.call, icon="phone", path="/telephony/dial", permission=CALL,
    shown=lambda uow: uow.actor.id is not None and line_of(uow, uow.actor.id) is not None,
)  # fmt: skip


# ---- calling ----------------------------------------------------------------------------------------------------------
@page("/dial", label=words.call, permission=CALL, methods=["POST"])
def call_from_screen(visit: Visit, uow: Uow) -> Result:
    """Have a number called for whoever asks, and open the card of the call. Says which record the number stands at."""
    about = _record(uow, visit.form.get("kind", ""), visit.form.get("id", ""))
    of: dict[str, t.Any] = {}
    for cls, name in ((Contact, "contact"), (Lead, "lead"), (Deal, "deal")):
        if isinstance(about, cls):
            of[name] = about
    if isinstance(about, Deal) and about.contact_id is not None:
        of["contact"] = seen(uow, Contact, about.contact_id)
    call = place(uow, visit.form.get("number", ""), **of)
    uow.flush()
    who = names_of_calls(uow, [call]).get(call.id) or number_of(call.number, call.given)
    told = {"telephony:card": {"url": visit.url(f"/telephony/card/{call.id}"), "title": visit.say(words.dialling, name=who)}, **_own_news()}
    return View("nothing.html", headers=[("HX-Trigger", json.dumps(told))])


def _record(uow: Uow, kind: str, key: str) -> t.Any:
    found = uow.crm.kinds.get(kind)
    if found is None or not (key.isascii() and key.isdecimal() and len(key) < 19):
        return None
    if found.key == "sales.contact_point":  # a number among those of a contact
        point = seen(uow, found.cls, int(key))
        return seen(uow, Contact, t.cast(t.Any, point).contact_id) if point is not None else None
    return seen(uow, found.cls, int(key))


def _own_news() -> dict[str, t.Any]:
    """What is told to the parts of the page that asked, without waiting for the stream."""
    return {f"crm:{PHONE.name}": {"own": True}}


# ---- the card -----------------------------------------------------------------------------------------------------------
@page("/card/{id}", label=words.card, permission=CALL)
def card(visit: Visit, uow: Uow) -> View:
    """The card of a call: who it is, what may be done with it, and what is to be written down."""
    call = card_of(uow, key_of(visit))
    return View("card.html", **{**_head(visit, uow, call), **_who(visit, uow, call), **_form(visit, uow, call)})


@page("/card/{id}/part/{part}", label=words.card, permission=CALL)
def part(visit: Visit, uow: Uow) -> View:
    """A part of the card by itself, as it is now."""
    call = card_of(uow, key_of(visit))
    if visit.path["part"] == "head":
        return View("card_head.html", **_head(visit, uow, call))
    if visit.path["part"] == "who":
        return View("card_who.html", **_who(visit, uow, call))
    raise NotFound()


def _head(visit: Visit, uow: Uow, call: Call) -> dict[str, t.Any]:
    shown = shown_calls(visit, uow, [call])[0]
    ours = number_of(call.our_number)
    return {
        "s": words, "c": shown, "call": call, "over": call.state is CallState.ENDED, "incoming": call.direction is Direction.IN,
        "ours": visit.say(words.our_number if call.direction is Direction.IN else words.our_number_out, number=ours) if ours else "",
        "source": call.source.name if call.source is not None else "", "barred": call.number is not None and do_not_call(uow, call.number),
        "hears": call.recording is not None and uow.may(LISTEN, call), "outcomes": _outcomes(call) if mine(uow, call) else (),
    }  # fmt: skip


def _outcomes(call: Call) -> t.Sequence[Outcome]:
    """Return what may be said of how a call went: of one that goes on only that a machine answered."""
    if call.state is CallState.ENDED:
        return SAID if call.outcome in SAID or call.outcome is None else (call.outcome, *SAID)
    return (Outcome.VOICEMAIL,) if call.direction is Direction.OUT and call.state is CallState.TALKING else ()


def _who(visit: Visit, uow: Uow, call: Call) -> dict[str, t.Any]:
    client = client_of(visit, uow, call)
    prefill = {"phone": call.number, "source_id": call.source_id}
    live = ["telephony.call:" + str(call.id)]
    if client.main is None or client.kind == "sales.inquiry":  # somebody may just be writing down who it is
        live += ["sales.contact", "sales.inquiry"]
    return {
        "s": words, "call": call, "client": client, "may_change": mine(uow, call), "incoming": call.direction is Direction.IN, "live": " ".join(live),
        "inquiry_at": visit.url("/sales/inquiry/new", channel="call", contact_id=client.contact_id, **prefill),
        "contact_at": visit.url("/sales/contact/new", phone=call.number), "deal_at": visit.url("/sales/deal/new", contact_id=client.contact_id),
    }  # fmt: skip


def _form(visit: Visit, uow: Uow, call: Call, refusal: Refusal | None = None) -> dict[str, t.Any]:
    problems = refusal.problems if refusal is not None else ()
    form = visit.form if visit.method == "POST" and refusal is not None else {}
    again = visit.form if refusal is not None else None
    made = controls(visit, uow, uow.crm.kind(Activity), STEP, {}, problems, prefix=f"step-{call.id}", typed=again)
    labels = {"subject": visit.say(words.what), "due_at": visit.say(words.when)}
    found = [attrs.evolve(c, required=False, label=labels[c.name]) for c in made if c.name in labels]
    return {
        "s": words, "call": call, "over": call.state is CallState.ENDED, "may_change": mine(uow, call), "note": form.get("note", call.note or ""),
        "step": {c.name: c for c in found},
        "may_plan": len(found) == len(STEP) and uow.may("activities.activity.create"), "soon": _soon(visit),
        "problems": {p.path: visit.say(p.message) for p in problems},
    }  # fmt: skip


def _soon(visit: Visit) -> list[tuple[str, str]]:
    """Return the moments offered for a next step: a word, and the moment as its control has it."""
    now = visit.now.astimezone(visit.zone)
    hour = (now + dt.timedelta(hours=1)).replace(second=0, microsecond=0)
    ten = dt.datetime.combine(now.date(), dt.time(10), visit.zone)
    days = ((1, "tomorrow"), (3, "in_three"), (7, "in_week"))
    return [(hour.strftime("%Y-%m-%dT%H:%M"), visit.say(words.soon["in_hour"]))] + [
        ((ten + dt.timedelta(days=n)).strftime("%Y-%m-%dT%H:%M"), visit.say(words.soon[name])) for n, name in days
    ]


# ---- control --------------------------------------------------------------------------------------------------------------
@page("/card/{id}/do/{what}", label=words.card, permission=CALL, methods=["POST"])
def control(visit: Visit, uow: Uow) -> View:
    """Hang up, hold, take back, transfer: asked of the telephone; what it does is told by its events."""
    call, what = _own(visit, uow), visit.path["what"]
    if what == "transfer":
        transfer(uow, call, visit.form.get("to", ""), visit.form.get("how") == "attended")
    elif what in CONTROL:
        CONTROL[what](uow, call)
    else:
        raise NotFound()
    return View("nothing.html", headers=[("HX-Trigger", json.dumps({**_own_news(), f"crm:telephony.call:{call.id}": {"own": True}}))])


@page("/colleagues", label=words.transfer, permission=CALL)
def to_whom(visit: Visit, uow: Uow) -> View:
    """Colleagues a call may be handed to, by name or extension, and the number itself where one is typed."""
    call = card_of(uow, _number(visit.query.get("call", "")))
    return View("colleagues.html", s=words, call=call, **colleagues(visit, uow, call, visit.query.get("q", "")[:60]))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 19):
        raise NotFound()
    return int(text)


# ---- whose call it is, and writing it up ------------------------------------------------------------------------------------
@page("/card/{id}/whose", label=words.who, permission=CALL, methods=["POST"])
def whose(visit: Visit, uow: Uow) -> View:
    """Say who calls, of those who have the number; or that it is none of them."""
    call, kind = _own(visit, uow), visit.form.get("kind", "")
    record = None
    if kind:
        cls, _field = LINKS.get(kind, (None, ""))
        record = seen(uow, cls, _number(visit.form.get("id", ""))) if cls is not None else None
        if record is None:
            raise NotFound()
    with uow.as_system():
        if record is None:
            unlink(call)
        else:
            link(uow, call, record)
        uow.settle()
        tell_about(uow, call)
    return View("card_who.html", **_who(visit, uow, call), headers=[("HX-Trigger", json.dumps(_own_news()))])


@page("/card/{id}/said", label=words.outcome, permission=CALL, methods=["POST"])
def say_outcome(visit: Visit, uow: Uow) -> View:
    """Say how a call went, with one press: what a person says counts for more than what the provider told."""
    call = _own(visit, uow)
    known = {o.value: o for o in SAID}
    outcome = known.get(visit.form.get("outcome", ""))
    if outcome is None:
        raise NotFound()
    with uow.as_system():
        said(uow, call, outcome)
        uow.settle()
    return View("card_head.html", **_head(visit, uow, call), headers=[("HX-Trigger", json.dumps({"crm:telephony.call": {"own": True}}))])


@page("/card/{id}/save", label=words.save, permission=CALL, methods=["POST"])
def save(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Keep the note and the next step; a call that is over is written up with it."""
    call = _own(visit, uow)
    if refusal is not None:
        return View("card_form.html", **_form(visit, uow, call, refusal))
    form = visit.form
    over = call.state is CallState.ENDED
    with uow.as_system():
        call.note = form.get("note", "").replace("\r\n", "\n").strip()[:LONGEST] or None
        if over:
            _written(uow, call)
    _plan(visit, uow, call)
    uow.settle()
    told: dict[str, t.Any] = {"crm:toast": {"text": visit.say(words.saved)}, **_own_news(), "crm:activities.activity": {"own": True}}
    if over and visit.window:
        told["crm:close"] = {}
    elif over:
        return Redirect(f"/telephony/call/{call.id}", say=words.saved)
    return View("card_form.html", headers=[("HX-Trigger", json.dumps(told))], **_form(visit, uow, call))


def _written(uow: Uow, call: Call) -> None:
    """Note that a call was written up, and whose it is where that is beyond doubt."""
    if call.wrapped_at is None:
        uow.keep(call, wrapped_at=uow.now)
    if call.contact_id is None and call.lead_id is None and call.number is not None:
        whose = belongs(find(uow, call.number))
        for name in ("contact_id", "lead_id", "deal_id", "inquiry_id"):
            if getattr(call, name) is None:
                setattr(call, name, getattr(whose, name))


def _plan(visit: Visit, uow: Uow, call: Call) -> None:
    given = typed(visit, uow.crm.kind(Activity), STEP, visit.form)
    subject = (given.get("subject") or "").strip()
    if not subject and not given.get("due_at"):
        return
    about = next((r for key in ("sales.deal", "sales.lead", "sales.contact", "sales.inquiry")
                  for r in [seen(uow, LINKS[key][0], getattr(call, LINKS[key][1]))] if r is not None), None)  # fmt: skip
    if about is None:
        raise Invalid(problems=[Problem("subject", "required", words.step_first)])
    try:
        due = dt.datetime.fromisoformat(given.get("due_at") or "")
    except ValueError:
        raise Invalid(problems=[Problem("due_at", "required", words.late_step)]) from None
    if due <= uow.now:
        raise Invalid(problems=[Problem("due_at", "past", words.late_step)])
    uow.require("activities.activity.create")
    plan(uow, about, "call", subject or visit.say(words.call_back), due, owner_id=uow.actor.id)


__all__ = ["CALL_BUTTON", "call_from_screen", "card", "control", "part", "save", "say_outcome", "to_whom", "whose"]
