"""Carrying orders out: the one place that asks a provider to do something."""

from __future__ import annotations

import datetime as dt
import functools
import logging
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Crm, Uow, _, outside

from .entities import Call, CallState
from .events import CallEvent, EventType, Outcome
from .numbers import e164
from .ordering import Ordered, finish
from .provider import Active, Capability, Leg, NotThere, Originate, Past, Provider, ProviderError, Unknown, provider_named
from .reading import of_past
from .tables import orders
from .taking import LookAgain, hold_call, take, tell_about

log = logging.getLogger("crmkit.telephony")
LOOK_AFTER = dt.timedelta(seconds=20)
LOOK_EVERY = dt.timedelta(seconds=15)
LOOK_FOR = dt.timedelta(seconds=90)
SLACK = dt.timedelta(minutes=1)
SOON = dt.timedelta(seconds=1)
A_WHILE = dt.timedelta(seconds=10)
SURE_AFTER = dt.timedelta(seconds=5)
MOST_TRIES = 5
MOST_WAITS = 60
UNSURE = _(
    "The connection to the provider broke while the call was being placed; it may have rung at the client. It was not dialled again.",
    ru="Связь с оператором прервалась во время набора: у клиента, возможно, звонило. Повторно номер не набирался.",
)
UNHEARD = _(
    "The provider took the call on and has told nothing of it: perhaps its webhooks do not reach this CRM.",
    ru="Оператор принял вызов, но ничего о нём не сообщил: возможно, его вебхуки не доходят до CRM.",
)
GONE = _("The provider {name!r} is no longer set up.", ru="Оператор связи {name!r} больше не подключён.")
INNER = _(
    "The provider's plugin failed; an administrator finds the details in the log.",
    ru="Ошибка модуля оператора связи; подробности в журнале сервера.",
)
HALFWAY = _(
    "The connection broke while the call was being handed over: whether it was, nobody knows.",
    ru="Связь прервалась во время перевода: удался ли он, неизвестно.",
)
NOT_THERE = _("The call was over already.", ru="Звонок уже завершился.")
NEVER_CAME = _("The call did not come about in time to be ended.", ru="Звонок так и не появился у оператора: завершать нечего.")


@attrs.frozen
class LookUp:
    """A call was asked for, and its provider's answer is not there: it is looked for, not dialled again."""

    order_id: int


@attrs.frozen
class Order:
    """What a provider is to do."""

    id: int
    call_id: int
    what: str
    args: dict[str, t.Any]
    state: str
    reference: str
    tries: int
    asked_at: dt.datetime
    sent_at: dt.datetime | None
    provider: str
    call_key: str | None
    ended: bool


_WANTED = sa.select(
    *(orders.c[name] for name in ("id", "call_id", "what", "args", "state", "reference", "tries", "asked_at", "sent_at")),
    Call.__table__.c.provider, Call.__table__.c.key, Call.__table__.c.state,
).join(Call.__table__, Call.__table__.c.id == orders.c.call_id).where(orders.c.id == sa.bindparam("order"))  # fmt: skip
_HELD = _WANTED.with_for_update(of=orders)


@functools.cache
def _put_statement(names: tuple[str, ...]) -> t.Any:
    values = {name: sa.bindparam(f"new_{name}", type_=orders.c[name].type) for name in names}
    return orders.update().where(orders.c.id == sa.bindparam("order")).values(values)


def _order(uow: Uow, order_id: int, *, lock: bool = False) -> Order | None:
    found = uow.run(_HELD if lock else _WANTED, {"order": order_id})
    if not found:
        return None
    values: list[t.Any] = list(found[0])
    key, state = values[-2:]
    values[-2:] = [None if key is None else key.partition(":")[2], state is CallState.ENDED]
    return Order(*values)


def _put(uow: Uow, order: Order, **values: t.Any) -> None:
    uow.run(_put_statement(tuple(values)), {"order": order.id, **{f"new_{name}": value for name, value in values.items()}}, wait=False)


@outside(Ordered)
def carry_out(event: Ordered, crm: Crm) -> None:
    """Do what was asked for. It is noted as sent before it is: after a crash a call is looked for, not placed again."""
    with crm.uow() as uow:
        order = _begin(uow, event.order_id)
    if order is None:
        return
    provider = provider_named(crm, order.provider)
    try:
        if provider is None:
            raise ProviderError(GONE.format(name=order.provider))
        placed = _ask(provider, order)
    except Unknown as error:
        log.warning("order %s (%s): %s", order.id, order.what, error)
        _unknown(crm, order, error)
    except NotThere:
        _not_there(crm, order)
    except ProviderError as error:
        _refused(crm, order, error)
    except Exception:
        log.exception("order %s (%s) failed in the provider's plugin", order.id, order.what)
        _unknown(crm, order, ProviderError(INNER))
    else:
        with crm.uow() as uow:
            _done(uow, order, placed)


def _begin(uow: Uow, order_id: int) -> Order | None:
    """Note that an order is sent, and return it; None where there is nothing to send (any more)."""
    order = _order(uow, order_id, lock=True)
    if order is None or order.state not in ("asked", "sent"):
        return None
    if order.state == "sent" and order.what in ("originate", "transfer"):
        if order.what == "transfer":  # whether it was done nobody knows; twice would be wrong
            _fail(uow, order, Unknown(HALFWAY))
        return None  # its LookUp is waiting
    if order.what != "originate" and order.ended:
        _put(uow, order, state="done", done_at=uow.now)
        return None
    if order.what != "originate" and order.call_key is None:  # asked for before the provider has told which call it is
        if order.tries >= MOST_WAITS:
            _fail(uow, order, ProviderError(NEVER_CAME))
        else:
            _put(uow, order, tries=order.tries + 1)
            uow.schedule(Ordered(order.id), delay=SOON, key=f"telephony:order:{order.id}")
        return None
    _put(uow, order, state="sent", sent_at=uow.now, tries=order.tries + 1)
    if order.what == "originate":
        uow.schedule(LookUp(order.id), delay=LOOK_AFTER, key=f"telephony:lookup:{order.id}")
    return attrs.evolve(order, tries=order.tries + 1, sent_at=uow.now)


def _ask(provider: Provider, order: Order) -> str | None:
    """Ask the provider, and return a new call's key."""
    args = order.args
    if order.what == "originate":
        placed = provider.originate(Originate(
            extension=args["extension"], device=args["device"], number=args["number"], from_number=args["from_number"], shown=args["shown"],
            reference=order.reference))
        return placed.call_key
    leg = Leg(call_key=order.call_key or "", leg_key=args["leg"], control=args["control"], extension=args["extension"], device=args["device"])
    if order.what == "transfer":
        provider.transfer(leg, args["to"], attended=args["attended"])
    else:
        {"hang_up": provider.hang_up, "hold": provider.hold, "resume": provider.resume}[order.what](leg)
    return None


_TELLS = {"hold": EventType.HELD, "resume": EventType.RESUMED, "transfer": EventType.TRANSFERRED}


def _done(uow: Uow, order: Order, key: str | None) -> None:
    """Note that it was done. What providers do not tell themselves (that somebody is on hold) is an event too."""
    if key:
        hold_call(uow, order.provider, key)
    _put(uow, order, state="done", done_at=uow.now, error=None)
    if order.what == "originate":
        if key:
            uow.cancel(f"telephony:lookup:{order.id}", wait=False)
            take(uow, order.provider, [placed_event(order, key)])
    elif order.what == "hang_up":
        uow.schedule(LookAgain(order.call_id), delay=SURE_AFTER, key=f"telephony:look:{order.call_id}")
    else:
        args = order.args
        take(uow, order.provider, [CallEvent(
            type=_TELLS[order.what], call=order.call_key or "", at=uow.now, key=f"crm:order:{order.id}", leg=args["leg"] or None,
            extension=args["extension"], device=args["device"], to=args.get("to"))])


def placed_event(order: Order, key: str) -> CallEvent:
    """Return what is known of a call from having asked for it."""
    args = order.args
    return CallEvent(
        type=EventType.INITIATED, call=key, at=order.asked_at, key=f"crm:order:{order.id}", incoming=False, extension=args["extension"],
        device=args["device"], number=args["number"], our_number=args["from_number"], reference=order.reference)  # fmt: skip


def _not_there(crm: Crm, order: Order) -> None:
    with crm.uow() as uow:
        if order.what == "hang_up":
            _put(uow, order, state="done", done_at=uow.now, error=None)
        else:
            _fail(uow, order, ProviderError(NOT_THERE))
        uow.schedule(LookAgain(order.call_id), key=f"telephony:look:{order.call_id}")


def _refused(crm: Crm, order: Order, error: ProviderError) -> None:
    """Try again where the provider says so, and it is soon; else tell whoever asked."""
    after = error.after or SOON
    with crm.uow() as uow:
        if error.again and order.tries < MOST_TRIES and (order.what == "hang_up" or after <= A_WHILE):
            _put(uow, order, state="asked", error=str(error)[:500])
            uow.cancel(f"telephony:lookup:{order.id}", wait=False)
            uow.schedule(Ordered(order.id), delay=after, key=f"telephony:order:{order.id}")
        else:
            _fail(uow, order, error)


def _unknown(crm: Crm, order: Order, error: ProviderError) -> None:
    with crm.uow() as uow:
        if order.what == "originate":
            _put(uow, order, error=str(error)[:500])
            uow.schedule(LookUp(order.id), delay=SOON, key=f"telephony:lookup:{order.id}")
        elif order.what != "transfer" and order.tries < MOST_TRIES:  # what changes nothing when it is done twice
            _put(uow, order, state="asked", error=str(error)[:500])
            uow.schedule(Ordered(order.id), delay=SOON, key=f"telephony:order:{order.id}")
        else:
            _fail(uow, order, Unknown(HALFWAY) if order.what == "transfer" and isinstance(error, Unknown) else error)


def _fail(uow: Uow, order: Order, error: ProviderError, state: str = "failed") -> None:
    """Note a failure where a person sees it: at the call."""
    _put(uow, order, state=state, done_at=uow.now, error=str(error)[:500])
    uow.cancel(f"telephony:lookup:{order.id}", wait=False)
    call = uow.get(Call, order.call_id, lock=True)
    words = getattr(error.message, "to", lambda _language: str(error.message))(uow.crm.settings.language)
    if order.what == "originate" and call.key is None and call.state is not CallState.ENDED:
        finish(uow, call, Outcome.FAILED, words)
    else:
        uow.keep(call, trouble=words[:300])
        tell_about(uow, call)


# ---- looking for a call whose answer was lost ---------------------------------------------------------------------
@outside(LookUp)
def look_up(event: LookUp, crm: Crm) -> None:
    """Look for a call that may have been placed: among what was told, what goes on now, what has been. Never place it again."""
    with crm.uow() as uow:
        order = _order(uow, event.order_id, lock=True)
        if order is None or order.state not in ("sent", "done"):
            return
        if order.call_key is not None:
            _put(uow, order, state="done", done_at=uow.now)
            return
    provider = provider_named(crm, order.provider)
    after, found = LOOK_EVERY, list[CallEvent]()
    try:
        found = _traces(crm, provider, order) if provider is not None else []
    except ProviderError as error:
        after = max(after, error.after or after)
    except Exception:
        log.exception("order %s cannot be looked up", order.id)
    with crm.uow() as uow:
        if found:
            hold_call(uow, order.provider, found[0].call)
        order = t.cast(Order, _order(uow, order.id, lock=True))
        if order.call_key is not None or order.state not in ("sent", "done"):
            return
        if found:
            _put(uow, order, state="done", done_at=uow.now)
            take(uow, order.provider, found)
        elif uow.now - (order.sent_at or order.asked_at) < LOOK_FOR:
            uow.schedule(LookUp(order.id), delay=min(after, LOOK_FOR), key=f"telephony:lookup:{order.id}")
        else:
            _fail(uow, order, ProviderError(UNSURE if order.state == "sent" else UNHEARD), "unsure")


def _traces(crm: Crm, provider: Provider, order: Order) -> list[CallEvent]:
    """Return what shows that a call came about."""
    since = (order.sent_at or order.asked_at) - SLACK

    def own(seen: Active | Past, began: dt.datetime | None) -> bool:
        if isinstance(seen, Active) and seen.reference:
            return seen.reference == order.reference
        device = isinstance(seen, Active) and seen.device is not None and seen.device == order.args["device"]
        same = not seen.incoming and e164(seen.number, crm) == order.args["number"] and (seen.extension == order.args["extension"] or device)
        return same and (began is None or began >= since)

    if provider.can(Capability.ACTIVE_CALLS):
        for active in provider.active_calls():
            if own(active, active.began_at):
                return [attrs.evolve(placed_event(order, active.call_key), leg=active.leg_key, control=active.control)]
    if provider.can(Capability.HISTORY):
        for past in provider.history(since, crm.clock.now() + SLACK):
            if own(past, past.began_at):
                return [placed_event(order, past.call_key), *of_past(past)]
    return []


__all__ = ["LookUp", "carry_out", "look_up", "placed_event"]
