"""Random walks: whatever people do to orders, the kernel and a plain-Python model agree on everything.

`CRMKIT_TEST_WALKS=500` walks longer than a run of the suite has time for.
"""

from __future__ import annotations

import datetime as dt
import decimal
import os
from collections.abc import Callable
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from crmkit import Actor, Crm, Forbidden, Invalid, MovableClock, NotFound, Role, Uow, on_enter, while_in
from crmkit.core import ledger, operations
from crmkit.core.jobs import job

from .kit import _prepare, history, totals
from .shop import ORDERS, Order, Task, compose

PATIENCE = dt.timedelta(days=3)
ROLES = [
    Role("seller", {"shop.order.*": "own", "shop.order.read": "team"}),
    Role("chief", {"shop.order.*": "below"}),
    Role("auditor", {"shop.order.read": "all"}),
]
TEAMS = {1: None, 2: 1, 3: 1}
ACTORS = {
    "ann": Actor(1, "ann", roles=("seller",), teams=(2,)),
    "bob": Actor(2, "bob", roles=("seller",), teams=(3,)),
    "chief": Actor(3, "chief", roles=("chief",), teams=(1,)),
    "auditor": Actor(4, "auditor", roles=("auditor",)),
    "nobody": Actor(5, "nobody"),
    "system": Actor(None, "system", system=True),
}
BELOW = {1: {1, 2, 3}, 2: {2}, 3: {3}}


@on_enter(ORDERS["paid"])
def thank(moved: Any, uow: Uow) -> None:
    uow.add(Task(what="thank", order_id=moved.record.id, at=uow.now))


@while_in(ORDERS["new"], longer_than=PATIENCE)
def remind(order: Order, uow: Uow) -> None:
    uow.add(Task(what="remind", order_id=order.id, at=uow.now))


@while_in(ORDERS["sent"], longer_than=PATIENCE, repeat=True)
def track(order: Order, uow: Uow) -> None:
    uow.add(Task(what="track", order_id=order.id, at=uow.now))


TIMERS = {"new": ("remind", False), "sent": ("track", True)}


@attrs.define
class Model:
    """What an order is, as a person with a notebook would keep it."""

    title: str
    owner: int | None
    team: int | None
    stage: str
    since: dt.datetime
    amount: decimal.Decimal | None = None
    address: str | None = None
    archived: dt.datetime | None = None
    version: int = 1
    actions: list[str] = attrs.field(factory=lambda: ["created"])
    stays: list[tuple[str, dt.datetime, dt.datetime, str]] = attrs.field(factory=list)
    timer: dt.datetime | None = None
    told: list[tuple[str, dt.datetime]] = attrs.field(factory=list)

    def seen_by(self, actor: Actor, action: str = "read") -> bool:
        """The roles above, in words of Python."""
        if actor.system:
            return True
        own = self.owner == actor.id
        if "seller" in actor.roles:
            return own or (action == "read" and self.team in actor.teams)
        if "chief" in actor.roles:
            return own or any(self.team in BELOW[team] for team in actor.teams)
        return "auditor" in actor.roles and action == "read"

    def enter(self, stage: str, now: dt.datetime) -> None:
        self.stays.append((self.stage, self.since, now, stage))
        self.stage, self.since = stage, now
        self.actions.append("moved")
        if stage == "paid":
            self.told.append(("thank", now))
        self.start_timer()

    def start_timer(self) -> None:
        self.timer = self.since + PATIENCE if self.stage in TIMERS else None


class Walk(RuleBasedStateMachine):
    """Every rule does one thing both ways; the invariants compare all there is."""

    crm: Crm
    orders: Any = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.clock: MovableClock = self.crm.clock  # type: ignore[assignment]
        self.kind = self.crm.kind(Order)
        self.models: dict[int, Model] = {}
        with self.crm.uow() as uow:
            for table in reversed(self.crm.tables):
                uow.connection.execute(table.delete())

    @property
    def now(self) -> dt.datetime:
        return self.clock.now()

    @rule(
        target=orders,
        who=st.sampled_from(sorted(ACTORS)),
        team=st.sampled_from([None, 1, 2, 3]),
        amount=st.integers(0, 9),
    )
    def create(self, who: str, team: int | None, amount: int) -> Any:
        actor = ACTORS[who]
        price = decimal.Decimal(amount) / 4 if amount else None
        model = Model(f"{who}'s", actor.id, team, "new", self.now, amount=price)
        values = {"title": model.title, "owner_id": actor.id, "team_id": team, "amount": price and str(price)}
        allowed = model.seen_by(actor, "create") and not (actor.roles == ("auditor",) or actor.id == 5)
        try:
            with self.crm.uow(actor) as uow:
                order = operations.create(uow, self.kind, values)
        except Forbidden:
            assert not allowed
            return multiple()
        assert allowed
        model.start_timer()
        self.models[order.id] = model
        return order.id

    def attempt(self, who: str, key: int, action: str, work: Callable[[Uow], Any]) -> bool:
        """Do something on somebody's behalf; True when it went through, False when rights forbade it."""
        actor, model = ACTORS[who], self.models[key]
        try:
            with self.crm.uow(actor) as uow:
                work(uow)
        except NotFound:
            assert not model.seen_by(actor)
            return False
        except Forbidden:
            assert model.seen_by(actor)
            assert not model.seen_by(actor, action)
            return False
        assert model.seen_by(actor)
        assert model.seen_by(actor, action)
        return True

    @rule(key=orders, who=st.sampled_from(sorted(ACTORS)), title=st.text("abcя😀", max_size=4), amount=st.integers(0, 400))
    def edit(self, key: int, who: str, title: str, amount: int) -> None:
        price, model = decimal.Decimal(amount) / 4, self.models[key]
        values = {"title": title, "amount": str(price)}
        done = self.attempt(who, key, "change", lambda uow: operations.change(uow, self.kind, key, values, None))
        if done and (model.title, model.amount) != (title, price):
            model.title, model.amount = title, price
            model.version += 1
            model.actions.append("changed")

    @rule(key=orders, owner=st.sampled_from([1, 2, 3, None]), team=st.sampled_from([None, 1, 2, 3]))
    def hand_over(self, key: int, owner: int | None, team: int | None) -> None:
        model = self.models[key]
        with self.crm.uow() as uow:
            order = uow.get(Order, key)
            order.owner_id, order.team_id = owner, team
        if (model.owner, model.team) != (owner, team):
            model.owner, model.team = owner, team
            model.version += 1
            model.actions.append("changed")

    @rule(
        key=orders,
        who=st.sampled_from(sorted(ACTORS)),
        stage=st.sampled_from(list(ORDERS.stages)),
        address=st.booleans(),
    )
    def move(self, key: int, who: str, stage: str, address: bool) -> None:
        model = self.models[key]
        values = {"address": "Baker Street"} if address else {}
        with_address = model.address or ("Baker Street" if address else None)
        possible = (
            model.archived is None
            and stage in (ORDERS.moves or {}).get(model.stage, ())
            and (stage != "paid" or model.amount is not None)
            and (stage not in ("sent", "packed") or with_address is not None)
            and stage != "packed"  # it wants a gift's wrapping, which nobody here has
        )
        try:
            done = self.attempt(who, key, "move", lambda uow: operations.move(uow, self.kind, key, stage, values=values))
        except Invalid:
            assert not possible
            return
        if done:
            assert possible
            model.address = with_address
            model.version += 1
            model.enter(stage, self.now)

    @rule(key=orders, choice=st.integers(0, 5))
    def go_on(self, key: int, choice: int) -> None:
        """Most random moves are refused; this one takes a way that is open, so that walks get far."""
        targets = [stage for stage in ORDERS.targets(self.models[key].stage) if stage != "packed"]
        if targets:
            self.move(key, "system", targets[choice % len(targets)], True)

    @rule(key=orders, who=st.sampled_from(sorted(ACTORS)))
    def archive(self, key: int, who: str) -> None:
        model = self.models[key]
        if self.attempt(who, key, "archive", lambda uow: operations.archive(uow, self.kind, key)) and not model.archived:
            model.archived = self.now
            model.version += 1
            model.actions.append("archived")

    @rule(key=orders, who=st.sampled_from(sorted(ACTORS)))
    def restore(self, key: int, who: str) -> None:
        model = self.models[key]
        if self.attempt(who, key, "archive", lambda uow: operations.restore(uow, self.kind, key)) and model.archived:
            model.archived = None
            model.version += 1
            model.actions.append("restored")
            if model.timer is not None:  # else it has had its time before
                model.start_timer()

    @rule(hours=st.integers(1, 100))
    def wait(self, hours: int) -> None:
        self.clock.forward(hours=hours)

    @rule(minutes=st.integers(1, 90))
    def the_clock_is_put_back(self, minutes: int) -> None:
        self.clock.forward(minutes=-minutes)

    @rule()
    def deliver(self) -> None:
        self.crm.deliver(reraise=True)
        for model in self.models.values():
            self.fire(model)

    def fire(self, model: Model) -> None:
        if model.timer is None or model.timer > self.now:
            return
        what, repeat = TIMERS[model.stage]
        model.timer = None
        if model.archived is not None:
            model.timer = self.now + dt.timedelta(days=3650)
        else:
            model.told.append((what, self.now))
            model.timer = self.now + PATIENCE if repeat else None

    # What must hold after every step

    @invariant()
    def records_agree(self) -> None:
        with self.crm.read() as uow:
            found = {o.id: o for o in uow.find(Order).archived(only=False)}
        assert found.keys() == self.models.keys()
        for key, model in self.models.items():
            order = found[key]
            kept = (
                order.title,
                order.owner_id,
                order.team_id,
                order.stage,
                order.stage_since,
                order.amount,
                order.address,
            )
            expected = (model.title, model.owner, model.team, model.stage, model.since, model.amount, model.address)
            assert kept == expected, key
            assert (order.version, order.archived_at) == (model.version, model.archived), key

    @invariant()
    def books_agree(self) -> None:
        stays: dict[int, list[Any]] = {key: [] for key in self.models}
        for row in history(self.crm, kind="shop.order"):
            stays[row.record_id].append((row.stage, row.entered_at, row.left_at, row.to_stage))
        assert stays == {key: model.stays for key, model in self.models.items()}
        with self.crm.read() as uow:
            c, actions = ledger.journal.c, {key: list[str]() for key in self.models}
            noted = sa.select(c.record_id, c.action).where(c.kind == "shop.order").order_by(c.id)
            for key, action in uow.connection.execute(noted):
                actions[key].append(action)
            told: dict[int, list[Any]] = {key: [] for key in self.models}
            for task in uow.find(Task):
                told[task.order_id or 0].append((task.what, task.at))
        assert {k: sorted(a) for k, a in actions.items()} == {k: sorted(m.actions) for k, m in self.models.items()}
        assert told == {key: model.told for key, model in self.models.items()}

    @invariant()
    def totals_agree(self) -> None:
        expected: dict[Any, list[int]] = {}
        for model in self.models.values():
            if model.archived is None:
                place = expected.setdefault(("orders", model.stage, model.owner or 0, model.team or 0), [0, 0])
                place[0] += 1
                place[1] += int((model.amount or 0) * 100)
        assert totals(self.crm) == {place: tuple(total) for place, total in expected.items()}

    @invariant()
    def timers_agree(self) -> None:
        with self.crm.read() as uow:
            waiting = {row[0]: row[1] for row in uow.connection.execute(sa.select(job.c.subject, job.c.run_at))}
        expected = {f"shop.order:{key}": round(model.timer.timestamp() * 1000) for key, model in self.models.items() if model.timer is not None}
        assert waiting == expected

    @invariant()
    def everybody_sees_what_they_may(self) -> None:
        for actor in ACTORS.values():
            with self.crm.read(actor) as uow:
                seen = set(uow.find(Order).archived(only=False).ids())
            assert seen == {key for key, model in self.models.items() if model.seen_by(actor)}, actor.name


@pytest.mark.slow
def test_a_random_walk_agrees_with_a_plain_model(database: str, copy_of: Callable[..., str]):
    crm = compose(copy_of("the shop", _prepare), thank, remind, track, roles=ROLES, teams=TEAMS)
    machine = type("Walk", (Walk,), {"crm": crm})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    walks = int(os.environ.get("CRMKIT_TEST_WALKS") or (15 if database == "sqlite" else 8))
    chosen = settings(max_examples=walks, stateful_step_count=30, suppress_health_check=checks)
    try:
        run_state_machine_as_test(machine, settings=chosen)
    finally:
        crm.engine.dispose()
