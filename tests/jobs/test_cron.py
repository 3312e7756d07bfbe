"""When cron lines are due: clock changes, missed runs, lines that change, runners that race for one."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crmkit.core.clock import MovableClock
from crmkit.core.errors import Misuse
from crmkit.core.jobs import Handler, Jobs, Runner
from crmkit.core.jobs.cron import next_time, spec_text

from .conftest import Place


def times(spec: str, tz: str, start: datetime, count: int) -> list[str]:
    """The next `count` times, as a clock on the wall of that zone shows them."""
    found = []
    for _ in range(count):
        start = next_time(spec, tz, start)
        found.append(start.astimezone(ZoneInfo(tz)).strftime("%d.%m %H:%M%z"))
    return found


SPRING, AUTUMN = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spec", "tz", "start", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", SPRING, ["29.03 03:00+0200", "30.03 02:30+0200"]),
        ("0,30 2 * * *", "Europe/Berlin", SPRING, ["29.03 03:00+0200", "30.03 02:00+0200"]),
        ("30 2 * * *", "Europe/Berlin", AUTUMN, ["25.10 02:30+0200", "26.10 02:30+0100"]),
        ("0 3 * * *", "Europe/Berlin", AUTUMN, ["25.10 03:00+0100", "26.10 03:00+0100"]),
        ("30 1 * * *", "America/New_York", datetime(2026, 11, 1, tzinfo=UTC), ["01.11 01:30-0400", "02.11 01:30-0500"]),
        ("0 9 L * *", "Europe/Moscow", datetime(2026, 2, 1, tzinfo=UTC), ["28.02 09:00+0300", "31.03 09:00+0300"]),
        ("10 0 1 * *", "Asia/Tokyo", datetime(2026, 1, 1, tzinfo=UTC), ["01.02 00:10+0900", "01.03 00:10+0900"]),
        ("@daily", "Europe/Berlin", SPRING, ["29.03 00:00+0100", "30.03 00:00+0200"]),
    ],
)
def test_a_fixed_hour_runs_once_a_day(spec: str, tz: str, start: datetime, expected: list[str]) -> None:
    assert times(spec, tz, start, len(expected)) == expected


def test_every_hour_runs_in_both_of_the_repeated_hours() -> None:
    start = datetime(2026, 10, 24, 23, 45, tzinfo=UTC)
    expected = ["25.10 02:30+0200", "25.10 02:30+0100", "25.10 03:30+0100", "25.10 04:30+0100"]
    assert times("30 * * * *", "Europe/Berlin", start, 4) == expected


def test_every_hour_leaves_no_gap_where_the_clock_jumps() -> None:
    start = datetime(2026, 3, 29, 0, 15, tzinfo=UTC)
    assert times("30 * * * *", "Europe/Berlin", start, 3) == [
        "29.03 01:30+0100",
        "29.03 03:30+0200",
        "29.03 04:30+0200",
    ]
    assert times("0 * * * *", "Europe/Berlin", start, 2) == ["29.03 03:00+0200", "29.03 04:00+0200"]


def test_every_ten_minutes_over_both_changes_are_ten_minutes_apart() -> None:
    for start in (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        moment, seen = start, []
        for _ in range(40):
            moment = next_time("*/10 * * * *", "Australia/Lord_Howe" if start.month == 10 else "Europe/Berlin", moment)
            seen.append(moment)
        assert {b - a for a, b in itertools.pairwise(seen)} == {timedelta(minutes=10)}


def test_an_interval_keeps_its_step() -> None:
    last = datetime(2026, 1, 1, 0, 0, 7, tzinfo=UTC)
    assert next_time("every 90s", "UTC", last, last) == last + timedelta(seconds=90)
    assert next_time("every 90s", "UTC", last + timedelta(seconds=1000), last) == last + timedelta(seconds=1080)
    assert next_time("every 90s", "UTC", last + timedelta(seconds=90), last) == last + timedelta(seconds=180)
    assert spec_text(timedelta(days=30)) == "every 2592000s"
    assert spec_text(timedelta(seconds=1.5)) == "every 1.5s"


@pytest.mark.parametrize("spec", ["61 * * * *", "often", "", timedelta(milliseconds=5), "* * * *"])
def test_nonsense_is_refused_with_an_example(spec: Any) -> None:
    with pytest.raises(Misuse):
        spec_text(spec)


def test_an_unknown_zone_is_refused(jobs: Jobs) -> None:
    with jobs.begin() as context, pytest.raises(Misuse, match="Europe/Moscow"):
        jobs.crons.set(context.connection, "report", "0 9 * * *", "report", tz="Moscow/Europe")


@pytest.fixture
def ticks(jobs: Jobs) -> list[str]:
    found: list[str] = []
    jobs.register("tick", Handler(lambda context, job: found.append(job.args["tick"])))
    return found


def test_missed_runs_are_caught_up_once(jobs: Jobs, runner: Runner, clock: MovableClock, ticks: list[str]) -> None:
    with jobs.begin() as context:
        jobs.crons.set(context.connection, "report", "0 9 * * *", "tick")
    clock.forward(days=30)
    assert runner.run_due() == 1
    assert runner.run_due() == 0
    clock.forward(days=1)
    assert runner.run_due() == 1
    assert ticks == ["2026-01-13T09:00:00+00:00", "2026-02-12T09:00:00+00:00"]


def test_a_simulation_that_jumps_from_due_to_due_misses_none(
    jobs: Jobs, runner: Runner, clock: MovableClock, ticks: list[str]
) -> None:
    with jobs.begin() as context:
        jobs.crons.set(context.connection, "report", "0 9 * * 1-5", "tick", tz="Europe/Moscow")
        jobs.crons.set(context.connection, "sweep", timedelta(hours=12), "tick")
    end = clock.now() + timedelta(days=14)
    while (moment := runner.next_due()) is not None and moment <= end:
        clock.set(moment)
        runner.run_due()
    assert len(ticks) == 10 + 28
    assert ticks == sorted(ticks)


def test_setting_a_line_again_keeps_its_next_time_unless_it_changed(jobs: Jobs, clock: MovableClock) -> None:
    def put(spec: str, args: dict[str, int]) -> datetime:
        with jobs.begin() as context:
            jobs.crons.set(context.connection, "report", spec, "tick", args)
        return jobs.crons.find()[0].next_at

    first = put("0 9 * * *", {"a": 1})
    clock.forward(days=2)
    assert put("0 9 * * *", {"a": 2}) == first
    assert put("0 10 * * *", {"a": 2}) == clock.now() + timedelta(hours=1)


def test_lines_no_longer_declared_go(jobs: Jobs, runner: Runner, clock: MovableClock, ticks: list[str]) -> None:
    with jobs.begin() as context:
        for name in ("one", "two", "three"):
            jobs.crons.set(context.connection, name, "0 9 * * *", "tick", plugin="sales")
        jobs.crons.set(context.connection, "other", "0 9 * * *", "tick", plugin="stock")
    with jobs.begin() as context:
        assert jobs.crons.keep_only(context.connection, "sales", ["two"]) == 2
    assert [line.name for line in jobs.crons.find()] == ["other", "two"]
    with jobs.begin() as context:
        assert jobs.crons.remove(context.connection, "other")
        assert not jobs.crons.remove(context.connection, "other")


def test_a_line_never_runs_beside_itself(jobs: Jobs, runner: Runner, clock: MovableClock) -> None:
    inner: list[int] = []

    def long(context: Any, job: Any) -> None:
        clock.forward(minutes=3)
        if not jobs.store.postgres:  # on SQLite nobody else could write meanwhile
            inner.append(0)
            return
        other = threading.Thread(target=lambda: inner.append(Runner(jobs).run_due()))
        other.start()
        other.join()

    jobs.register("long", Handler(long))
    with jobs.begin() as context:
        jobs.crons.set(context.connection, "long", "* * * * *", "long")
    clock.forward(minutes=1)
    assert runner.run_due(limit=1) == 1
    assert inner == [0]


def test_racing_runners_fire_a_line_once(place: Place, clock: MovableClock) -> None:
    first = place.jobs(clock)
    others = [Jobs(place.engine(), clock) for _ in range(3)]
    with first.begin() as context:
        for number in range(20):
            first.crons.set(context.connection, f"line {number}", "0 9 * * *", "tick")
    clock.forward(days=3)
    fired: list[int] = []
    threads = [threading.Thread(target=lambda jobs=jobs: fired.append(jobs.crons.fire())) for jobs in (first, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fired) == 20
    assert first.counts()["pending"] == 20
