"""Recognising a call we asked for in what its provider tells, before the provider has answered or where it never did."""

from __future__ import annotations

import datetime as dt
import typing as t

import sqlalchemy as sa

from crmkit import Uow

from .entities import Call
from .numbers import e164
from .tables import orders

if t.TYPE_CHECKING:
    from .folding import Folded

SLACK = dt.timedelta(minutes=1)
"""By how much a provider's clock may be behind ours."""
RECOGNISED_FOR = dt.timedelta(minutes=10)
"""How long after it was asked for a call without a reference may turn up."""
OPEN = ("sent", "done", "unsure")


def own_call(uow: Uow, provider: str, key: str, folded: Folded, known: Call | None) -> Call | None:
    """Return the call that was asked for and has no key yet, where these events are its own; None where they are another's."""
    if folded.reference:
        found = _by(uow, provider, orders.c.reference == folded.reference)
        if found is not None:
            return found
    if known is not None or folded.incoming:
        return None
    number = e164(folded.number, uow.crm)
    ways = [Call.extension == folded.extension] if folded.extension else []
    ways += [orders.c.args["device"].as_string() == folded.device] if folded.device else []
    if number is None or not ways:
        return None
    lately = orders.c.asked_at.between(max(folded.began_at, uow.now - RECOGNISED_FOR) - RECOGNISED_FOR, folded.began_at + SLACK)
    return _by(uow, provider, Call.number == number, sa.or_(*ways), lately, orders.c.asked_at > uow.now - RECOGNISED_FOR)


def _by(uow: Uow, provider: str, *conditions: t.Any) -> Call | None:
    wanted = sa.select(orders.c.call_id).join(Call.__table__, Call.__table__.c.id == orders.c.call_id).where(
        orders.c.what == "originate", orders.c.state.in_(OPEN), Call.key.is_(None), Call.provider == provider,
        Call.archived_at.is_(None), *conditions)  # fmt: skip
    found = uow.connection.execute(wanted.order_by(orders.c.id).limit(1).with_for_update()).scalar()
    return None if found is None else uow.get(Call, found)


__all__ = ["own_call"]
