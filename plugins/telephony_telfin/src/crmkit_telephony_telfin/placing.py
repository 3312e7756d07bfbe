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


def remember(crm: Crm, asked: Originate, device: str) -> int:
    """Write down that a call is about to be placed."""
    with crm.uow() as uow:
        uow.connection.execute(sa.delete(placed).where(placed.c.asked_at < uow.now - KEPT))
        row = {"device": device, "number": last_ten(asked.number), "reference": asked.reference, "asked_at": uow.now}
        noted: int = uow.connection.execute(sa.insert(placed).values(row).returning(placed.c.id)).scalar_one()
        return noted


def answered(crm: Crm, id: int, call_key: str) -> None:
    """Write down which call it is."""
    with crm.uow() as uow:
        uow.connection.execute(sa.update(placed).where(placed.c.id == id).values(call_key=call_key))


def forget(crm: Crm, id: int) -> None:
    """It was not placed."""
    with crm.uow() as uow:
        uow.connection.execute(sa.delete(placed).where(placed.c.id == id))


def reference_of(crm: Crm, call_key: str, device: str | None, number: str | None) -> str | None:
    """Return the reference of a call we placed (empty where it had none); None: it is not ours."""
    c = placed.c
    ours = c.call_key == call_key
    with crm.read() as uow:
        if device and number:
            ours = sa.or_(ours, sa.and_(c.call_key.is_(None), c.device == device, c.number == last_ten(number), c.asked_at >= uow.now - ON_ITS_WAY))
        found = sa.select(c.reference).where(ours).order_by(c.call_key.is_(None), c.id.desc()).limit(1)
        return uow.connection.execute(found).scalar()
