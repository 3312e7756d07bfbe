"""Which calls are somebody's own: those at their telephone, whosever row it is."""

from __future__ import annotations

import typing as t

import attrs
import phonenumbers
import sqlalchemy as sa

from crmkit import NotFound, Uow
from crmkit.ui import Visit
from crmkit_sales import Contact, Deal, Inquiry, Lead

from ..entities import Call, CallState, Direction
from ..finding import FEW, seen_of
from ..provider import Capability, provider_named
from ..settings import TelephonySettings
from ..tables import legs, orders
from ..taking import my_calls
from . import words

CONTROL = {"hang_up": Capability.HANG_UP, "hold": Capability.HOLD, "resume": Capability.HOLD, "transfer": Capability.TRANSFER}


NAMED: t.Sequence[tuple[t.Any, str, str]] = (
    (Inquiry, "inquiry_id", "name"), (Deal, "deal_id", "title"), (Lead, "lead_id", "title"), (Contact, "contact_id", "name"),
)  # fmt: skip
# Written once and compiled once: each ring of a telephone asks these.
_L, _C, _O = legs.c, Call.__table__.c, orders.c
_AT_MINE = sa.select(_L.id).where(_L.call_id == sa.bindparam("call"), _L.user_id == sa.bindparam("user")).limit(1)
_SINCE = sa.bindparam("since", type_=_C.ended_at.type)
_TALKED = sa.select(_L.call_id).where(_L.user_id == sa.bindparam("user"), _L.answered_at.is_not(None), _L.ended_at >= _SINCE)
_TO_WRITE_UP = sa.select(*_C).where(
    _C.id.in_(_TALKED), _C.wrapped_at.is_(None), _C.archived_at.is_(None), sa.or_(_C.state != CallState.ENDED, _C.ended_at >= _SINCE),
).order_by(_C.id)  # fmt: skip
_ASKED_OF = sa.select(_O.what).where(_O.call_id == sa.bindparam("call"), sa.or_(_O.state == "asked", _O.state == "sent"))


def card_of(uow: Uow, key: int) -> Call:
    """Return a call whose card somebody may have: one they may see, or one that was at their own telephone."""
    if _at_mine(uow, key):
        with uow.as_system():
            return uow.get(Call, key)
    return uow.get(Call, key)


def mine(uow: Uow, call: Call) -> bool:
    """True for a call somebody may control and write up: their own, or one they may change."""
    return call.owner_id == uow.actor.id or _at_mine(uow, call.id) or uow.may(uow.crm.kind(Call).permission("change"), call)


def _at_mine(uow: Uow, key: int) -> bool:
    if uow.actor.id is None:
        return False
    return bool(uow.run(_AT_MINE, {"call": key, "user": uow.actor.id}))


def key_of(visit: Visit) -> int:
    """Return the number of the call an address is about."""
    text = visit.path["id"]
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound()
    return int(text)


def ringing(uow: Uow) -> list[Call]:
    """Return one's own calls of this moment."""
    return my_calls(uow, uow.actor.id) if uow.actor.id is not None else []


def to_write_up(uow: Uow) -> list[Call]:
    """Return the calls one has talked in that are over for oneself, and not written up yet.

    A provider may tell that a telephone was put down some seconds before the whole call is over: the card stays meanwhile.
    """
    uow.flush()
    with uow.as_system():
        since = uow.now - uow.crm[TelephonySettings].wrap_up
        return [call for call, _rest in uow.run_for(Call, _TO_WRITE_UP, {"user": uow.actor.id, "since": since})]


def number_of(number: str | None, given: str | None = None) -> str:
    """Return a number as people write it; nothing for a hidden one."""
    if not number:
        return given or ""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


def names_of_calls(uow: Uow, calls: t.Sequence[Call]) -> dict[int, str]:
    """Return who is at the other end of some calls, as far as that is known and may be seen: one question for each kind."""
    found: dict[int, str] = {}
    for cls, field, title in NAMED:
        ids = {getattr(call, field) for call in calls} - {None}
        kind = uow.crm.kind(cls)
        if not ids or not uow.may(kind.permission("read")) or title in uow.crm.access.hidden(uow.actor, kind):
            continue
        if len(ids) > FEW:
            names = {row[0]: row[1] for row in uow.find(cls).where(cls.id.in_(ids)).columns(cls.id, getattr(cls, title))}
        else:
            names = {record.id: getattr(record, title) for record in seen_of(uow, cls, sorted(ids)) if record.archived_at is None}
        found |= {call.id: names[getattr(call, field)] for call in calls if names.get(getattr(call, field))}
    return found


def people_of(uow: Uow, ids: t.Iterable[int | None]) -> t.Mapping[int, str]:
    """Return the names of colleagues, as far as anybody knows them."""
    wanted = sorted({x for x in ids if x is not None})
    if not wanted or "crm_names" not in uow.crm.hooked:
        return {}
    return uow.crm.hook.crm_names(crm=uow.crm, of="person", ids=wanted) or {}


def asked_of(uow: Uow, ids: t.Collection[int]) -> dict[int, set[str]]:
    """Return what providers are being asked for right now, by call: buttons say so instead of asking twice."""
    found: dict[int, set[str]] = {}
    for call_id in ids:
        for (what,) in uow.run(_ASKED_OF, {"call": call_id}):
            found.setdefault(call_id, set()).add(what)
    return found


@attrs.frozen(kw_only=True)
class Key:
    """A button that controls a call. `doing` says that it was pressed, and that the telephone has not answered yet."""

    what: str
    label: str
    icon: str
    doing: str = ""


@attrs.frozen(kw_only=True)
class Shown:
    """A call as cards and the line above the page show it."""

    call: Call
    name: str
    number: str
    state: str
    color: str
    since: str
    clock: str
    """What the clock counts: it is another clock in each state."""
    keys: t.Sequence[Key] = ()
    transfers: bool = False
    attended: bool = False
    transferring: bool = False
    by_telephone: str = ""
    rings_me: bool = False


COLORS = {
    CallState.INITIATED: "gray", CallState.AGENT_RINGING: "amber", CallState.RINGING: "amber", CallState.TALKING: "green", CallState.HELD: "violet",
    CallState.ENDED: "gray",
}  # fmt: skip


def shown_calls(visit: Visit, uow: Uow, calls: t.Sequence[Call]) -> list[Shown]:
    """Return calls as they are shown: who it is, how far it is, and what may be done with it."""
    names, asked = names_of_calls(uow, calls), asked_of(uow, {call.id for call in calls if call.state is not CallState.ENDED})
    return [_shown(visit, uow, call, names.get(call.id, ""), asked.get(call.id, set())) for call in calls]


def _shown(visit: Visit, uow: Uow, call: Call, name: str, asked: set[str]) -> Shown:
    rings_me = call.direction is Direction.IN and call.state in (CallState.AGENT_RINGING, CallState.INITIATED, CallState.RINGING)
    live, allowed = call.state is not CallState.ENDED, mine(uow, call)
    keys = list(_keys(uow, call, asked)) if live and allowed else []
    controls = [key for key in keys if key.what != "ended"]
    at = {CallState.TALKING: call.answered_at, CallState.HELD: call.answered_at, CallState.RINGING: call.ringing_at}.get(call.state) or call.began_at
    talks = live and allowed and call.state in (CallState.TALKING, CallState.HELD)
    transfers, attended = (talks and _can(uow, call, one) for one in (Capability.TRANSFER, Capability.ATTENDED_TRANSFER))
    label = words.rings if rings_me else call.state.label if live or call.outcome is None else call.outcome.label
    provider = provider_named(uow.crm, call.provider or "")
    return Shown(
        call=call, name=name, number=number_of(call.number, call.given) or visit.say(words.hidden_number), state=visit.say(label),
        color=COLORS[call.state] if live else outcome_color(call), since=at.isoformat() if live and at is not None else "",
        clock=call.state.value, keys=keys, transfers=transfers or attended, attended=attended, transferring="transfer" in asked, rings_me=rings_me,
        by_telephone=visit.say(words.by_telephone, provider=provider.label) if live and allowed and not controls and provider is not None else "",
    )  # fmt: skip


def outcome_color(call: Call) -> str:
    """Return the colour of how a call went."""
    value = call.outcome.value if call.outcome is not None else ""
    if value == "answered":
        return "green"
    return "red" if call.direction is Direction.IN else "amber" if value in ("no_answer", "busy", "rejected", "voicemail", "unavailable") else "gray"


def _can(uow: Uow, call: Call, capability: Capability) -> bool:
    provider = provider_named(uow.crm, call.provider or "")
    return provider is not None and provider.can(capability)


def _keys(uow: Uow, call: Call, asked: set[str]) -> t.Iterator[Key]:
    provider = provider_named(uow.crm, call.provider or "")
    if provider is not None and not provider.can_be_asked and call.state in (CallState.TALKING, CallState.HELD) and call.key is not None:
        yield Key(what="ended", label=words.ended, icon="check")
    if _can(uow, call, Capability.HOLD) and call.state in (CallState.TALKING, CallState.HELD):
        held = call.state is CallState.HELD
        what = "resume" if held else "hold"
        doing = (words.resuming if held else words.holding) if what in asked else ""
        yield Key(what=what, label=words.resume if held else words.hold, icon="play" if held else "pause", doing=doing)
    if _can(uow, call, Capability.HANG_UP) or "originate" in asked:
        rings = call.direction is Direction.IN and call.answered_at is None
        doing = words.hanging_up if "hang_up" in asked else ""
        yield Key(what="hang_up", label=words.decline if rings else words.hang_up, icon="phone-off", doing=doing)


__all__ = [
    "Key", "Shown", "asked_of", "card_of", "key_of", "mine", "names_of_calls", "number_of", "outcome_color", "people_of", "ringing",
    "shown_calls", "to_write_up",
]  # fmt: skip
