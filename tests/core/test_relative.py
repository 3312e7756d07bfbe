"""Relative values: what "today", "-1mo" and "last_week" stand for, in the CRM's own time zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import hypothesis.strategies as some
import pytest
from hypothesis import given

from crmkit.core.filter import PERIODS, Context, Relative
from crmkit.core.relative import period, resolve

from .probe import months_later

MOSCOW = ZoneInfo("Europe/Moscow")
NEW_YORK = ZoneInfo("America/New_York")


def context(now: dt.datetime, zone: ZoneInfo = NEW_YORK) -> Context:
    return Context(now, zone, 7, (1, 2), lambda teams: (*teams, 3))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    "word, now, moment, day",
    [
        ("now", "2026-03-10T02:30Z", "2026-03-10T02:30Z", "2026-03-09"),
        ("today", "2026-03-10T02:30Z", "2026-03-09T04:00Z", "2026-03-09"),
        ("today", "2026-03-08T12:00Z", "2026-03-08T05:00Z", "2026-03-08"),  # the clocks go forward at two
        ("-30min", "2026-03-10T04:10Z", "2026-03-10T03:40Z", "2026-03-09"),
        ("+2h", "2026-03-10T02:30Z", "2026-03-10T04:30Z", "2026-03-10"),
        ("-7d", "2026-03-10T02:30Z", "2026-03-03T02:30Z", "2026-03-02"),
        ("+2w", "2026-03-10T12:00Z", "2026-03-24T12:00Z", "2026-03-24"),
        ("-1mo", "2026-03-31T12:00Z", "2026-02-28T13:00Z", "2026-02-28"),  # eight in the morning, before and after
        ("+1mo", "2026-01-31T12:00Z", "2026-02-28T12:00Z", "2026-02-28"),
        ("-14mo", "2026-02-10T12:00Z", "2024-12-10T12:00Z", "2024-12-10"),
        ("+1y", "2024-02-29T12:00Z", "2025-02-28T12:00Z", "2025-02-28"),
        ("-1y", "2026-03-10T02:30Z", "2025-03-10T02:30Z", "2025-03-09"),
        ("-9999y", "2026-03-10T12:00Z", "0001-01-02T00:00Z", "0001-01-01"),
        ("+9999w", "9990-03-10T12:00Z", "9999-01-02T00:00Z", "9999-01-01"),
    ],
)
def test_moments_and_days(word: str, now: str, moment: str, day: str):
    here = context(at(now))
    assert resolve(Relative(word), here, dt.datetime) == at(moment)
    assert resolve(Relative(word), here, dt.date) == dt.date.fromisoformat(day)


def test_people_and_teams():
    here = context(at("2026-03-10T12:00Z"))
    assert resolve(Relative("me"), here, int) == 7
    assert resolve(Relative("my_teams"), here, int) == (1, 2)
    assert resolve(Relative("my_teams_and_below"), here, int) == (1, 2, 3)
    nobody = Context(here.now, here.zone, None, (), lambda teams: teams)
    assert resolve(Relative("me"), nobody, int) == -1, "nobody owns nothing"


@pytest.mark.parametrize(
    "name, first, after",
    [
        ("today", "2026-01-01", "2026-01-02"),
        ("yesterday", "2025-12-31", "2026-01-01"),
        ("tomorrow", "2026-01-02", "2026-01-03"),
        ("this_week", "2025-12-29", "2026-01-05"),
        ("last_week", "2025-12-22", "2025-12-29"),
        ("next_week", "2026-01-05", "2026-01-12"),
        ("this_month", "2026-01-01", "2026-02-01"),
        ("last_month", "2025-12-01", "2026-01-01"),
        ("next_month", "2026-02-01", "2026-03-01"),
        ("this_quarter", "2026-01-01", "2026-04-01"),
        ("this_year", "2026-01-01", "2027-01-01"),
        ("last_year", "2025-01-01", "2026-01-01"),
        ("last_1_days", "2026-01-01", "2026-01-02"),
        ("last_30_days", "2025-12-03", "2026-01-02"),
    ],
)
def test_periods_on_new_year_s_day(name: str, first: str, after: str):
    here = context(at("2025-12-31T21:30Z"), MOSCOW)  # half past midnight in Moscow
    assert period(name, here, dt.date) == (dt.date.fromisoformat(first), dt.date.fromisoformat(after))
    start, end = period(name, here, dt.datetime)
    assert (start, end) == (at(f"{first}T00:00+03:00"), at(f"{after}T00:00+03:00"))
    assert start.tzinfo is dt.UTC, "as SQLite compares text, every moment is in one zone"


FIRST, LAST = dt.datetime(1970, 1, 1), dt.datetime(2200, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
NOWS = some.datetimes(FIRST, LAST, timezones=some.just(dt.UTC))
ZONES = some.sampled_from(
    [MOSCOW, NEW_YORK, ZoneInfo("UTC"), ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Asia/Kathmandu")]
)


@given(now=NOWS, zone=ZONES)
def test_periods_follow_each_other_without_a_gap(now: dt.datetime, zone: ZoneInfo):
    here = context(now, zone)
    for kind in (dt.date, dt.datetime):
        spans = {name: period(name, here, kind) for name in PERIODS}
        for before, then in [("yesterday", "today"), ("today", "tomorrow"), ("last_year", "this_year")]:
            assert spans[before][1] == spans[then][0]
        for unit in ("week", "month"):
            assert spans[f"last_{unit}"][1] == spans[f"this_{unit}"][0]
            assert spans[f"this_{unit}"][1] == spans[f"next_{unit}"][0]
        for first, after in spans.values():
            assert first < after
    for name in ("today", "this_week", "this_month", "this_quarter", "this_year", "last_7_days"):
        start, end = period(name, here, dt.datetime)
        assert start <= now < end, f"now is within {name}"


@given(now=NOWS, zone=ZONES, months=some.integers(-600, 600))
def test_months_are_counted_as_people_count_them(now: dt.datetime, zone: ZoneInfo, months: int):
    found = resolve(Relative(f"{months:+}mo"), context(now, zone), dt.datetime)
    assert found == (months_later(now.astimezone(zone), months)).astimezone(dt.UTC)
