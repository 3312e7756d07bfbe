"""From what a transaction wrote to one job for it, when anybody listens at all."""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence

import attrs

from crmkit import Archived, Changed, Created, Crm, Kind, Message, Restored, Uow, Written, hookimpl, on

from .entities import Endpoint
from .patterns import ACTIONS, OWN, matches

LOOK_AGAIN = 5.0  # seconds after which another process's new addresses are heard of
ENDPOINTS = "webhooks.endpoint"


@attrs.frozen
class Dispatch:
    """A transaction is to be told of: the journal's number of it, and the last entry that was."""

    tx: int
    after: int = 0


@attrs.define
class _Known:
    """What anybody listens to, as it was a moment ago."""

    patterns: tuple[str, ...]
    at: float


_KNOWN: weakref.WeakKeyDictionary[Crm, _Known] = weakref.WeakKeyDictionary()
_NOTED: weakref.WeakSet[Uow] = weakref.WeakSet()


def forget(crm: Crm) -> None:
    """Look again next time."""
    _KNOWN.pop(crm, None)


def _listened_to(uow: Uow) -> tuple[str, ...]:
    known, now = _KNOWN.get(uow.crm), time.monotonic()
    if known is None or now - known.at > LOOK_AGAIN:
        c = Endpoint.__table__.c
        with uow.as_system():
            rows = uow.find(Endpoint).where(c.active.is_(True)).columns(c.events)
        known = _KNOWN[uow.crm] = _Known(tuple({pattern for row in rows for pattern in row[0]}), now)
    return known.patterns


@hookimpl
def crm_written(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """Have this transaction told of, once, if anybody listens to this kind of record."""
    if kind.key.startswith(OWN) or uow in _NOTED:
        return
    patterns = _listened_to(uow)
    if any(matches(f"{kind.key}.{action}", patterns) for action in ACTIONS):
        _NOTED.add(uow)
        tx = uow.tx
        uow.schedule(Dispatch(tx), key=f"webhooks:{tx}")


@hookimpl
def crm_publish(crm: Crm, messages: Sequence[Message]) -> None:
    """Look again after a commit that changed an address."""
    if any(message.topic == ENDPOINTS for message in messages):
        forget(crm)


@on(Created[Endpoint])
@on(Changed[Endpoint], fields=["events", "active"])
@on(Archived[Endpoint])
@on(Restored[Endpoint])
def look_again(event: object, uow: Uow) -> None:
    """What the same transaction writes after this is told of, too."""
    forget(uow.crm)
