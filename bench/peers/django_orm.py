"""Django's ORM by hand: `select_for_update`, an update with the version in its filter, two creates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from bench.data import MOVES, Data, NewDeal
from bench.peers import PAGE, Actor, Counts, Peer, Refused
from bench.peers.django_settings import configure
from bench.peers.floor import changes_of
from bench.place import Place


def move_deal(deal_id: int, code: str, actor: Actor) -> Any:
    """A move as one would write it, in a transaction of its own; the deal as it is afterwards."""
    from django.db import transaction
    from django.utils import timezone

    from bench.peers.django_models import Deal, FollowUp, Stage, StageHistory

    with transaction.atomic():
        stage = Stage.objects.filter(code=code).first()
        deal = Deal.objects.select_for_update().filter(pk=deal_id).first()
        if deal is None or stage is None or deal.archived_at is not None:
            raise Refused("no such deal or stage")
        if deal.owner_id != actor.id:
            raise Refused("not yours")
        if stage.id not in MOVES[deal.stage_id]:
            raise Refused("not from here")
        if stage.needs_amount and deal.amount is None:
            raise Refused("amount is missing")
        now, past, seen = timezone.now(), deal.stage_id, deal.version
        deal.stage_id, deal.stage_since, deal.updated_at, deal.version = stage.id, now, now, seen + 1
        fields = ("stage_id", "stage_since", "updated_at", "version")
        values = {name: getattr(deal, name) for name in fields}
        if Deal.objects.filter(pk=deal.id, version=seen).update(**values) != 1:
            raise Refused("changed meanwhile")
        StageHistory.objects.create(
            deal_id=deal.id, from_stage_id=past, to_stage_id=stage.id, actor_id=actor.id, at=now
        )
        due = now + timedelta(days=1)
        text = f"Call about {code}"
        FollowUp.objects.create(deal_id=deal.id, owner_id=deal.owner_id, text=text, due_at=due, created_at=now)
    return deal


def deals_before(actor: Actor, before: int) -> Any:
    """A page of models with their company and contact."""
    from bench.peers.django_models import Deal

    mine = Deal.objects.filter(owner_id=actor.id, archived_at=None, id__lt=before)
    return mine.select_related("company", "contact").order_by("-id")[:PAGE]


class DjangoOrm(Peer):
    """Django alone, without a request round it."""

    label: ClassVar[str] = "Django ORM"

    def __init__(self, place: Place, data: Data) -> None:
        """Configure Django and connect."""
        configure(place)
        from django.db import connection

        self.connection = connection
        connection.ensure_connection()

    def move(self, deal_id: int, stage: str, actor: Actor) -> None:
        """One atomic block."""
        move_deal(deal_id, stage, actor)

    def page(self, actor: Actor, before: int) -> Sequence[Mapping[str, Any]]:
        """Models, then dicts."""
        return [
            {
                "id": deal.id,
                "title": deal.title,
                "amount": deal.amount,
                "currency": deal.currency,
                "stage_id": deal.stage_id,
                "owner_id": deal.owner_id,
                "created_at": deal.created_at,
                "version": deal.version,
                "company": deal.company and deal.company.name,
                "contact": deal.contact and deal.contact.name,
            }
            for deal in deals_before(actor, before)
        ]

    def bulk(self, deals: Sequence[NewDeal], actor: Actor) -> None:
        """Two `bulk_create`."""
        from django.db import transaction
        from django.utils import timezone

        from bench.peers.django_models import Deal, Journal

        now = timezone.now()
        times = {"stage_since": now, "created_at": now, "updated_at": now, "version": 1}
        with transaction.atomic():
            added = Deal.objects.bulk_create(Deal(**deal._asdict(), **times) for deal in deals)
            Journal.objects.bulk_create(
                Journal(
                    at=now,
                    actor_id=actor.id,
                    entity="deal",
                    record_id=deal.pk,
                    action="created",
                    changes=changes_of(given),
                )
                for deal, given in zip(added, deals, strict=True)
            )

    def counts(self) -> Counts:
        """Four counts."""
        from bench.peers.django_models import Deal, FollowUp, Journal, StageHistory

        return Counts(*(model.objects.count() for model in (Deal, StageHistory, FollowUp, Journal)))

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
