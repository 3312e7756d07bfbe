"""The contract every way of running jobs must keep, on real threads and real time."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from crmkit.core.jobs import ClaimedJob, Handler, Jobs, Runner
from crmkit.core.jobs.table import job as table

from .conftest import Place, note, wait

pytestmark = pytest.mark.real_time("the contract is about threads, processes and engines that have clocks of their own")


def soon(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@attrs.define
class Stage:
    """A running engine, and what its handlers have seen."""

    place: Place
    jobs: Jobs
    runner: Runner
    heard: list[tuple[Any, float]] = attrs.Factory(list)
    failures: int = 0

    def has(self, what: str) -> bool:
        return any(said == what for said, _ in self.heard)

    def echo(self, context: Any, job: ClaimedJob) -> None:
        self.heard.append((job.args["x"], time.perf_counter()))

    def flaky(self, context: Any, job: ClaimedJob) -> None:
        self.failures += 1
        if self.failures < 3:
            raise ValueError("boom")
        self.echo(context, job)

    def write(self, context: Any, job: ClaimedJob) -> None:
        context.connection.execute(sa.insert(note).values(text=job.args["text"]))
        self.failures += 1
        if self.failures < 2:
            raise RuntimeError("after the write")


@pytest.fixture
def stage(anywhere: Place) -> Stage:
    jobs = anywhere.jobs()
    runner = anywhere.start(jobs)
    found = Stage(anywhere, jobs, runner)
    jobs.register("echo", Handler(found.echo))
    jobs.register("flaky", Handler(found.flaky, max_attempts=3, backoff=lambda n: soon(0.1)))
    jobs.register("write", Handler(found.write, max_attempts=2, backoff=lambda n: soon(0.05)))
    with jobs.begin() as context:  # an engine's worker takes its time to come up
        jobs.schedule(context.connection, "echo", {"x": "ready"})
    assert wait(lambda: found.has("ready"), 30)
    return found


def test_rollback_drops_the_job(stage: Stage) -> None:
    with suppress(ZeroDivisionError), stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "echo", {"x": "undone"})
        raise ZeroDivisionError
    with stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "echo", {"x": "later"}, delay=soon(0.2))
    assert wait(lambda: stage.has("later"))
    assert not stage.has("undone")


def test_runs_after_the_commit_and_not_before_it(stage: Stage) -> None:
    with stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "echo", {"x": "mine"})
        stage.jobs.wake()
        assert not wait(lambda: stage.has("mine"), 0.3)
    assert wait(lambda: stage.has("mine"))


def test_starts_within_a_moment_of_the_commit(stage: Stage) -> None:
    def once(name: str) -> float:
        with stage.jobs.begin() as context:
            stage.jobs.schedule(context.connection, "echo", {"x": name})
        committed = time.perf_counter()
        assert wait(lambda: stage.has(name))
        return next(moment for said, moment in stage.heard if said == name) - committed

    # No limit of time here: those belong to bench/. Far below the runner's own look every five seconds will do.
    assert min(once(f"quick {n}") for n in range(3)) < 1.0


def test_cancel_by_key_silences_a_timer(stage: Stage) -> None:
    with stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "echo", {"x": "call"}, delay=soon(0.5), key="timer:call:1")
        stage.jobs.schedule(context.connection, "echo", {"x": "after"}, delay=soon(0.7))
    with stage.jobs.begin() as context:
        assert stage.jobs.cancel(context.connection, "timer:call:1")
        assert not stage.jobs.cancel(context.connection, "timer:call:1")
    assert wait(lambda: stage.has("after"))
    assert not stage.has("call")


def test_a_cancellation_rolled_back_still_fires(stage: Stage) -> None:
    with stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "echo", {"x": "call"}, delay=soon(0.4), key="timer:call:2")
    with suppress(ZeroDivisionError), stage.jobs.begin() as context:
        assert stage.jobs.cancel(context.connection, "timer:call:2")
        raise ZeroDivisionError
    assert wait(lambda: stage.has("call"))


def test_replace_by_key(stage: Stage) -> None:
    with stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "echo", {"x": "old"}, delay=soon(0.3), key="debounce")
        stage.jobs.schedule(context.connection, "echo", {"x": "new"}, delay=soon(0.4), key="debounce")
    assert wait(lambda: stage.has("new"))
    assert not stage.has("old")


def test_ignore_by_key_leaves_the_transaction_usable(stage: Stage) -> None:
    ignore: dict[str, Any] = {"key": "once", "on_conflict": "ignore"}
    with stage.jobs.begin() as context:
        first = stage.jobs.schedule(context.connection, "echo", {"x": "first"}, delay=soon(0.3), **ignore)
        second = stage.jobs.schedule(context.connection, "echo", {"x": "second"}, **ignore)
        stage.jobs.schedule(context.connection, "echo", {"x": "other"})
    assert first is not None
    assert second is None
    assert wait(lambda: stage.has("first") and stage.has("other"))
    assert not stage.has("second")


def test_cancel_by_subject(stage: Stage) -> None:
    with stage.jobs.begin() as context:
        for step in range(5):
            key = f"card:7:step{step}"
            stage.jobs.schedule(context.connection, "echo", {"x": key}, delay=soon(60), key=key, subject="card:7")
    with stage.jobs.begin() as context:
        assert stage.jobs.cancel_subject(context.connection, "card:7") == 5
    assert not stage.jobs.find(subject="card:7")


def test_retries_with_a_pause(stage: Stage) -> None:
    with stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "flaky", {"x": "third time"})
    assert wait(lambda: stage.has("third time"))
    assert stage.failures == 3


def test_the_effect_of_a_failed_attempt_is_undone_and_of_the_next_kept_once(stage: Stage) -> None:
    with stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "write", {"text": "once"})
    assert wait(lambda: stage.place.notes(stage.jobs, "once") == 1)
    assert wait(lambda: not stage.jobs.find(kind="write"))
    assert stage.place.notes(stage.jobs, "once") == 1


def test_cron_fires_once_per_tick(stage: Stage) -> None:
    with stage.jobs.begin() as context:
        stage.jobs.crons.set(context.connection, "each second", "* * * * * *", "echo", {"x": "tick"})
    began = time.monotonic()
    assert wait(lambda: sum(said == "tick" for said, _ in stage.heard) >= 3)
    assert 1.9 < time.monotonic() - began < 6
    with stage.jobs.begin() as context:
        stage.jobs.crons.remove(context.connection, "each second")


def test_a_timer_months_away_is_kept(stage: Stage) -> None:
    with stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "echo", {"x": "far"}, at=datetime(2035, 6, 1, tzinfo=UTC), key="far")
    with stage.jobs.store.read() as reading:
        assert reading.execute(sa.select(table.c.run_at).where(table.c.key == "far")).scalar() == 2064268800000


def test_two_engines_in_one_process_do_not_mix(stage: Stage, tmp_path: Any) -> None:
    (tmp_path / "other").mkdir()
    other = Place("sqlite", f"sqlite:///{tmp_path}/other/jobs.db")
    heard: list[Any] = []
    jobs = other.jobs()
    jobs.register("echo", Handler(lambda context, job: heard.append(job.args["x"])))
    other.start(jobs)
    with jobs.begin() as context, stage.jobs.begin() as here:
        jobs.schedule(context.connection, "echo", {"x": "there"})
        stage.jobs.schedule(here.connection, "echo", {"x": "here"})
    assert wait(lambda: heard == ["there"] and stage.has("here"))
    assert not stage.has("there")
    other.close()


def test_a_job_with_higher_attempts_reached_is_dead(stage: Stage) -> None:
    stage.failures = -100
    with stage.jobs.begin() as context:
        stage.jobs.schedule(context.connection, "flaky", {"x": "never"})
    assert wait(lambda: stage.jobs.counts()["dead"] == 1)
    assert "ValueError: boom" in (stage.jobs.find("dead")[0].error or "")
