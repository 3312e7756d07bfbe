"""What people do with calls, as commands: endpoints, verbs of the command line."""

from __future__ import annotations

import typing as t

from crmkit import Conflict, Invalid, Problem, Uow, _, command
from crmkit.ui import button
from crmkit_sales import Contact, Deal, Lead

from . import ordering
from .entities import Call, CallState
from .events import Outcome
from .ordering import NOBODY
from .roles import CALL, SET_UP
from .taking import tell_about

NOT_OVER = _("the call is not over yet", ru="звонок ещё не завершён")
NO_OUTCOME = _("one of {known}", ru="одно из {known}")
LONGEST = 20_000
TOO_LONG = _("at most {most} characters", ru="не больше {most} знаков")


@button(icon="phone")
@command(_("Call a number", ru="Позвонить"), permission=CALL)
def dial(
    uow: Uow, *, number: t.Annotated[str, _("Number", ru="Номер")], contact_id: t.Annotated[int | None, _("Contact", ru="Контакт")] = None,
    lead_id: t.Annotated[int | None, _("Lead", ru="Лид")] = None, deal_id: t.Annotated[int | None, _("Deal", ru="Сделка")] = None,
) -> Call:  # fmt: skip
    """Have a number called: your own telephone rings first."""
    if uow.actor.id is None:
        raise Conflict(NOBODY)
    return ordering.call(
        uow, number, contact=uow.get(Contact, contact_id) if contact_id else None, lead=uow.get(Lead, lead_id) if lead_id else None,
        deal=uow.get(Deal, deal_id) if deal_id else None)  # fmt: skip


@button(icon="phone-off", menu=True, shown=lambda call: call.state is not CallState.ENDED)
@command(_("Hang up", ru="Завершить звонок"), of=Call, permission=CALL)
def hang_up(call: Call, uow: Uow) -> None:
    """End a call."""
    ordering.hang_up(uow, call)


@button(icon="pause", menu=True, shown=lambda call: call.state is CallState.TALKING)
@command(_("Hold", ru="Поставить на удержание"), of=Call, permission=CALL)
def hold(call: Call, uow: Uow) -> None:
    """Put the client on hold."""
    ordering.hold(uow, call)


@button(icon="play", menu=True, shown=lambda call: call.state is CallState.HELD)
@command(_("Take back from hold", ru="Снять с удержания"), of=Call, permission=CALL)
def resume(call: Call, uow: Uow) -> None:
    """Talk to the client again."""
    ordering.resume(uow, call)


@button(icon="phone-forwarded", menu=True, shown=lambda call: call.state in (CallState.TALKING, CallState.HELD))
@command(_("Transfer", ru="Перевести"), of=Call, permission=CALL)
def transfer(
    call: Call, uow: Uow, *, to: t.Annotated[str, _("Extension or number", ru="Внутренний номер или телефон")],
    attended: t.Annotated[bool, _("After a word with the colleague", ru="После разговора с сотрудником")] = False,
) -> None:  # fmt: skip
    """Hand the client over."""
    ordering.transfer(uow, call, to, attended)


@command(_("It has ended", ru="Разговор закончен"), of=Call, permission=CALL)
def has_ended(call: Call, uow: Uow) -> None:
    """Say that a conversation is over, where the provider has not told and cannot be asked."""
    ordering.has_ended(uow, call)


@button(icon="notebook-pen", menu=True)
@command(_("Note", ru="Записать заметку"), of=Call, permission=CALL)
def write(call: Call, uow: Uow, *, text: t.Annotated[str, _("Note", ru="Заметка")]) -> None:
    """Write down what was said."""
    if len(text) > LONGEST:
        raise Invalid(problems=[Problem("text", "invalid", TOO_LONG.format(most=LONGEST))])
    call.note = text.strip() or None


@button(icon="list-checks", menu=True, shown=lambda call: call.state is CallState.ENDED)
@command(_("Say how it went", ru="Указать итог"), of=Call, permission=CALL)
def set_outcome(call: Call, uow: Uow, *, outcome: t.Annotated[str, _("How it went", ru="Итог")]) -> None:
    """Say how a call went, where the provider cannot tell: an answering machine, say. It counts for more than what was told."""
    if call.state is not CallState.ENDED:
        raise Conflict(NOT_OVER)
    said(uow, call, outcome)


@button(icon="check", menu=True, shown=lambda call: call.state is CallState.ENDED and call.wrapped_at is None)
@command(_("Done with it", ru="Обработан"), of=Call, permission=CALL)
def wrap_up(
    call: Call, uow: Uow, *, note: t.Annotated[str | None, _("Note", ru="Заметка")] = None,
    outcome: t.Annotated[str | None, _("How it went", ru="Итог")] = None,
) -> None:  # fmt: skip
    """Say that a call is written up."""
    if call.state is not CallState.ENDED:
        raise Conflict(NOT_OVER)
    if note is not None:
        write(call, uow, text=note)
    if outcome is not None:
        said(uow, call, outcome)
    if call.wrapped_at is None:
        uow.keep(call, wrapped_at=uow.now)
        tell_about(uow, call)


def said(uow: Uow, call: Call, outcome: str | Outcome) -> None:
    """Keep what a person says of how a call went; said while it goes on, it counts when it is over."""
    known = {o.value: o for o in Outcome}
    found = outcome if isinstance(outcome, Outcome) else known.get(outcome)
    if found is None:
        raise Invalid(problems=[Problem("outcome", "invalid", NO_OUTCOME.format(known=", ".join(known)))])
    over = {"outcome": found} if call.state is CallState.ENDED else {}
    uow.keep(call, said=found, **over)
    with uow.as_system():
        uow.flush()
        uow.crm.hook.telephony_changed(call=call, events=(), uow=uow)
        tell_about(uow, call)


@command(_("Change the address providers call", ru="Сменить адрес для оператора"), permission=SET_UP)
def change_address(uow: Uow, *, provider: t.Annotated[str, _("Provider", ru="Оператор связи")]) -> None:
    """Give a provider a new secret address; its subscriptions follow when they are brought into step."""
    from .aligning import align_soon
    from .hooking import new_secret

    ordering.known_provider(uow.crm, provider)
    new_secret(uow, provider)
    align_soon(uow, provider)


__all__ = ["said"]
