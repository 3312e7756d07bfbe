"""One transaction for one actor: what is written, noted, refused and undone."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import (
    Actor,
    Archived,
    Changed,
    Conflict,
    Created,
    Crm,
    EndlessLoop,
    Invalid,
    Misuse,
    Moved,
    NotFound,
    Problem,
    Restored,
    Stale,
    Topic,
    Uow,
    after,
    hookimpl,
    on,
    on_enter,
)
from crmkit.core import ledger, operations
from crmkit.core.database import open_engine
from crmkit.core.jobs import job

from .kit import Shop, clock_of, history, journal, rows, totals
from .shop import ORDERS, Client, Gift, Order, Task

ANN = Actor(7, "Ann", system=True)


def everything(crm: Crm) -> dict[str, int]:
    """How many rows each table has."""
    with crm.read() as uow:
        return {
            t.name: uow.connection.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in crm.tables
        }


# What is written


def test_a_new_record_has_a_key_a_version_and_its_times(shop: Shop):
    crm = shop()
    with crm.uow(ANN) as uow:
        client = uow.add(Client(name=" Holmes "))
    assert (client.name, client.version, client.archived_at) == ("Holmes", 1, None)
    assert client.created_at == client.updated_at == crm.clock.now()
    with crm.read() as uow:
        again = uow.get(Client, client.id)
        assert (again.name, again.version, again.created_at) == ("Holmes", 1, crm.clock.now())
        assert again is not client


def test_a_change_raises_the_version_and_is_written_once(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Watson"))
    clock_of(crm).forward(hours=1)
    with crm.uow(ANN) as uow:
        client = uow.get(Client, client.id)
        client.name = "John"
        client.name = "Dr Watson"
        client.code = "221b"
    assert client.version == 2
    assert client.updated_at == crm.clock.now() == client.created_at + dt.timedelta(hours=1)
    last = journal(crm, action="changed")
    assert [row.changes for row in last] == [{"name": ["Watson", "Dr Watson"], "code": [None, "221b"]}]


def test_what_did_not_change_is_not_written(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Watson", wishes=["a pipe"]))
    before = everything(crm)
    with crm.uow() as uow:
        same = uow.get(Client, client.id)
        same.name = "Holmes"
        same.name = "Watson"
        same.wishes = ["a pipe"]
    assert everything(crm) == before
    assert same.version == 1


def test_a_list_edited_in_place_is_noticed(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        uow.flush()
        client.wishes.append("a violin")
    with crm.uow() as uow:
        uow.get(Client, client.id).wishes.append("peace")
    with crm.read() as uow:
        assert uow.get(Client, client.id).wishes == ["a violin", "peace"]
    assert journal(crm)[-1].changes == {"wishes": [["a violin"], ["a violin", "peace"]]}


def test_new_records_may_point_to_each_other_before_they_have_keys(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = Order(title="A pipe")
        order.client = Client(name="Holmes")
        order.client.sponsor = Client(name="Mycroft")
        uow.add(order)
        uow.add(order.client)
        uow.add(order.client.sponsor)
    with crm.read() as uow:
        found = uow.get(Order, order.id)
        assert found.client is not None
        assert found.client.sponsor is not None
        assert (found.client.name, found.client.sponsor.name) == ("Holmes", "Mycroft")


def test_a_link_to_what_was_never_added_is_refused(shop: Shop):
    crm = shop()
    order = Order(title="A pipe")
    order.client = Client(name="Holmes")
    with pytest.raises(Misuse, match=r"uow\.add"), crm.uow() as uow:
        uow.add(order)


def test_two_new_records_that_point_to_each_other_are_refused(shop: Shop):
    crm = shop()
    one, other = Client(name="One"), Client(name="Other")
    one.sponsor, other.sponsor = other, one
    with pytest.raises(Misuse, match="point to each other"), crm.uow() as uow:  # noqa: PT012
        uow.add(one)
        uow.add(other)
    assert everything(crm)["shop_client"] == 0


def test_an_extension_is_saved_with_its_record(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe"))
        order.attach(Gift(wrapping="silk"))
    with crm.uow() as uow:
        order = uow.get(Order, order.id)
        order[Gift].ribbons = 3
    with crm.read() as uow:
        found = uow.get(Order, order.id)
        assert (found[Gift].wrapping, found[Gift].ribbons, found.version) == ("silk", 3, 2)
    assert journal(crm)[-1].changes == {"gift.ribbons": [1, 3]}


def test_money_is_exact(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        for amount in ("0.10", "0.20", "999999999999.99"):
            uow.add(Order(title="x", amount=decimal.Decimal(amount)))
    assert totals(crm) == {("orders", "new", 0, 0): (3, 100000000000029)}


def test_the_same_record_is_the_same_object(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        key = uow.add(Client(name="Holmes"))
        uow.flush()
        assert uow.get(Client, key.id) is key
        assert uow.find(Client).one() is key
    with crm.read() as uow:
        assert uow.get(Client, key.id) is uow.find(Client).all()[0]


# The journal


def test_the_journal_says_who_when_what_and_groups_a_transaction(shop: Shop):
    crm = shop()
    with crm.uow(ANN) as uow:
        order = uow.add(Order(title="A pipe", amount=decimal.Decimal("5.50")))
        uow.flush()
        uow.move(order, ORDERS["paid"])
    created, moved = journal(crm)
    assert (created.actor_id, created.actor, created.kind, created.record_id) == (7, "Ann", "shop.order", order.id)
    assert (created.action, moved.action, created.at, created.tx) == ("created", "moved", crm.clock.now(), moved.tx)
    assert created.changes["amount"] == [None, "5.50"]
    assert moved.changes == {"stage": ["new", "paid"]}
    with crm.uow(ANN) as uow:
        uow.archive(uow.get(Order, order.id))
    assert journal(crm)[-1].tx > moved.tx


def test_secrets_never_reach_the_journal(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes", password="Reichenbach"))
        uow.flush()
        client.password = "Moriarty"
    assert [row.changes.get("password") for row in journal(crm)] == [["•••", "•••"]] * 2


def test_an_error_undoes_everything(shop: Shop):
    crm = shop()
    before = everything(crm)
    with pytest.raises(RuntimeError, match="the roof fell in"), crm.uow() as uow:  # noqa: PT012
        order = uow.add(Order(title="A pipe", amount=decimal.Decimal(5)))
        uow.flush()
        uow.move(order, ORDERS["paid"])
        uow.settle()
        raise RuntimeError("the roof fell in")
    assert everything(crm) == before


# Settling


def test_automations_react_until_nothing_is_left_to_do(shop: Shop):
    @on(Created[Client])
    def greet(event: Created[Client], uow: Uow) -> None:
        uow.add(Order(title="A welcome", client_id=event.record.id, amount=decimal.Decimal(1)))

    @on(Created[Order])
    def pay(event: Created[Order], uow: Uow) -> None:
        uow.move(event.record, ORDERS["paid"])

    @on_enter(ORDERS["paid"])
    def ship(moved: Moved[Order], uow: Uow) -> None:
        uow.move(moved.record, ORDERS["sent"], {"address": "Baker Street"})

    crm = shop(greet, pay, ship)
    with crm.uow(ANN) as uow:
        uow.add(Client(name="Holmes"))
    told = [(row.kind, row.action, row.cause) for row in journal(crm)]
    assert told == [
        ("shop.client", "created", None),
        ("shop.order", "created", "shop:greet"),
        ("shop.order", "moved", "shop:pay ← shop:greet"),
        ("shop.order", "changed", "shop:ship ← shop:pay ← shop:greet"),
        ("shop.order", "moved", "shop:ship ← shop:pay ← shop:greet"),
    ] or told == [
        ("shop.client", "created", None),
        ("shop.order", "created", "shop:greet"),
        ("shop.order", "moved", "shop:pay ← shop:greet"),
        ("shop.order", "moved", "shop:ship ← shop:pay ← shop:greet"),
    ]
    assert {row.actor for row in journal(crm)} == {"Ann"}
    assert [(row.stage, row.to_stage) for row in history(crm)] == [("new", "paid"), ("paid", "sent")]
    assert totals(crm) == {("orders", "sent", 0, 0): (1, 100)}


def test_handlers_run_in_the_order_of_the_plugins(shop: Shop):
    from .shop import plugin

    ran: list[str] = []

    def handler(name: str) -> Any:
        def note(event: Created[Client], uow: Uow) -> None:
            ran.append(name)

        note.__name__ = f"note_{name}"
        return on(Created[Client])(note)

    late = plugin(handler("late"), name="late", requires=["shop", "early"])
    early = plugin(handler("early"), name="early", requires=["shop"])
    crm = shop(handler("shop"), plugins=[late, early])
    with crm.uow() as uow:
        uow.add(Client(name="Holmes"))
    assert ran == ["shop", "early", "late"]


def test_every_event_names_what_happened(shop: Shop):
    seen: list[Any] = []

    @on(Created[Order])
    @on(Changed[Order])
    @on(Moved[Order])
    @on(Archived[Order])
    @on(Restored[Order])
    def watch(event: Any, uow: Uow) -> None:
        changes = dict(event.changes) if isinstance(event, Changed) else None
        seen.append((type(event).__name__, changes, getattr(event, "from_stage", None), getattr(event, "stage", None)))

    crm = shop(watch)
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe"))
        uow.settle()
        uow.move(order, ORDERS["paid"], {"amount": decimal.Decimal(7)})
        uow.settle()
        uow.archive(order)
        uow.archive(order)
        uow.settle()
        uow.restore(order)
        uow.settle()
        order.title = "Two pipes"
    assert [s for s in seen if s[0] != "Changed"] == [
        ("Created", None, None, None),
        ("Moved", None, "new", "paid"),
        ("Archived", None, None, None),
        ("Restored", None, None, None),
    ]
    assert [s[1] for s in seen if s[0] == "Changed"] == [
        {"amount": (None, decimal.Decimal(7))},
        {"title": ("A pipe", "Two pipes")},
    ]


def test_automations_that_chase_each_other_are_stopped_and_named(shop: Shop):
    @on(Changed[Client])
    def ask(event: Changed[Client], uow: Uow) -> None:
        for order in uow.find(Order).where(Order.client_id == event.record.id):
            order.title += "?"

    @on(Changed[Order])
    def answer(event: Changed[Order], uow: Uow) -> None:
        if event.record.client is not None:
            event.record.client.name += "!"

    crm = shop(ask, answer)
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        uow.flush()
        uow.add(Order(title="A pipe", client_id=client.id))
    told = "shop:answer → shop:ask → shop:answer → …"
    with pytest.raises(EndlessLoop, match=told), crm.uow() as uow:
        uow.get(Client, client.id).name = "Watson"
    with crm.read() as uow:
        assert uow.get(Client, client.id).name == "Holmes"


def test_automations_that_multiply_are_stopped_soon(shop: Shop):
    ran: list[int] = []

    def handler(sign: str) -> Any:
        def change(event: Changed[Client], uow: Uow) -> None:
            ran.append(1)
            event.record.name = event.record.name[:-1] + sign

        change.__name__ = f"change_{ord(sign)}"
        return on(Changed[Client])(change)

    crm = shop(handler("!"), handler("."))
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes."))
    with pytest.raises(EndlessLoop), crm.uow() as uow:
        uow.get(Client, client.id).name = "Watson?"
    assert len(ran) < 5000, "each round has twice as many events as the one before"


def test_an_automation_that_makes_more_of_its_kind_is_stopped(shop: Shop):
    @on(Created[Task])
    def hydra(event: Created[Task], uow: Uow) -> None:
        uow.add(Task(what="a head"))
        uow.add(Task(what="another head"))

    crm = shop(hydra)
    with pytest.raises(EndlessLoop, match="shop:hydra → shop:hydra → …"), crm.uow() as uow:
        uow.add(Task(what="the first head"))


def test_work_after_settling_has_its_own_causes(shop: Shop):
    @on(Created[Client])
    def note(event: Created[Client], uow: Uow) -> None:
        uow.add(Task(what="call"))

    crm = shop(note)
    with crm.uow() as uow:
        for number in range(30):  # more than the loop guard allows one handler in one chain
            uow.add(Client(name=f"client {number}"))
            uow.settle()
        uow.add(Task(what="by hand"))
    assert [row.cause for row in journal(crm)] == [None, "shop:note"] * 30 + [None]


def test_an_error_of_a_handler_says_where_it_happened(shop: Shop):
    @on(Created[Client])
    def stumble(event: Created[Client], uow: Uow) -> None:
        raise ZeroDivisionError("oh")

    crm = shop(stumble)
    with pytest.raises(ZeroDivisionError) as caught, crm.uow() as uow:
        uow.add(Client(name="Holmes"))
    (note,) = caught.value.__notes__
    assert "shop:stumble" in note
    assert "'shop'" in note
    assert "Created" in note


# Checks


def test_a_check_finds_fault_with_everything_that_is_saved(shop: Shop):
    seen: list[Any] = []

    @hookimpl
    def crm_check(record: Any, changes: Any) -> Any:
        seen.append((type(record).__name__, dict(changes)))
        if getattr(record, "name", "") == "Moriarty":
            yield Problem("name", "wicked", "a villain")
            yield Problem("", "wicked", "not here")

    crm = shop(crm_check)
    with pytest.raises(Invalid) as caught, crm.uow() as uow:
        uow.add(Client(name="Moriarty"))
    assert [(p.path, p.code) for p in caught.value.problems] == [("name", "wicked"), ("", "wicked")]
    assert everything(crm)["shop_client"] == everything(crm)["crm_journal"] == 0
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
    seen.clear()
    with pytest.raises(Invalid, match="a villain"), crm.uow() as uow:
        uow.get(Client, client.id).name = "Moriarty"
    assert seen == [("Client", {"name": ("Holmes", "Moriarty")})]


def test_what_automations_write_is_checked_too(shop: Shop):
    @on(Created[Client])
    def betray(event: Created[Client], uow: Uow) -> None:
        event.record.name = "Moriarty"

    @hookimpl
    def crm_check(record: Any) -> Any:
        return [Problem("name", "wicked", "a villain")] if getattr(record, "name", "") == "Moriarty" else None

    crm = shop(betray, crm_check)
    with pytest.raises(Invalid, match="a villain"), crm.uow() as uow:
        uow.add(Client(name="Holmes"))
    assert everything(crm)["shop_client"] == 0


def test_what_failed_half_way_cannot_be_committed(shop: Shop):
    @hookimpl
    def crm_check(record: Any) -> Any:
        return [Problem("name", "wicked", "a villain")] if getattr(record, "name", "") == "Moriarty" else None

    crm = shop(crm_check)
    with pytest.raises(Misuse, match="savepoint"), crm.uow() as uow:  # noqa: PT012
        uow.add(Client(name="Holmes"))
        uow.flush()
        with pytest.raises(Invalid):  # noqa: PT012
            uow.add(Client(name="Moriarty"))
            uow.flush()
    assert everything(crm)["shop_client"] == 0


def test_a_savepoint_lets_one_of_many_fail(shop: Shop):
    @hookimpl
    def crm_check(record: Any) -> Any:
        return [Problem("name", "wicked", "a villain")] if getattr(record, "name", "") == "Moriarty" else None

    crm = shop(crm_check)
    with crm.uow() as uow:
        for name in ("Holmes", "Moriarty", "Watson"):
            try:
                with crm.uow(connection=uow.connection) as inner:
                    inner.add(Client(name=name))
            except Invalid:
                continue
    with crm.read() as uow:
        assert [c.name for c in uow.find(Client)] == ["Holmes", "Watson"]
    assert len(journal(crm)) == 2


def test_a_refused_move_leaves_the_record_and_the_unit_of_work_as_they_were(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe"))
        uow.flush()
        with pytest.raises(Invalid):
            uow.move(order, ORDERS["paid"])
        assert order.stage == "new"
        order.title = "A better pipe"
    assert (order.version, order.stage) == (2, "new")


# The optimistic lock


def test_what_another_changed_meanwhile_is_not_overwritten(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
    with pytest.raises(Stale), crm.uow() as uow:  # noqa: PT012
        mine = uow.get(Client, client.id)
        table = Client.__table__
        uow.connection.execute(table.update().values(name="Sherlock", version=table.c.version + 1))
        mine.name = "Mr Holmes"
    with crm.read() as uow:
        assert uow.get(Client, client.id).name == "Holmes"


def test_a_stale_version_is_refused_and_the_present_one_named(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        uow.flush()
        client.name = "Sherlock"
    kind = crm.kind(Client)
    with pytest.raises(Stale) as caught, crm.uow() as uow:
        operations.change(uow, kind, client.id, {"name": "Watson"}, 1)
    assert caught.value.current_version == 2
    with crm.uow() as uow:
        assert operations.change(uow, kind, client.id, {"name": "Watson"}, 2).version == 3


# The archive


def test_the_archive_takes_a_record_out_of_everything_but_the_database(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe", amount=decimal.Decimal(3), owner_id=4))
    clock_of(crm).forward(days=1)
    with crm.uow() as uow:
        uow.archive(uow.get(Order, order.id))
    with crm.read() as uow:
        assert uow.find(Order).all() == []
        archived = uow.get(Order, order.id)
        assert archived.archived_at == crm.clock.now()
        assert uow.find(Order).archived().all() == uow.find(Order).archived(only=False).all() == [archived]
    assert totals(crm) == {}
    assert journal(crm)[-1].action == "archived"
    with pytest.raises(Invalid, match="archived"), crm.uow() as uow:
        uow.move(uow.get(Order, order.id), ORDERS["cancelled"])
    with crm.uow() as uow:
        uow.restore(uow.get(Order, order.id))
    assert totals(crm) == {("orders", "new", 4, 0): (1, 300)}
    with crm.uow() as uow:
        assert uow.move(uow.get(Order, order.id), ORDERS["cancelled"]).stage == "cancelled"
    assert [row.action for row in journal(crm)] == ["created", "archived", "restored", "moved"]


def test_archiving_twice_is_archiving_once(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        uow.restore(client)
        uow.archive(client)
        uow.archive(client)
    assert [row.action for row in journal(crm)] == ["created", "archived"]


# The totals follow everything that counts


def test_the_totals_follow_owners_teams_amounts_and_stages(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe", amount=decimal.Decimal(10), owner_id=1, team_id=2))
        uow.add(Order(title="A hat", owner_id=1, team_id=2))
    assert totals(crm) == {("orders", "new", 1, 2): (2, 1000)}
    with crm.uow() as uow:
        order = uow.get(Order, order.id)
        order.owner_id, order.amount = 9, decimal.Decimal("12.34")
    assert totals(crm) == {("orders", "new", 1, 2): (1, 0), ("orders", "new", 9, 2): (1, 1234)}
    with crm.uow() as uow:
        uow.move(uow.get(Order, order.id), ORDERS["paid"], {"amount": decimal.Decimal(20)})
    assert totals(crm) == {("orders", "new", 1, 2): (1, 0), ("orders", "paid", 9, 2): (1, 2000)}
    before = totals(crm)
    with crm.uow() as uow:
        ledger.fold_tally(uow.db)
    assert totals(crm) == before
    assert len(rows(crm, ledger.tally)) == 2


# In a host's transaction


def test_joining_a_host_s_transaction_commits_and_undoes_with_it(shop: Shop):
    crm = shop()
    with crm.engine.connect() as connection:
        with connection.begin() as transaction:
            with crm.uow(ANN, connection=connection) as uow:
                uow.add(Client(name="Holmes"))
            transaction.rollback()
        with connection.begin(), crm.uow(ANN, connection=connection) as uow:
            uow.add(Client(name="Watson"))
    with crm.read() as uow:
        assert [c.name for c in uow.find(Client)] == ["Watson"]
    assert [row.actor for row in journal(crm)] == ["Ann"]


def test_a_failure_inside_a_host_s_transaction_undoes_only_ours(shop: Shop):
    crm = shop()
    own = sa.Table("host_note", sa.MetaData(), sa.Column("text", sa.String(50)))
    own.create(crm.engine)
    with crm.engine.begin() as connection:
        connection.execute(own.insert().values(text="the host's own"))
        with pytest.raises(Conflict), crm.uow(connection=connection) as uow:  # noqa: PT012
            uow.add(Client(name="One", code="x"))
            uow.add(Client(name="Other", code="x"))
        connection.execute(own.insert().values(text="and more"))
    with crm.engine.connect() as connection:
        assert len(connection.execute(sa.select(own)).all()) == 2
    assert everything(crm)["shop_client"] == everything(crm)["crm_journal"] == 0


def test_joining_nothing_is_refused(shop: Shop):
    crm = shop()
    with crm.engine.connect() as connection:  # noqa: SIM117
        with pytest.raises(Misuse, match=r"connection\.begin\(\)"), crm.uow(connection=connection):
            pass


def test_a_second_unit_of_work_inside_one_is_refused(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        with pytest.raises(Misuse, match="already open"), crm.uow():
            pass
    with crm.read() as uow:
        assert uow.get(Client, client.id).name == "Holmes"


def test_a_host_s_own_engine_will_do(shop: Shop, copy_of: Any):
    from .kit import _prepare

    engine = open_engine(copy_of("the shop", _prepare))
    crm = shop(database=engine)
    assert crm.engine is engine
    with crm.uow() as uow:
        uow.add(Client(name="Ёлкина"))
    with crm.read() as uow:
        assert uow.find(Client).where({"name": {"contains": "ЁЛК"}}).count() == 1


# Other moments


def test_a_unit_of_work_can_tell_of_other_moments(shop: Shop):
    crm = shop()
    now = crm.clock.now()
    with crm.uow() as uow:
        uow.at(now - dt.timedelta(days=9), ANN)
        order = uow.add(Order(title="A pipe", amount=decimal.Decimal(1)))
        uow.at(now - dt.timedelta(days=2), Actor(8, "Bob"))
        uow.move(order, ORDERS["paid"])
        uow.at(now)
    assert order.created_at == now - dt.timedelta(days=9)
    (stay,) = history(crm)
    assert (stay.entered_at, stay.left_at, stay.actor_id) == (order.created_at, now - dt.timedelta(days=2), 8)
    assert [(row.actor, now - row.at) for row in journal(crm)] == [
        ("Ann", dt.timedelta(days=9)),
        ("Bob", dt.timedelta(days=2)),
    ]


def test_only_the_system_may_tell_of_other_moments(shop: Shop):
    crm = shop()
    with pytest.raises(Misuse, match="as the system"), crm.uow(Actor(7, "Ann")) as uow:
        uow.at(crm.clock.now())


# Reading


def test_reading_does_not_write(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        order = uow.add(Order(title="A pipe"))
    with crm.read() as uow:
        here, there = uow.get(Client, client.id), uow.get(Order, order.id)
        for attempt in (
            lambda: setattr(here, "name", "Watson"),
            lambda: uow.add(Client(name="Watson")),
            lambda: uow.move(there, ORDERS["cancelled"]),
            lambda: uow.archive(here),
            lambda: uow.emit(Task(what="x")),
            lambda: uow.cancel("x"),
            lambda: uow.publish("shop.client", 1),
        ):
            with pytest.raises(Misuse, match=r"crm\.uow"):
                attempt()
    assert len(journal(crm)) == 2


def test_nobody_is_found_under_a_key_that_is_not_there(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        with pytest.raises(NotFound):
            uow.get(Client, 404)
        assert uow.peek(Client, 404) is None
        with pytest.raises(NotFound):
            uow.find(Client).one()
        assert uow.find(Client).first() is None


# Misuse


def test_what_the_kernel_keeps_cannot_be_assigned(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="A pipe"))
        for name, value, told in [
            ("stage", "paid", r"uow\.move"),
            ("pipeline", "x", r"uow\.move"),
            ("stage_since", crm.clock.now(), r"uow\.move"),
            ("version", 9, "kept by crmkit"),
            ("id", 9, "kept by crmkit"),
            ("archived_at", None, "kept by crmkit"),
        ]:
            with pytest.raises(Misuse, match=told):
                setattr(order, name, value)
        with pytest.raises(AttributeError, match="title"):
            order.titel = "A pipe"  # type: ignore[attr-defined]


def test_a_record_belongs_to_one_unit_of_work(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
    with pytest.raises(Misuse, match="is saved already"), crm.uow() as uow:
        uow.add(client)
    with crm.uow() as uow:
        new = uow.add(Client(name="Watson"))
        with pytest.raises(Misuse, match="another unit of work"), crm.uow(connection=uow.connection) as inner:
            inner.add(new)
    assert len(journal(crm)) == 2


def test_a_move_of_what_was_not_added_is_refused(shop: Shop):
    crm = shop()
    with pytest.raises(Misuse, match=r"uow\.add"), crm.uow() as uow:
        uow.move(Order(title="A pipe"), ORDERS["paid"])


def test_a_constraint_of_the_database_is_told_by_its_field(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        uow.add(Client(name="Holmes", code="x"))
    with pytest.raises(Conflict) as taken, crm.uow() as uow:
        uow.add(Client(name="Watson", code="x"))
    assert [(p.path, p.code) for p in taken.value.problems] == [("code", "taken")]
    with pytest.raises(Invalid) as missing, crm.uow() as uow:
        uow.add(Order(title="A pipe", client_id=404))
    assert [(p.path, p.code) for p in missing.value.problems] == [("client_id", "reference")]


# After the commit


def test_messages_are_handed_out_after_the_commit_and_only_then(shop: Shop):
    heard: list[Any] = []

    @hookimpl
    def crm_publish(messages: Any) -> None:
        heard.append([(m.topic, m.id) for m in messages])

    topic = Topic("shop.bell", of=Client)
    crm = shop(crm_publish, topic)
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
        uow.flush()
        uow.publish("shop.bell", client.id)
        uow.settle()
        assert heard == []
    assert heard == [[("shop.client", client.id), ("shop.bell", client.id)]]
    with pytest.raises(RuntimeError), crm.uow() as uow:  # noqa: PT012
        uow.publish("shop.bell", client.id)
        raise RuntimeError
    assert len(heard) == 1
    with pytest.raises(Misuse, match="not declared"), crm.uow() as uow:
        uow.publish("shop.bel", 1)


def test_an_after_handler_does_not_run_for_what_was_undone(shop: Shop):
    @after(Created[Client])
    def write(event: Created[Client], uow: Uow) -> None:
        uow.add(Task(what="a letter"))

    crm = shop(write)
    with pytest.raises(RuntimeError), crm.uow() as uow:  # noqa: PT012
        uow.add(Client(name="Holmes"))
        uow.settle()
        raise RuntimeError
    assert rows(crm, job) == []
    assert crm.deliver() == 0
