"""Scheduling, cancelling, freezing, failing, dying, replaying: on a clock that stands still until it is moved."""

from __future__ import annotations

import logging
import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit.core.clock import MovableClock
from crmkit.core.errors import Misuse
from crmkit.core.jobs import Backoff, ClaimedJob, Handler, Jobs, Runner
from crmkit.core.jobs.table import job as table

from .conftest import Place, note

DAY = timedelta(days=1)


@pytest.fixture
def ran(jobs: Jobs) -> list[str]:
    found: list[str] = []
    jobs.register("say", Handler(lambda context, job: found.append(job.args["x"]), plugin="sales"))
    return found


def put(jobs: Jobs, x: str, kind: str = "say", **options: Any) -> int | None:
    with jobs.begin() as context:
        return jobs.schedule(context.connection, kind, {"x": x}, **options)


def test_runs_in_the_order_of_time_priority_and_id(
    jobs: Jobs, runner: Runner, clock: MovableClock, ran: list[str]
) -> None:
    put(jobs, "late", delay=2 * DAY, queue="other")
    put(jobs, "b", delay=DAY)
    put(jobs, "urgent", delay=DAY, priority=-1)
    put(jobs, "c", delay=DAY, queue="another")
    put(jobs, "now")
    assert runner.run_due() == 1
    clock.forward(days=5)
    assert runner.run_due(limit=3) == 3
    assert runner.run_due() == 1
    assert ran == ["now", "urgent", "b", "c", "late"]
    assert runner.next_due() is None


def test_what_a_job_schedules_for_now_runs_in_the_same_go(jobs: Jobs, runner: Runner) -> None:
    seen: list[int] = []

    def step(context: Any, job: ClaimedJob) -> None:
        seen.append(job.args["n"])
        if job.args["n"] < 5:
            jobs.schedule(context.connection, "step", {"n": job.args["n"] + 1}, key="the one")

    jobs.register("step", Handler(step))
    with jobs.begin() as context:
        jobs.schedule(context.connection, "step", {"n": 1}, key="the one")
    assert runner.run_due() == 5
    assert seen == [1, 2, 3, 4, 5]
    assert sum(jobs.counts().values()) == 0


def test_moments_are_aware_and_one_of_two(jobs: Jobs) -> None:
    with pytest.raises(Misuse, match="tzinfo"):
        jobs.row("say", at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake
    with pytest.raises(Misuse, match="leave out"):
        jobs.row("say", at=datetime(2026, 1, 1, tzinfo=UTC), delay=DAY)
    assert jobs.row("say", at=datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))["run_at"] == 1000


def test_many_at_once_with_and_without_keys(jobs: Jobs, runner: Runner, ran: list[str]) -> None:
    rows = [jobs.row("say", {"x": str(n)}, key="same" if n % 2 else None, cause="import") for n in range(6)]
    with jobs.begin() as context:
        jobs.schedule_many(context.connection, rows)
        jobs.schedule_many(context.connection, [])
    assert runner.run_due() == 4
    assert sorted(ran) == ["0", "2", "4", "5"]


def test_forty_keyed_schedules_on_one_connection(jobs: Jobs) -> None:
    """PostgreSQL turns to a generic plan after some; a predicate with parameters would no longer match the index."""
    with jobs.begin() as context:
        for n in range(60):
            jobs.schedule(context.connection, "say", {"x": str(n)}, key=f"call:{n % 7}", delay=DAY, subject="card:1")
            jobs.schedule(context.connection, "say", {"x": "no"}, key=f"call:{n % 7}", on_conflict="ignore")
            jobs.cancel(context.connection, f"call:{(n + 3) % 7}")
            jobs.hold(context.connection, "card:2")
            jobs.release(context.connection, "card:2")
        jobs.cancel_subject(context.connection, "card:2")
    assert len(jobs.find("pending")) == 4


def test_the_hot_statements_walk_indexes(place: Place, jobs: Jobs) -> None:
    from crmkit.core.jobs import statements as sql

    with jobs.begin() as context:
        rows = [jobs.row("say", key=f"k{n}", subject=f"card:{n}", delay=DAY) for n in range(500)]
        jobs.schedule_many(context.connection, rows)
    with jobs.store.read() as reading:
        if jobs.store.postgres:
            reading.exec_driver_sql("ANALYZE crm_job")
        for statement, index in (
            (sql.CANCEL_KEY, "crm_job_key"),
            (sql.CANCEL_SUBJECT, "crm_job_subject"),
            (sql.claim(1, paused=False, unknown=False, store=jobs.store), "crm_job_due"),
            (sql.expired(jobs.store), "crm_job_lease"),
        ):
            names = {"cancelled": "x", "queue_0": "default", "wanted": 1, "moment": 1, "new_owner": "x", "lease": 1}
            compiled = statement.compile(reading.engine, compile_kwargs={"render_postcompile": True})
            values = {k: names.get(k, 1 if v is None else v) for k, v in compiled.params.items()}
            given: Any = tuple(values[k] for k in compiled.positiontup) if compiled.positiontup else values
            explain = "EXPLAIN " if jobs.store.postgres else "EXPLAIN QUERY PLAN "
            plan = "\n".join(str(tuple(row)) for row in reading.exec_driver_sql(explain + compiled.string, given))
            assert index in plan, plan


def test_hold_and_release_keep_the_time_that_was_left(
    jobs: Jobs, runner: Runner, clock: MovableClock, ran: list[str]
) -> None:
    put(jobs, "call", delay=3 * DAY, subject="person:1", key="call")
    put(jobs, "other", delay=3 * DAY, subject="person:2")
    clock.forward(days=1)
    with jobs.begin() as context:
        assert jobs.hold(context.connection, "person:1") == 1
        assert jobs.hold(context.connection, "person:1") == 0
    clock.forward(days=10)
    assert runner.run_due() == 1
    assert jobs.counts()["held"] == 1
    with jobs.begin() as context:
        assert jobs.release(context.connection, "person:1") == 1
    assert runner.next_due() == clock.now() + 2 * DAY
    clock.forward(days=2)
    assert runner.run_due() == 1
    assert ran == ["other", "call"]


def test_release_with_a_shift_counts_from_the_time_it_had(jobs: Jobs, clock: MovableClock, runner: Runner) -> None:
    due = clock.now() + 3 * DAY
    put(jobs, "call", delay=3 * DAY, subject="person:1")
    for shift in (timedelta(0), DAY):
        with jobs.begin() as context:
            jobs.hold(context.connection, "person:1")
            jobs.release(context.connection, "person:1", shift=shift)
        due += shift
        assert runner.next_due() == due


def test_what_is_scheduled_again_while_frozen_stays_frozen(jobs: Jobs, clock: MovableClock, runner: Runner) -> None:
    put(jobs, "call", delay=DAY, subject="person:1", key="call")
    with jobs.begin() as context:
        jobs.hold(context.connection, "person:1")
    clock.forward(days=5)
    put(jobs, "call again", delay=2 * DAY, subject="person:1", key="call")
    assert [job.args["x"] for job in jobs.find("held")] == ["call again"]
    clock.forward(days=5)
    with jobs.begin() as context:
        jobs.release(context.connection, "person:1")
    assert runner.next_due() == clock.now() + 2 * DAY
    with jobs.begin() as context:
        assert jobs.cancel(context.connection, "call")


def test_failures_wait_longer_each_time_then_die_and_can_be_replayed(
    jobs: Jobs, runner: Runner, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    def fragile(context: Any, job: ClaimedJob) -> None:
        context.connection.execute(sa.insert(note).values(text="half"))
        if broken:
            raise RuntimeError(f"no answer for token {job.args['token']}")

    jobs.register("fragile", Handler(fragile, backoff=Backoff(first=timedelta(seconds=4), jitter=0)))
    with jobs.begin() as context:
        number = jobs.schedule(context.connection, "fragile", {"token": "s3cr3t-t0ken"})
    pauses, last = [], clock.now()
    while (moment := runner.next_due()) is not None:
        pauses.append(round((moment - last).total_seconds()))
        last = clock.set(moment)
        assert runner.run_due() == 1
    assert pauses == [0, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    [dead] = jobs.find("dead")
    assert (dead.id, dead.attempts) == (number, 10)
    assert dead.error is not None
    assert dead.error.rstrip().endswith("RuntimeError: no answer for token …")
    assert "s3cr3t" not in dead.error + caplog.text + repr(dead)
    with jobs.begin() as context:
        assert jobs.replay(context.connection, [number or 0]) == 1
        assert jobs.discard(context.connection) == 0
    broken = False
    assert runner.run_due() == 1
    assert sum(jobs.counts().values()) == 0
    with jobs.store.read() as reading:
        assert reading.execute(sa.select(sa.func.count()).select_from(note)).scalar() == 1


def test_the_values_of_a_failed_statement_are_not_kept(jobs: Jobs, runner: Runner) -> None:
    secret = "-".join(["hunter2"] * 3)  # put together, for a traceback shows the line it stands in

    def wrong(context: Any, job: ClaimedJob) -> None:
        context.connection.execute(sa.text("INSERT INTO nowhere VALUES (:secret)"), {"secret": secret})

    jobs.register("wrong", Handler(wrong, max_attempts=1))
    put(jobs, "", "wrong")
    assert runner.run_due() == 1
    error = jobs.find("dead")[0].error or ""
    assert "nowhere" in error
    assert secret not in error


def test_reraise_shows_a_test_what_failed(jobs: Jobs, runner: Runner) -> None:
    def wrong(context: Any, job: ClaimedJob) -> None:
        raise LookupError("there")

    jobs.register("wrong", Handler(wrong))
    put(jobs, "", "wrong")
    with pytest.raises(LookupError, match="there"):
        runner.run_due(reraise=True)
    assert jobs.find("pending")[0].attempts == 1


def test_jitter_comes_from_the_given_chance() -> None:
    pause = Backoff()
    assert pause(3, random.Random(1)) == pause(3, random.Random(1)) != pause(3, random.Random(2))
    assert all(timedelta(seconds=6.4) <= pause(3, random.Random(n)) <= timedelta(seconds=9.6) for n in range(50))
    assert pause(60, random.Random(1)) <= timedelta(hours=1.2)


def test_a_newer_job_replaces_one_that_failed_under_the_same_key(
    jobs: Jobs, runner: Runner, clock: MovableClock
) -> None:
    seen: list[str] = []

    def handler(context: Any, job: ClaimedJob) -> None:
        seen.append(job.args["x"])
        if job.args["x"] == "old":
            if not jobs.store.postgres:
                raise AssertionError
            meanwhile = threading.Thread(target=lambda: put(jobs, "new", "again", key="the one", delay=DAY))
            meanwhile.start()  # another transaction, in another thread
            meanwhile.join()
            raise AssertionError

    jobs.register("again", Handler(handler, max_attempts=2))
    put(jobs, "old", "again", key="the one")
    runner.run_due()
    clock.forward(days=2)
    runner.run_due()
    assert seen == (["old", "new"] if jobs.store.postgres else ["old", "old"])


def test_replay_leaves_one_whose_key_is_taken(jobs: Jobs, runner: Runner, ran: list[str]) -> None:
    jobs.register("wrong", Handler(lambda context, job: 1 / 0, max_attempts=1))
    for key in ("a", "a", "b", None, None):
        put(jobs, "", "wrong", key=key)
        runner.run_due()
    put(jobs, "newer", key="b", delay=DAY)
    with jobs.begin() as context:
        assert jobs.replay(context.connection) == 3
    assert jobs.counts() == {"pending": 4, "running": 0, "queued": 0, "held": 0, "dead": 2}
    with jobs.begin() as context:
        assert jobs.discard(context.connection) == 2


def test_an_unknown_kind_is_kept_and_told(
    jobs: Jobs, runner: Runner, clock: MovableClock, ran: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    put(jobs, "from a plugin not here", "gone.kind")
    put(jobs, "known")
    clock.forward(days=400)
    with caplog.at_level(logging.ERROR):
        assert runner.run_due() == 1
        assert runner.run_due() == 0
    assert caplog.text.count("gone.kind") == 1
    assert [(u.kind, u.count) for u in jobs.unknown()] == [("gone.kind", 1)]
    assert jobs.find(kind="gone.kind")[0].attempts == 0
    assert runner.next_due() is None
    jobs.register("gone.kind", Handler(lambda context, job: ran.append(job.args["x"])))
    assert runner.run_due() == 1
    assert ran == ["known", "from a plugin not here"]
    assert jobs.unknown() == []


def test_a_paused_plugins_jobs_wait(jobs: Jobs, runner: Runner, ran: list[str]) -> None:
    jobs.register("other", Handler(lambda context, job: ran.append("other")))
    put(jobs, "sales")
    put(jobs, "", "other")
    jobs.paused.add("sales")
    assert runner.run_due() == 1
    assert runner.next_due() is None
    jobs.paused.clear()
    assert runner.run_due() == 1
    assert ran == ["other", "sales"]


def test_two_handlers_for_one_kind_are_refused(jobs: Jobs, ran: list[str]) -> None:
    with pytest.raises(Misuse, match="say"):
        jobs.register("say", Handler(lambda context, job: None))


def test_a_wrong_state_is_refused_with_the_nearest(jobs: Jobs) -> None:
    with pytest.raises(Misuse, match="'dead'"):
        jobs.find("daed")


def test_what_the_job_is_about_reaches_the_handler(jobs: Jobs, runner: Runner) -> None:
    seen: list[ClaimedJob] = []
    jobs.register("look", Handler(lambda context, job: seen.append(job), plugin="sales"))
    with jobs.begin() as context:
        jobs.schedule(
            context.connection, "look", {"a": [1, "два"]}, subject="deal:1", cause="rule 7", actor_id=5, key="k"
        )
    runner.run_due()
    [found] = seen
    assert (found.args, found.subject, found.cause, found.actor_id) == ({"a": [1, "два"]}, "deal:1", "rule 7", 5)
    assert (found.key, found.plugin, found.attempts, found.max_attempts) == ("k", "sales", 1, 10)
    assert found.due == jobs.clock.now()


def test_a_lease_that_ran_out_counts_as_an_attempt(jobs: Jobs, runner: Runner, ran: list[str]) -> None:
    def leave_behind(attempts: int) -> None:
        with jobs.begin() as context:
            context.connection.execute(
                sa.update(table).values(state="running", owner="gone", attempts=attempts, lease_until=1)
            )

    put(jobs, "again")
    leave_behind(attempts=4)
    with jobs.begin() as context:  # a newer one under no key does not matter
        assert not jobs.cancel(context.connection, "none")
    assert runner.run_due() == 1
    assert ran == ["again"]
    put(jobs, "poison")
    leave_behind(attempts=10)
    assert runner.run_due() == 0
    assert "lease ran out" in (jobs.find("dead")[0].error or "")


def test_the_unit_of_work_may_finish_the_job_itself(jobs: Jobs, ran: list[str]) -> None:
    """A context with `finish_with` is given the removal of the row, to be done after its own last writes."""
    from collections.abc import Callable, Iterator
    from contextlib import contextmanager

    class Work:
        def __init__(self, connection: sa.Connection) -> None:
            self.connection = connection
            self.last: list[Callable[[sa.Connection], None]] = []

        def finish_with(self, do: Callable[[sa.Connection], None]) -> None:
            self.last.append(do)

    @contextmanager
    def open_work(job: ClaimedJob) -> Iterator[Work]:
        with jobs.begin() as context:
            work = Work(context.connection)
            yield work
            ran.append("settled")
            for do in work.last:
                do(context.connection)

    put(jobs, "worked")
    assert Runner(jobs, open_work).run_due() == 1
    assert ran == ["worked", "settled"]
    assert sum(jobs.counts().values()) == 0


def test_a_handler_without_a_transaction(place: Place, jobs: Jobs, runner: Runner) -> None:
    seen: list[Any] = []

    def outside(context: Any, job: ClaimedJob) -> None:
        seen.append(context)
        put(jobs, "written", "say")  # nothing is open: other transactions go on, on SQLite too

    jobs.register("outside", Handler(outside, transaction=False))
    jobs.register("say", Handler(lambda context, job: seen.append("said")))
    put(jobs, "", "outside")
    assert runner.run_due() == 2
    assert seen == [None, "said"]


def test_a_unit_of_work_that_forgets_to_finish_the_job_does_not_repeat_it(
    jobs: Jobs, ran: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    from collections.abc import Iterator
    from contextlib import contextmanager

    class Forgetful:
        def finish_with(self, do: object) -> None:
            """Forget it."""

    @contextmanager
    def open_work(job: ClaimedJob) -> Iterator[Forgetful]:
        yield Forgetful()

    put(jobs, "once")
    runner = Runner(jobs, open_work)
    assert runner.run_due() == 1
    assert runner.run_due() == 0
    assert ran == ["once"]
    assert "committed without" in caplog.text
    assert sum(jobs.counts().values()) == 0
