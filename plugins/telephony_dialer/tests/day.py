"""A day of managers who have their calls dialled, against a PBX that behaves like Telfin's: on a clock of its own, faults and crashes included.

A crash is what `kill -9` leaves behind: in the middle of some statement the work is gone, the transaction with it; what was asked of
the PBX before was done, and nobody was told. The PBX knows what really happened; both audits are asked at the end.
"""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import heapq
import itertools
import random
import sys
import time
import typing as t
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import attrs
import sqlalchemy as sa

import crmkit_sales
import crmkit_taskqueue
import crmkit_telephony
import crmkit_telephony_dialer
import crmkit_telephony_telfin
from crmkit import Actor, Crm, MovableClock, Plugin, Refusal, Uow
from crmkit.activities import plugin as activities
from crmkit_sales import Contact
from crmkit_taskqueue import Task, complete, current, next_turn, renew, resume, start
from crmkit_taskqueue.audit import audit as audit_of_the_queue
from crmkit_taskqueue.tables import desks
from crmkit_telephony import Line, Outcome, Received, providers, take
from crmkit_telephony_dialer.audit import audit
from crmkit_telephony_dialer.commands import voicemail
from crmkit_telephony_dialer.machine import State
from crmkit_telephony_dialer.tables import attempts, live
from crmkit_telephony_telfin import TelfinProvider
from crmkit_telephony_telfin.fake import Extension, FakePbx, Faults, Habits, answers, ignores

BEGIN = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)
SETTINGS = {
    "telephony_telfin": {"app_id": "fake-app", "app_secret": "fake-secret", "base_url": "http://pbx.fake"},
    "telephony": {"public_url": "https://crm.example"},
    "sales": {"country": "RU"}, "taskqueue": {"max_break": dt.timedelta(minutes=1)},
}  # fmt: skip
PLUGINS: tuple[Plugin, ...] = (
    activities, crmkit_sales.plugin, crmkit_taskqueue.plugin, crmkit_telephony.plugin, crmkit_telephony_telfin.plugin, crmkit_telephony_dialer.plugin,
)  # fmt: skip
ROLES = (*crmkit_taskqueue.ROLES, *crmkit_telephony.ROLES, *crmkit_telephony_dialer.ROLES)


MOST_WRITES = 15
LOOKS = (8.0, 16.0)
"""How often somebody looks at the screen, in seconds."""


class Killed(BaseException):
    """The process is no more."""


@attrs.define
class Crashes:
    """Ends the work in the middle of a statement now and then: of `every` things that are done, one."""

    engine: sa.Engine
    chance: random.Random
    every: int
    left: int = 0
    count: int = 0

    @contextlib.contextmanager
    def about(self) -> Iterator[None]:
        """Watch over one thing that is done; mostly it comes to its end."""
        if not self.every or self.chance.random() * self.every >= 1:
            yield
            return
        self.left = self.chance.randint(1, MOST_WRITES)
        watched = (("before_cursor_execute", self._statement), ("commit", self._commit))
        for name, function in watched:
            sa.event.listen(self.engine, name, function)
        try:
            yield
        finally:
            self.left = 0
            for name, function in watched:
                sa.event.remove(self.engine, name, function)

    def _statement(self, _connection: object, _cursor: object, statement: str, *_given: object) -> None:
        """Count what writes: of what only reads nothing is left anyway."""
        if not statement.lstrip().startswith("SELECT"):
            self._count()

    def _commit(self, _connection: object) -> None:
        self._count()

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.count += 1
            raise Killed


class Delivers(t.Protocol):
    """Runs jobs."""

    def __call__(self, day: Day) -> None:
        """Run what is due."""

    def next_due(self) -> dt.datetime | None:
        """When there is more to run; asked after what was due has been run."""


_D, _A, _C = desks.c, attempts.c, crmkit_telephony.Call.__table__.c
_OPEN = sa.select(_D.turn_id).where(_D.user_id == sa.bindparam("user"))
_SCREENS = (
    sa.select(_D.user_id, _D.turn_id, _A.state, _A.outcome, _A.followed_at, _C.key)
    .select_from(desks.outerjoin(attempts, _A.id == sa.select(sa.func.max(_A.id)).where(_A.turn_id == _D.turn_id).correlate(desks).scalar_subquery())
                 .outerjoin(crmkit_telephony.Call.__table__, _C.id == _A.call_id))
    .where(_D.user_id.in_(sa.bindparam("users", expanding=True)))
)  # fmt: skip


@attrs.define(slots=False)
class Day:
    """The managers, their tasks and their telephones."""

    crm: Crm
    clock: MovableClock
    agents: int
    tasks: int
    seed: int = 1
    faults: Faults = attrs.field(factory=Faults)
    crash_every: int = 0
    step: float = 0.0
    """What happens within so many seconds happens at once: a long day takes less time so."""
    deliver: Delivers | None = None
    """Runs the jobs that are due; left out: as everywhere in tests."""
    pbx: FakePbx = attrs.field(init=False)
    chance: random.Random = attrs.field(init=False)
    crashes: Crashes = attrs.field(init=False)
    due: list[tuple[dt.datetime, int, str, int]] = attrs.field(factory=list, init=False)
    serial: itertools.count[int] = attrs.field(factory=itertools.count, init=False)
    seconds: float = attrs.field(default=0.0, init=False)
    screens: dict[int, tuple[t.Any, ...]] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.crashes = Crashes(self.crm.engine, random.Random(self.seed + 1), self.crash_every)
        extensions = [Extension(str(101 + n), behaviour=answers(after=1.5)) for n in range(self.agents)]
        self.pbx = FakePbx(self.clock, extensions=extensions, habits=Habits(), faults=self.faults, seed=self.seed)
        self.pbx.faults = attrs.evolve(self.faults, hourly_limit=10_000_000)
        self.provider = t.cast(TelfinProvider, providers(self.crm)["telfin"])
        self.provider.client.through(self.pbx.transport())
        self.pbx.deliver_to(self._webhook)

    def set_up(self) -> None:
        """Put managers, clients and tasks there."""
        furnish(self.crm, self.pbx, self.agents, self.tasks)
        faults, self.pbx.faults = self.pbx.faults, Faults(hourly_limit=10_000_000)
        self.provider.align([(f"1111*{extension.name}", str(extension.id)) for extension in self.pbx.extensions])  # each webhook comes once
        self.pbx.faults = faults
        for n in range(self.agents):
            self._later(self.chance.uniform(0, 5), "work", n + 1)
            self._later(60 + self.chance.uniform(0, 20), "renew", n + 1)
            moods = [ignores() if self.chance.random() < 0.02 else answers(after=self.chance.uniform(1, 4)) for _i in range(200)]
            self.pbx.behave(str(101 + n), *moods)

    # ---- time ------------------------------------------------------------------------------------------------------
    def run(self, minutes: float) -> None:
        """Let the day go by, from one moment at which something happens to the next."""
        until, began = self.clock.now() + dt.timedelta(minutes=minutes), time.monotonic()
        least = dt.timedelta(seconds=max(self.step, 0.001))
        while True:
            self._everything()
            moments = [at for at in (self.pbx.next_at, self._next_job(), self.due[0][0] if self.due else None) if at is not None]
            at = max(min(moments, default=until), self.clock.now() + least)
            if at > until:
                break
            self.clock.set(at)
        self.seconds += time.monotonic() - began

    def _next_job(self) -> dt.datetime | None:
        """When the next job is due, as whoever runs them knows."""
        return self.crm.jobs.next_due() if self.deliver is None else self.deliver.next_due()

    def _everything(self) -> None:
        self.pbx.run_due()
        self._look_at_screens()
        while self.due and self.due[0][0] <= self.clock.now():
            _at, _n, what, agent = heapq.heappop(self.due)
            self.safely(getattr(self, f"_{what}"), agent)
        if self.deliver is not None:
            self.deliver(self)
        else:
            self.safely(self.crm.deliver)

    def safely(self, function: Callable[..., object], *args: object) -> bool:
        """Do something that may be killed; what its process had claimed is free again once its lease has run out."""
        before = self.crashes.count
        try:
            with self.crashes.about():
                function(*args)
        except Refusal:
            return True
        except BaseException:  # what a killed process still stumbles over does not matter
            if self.crashes.count == before:
                raise
            with self.crm.database.write() as db:
                freed = "UPDATE crm_job SET state = 'pending', owner = NULL, lease_until = NULL WHERE state IN ('running', 'queued')"
                db.connection.execute(sa.text(freed))
            return False
        return True

    def _later(self, seconds: float, what: str, agent: int) -> None:
        heapq.heappush(self.due, (self.clock.now() + dt.timedelta(seconds=seconds), next(self.serial), what, agent))

    # ---- people ------------------------------------------------------------------------------------------------------
    def _look_at_screens(self) -> None:
        """See what stands on the screens of all who look at theirs now: it is there already, so that one question does for all of them."""
        users = [agent for at, _n, what, agent in self.due if what == "work" and at <= self.clock.now()]
        if users:
            with self.crm.read() as uow:
                self.screens = {row[0]: tuple(row[1:]) for row in uow.connection.execute(_SCREENS, {"users": users})}

    def _actor(self, agent: int) -> Actor:
        return Actor(agent, f"M{agent}", roles=["manager"], teams=(1,))

    def _work(self, agent: int) -> None:
        """Look at the screen every few seconds, and act where a person has to."""
        self._later(self.chance.uniform(*LOOKS), "work", agent)
        turn_id, state, outcome, followed_at, key = self.screens.pop(agent, (None,) * 5)
        act = self._begin if turn_id is None else self._act(state, outcome, followed_at, key)
        if act is not None:
            with self.crm.uow(self._actor(agent)) as uow:
                act(uow)

    def _act(self, state: str | None, outcome: str | None, followed_at: dt.datetime | None, key: str | None) -> Callable[[Uow], object] | None:
        """What a person does of their own accord; mostly the dialer does everything."""
        if state is None:
            words = "interested"
        elif state == State.TALKING.value and self._machine(key):
            return voicemail
        elif state == State.ENDED.value and followed_at is not None:
            if outcome == Outcome.AGENT_NO_ANSWER.value and self.chance.random() < 0.5:
                return None
            words = "interested" if outcome == Outcome.ANSWERED.value else "no_answer"
        else:
            return None

        def close(uow: Uow) -> None:
            turn = current(uow)
            if turn is not None:
                complete(uow, turn.id, words)

        return close

    @staticmethod
    def _begin(uow: Uow) -> None:
        start(uow)
        try:
            next_turn(uow)
        except Refusal:
            resume(uow)

    def _machine(self, key: str | None) -> bool:
        true = self.pbx.truth.calls.get((key or "").partition(":")[2])
        return true is not None and any(leg.voicemail for leg in true.legs) and true.ended_at is None

    def _renew(self, agent: int) -> None:
        self._later(60, "renew", agent)
        with self.crm.uow(self._actor(agent)) as uow:
            open_now = uow.run(_OPEN, {"user": agent})
            if open_now and open_now[0][0] is not None:
                renew(uow, open_now[0][0])

    def _webhook(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(url)
        received = Received(method="POST" if body else "GET", path="phone", query=parts.query,
                            headers={"content-type": "application/x-www-form-urlencoded"}, body=body, peer="192.0.2.1")  # fmt: skip
        heard = self.provider.receive(received)

        def intake() -> None:
            with self.crm.uow() as uow:
                take(uow, "telfin", heard.events)

        return heard.status if self.safely(intake) else 500

    # ---- afterwards ----------------------------------------------------------------------------------------------------
    def close(self, minutes: float = 10) -> None:
        """Let everybody go home: nothing crashes any more, and no new task is opened."""
        self.crashes.every, self.due = 0, []
        for agent in range(1, self.agents + 1):
            with self.crm.uow(self._actor(agent)) as uow:
                try:
                    crmkit_taskqueue.stop(uow)
                except Refusal:
                    continue
        self.run(minutes)

    def wrong(self) -> list[str]:
        """Everything that went wrong, by both audits."""
        with self.crm.read() as uow:
            found = audit(uow, self.pbx.truth) + audit_of_the_queue(uow, slack=dt.timedelta(seconds=1))
            found += [f"number {n} is still taken" for n in uow.connection.execute(sa.select(live.c.number)).scalars()]
            left = sa.select(attempts.c.id, attempts.c.state).where(attempts.c.state != "ended")
            found += [f"attempt {key} is still {state}" for key, state in uow.connection.execute(left)]
        return found

    def figures(self) -> dict[str, object]:
        """What was done."""
        with self.crm.read() as uow:
            rows = uow.connection.execute(sa.select(attempts)).all()
        ended = collections.Counter(row.outcome or row.refused or "under way" for row in rows)
        off = sorted(abs((row.ended_at - row.deadline).total_seconds()) for row in rows if row.why == "timer" and row.outcome == "no_answer")
        return {
            "attempts": len(rows), "calls": len(self.pbx.truth), "crashes": self.crashes.count, "seconds": round(self.seconds, 1),
            "outcomes": dict(ended.most_common()), "p99_ms": round(1000 * off[int(len(off) * 0.99)]) if off else None,
        }  # fmt: skip


def furnish(crm: Crm, pbx: FakePbx, agents: int, tasks: int) -> None:
    """Write telephones of managers, clients with a number each, and a task for each client."""
    with crm.uow() as uow:
        for n in range(agents):
            extension = pbx.extension(str(101 + n))
            uow.add(Line(provider="telfin", extension=f"1111*{extension.name}", device=str(extension.id), owner_id=n + 1))
    clients = [{"name": f"Client {n}", "phone": f"+7495{1000000 + n}", "owner_id": n % agents + 1} for n in range(tasks)]
    with crm.uow() as uow:
        uow.add_many(Contact, clients)
    with crm.uow() as uow:
        keys = uow.connection.execute(sa.select(Contact.__table__.c.id).order_by(Contact.__table__.c.id)).scalars().all()
        now = uow.now
        uow.add_many(Task, [
            {"kind": "new_lead", "contact_id": key, "owner_id": n % agents + 1, "team_id": 1, "due_at": now - dt.timedelta(minutes=n % 300)}
            for n, key in enumerate(keys)
        ])  # fmt: skip


def compose(database: str, clock: MovableClock) -> Crm:
    """Compose the CRM of the day."""
    tables = {**SETTINGS, "crmkit": {"jobs": False}}
    return Crm(*PLUGINS, database=database, settings=tables, roles=ROLES, clock=clock)


if __name__ == "__main__":
    sys.stdout.write(__doc__ or "")
