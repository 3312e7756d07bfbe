"""The views of the Django + DRF server; imported by Django itself, once it is configured."""

# mypy: disable-error-code="misc"
# Django and its REST framework carry no annotations, and their stubs are not worth a dependency here.
from __future__ import annotations

from typing import Any, ClassVar

from django.urls import path
from rest_framework import authentication, exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.peers import PAGE, Actor, Refused
from bench.peers.django_models import Deal, Owner
from bench.peers.django_orm import deals_before, move_deal

_owners: dict[int, int] = {}


class Gateway(authentication.BaseAuthentication):
    """The actor as the header names it."""

    def authenticate(self, request: Request) -> tuple[Actor, None]:
        """Owners are read once."""
        if not _owners:
            _owners.update(Owner.objects.values_list("id", "team_id"))
        actor = int(request.headers.get("x-actor", 0))
        if actor not in _owners:
            raise exceptions.AuthenticationFailed
        return Actor(actor, _owners[actor]), None


class Asked(serializers.Serializer[Any]):
    """What a move asks for."""

    stage = serializers.CharField(max_length=20)


class Shown(serializers.ModelSerializer[Any]):
    """A deal as the API shows it."""

    stage_id = serializers.IntegerField()
    owner_id = serializers.IntegerField()

    class Meta:
        model = Deal
        fields: ClassVar[Any] = ("id", "title", "amount", "currency", "stage_id", "owner_id", "created_at", "version")


class Line(Shown):
    """A deal in the list."""

    company = serializers.CharField(source="company.name", default=None)
    contact = serializers.CharField(source="contact.name", default=None)

    class Meta(Shown.Meta):
        fields: ClassVar[Any] = (*Shown.Meta.fields, "company", "contact")


class MoveDeal(APIView):
    """POST /deals/ID/move."""

    authentication_classes: ClassVar[Any] = [Gateway]

    def post(self, request: Request, deal_id: int) -> Response:
        """Move it and show it."""
        asked = Asked(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            deal = move_deal(deal_id, asked.validated_data["stage"], request.user)
        except Refused as refusal:
            return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
        return Response(Shown(deal).data)


class Deals(APIView):
    """GET /deals?before=ID."""

    authentication_classes: ClassVar[Any] = [Gateway]

    def get(self, request: Request) -> Response:
        """One page."""
        items = Line(deals_before(request.user, int(request.query_params.get("before", 2**62))), many=True).data
        return Response({"items": items, "next": items[-1]["id"] if len(items) == PAGE else None})


urlpatterns = [path("deals/<int:deal_id>/move", MoveDeal.as_view()), path("deals", Deals.as_view())]
