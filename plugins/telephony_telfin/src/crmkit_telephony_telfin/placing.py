"""Calls we placed ourselves: their first leg rings at a colleague's, and is no call that comes in.

Whether Telfin tells of that leg by a dial-in of its own is not documented. It is recognised where it does: by the call's key, and, while
the answer with that key is still on its way, by telephone and number.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from crmkit import Crm
from crmkit_telephony import Originate

from .reading import last_ten
from .tables import placed

ON_ITS_WAY = dt.timedelta(minutes=2)
KEPT = dt.timedelta(days=1)


_C = placed.c
_OLD = sa.delete(placed).where(_C.asked_at < sa.bindparam("before"))
_NOTED = sa.insert(placed).values({n: sa.bindparam(n) for n in ("device", "number", "reference", "asked_at")}).returning(_C.id)
_ANSWERED = sa.update(placed).where(_C.id == sa.bindparam("placed")).values(call_key=sa.bindparam("key", type_=_C.call_key.type))
_GONE = sa.delete(placed).where(_C.id == sa.bindparam("placed"))
_OURS = sa.select(_C.reference).where(sa.or_(
    _C.call_key == sa.bindparam("key"),
    sa.and_(_C.call_key.is_(None), _C.device == sa.bindparam("device"), _C.number == sa.bindparam("number"), _C.asked_at >= sa.bindparam("since")),
)).order_by(_C.call_key.is_(None), _C.id.desc()).limit(1)  # fmt: skip


def remember(crm: Crm, asked: Originate, device: str) -> int:
    """Write down that a call is about to be placed."""
    with crm.uow() as uow:
        uow.run(_OLD, {"before": uow.now - KEPT}, wait=False)
        row = {"device": device, "number": last_ten(asked.number), "reference": asked.reference, "asked_at": uow.now}
        noted: int = uow.run(_NOTED, row)[0][0]
        return noted


def answered(crm: Crm, id: int, call_key: str) -> None:
    """Write down which call it is."""
    with crm.uow() as uow:
        uow.run(_ANSWERED, {"placed": id, "key": call_key}, wait=False)


def forget(crm: Crm, id: int) -> None:
    """It was not placed."""
    with crm.uow() as uow:
        uow.run(_GONE, {"placed": id}, wait=False)


def reference_of(crm: Crm, call_key: str, device: str | None, number: str | None) -> str | None:
    """Return the reference of a call we placed (empty where it had none); None: it is not ours."""
    with crm.read() as uow:
        whose = {"device": device, "number": last_ten(number)} if device and number else {"device": None, "number": None}
        found = uow.run(_OURS, {"key": call_key, **whose, "since": uow.now - ON_ITS_WAY})
    return found[0][0] if found else None
