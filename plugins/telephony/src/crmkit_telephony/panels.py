"""A client's calls on the client's pages, and in their timeline."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Mapping, Sequence

from crmkit import Entity, Uow, _, hookimpl
from crmkit.ui import Slot, View, panel
from crmkit_sales import Contact, Deal, Inquiry, Lead

from .entities import Call, CallState, Direction
from .events import Outcome
from .roles import CALL, LISTEN
from .screen import words
from .screen.mine import outcome_color, people_of

LABEL = _("Calls", ru="Звонки")
SHOWN, MOST = 5, 200
NEEDS = frozenset({"direction", "state", "outcome", "began_at", "talked", "owner_id"})
FIELDS: Mapping[type[Entity], str] = {Contact: "contact_id", Deal: "deal_id", Lead: "lead_id", Inquiry: "inquiry_id"}


@panel(Contact, label=LABEL, icon="phone", order=22, live=[Call])
def calls_of_contact(record: Contact, uow: Uow) -> View | None:
    """The last calls with a contact."""
    return _calls(uow, record)


@panel(Deal, label=LABEL, icon="phone", order=22, live=[Call])
def calls_of_deal(record: Deal, uow: Uow) -> View | None:
    """The last calls about a deal."""
    return _calls(uow, record)


@panel(Lead, label=LABEL, icon="phone", order=22, live=[Call])
def calls_of_lead(record: Lead, uow: Uow) -> View | None:
    """The last calls about a lead."""
    return _calls(uow, record)


@panel(Inquiry, label=LABEL, icon="phone", order=22, live=[Call])
def calls_of_inquiry(record: Inquiry, uow: Uow) -> View | None:
    """The calls an inquiry is about."""
    return _calls(uow, record)


def _calls(uow: Uow, record: Entity) -> View | None:
    field, kind = FIELDS[type(record)], uow.crm.kind(Call)
    if not uow.may(kind.permission("read")) or uow.crm.access.hidden(uow.actor, kind) & {*NEEDS, field}:
        return None
    of = uow.find(Call).where(getattr(Call, field) == record.id)
    calls = of.order_by(Call.began_at.desc(), Call.id.desc()).limit(SHOWN).all()
    if not calls:
        return None
    names = people_of(uow, [c.owner_id for c in calls])
    rows = [{"call": c, "who": names.get(c.owner_id or 0, ""), "color": _color(c), "icon": icon_of(c)} for c in calls]
    total = of.count() if len(calls) == SHOWN else len(calls)
    return View(
        "calls_panel.html", s=words, rows=rows, total=total, more=total > len(rows), unreached=unreached(calls),
        list_filter=json.dumps({field: record.id}, separators=(",", ":")),
    )  # fmt: skip


@panel(Call, label=LABEL, icon="phone", slot=Slot.TOP, order=5, live=[Call])
def card_of_call(record: Call, uow: Uow) -> View | None:
    """The way to a call's card, and its recording."""
    hears = record.recording is not None and uow.may(LISTEN, record)
    if not hears and not uow.may(CALL):
        return None
    return View("call_top.html", s=words, call=record, hears=hears, card=uow.may(CALL))


def _color(call: Call) -> str:
    return outcome_color(call) if call.state is CallState.ENDED else "green"


def icon_of(call: Call) -> str:
    """Return the icon of a call: which way it went, and whether anybody talked."""
    if call.state is CallState.ENDED and call.outcome is not Outcome.ANSWERED:
        return "phone-missed" if call.direction is Direction.IN else "phone-off"
    return "phone-incoming" if call.direction is Direction.IN else "phone-outgoing"


def unreached(calls: Sequence[Call]) -> int:
    """Return how many of the last calls to a client reached nobody, in a row."""
    count = 0
    for call in calls:
        if call.state is not CallState.ENDED or call.outcome in (Outcome.FAILED, Outcome.AGENT_NO_ANSWER, Outcome.UNKNOWN, None):
            continue  # not the client's doing
        if call.direction is Direction.IN or call.outcome is Outcome.ANSWERED:
            break
        count += 1
    return count


@hookimpl
def crm_timeline(record: Entity, uow: Uow, before: dt.datetime | None) -> Sequence[Mapping[str, t.Any]] | None:
    """Tell of the calls about a client, a deal, a lead or an inquiry, with what was written down and the recording."""
    field, kind = FIELDS.get(type(record)), uow.crm.kind(Call)
    if field is None:
        return None
    hidden = frozenset() if uow.elevated else uow.crm.access.hidden(uow.actor, kind)
    if hidden & {*NEEDS, field}:
        return None
    found = uow.find(Call).where(getattr(Call, field) == record.id, Call.state == CallState.ENDED, Call.began_at.is_not(None))
    if before is not None:
        found = found.where(Call.began_at < before)
    return [_entry(uow, call, hidden) for call in found.order_by(Call.began_at.desc(), Call.id.desc()).limit(MOST)]


def _entry(uow: Uow, call: Call, hidden: frozenset[str]) -> Mapping[str, t.Any]:
    tone = "tel" if call.outcome is Outcome.ANSWERED else "bad" if call.direction is Direction.IN else ""
    return {
        "at": call.began_at, "kind": uow.crm.kind(Call).key, "record_id": call.id, "action": "called", "owner_id": call.owner_id,
        "title": call.direction.label, "icon": icon_of(call), "tone": tone,
        "text": call.note or "" if "note" not in hidden else "", "outcome_label": call.outcome.label if call.outcome is not None else "",
        "color": outcome_color(call), "talked": call.talked,
        "hears": "recording" not in hidden and call.recording is not None and uow.may(LISTEN, call), "s": words,
    }  # fmt: skip


__all__ = ["icon_of", "unreached"]
