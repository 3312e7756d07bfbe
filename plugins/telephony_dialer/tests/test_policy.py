"""What follows an attempt, and when a client may be called again."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Misuse
from crmkit_telephony import Outcome
from crmkit_telephony_dialer import DialerSettings, Next, Step, Tried, allowed_from, choose, what_follows

NOW = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
USUAL = DialerSettings()


def tried(*outcomes, number="+74951000001", every=HOUR):
    """The latest first."""
    return [Tried(number=number, outcome=outcome, at=NOW - i * every) for i, outcome in enumerate(outcomes)]


def wait(*outcomes):
    step = what_follows(outcomes[0], tried(*outcomes), USUAL)
    assert step.next is Next.RETRY
    return step.after


def test_the_ladder_and_its_end():
    silent = [Outcome.NO_ANSWER] * 5
    assert [wait(*silent[:n]) for n in range(1, 6)] == [HOUR / 2, 3 * HOUR, 27 * HOUR, 51 * HOUR, None]
    assert wait(Outcome.NO_ANSWER, Outcome.ANSWERED, Outcome.NO_ANSWER, Outcome.NO_ANSWER) == HOUR / 2  # who was reached is new again
    assert wait(Outcome.VOICEMAIL, Outcome.NO_ANSWER) == 3 * HOUR


def test_busy_and_technical_have_their_own_paths():
    assert wait(Outcome.BUSY) == wait(Outcome.BUSY, Outcome.BUSY) == dt.timedelta(minutes=10)
    assert wait(Outcome.BUSY, Outcome.BUSY, Outcome.BUSY) == 27 * HOUR
    assert wait(Outcome.BUSY, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.BUSY) == dt.timedelta(minutes=10)
    again = Step(Next.POSTPONE, dt.timedelta(minutes=5))
    for n in range(1, 4):
        assert what_follows(Outcome.FAILED, tried(*[Outcome.FAILED] * n), USUAL) == again
    assert wait(*[Outcome.FAILED] * 4) == HOUR / 2
    assert wait(Outcome.NO_ANSWER, *[Outcome.FAILED] * 4) == HOUR / 2  # they are nobody's attempts
    assert what_follows(Outcome.UNKNOWN, tried(Outcome.UNKNOWN), USUAL) == again


def test_rejected_and_unavailable_wait_longer():
    assert wait(Outcome.REJECTED) == 24 * HOUR
    assert wait(*[Outcome.REJECTED] * 4) == 51 * HOUR
    assert wait(Outcome.UNAVAILABLE) == HOUR


def test_what_is_not_the_clients_doing_stays():
    for outcome in (Outcome.ANSWERED, Outcome.AGENT_NO_ANSWER, Outcome.CANCELLED):
        assert what_follows(outcome, tried(outcome), USUAL) == Step(Next.STAYS)
    assert what_follows(Outcome.INVALID_NUMBER, tried(Outcome.INVALID_NUMBER), USUAL, numbers=1) == Step(Next.REDIAL)
    assert what_follows(Outcome.INVALID_NUMBER, tried(Outcome.INVALID_NUMBER), USUAL, numbers=0) == Step(Next.WRONG_NUMBER)


@given(st.lists(st.sampled_from(list(Outcome)), max_size=30))
def test_every_client_is_given_up_some_time(outcomes):
    """Whatever happens: nobody who is never reached is called more often than the settings say."""
    made, bothered = [], 0
    for outcome in outcomes:
        if outcome in (Outcome.ANSWERED, Outcome.AGENT_NO_ANSWER, Outcome.CANCELLED, Outcome.INVALID_NUMBER):
            continue
        made.insert(0, Tried(number="1", outcome=outcome, at=NOW))
        bothered += made[0].counts
        step = what_follows(outcome, made, USUAL)
        if step.after is None:
            break
        assert step.after >= dt.timedelta(minutes=5)
    assert bothered <= USUAL.attempts


def test_the_law_is_a_setting():
    moscow, law = ZoneInfo("Europe/Moscow"), {"day": 1, "week": 2, "month": 8}
    midnight = dt.datetime(2026, 3, 16, 21, 0, tzinfo=dt.UTC)
    assert allowed_from([], law, NOW, moscow) == NOW
    assert allowed_from(tried(Outcome.NO_ANSWER), law, NOW, moscow) == midnight
    assert allowed_from(tried(Outcome.FAILED, Outcome.AGENT_NO_ANSWER, Outcome.INVALID_NUMBER), law, NOW, moscow) == NOW
    before = tried(Outcome.NO_ANSWER, Outcome.ANSWERED, every=30 * HOUR)
    assert allowed_from(before, law, NOW + 24 * HOUR, moscow) == NOW - 30 * HOUR + dt.timedelta(days=7)
    many = tried(*[Outcome.NO_ANSWER] * 8, every=80 * HOUR)
    assert allowed_from(many, law, NOW + 24 * HOUR, moscow) == NOW - 7 * 80 * HOUR + dt.timedelta(days=30)
    rang = [Tried(number="1", outcome=Outcome.CANCELLED, at=NOW, rang=True)]
    assert allowed_from(rang, law, NOW, moscow) == midnight  # it rang, whoever hung up


def test_numbers_take_turns():
    first, second = "+74951000001", "+74951000002"
    assert choose([first, second], [], USUAL) == first
    assert choose([first, second], tried(Outcome.NO_ANSWER), USUAL) == second
    assert choose([first, second], tried(Outcome.NO_ANSWER, number=second) + tried(Outcome.NO_ANSWER), USUAL) == first
    assert choose([first, second], tried(Outcome.INVALID_NUMBER), USUAL) == second
    assert choose([first], tried(Outcome.INVALID_NUMBER), USUAL) is None
    assert choose([first], tried(Outcome.INVALID_NUMBER, Outcome.NO_ANSWER), USUAL) == first  # it was one before: the network erred
    assert choose([first], tried(*[Outcome.NO_ANSWER] * 5), USUAL) is None
    assert choose([], [], USUAL) is None


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"ring_time": dt.timedelta(seconds=14)}, "15s"), ({"ring_time": dt.timedelta(seconds=61)}, "60s"), ({"limits": {"year": 3}}, "week"),
     ({"limits": {"day": 0}}, "at least 1"), ({"retry_after": ()}, "30min"), ({"attempts": 0}, "at least 1"), ({"pause": -HOUR}, "0s"),
     ({"busy_after": dt.timedelta()}, "1min"), ({"agent_time": dt.timedelta(seconds=1)}, "2s")],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(wrong, word):
    with pytest.raises(Misuse, match=word):
        DialerSettings(**wrong)
