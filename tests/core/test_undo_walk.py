"""Random days at work, then undone: newest first everything is as it was at the start; out of order, one thing goes or is refused.

`CRMKIT_TEST_WALKS=300` walks longer than a run of the suite has time for.
"""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import os
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import Conflict, Crm, Invalid, Uow, on_enter, while_in
from crmkit.core import ledger, merge, undo
from crmkit.core.jobs import job
from crmkit.core.many import change_many
from crmkit.core.totals import differences

from .kit import _prepare, clock_of
from .shop import ORDERS, Client, Gift, Order, Task, compose

Unit = dict[str, int]
State = dict[Any, Any]
LEFT_OUT = {"crm_journal", "crm_operation", "crm_tally", "crm_job", "crm_job_cron", "crm_message"}
HOUSEKEEPING = {"version", "updated_at"}


@on_enter(ORDERS["paid"])
def thank(moved: Any, uow: Uow) -> None:
    uow.add(Task(what="thank", order_id=moved.record.id))


@while_in(ORDERS["new"], longer_than=dt.timedelta(days=300))
def remind(order: Order, uow: Uow) -> None:
    raise AssertionError("nobody delivers")


@while_in(ORDERS["sent"], longer_than=dt.timedelta(days=400), repeat=True)
def track(order: Order, uow: Uow) -> None:
    raise AssertionError("nobody delivers")


def state(crm: Crm) -> State:
    """Every row of the database by its key, field by field; stays in stages are counted."""
    found: State = {}
    with crm.read() as uow:
        for table in crm.tables:
            if table.name in LEFT_OUT:
                continue
            names = [c.name for c in table.columns if c.name not in HOUSEKEEPING and not (table is ledger.history and c.name == "id")]
            for row in uow.connection.execute(sa.select(*(table.c[n] for n in names))):
                values = {n: repr(v) for n, v in zip(names, row, strict=True)}
                if table is ledger.history:
                    key: Any = ("stay", *values.values())
                    found[key] = {"count": found.get(key, {"count": 0})["count"] + 1}
                else:
                    found[(table.name, *(values[c.name] for c in table.primary_key.columns))] = values
        for row in uow.connection.execute(sa.select(job.c.key, job.c.run_at, job.c.state).where(job.c.key.like("while:%"))):
            found["timer", row.key] = {"due": row.run_at, "state": row.state}
        assert differences(uow) == []
    return found


def without(end: State, before: State, after: State) -> State:
    """What there would be at the end had the step from `before` to `after` not been taken."""
    made = {key: dict(row) for key, row in end.items()}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if key[0] == "stay":
            count = made.get(key, {"count": 0})["count"] + (old or {"count": 0})["count"] - (new or {"count": 0})["count"]
            made[key] = {"count": count}
        elif new is None:
            made[key] = dict(old or {})
        elif old is None:
            made.pop(key, None)
        else:
            made[key] = made.get(key, {}) | {n: v for n, v in old.items() if v != new[n]}
    return {key: row for key, row in made.items() if row.get("count") != 0}


class Day:
    """What somebody does at work, one transaction after the other."""

    def __init__(self, crm: Crm, data: st.DataObject) -> None:
        self.crm, self.data = crm, data
        self.units: list[Unit] = []
        self.states = [state(crm)]

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        return self.data.draw(strategy)

    def one_of(self, cls: Any, uow: Uow, *, archived: bool | None = False) -> Any:
        query = uow.find(cls) if archived is False else uow.find(cls).archived(only=bool(archived))
        keys = query.ids()
        return uow.get(cls, self.draw(st.sampled_from(keys))) if keys else None

    def step(self) -> None:
        last = self._newest()
        clock_of(self.crm).forward(minutes=self.draw(st.integers(0, 2)))
        work: Callable[[Uow], Any] = getattr(self, self.draw(st.sampled_from(STEPS)))
        try:
            with self.crm.uow() as uow:
                work(uow)
        except (Invalid, Conflict):
            return
        newest = self._newest()
        if newest is None or newest == last:
            return
        self.units.append({"tx": newest.tx} if newest.operation is None else {"operation": newest.operation})
        self.states.append(state(self.crm))

    def _newest(self) -> Any:
        with self.crm.read() as uow:
            c = ledger.journal.c
            return uow.connection.execute(sa.select(c.id, c.tx, c.operation).order_by(c.id.desc()).limit(1)).first()

    # ---- what can be done --------------------------------------------------------------------------------------
    def add_client(self, uow: Uow) -> None:
        sponsor = self.one_of(Client, uow)
        code = self.draw(st.sampled_from([None, "a", "b", "c"]))
        uow.add(Client(name=self.draw(NAMES), code=code, sponsor_id=sponsor and sponsor.id, owner_id=self.draw(OWNERS)))

    def add_order(self, uow: Uow) -> None:
        client = self.one_of(Client, uow)
        order = Order(title=self.draw(NAMES), amount=self.draw(AMOUNTS), client_id=client and client.id, owner_id=self.draw(OWNERS))
        if self.draw(st.booleans()):
            order.attach(Gift(wrapping=self.draw(NAMES)))
        uow.add(order)
        if self.draw(st.booleans()):
            uow.add(Task(what="call", order_id=None))

    def add_many(self, uow: Uow) -> None:
        uow.operation("import", "many")
        keys = uow.add_many(Client, [{"name": f"M{i}"} for i in range(3)])
        uow.add_many(Order, [{"title": "M", "amount": decimal.Decimal(7), "client_id": key} for key in keys])
        uow.finish()

    def edit_client(self, uow: Uow) -> None:
        client, sponsor = self.one_of(Client, uow), self.one_of(Client, uow)
        if client is not None:
            client.name = self.draw(NAMES)
            if self.draw(st.booleans()):
                client.sponsor_id = sponsor.id
            if self.draw(st.booleans()):
                client.code = self.draw(st.sampled_from([None, "a", "b", "c"]))
            client.wishes = [*client.wishes, "tea"][-2:]

    def edit_order(self, uow: Uow) -> None:
        order = self.one_of(Order, uow)
        if order is not None:
            order.amount, order.owner_id = self.draw(AMOUNTS), self.draw(OWNERS)
            if self.draw(st.booleans()):
                order.address = self.draw(NAMES)

    def give(self, uow: Uow) -> None:
        order = self.one_of(Order, uow)
        if order is not None:
            held = order.get(Gift)
            if held is None:
                order.attach(Gift(wrapping=self.draw(NAMES)))
            else:
                held.ribbons = self.draw(st.integers(0, 3))

    def move(self, uow: Uow) -> None:
        order = self.one_of(Order, uow)
        if order is not None:
            stage = self.draw(st.sampled_from(["paid", "packed", "sent", "cancelled", "new"]))
            uow.move(order, ORDERS[stage], {"address": "Baker Street"} if self.draw(st.booleans()) else {})

    def put_away(self, uow: Uow) -> None:
        cls = self.draw(st.sampled_from([Client, Order]))
        record = self.one_of(cls, uow)
        if record is not None:
            uow.archive(record)

    def take_out(self, uow: Uow) -> None:
        cls = self.draw(st.sampled_from([Client, Order]))
        record = self.one_of(cls, uow, archived=True)
        if record is not None:
            uow.restore(record)

    def many(self, uow: Uow) -> None:
        kind = self.crm.kind(Order)
        if self.draw(st.booleans()):
            change_many(uow, kind, "change", filter={"amount": {"gt": "1"}}, values={"title": self.draw(NAMES), "gift": {"wrapping": "bulk"}})
        else:
            change_many(uow, kind, "archive", filter={"amount": {"gt": "6"}})

    def join(self, uow: Uow) -> None:
        cls = self.draw(st.sampled_from([Client, Order]))
        one, other = self.one_of(cls, uow), self.one_of(cls, uow)
        if one is not None and one is not other:
            side = self.draw(st.sampled_from(["winner", "loser"]))
            merge.merge(uow, self.crm.kind(cls), one.id, other.id, {"name" if cls is Client else "amount": side})


STEPS = ["add_client", "add_order", "add_many", "edit_client", "edit_order", "give", "move", "move", "put_away", "take_out", "many", "join", "join"]
NAMES = st.sampled_from(["x", "y", "z"])
OWNERS = st.sampled_from([None, 1, 2])
AMOUNTS = st.sampled_from([None, decimal.Decimal(1), decimal.Decimal("2.50"), decimal.Decimal(8)])


def clear(crm: Crm) -> None:
    with crm.uow() as uow:
        uow.connection.execute(Client.__table__.update().values(sponsor_id=None))
        for table in reversed(crm.tables):
            uow.connection.execute(table.delete())


def walked(crm: Crm, database: str, play: Callable[[Day], None]) -> None:
    walks = int(os.environ.get("CRMKIT_TEST_WALKS") or (25 if database == "sqlite" else 10))
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

    @settings(max_examples=walks, deadline=None, suppress_health_check=checks)
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        clear(crm)
        day = Day(crm, data)
        for _step in range(data.draw(st.integers(2, 14), label="steps")):
            day.step()
        play(day)

    try:
        walk()
    finally:
        crm.engine.dispose()


@pytest.fixture
def crm(copy_of: Callable[..., str]) -> Crm:
    return compose(copy_of("the shop", _prepare), thank, remind, track)


def take_back(crm: Crm, unit: Unit) -> undo.Done:
    with crm.uow() as uow:
        return undo.undo(uow, **unit)


@pytest.mark.slow
def test_newest_first_everything_goes_and_everything_comes_back(crm: Crm, database: str):
    def play(day: Day) -> None:
        done = []
        for number in range(len(day.units) - 1, -1, -1):
            with crm.read() as uow:
                seen = undo.preview(uow, **day.units[number])
            assert seen.conflicts == ()
            done.append(take_back(crm, day.units[number]).operation)
            assert state(crm) == day.states[number]
        for number, operation in enumerate(reversed(done), 1):
            take_back(crm, {"operation": operation})
            assert without_jobs(state(crm)) == without_jobs(day.states[number])

    walked(crm, database, play)


def without_jobs(found: State) -> State:
    return {key: row for key, row in found.items() if key[0] != "timer"}


@pytest.mark.slow
def test_out_of_order_one_thing_goes_or_is_refused_by_name(crm: Crm, database: str):
    outcomes: collections.Counter[str] = collections.Counter()

    def play(day: Day) -> None:
        if not day.units:
            return
        number = day.draw(st.integers(0, len(day.units) - 1))
        unit, end = day.units[number], state(crm)
        with crm.read() as uow:
            seen = undo.preview(uow, **unit)
        if seen.possible:
            done = take_back(crm, unit)
            assert without_jobs(state(crm)) == without_jobs(without(end, day.states[number], day.states[number + 1]))
            outcomes["undone"] += 1
            take_back(crm, {"operation": done.operation})
            assert without_jobs(state(crm)) == without_jobs(end)
            return
        with pytest.raises(Conflict) as refused:
            take_back(crm, unit)
        assert refused.value.problems
        later = day.units[number + 1 :]
        for problem in refused.value.problems:
            told = problem.extra or {}
            if problem.code != "referred" or told["tx"] is not None:
                assert {"tx": told["tx"]} in later or {"operation": told["operation"]} in later, problem
        assert state(crm) == end
        outcomes["refused"] += 1

    walked(crm, database, play)
    assert outcomes["undone"]
    assert outcomes["refused"]
