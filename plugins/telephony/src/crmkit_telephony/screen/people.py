"""Colleagues a call may be handed to."""

from __future__ import annotations

import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Uow
from crmkit.ui import Visit

from ..entities import Call, CallState, Line
from ..numbers import e164
from ..provider import Capability, provider_named
from ..tables import legs
from .mine import number_of, people_of

MOST = 12


@attrs.frozen(kw_only=True)
class Colleague:
    """Somebody with a telephone of the same provider."""

    to: str
    name: str
    extension: str
    present: bool | None
    busy: bool
    key: int | None


def colleagues(visit: Visit, uow: Uow, call: Call, question: str) -> dict[str, t.Any]:
    """Return whom a call may be handed to, those who can take it first; `number` is what was typed, where it is a number."""
    with uow.as_system():  # whose telephone is which is no secret among those who telephone
        lines = uow.find(Line).where(Line.provider == call.provider, Line.in_use.is_(True)).order_by(Line.extension).all()
    names = people_of(uow, [line.owner_id for line in lines])
    busy = _busy(uow)
    asked = question.strip().casefold()
    found = [
        Colleague(to=line.extension, name=names.get(line.owner_id or 0, "") or line.extension, extension=line.extension.rpartition("*")[2],
                  present=line.present, busy=line.owner_id in busy, key=line.owner_id)
        for line in lines if line.owner_id != uow.actor.id
    ]  # fmt: skip
    found = [c for c in found if not asked or asked in c.name.casefold() or c.extension.startswith(asked)]
    found.sort(key=lambda c: (c.present is False, c.busy, c.name.casefold()))
    number = e164(question, uow.crm) if question else None
    provider = provider_named(uow.crm, call.provider or "")
    return {
        "people": found[:MOST], "number": number, "number_shown": number_of(number) if number else "",
        "attended": provider is not None and provider.can(Capability.ATTENDED_TRANSFER),
        "blind": provider is not None and provider.can(Capability.TRANSFER),
    }  # fmt: skip


def _busy(uow: Uow) -> set[int]:
    c, call = legs.c, Call.__table__.c
    talking = sa.select(c.user_id).join(call.id.table, call.id == c.call_id).where(
        c.ended_at.is_(None), c.user_id.is_not(None), call.state.in_([CallState.TALKING, CallState.HELD]))  # fmt: skip
    return set(uow.connection.execute(talking).scalars())


__all__ = ["Colleague", "colleagues"]
