"""No call lives for ever: providers are asked about those that fell silent, and about recordings nobody told of."""

from __future__ import annotations

import datetime as dt
import logging
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Crm, Tick, Uow, every, on, outside

from .carrying import LookUp
from .entities import Call, CallState, Direction, Line
from .events import CallEvent, EventType, Outcome
from .hooking import hook_path
from .numbers import e164
from .ordering import finish
from .provider import Capability, Past, Provider, ProviderError, provider_named, providers
from .reading import of_active, of_past
from .settings import TelephonySettings
from .tables import legs, links, orders
from .taking import GOING_ON, QUIET_FOR, LookAgain, MovedOn, WantRecording, call_key, parties, take

log = logging.getLogger("crmkit.telephony")
HISTORY_LAGS = dt.timedelta(minutes=5)
"""For how long a provider's history may not have a call that is over."""
MOST_AT_ONCE = 30
MOST_LOOKS = 20
QUIET_FOR_GOOD = dt.timedelta(seconds=30)
"""After so long a call all our telephones are out of is over where its provider cannot be asked: an hourly limit may be used up."""
OUTAGE = dt.timedelta(days=1)
MANY = 500
RECORDING_PAUSES = (dt.timedelta(minutes=2), dt.timedelta(minutes=10), dt.timedelta(hours=1))


@attrs.frozen
class AskAll:
    """A provider is to be asked about all calls that fell silent."""

    provider: str


@attrs.frozen
class TooOld:
    """Nobody has heard of a call for hours."""

    call_id: int


@attrs.frozen
class _Silent:
    """A call nobody has heard of for a while."""

    id: int
    key: str | None
    heard_at: dt.datetime

    @property
    def own_key(self) -> str:
        """The provider's key of it."""
        return (self.key or "").partition(":")[2]


_C = Call.__table__.c
_HEARD = sa.func.coalesce(_C.heard_at, _C.began_at, _C.created_at, type_=_C.heard_at.type)
_ALIVE = sa.and_(_C.state.in_(GOING_ON), _C.archived_at.is_(None))


@every(cron="* * * * *")
def watch(tick: Tick, uow: Uow) -> None:
    """Have providers asked about calls that fell silent, and close those of which nothing was heard for hours."""
    settings = uow.crm[TelephonySettings]
    since = uow.now - settings.believed_for
    silent = sa.select(_C.provider).where(_ALIVE, since > _HEARD, sa.or_(_C.asked_at.is_(None), _C.asked_at < since), _C.provider.is_not(None))
    for provider in uow.connection.execute(silent.distinct()).scalars().all():
        uow.schedule(AskAll(provider), key=f"telephony:ask:{provider}")
    for key in uow.connection.execute(sa.select(_C.id).where(_ALIVE, uow.now - settings.over_after > _HEARD)).scalars().all():
        uow.schedule(TooOld(key), key=f"telephony:old:{key}")


@on(TooOld)
def close_old(event: TooOld, uow: Uow) -> None:
    """End a call of which nothing was heard for hours, whatever its provider says."""
    call = uow.get(Call, event.call_id)
    if call.state is not CallState.ENDED and (call.heard_at or call.created_at) < uow.now - uow.crm[TelephonySettings].over_after:
        close(uow, call)


def close(uow: Uow, call: Call, at: dt.datetime | None = None) -> None:
    """End a call that is over, though nobody can tell how it went; `at`: as far as is known."""
    if call.key is None or call.provider is None:
        finish(uow, uow.get(Call, call.id, lock=True), Outcome.FAILED)
        return
    key, quiet = call.key.partition(":")[2], _quiet_since(uow, call)
    take(uow, call.provider, [CallEvent(
        type=EventType.ENDED, call=key, at=at or quiet or uow.now, key=f"crm:over:{key}"[:200], outcome=Outcome.UNKNOWN if quiet is None else None)])


@on(MovedOn)
def moved_on(event: MovedOn, uow: Uow) -> None:
    """End the conversations whose colleague talks elsewhere since, at the same telephone, where the provider can never be asked.

    A telephone is in one conversation at a time, others wait on hold. One of which there was a word since goes on: a conference, say.
    """
    call = uow.get(Call, event.call_id)
    since = min((at for at in (call.answered_at, call.ringing_at) if at is not None), default=None)
    if since is None or call.provider is None:
        return
    theirs = [legs.c.extension == p.extension for p in parties(uow, call) if p.extension and (p.answered_at or call.ringing_at)]
    if not theirs:
        return
    at_it = sa.select(legs.c.call_id).where(sa.or_(*theirs), legs.c.answered_at < since, legs.c.ended_at.is_(None))
    over = sa.select(_C.id).where(
        _C.id.in_(at_it), _C.id != call.id, _C.provider == call.provider, _C.state == CallState.TALKING, since >= _HEARD, _C.archived_at.is_(None))
    for key in uow.connection.execute(over.order_by(_C.id)).scalars().all():
        close(uow, uow.get(Call, key), since)


@outside(AskAll)
def ask_all(event: AskAll, crm: Crm) -> None:
    """Ask a provider about its calls that fell silent."""
    since = crm.clock.now() - crm[TelephonySettings].believed_for
    due = sa.and_(since > _HEARD, sa.or_(_C.asked_at.is_(None), _C.asked_at < since))
    _ask(crm, event.provider, sa.and_(_C.provider == event.provider, due))


@outside(LookAgain)
def look_again(event: LookAgain, crm: Crm) -> None:
    """Ask a provider about one call now: one that was hung up, or that all our telephones are out of, is hardly there any more."""
    with crm.read() as uow:
        call = uow.peek(Call, event.call_id)
    if call is None or call.provider is None or call.state is CallState.ENDED:
        return
    provider = provider_named(crm, call.provider)
    asks = provider is None or provider.can_be_asked
    after = _ask(crm, call.provider, _C.id == call.id, over=True) if asks else None
    with crm.uow() as uow:
        call = uow.get(Call, event.call_id)
        if not asks and call.state is not CallState.ENDED and _is_gone(uow, t.cast(Provider, provider), call):
            close(uow, call)
            return
        quiet = None if call.state is CallState.ENDED else _quiet_since(uow, call)
        if quiet is None:
            return
        if after is not None and uow.now - quiet >= QUIET_FOR_GOOD:
            close(uow, call)  # nobody can be asked, and every telephone says that it is out of it: its user is to go on
        elif event.tries < MOST_LOOKS:
            pause = min(max(after or QUIET_FOR, QUIET_FOR), QUIET_FOR_GOOD)
            uow.schedule(LookAgain(call.id, event.tries + 1), delay=pause, key=f"telephony:look:{call.id}")


def _ask(crm: Crm, name: str, which: sa.ColumnElement[bool], *, over: bool = False) -> dt.timedelta | None:
    """Ask a provider about calls; return after how long it may be asked where it could not be now."""
    provider = provider_named(crm, name)
    wanted = sa.select(_C.id, _C.key, _HEARD).where(_ALIVE, which).order_by(_HEARD)
    with crm.read() as uow:
        calls = [_Silent(*row) for row in uow.connection.execute(wanted)]
        wait = uow.connection.execute(sa.select(links.c.ask_after).where(links.c.provider == name)).scalar()
    if provider is None or not calls:
        return None
    if wait is not None and wait > crm.clock.now():
        return t.cast(dt.timedelta, wait - crm.clock.now())
    try:
        (_ask_about_one if over else _ask_about)(crm, provider, calls)
    except ProviderError as error:
        log.warning("%s cannot be asked about calls: %s", name, error)
        if error.after is not None:
            with crm.uow() as uow:
                hook_path(uow, name)  # there is a row then
                uow.connection.execute(links.update().where(links.c.provider == name).values(ask_after=uow.now + error.after))
        return error.after or dt.timedelta(0)
    return None


def _ask_about(crm: Crm, provider: Provider, calls: Sequence[_Silent]) -> None:
    """Ask once what goes on, and of the rest how it went.

    What goes on comes first although history is surer: one question answers for all long conversations, of which there are
    far more than of lost ends, and the hourly limits are small.
    """
    active = _by_key(provider) if provider.can(Capability.ACTIVE_CALLS) else {}
    asked = 0
    for call in calls:
        if call.key is None:
            with crm.uow() as uow:
                _look_up(uow, call)
            continue
        events = active.get(call.own_key)
        past: Past | None = None
        if events is None and provider.can(Capability.HISTORY):
            asked += 1
            if asked > MOST_AT_ONCE:
                return
            past = provider.past(call.own_key)
        with crm.uow() as uow:
            _note(uow, provider, call, events, past)


def _ask_about_one(crm: Crm, provider: Provider, calls: Sequence[_Silent]) -> None:
    """Ask how a call went that is over by all signs: mostly that is the only question."""
    for call in calls:
        if call.key is None:
            with crm.uow() as uow:
                _look_up(uow, call)
            continue
        past = provider.past(call.own_key) if provider.can(Capability.HISTORY) else None
        known = past is None and provider.can(Capability.ACTIVE_CALLS)
        events = _by_key(provider).get(call.own_key) if known else None
        with crm.uow() as uow:
            gone = known and events is None and _quiet_since(uow, uow.get(Call, call.id)) is not None
            _note(uow, provider, call, events, past, gone=gone)


def _by_key(provider: Provider) -> dict[str, list[CallEvent]]:
    found: dict[str, list[CallEvent]] = {}
    for active in provider.active_calls():
        found.setdefault(active.call_key, []).extend(of_active(active))
    return found


def _note(
    uow: Uow, provider: Provider, silent: _Silent, goes_on: list[CallEvent] | None, past: Past | None, *, gone: bool = False,
) -> None:  # fmt: skip
    call = uow.get(Call, silent.id)
    if call.state is CallState.ENDED or call.key != silent.key:
        return
    if past is not None:
        take(uow, provider.name, [attrs.evolve(e, call=silent.own_key) for e in of_past(past)])
        return
    if goes_on is None and (gone or _is_gone(uow, provider, call)):
        close(uow, call)
        return
    uow.keep(call, asked_at=uow.now)
    if goes_on and call.answered_at is None:
        take(uow, provider.name, goes_on)


def _is_gone(uow: Uow, provider: Provider, call: Call) -> bool:
    """True when a call that is in no answer is over for good."""
    believed = uow.crm[TelephonySettings].believed_for
    silent = uow.now - (call.heard_at or call.created_at)
    if provider.can(Capability.HISTORY):
        return silent >= believed + HISTORY_LAGS and provider.can(Capability.ACTIVE_CALLS)
    if provider.can(Capability.ACTIVE_CALLS):
        return silent >= believed
    if call.direction is Direction.OUT and call.answered_at is None and silent >= believed:
        return True  # no client's telephone rings that long
    return silent >= QUIET_FOR and _quiet_since(uow, call) is not None  # nobody will ever say more


def _quiet_since(uow: Uow, call: Call) -> dt.datetime | None:
    """Return since when all telephones of a call are out of it; None while one is not."""
    ended = [party.ended_at for party in parties(uow, call)]
    return max(ended) if ended and None not in ended else None


def _look_up(uow: Uow, silent: _Silent) -> None:
    wanted = sa.select(orders.c.id).where(orders.c.call_id == silent.id, orders.c.what == "originate", orders.c.state.in_(("sent", "done")))
    order = uow.connection.execute(wanted).scalar()
    uow.keep(uow.get(Call, silent.id), asked_at=uow.now)
    if order is not None:
        uow.schedule(LookUp(order), key=f"telephony:lookup:{order}")


@outside(WantRecording)
def want_recording(event: WantRecording, crm: Crm) -> None:
    """Ask whether a conversation was recorded, in growing pauses, where the provider did not say so by itself."""
    with crm.read() as uow:
        call = uow.peek(Call, event.call_id)
    provider = None if call is None else provider_named(crm, call.provider or "")
    if call is None or call.key is None or call.provider is None or call.recording is not None or provider is None:
        return
    if not (provider.can(Capability.HISTORY) and provider.can(Capability.RECORDINGS)):
        return
    key, past, after = call.key.partition(":")[2], None, dt.timedelta(0)
    try:
        past = provider.past(key)
    except ProviderError as error:
        after = error.after or after
    with crm.uow() as uow:
        if past is not None and past.recording:
            take(uow, call.provider, [CallEvent(
                type=EventType.RECORDING_READY, call=key, at=uow.now, key=f"crm:recording:{key}"[:200], recording=past.recording)])
        elif event.attempt < len(RECORDING_PAUSES):
            pause = max(RECORDING_PAUSES[event.attempt], after)
            uow.schedule(WantRecording(call.id, event.attempt + 1), delay=pause, key=f"telephony:recording:{call.id}")


# ---- calls nobody told of ----------------------------------------------------------------------------------------
@attrs.frozen
class CatchUp:
    """A provider's history is to be looked through for calls nobody told of."""

    provider: str


@every(cron="17 * * * *")
def catch_up_hourly(tick: Tick, uow: Uow) -> None:
    """What webhooks did not bring is looked for once an hour."""
    for name, provider in providers(uow.crm).items():
        in_use = sa.select(Line.id).where(Line.provider == name, Line.in_use.is_(True)).limit(1)
        if provider.can(Capability.HISTORY) and uow.connection.execute(in_use).first() is not None:
            uow.schedule(CatchUp(name), key=f"telephony:catch-up:{name}")


@outside(CatchUp)
def catch_up(event: CatchUp, crm: Crm) -> None:
    """Take in calls of the last hour (after an outage: of the last day) that are in a provider's history and nowhere here."""
    provider = provider_named(crm, event.provider)
    if provider is None:
        return
    until = crm.clock.now() - HISTORY_LAGS
    with crm.read() as uow:
        row = uow.connection.execute(sa.select(links).where(links.c.provider == provider.name)).first()
    if row is not None and row.ask_after is not None and row.ask_after > crm.clock.now():
        return
    since = max((row.caught_up_at if row is not None else None) or until - OUTAGE / 24, until - OUTAGE)
    try:
        found = {past.call_key: past for past in provider.history(since, until) if e164(past.number, crm) is not None}
    except ProviderError as error:
        log.warning("the history of %s cannot be read: %s", provider.name, error)
        return
    with crm.uow() as uow:
        hook_path(uow, provider.name)  # there is a row then
        uow.connection.execute(links.update().where(links.c.provider == provider.name).values(caught_up_at=until))
        known = set[str]()
        keys = [call_key(provider.name, key) for key in found]
        for start in range(0, len(keys), MANY):
            known |= set(uow.connection.execute(sa.select(_C.key).where(_C.key.in_(keys[start : start + MANY]))).scalars())
    for past in found.values():
        if call_key(provider.name, past.call_key) not in known:
            with crm.uow() as uow:
                take(uow, provider.name, of_past(past))


__all__ = ["AskAll", "CatchUp", "TooOld", "close", "watch"]
