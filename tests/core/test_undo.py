"""Undo: an edit, a move, an archive, a bulk change, a whole import; what stands in the way, and what is left behind."""

from __future__ import annotations

import datetime as dt
import decimal
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Actor, Changed, Conflict, Created, Crm, Forbidden, NotFound, Role, Undone, Uow, after, hookimpl, on, on_enter, while_in
from crmkit.core import operations, undo
from crmkit.core.jobs import job
from crmkit.core.tables import external
from crmkit.core.tables import operation as operation_table
from crmkit.core.totals import differences
from crmkit.transfer.external import renew

from .kit import Shop, clock_of, history, journal, rows, totals
from .shop import ORDERS, Client, Gift, Order, Task

HOUSEKEEPING = {"version", "updated_at"}
LEFT = {"crm_journal", "crm_operation"}  # what keeps that it happened


def dump(crm: Crm, *, exact: bool = False) -> dict[str, Any]:
    """Everything in the database that an undo must put back; totals as boards see them."""
    found: dict[str, Any] = {}
    with crm.read() as uow:
        for table in crm.tables:
            if table.name in LEFT or table.name in ("crm_tally", "crm_job", "crm_message", "crm_job_cron"):
                continue
            names = [c.name for c in table.columns if exact or c.name not in HOUSEKEEPING]
            names = [n for n in names if not (table.name == "crm_stage_history" and n == "id")]
            read = uow.connection.execute(sa.select(*(table.c[n] for n in names)))
            found[table.name] = sorted(tuple(map(repr, row)) for row in read)
        jobs = sa.select(job.c.kind, job.c.key, job.c.subject, job.c.run_at).where(job.c.kind.not_like("crmkit:%"))
        found["jobs"] = sorted(tuple(map(repr, row)) for row in uow.connection.execute(jobs))
        assert differences(uow) == []
    found["totals"] = totals(crm)
    return found


def tx_of(crm: Crm) -> int:
    """The number of the newest transaction."""
    return int(journal(crm)[-1].tx)


def take_back(crm: Crm, **unit: Any) -> undo.Done:
    with crm.uow() as uow:
        return undo.undo(uow, **(unit or {"tx": tx_of(crm)}))


def clashes(crm: Crm, **unit: Any) -> list[tuple[str, Any, str, str]]:
    with crm.read() as uow:
        return [(c.kind, c.id, c.field, c.code) for c in undo.preview(uow, **unit).conflicts]


# One transaction


def test_an_edit_is_taken_back_and_the_version_goes_up(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Watson", code="221b", wishes=["tea"]))
    before = dump(crm)
    with crm.uow(Actor(7, "Ann", system=True)) as uow:
        record = uow.get(Client, client.id)
        record.name, record.code, record.wishes = "Holmes", None, ["tobacco"]
    assert dump(crm) != before
    take_back(crm)
    assert dump(crm) == before
    with crm.read() as uow:
        again = uow.get(Client, client.id)
    assert again.version == 3
    last = journal(crm)[-1]
    assert (last.action, last.changes["name"]) == ("undone", ["Holmes", "Watson"])
    kinds = [(o.kind, o.state, o.actor) for o in rows(crm, operation_table)]
    assert kinds == [("change", "undone", "Ann"), ("undo", "done", "system")]
    assert last.operation == rows(crm, operation_table)[-1].id


def test_a_new_record_goes_for_good_and_comes_back_with_its_number(shop: Shop):
    crm = shop()
    empty = dump(crm)
    with crm.uow() as uow:
        boss = uow.add(Client(name="Mycroft"))
        client = uow.add(Client(name="Holmes", sponsor_id=None))
        client.sponsor = boss
        order = uow.add(Order(title="Pipe", amount=decimal.Decimal("10.50")))
        order.client = client
        order.attach(Gift(wrapping="red"))
        uow.flush()
        boss.sponsor_id = client.id  # a circle
    full = dump(crm)
    done = take_back(crm)
    assert dump(crm) == empty
    assert done.counts == {"shop.client": {"delete": 2}, "shop.order": {"delete": 1}}
    back = take_back(crm, operation=done.operation)
    assert dump(crm) == full
    take_back(crm, operation=back.operation)
    assert dump(crm) == empty
    with crm.uow() as uow:
        assert uow.add(Client(name="Moriarty")).id is None
        uow.flush()
        assert uow.find(Client).one().id > client.id  # a number is never given twice


def test_a_move_is_taken_back_with_its_history_and_its_timers(shop: Shop):
    @while_in(ORDERS["new"], longer_than=dt.timedelta(days=3))
    def remind(order: Order, uow: Uow) -> None:
        uow.add(Task(what="remind", order_id=order.id))

    @while_in(ORDERS["paid"], longer_than=dt.timedelta(days=1))
    def hurry(order: Order, uow: Uow) -> None:
        uow.add(Task(what="hurry", order_id=order.id))

    crm = shop(remind, hurry)
    with crm.uow() as uow:
        order = uow.add(Order(title="Pipe", amount=decimal.Decimal(5), owner_id=3))
    clock_of(crm).forward(days=1)
    before = dump(crm)
    with crm.uow() as uow:
        uow.move(uow.get(Order, order.id), ORDERS["paid"])
    after_move = dump(crm)
    clock_of(crm).forward(hours=1)
    done = take_back(crm)
    assert dump(crm) == before
    assert history(crm) == []
    take_back(crm, operation=done.operation)
    assert dump(crm) == after_move
    take_back(crm, operation=rows(crm, operation_table)[-1].id)
    assert dump(crm) == before


def test_a_timer_that_has_gone_off_does_not_go_off_again(shop: Shop):
    @while_in(ORDERS["new"], longer_than=dt.timedelta(days=3))
    def remind(order: Order, uow: Uow) -> None:
        uow.add(Task(what="remind", order_id=order.id))

    crm = shop(remind)
    with crm.uow() as uow:
        order = uow.add(Order(title="Pipe", amount=decimal.Decimal(5)))
    crm.deliver(clock_of(crm).now() + dt.timedelta(days=4))
    with crm.uow() as uow:
        uow.move(uow.get(Order, order.id), ORDERS["paid"])
    take_back(crm)
    crm.deliver(clock_of(crm).now() + dt.timedelta(days=9))
    assert len(rows(crm, Task.__table__)) == 1


def test_archiving_and_restoring_are_taken_back(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="Pipe", amount=decimal.Decimal(5)))
    there = dump(crm)
    with crm.uow() as uow:
        uow.archive(uow.get(Order, order.id))
    away = dump(crm)
    take_back(crm)
    assert dump(crm) == there
    with crm.uow() as uow:
        uow.archive(uow.get(Order, order.id))
    archived = dump(crm)
    with crm.uow() as uow:
        uow.restore(uow.get(Order, order.id))
    take_back(crm)
    assert dump(crm) == archived
    assert archived["totals"] == away["totals"] == {}


def test_what_automations_did_in_the_same_transaction_goes_too_and_none_run_on_the_way_back(shop: Shop):
    @on_enter(ORDERS["paid"])
    def thank(moved: Any, uow: Uow) -> None:
        uow.add(Task(what="thank", order_id=moved.record.id))

    @on(Changed[Order])
    def note(event: Changed[Order], uow: Uow) -> None:
        uow.add(Task(what="noted", order_id=event.record.id))

    @after(Created[Task])
    def later(event: Created[Task], uow: Uow) -> None:
        uow.add(Client(name=event.record.what))

    crm = shop(thank, note, later)
    with crm.uow() as uow:
        order = uow.add(Order(title="Pipe", amount=decimal.Decimal(5)))
    before = dump(crm)
    with crm.uow() as uow:
        uow.move(uow.get(Order, order.id), ORDERS["paid"], {"address": "Baker Street"})
    assert len(rows(crm, Task.__table__)) == 2
    take_back(crm)
    assert dump(crm) == before  # deliveries of the events that nobody had begun are cancelled
    assert crm.deliver() == 0


def test_plugins_that_mirror_records_hear_of_an_undo(shop: Shop):
    heard: list[Any] = []

    @on(Undone[Client])
    def mirror(event: Undone[Client], uow: Uow) -> None:
        heard.append((event.action, event.record.name))

    @after(Undone[Client])
    def far_mirror(event: Undone[Client], uow: Uow) -> None:
        heard.append((event.action, event.record.id))

    crm = shop(mirror, far_mirror)
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
    first = tx_of(crm)
    with crm.uow() as uow:
        uow.get(Client, client.id).name = "Sherlock"
    take_back(crm)
    assert heard.pop() == ("undone", "Holmes")
    crm.deliver()
    assert heard.pop() == ("undone", client.id)
    done = take_back(crm, tx=first)
    assert heard.pop() == ("deleted", "Holmes")
    crm.deliver()
    assert heard == [("deleted", client.id)]
    heard.clear()
    take_back(crm, operation=done.operation)
    crm.deliver()
    assert heard == [("recreated", "Holmes"), ("recreated", client.id)]


def test_indexes_are_told(shop: Shop):
    told: list[Any] = []

    @hookimpl
    def crm_written(kind: Any, rows: Any, uow: Any) -> None:
        told.extend((kind.key, row.id, row.values and row.values.get("name"), row.changed) for row in rows)

    crm = shop(crm_written)
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
    first = tx_of(crm)
    with crm.uow() as uow:
        uow.get(Client, client.id).name = "Sherlock"
    told.clear()
    take_back(crm)
    done = take_back(crm, tx=first)
    take_back(crm, operation=done.operation)
    key = client.id
    assert told == [("shop.client", key, "Holmes", frozenset({"name"})), ("shop.client", key, None, None), ("shop.client", key, "Holmes", None)]


# What stands in the way


def test_a_later_edit_of_the_same_field_is_named_and_of_another_one_is_kept(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Watson"))
    with crm.uow() as uow:
        uow.get(Client, client.id).name = "John"
    mine = tx_of(crm)
    with crm.uow() as uow:
        uow.get(Client, client.id).code = "221b"
    assert clashes(crm, tx=mine) == []
    with crm.uow(Actor(8, "Bob", system=True)) as uow:
        uow.get(Client, client.id).name = "Jack"
    theirs = tx_of(crm)
    before = dump(crm, exact=True)
    with pytest.raises(Conflict) as refused:
        take_back(crm, tx=mine)
    (problem,) = refused.value.problems
    told = problem.extra or {}
    assert (problem.path, problem.code, told["actor"], told["tx"]) == (f"shop.client.{client.id}.name", "newer", "Bob", theirs)
    assert dump(crm, exact=True) == before
    take_back(crm, tx=theirs)  # the newer one first: then there is nothing in the way
    take_back(crm, tx=mine)
    with crm.read() as uow:
        again = uow.get(Client, client.id)
    assert (again.name, again.code) == ("Watson", "221b")


def test_to_and_fro_is_newer_too(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="A"))
    with crm.uow() as uow:
        uow.get(Client, client.id).name = "B"
    mine = tx_of(crm)
    for name in ("C", "B"):
        with crm.uow() as uow:
            uow.get(Client, client.id).name = name
    assert clashes(crm, tx=mine) == [("shop.client", client.id, "name", "newer")]


def test_a_change_outside_the_journal_is_seen(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="A"))
    with crm.uow() as uow:
        uow.connection.execute(Client.__table__.update().values(name="elsewhere"))
    assert clashes(crm, tx=tx_of(crm)) == [("shop.client", client.id, "name", "differs")]


def test_a_record_that_others_refer_to_stays(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
    mine = tx_of(crm)
    with crm.uow(Actor(8, "Bob", system=True)) as uow:
        order = uow.add(Order(title="Pipe", client_id=client.id))
    theirs = tx_of(crm)
    with crm.read() as uow:
        (clash,) = undo.preview(uow, tx=mine).conflicts
    assert (clash.code, clash.id, clash.actor, clash.tx) == ("referred", client.id, "Bob", theirs)
    assert f"{order.id}" in clash.message
    take_back(crm, tx=theirs)
    take_back(crm, tx=mine)


def test_a_moved_record_blocks_the_undo_of_an_earlier_move(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="Pipe", amount=decimal.Decimal(5), address="x"))
    with crm.uow() as uow:
        uow.move(uow.get(Order, order.id), ORDERS["paid"])
    mine = tx_of(crm)
    with crm.uow() as uow:
        uow.move(uow.get(Order, order.id), ORDERS["paid"])  # entered again at the same moment: no field differs
    assert clashes(crm, tx=mine) == [("shop.order", order.id, "stage", "newer")]


def test_a_secret_cannot_be_put_back_but_a_new_record_with_one_can_go(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes", password="elementary"))
    first = tx_of(crm)
    with crm.uow() as uow:
        uow.get(Client, client.id).password = "my dear"
    second = tx_of(crm)
    assert clashes(crm, tx=second) == [("shop.client", client.id, "password", "secret")]
    with crm.uow() as uow:
        uow.connection.execute(sa.text("DELETE FROM crm_journal WHERE action = 'changed'"))
    done = take_back(crm, tx=first)
    assert clashes(crm, operation=done.operation) == [("shop.client", client.id, "password", "secret")]
    assert "elementary" not in str([r.changes for r in journal(crm)])


def test_a_side_row_goes_unless_somebody_wrote_into_it(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        order = uow.add(Order(title="Pipe"))
    before = dump(crm)
    with crm.uow() as uow:
        uow.get(Order, order.id).attach(Gift(wrapping="red"))
    mine = tx_of(crm)
    done = take_back(crm, tx=mine)
    assert dump(crm) == before
    take_back(crm, operation=done.operation)
    with crm.uow() as uow:
        uow.get(Order, order.id)[Gift].ribbons = 7
    assert ("shop.order", order.id, "gift.id", "newer") in clashes(crm, operation=rows(crm, operation_table)[0].id)


def test_what_is_undone_is_not_undone_again(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        uow.add(Client(name="A"))
    mine = tx_of(crm)
    done = take_back(crm)
    with pytest.raises(Conflict, match=f"by operation {done.operation}"):
        take_back(crm, operation=done.undone)
    with pytest.raises(Conflict):
        take_back(crm, tx=mine)
    with pytest.raises(NotFound):
        take_back(crm, tx=99_999_999)
    with pytest.raises(NotFound):
        take_back(crm, operation=99)


# Operations


def test_an_import_leaves_no_trace(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        known = uow.add(Client(name="Known"))
        untouched = uow.add(Client(name="Recognised"))
        uow.flush()
        uow.connection.execute(external.insert().values(source="old", kind="shop.client", external_id="1", record_id=known.id))
    before = dump(crm)
    with crm.uow() as uow:
        number = uow.operation("import", "clients.csv")
        keys = uow.add_many(Client, [{"name": f"C{i}"} for i in range(50)])
        for place, key in enumerate([*keys, untouched.id]):
            values = {"source": "new", "kind": "shop.client", "external_id": str(place), "record_id": key, "operation": number}
            uow.connection.execute(external.insert().values(values))
    with crm.uow(operation=number) as uow:
        uow.add_many(Order, [{"title": f"O{i}", "client_id": keys[i], "amount": decimal.Decimal(i)} for i in range(50)])
        uow.get(Client, known.id).name = "Better known"
        uow.finish()
    full = dump(crm)
    with crm.read() as uow:
        seen = undo.preview(uow, operation=number)
    assert seen.possible
    assert seen.counts == {"shop.client": {"delete": 50, "change": 1}, "shop.order": {"delete": 50}}
    done = take_back(crm, operation=number)
    assert dump(crm) == before
    take_back(crm, operation=done.operation)
    assert dump(crm) == full


def test_a_piece_of_an_operation_is_not_undone_alone(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        number = uow.operation("import", "clients.csv")
        uow.add(Client(name="A"))
    piece = tx_of(crm)
    with crm.uow(operation=number) as uow:
        uow.add(Client(name="B"))
    with pytest.raises(Conflict, match=f"operation {number}"):
        take_back(crm, tx=piece)


def test_two_records_exchange_what_may_be_there_only_once(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        a, b = uow.add(Client(name="A", code="a")), uow.add(Client(name="B", code="b"))
    before = dump(crm)
    with crm.uow() as uow:
        a, b = uow.get(Client, a.id), uow.get(Client, b.id)
        a.code = None
        uow.flush()
        b.code = "a"
        uow.flush()
        a.code = "b"
    take_back(crm)
    assert dump(crm) == before


# Rights

ROLES = [Role("seller", {"shop.*": "own"}), Role("clerk", {"shop.client.read": "all", "shop.client.change": "all"})]


def test_the_rights_are_those_of_the_reverse_by_hand(shop: Shop):
    crm = shop(roles=ROLES)
    ann, bob, clerk = Actor(1, "Ann", roles=("seller",)), Actor(2, "Bob", roles=("seller",)), Actor(3, "Cleo", roles=("clerk",))
    with crm.uow(ann) as uow:
        key = operations.create(uow, crm.kind(Client), {"name": "A"}).id
    made = tx_of(crm)
    with crm.uow(ann) as uow:
        operations.change(uow, crm.kind(Client), key, {"name": "B"}, None)
    changed = tx_of(crm)
    with crm.read(bob) as uow:
        seen = undo.preview(uow, tx=changed)
    assert (seen.entries, [(c.code, c.id) for c in seen.conflicts]) == ((), [("forbidden", None)])
    for actor, unit, may in ((bob, changed, False), (clerk, changed, True), (clerk, made, False), (bob, made, False), (ann, made, True)):
        try:
            with crm.uow(actor) as uow:
                undo.undo(uow, tx=unit)
        except Forbidden:
            assert not may, (actor.name, unit)
        else:
            assert may, (actor.name, unit)


def test_nobody_goes_on_with_an_operation_that_was_undone(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        number = uow.operation("import", "clients.csv")
        uow.add(Client(name="A"))
    take_back(crm, operation=number)
    with pytest.raises(Conflict, match="was undone"), crm.uow(operation=number) as uow:
        uow.add(Client(name="B"))
    with pytest.raises(NotFound), crm.uow(operation=99):
        pass


def test_what_another_system_called_a_record_is_known_as_before(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        first = uow.operation("import", "first")
        client = uow.add(Client(name="A"))
        uow.flush()
        values = {"source": "old", "kind": "shop.client", "external_id": "1", "record_id": client.id, "operation": first, "digest": "x"}
        uow.connection.execute(external.insert().values(values))
    before = dump(crm)
    with crm.uow() as uow:
        second = uow.operation("import", "second")
        uow.get(Client, client.id).name = "B"
        renew(uow, "old", "shop.client", [("1", client.id, "y")])
    joined = dump(crm)
    done = take_back(crm, operation=second)
    assert dump(crm) == before
    take_back(crm, operation=done.operation)
    assert dump(crm) == joined
    assert clashes(crm, operation=first)
    take_back(crm, operation=second)
    take_back(crm, operation=first)
    assert rows(crm, Client.__table__) == []


def test_of_two_who_undo_the_same_at_once_one_is_refused(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        uow.add_many(Client, [{"name": f"C{i}"} for i in range(20)])
    unit, start, outcomes = tx_of(crm), threading.Barrier(2), list[str]()

    def one() -> None:
        start.wait()
        try:
            take_back(crm, tx=unit)
            outcomes.append("done")
        except Conflict as refused:
            outcomes.append(str(refused))

    threads = [threading.Thread(target=one) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already undone, by operation 2", "done"]
    assert rows(crm, Client.__table__) == []


def test_a_transaction_that_settles_twice_is_one(shop: Shop):
    crm = shop()
    with crm.uow() as uow:
        uow.add(Client(name="A"))
        uow.settle()
        uow.add_many(Client, [{"name": "B"}])
        uow.settle()
        uow.add(Client(name="C"))
    assert len({row.tx for row in journal(crm)}) == 1
    take_back(crm)
    assert rows(crm, Client.__table__) == []
