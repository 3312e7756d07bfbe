"""Following the line and the clock: what telephony hears, timers, and what a provider says when it is asked."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
import typing as t
import weakref
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Crm, Tick, Uow, every, hookimpl, on, outside
from crmkit_telephony import (
    Active,
    Call,
    CallEvent,
    CallState,
    Capability,
    EventType,
    Leg,
    Outcome,
    Past,
    Provider,
    ProviderError,
    line_of,
    of_active,
    of_past,
    provider_named,
    take,
)

from . import store
from .dialing import BUSY_FOR, perform
from .machine import Line, Seen, State, due, looked, told
from .settings import DialerSettings
from .store import Ask, Due, Finish
from .tables import attempts

log = logging.getLogger("crmkit.telephony_dialer")
MOMENT = dt.timedelta(milliseconds=1)
LOST_AFTER = dt.timedelta(seconds=30)
_ASKED: weakref.WeakKeyDictionary[Provider, Shared] = weakref.WeakKeyDictionary()


# ---- the line ----------------------------------------------------------------------------------------------------------
@hookimpl
def telephony_changed(call: Call, events: Sequence[CallEvent], uow: Uow) -> None:
    """Follow the call of an attempt, and dial what waits for the line."""
    row = store.of_call(uow, call.id)
    if row is not None:
        picked = min((e.at for e in events if e.type is EventType.AGENT_ANSWERED), default=None)
        a, deed = told(row.a, line_of_call(call, picked), uow.now, uow.crm[DialerSettings])
        row = store.put(uow, row, a, "line")
        perform(uow, row, deed)
    if call.state is CallState.ENDED and call.owner_id is not None:
        _line_is_free(uow, call)


def line_of_call(call: Call, picked: dt.datetime | None = None) -> Line:
    """Return what telephony knows of a call."""
    return Line(
        over=call.state is CallState.ENDED, outcome=call.outcome, picked_at=picked, ringing_at=call.ringing_at, answered_at=call.answered_at,
        ended_at=call.ended_at, talked=call.talked,
    )  # fmt: skip


def _line_is_free(uow: Uow, call: Call) -> None:
    key = store.waiting_of(uow, t.cast(int, call.owner_id))
    row = None if key is None else store.get(uow, key, lock=True)
    if row is None or row.a.state is not State.WAITING or row.a.due_at is None or row.a.due_at > uow.now + BUSY_FOR:
        return  # it waits for its time
    settings = uow.crm[DialerSettings]
    at = uow.now + (settings.pause_after_talk if call.answered_at is not None else settings.pause)
    store.put(uow, row, attrs.evolve(row.a, due_at=at), "line_free")


# ---- the clock ---------------------------------------------------------------------------------------------------------
@on(Due)
def step(event: Due, uow: Uow) -> None:
    """Take the next step of an attempt, if its time has come and nothing happened before."""
    row = store.hold(uow, event.attempt_id)
    if row is None or row.a.due_at is None:
        return
    if uow.now < row.a.due_at:  # by the jobs' clock, which counts in thousandths, it was due: not again at the same one
        store.set_timer(uow, row.id, max(row.a.due_at, uow.now + MOMENT))
        return
    a, deed = due(row.a, uow.now, uow.crm[DialerSettings])
    row = store.put(uow, row, a, "timer")
    perform(uow, row, deed)


@every(cron="* * * * *")
def look_for_lost(tick: Tick, uow: Uow) -> None:
    """Set timers once more that went astray, of attempts under way and of tasks that have not followed."""
    c, before = attempts.c, uow.now - LOST_AFTER
    late = sa.select(c.id, c.due_at).where(c.state != State.ENDED.value, c.due_at < before).order_by(c.due_at).limit(500)
    for key, _at in uow.connection.execute(late).all():
        store.set_timer(uow, key, uow.now)
    undone = sa.select(c.id).where(c.followed_at.is_(None), c.state == State.ENDED.value, c.ended_at < before).order_by(c.ended_at).limit(500)
    for key in uow.connection.execute(undone).scalars().all():
        uow.schedule(Finish(key), key=f"dialer:finish:{key}")


# ---- the provider ------------------------------------------------------------------------------------------------------
class Shared:
    """One question of what goes on answers all who wanted to know it before it was asked: hourly limits are small."""

    def __init__(self, pause: t.Callable[[float], object] = time.sleep) -> None:
        self._pause = pause
        self._lock = threading.Lock()
        self._begun = 0
        self._found: Sequence[Active] | None = None

    def active(self, provider: Provider) -> Sequence[Active]:
        """Return the calls there are, by a question that began after this was called."""
        begun = self._begun  # one that is under way is counted already: it began before
        with self._lock:
            if self._begun == begun or self._found is None:
                if gathers := provider.gathers().total_seconds():
                    self._pause(gathers)  # whoever asks meanwhile asks before this question begins
                self._begun += 1
                self._found = None
                self._found = provider.active_calls()
            return self._found


@outside(Ask)
def ask(event: Ask, crm: Crm) -> None:
    """Ask how an attempt's call is before it is hung up: whoever has answered meanwhile is not hung up on."""
    with crm.read() as uow:
        row = store.get(uow, event.attempt_id)
        call = None if row is None or row.call_id is None else uow.peek(Call, row.call_id)
        known = None
        if row is not None and call is not None and row.a.state in (State.ASKING, State.CLOSING):
            line = line_of(uow, row.user_id)
            device = line.device if line is not None and line.extension == call.extension else None
            leg = Leg(call_key=(call.key or "").partition(":")[2], leg_key="", control=None, extension=call.extension, device=device)
            known = call.provider or "", leg
    if known is None:
        return
    name, leg = known
    key, provider = leg.call_key, provider_named(crm, name)
    seen, active, past = see(provider, leg)
    with crm.uow() as uow:
        if provider is not None and past is not None:
            take(uow, name, [attrs.evolve(e, call=key) for e in of_past(past)])
        elif provider is not None and any(x.answered_at for x in active):
            take(uow, name, [attrs.evolve(e, call=key) for x in active for e in of_active(x)])
        row = store.hold(uow, event.attempt_id)
        if row is None:
            return
        silent = row.silent or _was_silent(seen, call, uow.now, uow.crm[DialerSettings])
        if silent and not row.silent:
            log.warning("attempt %s: the provider %s knows more of the call than it has told: webhooks do not arrive", row.id, name)
        a, deed = looked(row.a, seen, uow.now, uow.crm[DialerSettings])
        row = store.put(uow, row, a, "provider", **({"silent": True} if silent and not row.silent else {}))
        perform(uow, row, deed)


def see(provider: Provider | None, leg: Leg) -> tuple[Seen, Sequence[Active], Past | None]:
    """Ask a provider how a call is: at the telephone it was placed from first, where that is a question of its own."""
    key = leg.call_key
    if provider is None or not key:
        return Seen(cannot=provider is None), (), None
    try:
        active: Sequence[Active] = ()
        if provider.can(Capability.ACTIVE_CALLS):
            active = provider.active_at(leg) or [x for x in _ASKED.setdefault(provider, Shared()).active(provider) if x.call_key == key]
            if active:
                return Seen(there=True, answered_at=min((x.answered_at for x in active if x.answered_at), default=None)), active, None
        past = _past(provider, key)
    except ProviderError as error:
        log.warning("%s cannot be asked about a call: %s", provider.name, error)
        return Seen(), (), None
    if past is None:
        asked = provider.can(Capability.ACTIVE_CALLS)
        return Seen(there=False if asked else None, cannot=not asked), (), None
    line = Line(
        over=True, outcome=past.outcome, answered_at=past.answered_at, ended_at=past.ended_at,
        talked=None if past.answered_at is None else int((past.ended_at - past.answered_at).total_seconds()),
    )  # fmt: skip
    return Seen(there=False, past=line), (), past


def _past(provider: Provider, key: str) -> Past | None:
    if not provider.can(Capability.HISTORY):
        return None
    try:
        return provider.past(key)
    except ProviderError:  # it is over all the same; how it went is asked again
        if provider.can(Capability.ACTIVE_CALLS):
            return None
        raise


def _was_silent(seen: Seen, call: Call | None, now: dt.datetime, settings: DialerSettings) -> bool:
    """True where the provider knew something for a while that it had not told."""
    if call is None:
        return False
    if seen.past is not None and call.ended_at is None and seen.past.outcome is not Outcome.AGENT_NO_ANSWER:
        return seen.past.ended_at is not None and now - seen.past.ended_at >= settings.silent_after
    return seen.answered_at is not None and call.answered_at is None and now - seen.answered_at >= settings.silent_after


__all__ = ["Shared", "ask", "line_of_call", "see"]
