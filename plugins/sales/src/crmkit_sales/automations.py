"""What happens by itself to inquiries, leads and deals."""

from __future__ import annotations

import datetime as dt

import attrs

from crmkit import Changed, Created, Entity, Moved, Text, Uow, _, on, on_enter, while_in
from crmkit.activities import Activity, has_next_step, plan

from .assignment import assign
from .clients import open_lead_of
from .conversion import join
from .entities import Deal, Dealer, Inquiry, Lead, PointOfSale, Registration
from .pipelines import LEADS, SALES
from .settings import SalesSettings

CALL = _("Call the client", ru="Позвонить клиенту")
ASK = _("Ask about the offer", ru="Спросить о предложении")
NUDGE = _("The offer waits for an answer", ru="Предложение ждёт ответа")
AGAIN = _("The client turned to us again", ru="Клиент обратился снова")
BATCH = 500


@attrs.frozen
class DealerMoved:
    """A dealer's rows are to follow it into another team."""

    dealer_id: int


def step(record: Deal | Lead, uow: Uow, kind: str, what: Text, within: dt.timedelta) -> None:
    """Plan a next step in the language of the CRM."""
    plan(uow, record, kind, what.to(uow.crm.settings.language), uow.now + within)


@on(Created[Inquiry])
def place_inquiry(event: Created[Inquiry], uow: Uow) -> None:
    """An inquiry of somebody who has an open lead joins it; any other is given out."""
    inquiry, settings = event.record, uow.crm[SalesSettings]
    if inquiry.stage != "new" or inquiry.lead_id is not None or inquiry.deal_id is not None or inquiry.owner_id is not None:
        return
    lead = open_lead_of(uow, inquiry)
    if lead is not None:
        join(inquiry, lead, uow)
        plan(uow, lead, "call", AGAIN.to(uow.crm.settings.language), inquiry.respond_by or uow.now)
    elif settings.assign:
        assign(inquiry, uow)


@on(Created[Deal])
def plan_first_call(event: Created[Deal], uow: Uow) -> None:
    """Every new deal has a next step; one that was a lead brings its own along."""
    if not has_next_step(uow, event.record) and event.record.closed_at is None:
        step(event.record, uow, "call", CALL, uow.crm[SalesSettings].first_call_within)


@on_enter(SALES["offer"])
def plan_review(moved: Moved[Deal], uow: Uow) -> None:
    """Somebody asks about every offer."""
    step(moved.record, uow, "call", ASK, uow.crm[SalesSettings].review_after)


@while_in(SALES["offer"], longer_than=dt.timedelta(days=5))
def nudge(deal: Deal, uow: Uow) -> None:
    """An offer that waits too long gets a step of its own."""
    step(deal, uow, "call", NUDGE, dt.timedelta(days=1))


@on_enter(SALES["won"])
@on_enter(SALES["lost"])
def finish_steps(moved: Moved[Deal], uow: Uow) -> None:
    """Nothing is left to be done about a closed deal."""
    _finish(moved.record, uow)


@on_enter(LEADS["lost"])
def finish_lead_steps(moved: Moved[Lead], uow: Uow) -> None:
    """Nothing is left to be done about a lost lead."""
    _finish(moved.record, uow)


def _finish(record: Entity, uow: Uow) -> None:
    about = uow.about(record)
    for activity in uow.find(Activity).where(
        Activity.about_kind == about["about_kind"], Activity.about_id == about["about_id"], Activity.done_at.is_(None)
    ):
        activity.done_at = uow.now


@on(Changed[Dealer], fields=("team_id",))
def dealer_moved(event: Changed[Dealer], uow: Uow) -> None:
    """A dealer's rows follow it into another team, after this transaction."""
    uow.schedule(DealerMoved(event.record.id), key=f"sales.dealer:{event.record.id}", delay=dt.timedelta(0), about=event.record)


@on(DealerMoved)
def follow(event: DealerMoved, uow: Uow) -> None:
    """Some hundreds of rows at a time, so that nobody waits long."""
    dealer = uow.peek(Dealer, event.dealer_id)
    if dealer is None or dealer.team_id is None:
        return
    for cls in (PointOfSale, Inquiry, Lead, Deal, Registration):
        other = cls.team_id.is_distinct_from(dealer.team_id)
        rows = uow.find(cls).archived(only=False).where(cls.dealer_id == dealer.id, other).limit(BATCH).all()
        for row in rows:
            row.team_id = dealer.team_id
        if len(rows) == BATCH:
            uow.schedule(event, key=f"sales.dealer:{dealer.id}", delay=dt.timedelta(seconds=1), about=dealer)
