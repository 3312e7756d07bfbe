"""The intake: what a provider told becomes calls, in one transaction, each thing once."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Topic, Uow
from crmkit_sales import Channel, Contact, Inquiry, Source

from .entities import Call, CallState, Direction, Line
from .events import CallEvent, EventType, Outcome
from .finding import Belongs, belongs, find, source_of
from .folding import Folded, Party, fold, in_order
from .keeping import belong, call_key, cleaned, cleaned_key, keep, kept, kept_with, one_at_a_time
from .matching import own_call
from .numbers import e164
from .provider import provider_named
from .roles import CALL
from .settings import TelephonySettings
from .tables import legs, orders

PHONE = Topic("telephony.phone", permission=CALL, personal=True)
"""Something happened at somebody's telephone: their screens look again at their calls."""
GOING_ON = [state for state in CallState if state is not CallState.ENDED]
MISSED_AFTER = dt.timedelta(seconds=5)
QUIET_FOR = dt.timedelta(seconds=5)
TALKS = (EventType.ANSWERED, EventType.AGENT_ANSWERED, EventType.CLIENT_RINGING)
MOVED_AFTER = dt.timedelta(seconds=10)
"""What a provider tells of two calls may come in any order: that the first was put on hold, after the second was answered."""
# Written once and compiled once: every webhook asks these.
_LEGS = sa.select(*legs.c).where(legs.c.call_id == sa.bindparam("call", type_=legs.c.call_id.type))
_LEG = attrs.make_class("_Leg", list(legs.c.keys()), frozen=True)
_LEG_VALUES = tuple(name for name in legs.c.keys() if name not in ("id", "call_id", "key"))  # noqa: SIM118 - a table's columns are no dict
_NEW_LEG = legs.insert().values({name: sa.bindparam(name) for name in ("call_id", "key", *_LEG_VALUES)}).inline()
_SET_LEG = legs.update().where(legs.c.id == sa.bindparam("leg_id")).values({n: sa.bindparam(f"new_{n}", type_=legs.c[n].type) for n in _LEG_VALUES})
_CALL, _LINE = Call.__table__, Line.__table__
_BY_KEY = sa.select(*_CALL.columns).where(_CALL.c.key == sa.bindparam("call_key"))
_HELD_BY_KEY = _BY_KEY.with_for_update(key_share=True)
_BY_PARTY = sa.select(*_LINE.columns).where(
    _LINE.c.provider == sa.bindparam("of"), _LINE.c.in_use.is_(True), _LINE.c.archived_at.is_(None),
    sa.or_(_LINE.c.device == sa.bindparam("device"), _LINE.c.extension == sa.bindparam("extension"))).order_by(_LINE.c.id)  # fmt: skip
_LIVE = sa.or_(*(_CALL.c.state == state for state in GOING_ON))  # of the calls of years these are few: the index of states finds them
_AT_THEIRS = sa.select(legs.c.call_id).where(legs.c.user_id == sa.bindparam("user"), legs.c.ended_at.is_(None)).union(
    sa.select(_CALL.c.id).where(_CALL.c.owner_id == sa.bindparam("user"), _CALL.c.state == CallState.INITIATED))  # fmt: skip
_MINE = sa.select(*_CALL.columns).where(_LIVE, _CALL.c.archived_at.is_(None), _CALL.c.id.in_(_AT_THEIRS)).order_by(_CALL.c.began_at, _CALL.c.id)


@attrs.frozen
class MissedCall:
    """A call nobody took is to be looked at, once what was told late has come."""

    call_id: int


@attrs.frozen
class MovedOn:
    """Somebody talks at a telephone, where another conversation may have lost its end."""

    call_id: int


@attrs.frozen
class LookAgain:
    """A provider is to be asked about a call."""

    call_id: int
    tries: int = 0


@attrs.frozen
class WantRecording:
    """The recording of a call is to be asked for."""

    call_id: int
    attempt: int = 0


def take(uow: Uow, provider: str, events: Sequence[CallEvent]) -> list[Call]:
    """Take in what a provider told, in whatever order and however often, and return the calls it is about.

    Equal keys are one event. Calls between colleagues, and what is not understood, are kept as events without a call.
    """
    events = [cleaned(e, uow.now) for e in events]
    keys = list(dict.fromkeys(e.call for e in events))
    with uow.as_system():
        one_at_a_time(uow, [call_key(provider, key) for key in keys])
        new: dict[str, list[CallEvent]] = {}
        for event in keep(uow, provider, events):
            new.setdefault(event.call, []).append(event)
        calls = [_take_call(uow, provider, key, new.get(key, [])) for key in dict.fromkeys([*new, *keys])]
        uow.settle()  # what others add because of it is the system's doing too, whoever brought the news
    return list({call.id: call for call in calls if call is not None}.values())


def hold_call(uow: Uow, provider: str, key: str) -> None:
    """Let nobody else take in what is told of a call until this transaction is over.

    Whoever holds an order of a call and takes something in holds the call first: webhooks come the same way.
    """
    one_at_a_time(uow, [call_key(provider, cleaned_key(key))])


def again(uow: Uow, provider: str, key: str) -> Call | None:
    """Work a call out anew from what is kept of it."""
    with uow.as_system():
        one_at_a_time(uow, [call_key(provider, key)])
        return _take_call(uow, provider, key, kept(uow, provider, key))


def _take_call(uow: Uow, provider: str, key: str, new: Sequence[CallEvent]) -> Call | None:
    if not key:
        return None
    uow.flush(wait=False)
    found = uow.run_for(Call, _HELD_BY_KEY if new else _BY_KEY, {"call_key": call_key(provider, key)})
    call = found[0][0] if found else None
    if not new:
        return call
    told, known_as = kept_with(uow, provider, key)
    folded = fold(told, lambda number: e164(number, uow.crm))
    if folded is None or (call is None and not folded.real):
        return None
    placed = own_call(uow, provider, folded, call, new)
    if placed is not None:
        call = _join(uow, placed, call)
    fresh = call is None
    lines = _lines(uow, provider, folded.parties)
    known = _known(uow, folded) if fresh else None
    if call is None:
        call = uow.add(Call())  # everything it is filled with is known by now: it is written once
    before = call.state, call.outcome, call.owner_id
    was_over = not fresh and call.state is CallState.ENDED and (call.key is not None)
    if call.key is None:
        uow.keep(call, key=call_key(provider, key), provider=provider)
    _write(uow, call, folded, lines, new)
    if known is not None:
        _introduce(uow, call, *known)
    uow.flush(wait=False)
    if known_as != {call.id}:
        belong(uow, provider, key, call.id)
    people = _write_legs(uow, call, folded.parties, lines)
    uow.crm.hook.telephony_changed(call=call, events=in_order(new), uow=uow)
    _follow_up(uow, call, folded, was_over=was_over)
    _is_elsewhere(uow, call, new)
    tell(uow, call, {*people, before[2], call.owner_id})
    return call


def _join(uow: Uow, placed: Call, other: Call | None) -> Call:
    """Go on with the call that was asked for; what the provider told before its answer joins it."""
    placed = uow.get(Call, placed.id, lock=True)
    if other is None:
        return placed
    key, provider = other.key, other.provider
    uow.connection.execute(legs.delete().where(legs.c.call_id == other.id))
    uow.connection.execute(orders.update().where(orders.c.call_id == other.id).values(call_id=placed.id))
    uow.keep(other, key=None)
    for name in ("contact_id", "lead_id", "deal_id", "inquiry_id", "note"):
        if getattr(placed, name) is None and getattr(other, name) is not None:
            setattr(placed, name, getattr(other, name))
    uow.flush()
    uow.archive(other)
    uow.keep(placed, key=key, provider=provider)
    return placed


def _write(uow: Uow, call: Call, folded: Folded, lines: Mapping[str, Line], new: Sequence[CallEvent]) -> None:
    number = e164(folded.number, uow.crm)
    ours = e164(folded.our_number, uow.crm) or (folded.our_number or "")[:20] or None
    outcome = folded.outcome if call.said is None or folded.outcome is None else call.said
    values: dict[str, t.Any] = {
        "direction": Direction.IN if folded.incoming else Direction.OUT, "state": folded.state, "outcome": outcome,
        "number": number or call.number, "given": folded.number or call.given, "our_number": ours or call.our_number,
        "extension": folded.extension or call.extension, "began_at": min(folded.began_at, call.began_at or folded.began_at),
        "ringing_at": folded.ringing_at, "answered_at": folded.answered_at, "ended_at": folded.ended_at, "rang": folded.rang,
        "talked": folded.talked, "recording": folded.recording or call.recording,
    }  # fmt: skip
    if any(e.type is not EventType.UNKNOWN for e in new):
        values["heard_at"] = uow.now
    if call.outcome is Outcome.FAILED and call.trouble and outcome is not Outcome.FAILED:
        values["trouble"] = None  # it was placed after all
    changed = {name: value for name, value in values.items() if call.__dict__.get(name) != value}
    if changed:
        uow.keep(call, **changed)
    line = next((line for name in (folded.device, folded.extension) if name and (line := lines.get(name)) is not None), None)
    if line is not None and line.owner_id is not None and call.owner_id != line.owner_id:
        call.owner_id, call.team_id = line.owner_id, line.team_id


def _lines(uow: Uow, provider: str, parties: Sequence[Party]) -> dict[str, Line]:
    """Return the telephones of a call by device and extension."""
    known: dict[str, Line] = {}
    for device, extension in sorted({(p.device or "", p.extension or "") for p in parties} - {("", "")}):
        for line, _rest in uow.run_for(Line, _BY_PARTY, {"of": provider, "device": device or None, "extension": extension or None}):
            for name in (line.extension, line.device):
                if name:
                    known.setdefault(name, line)
    return known


def _known(uow: Uow, folded: Folded) -> tuple[Belongs, Source | None]:
    """Return whose a call is, and which advertising brought it."""
    return belongs(find(uow, folded.number)) if folded.number else Belongs(), source_of(uow, folded.our_number)


def _introduce(uow: Uow, call: Call, whose: Belongs, source: Source | None) -> None:
    """Say of a new call whose it is, and which advertising brought it; somebody unknown who calls is an inquiry."""
    if source is not None:
        uow.keep(call, source_id=source.id)
    for name in ("contact_id", "lead_id", "deal_id", "inquiry_id"):
        if getattr(call, name) is None:
            setattr(call, name, getattr(whose, name))
    if call.owner_id is None:
        call.owner_id, call.team_id = whose.owner_id, whose.team_id
    makes = uow.crm[TelephonySettings].unknown_makes == "inquiry" and call.direction is Direction.IN
    if makes and not whose.known and call.number is not None:
        call.inquiry = uow.add(Inquiry(
            phone=call.number, channel=Channel.CALL, source_id=call.source_id, received_at=call.began_at, owner_id=call.owner_id,
            team_id=call.team_id))


def _write_legs(uow: Uow, call: Call, parties: Sequence[Party], lines: Mapping[str, Line]) -> set[int | None]:
    """Write who rings and talks, and return whom it concerns."""
    before = {row.key: row for row in parties_of(uow, call.id)}
    people: set[int | None] = set()
    for party in parties:
        line = lines.get(party.device or "") or lines.get(party.extension or "")
        was = before.pop(party.key, None)
        user = line.owner_id if line is not None else was.user_id if was is not None else None
        values = {
            "control": party.control, "extension": party.extension, "device": party.device, "user_id": user, "rang_at": party.rang_at,
            "answered_at": party.answered_at, "ended_at": party.ended_at, "outcome": None if party.outcome is None else party.outcome.value,
        }  # fmt: skip
        if was is None:
            uow.run(_NEW_LEG, {"call_id": call.id, "key": party.key, **values}, wait=False)
        elif any(getattr(was, name) != value for name, value in values.items()):
            uow.run(_SET_LEG, {"leg_id": was.id, **{f"new_{name}": value for name, value in values.items()}}, wait=False)
        people.add(user)
    for gone in before.values():
        uow.connection.execute(legs.delete().where(legs.c.id == gone.id))
        people.add(gone.user_id)
    return people


def _follow_up(uow: Uow, call: Call, folded: Folded, *, was_over: bool) -> None:
    if folded.quiet:
        uow.schedule(LookAgain(call.id), delay=QUIET_FOR, key=f"telephony:look:{call.id}")
    if folded.state is not CallState.ENDED or was_over:
        return
    uow.cancel(f"telephony:look:{call.id}", wait=False)  # the provider need not be asked how it is any more
    if folded.incoming and folded.outcome not in (Outcome.ANSWERED, Outcome.VOICEMAIL):
        uow.schedule(MissedCall(call.id), delay=MISSED_AFTER, key=f"telephony:missed:{call.id}")
    if folded.outcome is Outcome.ANSWERED and folded.recording is None:
        uow.schedule(WantRecording(call.id), delay=uow.crm[TelephonySettings].recordings_from, key=f"telephony:recording:{call.id}")


def _is_elsewhere(uow: Uow, call: Call, new: Sequence[CallEvent]) -> None:
    """Look soon whether whoever talks here was said to talk elsewhere, where the provider can never be asked."""
    if any(e.type in TALKS for e in new):
        provider = provider_named(uow.crm, call.provider or "")
        if provider is not None and not provider.can_be_asked:
            uow.schedule(MovedOn(call.id), delay=MOVED_AFTER, key=f"telephony:moved:{call.id}")


def tell(uow: Uow, call: Call, people: set[int | None]) -> None:
    """Let the screens of people look again at their calls."""
    for user in sorted(x for x in people if x is not None):
        uow.publish(PHONE.name, user)


def tell_about(uow: Uow, call: Call, *more: int | None) -> None:
    """Let the screens of all whose telephones are in a call look again."""
    tell(uow, call, {row.user_id for row in parties_of(uow, call.id)} | {call.owner_id, *more})


def my_calls(uow: Uow, user_id: int) -> list[Call]:
    """Return the calls that ring or are spoken at somebody's telephone now, and those being placed for them, oldest first.

    Whoever's telephone it is sees them, whatever the row rules say of calls that are others'.
    """
    uow.flush(wait=False)
    with uow.as_system():
        return [call for call, _rest in uow.run_for(Call, _MINE, {"user": user_id})]


def parties(uow: Uow, call: Call) -> list[t.Any]:
    """Return the telephones of a call as rows of ``telephony_leg``, in the order they came in."""
    return sorted(parties_of(uow, call.id), key=lambda row: row.id)


def parties_of(uow: Uow, call_id: int) -> list[t.Any]:
    """Return the telephones of a call as rows of ``telephony_leg``."""
    return [_LEG(*row) for row in uow.run(_LEGS, {"call": call_id})]


def name_of(uow: Uow, call: Call) -> str | None:
    """Return what an agent's telephone may show of a client: the name, where one is known."""
    contact = None if call.contact_id is None else uow.peek(Contact, call.contact_id)
    return None if contact is None else contact.name


__all__ = [
    "GOING_ON", "PHONE", "LookAgain", "MissedCall", "MovedOn", "WantRecording", "again", "call_key", "hold_call", "my_calls", "name_of", "parties",
    "take", "tell", "tell_about",
]  # fmt: skip
