"""What happens by itself to deals."""

from __future__ import annotations

from datetime import timedelta

from crmkit import Created, Moved, Uow, _, on, on_enter, while_in

from .entities import Deal, FollowUp
from .pipelines import SALES
from .settings import SalesSettings

CALL = _("Call the client", ru="Позвонить клиенту")
ASK = _("Ask about the offer", ru="Спросить о предложении")
NUDGE = _("The offer waits for an answer", ru="Предложение ждёт ответа")


def _follow_up(deal: Deal, uow: Uow, what: str, within: timedelta) -> None:
    text = what.to(uow.crm.settings.language) if hasattr(what, "to") else what
    uow.add(FollowUp(what=text, deal_id=deal.id, due_at=uow.now + within, owner_id=deal.owner_id, team_id=deal.team_id))


@on(Created[Deal])
def plan_first_call(event: Created[Deal], uow: Uow) -> None:
    """Every new deal has a next step."""
    _follow_up(event.record, uow, CALL, uow.crm[SalesSettings].first_call_within)


@on_enter(SALES["offer"])
def plan_review(moved: Moved[Deal], uow: Uow) -> None:
    """Somebody asks about every offer."""
    _follow_up(moved.record, uow, ASK, uow.crm[SalesSettings].review_after)


@while_in(SALES["offer"], longer_than=timedelta(days=5))
def nudge(deal: Deal, uow: Uow) -> None:
    """An offer that waits too long gets a follow-up of its own."""
    _follow_up(deal, uow, NUDGE, timedelta(days=1))


@on_enter(SALES["won"])
@on_enter(SALES["lost"])
def finish_follow_ups(moved: Moved[Deal], uow: Uow) -> None:
    """Nothing is left to be done about a closed deal."""
    for step in uow.find(FollowUp).where(FollowUp.deal_id == moved.record.id, FollowUp.done_at.is_(None)):
        step.done_at = uow.now
