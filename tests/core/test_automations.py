"""What happens by itself: in the transaction, after it, at set times, and when a record stays somewhere for long."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmkit import (
    Changed,
    Created,
    Crm,
    Misuse,
    Moved,
    Pipeline,
    Stage,
    Tick,
    Uow,
    after,
    every,
    hookimpl,
    on,
    on_enter,
    on_leave,
    while_in,
)
from crmkit.core.jobs import job
from tests.suite import forked

from .kit import Shop, clock_of, journal, rows
from .shop import ORDERS, Client, Order, Task

DAYS = dt.timedelta(days=1)
FIVE = decimal.Decimal(5)
PRICE = {"amount": FIVE}


def told(crm: Crm) -> list[str]:
    with crm.read() as uow:
        return [task.what for task in uow.find(Task)]


def note(uow: Uow, what: str, order: Order | None = None) -> None:
    uow.add(Task(what=what, order_id=order.id if order is not None else None, at=uow.now))


@pytest.fixture
def order(shop: Shop) -> Any:
    """A new order on the shop's database, made before any automation of the test was there."""
    with shop().uow() as uow:
        made = uow.add(Order(title="A pipe", address="Baker Street"))
    return made


# @on


def test_a_handler_may_ask_for_some_fields_and_some_records(shop: Shop):
    seen: list[str] = []

    @on(Changed[Order], fields=["amount"])
    def price(event: Changed[Order], uow: Uow) -> None:
        seen.append("price")

    @on(Changed[Order], when={"amount": {"gte": "100"}})
    def dear(event: Changed[Order], uow: Uow) -> None:
        seen.append("dear")

    @on(Created[Order], when={"client.name": {"contains": "holm"}})
    def famous(event: Created[Order], uow: Uow) -> None:
        seen.append("famous")

    crm = shop(price, dear, famous)
    with crm.uow() as uow:
        made = uow.add(Order(title="A pipe"))
        made.client = uow.add(Client(name="Holmes"))
    assert seen == ["famous"]
    edits: list[tuple[dict[str, Any], list[str]]] = [
        ({"title": "x"}, []),
        (PRICE, ["price"]),
        ({"amount": decimal.Decimal(100)}, ["price", "dear"]),
    ]
    for values, expected in edits:
        seen.clear()
        with crm.uow() as uow:
            record = uow.get(Order, made.id)
            for name, value in values.items():
                setattr(record, name, value)
        assert seen == expected


def test_entering_and_leaving(shop: Shop, order: Order):
    seen: list[str] = []

    @on_leave(ORDERS["new"])
    def leave(moved: Moved[Order], uow: Uow) -> None:
        seen.append(f"leaves {moved.from_stage} for {moved.stage}")

    @on_enter(ORDERS["paid"])
    @on_enter(ORDERS["cancelled"])
    def enter(moved: Moved[Order], uow: Uow) -> None:
        seen.append(f"enters {moved.stage} from {moved.from_stage}")

    crm = shop(leave, enter)
    with crm.uow() as uow:
        uow.move(uow.get(Order, order.id), ORDERS["paid"], PRICE)
    with crm.uow() as uow:
        uow.add(Order(title="Paid at once", amount=FIVE), into=ORDERS["paid"])
    assert seen == ["leaves new for paid", "enters paid from new", "enters paid from "]


def test_automations_of_a_pipeline_hold_for_its_variants(shop: Shop):
    seen: list[str] = []

    @on_enter(ORDERS["paid"])
    def enter(moved: Moved[Order], uow: Uow) -> None:
        seen.append(moved.pipeline)

    express = Pipeline("express", of=Order, stages=[Stage("new"), Stage("paid")], like="orders")
    crm = shop(enter, express, settings={"pipelines": {"abroad": {"like": "orders"}}})
    for pipeline in ("orders", "express", "abroad"):
        with crm.uow() as uow:
            made = uow.add(Order(title="A pipe", amount=FIVE), into=crm.pipelines[pipeline]["new"])
            uow.flush()
            uow.move(made, crm.pipelines[pipeline]["paid"])
    assert seen == ["orders", "express", "abroad"]


# @after


def test_a_delivery_comes_after_the_commit_with_the_record_read_afresh(shop: Shop):
    @after(Changed[Order], fields=["amount"])
    def write(event: Changed[Order], uow: Uow) -> None:
        old, new = event.changes["amount"]
        note(uow, f"{event.record.title}: {old} → {new}", event.record)

    crm = shop(write)
    with crm.uow() as uow:
        made = uow.add(Order(title="A pipe"))
        uow.settle()
        made.amount = decimal.Decimal("1.50")
    assert told(crm) == []
    with crm.uow() as uow:
        uow.get(Order, made.id).title = "Two pipes"
    assert crm.deliver(reraise=True) == 1
    assert told(crm) == ["Two pipes: None → 1.50"]


def test_a_failed_delivery_is_tried_again_until_it_works(shop: Shop):
    tries: list[int] = []

    @after(Created[Client])
    def ring(event: Created[Client], uow: Uow) -> None:
        note(uow, "rang")
        tries.append(len(tries))
        if len(tries) < 3:
            raise ConnectionError("engaged")

    crm = shop(ring)
    with crm.uow() as uow:
        uow.add(Client(name="Holmes"))
    while rows(crm, job):
        crm.deliver()
        clock_of(crm).forward(hours=2)
    assert len(tries) == 3
    assert told(crm) == ["rang"], "what failed attempts wrote is undone"
    assert journal(crm)[-1].cause == "shop:ring"


def test_a_delivery_that_never_works_is_kept_and_can_be_replayed(shop: Shop):
    broken = True

    @after(Created[Client])
    def ring(event: Created[Client], uow: Uow) -> None:
        if broken:
            raise ConnectionError("engaged")
        note(uow, "rang")

    crm = shop(ring)
    with crm.uow() as uow:
        uow.add(Client(name="Holmes"))
    for _attempt in range(20):
        crm.deliver()
        clock_of(crm).forward(days=1)
    (dead,) = rows(crm, job)
    assert (dead.state, dead.attempts) == ("dead", 10)
    assert "engaged" in dead.error
    broken = False
    with crm.database.write() as db:
        assert crm.jobs.replay(db.connection) == 1
    crm.deliver()
    assert told(crm) == ["rang"]
    assert rows(crm, job) == []


def test_a_delivery_about_what_is_gone_for_good_is_dropped(shop: Shop):
    @after(Created[Client])
    def ring(event: Created[Client], uow: Uow) -> None:
        note(uow, "rang")

    crm = shop(ring)
    with crm.uow() as uow:
        client = uow.add(Client(name="Holmes"))
    with crm.uow() as uow:
        uow.connection.execute(Client.__table__.delete().where(Client.id == client.id))
    crm.deliver(reraise=True)
    assert told(crm) == []
    assert rows(crm, job) == []


def test_events_of_a_plugin_s_own_now_and_later(shop: Shop, order: Order):
    @attrs.frozen
    class Rang:
        who: str
        how_often: int = 1

    @on(Rang)
    def at_once(event: Rang, uow: Uow) -> None:
        note(uow, f"{event.who} at once")

    @after(Rang)
    def later(event: Rang, uow: Uow) -> None:
        note(uow, f"{event.who} later {event.how_often}")

    crm = shop(Rang, at_once, later)
    now = crm.clock.now()
    with crm.uow() as uow:
        uow.emit(Rang("Ann"))
        uow.schedule(Rang("Bob", 2), delay=2 * DAYS)
        uow.schedule(Rang("Eve"), at=now + DAYS, key="eve")
        uow.schedule(Rang("Eve again"), at=now + 3 * DAYS, key="eve")
        uow.schedule(Rang("Dan"), delay=DAYS, key="dan")
        uow.schedule(Rang("Zoe"), delay=DAYS, about=uow.get(Order, order.id))
    assert told(crm) == ["Ann at once"]
    with crm.uow() as uow:
        assert uow.cancel("dan")
        assert not uow.cancel("dan")
        assert uow.cancel_about(uow.get(Order, order.id)) == 1
    crm.deliver(now + 10 * DAYS, reraise=True)
    assert told(crm) == [
        "Ann at once",
        "Ann later 1",
        "Bob at once",
        "Bob later 2",
        "Eve again at once",
        "Eve again later 1",
    ]


def test_a_timer_nobody_would_hear_is_refused(shop: Shop):
    @attrs.frozen
    class Unheard:
        pass

    crm = shop()
    with crm.uow() as uow, pytest.raises(Misuse, match=r"@on\(Unheard\)"):
        uow.schedule(Unheard(), delay=DAYS)


def test_a_hook_wraps_every_delivery(shop: Shop, order: Order):
    seen: list[str] = []

    @hookimpl
    def crm_deliver(job: Any) -> Any:
        @contextlib.contextmanager
        def around() -> Any:
            seen.append(f"before {job.kind}")
            yield
            seen.append("behind")

        return around()

    @after(Changed[Order])
    def ring(event: Changed[Order], uow: Uow) -> None:
        seen.append("ring")

    crm = shop(crm_deliver, ring)
    with crm.uow() as uow:
        uow.get(Order, order.id).title = "x"
    crm.deliver(reraise=True)
    assert seen == ["before after:shop:ring", "ring", "behind"]


# @every


def test_set_times_and_missed_runs(shop: Shop):
    ticks: list[tuple[str, dt.datetime]] = []

    @every(cron="30 9 * * 1-5")
    def morning(tick: Tick, uow: Uow) -> None:
        ticks.append(("morning", tick.at))

    @every(dt.timedelta(hours=6))
    def often(tick: Tick, uow: Uow) -> None:
        ticks.append(("often", tick.at))

    @every(cron=lambda crm: f"45 {len(crm.settings.timezone)} * * *")
    def as_set(tick: Tick, uow: Uow) -> None:
        ticks.append(("as set", tick.at))

    crm = shop(morning, often, as_set, settings={"crmkit": {"timezone": "Europe/Moscow"}})
    start = crm.clock.now()  # Monday, 12 January 2026, noon in Moscow
    crm.deliver(start, reraise=True)
    crm.deliver(start + 2 * DAYS, reraise=True)
    mornings = [at for name, at in ticks if name == "morning"]
    assert mornings == [dt.datetime(2026, 1, day, 6, 30, tzinfo=dt.UTC) for day in (13, 14)]
    assert len([name for name, _at in ticks if name == "often"]) == 8
    assert [at for name, at in ticks if name == "as set"] == [dt.datetime(2026, 1, day, 10, 45, tzinfo=dt.UTC) for day in (12, 13)]
    ticks.clear()
    clock_of(crm).forward(days=30)
    crm.deliver(reraise=True)
    assert sorted(name for name, _at in ticks) == ["as set", "morning", "often"], "missed runs are caught up once"


# @while_in


@while_in(ORDERS["new"], longer_than=5 * DAYS)
def remind(order: Order, uow: Uow) -> None:
    note(uow, "remind", order)


@while_in(ORDERS["paid"], longer_than=DAYS, repeat=True)
def pack(order: Order, uow: Uow) -> None:
    note(uow, "pack", order)


def new_order(crm: Crm) -> int:
    with crm.uow() as uow:
        made = uow.add(Order(title="A pipe", address="Baker Street", amount=FIVE))
    return made.id


def go(crm: Crm, key: int, stage: str) -> None:
    with crm.uow() as uow:
        uow.move(uow.get(Order, key), ORDERS[stage])


def test_a_long_stay_is_noticed_once_at_its_moment(shop: Shop):
    crm = shop(remind)
    new_order(crm)
    start = crm.clock.now()
    crm.deliver(start + 4 * DAYS, reraise=True)
    assert told(crm) == []
    crm.deliver(start + 50 * DAYS, reraise=True)
    with crm.read() as uow:
        (task,) = uow.find(Task)
    assert task.at == start + 5 * DAYS
    assert journal(crm)[-1].cause.startswith("shop:remind")


def test_leaving_cancels_and_entering_again_starts_anew(shop: Shop):
    crm = shop(remind)
    key = new_order(crm)
    start = crm.clock.now()
    crm.deliver(start + 4 * DAYS, reraise=True)
    go(crm, key, "cancelled")
    assert rows(crm, job) == []
    go(crm, key, "new")
    crm.deliver(start + 8 * DAYS, reraise=True)
    assert told(crm) == []
    crm.deliver(start + 9 * DAYS, reraise=True)
    assert told(crm) == ["remind"]


def test_a_repeated_timer_goes_on_until_the_record_leaves(shop: Shop):
    crm = shop(pack)
    key = new_order(crm)
    start = crm.clock.now()
    go(crm, key, "paid")
    crm.deliver(start + 3 * DAYS + dt.timedelta(hours=1), reraise=True)
    assert told(crm) == ["pack"] * 3
    go(crm, key, "paid")  # the same stage again: its time starts anew
    crm.deliver(start + 4 * DAYS, reraise=True)
    assert told(crm) == ["pack"] * 3
    crm.deliver(start + 4 * DAYS + dt.timedelta(hours=1), reraise=True)
    assert told(crm) == ["pack"] * 4
    go(crm, key, "sent")
    crm.deliver(start + 30 * DAYS, reraise=True)
    assert told(crm) == ["pack"] * 4


def test_an_archived_record_is_left_in_peace_until_it_is_restored(shop: Shop):
    crm = shop(remind)
    key = new_order(crm)
    start = crm.clock.now()
    with crm.uow() as uow:
        uow.archive(uow.get(Order, key))
    crm.deliver(start + 8 * DAYS, reraise=True)
    assert told(crm) == []
    with crm.uow() as uow:
        uow.restore(uow.get(Order, key))
    crm.deliver(reraise=True)
    assert told(crm) == ["remind"]


def test_a_timer_of_a_move_that_was_undone_does_not_exist(shop: Shop):
    crm = shop(pack)
    key = new_order(crm)
    with pytest.raises(RuntimeError), crm.uow() as uow:  # noqa: PT012
        uow.move(uow.get(Order, key), ORDERS["paid"])
        uow.settle()
        raise RuntimeError
    assert rows(crm, job) == []


def test_a_clock_that_is_put_back_delays_and_loses_nothing(shop: Shop):
    crm = shop(remind)
    new_order(crm)
    clock_of(crm).forward(days=5)
    clock_of(crm).forward(seconds=-30)
    assert crm.deliver(reraise=True) == 0
    clock_of(crm).forward(seconds=30)
    assert crm.deliver(reraise=True) == 1
    clock_of(crm).forward(days=-1)
    assert crm.deliver(reraise=True) == 0
    assert told(crm) == ["remind"]


# kill -9

KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from crmkit import Created, after
from tests.core.shop import Client, Task, compose

@after(Created[Client])
def ring(event, uow):
    uow.add(Task(what="rang"))
    uow.settle()
    print("in the middle", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

crm = compose(sys.argv[1], ring)
with crm.uow() as uow:
    uow.add(Client(name="Holmes"))
print("committed", flush=True)
crm.deliver()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.real_time("a lease of a killed process runs out by the real clock, which is set back here by hand")
def test_a_process_killed_in_the_middle_of_a_delivery_loses_nothing_and_does_nothing_twice(shop: Shop):
    @after(Created[Client])
    def ring(event: Created[Client], uow: Uow) -> None:
        note(uow, "rang")

    crm = shop(ring)
    url = crm.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    root = str(Path(__file__).resolve().parents[2])
    done = forked.run(["-c", KILLED, url, root], cwd=root)
    assert done.stdout.split("\n")[:2] == ["committed", "in the middle"], done.stderr
    assert done.returncode == -9
    assert told(crm) == []
    (waiting,) = rows(crm, job)
    assert waiting.state == "running"
    assert crm.deliver(reraise=True) == 0, "its lease has not run out"
    with crm.uow() as uow:
        uow.connection.execute(job.update().values(lease_until=1))
    assert crm.deliver(reraise=True) == 1
    assert told(crm) == ["rang"]
    assert rows(crm, job) == []
