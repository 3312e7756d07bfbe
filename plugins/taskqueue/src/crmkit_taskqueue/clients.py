"""The stack of old clients: taking in, drawing, putting back, closing."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa

from crmkit import Invalid, Problem, Uow, _
from crmkit_sales import Contact

from .entities import OldClient, OldClientLink, Result, StackState, Task, TaskState
from .settings import TaskqueueSettings
from .zones import forget, is_awake, remember, zone_of_number

Values = MutableMapping[str, t.Any]
UNDER_WAY = (TaskState.WAITING, TaskState.OPEN, TaskState.HELD)
ONE_AT_A_TIME = 0x7461736C
ONE = _("name one of: a contact, a lead, a deal", ru="укажите что-то одно: контакт, лид или сделку")


def prepare_client(values: Values, before: Mapping[str, t.Any] | None, uow: Uow) -> None:
    """Know the time zone of an old client by the contact's number, and refuse one who is there already or never wants to hear of us."""
    from .filling import check_entry

    check_entry(values, before, uow)
    if before is not None and before.get("contact_id") == values.get("contact_id"):
        return
    key = values.get("contact_id")
    found = [] if key is None else uow.run(_PHONE, {"key": key})
    phone = found[0][0] if found else None
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
    until, link = _taken(uow, client)
    if until is not None:
        client.not_before = until
        uow.flush()
        return None
    uow.keep(client, state=StackState.DRAWN, drawn_at=uow.now, attempts=client.attempts + 1)
    task = uow.add(
        Task(
            kind=settings.stack_kind, title=client.title, due_at=uow.now, contact_id=client.contact_id,
            lead_id=link.get("lead_id"), deal_id=link.get("deal_id"), owner_id=user_id, team_id=team_id,
        )
    )  # fmt: skip
    uow.keep(task, old_client_id=client_id, attempt=client.attempts)
    uow.flush()
    return task


def _taken(uow: Uow, client: OldClient) -> tuple[dt.datetime | None, Mapping[str, int | None]]:
    """Return until when a client must be left alone because somebody is at it, or was, under another entry of the stack; and its links.

    Merged contacts leave two entries about one person, and merged entries two tasks about one entry.
    """
    rest = uow.crm[TaskqueueSettings].rest
    if client.contact_id is not None and uow.connection.dialect.name == "postgresql":  # two entries of one contact, drawn by two managers at once
        uow.run(_HOLD, {"space": ONE_AT_A_TIME, "key": client.contact_id % 2**31})
    values = {"client": client.id, "contact": client.contact_id, "since": uow.now - rest}
    live, last, under_way, lead, deal = uow.run(_ABOUT, values)[0]
    links = {"lead_id": lead, "deal_id": deal}
    if live is not None:
        return uow.now + rest, links
    if last is None and not under_way:
        return None, links
    return (uow.now if under_way or last is None else last) + rest, links


def _about() -> t.Any:
    c, task, link = OldClient.__table__.c, Task.__table__.c, OldClientLink.__table__.c
    key, contact = sa.bindparam("client", type_=c.id.type), sa.bindparam("contact", type_=c.contact_id.type)
    under_way: list[t.Any] = [sa.literal_column(f"'{state.value}'") for state in UNDER_WAY]
    drawn = c.state == sa.literal_column(f"'{StackState.DRAWN.value}'")
    live = sa.select(sa.func.min(task.id)).where(task.old_client_id == key, task.state.in_(under_way), task.archived_at.is_(None))
    others = (c.contact_id == contact) & (c.id != key) & c.archived_at.is_(None)
    busy = others & sa.or_(drawn, c.drawn_at > sa.bindparam("since", type_=c.drawn_at.type))
    links = (link.old_client_id == key) & link.archived_at.is_(None)
    return sa.select(
        live.scalar_subquery(), sa.select(sa.func.max(c.drawn_at, type_=c.drawn_at.type)).where(busy).scalar_subquery(),
        sa.select(sa.func.count()).select_from(OldClient.__table__).where(busy, drawn).scalar_subquery(),
        *(sa.select(sa.func.max(column)).where(links).scalar_subquery() for column in (link.lead_id, link.deal_id)),
    )  # fmt: skip


_ABOUT = _about()
_HOLD = sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("space", type_=sa.Integer), sa.bindparam("key", type_=sa.Integer)))
_PHONE = sa.select(Contact.__table__.c.phone).where(Contact.__table__.c.id == sa.bindparam("key", type_=Contact.__table__.c.id.type))


def put_back(uow: Uow, client_id: int) -> OldClient:
    """Put an old client back, to be left alone for a while; closed as silent after the last attempt."""
    client = uow.get(OldClient, client_id, lock=True)
    if client.attempts >= uow.crm[TaskqueueSettings].attempts:
        return close(uow, client_id, Result.SILENT)
    return uow.keep(client, state=StackState.WAITING)


def close(uow: Uow, client_id: int, result: Result) -> OldClient:
    """Take an old client out of the stack, with what came of it."""
    return uow.keep(uow.get(OldClient, client_id, lock=True), state=StackState.CLOSED, result=result)
