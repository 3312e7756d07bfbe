"""The stack of old clients: taking in, drawing, putting back, closing."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa

from crmkit import Invalid, Problem, Uow, _
from crmkit_sales import Contact, Deal

from .entities import OldClient, OldClientLink, Result, StackState, Task, TaskState
from .settings import TaskqueueSettings
from .zones import forget, is_awake, remember, zone_of_number

Values = MutableMapping[str, t.Any]
UNDER_WAY = (TaskState.WAITING, TaskState.OPEN, TaskState.HELD)
ONE_AT_A_TIME = 0x7461736C
ONE = _("name one of: a contact, a lead, a deal", ru="укажите что-то одно: контакт, лид или сделку")


def prepare_client(values: Values, before: Mapping[str, t.Any] | None, uow: Uow) -> None:
    """Know the time zone of an old client by the contact's number."""
    if before is not None and before.get("contact_id") == values.get("contact_id"):
        return
    c = Contact.__table__.c
    key = values.get("contact_id")
    phone = None if key is None else uow.connection.execute(sa.select(c.phone).where(c.id == key)).scalar()
    values["zone"] = zone_of_number(phone) if phone else None
    if values["zone"]:
        remember(uow, values["zone"])


def prepare_link(values: Values) -> None:
    """Refuse a link to nothing, or to two things."""
    if sum(values.get(name) is not None for name in ("contact_id", "lead_id", "deal_id")) != 1:
        raise Invalid(problems=[Problem("contact_id", "invalid", ONE)])


def draw(uow: Uow, client_id: int, user_id: int, team_id: int | None) -> Task | None:
    """Make a task on an old client for a manager, who is drawn by nobody else from now on; None where somebody was quicker."""
    client = uow.get(OldClient, client_id, lock=True)
    if client.state is not StackState.WAITING or client.archived_at is not None:
        return None
    settings = uow.crm[TaskqueueSettings]
    if settings.all_kinds[settings.stack_kind].dials and not is_awake(uow, client.zone, uow.now):
        forget(uow.crm)
        return None
    if (until := _taken(uow, client)) is not None:
        client.not_before = until
        uow.flush()
        return None
    uow.keep(client, state=StackState.DRAWN, drawn_at=uow.now, attempts=client.attempts + 1)
    link = _latest(uow, client_id)
    task = uow.add(
        Task(
            kind=settings.stack_kind, title=client.title, due_at=uow.now, contact_id=client.contact_id,
            lead_id=link.get("lead_id"), deal_id=link.get("deal_id"), owner_id=user_id, team_id=team_id,
        )
    )  # fmt: skip
    uow.keep(task, old_client_id=client_id, attempt=client.attempts)
    uow.flush()
    return task


def _taken(uow: Uow, client: OldClient) -> dt.datetime | None:
    """Return until when a client must be left alone because somebody is at it, or was, under another entry of the stack.

    Merged contacts leave two entries about one person, and merged entries two tasks about one entry.
    """
    rest, c, t = uow.crm[TaskqueueSettings].rest, OldClient.__table__.c, Task.__table__.c
    live = sa.select(t.id).where(t.old_client_id == client.id, t.state.in_(UNDER_WAY), t.archived_at.is_(None)).limit(1)
    if uow.connection.execute(live).first() is not None:
        return uow.now + rest
    if client.contact_id is None:
        return None
    if uow.connection.dialect.name == "postgresql":  # two entries of one contact, drawn by two managers at once
        uow.connection.execute(sa.text("SELECT pg_advisory_xact_lock(:space, :key)"), {"space": ONE_AT_A_TIME, "key": client.contact_id % 2**31})
    others = (c.contact_id == client.contact_id) & (c.id != client.id) & c.archived_at.is_(None)
    not_free = others & sa.or_(c.state == StackState.DRAWN, c.drawn_at > uow.now - rest)
    counted = sa.select(sa.func.max(c.drawn_at), sa.func.count().filter(c.state == StackState.DRAWN)).where(not_free)
    last, under_way = uow.connection.execute(counted).one()
    if last is None and not under_way:
        return None
    return (uow.now if under_way or last is None else last) + rest


def _latest(uow: Uow, client_id: int) -> Mapping[str, int | None]:
    c = OldClientLink.__table__.c
    mine = (c.old_client_id == client_id) & c.archived_at.is_(None)
    row = uow.connection.execute(sa.select(sa.func.max(c.lead_id), sa.func.max(c.deal_id)).where(mine)).one()
    return {"lead_id": row[0], "deal_id": row[1]}


def put_back(uow: Uow, client_id: int) -> OldClient:
    """Put an old client back, to be left alone for a while; closed as silent after the last attempt."""
    client = uow.get(OldClient, client_id, lock=True)
    if client.attempts >= uow.crm[TaskqueueSettings].attempts:
        return close(uow, client_id, Result.SILENT)
    return uow.keep(client, state=StackState.WAITING)


def close(uow: Uow, client_id: int, result: Result) -> OldClient:
    """Take an old client out of the stack, with what came of it."""
    return uow.keep(uow.get(OldClient, client_id, lock=True), state=StackState.CLOSED, result=result)


def take_in(uow: Uow, source: Task | Deal, reason: str, not_before: dt.datetime | None = None) -> OldClient | None:
    """Put the client of a task or a deal into the stack; None where the client is there already, or nobody is named."""
    contact_id = source.contact_id
    waiting = OldClient.state.in_([StackState.WAITING, StackState.DRAWN])
    if contact_id is None or uow.find(OldClient).where(OldClient.contact_id == contact_id, waiting).exists():
        return None
    client = uow.add(
        OldClient(title=source.title, contact_id=contact_id, owner_id=source.owner_id, team_id=source.team_id, reason=reason, not_before=not_before)
    )
    uow.flush()
    deal_id = source.deal_id if isinstance(source, Task) else source.id
    lead_id = source.lead_id if isinstance(source, Task) else None
    for name, key in (("deal_id", deal_id), ("lead_id", lead_id)):
        if key is not None:
            uow.add(OldClientLink(old_client_id=client.id, **{name: key}))
    scored = uow.crm.hook.taskqueue_score(client=client, uow=uow)
    client.score = decimal.Decimal(0) if scored is None else scored
    return client

