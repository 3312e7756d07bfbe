"""Recognising a call we asked for in what its provider tells, before the provider has answered or where it never did."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import Uow

from .entities import Call
from .events import CallEvent
from .numbers import e164
from .tables import orders

if t.TYPE_CHECKING:
    from .folding import Folded

SLACK = dt.timedelta(minutes=1)
"""By how much a provider's clock may be behind ours."""
RECOGNISED_FOR = dt.timedelta(minutes=10)
"""How long after it was asked for a call without a reference may turn up."""
OPEN = ("sent", "done", "unsure")


_ORDERS, _CALL = orders.c, Call.__table__
_UNKNOWN_YET = sa.select(_ORDERS.call_id).join(_CALL, _CALL.c.id == _ORDERS.call_id).where(
    _ORDERS.what == "originate", sa.or_(*(_ORDERS.state == state for state in OPEN)), _CALL.c.key.is_(None), _CALL.c.provider == sa.bindparam("of"),
    _CALL.c.archived_at.is_(None)).order_by(_ORDERS.id).limit(1).with_for_update()  # fmt: skip
_BY_REFERENCE = _UNKNOWN_YET.where(_ORDERS.reference == sa.bindparam("reference"))
_BY_TELEPHONE = _UNKNOWN_YET.where(
    _CALL.c.number == sa.bindparam("number"),
    sa.or_(_CALL.c.extension == sa.bindparam("extension"), _ORDERS.args["device"].as_string() == sa.bindparam("device", type_=sa.String)),
    _ORDERS.asked_at.between(sa.bindparam("since"), sa.bindparam("until")), _ORDERS.asked_at > sa.bindparam("lately"))  # fmt: skip


def own_call(uow: Uow, provider: str, folded: Folded, known: Call | None, new: Sequence[CallEvent]) -> Call | None:
    """Return the call that was asked for and has no key yet, where these events are its own; None where they are another's.

    Of a call that is known only what is `new` can tell more.
    """
    if folded.reference and (known is None or any(e.reference for e in new)):
        found = _found(uow, _BY_REFERENCE, {"of": provider, "reference": folded.reference})
        if found is not None:
            return found
    if known is not None or folded.incoming:
        return None
    number = e164(folded.number, uow.crm)
    if number is None or not (folded.extension or folded.device):
        return None
    recent = uow.now - RECOGNISED_FOR
    return _found(uow, _BY_TELEPHONE, {
        "of": provider, "number": number, "extension": folded.extension or None, "device": folded.device or None, "lately": recent,
        "since": max(folded.began_at, recent) - RECOGNISED_FOR, "until": folded.began_at + SLACK,
    })  # fmt: skip


def _found(uow: Uow, statement: t.Any, values: dict[str, t.Any]) -> Call | None:
    found = uow.run(statement, values)
    return uow.get(Call, found[0][0]) if found else None


__all__ = ["own_call"]
