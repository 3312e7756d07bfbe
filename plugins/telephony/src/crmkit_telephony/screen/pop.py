"""What shows by itself: the card of a call that comes in, and the line above every page with one's own calls."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa

from crmkit import Uow
from crmkit.ui import Result, View, Visit, Window, screen_pop, strip

from ..entities import Call, CallState, Direction
from ..roles import CALL
from ..settings import TelephonySettings
from ..tables import orders
from ..taking import PHONE
from . import words
from .mine import names_of_calls, number_of, ringing, shown_calls, to_write_up

RINGS = (CallState.AGENT_RINGING, CallState.RINGING, CallState.INITIATED)
MOST = 6


def card_at(call: Call) -> str:
    """Return the address of a call's card."""
    return f"/telephony/card/{call.id}"


@screen_pop(PHONE)
def incoming(id: int | None, uow: Uow) -> t.Sequence[Window]:
    """The cards of the calls at one's telephone: opened at the ringing or the answer, kept until they are written up."""
    if id != uow.actor.id:
        return ()
    calls, over = ringing(uow), to_write_up(uow)
    placed = _placed_here(uow, calls)
    names = names_of_calls(uow, [*calls, *over])
    early = uow.crm[TelephonySettings].pop_at == "ringing"

    def window(call: Call, *, opens: bool) -> Window:
        who = names.get(call.id) or number_of(call.number, call.given) or words.hidden_number
        return Window(path=card_at(call), title=who, kind="call", urgent=call.state in RINGS, opens=opens)

    meant = [c for c in calls if c.direction is Direction.IN or c.state not in RINGS]
    found = [window(c, opens=c.id not in placed and (early or c.state not in RINGS)) for c in meant]
    return [*found, *(window(c, opens=False) for c in over)]


def _placed_here(uow: Uow, calls: t.Sequence[Call]) -> set[int]:
    """Return the calls that were asked for on a screen: whoever asked has their card open, or works at another screen."""
    ids = [c.id for c in calls if c.direction is Direction.OUT]
    if not ids:
        return set()
    asked = sa.select(orders.c.call_id).where(orders.c.call_id.in_(ids), orders.c.what == "originate")
    return set(uow.connection.execute(asked).scalars())


@strip(label=words.calls, permission=CALL, live=[PHONE])
def bar(visit: Visit, uow: Uow) -> Result:
    """One's own calls of this moment, above every page: who, how long, and what may be done."""
    calls = shown_calls(visit, uow, ringing(uow)[:MOST])
    return View("bar.html", s=words, calls=calls) if calls else None
