"""What every test of the dialer starts from: two managers at work with a telephone each, clients, and a provider on paper."""

from __future__ import annotations

import datetime as dt
import itertools

import attrs
import pytest

import crmkit_taskqueue
import crmkit_telephony
import crmkit_telephony_dialer
from crmkit import Actor, Crm, MovableClock, Plugin, Role
from crmkit_sales import Contact
from crmkit_taskqueue import Task, TaskState, Turn, current, next_turn, renew, start
from crmkit_telephony import Line, provider_named, take
from crmkit_telephony.testing import PaperProvider, paper
from crmkit_telephony_dialer.store import Row, last_of

MONDAY = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)  # noon in Moscow
ANN = Actor(1, "Ann", roles=["manager"], teams=(7,))
BOB = Actor(2, "Bob", roles=["manager"], teams=(7,))
_numbers = itertools.count(4951000000)


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_telephony_dialer.plugin, paper.plugin]


@pytest.fixture
def crm_roles() -> list[Role]:
    return [*crmkit_taskqueue.ROLES, *crmkit_telephony.ROLES, *crmkit_telephony_dialer.ROLES]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MONDAY)


@pytest.fixture
def pbx(crm: Crm) -> PaperProvider:
    provider = provider_named(crm, "paper")
    assert isinstance(provider, PaperProvider)
    return provider


@attrs.define
class Floor:
    """Managers, their telephones, and clients."""

    crm: Crm
    pbx: PaperProvider
    clock: MovableClock
    deliver: object
    make: object

    def client(self, number: str | None = None, **values) -> Contact:
        """Make a client with a number in Moscow."""
        return self.make(Contact, name="Client", phone=number or f"+7{next(_numbers)}", owner_id=1, **values)

    def task(self, client: Contact | None = None, kind: str = "call", owner: int = 1, **values) -> Task:
        """Make a task that is due, a little later than those before it."""
        self.clock.forward(milliseconds=1)
        return self.make(Task, kind=kind, owner_id=owner, team_id=7, contact_id=(client or self.client()).id, **values)

    def work(self, who: Actor = ANN) -> Turn | None:
        """Begin work and get a task."""
        with self.crm.uow(who) as uow:
            start(uow)
            found = next_turn(uow)
        self.run()
        return found if isinstance(found, Turn) else None

    def as_(self, who: Actor, function, *args):
        """Do something as a manager."""
        with self.crm.uow(who) as uow:
            found = function(uow, *args)
        self.run()
        return found

    def run(self, seconds: float = 0) -> None:
        """Let time pass, deliver what is due, and pass on what the provider tells."""
        until = self.clock.now() + dt.timedelta(seconds=seconds)
        while True:
            self.deliver(until=min(until, self.clock.now() + dt.timedelta(seconds=10)))
            self.hear()
            if self.clock.now() >= until:
                return
            for who in (ANN, BOB):  # their browsers are open
                with self.crm.uow(who) as uow:
                    found = current(uow)
                    if found is not None:
                        renew(uow, found.id)

    def hear(self) -> None:
        """Pass on what the provider tells, until it has nothing more to tell."""
        while events := self.pbx.heard():
            with self.crm.uow() as uow:
                take(uow, "paper", events)
            self.deliver()

    def call(self):
        """The call that was placed last."""
        return list(self.pbx.calls.values())[-1]

    def rings(self) -> None:
        """The manager picks up, the client's telephone rings."""
        self.pbx.pick_up(self.call())
        self.hear()

    def attempt(self, who: Actor = ANN) -> Row:
        """The last attempt of a manager."""
        with self.crm.read() as uow:
            return last_of(uow, who.id)[0]

    def open(self, who: Actor = ANN) -> int | None:
        """The task that is open at a manager."""
        with self.crm.read(who) as uow:
            found = current(uow)
        return None if found is None else found.task_id

    def waiting(self) -> list[Task]:
        """What waits in the queue."""
        with self.crm.read() as uow:
            return uow.find(Task).where(Task.state == TaskState.WAITING).order_by(Task.due_at, Task.id).all()


@pytest.fixture
def floor(crm, uow, pbx, clock, deliver, make) -> Floor:
    for owner, extension in ((1, "101"), (2, "102")):
        make(Line, provider="paper", extension=extension, owner_id=owner)
    return Floor(crm, pbx, clock, deliver, make)
