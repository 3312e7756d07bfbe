"""Calls nobody took: somebody is to call back."""

from __future__ import annotations

from crmkit import Entity, Uow, _, on
from crmkit.activities import plan
from crmkit_sales import Contact, Deal, Inquiry, Lead

from .entities import Call, CallState, Direction
from .events import Outcome
from .settings import TelephonySettings
from .taking import MissedCall

CALL_BACK = _("Call back: a call was missed ({number})", ru="Перезвонить: пропущен звонок ({number})")
HIDDEN = _("number hidden", ru="номер скрыт")


@on(MissedCall)
def missed(event: MissedCall, uow: Uow) -> None:
    """Make a task of a call nobody took, unless it was answered after all or the client has been spoken to since."""
    call = uow.get(Call, event.call_id)
    if not uow.crm[TelephonySettings].missed_makes or not is_missed(call) or _spoken_since(uow, call):
        return
    if uow.crm.hook.telephony_missed(call=call, uow=uow):
        return
    about = _about(uow, call)
    if about is not None:
        words = CALL_BACK.format(number=call.number or HIDDEN)
        subject = getattr(words, "to", lambda _language: str(words))(uow.crm.settings.language)
        plan(uow, about, "call", subject[:200], uow.now + uow.crm[TelephonySettings].missed_within, owner_id=call.owner_id)


def is_missed(call: Call) -> bool:
    """True for a call to us that is over and that nobody took."""
    over = call.state is CallState.ENDED and call.direction is Direction.IN
    return over and call.answered_at is None and call.outcome not in (Outcome.ANSWERED, Outcome.VOICEMAIL)


def _spoken_since(uow: Uow, call: Call) -> bool:
    later = uow.find(Call).where(Call.number == call.number, Call.id != call.id, Call.began_at >= call.began_at)
    return call.number is not None and later.where(Call.answered_at.is_not(None)).exists()


def _about(uow: Uow, call: Call) -> Entity | None:
    """Return what the next step stands at: what is furthest along."""
    ways: tuple[tuple[type[Entity], int | None], ...] = (
        (Deal, call.deal_id), (Lead, call.lead_id), (Inquiry, call.inquiry_id), (Contact, call.contact_id))
    return next((found for cls, key in ways if key is not None and (found := uow.peek(cls, key)) is not None), None)


__all__ = ["is_missed"]
