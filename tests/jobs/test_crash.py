"""What one process alone cannot show: workers killed, connections cut, files locked, workers that race."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from crmkit.core.clock import SystemClock
from crmkit.core.jobs import ClaimedJob, Handler, Jobs, Runner
from tests.suite.forked import Forked

from .conftest import Place, note, wait

pytestmark = pytest.mark.real_time("processes that are killed have clocks of their own")

WORKER = Path(__file__).with_name("worker.py")


@contextmanager
def worker(place: Place, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A real process with a runner; see worker.py for what its handlers do."""
    command = [str(WORKER), place.url, json.dumps(options)]
    with Forked(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def put(jobs: Jobs, kind: str, text: str, **options: Any) -> None:
    with jobs.begin() as context:
        jobs.schedule(context.connection, kind, {"text": text}, **options)


def test_a_worker_killed_in_the_middle_of_a_handler_loses_nothing_and_doubles_nothing(place: Place) -> None:
    jobs = place.jobs()
    with worker(place, lease=0.6) as first:
        put(jobs, "write and hang", "once")
        assert first.stdout is not None
        assert first.stdout.readline() == "hangs\n"  # has written its row, has not committed
        assert jobs.find("running")[0].attempts == 1
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert place.notes(jobs, "once") == 0
    with worker(place, lease=0.6, hang=False):
        assert wait(lambda: place.notes(jobs, "once") == 1, 20)
        assert wait(lambda: not jobs.find())
    assert place.notes(jobs, "once") == 1


def test_a_job_that_kills_its_workers_dies_in_the_end(place: Place) -> None:
    jobs = place.jobs()
    put(jobs, "kill", "poison", max_attempts=2)
    for _ in range(2):
        with worker(place, lease=0.4) as process:
            assert process.wait(20) == -signal.SIGKILL
    with worker(place, lease=0.4, hang=False):
        assert wait(lambda: jobs.counts()["dead"] == 1, 20)
    assert jobs.find("dead")[0].attempts == 2


def test_a_worker_that_is_stopped_gives_back_what_it_cannot_finish(place: Place) -> None:
    jobs = place.jobs()
    with worker(place, lease=60, stop=0.3) as process:
        put(jobs, "hang outside", "slow")
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "hangs\n"
        process.stdin.close()
        assert process.wait(20) == 0
    [back] = jobs.find()
    assert (back.state, back.attempts) == ("pending", 1)


def test_two_workers_race_two_thousand_jobs_and_run_each_once(place: Place) -> None:
    jobs = place.jobs()
    with worker(place), worker(place):
        for start in range(0, 2000, 250):
            rows = [jobs.row("write", {"text": f"race {n}"}) for n in range(start, start + 250)]
            with jobs.begin() as context:
                jobs.schedule_many(context.connection, rows)
        assert wait(lambda: not jobs.find(limit=1), 90), jobs.counts()
    with jobs.store.read() as reading:
        texts = Counter(reading.execute(sa.select(note.c.text).where(note.c.text.like("race %"))).scalars())
        workers = set(reading.execute(sa.select(note.c.text).where(note.c.text.like("by %"))).scalars())
    assert len(texts) == 2000
    assert set(texts.values()) == {1}
    assert workers  # each tells of its first job


def cut_all(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as admin:
        found = admin.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    return int(found[0]) if found else 0


def test_every_connection_cut_loses_nothing_and_doubles_nothing(postgres: Place) -> None:
    jobs = postgres.jobs()
    begun = threading.Event()

    def write(context: Any, job: ClaimedJob) -> None:
        context.connection.execute(sa.insert(note).values(text=job.args["text"]))
        if job.attempts == 1 and job.args["text"] == "cut":
            begun.set()
            wait(lambda: context.connection.exec_driver_sql("SELECT 1") is None, 5)

    jobs.register("write", Handler(write))
    postgres.start(jobs, lease=2.0)
    put(jobs, "write", "cut")
    assert begun.wait(5)
    assert cut_all(postgres.dsn) >= 2
    other = Jobs(postgres.engine(), SystemClock())  # not of this process: it cannot wake the runner except by NOTIFY
    began = time.monotonic()
    put(other, "write", "after the cut")
    assert wait(lambda: postgres.notes(other, "after the cut") == 1)
    assert time.monotonic() - began < 4.5  # before the runner would have looked by itself
    assert wait(lambda: postgres.notes(other, "cut") == 1, 20)
    assert wait(lambda: not other.find())
    assert postgres.notes(other, "cut") == 1


def test_connections_cut_again_and_again_under_load(postgres: Place) -> None:
    jobs = postgres.jobs()
    jobs.register(
        "write",
        Handler(
            lambda context, job: context.connection.execute(sa.insert(note).values(text=job.args["text"])),
            max_attempts=100,
            backoff=lambda n: timedelta(seconds=0.05),
        ),
    )
    with jobs.begin() as context:
        jobs.schedule_many(context.connection, [jobs.row("write", {"text": f"load {n}"}) for n in range(600)])
    postgres.start(jobs, lease=1.0)
    for _ in range(5):
        wait(lambda: False, 0.15)
        cut_all(postgres.dsn)

    def gone() -> bool:
        try:
            return not jobs.find(limit=1)
        except Exception:  # this look may be cut off as well
            return False

    assert wait(gone, 60)
    with jobs.store.read() as reading:
        texts = Counter(reading.execute(sa.select(note.c.text)).scalars())
    assert len(texts) == 600
    assert set(texts.values()) == {1}


def test_a_locked_sqlite_file_only_delays(tmp_path: Path) -> None:
    place = Place("sqlite", f"sqlite:///{tmp_path}/jobs.db")
    jobs = place.jobs()
    jobs.register("write", Handler(lambda context, job: context.connection.execute(sa.insert(note).values(text="w"))))
    place.start(jobs)
    with sqlite3.connect(tmp_path / "jobs.db", isolation_level=None, check_same_thread=False) as other:
        put(jobs, "write", "w", delay=timedelta(seconds=0.3))
        other.execute("BEGIN IMMEDIATE")
        assert not wait(lambda: place.notes(jobs, "w"), 1.0)
        other.execute("COMMIT")
    other.close()
    assert wait(lambda: place.notes(jobs, "w") == 1, 20)
    assert wait(lambda: not jobs.find())
    place.close()


def test_another_process_is_noticed_long_before_the_next_look(place: Place) -> None:
    jobs = place.jobs()
    with worker(place, poll=30):
        put(jobs, "write", "first")
        assert wait(lambda: place.notes(jobs, "first") == 1)
        put(jobs, "write", "timer", delay=timedelta(seconds=0.4))
        began = time.monotonic()
        assert wait(lambda: place.notes(jobs, "timer") == 1)
        assert time.monotonic() - began < 5


def test_what_runs_out_of_time_is_undone_and_the_thread_replaced(postgres: Place) -> None:
    jobs = postgres.jobs()
    release, late = threading.Event(), []

    def slow(context: Any, job: ClaimedJob) -> None:
        context.connection.execute(sa.insert(note).values(text="slow"))
        release.wait(20)
        late.append(job.attempts)

    jobs.register("slow", Handler(slow, max_attempts=1, timeout=timedelta(seconds=0.2)))
    jobs.register("write", Handler(lambda context, job: context.connection.execute(sa.insert(note).values(text="w"))))
    postgres.start(jobs, concurrency=1, lease=1.0)
    put(jobs, "slow", "")
    assert wait(lambda: jobs.counts()["dead"] == 1)
    put(jobs, "write", "")
    assert wait(lambda: postgres.notes(jobs, "w") == 1)  # the only thread is still held by the first
    release.set()
    assert wait(lambda: late == [1])
    assert jobs.counts()["dead"] == 1
    assert postgres.notes(jobs, "slow") == 0


def test_a_heartbeat_keeps_a_long_job(place: Place) -> None:
    jobs = place.jobs()
    seen: list[int] = []

    def long(context: Any, job: ClaimedJob) -> None:
        seen.append(job.attempts)
        wait(lambda: False, 1.2)

    jobs.register("long", Handler(long, transaction=False))
    for _ in range(2):
        place.start(jobs, lease=0.3)
    put(jobs, "long", "")
    assert wait(lambda: seen and not jobs.find())
    assert seen == [1]


def test_jobs_claimed_ahead_go_elsewhere_when_every_thread_is_held(postgres: Place) -> None:
    jobs = postgres.jobs()
    release = threading.Event()
    jobs.register("wait", Handler(lambda context, job: release.wait(20), transaction=False))
    jobs.register("write", Handler(lambda context, job: context.connection.execute(sa.insert(note).values(text="w"))))
    with jobs.begin() as context:
        rows = [jobs.row("wait"), jobs.row("wait"), jobs.row("write"), jobs.row("write")]
        jobs.schedule_many(context.connection, rows)
    postgres.start(jobs, concurrency=2, lease=1.0)
    assert wait(lambda: len(jobs.find("running")) == 4)
    postgres.start(jobs, concurrency=2, lease=1.0)
    assert wait(lambda: postgres.notes(jobs, "w") == 2)
    assert [job.attempts for job in jobs.find()] == [1, 1]
    release.set()
    assert wait(lambda: not jobs.find())


def test_a_moved_clock_wakes_the_threads(place: Place) -> None:
    from crmkit.core.clock import MovableClock

    clock = MovableClock()
    jobs = place.jobs(clock)
    ran: list[str] = []
    jobs.register("say", Handler(lambda context, job: ran.append(job.args["text"])))
    jobs.register("long", Handler(lambda context, job: clock.forward(days=40), transaction=False))
    place.start(jobs)
    put(jobs, "say", "in a month", delay=timedelta(days=30))
    put(jobs, "long", "")  # leases are kept in real time: moving the clock takes no job from its runner
    assert wait(lambda: ran == ["in a month"] and not jobs.find())
    assert jobs.counts()["dead"] == 0


def test_the_databases_clock_is_agreed_on(postgres: Place) -> None:
    from datetime import datetime

    from crmkit.core.clock import Clock
    from crmkit.core.jobs import DatabaseClock

    class Wrong(Clock):
        def now(self) -> datetime:
            return SystemClock().now() + timedelta(hours=3)

    clock = DatabaseClock(postgres.engine(), Wrong())
    assert abs(clock.offset + timedelta(hours=3)) < timedelta(seconds=0.5)
    assert abs(clock.now() - SystemClock().now()) < timedelta(seconds=0.5)


def test_stopping_twice_or_before_starting_does_no_harm(place: Place) -> None:
    jobs = place.jobs()
    Runner(jobs).stop()
    with Runner(jobs) as runner:
        runner.stop()


def test_cron_lines_fire_while_there_is_always_something_to_do(place: Place) -> None:
    jobs = place.jobs()
    ticks: list[str] = []
    stop = threading.Event()

    def again(context: Any, job: ClaimedJob) -> None:
        if not stop.is_set():
            jobs.schedule(context.connection, "again", {})

    jobs.register("again", Handler(again))
    jobs.register("tick", Handler(lambda context, job: ticks.append(job.args["tick"]), plugin="cron"))
    with jobs.begin() as context:
        jobs.schedule_many(context.connection, [jobs.row("again") for _ in range(40)])
        jobs.crons.set(context.connection, "each second", timedelta(seconds=1), "tick")
    place.start(jobs)
    assert wait(lambda: len(ticks) >= 3, 15)
    stop.set()
    assert len(set(ticks)) == len(ticks)


def test_a_row_held_by_another_transaction_is_waited_for(postgres: Place) -> None:
    jobs = postgres.jobs()
    ran: list[str] = []
    jobs.register("say", Handler(lambda context, job: ran.append(job.args["text"])))
    put(jobs, "say", "moved", key="k", delay=timedelta(seconds=0.3))
    postgres.start(jobs)
    with jobs.begin() as context:
        jobs.schedule(context.connection, "say", {"text": "late"}, key="k")
        assert not wait(lambda: ran, 0.8)
    assert wait(lambda: ran == ["late"])
