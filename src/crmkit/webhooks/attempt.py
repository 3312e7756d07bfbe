"""One attempt to deliver a message: read, call outside any transaction, write down how it went and when to try again."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Crm, Uow, outside

from .book import update
from .entities import Delivery, Endpoint, State
from .sender import Outcome, send
from .settings import WebhooksSettings
from .signing import headers_of
from .upkeep import note_failure, note_success, switch_off

# Standard Webhooks' schedule: the pause before the second attempt, the third …
PAUSES = tuple(dt.timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
LONGEST = PAUSES[-1]
BEHIND = dt.timedelta(seconds=1)
PATIENCE = dt.timedelta(minutes=5)
GONE = 410
OFF = "the webhook is switched off"
AGENT = "crmkit-webhooks/1"


@attrs.frozen
class Attempt:
    """A message is to be sent (again)."""

    delivery_id: int


@attrs.frozen
class _Letter:
    """All that a call needs, read before it."""

    url: str
    body: bytes
    headers: dict[str, str]


@outside(Attempt)
def attempt(event: Attempt, crm: Crm) -> None:
    """Send a message once. A crash before the outcome is written has it sent again, under the same webhook-id."""
    letter = _letter(event, crm)
    if letter is None:
        return
    began = crm.clock.now()
    outcome = send(letter.url, letter.body, letter.headers, crm[WebhooksSettings])
    with crm.uow() as uow:
        delivery = uow.get(Delivery, event.delivery_id, lock=True)
        if delivery.state not in (State.DELIVERED, State.DEAD):
            _note(delivery, outcome, began, uow)


def _letter(event: Attempt, crm: Crm) -> _Letter | None:
    with crm.read() as uow:
        delivery = uow.peek(Delivery, event.delivery_id)
        if delivery is None or delivery.state in (State.DELIVERED, State.DEAD):
            return None
        endpoint = uow.get(Endpoint, delivery.endpoint_id)
        usable = endpoint.active and endpoint.archived_at is None
        early = usable and _has_elder(delivery, uow)
        headers = headers_of(endpoint, delivery.message_id, uow.now, delivery.body)
    if not usable or early:
        with crm.uow() as uow:
            held = uow.get(Delivery, event.delivery_id, lock=True)
            if early:
                _again(held.id, uow.now + BEHIND, uow)
            else:
                update(uow, held.id, state=State.DEAD, next_at=None, error=OFF)
        return None
    own = {"Content-Type": "application/json", "User-Agent": AGENT, "Accept": "*/*"}
    return _Letter(endpoint.url, delivery.body.encode(), {**own, **headers})


def _has_elder(delivery: Delivery, uow: Uow) -> bool:
    """True while an earlier message about the same record waits for its first attempt: then that one goes first."""
    c = Delivery.__table__.c
    if delivery.tries or delivery.record_id is None or uow.now - delivery.created_at > PATIENCE:
        return False
    elder = sa.select(c.id).where(
        c.record_kind == delivery.record_kind, c.record_id == delivery.record_id, c.endpoint_id == delivery.endpoint_id,
        c.id < delivery.id, c.state == State.WAITING, c.tries == 0)  # fmt: skip
    return uow.connection.execute(elder.limit(1)).first() is not None


def _note(delivery: Delivery, outcome: Outcome, began: dt.datetime, uow: Uow) -> None:
    endpoint = uow.get(Endpoint, delivery.endpoint_id, lock=True)
    tries = delivery.tries + 1
    told: dict[str, t.Any] = {
        "at": began.isoformat().replace("+00:00", "Z"), "status": outcome.status, "milliseconds": outcome.milliseconds,
        "error": outcome.error, "answer": outcome.excerpt,
    }  # fmt: skip
    update(uow, delivery.id, tries=tries, status=outcome.status, error=outcome.error, attempts=[*delivery.attempts, told][-20:])
    if outcome.good:
        update(uow, delivery.id, state=State.DELIVERED, next_at=None)
        note_success(endpoint, uow)
        return
    if outcome.status == GONE:
        update(uow, delivery.id, state=State.DEAD, next_at=None)
        switch_off(endpoint, "410 Gone", uow)
        return
    pause = pause_after(tries, delivery.id, outcome)
    if pause is None:
        update(uow, delivery.id, state=State.DEAD, next_at=None)
    else:
        update(uow, delivery.id, state=State.FAILED)
        _again(delivery.id, uow.now + pause, uow)
    note_failure(endpoint, outcome, uow)


def pause_after(tries: int, number: int, outcome: Outcome) -> dt.timedelta | None:
    """Return how long to wait after so many attempts, up to a tenth longer so that not all come back at once; None: no more."""
    if tries > len(PAUSES):
        return None
    pause = PAUSES[tries - 1] * (1 + (number * 37 % 100) / 1000)
    asked = dt.timedelta(seconds=outcome.retry_after or 0)
    return max(pause, min(asked, LONGEST))


def _again(key: int, at: dt.datetime, uow: Uow) -> None:
    update(uow, key, next_at=at)
    schedule(uow, key, at)


def schedule(uow: Uow, key: int, at: dt.datetime | None = None) -> None:
    """Have a message sent, now or at a moment; whatever was planned for it before is dropped."""
    uow.schedule(Attempt(key), at=at, key=f"webhooks:attempt:{key}")
