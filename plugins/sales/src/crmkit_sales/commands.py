"""What people do to inquiries and deals beyond editing."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from crmkit import Invalid, Permission, Problem, Uow, _, command
from crmkit.activities import Activity, plan
from crmkit.ui import button

from .entities import Deal, Inquiry
from .pipelines import INQUIRIES
from .response import answered

CALLS = Permission("sales.register_call", _("Register calls", ru="Регистрировать звонки"))
ANSWER = Permission("sales.answer", _("Answer inquiries", ru="Отвечать на обращения"))

FURTHEST = 3660
TOO_FAR = _("from 0 to {most} days", ru="от 0 до {most} дней")
EARLY = _("before it was received", ru="раньше, чем обращение получено")
LATER = _("in the future", ru="в будущем")


@button(icon="phone-call", order=10)
@command(_("Register a call", ru="Записать звонок"), of=Deal, permission=CALLS)
def register_call(
    deal: Deal, uow: Uow, *, note: Annotated[str, _("What was said", ru="О чём говорили")],
    call_again_in_days: Annotated[int | None, _("Call again in, days", ru="Перезвонить через, дней")] = None,
) -> Activity | None:  # fmt: skip
    """Close the open steps of a deal with a call, and plan the next one."""
    if call_again_in_days is not None and not 0 <= call_again_in_days <= FURTHEST:
        raise Invalid(problems=[Problem("call_again_in_days", "invalid", TOO_FAR.format(most=FURTHEST))])
    about = uow.about(deal)
    for activity in uow.find(Activity).where(
        Activity.about_kind == about["about_kind"], Activity.about_id == about["about_id"], Activity.done_at.is_(None)
    ):
        activity.done_at, activity.outcome = uow.now, note[:200]
    if call_again_in_days is None:
        return None
    return plan(uow, deal, "call", note[:200], uow.now + dt.timedelta(days=call_again_in_days))


@button(icon="message-circle-reply", primary=True, order=10, shown=lambda inquiry: inquiry.first_response_at is None)
@command(_("Answered", ru="Ответили"), of=Inquiry, permission=ANSWER)
def answer(inquiry: Inquiry, uow: Uow, *, at: Annotated[dt.datetime | None, _("When, if not now", ru="Когда, если не сейчас")] = None) -> Inquiry:
    """Note the first answer to an inquiry, now or at a moment that has been; its clock stops."""
    if at is not None and inquiry.received_at is not None and at < inquiry.received_at:
        raise Invalid(problems=[Problem("at", "invalid", EARLY)])
    if at is not None and at > uow.now:
        raise Invalid(problems=[Problem("at", "invalid", LATER)])
    answered(inquiry, uow, at)
    if inquiry.stage == "new":
        uow.move(inquiry, INQUIRIES["working"])
    if inquiry.owner_id is None:
        inquiry.owner_id = uow.actor.id
    return inquiry
