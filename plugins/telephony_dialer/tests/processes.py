"""A call centre in processes of its own: one takes webhooks in, others run the jobs, one is the managers at their screens.

    python -m plugins.telephony_dialer.tests.processes '{"database": …}'   # `Centre` starts it

The exchange is in the process that asks, speaks HTTP to the others, and keeps the truth: it is the one that is never killed. The others are
forked from a process that has everything loaded, so that who was killed is soon back, as nothing of what it knew.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import heapq
import itertools
import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import attrs
import httpx
import sqlalchemy as sa

import crmkit_taskqueue
from crmkit import Actor, Crm, Refusal, Uow
from crmkit.core import migrate
from crmkit.core.clock import SystemClock
from crmkit.core.work import runner, set_crons
from crmkit_taskqueue import complete, current, next_turn, renew, resume, start
from crmkit_taskqueue.audit import audit as audit_of_the_queue
from crmkit_telephony import Outcome, hook_path
from crmkit_telephony_dialer.audit import audit
from crmkit_telephony_dialer.store import Row, of_turn
from crmkit_telephony_dialer.tables import attempts, live
from crmkit_telephony_telfin.fake import Extension, FakePbx, Faults, Habits, answers, serve

from .day import PLUGINS, ROLES, furnish

ROOT = Path(__file__).parents[3]
KINDS = ("web", "work", "people")


@attrs.frozen
class Asked:
    """What all processes of a centre know."""

    database: str
    pbx: str
    port: int
    agents: int
    ring: int = 20
    lease: float = 30.0
    threads: int = 4
    looks: tuple[float, float] = (1.0, 3.0)

    def compose(self) -> Crm:
        """The CRM, as each process has it."""
        tables: dict[str, dict[str, t.Any]] = {
            "crmkit": {"jobs": False}, "sales": {"country": "RU"}, "taskqueue": {"client_hours": ["mon-sun 00:00-24:00"]},
            "telephony": {"public_url": f"http://127.0.0.1:{self.port}"}, "telephony_dialer": {"ring_time": f"{self.ring}s"},
            "telephony_telfin": {"app_id": "fake-app", "app_secret": "fake-secret", "base_url": self.pbx, "subscribe": "all_phones"},
        }  # fmt: skip
        return Crm(*PLUGINS, database=self.database, settings=tables, roles=ROLES)


# ---- what the processes do -----------------------------------------------------------------------------------------------
def web(crm: Crm, asked: Asked) -> None:
    """Take in what the provider tells."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount

    app = Starlette(routes=[Mount("/", crm.embedded(actor=lambda connection: None))], lifespan=crm.lifespan())
    uvicorn.run(app, host="127.0.0.1", port=asked.port, log_level="error", access_log=False, timeout_graceful_shutdown=1)


def work(crm: Crm, asked: Asked) -> None:
    """Run the jobs."""
    set_crons(crm)
    runner(crm, lease=asked.lease, concurrency=asked.threads).start()
    signal.pause()


def people(crm: Crm, asked: Asked) -> None:
    """Be the managers: look at the screen every few seconds, and act where a person has to."""
    serial, chance = itertools.count(), random.Random()
    began = time.monotonic()
    first = max(asked.looks[1], asked.agents / 12)  # they do not all come in at once
    due = [(began + chance.uniform(0, first), next(serial), _look, n + 1) for n in range(asked.agents)]
    due += [(began + chance.uniform(20, 80), next(serial), _renew, n + 1) for n in range(asked.agents)]
    heapq.heapify(due)
    while True:
        at, _n, act, agent = heapq.heappop(due)
        time.sleep(max(0.0, at - time.monotonic()))
        with contextlib.suppress(Refusal):  # the database may be busy, or somebody else was quicker
            act(crm, Actor(agent, f"M{agent}", roles=["manager"], teams=(1,)))
        pause = chance.uniform(*asked.looks) if act is _look else 60.0
        heapq.heappush(due, (max(at, time.monotonic() - 1) + pause, next(serial), act, agent))


def _look(crm: Crm, actor: Actor) -> None:
    with crm.read(actor) as uow:
        turn = current(uow)
        row = None if turn is None else of_turn(uow, turn.id)
    words = None if turn is None else _words(row)
    if turn is not None and words is None:
        return
    with crm.uow(actor) as uow:
        if turn is None:
            _begin(uow)
        elif words is not None:
            complete(uow, turn.id, words)


def _words(row: Row | None) -> str | None:
    """How a manager closes the open task; None where the dialer has not come to an end with it."""
    if row is None:
        return "interested"
    if not row.is_over or row.followed_at is None:
        return None
    return "interested" if row.a.outcome is Outcome.ANSWERED else "no_answer"


def _begin(uow: Uow) -> None:
    start(uow)
    try:
        next_turn(uow)
    except Refusal:
        resume(uow)


def _renew(crm: Crm, actor: Actor) -> None:
    with crm.uow(actor) as uow:
        turn = current(uow)
        if turn is not None:
            renew(uow, turn.id)


def main() -> None:
    """Have everything loaded, and fork off who is asked for."""
    told = json.loads(sys.argv[1])
    asked = Asked(**{**told, "looks": tuple(told["looks"])})
    logging.disable(logging.CRITICAL)
    crm = asked.compose()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are forgotten at once
    for line in sys.stdin:
        kind = line.strip()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(0)
            try:
                {"web": web, "work": work, "people": people}[kind](crm, asked)
            finally:
                os._exit(1)
        answers.write(f"{child}\n")


# ---- who asks ----------------------------------------------------------------------------------------------------------------
@attrs.define(eq=False)
class Centre:
    """The exchange, the processes around it, and the books that are compared at the end."""

    asked: Asked
    crm: Crm
    pbx: FakePbx
    starter: subprocess.Popen[str]
    running: list[tuple[str, int]] = attrs.field(factory=list)
    kills: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(KINDS, 0))

    def start(self, kind: str) -> None:
        """Start a process."""
        assert self.starter.stdin is not None
        assert self.starter.stdout is not None
        self.starter.stdin.write(f"{kind}\n")
        self.starter.stdin.flush()
        self.running.append((kind, int(self.starter.stdout.readline())))

    def kill(self, kind: str, number: int) -> None:
        """End a process at once, without a last word."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
        self.running.remove((kind, number))

    def murder(self, chance: random.Random) -> None:
        """Kill one of the processes, and start another in its place."""
        kind, number = chance.choice(self.running)
        self.kill(kind, number)
        self.kills[kind] += 1
        self.start(kind)

    def suffer(self, kills: int, chance: random.Random, pause: tuple[float, float] = (0.5, 5.0)) -> None:
        """Kill so many processes at random moments."""
        for kind in ("web", "work", "work", "people"):
            self.start(kind)
        if not self.is_heard():
            raise RuntimeError("nobody takes webhooks in")
        for _each in range(kills):
            time.sleep(chance.uniform(*pause))
            self.murder(chance)

    def stop(self) -> None:
        """End all of them."""
        for kind, number in list(self.running):
            self.kill(kind, number)

    def is_heard(self, timeout: float = 60) -> bool:
        """Wait until webhooks can be taken in."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(f"http://127.0.0.1:{self.asked.port}/healthz", timeout=5).status_code == 200
            time.sleep(0.05)
        return False

    def under_way(self) -> int:
        """How many attempts are not over."""
        with self.crm.read() as uow:
            open_ones = sa.or_(attempts.c.state != "ended", attempts.c.followed_at.is_(None))
            return int(uow.connection.execute(sa.select(sa.func.count()).where(open_ones)).scalar_one())

    def close(self, timeout: float = 240) -> None:
        """Let everybody go home, and wait until the last call is over."""
        for kind, number in list(self.running):
            if kind == "people":
                self.kill(kind, number)
        for agent in range(1, self.asked.agents + 1):
            with contextlib.suppress(Refusal), self.crm.uow(Actor(agent, f"M{agent}", roles=["manager"], teams=(1,))) as uow:
                crmkit_taskqueue.stop(uow)
        until = time.monotonic() + timeout
        while self.under_way() and time.monotonic() < until:
            time.sleep(0.5)

    def wrong(self) -> list[str]:
        """Everything that went wrong, by both audits and the exchange."""
        with self.crm.read() as uow:
            found = audit(uow, self.pbx.truth) + audit_of_the_queue(uow, slack=dt.timedelta(seconds=5))
            found += [f"number {n} is still taken" for n in uow.connection.execute(sa.select(live.c.number)).scalars()]
            left = sa.select(attempts.c.id, attempts.c.state).where(attempts.c.state != "ended")
            found += [f"attempt {key} is still {state}" for key, state in uow.connection.execute(left)]
            dead = sa.text("SELECT kind, count(*) FROM crm_job WHERE state = 'dead' GROUP BY kind")
            found += [f"{count} jobs {kind} are dead" for kind, count in uow.connection.execute(dead)]
        found += [f"{a.call_id} and {b.call_id} rang at {a.number} at once" for a, b in self.pbx.truth.overlapping()]
        return found

    def made(self) -> int:
        """How many attempts were made."""
        with self.crm.read() as uow:
            return int(uow.connection.execute(sa.select(sa.func.count()).select_from(attempts)).scalar_one())

    def outcomes(self) -> dict[str, int]:
        """How the attempts ended."""
        with self.crm.read() as uow:
            how = sa.func.coalesce(attempts.c.outcome, attempts.c.refused)
            counted = sa.select(how, sa.func.count()).group_by(how).order_by(sa.func.count().desc())
            return {str(name): int(count) for name, count in uow.connection.execute(counted)}


HURRIED = Habits(
    answer_rate=0.35, voicemail=0, busy=0.15, rejects=0.1, unavailable=0.1, invalid=0.02, answer_after=(1.0, 13.0), talks=(1.0, 10.0))  # fmt: skip
"""People with little time: more happens within a minute."""


def free_port() -> int:
    """Return a port nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def centre(
    database: str, agents: int, tasks: int, *, habits: Habits, faults: Faults | None = None, seed: int = 1, **asked: t.Any,
) -> Iterator[Centre]:  # fmt: skip
    """Open a call centre: everything is there, no process of it runs yet."""
    extensions = [Extension(str(101 + n), behaviour=answers(after=1.0)) for n in range(agents)]
    with httpx.Client(timeout=5, limits=httpx.Limits(max_keepalive_connections=8)) as http:
        pbx = FakePbx(
            SystemClock(), extensions=extensions, habits=habits, faults=faults or Faults.seen(), seed=seed, ring_seconds=40,
            send=lambda url, body, headers: http.request("POST" if body else "GET", url, content=body, headers=headers).status_code)  # fmt: skip
        with serve(pbx) as served:
            given = Asked(database=database, pbx=served.url, port=free_port(), agents=agents, **asked)
            crm = given.compose()
            migrate.create(crm.engine, migrate.owners_of(crm))
            furnish(crm, pbx, agents, tasks)
            with crm.uow() as uow:
                hook = f"http://127.0.0.1:{given.port}{hook_path(uow, 'telfin')}phone"
            for kind in ("dial-in", "dial-out", "answer", "hangup"):
                pbx.webhooks.subscribe(None, hook, kind)
            command = [sys.executable, "-m", "plugins.telephony_dialer.tests.processes", json.dumps(attrs.asdict(given))]
            with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
                found = Centre(given, crm, pbx, starter)
                try:
                    yield found
                finally:
                    found.stop()
                    starter.kill()
                    crm.engine.dispose()


if __name__ == "__main__":
    main()
