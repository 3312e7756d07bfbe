"""What an undo leaves behind beside the records: what plugins add up, timers of the archive, work others scheduled, keys of merges."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from crmkit import Conflict, Crm, Kind, Uow, Written, hookimpl, merge, on, undo, while_in
from crmkit.core.jobs import job
from crmkit.core.tables import external

from .kit import Shop, clock_of, journal
from .shop import ORDERS, Client, Order, Task


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """Keep in the amount of an order how many tasks it has."""
    if kind.cls is not Task:
        return
    wanted = {values["order_id"] for r in rows if (values := r.values or r.before)} - {None}
    for key in sorted(wanted):
        order = uow.peek(Order, key)
        if order is not None:
            order.amount = decimal.Decimal(uow.find(Task).where(Task.order_id == key).count()) or None


def back(crm: Crm, **unit: Any) -> int:
    with crm.uow() as uow:
        return undo(uow, **(unit or unit_of(crm))).operation


def unit_of(crm: Crm) -> dict[str, int]:
    last = journal(crm)[-1]
    return {"tx": last.tx} if last.operation is None else {"operation": last.operation}


def test_what_is_left_is_added_up_again(shop: Shop):
    crm = shop(crm_settle)

    def amount() -> Any:
        with crm.read() as uow:
            return uow.get(Order, order.id).amount

    with crm.uow() as uow:
        order = uow.add(Order(title="tea"))
    with crm.uow() as uow:
        uow.add(Task(what="one", order_id=order.id))
    first = unit_of(crm)
    with crm.uow() as uow:  # as many as before: the order is not written
        uow.add(Task(what="two", order_id=order.id))
        uow.archive(uow.find(Task).where(Task.what == "one").one())
        uow.restore(uow.find(Task).archived().where(Task.what == "one").one())
        uow.flush()
    assert amount() == 2
    second = unit_of(crm)
    back(crm, **second)
    assert amount() == 1
    number = back(crm, **first)
    assert amount() is None
    back(crm, operation=number)
    assert amount() == 1


@while_in(ORDERS["new"], longer_than=dt.timedelta(days=3))
def remind(order: Order, uow: Uow) -> None:
    uow.add(Task(what="remind", order_id=order.id))


def test_a_timer_that_fired_in_the_archive_fires_after_the_undo_of_archiving(shop: Shop):
    crm = shop(remind)
    with crm.uow() as uow:
        order = uow.add(Order(title="tea"))
    with crm.uow() as uow:
        uow.archive(uow.get(Order, order.id))
    unit = unit_of(crm)
    crm.deliver(until=clock_of(crm).now() + dt.timedelta(days=10))
    back(crm, **unit)
    crm.deliver(until=clock_of(crm).now() + dt.timedelta(days=10))
    with crm.read() as uow:
        assert uow.find(Task).count() == 1


@attrs.frozen
class Rung:
    number: int


@on(Rung)
def rung(event: Rung, uow: Uow) -> None:
    uow.add(Task(what=f"rung {event.number}"))


def test_what_another_transaction_scheduled_is_not_cancelled(shop: Shop):
    crm = shop(Rung, rung)
    with crm.uow() as uow:
        uow.add(Client(name="Watson"))
    with crm.uow() as uow:
        uow.schedule(Rung(1), delay=dt.timedelta(days=1))
    with crm.uow() as uow:
        uow.add(Client(name="Holmes"))
    back(crm)
    with crm.read() as uow:
        assert uow.connection.execute(sa.select(sa.func.count()).select_from(job).where(job.c.kind.like("event:%"))).scalar_one() == 1


def test_what_bulk_work_scheduled_is_cancelled_with_it(shop: Shop):
    crm = shop(Rung, rung)
    with crm.uow() as uow:
        uow.add_many(Client, [{"name": "Watson"}])
        uow.schedule(Rung(1), delay=dt.timedelta(days=1))
        uow.schedule(Rung(2), delay=dt.timedelta(days=1), key="two")
    back(crm)
    with crm.read() as uow:
        assert uow.connection.execute(sa.select(sa.func.count()).select_from(job).where(job.c.kind.like("event:%"))).scalar_one() == 0


def test_undoing_the_first_of_two_merges_leaves_keys_right(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        a, b, c = (uow.add(Client(name=n)) for n in "abc")
        uow.flush()
        uow.connection.execute(external.insert().values(source="old", kind="shop.client", external_id="A", record_id=a.id, digest="", operation=None))
    with crm.uow() as uow:
        one = merge(uow, crm.kind(Client), b.id, a.id)
    with crm.uow() as uow:
        two = merge(uow, crm.kind(Client), c.id, b.id)
    with pytest.raises(Conflict) as refused:
        back(crm, operation=one.operation)
    assert [(p.path, p.code, (p.extra or {})["operation"]) for p in refused.value.problems] == [(f"shop.client.{b.id}", "newer", two.operation)]
    back(crm, operation=two.operation)
    number = back(crm, operation=one.operation)
    with crm.read() as uow:
        assert uow.connection.execute(sa.select(external.c.record_id)).scalar_one() == a.id
        assert uow.find(Client).count() == 3
    back(crm, operation=number)
    with crm.read() as uow:
        assert uow.connection.execute(sa.select(external.c.record_id)).scalar_one() == b.id


def test_a_key_that_came_later_stays_where_it_came(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        a, b, c = (uow.add(Client(name=n)) for n in "abc")
        uow.flush()
        for x in (a, b, c):
            row = {"source": "old", "kind": "shop.client", "external_id": x.name, "record_id": x.id, "digest": "", "operation": None}
            uow.connection.execute(external.insert().values(row))
    done = []
    for loser in (a, c):
        with crm.uow() as uow:
            done.append(merge(uow, crm.kind(Client), b.id, loser.id).operation)
    back(crm, operation=done[0])
    with crm.read() as uow:
        held = dict(uow.connection.execute(sa.select(external.c.external_id, external.c.record_id)).all())
    assert held == {"a": a.id, "b": b.id, "c": b.id}
