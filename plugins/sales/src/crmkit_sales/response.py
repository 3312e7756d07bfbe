"""The clock of the first answer: how much working time an inquiry waited, and whether that was too long."""

from __future__ import annotations

import datetime as dt
import typing as t
import zoneinfo
from collections.abc import Mapping, MutableMapping, Sequence

import attrs

from crmkit import Kind, Moved, Topic, Uow, Written, hookimpl, on, on_leave

from .entities import Dealer, Inquiry, PointOfSale
from .pipelines import INQUIRIES
from .settings import SalesSettings

LATE = Topic("sales.response_late", of=Inquiry)
WATCHED = ("received_at", "first_response_at", "dealer_id", "point_of_sale_id")
CLOCK = {"stage", "archived_at", "first_response_at", "respond_by"}


@attrs.frozen
class ResponseDue:
    """The working time for the first answer to an inquiry is over."""

    inquiry_id: int


@attrs.frozen
class ResponseLate:
    """An inquiry was not answered in time: for plugins that escalate."""

    inquiry_id: int


def zone_of(values: Mapping[str, t.Any], uow: Uow) -> zoneinfo.ZoneInfo:
    """Return the time zone a record lives in: that of its point of sale, of its dealer, else the CRM's."""
    point = uow.peek(PointOfSale, values["point_of_sale_id"]) if values.get("point_of_sale_id") else None
    dealer = uow.peek(Dealer, values["dealer_id"]) if values.get("dealer_id") else None
    name = (point.timezone if point is not None else None) or (dealer.timezone if dealer is not None else None)
    return zoneinfo.ZoneInfo(name) if name else uow.crm.zone


def run_clock(values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
    """Fill in by when an inquiry is to be answered, and how long the answer took."""
    if values.get("received_at") is None:
        values["received_at"] = uow.now
    if before is not None and all(before.get(n) == values.get(n) for n in WATCHED):
        return
    settings, zone = uow.crm[SalesSettings], zone_of(values, uow)
    received, answered = values["received_at"], values.get("first_response_at")
    values["respond_by"] = settings.calendar.add(received, settings.respond_within, zone)
    values["response_minutes"] = None
    if answered is not None:
        took = settings.calendar.between(received, answered, zone)
        values["response_minutes"] = int(took // dt.timedelta(minutes=1))
        values["response_late"] = answered > values["respond_by"]


def timer(inquiry: Inquiry) -> str:
    """Return the name of the timer of an inquiry's first answer."""
    return f"sales.response:{inquiry.id}"


def answered(inquiry: Inquiry, uow: Uow, at: dt.datetime | None = None) -> None:
    """Note the first answer to an inquiry (later ones change nothing) and stop its clock."""
    if inquiry.first_response_at is None:
        inquiry.first_response_at = at or uow.now


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """A durable timer waits for the first answer, also to an inquiry that is new again or back from the archive."""
    if kind.cls is not Inquiry:
        return
    for row in rows:
        values = row.values
        if values is not None and (row.changed is None or row.changed & CLOCK) and _waits(values):
            inquiry = uow.get(Inquiry, row.id)
            uow.schedule(ResponseDue(inquiry.id), at=max(values["respond_by"], uow.now), key=timer(inquiry), about=inquiry)


def _waits(values: Mapping[str, t.Any]) -> bool:
    return (
        values["stage"] == "new" and values["archived_at"] is None and values["respond_by"] is not None
        and values["first_response_at"] is None and not values["response_late"]
    )  # fmt: skip


@on(ResponseDue)
def mark_late(event: ResponseDue, uow: Uow) -> None:
    """The time is over: the inquiry is marked, live pages and other plugins are told."""
    inquiry = uow.peek(Inquiry, event.inquiry_id)
    if inquiry is None or inquiry.first_response_at is not None or inquiry.archived_at is not None or inquiry.stage != "new":
        return
    if inquiry.respond_by is not None and inquiry.respond_by > uow.now:  # the dealer changed, and with it the working day
        uow.schedule(event, at=inquiry.respond_by, key=timer(inquiry), about=inquiry)
        return
    uow.keep(uow.get(Inquiry, inquiry.id, lock=True), response_late=True)
    uow.publish("sales.response_late", inquiry.id)
    uow.emit(ResponseLate(inquiry.id))


@on(ResponseLate)
def heard(event: ResponseLate, uow: Uow) -> None:
    """Nothing of our own: the event exists for other plugins, and an event that nobody knows cannot be emitted."""


@on_leave(INQUIRIES["new"])
def stop_clock(moved: Moved[Inquiry], uow: Uow) -> None:
    """Whoever takes an inquiry further has answered it, unless it was put aside as no inquiry at all or joined a lead."""
    if moved.stage in ("working", "converted"):
        answered(moved.record, uow)
    uow.cancel(timer(moved.record))


__all__ = ["LATE", "ResponseDue", "ResponseLate", "answered", "run_clock", "timer", "zone_of"]
