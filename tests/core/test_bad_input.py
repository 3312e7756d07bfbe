"""Wrong data, forbidden moves, a database that is locked or gone: a clear refusal, nothing lost, nothing done twice."""

from __future__ import annotations

import decimal
import sqlite3
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crmkit import CompositionError, Created, Crm, Entity, Invalid, Mapped, Unavailable, Uow, after
from crmkit.core import database as database_module
from crmkit.core import operations
from crmkit.core.database import open_engine
from crmkit.core.errors import Refusal
from crmkit.core.filter import read_filter
from crmkit.core.jobs import job

from .kit import Shop, clock_of, journal, rows
from .shop import ORDERS, Client, Gift, Order, Task


def refusal(crm: Crm, key: str, values: Any) -> set[tuple[str, str]]:
    """The path and code of every problem with a new record."""
    with pytest.raises(Invalid) as caught, crm.uow() as uow:
        operations.create(uow, crm.kind(key), values)
    assert rows(crm, crm.kind(key).table) == []
    return {(p.path, p.code) for p in caught.value.problems}


# Values


@pytest.mark.parametrize(
    "values, expected",
    [
        ({}, {("title", "required")}),
        ({"title": None}, {("title", "required")}),
        ({"title": 5}, {("title", "invalid")}),
        ({"title": True}, {("title", "invalid")}),
        ({"title": ["x"]}, {("title", "invalid")}),
        ({"title": "x" * 81}, {("title", "invalid")}),
        ({"title": "a\0b"}, {("title", "invalid")}),
        ({"title": "x", "amount": 1.5}, {("amount", "invalid")}),
        ({"title": "x", "amount": "1.555"}, {("amount", "invalid")}),
        ({"title": "x", "amount": "NaN"}, {("amount", "invalid")}),
        ({"title": "x", "amount": "Infinity"}, {("amount", "invalid")}),
        ({"title": "x", "amount": "1e30"}, {("amount", "invalid")}),
        ({"title": "x", "amount": "1_000"}, {("amount", "invalid")}),
        ({"title": "x", "owner_id": 2**63}, {("owner_id", "invalid")}),
        ({"title": "x", "owner_id": "1"}, {("owner_id", "invalid")}),
        ({"title": "x", "owner_id": True}, {("owner_id", "invalid")}),
        ({"title": "x", "gift": "silk"}, {("gift", "invalid")}),
        ({"title": "x", "gift": {"wraping": "silk"}}, {("gift.wraping", "unknown")}),
        ({"title": "x", "gift": {"ribbons": "2"}}, {("gift.ribbons", "invalid")}),
        ({"title": "x", "gift": {"id": 1}}, {("gift.id", "unknown")}),
        ({"title": "x", "id": 1}, {("id", "generated")}),
        ({"title": "x", "stage_since": "2026-01-01T00:00:00Z"}, {("stage_since", "generated")}),
        ({"title": "x", "stage": "payed"}, {("stage", "unknown")}),
        ({"title": "x", "stage": 5}, {("stage", "invalid")}),
        ({"title": "x", "pipeline": "ordrs"}, {("pipeline", "unknown")}),
        ({"title": "x", "stage": "sent"}, {("address", "required")}),
        ({"title": "x", "client_id": 404}, {("client_id", "reference")}),
        ({"titel": "x", "amount": "much"}, {("titel", "unknown"), ("amount", "invalid"), ("title", "required")}),
    ],
)
def test_every_wrong_field_is_named(shop: Shop, values: Any, expected: set[tuple[str, str]]):
    assert refusal(shop(), "shop.order", values) == expected


@pytest.mark.parametrize(
    "tree, path",
    [
        ("amount", "filter"),
        ([], "filter"),
        ({"amnt": "5"}, "filter.amnt"),
        ({"amount": {"gt": "much"}}, "filter.amount.gt"),
        ({"amount": {"greater": "5"}}, "filter.amount.greater"),
        ({"and": {"amount": "5"}}, "filter.and"),
        ({"or": [{"amount": "5"}, {"client.nam": "x"}]}, "filter.or.1.client.nam"),
        ({"title": {"contains": 5}}, "filter.title.contains"),
        ({"created_at": {"gte": "yesterday"}}, "filter.created_at.gte"),
        ({"owner_id": {"in": [None]}}, "filter.owner_id.in"),
        ({"client.password": "x"}, "filter.client.password"),
    ],
)
def test_a_wrong_filter_says_where(shop: Shop, tree: Any, path: str):
    crm = shop()
    with pytest.raises(Invalid) as caught:
        read_filter(tree, crm.kind(Order), crm.kinds)
    assert [p.path for p in caught.value.problems] == [path]


# Moves


def test_a_move_says_everything_that_is_missing(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="x", amount=decimal.Decimal(1)), into=ORDERS["paid"])
        uow.flush()
        verdict = uow.can_move(order, ORDERS["packed"])
        assert verdict.missing == ("address", "gift.wrapping")
        with pytest.raises(Invalid) as caught:
            uow.move(order, ORDERS["packed"])
        assert caught.value.problems == verdict.problems
        order.attach(Gift(wrapping="silk"))
        assert uow.can_move(order, ORDERS["packed"], {"address": "Baker Street"})
        assert not uow.can_move(order, ORDERS["packed"], {"address": ""})
        uow.move(order, ORDERS["packed"], {"address": "Baker Street"})
    assert order.stage == "packed"


@pytest.mark.parametrize("target", ["done", "new", "packed", "sent"])
def test_a_move_the_pipeline_does_not_have_is_refused(shop: Shop, target: str):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="x", address="y"))
        uow.flush()
        verdict = uow.can_move(order, ORDERS[target])
    assert "move" in {p.code for p in verdict.problems}
    assert order.stage == "new"


def test_a_guard_says_why_not(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = Order(title="x", amount=decimal.Decimal(1))
        order.client = uow.add(Client(name="Moriarty"))
        uow.add(order)
        uow.flush()
        (problem,) = uow.can_move(order, ORDERS["paid"]).problems
    assert (problem.code, problem.message) == ("guard", "we do not sell to Moriarty")


def test_what_a_new_record_needs_in_its_stage_holds_at_once(shop: Shop):
    crm = shop()
    with pytest.raises(Invalid) as caught, crm.uow() as uow:
        uow.add(Order(title="x"), into=ORDERS["paid"])
    assert [p.path for p in caught.value.problems] == ["amount"]


def test_an_old_stage_nobody_knows_any_more_can_be_left(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="x", amount=decimal.Decimal(1)))
    with crm.uow() as uow:
        uow.connection.execute(Order.__table__.update().values(stage="forgotten"))
    with crm.uow() as uow:
        assert uow.move(uow.get(Order, order.id), ORDERS["paid"]).stage == "paid"


# Addresses


@pytest.mark.parametrize("address", ["", "crm.db", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense://"])
def test_an_address_that_is_none_is_refused(address: str):
    with pytest.raises(CompositionError):
        open_engine(address)


# A locked database


@pytest.fixture
def impatient(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Crm:
    """The shop, with connections that wait a tenth of a second for SQLite's lock."""
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.1)
    return shop()


@pytest.fixture
def file_of(impatient: Crm) -> Path:
    if impatient.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows: see the test of concurrent writers")
    assert impatient.engine.url.database is not None
    return Path(impatient.engine.url.database)


def test_a_locked_file_is_told_and_the_same_work_may_be_done_again(impatient: Crm, file_of: Path):
    other = sqlite3.connect(file_of, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as caught, impatient.uow() as uow:
            uow.add(Client(name="Holmes"))
        assert "locked" in caught.value.__notes__[0]
        with impatient.read() as uow:
            assert uow.find(Client).count() == 0, "readers never wait"
        other.execute("ROLLBACK")
    finally:
        other.close()
    with impatient.uow() as uow:
        uow.add(Client(name="Holmes"))
    assert len(journal(impatient)) == 1


def test_a_writer_of_the_same_process_is_waited_for_and_then_told(impatient: Crm, file_of: Path):
    entered, leave, caught = threading.Event(), threading.Event(), list[BaseException]()

    def hold() -> None:
        with impatient.uow() as uow:
            uow.add(Client(name="Watson"))
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(10)
    try:
        with impatient.uow() as uow:
            uow.add(Client(name="Holmes"))
    except Refusal as error:
        caught.append(error)
    finally:
        leave.set()
        thread.join(10)
    assert isinstance(caught[0], Unavailable)
    with impatient.read() as uow:
        assert [c.name for c in uow.find(Client)] == ["Watson"]


def test_a_delivery_outlives_a_locked_file(impatient: Crm, file_of: Path, shop: Shop):
    @after(Created[Client])
    def ring(event: Created[Client], uow: Uow) -> None:
        uow.add(Task(what="rang"))

    crm = shop(ring)
    with crm.uow() as uow:
        uow.add(Client(name="Holmes"))
    other = sqlite3.connect(file_of, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            crm.deliver()
        other.execute("ROLLBACK")
    finally:
        other.close()
    clock_of(crm).forward(minutes=1)
    assert crm.deliver(reraise=True) == 1
    assert len(rows(crm, Task.__table__)) == 1
    assert rows(crm, job) == []


# A database that goes away


def test_a_connection_that_is_cut_undoes_the_work_and_the_next_one_works(shop: Shop):
    crm = shop()
    if crm.engine.dialect.name != "postgresql":
        pytest.skip("a file has no connection to cut")
    dsn = crm.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with pytest.raises(Unavailable), crm.uow() as uow:  # noqa: PT012
        uow.add(Client(name="Holmes"))
        uow.flush()
        (number,) = uow.db.driver("SELECT pg_backend_pid()").fetchone()
        with psycopg.connect(dsn, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [number])
        uow.add(Client(name="Watson"))
    with crm.uow() as uow:
        assert uow.find(Client).count() == 0
        uow.add(Client(name="Mycroft"))
    with crm.read() as uow:
        assert [c.name for c in uow.find(Client)] == ["Mycroft"]


def test_a_server_that_is_not_there_is_told(tmp_path: Path):
    from .shop import compose

    for address in ("postgresql://nobody@127.0.0.1:1/nowhere?connect_timeout=2", f"sqlite:///{tmp_path}/no/folder/x.db"):
        crm = compose(address)
        with pytest.raises(Unavailable), crm.uow():
            pass
        with pytest.raises(Unavailable), crm.read():
            pass
        crm.engine.dispose()


# Two writers


def test_two_that_change_one_record_at_once_both_have_their_way_one_after_the_other(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
    begin, errors = threading.Barrier(4), list[BaseException]()

    def work(number: int) -> None:
        begin.wait(10)
        try:
            for _time in range(5):
                with crm.uow() as uow:
                    record = uow.get(Client, client.id, lock=True)
                    record.name = f"{record.version}"
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with crm.read() as uow:
        record = uow.get(Client, client.id)
        assert (record.version, record.name) == (21, "20")


# Models


def test_a_field_that_cannot_be_stored_is_refused_where_it_is_written():
    with pytest.raises(TypeError, match="no column type is known"):

        class Odd(Entity, table="shop_odd"):
            thing: Mapped[complex]
