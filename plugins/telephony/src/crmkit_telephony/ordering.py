"""What people and the dialer ask of a telephone: written down first, done outside any transaction, never dialled twice."""

from __future__ import annotations

import secrets
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Conflict, Crm, Invalid, Problem, Uow, _
from crmkit_sales import Contact, Deal, Lead

from .entities import Call, CallState, Direction, Line
from .events import CallEvent, EventType, Outcome
from .finding import do_not_call, line_of
from .keeping import one_at_a_time
from .numbers import e164
from .provider import Capability, provider_named
from .tables import orders
from .taking import name_of, parties, take, tell, tell_about

NO_NUMBER = _("{value!r} is no telephone number that can be called", ru="{value!r} не номер, на который можно позвонить")
NO_LINE = _("you have no telephone here: an administrator adds one", ru="у вас нет телефона в CRM: его добавляет администратор")
NO_LINE_OF = _(
    "user {user} has no telephone here: an administrator adds one", ru="у сотрудника {user} нет телефона в CRM: его добавляет администратор")
NO_PROVIDER = _("the telephone's provider {name!r} is not set up", ru="оператор связи {name!r} не подключён")
CANNOT = {
    Capability.ORIGINATE: _("{provider} cannot place calls: dial on your telephone", ru="{provider} не умеет звонить из CRM: наберите на телефоне"),
    Capability.HANG_UP: _("{provider} cannot hang up from here: use your telephone", ru="{provider} не умеет завершать звонок: положите трубку"),
    Capability.HOLD: _("{provider} cannot hold calls from here: use your telephone", ru="{provider} не умеет ставить на удержание"),
    Capability.TRANSFER: _("{provider} cannot transfer calls from here: use your telephone", ru="{provider} не умеет переводить звонок"),
    Capability.ATTENDED_TRANSFER: _(
        "{provider} cannot transfer after a word with the colleague; transfer at once",
        ru="{provider} не умеет переводить с разговором: переведите сразу",
    ),
}
STOP_LIST = _("{number} is on the do-not-call list", ru="{number} в стоп-листе: звонить нельзя")
OVER = _("the call is over", ru="звонок уже завершён")
NOT_YET = _("nobody talks yet", ru="разговор ещё не начался")
IS_ASKED = _(
    "{provider} tells by itself when a call is over, or is asked: wait a minute",
    ru="{provider} сам сообщает о конце звонка или отвечает на вопрос о нём: подождите минуту")
NOBODY = _("say whose telephone is to ring", ru="укажите, чей телефон зазвонит")
WHERE_TO = _("say where to: an extension or a number", ru="укажите, куда: внутренний или городской номер")
# Written once and compiled once: a dialer asks these many times a second.
_C, _O = Call.__table__.c, orders.c
_BEFORE = (CallState.INITIATED, CallState.AGENT_RINGING, CallState.RINGING)
_PLACING = sa.select(*_C).where(
    _C.owner_id == sa.bindparam("user"), _C.number == sa.bindparam("number"), _C.direction == Direction.OUT, _C.archived_at.is_(None),
    sa.or_(*(_C.state == state for state in _BEFORE))).order_by(_C.id).limit(1)  # fmt: skip
_OPEN = sa.select(_O.id).where(
    _O.call_id == sa.bindparam("call"), _O.what == sa.bindparam("what"), sa.or_(_O.state == "asked", _O.state == "sent")).limit(1)  # fmt: skip
_NEW = orders.insert().values({
    n: sa.bindparam(n) for n in ("call_id", "user_id", "what", "args", "state", "reference", "tries", "asked_at")}).returning(_O.id)  # fmt: skip
_TAKEN_BACK = orders.update().where(_O.call_id == sa.bindparam("call"), _O.what == "originate", _O.state == "asked").values(
    state="failed", done_at=sa.bindparam("now"), error="taken back").returning(_O.id)  # fmt: skip


@attrs.frozen
class Ordered:
    """A provider is to be asked for something."""

    order_id: int


def call(
    uow: Uow, number: str, *, contact: Contact | None = None, lead: Lead | None = None, deal: Deal | None = None, line: Line | None = None,
    user: int | None = None, anyway: bool = False,
) -> Call:  # fmt: skip
    """Have a number called: the colleague's telephone rings first, then the client's. Returns the call, which is being placed.

    `user` (whoever asks, if left out) talks, at `line` or their own telephone. Asked for twice while it is being placed, it is
    one call. A number on the do-not-call list is refused unless `anyway`; so is what cannot be done, in words.
    """
    user = user if user is not None else uow.actor.id
    with uow.as_system():
        known, line = _checked(uow, number, line, user, anyway=anyway)
        uow.flush(wait=False)
        one_at_a_time(uow, [f"user:{line.owner_id}"])
        placing = uow.run_for(Call, _PLACING, {"user": line.owner_id, "number": known})
        if placing:
            return placing[0][0]
        placed = uow.add(Call(
            contact_id=_id(contact) or (lead or deal or _NOTHING).contact_id, lead_id=_id(lead), deal_id=_id(deal),
            owner_id=line.owner_id, team_id=line.team_id))  # fmt: skip
        uow.keep(placed, provider=line.provider, direction=Direction.OUT, number=known, given=number.strip()[:60], extension=line.extension,
                 our_number=line.from_number, began_at=uow.now, heard_at=uow.now)  # fmt: skip
        uow.flush()
        args = {"extension": line.extension, "device": line.device, "number": known, "from_number": line.from_number, "shown": name_of(uow, placed)}
        _order(uow, placed, "originate", args, line.owner_id)
        tell(uow, placed, {placed.owner_id})  # no telephone rings yet
    return placed


class _Nothing:
    contact_id: int | None = None


_NOTHING = _Nothing()


def _id(record: Contact | Lead | Deal | None) -> int | None:
    return None if record is None else record.id


def _checked(uow: Uow, number: str, line: Line | None, user: int | None, *, anyway: bool) -> tuple[str, Line]:
    known = e164(number, uow.crm)
    if known is None:
        raise Invalid(problems=[Problem("number", "invalid", NO_NUMBER.format(value=number[:40]))])
    if line is None and user is None:
        raise Conflict(NOBODY)
    if line is None:
        line = line_of(uow, t.cast(int, user))
    if line is None:
        raise Conflict(NO_LINE if user == uow.actor.id else NO_LINE_OF.format(user=user))
    demand(uow.crm, line.provider, Capability.ORIGINATE)
    if not anyway and do_not_call(uow, known):
        raise Conflict(STOP_LIST.format(number=known))
    return known, line


def demand(crm: Crm, provider: str | None, capability: Capability) -> None:
    """Refuse in words what a provider cannot do."""
    found = provider_named(crm, provider or "")
    if found is None:
        raise Conflict(NO_PROVIDER.format(name=provider))
    if not found.can(capability):
        raise Conflict(CANNOT[capability].format(provider=found.label))


def known_provider(crm: Crm, name: str) -> None:
    """Refuse the name of a provider that is not there."""
    if provider_named(crm, name) is None:
        raise Invalid(problems=[Problem("provider", "invalid", NO_PROVIDER.format(name=name[:40]))])


def can(uow: Uow, call: Call, capability: Capability) -> bool:
    """True when a call's provider is able to do something: what the interface offers."""
    found = provider_named(uow.crm, call.provider or "")
    return found is not None and found.can(capability)


def hang_up(uow: Uow, call: Call) -> None:
    """Have a call ended; one that is over already is what was wanted. One that was not dialled yet never is."""
    if call.state is CallState.ENDED:
        return
    if _not_dialled(uow, call):
        finish(uow, call, Outcome.CANCELLED)
        return
    _control(uow, call, "hang_up", Capability.HANG_UP)


def has_ended(uow: Uow, call: Call) -> None:
    """Say that a conversation is over, where its end was not told and the provider can never be asked. One that is over already is."""
    if call.state is CallState.ENDED:
        return
    if call.state not in (CallState.TALKING, CallState.HELD) or call.key is None or call.provider is None:
        raise Conflict(NOT_YET)
    provider = provider_named(uow.crm, call.provider)
    if provider is not None and provider.can_be_asked:
        raise Conflict(IS_ASKED.format(provider=provider.label))
    key = call.key.partition(":")[2]
    take(uow, call.provider, [CallEvent(type=EventType.ENDED, call=key, at=uow.now, key=f"crm:said:{key}"[:200])])


def hold(uow: Uow, call: Call) -> None:
    """Have the other party put on hold."""
    _control(uow, call, "hold", Capability.HOLD)


def resume(uow: Uow, call: Call) -> None:
    """Have the other party taken back from hold."""
    _control(uow, call, "resume", Capability.HOLD)


def transfer(uow: Uow, call: Call, to: str, attended: bool = False) -> None:
    """Have the other party handed over to an extension or a number; `attended`: after a word with whoever takes it."""
    if not to.strip():
        raise Invalid(problems=[Problem("to", "required", WHERE_TO)])
    args = {"to": e164(to, uow.crm) or to.strip()[:60], "attended": attended}
    _control(uow, call, "transfer", Capability.ATTENDED_TRANSFER if attended else Capability.TRANSFER, args)


def _control(uow: Uow, call: Call, what: str, capability: Capability, args: dict[str, t.Any] | None = None) -> None:
    if call.state is CallState.ENDED:
        raise Conflict(OVER)
    if what != "hang_up" and call.state not in (CallState.TALKING, CallState.HELD):
        raise Conflict(NOT_YET)
    demand(uow.crm, call.provider, capability)
    if uow.run(_OPEN, {"call": call.id, "what": what}):
        return  # asked for twice, done once
    with uow.as_system():
        _order(uow, call, what, {**leg_of(uow, call), **(args or {})}, uow.actor.id)
        if call.trouble:
            uow.keep(call, trouble=None)


def leg_of(uow: Uow, call: Call) -> dict[str, t.Any]:
    """Return which party of a call is controlled: that of whoever asks, else of whose call it is, else any that is there."""
    rows = [party for party in parties(uow, call) if party.ended_at is None]
    whose = uow.actor.id, call.owner_id
    wanted = sorted(rows, key=lambda r: (r.user_id != whose[0], r.user_id != whose[1], r.control is None, r.answered_at is None, r.id))
    if not wanted:
        return {"leg": "", "control": None, "extension": call.extension, "device": None}
    return {"leg": wanted[0].key, "control": wanted[0].control, "extension": wanted[0].extension or call.extension, "device": wanted[0].device}


def _order(uow: Uow, call: Call, what: str, args: dict[str, t.Any], user: int | None) -> int:
    values = {
        "call_id": call.id, "user_id": user, "what": what, "args": args, "state": "asked", "reference": f"crm-{secrets.token_hex(12)}",
        "tries": 0, "asked_at": uow.now,
    }  # fmt: skip
    key: int = uow.run(_NEW, values)[0][0]
    uow.emit(Ordered(key))
    return key


def _not_dialled(uow: Uow, call: Call) -> bool:
    """Take back the wish for a call that nobody has asked the provider for yet; True when there was one."""
    return bool(uow.run(_TAKEN_BACK, {"call": call.id, "now": uow.now}))


def finish(uow: Uow, call: Call, outcome: Outcome, trouble: str | None = None) -> None:
    """End a call of which the provider knows nothing."""
    with uow.as_system():
        uow.keep(call, state=CallState.ENDED, outcome=outcome, ended_at=uow.now, trouble=None if trouble is None else trouble[:300])
        uow.flush()
        uow.crm.hook.telephony_changed(call=call, events=(), uow=uow)
        tell_about(uow, call)


__all__ = ["Ordered", "call", "can", "demand", "finish", "hang_up", "has_ended", "hold", "known_provider", "leg_of", "resume", "transfer"]
