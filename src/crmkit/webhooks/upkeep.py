"""Addresses that do not answer are switched off; deliveries are forgotten in time."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Kind, Tick, Uow, every, hookimpl, on

from .entities import Delivery, Endpoint, State
from .sender import Outcome
from .settings import WebhooksSettings

log = logging.getLogger("crmkit.webhooks")
CHUNK = 5000


@attrs.frozen
class EndpointDisabled:
    """An address was switched off because it failed for long, or asked for it: for a note to its owner."""

    endpoint_id: int
    owner_id: int | None
    url: str
    reason: str


def note_success(endpoint: Endpoint, uow: Uow) -> None:
    """Remember that somebody is there."""
    if endpoint.failing_since is not None:
        uow.keep(endpoint, failing_since=None)


def note_failure(endpoint: Endpoint, outcome: Outcome, uow: Uow) -> None:
    """Remember since when nobody is there, and give up after long."""
    if endpoint.failing_since is None:
        uow.keep(endpoint, failing_since=uow.now)
    elif uow.now - endpoint.failing_since >= uow.crm[WebhooksSettings].disable_after:
        switch_off(endpoint, outcome.error or f"{outcome.status}", uow)


def switch_off(endpoint: Endpoint, reason: str, uow: Uow) -> None:
    """Switch an address off and tell whoever wants to know."""
    if not endpoint.active:
        return
    endpoint.active = False
    uow.keep(endpoint, disabled_because=reason[:300])
    uow.emit(EndpointDisabled(endpoint.id, endpoint.owner_id, endpoint.url, reason[:300]))


@on(EndpointDisabled)
def write_down(event: EndpointDisabled, uow: Uow) -> None:
    """Tell the log; other plugins tell the owner."""
    log.warning("webhook %s was switched off: %s", event.endpoint_id, event.reason)


@every(cron="20 4 * * *")
def prune(tick: Tick, uow: Uow) -> None:
    """Forget old deliveries, those that are still on their way excepted."""
    c = Delivery.__table__.c
    done = c.state.in_([State.DELIVERED, State.DEAD])
    old = sa.select(c.id).where(done, c.created_at < uow.now - uow.crm[WebhooksSettings].keep).order_by(c.id).limit(CHUNK)
    while uow.connection.execute(Delivery.__table__.delete().where(c.id.in_(old))).rowcount == CHUNK:
        pass


@hookimpl
def crm_forget(kind: Kind, ids: Sequence[int], fields: Sequence[str], uow: Uow) -> None:
    """Take what is erased out of messages that are kept or still on their way; they go on telling which record it is about."""
    c = Delivery.__table__.c
    found = uow.connection.execute(sa.select(c.id, c.body).where(c.record_kind == kind.key, c.record_id.in_(ids))).all()
    for key, body in found:
        told = json.loads(body)
        for part in ("changes", "record"):
            told["data"][part] = {n: v for n, v in told["data"].get(part, {}).items() if n not in fields}
        thin = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        uow.connection.execute(Delivery.__table__.update().where(c.id == key).values(body=thin))
