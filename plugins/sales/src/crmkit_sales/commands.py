"""What people do to deals beyond editing."""

from __future__ import annotations

from datetime import timedelta

from crmkit import Invalid, Permission, Problem, Uow, _, command

from .entities import Deal, FollowUp

CALLS = Permission("sales.register_call", _("Register calls", ru="Регистрировать звонки"))

FURTHEST = 3660
TOO_FAR = _("from 0 to {most} days", ru="от 0 до {most} дней")


@command(_("Register a call", ru="Записать звонок"), of=Deal, permission=CALLS)
def register_call(deal: Deal, uow: Uow, *, note: str, call_again_in_days: int | None = None) -> FollowUp | None:
    """Close the open follow-ups of a deal with a call, and plan the next one."""
    if call_again_in_days is not None and not 0 <= call_again_in_days <= FURTHEST:
        raise Invalid(problems=[Problem("call_again_in_days", "invalid", TOO_FAR.format(most=FURTHEST))])
    for step in uow.find(FollowUp).where(FollowUp.deal_id == deal.id, FollowUp.done_at.is_(None)):
        step.done_at = uow.now
    if call_again_in_days is None:
        return None
    due = uow.now + timedelta(days=call_again_in_days)
    return uow.add(FollowUp(what=note[:200], deal_id=deal.id, due_at=due, owner_id=deal.owner_id, team_id=deal.team_id))
