"""Small statements that run often go out together, past psycopg's cursors: what they do and refuse stays the same."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Conflict, Misuse
from crmkit.core.errors import Stale

from .kit import Shop
from .shop import Client, Order

ONE: Any = sa.select(sa.literal_column("1"))
OFTEN = 12  # more often than psycopg runs a statement before it is prepared


def warm(crm: Any, key: int) -> None:
    for n in range(OFTEN):
        with crm.uow() as uow:
            uow.get(Order, key, lock=True).address = f"Street {n}"
            uow.flush(wait=False)
            uow.run(ONE)


def new_order(crm: Any) -> int:
    with crm.uow() as uow:
        order = uow.add(Order(title="first"))
        uow.flush()
        return int(order.id)


def test_what_waits_is_seen_by_what_follows_and_by_the_commit(shop: Shop) -> None:
    crm = shop()
    key = new_order(crm)
    warm(crm, key)
    for n in range(OFTEN):
        with crm.uow() as uow:
            uow.get(Order, key).title = f"title {n}"
            uow.flush(wait=False)
            assert uow.find(Order).columns(Order.title) == [(f"title {n}",)]
            uow.get(Order, key).address = f"Lane {n}"
            uow.flush(wait=False)
        with crm.read() as uow:
            assert uow.find(Order).columns(Order.address, Order.version) == [(f"Lane {n}", 1 + OFTEN + 2 * (n + 1))]
    with crm.read() as uow:
        noted = uow.connection.execute(sa.text("SELECT count(*) FROM crm_journal WHERE kind = 'shop.order'")).scalar_one()
    assert noted == 1 + 3 * OFTEN


def overtaken(crm: Any, key: int, *, caught: bool) -> None:
    order = Order.__table__
    with crm.uow() as uow:
        here = uow.get(Order, key)
        uow.connection.execute(sa.update(order).where(order.c.id == key).values(version=order.c.version + 1))
        here.address = "second"
        with contextlib.suppress(*([Stale] if caught else [])):
            uow.flush(wait=False)
            uow.run(ONE)


def test_a_change_somebody_else_was_quicker_with_is_told_and_never_committed(shop: Shop) -> None:
    crm = shop()
    key = new_order(crm)
    warm(crm, key)
    for caught in (False, True):
        with pytest.raises(Misuse if caught else Stale):
            overtaken(crm, key, caught=caught)
    with crm.read() as uow:
        assert uow.get(Order, key).address == f"Street {OFTEN - 1}"
    warm(crm, key)  # what was prepared before the rollback is known to be gone


def both(crm: Any, one: int, two: int) -> None:
    with crm.uow() as uow:
        uow.get(Client, one).name = "never"
        uow.get(Client, two).code = "a"


def test_an_error_of_the_database_names_the_field_and_leaves_the_connection_well(shop: Shop) -> None:
    crm = shop()
    with crm.uow() as uow:
        one, two = uow.add(Client(name="A", code="a")), uow.add(Client(name="B", code="b"))
        uow.flush()
        keys = one.id, two.id
    for n in range(OFTEN):
        with crm.uow() as uow:
            uow.get(Client, keys[1]).code = f"b{n}"
    for _n in range(2):
        with pytest.raises(Conflict) as caught:
            both(crm, *keys)
        assert [p.path for p in caught.value.problems] == ["code"]
    with crm.uow() as uow:
        assert uow.get(Client, keys[0]).name == "A"


def test_no_cursor_is_asked_for_what_is_known(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = shop()
    if not crm.database.postgres:
        return  # sqlite3 has nothing to send
    import psycopg

    key = new_order(crm)
    warm(crm, key)
    here, execute, asked = threading.get_ident(), psycopg.Cursor.execute, []

    def noted(self: Any, query: Any, *more: Any, **also: Any) -> Any:
        if threading.get_ident() == here:
            asked.append(query)
        return execute(self, query, *more, **also)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    warm(crm, key)
    assert asked == []
