"""The places the jobs engine must behave alike in: both databases, and both transports."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from crmkit.core.clock import Clock, MovableClock, SystemClock
from crmkit.core.database import open_engine
from crmkit.core.jobs import Jobs, Runner, Transport, metadata
from tests._postgres import drop, postgres_dsn

business = sa.MetaData()
note = sa.Table("note", business, sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String(50)))


def wait(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Look until the condition holds, at most so long: threads of a runner are not to be hurried."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


@attrs.define
class Place:
    """A database with the tables in it, and whatever was opened on it."""

    name: str
    url: str
    dsn: str = ""
    opened: list[sa.Engine] = attrs.Factory(list)
    runners: list[Runner] = attrs.Factory(list)

    @property
    def postgres(self) -> bool:
        return self.name != "sqlite"

    def engine(self, **options: Any) -> sa.Engine:
        engine = open_engine(self.url, **options)
        self.opened.append(engine)
        return engine

    def jobs(self, clock: Clock | None = None, **options: Any) -> Jobs:
        jobs = Jobs(self.engine(), clock or SystemClock(), chance=random.Random(7), **options)
        with jobs.begin() as context:
            metadata.create_all(context.connection)
            business.create_all(context.connection)
        return jobs

    def transport(self) -> Transport | None:
        if self.name == "procrastinate":
            from crmkit.core.jobs.transports.procrastinate import ProcrastinateTransport

            return ProcrastinateTransport(self.dsn)
        if self.name == "pgqueuer":
            from crmkit.core.jobs.transports.pgqueuer import PgQueuerTransport

            return PgQueuerTransport(self.dsn)
        return None

    def start(self, jobs: Jobs, *args: Any, **options: Any) -> Runner:
        transport = self.transport()
        if transport:
            transport.install()
        runner = Runner(jobs, *args, **{"lease": 3.0, "concurrency": 4, "transport": transport, **options})
        self.runners.append(runner)
        return runner.start()

    def notes(self, jobs: Jobs, text: str) -> int:
        with jobs.store.read() as reading:
            found = reading.execute(
                sa.select(sa.func.count()).select_from(note).where(note.c.text == text)
            ).scalar_one()
            return int(found)

    def close(self) -> None:
        for runner in self.runners:
            runner.stop(5)
        for engine in self.opened:
            engine.dispose()
        if self.dsn:
            drop(self.dsn)


def _place(name: str, folder: Path) -> Place:
    if name == "sqlite":
        return Place(name, f"sqlite:///{folder}/jobs.db")
    dsn = postgres_dsn()
    return Place(name, dsn, dsn)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    found = _place(request.param, tmp_path)
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgresql", "procrastinate", "pgqueuer"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "procrastinate":
        pytest.importorskip("procrastinate")
    if request.param == "pgqueuer":
        pytest.importorskip("pgqueuer")
    found = _place(request.param, tmp_path)
    yield found
    found.close()


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Place]:
    found = _place("postgresql", tmp_path)
    yield found
    found.close()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def jobs(place: Place, clock: MovableClock) -> Jobs:
    return place.jobs(clock)


@pytest.fixture
def runner(jobs: Jobs) -> Runner:
    """A runner without threads: `run_due()`."""
    return Runner(jobs)


@pytest.fixture(autouse=True)
def no_thread_dies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    died: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    yield
    assert not died
