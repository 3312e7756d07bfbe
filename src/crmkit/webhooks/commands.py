"""What people do with webhooks beyond editing."""

from __future__ import annotations

import datetime as dt
import typing as t

from crmkit import Conflict, Invalid, Permission, Problem, Uow, _, command

from .attempt import schedule
from .body import test_body
from .book import insert, update
from .entities import Delivery, Endpoint, Payload, State
from .signing import new_secret

MANAGE = Permission("webhooks.manage", _("Set up webhooks and read their secrets", ru="Настраивать вебхуки и получать их секреты"))
REPLAY = Permission("webhooks.replay", _("Send messages of webhooks again", ru="Повторять сообщения вебхуков"))
LONGEST_OVERLAP = 30 * 24
MOST = 10_000
HOURS = _("from 0 to {most} hours", ru="от 0 до {most} часов")
OFF = _("switch the webhook on first", ru="сначала включите вебхук")
ON_ITS_WAY = _("this message is on its way", ru="это сообщение уже отправляется")


@command(_("Add a webhook", ru="Добавить вебхук"), permission=MANAGE)
def register(
    uow: Uow, *, url: str, events: list[str], description: str | None = None, payload: Payload = Payload.THIN,
    conditions: dict[str, t.Any] | None = None,
) -> dict[str, t.Any]:  # fmt: skip
    """Add a webhook and return its secret, which is shown this once."""
    uow.require("webhooks.endpoint.create")
    secret = new_secret()
    endpoint = uow.add(Endpoint(
        url=url, events=list(events), description=description, payload=payload, conditions=conditions or {}, secret=secret, owner_id=uow.actor.id))
    uow.settle()
    return {"id": endpoint.id, "secret": secret}


@command(_("New secret", ru="Новый секрет"), of=Endpoint, permission=MANAGE)
def rotate(endpoint: Endpoint, uow: Uow, *, overlap_hours: int = 24) -> dict[str, t.Any]:
    """Replace the secret and return the new one, which is shown this once; the old one signs along for a while."""
    if not 0 <= overlap_hours <= LONGEST_OVERLAP:
        raise Invalid(problems=[Problem("overlap_hours", "invalid", HOURS.format(most=LONGEST_OVERLAP))])
    secret, until = new_secret(), uow.now + dt.timedelta(hours=overlap_hours)
    uow.keep(endpoint, secret=secret, old_secret=endpoint.secret, old_secret_until=until)
    return {"id": endpoint.id, "secret": secret, "old_secret_until": until}


@command(_("Test", ru="Проверить"), of=Endpoint, permission=MANAGE)
def test(endpoint: Endpoint, uow: Uow) -> str:
    """Send a message that only asks whether anybody is there; return its webhook-id."""
    if not endpoint.active:
        raise Conflict(OFF)
    message = f"test_{endpoint.id}_{uow.tx}"
    row = {"endpoint_id": endpoint.id, "message_id": message, "event": "webhooks.endpoint.test", "body": test_body(endpoint, uow)}
    for key in insert(uow, [row]):
        schedule(uow, key)
    return message


@command(_("Send again", ru="Отправить ещё раз"), of=Delivery, permission=REPLAY)
def replay(delivery: Delivery, uow: Uow) -> str:
    """Send a message again, delivered or not, under the same webhook-id, which is returned."""
    endpoint = uow.get(Endpoint, delivery.endpoint_id)
    if not endpoint.active:
        raise Conflict(OFF)
    if delivery.state is State.WAITING:
        raise Conflict(ON_ITS_WAY)
    _again(delivery.id, uow)
    return delivery.message_id


@command(_("Send all failed again", ru="Повторить все неудачные"), of=Endpoint, permission=REPLAY)
def replay_failed(endpoint: Endpoint, uow: Uow, *, since: dt.datetime | None = None) -> int:
    """Send all messages again that failed since a moment, in their order; return how many."""
    if not endpoint.active:
        raise Conflict(OFF)
    failed = uow.find(Delivery).where(Delivery.endpoint_id == endpoint.id, Delivery.state.in_([State.FAILED, State.DEAD]))
    if since is not None:
        failed = failed.where(Delivery.created_at >= since)
    found = failed.limit(MOST).ids()
    for key in found:
        _again(key, uow)
    return len(found)


def _again(key: int, uow: Uow) -> None:
    update(uow, key, state=State.WAITING, tries=0, next_at=uow.now, error=None)
    schedule(uow, key)
