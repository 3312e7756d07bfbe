"""The index follows every write, in its transaction; what changed is compared a little later."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import typing as t

import sqlalchemy as sa

from crmkit.core import undo
from crmkit.core.merge import merge
from crmkit.duplicates import Pair, PairState
from crmkit.duplicates.index import rebuild
from crmkit.duplicates.registry import declared
from crmkit.duplicates.tables import keys
from tests.duplicates.people import Born, Number, Person

FAMILIES = ("Azov", "Bykov", "Vinter", "Gorin", "Zimin", "Kurtz", "Lomov", "Markin", "Noskov", "Orlov")
NAMES = list(itertools.product(("Anna", "Boris", "Clara", "Dmitry", "Elena", "Fedor"), FAMILIES))


def index(crm: t.Any) -> dict[int, set[int]]:
    """Return the keys of every record, as the index has them."""
    with crm.read() as reading:
        rows = reading.connection.execute(sa.select(keys.c.record_id, keys.c.key).where(keys.c.kind == "people.person"))
        found: dict[int, set[int]] = {}
        for record, key in rows:
            found.setdefault(record, set()).add(key)
        return found


def expected(crm: t.Any) -> dict[int, set[int]]:
    """Return the keys of every record, worked out from what the tables say."""
    here = declared(crm)["people.person"]
    with crm.read() as uow:
        ids = [row[0] for row in uow.connection.execute(sa.select(Person.__table__.c.id))]
        return {key: here.numbers(here.what.prepare(raw)) for key, raw in here.raw(uow, ids).items()}


def agrees(crm: t.Any) -> dict[int, set[int]]:
    there = expected(crm)
    assert index(crm) == {k: v for k, v in there.items() if v}
    return there


def test_it_follows_creation_change_and_archive(crm, make, uow):
    one = make(Person, name="Иванов Иван", phone="8 916 123 45 67")
    before = agrees(crm)[one.id]
    assert before
    one.name = "Петров Пётр"
    uow.commit()
    assert agrees(crm)[one.id] != before
    one.note = "nobody compares this"
    uow.commit()
    agrees(crm)
    uow.archive(one)
    uow.commit()
    assert index(crm) == agrees(crm) == {}
    uow.restore(one)
    uow.commit()
    assert one.id in agrees(crm)


def test_it_follows_extensions_and_parts(crm, make, uow):
    one = make(Person, Born(on=dt.date(1970, 1, 31)), name="Иванов Иван")
    with_birthday = agrees(crm)[one.id]
    one[Born].on = dt.date(1971, 1, 31)
    uow.commit()
    assert agrees(crm)[one.id] != with_birthday
    number = make(Number, person_id=one.id, value="8 916 123 45 67")
    with_number = agrees(crm)[one.id]
    number.kind = "fax"
    uow.commit()
    assert agrees(crm)[one.id] < with_number
    number.kind = "phone"
    uow.commit()
    assert agrees(crm)[one.id] == with_number
    uow.archive(number)
    uow.commit()
    assert agrees(crm)[one.id] < with_number
    other = make(Person, name="Петров Пётр")
    uow.restore(number)
    number.person_id = other.id
    uow.commit()
    rebuild(uow, declared(crm)["people.person"], [one.id])
    agrees(crm)


def test_it_follows_bulk_work_and_undo(crm, uow):
    with crm.uow() as bulk:
        tx = bulk.tx
        bulk.add_many(Person, [{"name": f"Person {n}", "phone": f"8916123{n:04}"} for n in range(120)])
    assert len(agrees(crm)) == 120
    with crm.uow() as taken_back:
        undo.undo(taken_back, tx=tx)
    assert index(crm) == {}
    agrees(crm)


def test_pairs_hold_back_no_undo_and_go_with_their_records(crm, make, uow, deliver):
    make(Person, name="Иванов Иван", phone="8 916 123 45 67")
    with crm.uow() as bulk:
        tx = bulk.tx
        bulk.add_many(Person, [{"name": "Ivan Ivanov", "phone": "+79161234567"}, {"name": "Ivanov Ivan", "phone": "+79161234567"}])
    deliver(until=dt.timedelta(seconds=11))
    assert uow.find(Pair).count() == 3
    uow.commit()
    with crm.uow() as taken_back:
        undo.undo(taken_back, tx=tx)
    with crm.read() as reading:
        assert reading.find(Pair).archived(only=False).count() == 0
    agrees(crm)


def test_a_rolled_back_transaction_leaves_nothing(crm):
    with contextlib.suppress(ZeroDivisionError), crm.uow() as failing:
        failing.add(Person(name="Иванов Иван"))
        failing.settle()
        raise ZeroDivisionError
    assert index(crm) == {}


def test_what_changed_is_compared_later_and_once(crm, make, uow, deliver, clock):
    make(Person, name="Иванов Иван", phone="8 916 123 45 67")
    other = make(Person, name="Ivan Ivanov", phone="+7 916 123-45-67")
    assert deliver() == 0  # further typing puts it off
    clock.forward(seconds=9)
    other.city = "Пермь"
    uow.commit()
    assert deliver() == 0
    clock.forward(seconds=11)
    assert deliver() == 2
    pair = uow.find(Pair).one()
    assert pair.score > 0.9
    assert pair.state is PairState.OPEN
    other.name, other.phone = "Someone Else", None
    uow.commit()
    deliver(until=dt.timedelta(seconds=11))
    assert not uow.find(Pair).exists()


def test_many_changes_are_compared_together(crm, uow, deliver):
    with crm.uow() as bulk:
        people = [{"name": f"{given} {family}", "phone": f"8916123{n:04}"} for n, (given, family) in enumerate(NAMES)]
        bulk.add_many(Person, [one for one in people for _twice in range(2)])
    assert deliver(until=dt.timedelta(seconds=11)) == 1
    assert uow.find(Pair).count() == 60


def test_a_merge_decides_the_pair_and_undoing_it_opens_it_again(crm, make, uow, deliver):
    one, two = make(Person, name="Иванов Иван", phone="8 916 123 45 67"), make(Person, name="Ivan Ivanov", phone="+7 916 123-45-67")
    third = make(Person, name="Ivanov Ivan", phone="8 916 123 45 67")
    deliver(until=dt.timedelta(seconds=11))
    pairs = {(p.a_id, p.b_id): p for p in uow.find(Pair)}
    assert set(pairs) == {(one.id, two.id), (one.id, third.id), (two.id, third.id)}
    pairs[two.id, third.id].state = PairState.DIFFERENT
    uow.commit()
    with crm.uow() as merging:
        merged = merge(merging, crm.kind(Person), one.id, two.id)
    agrees(crm)
    with crm.read() as reading:
        states = {(p.a_id, p.b_id): p.state for p in reading.find(Pair)}
    assert states[one.id, two.id] is PairState.MERGED
    deliver(until=dt.timedelta(seconds=11))
    with crm.read() as reading:  # two was said to be another than three, and two is one now
        assert (one.id, third.id) not in {(p.a_id, p.b_id) for p in reading.find(Pair) if p.state is PairState.OPEN}
    with crm.uow() as taking_back:
        undo.undo(taking_back, operation=merged.operation)
    agrees(crm)
    deliver(until=dt.timedelta(seconds=11))
    with crm.read() as reading:
        states = {(p.a_id, p.b_id): p.state for p in reading.find(Pair)}
    assert states == {(one.id, two.id): PairState.OPEN, (one.id, third.id): PairState.OPEN, (two.id, third.id): PairState.DIFFERENT}


def test_parts_that_say_what_their_record_said_change_nothing_and_others_do(crm):
    with crm.uow() as uow:
        one, two = uow.add_many(Person, [{"name": "Азов Иван", "phone": "+79161234567"}, {"name": "Быкова Анна", "phone": "+79161234568"}])
        uow.add_many(Number, [{"person_id": one, "value": "8 916 123-45-67"}, {"person_id": two, "value": "+79160000000"}])
        uow.add_many(Number, [{"person_id": one, "value": "+79160000001"}, {"person_id": one, "kind": "fax", "value": "+79160000002"}])
    before = agrees(crm)
    with crm.uow() as uow:
        uow.archive(uow.get(Person, one))
        uow.settle()
        uow.restore(uow.get(Person, one))
        uow.settle()
        uow.get(Person, two).name = "Zimina Anna"
        uow.settle()
        uow.get(Person, two).name = "Быкова Анна"
    assert agrees(crm) == before


def test_what_was_written_in_a_savepoint_is_not_overlooked(crm):
    for keep in (True, False):
        with crm.uow() as uow:
            [one] = uow.add_many(Person, [{"name": "Азов Иван"}])
            [number] = uow.add_many(Number, [{"person_id": one, "value": "+79160000001"}])
            with contextlib.suppress(KeyError), crm.uow(connection=uow.connection) as inner:
                inner.archive(inner.get(Number, number))
                inner.settle()
                if not keep:
                    raise KeyError
            if keep:
                uow.add_many(Number, [{"person_id": one, "value": "8 916 000-00-01"}])
            uow.add_many(Number, [{"person_id": one, "kind": "fax", "value": "1"}])
        agrees(crm)
