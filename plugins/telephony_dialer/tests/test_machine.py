"""An attempt step by step, in every order in which things may come."""

from __future__ import annotations

import datetime as dt

import attrs
from hypothesis import given
from hypothesis import strategies as st

from crmkit_telephony import Outcome
from crmkit_telephony_dialer import DialerSettings
from crmkit_telephony_dialer.machine import Attempt, Deed, Line, Seen, State, Why, due, leave, looked, told

NOW = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)
S = DialerSettings()


def after(seconds):
    return NOW + dt.timedelta(seconds=seconds)


def calling():
    return Attempt(state=State.CALLING, due_at=NOW + S.agent_time)


def ringing():
    return told(calling(), Line(ringing_at=after(4)), after(4), S)[0]


def asking():
    return due(ringing(), after(24), S)[0]


def test_the_ring_time_counts_from_the_moment_it_rings():
    late = told(calling(), Line(ringing_at=after(4)), after(9), S)[0]
    assert (late.state, late.deadline) == (State.RINGING, after(24))
    ahead = told(calling(), Line(ringing_at=after(60)), after(4), S)[0]  # the provider's clock is a minute ahead
    assert ahead.deadline == after(24)
    moved = told(ahead, Line(ringing_at=after(3)), after(5), S)[0]
    assert moved.due_at == after(23)


def test_time_is_up():
    a, deed = due(ringing(), after(23.999), S)
    assert (a.state, deed) == (State.RINGING, None)
    a, deed = due(ringing(), after(24), S)
    assert (a.state, a.why, deed) == (State.ASKING, Why.TIMER, Deed.LOOK)
    a, deed = looked(a, Seen(there=True), after(24.1), S)
    assert (a.state, deed) == (State.CLOSING, Deed.HANG_UP)
    a, deed = told(a, Line(over=True, outcome=Outcome.CANCELLED, ended_at=after(24.2)), after(24.3), S)
    assert (a.state, a.outcome, a.ended_at, deed) == (State.ENDED, Outcome.NO_ANSWER, after(24.2), Deed.FINISH)


def test_an_answer_that_was_told_late_wins_while_the_call_is_up():
    a, deed = looked(asking(), Seen(there=True, answered_at=after(23.9)), after(24.2), S)
    assert (a.state, a.answered_at, a.due_at, deed) == (State.TALKING, after(23.9), None, None)
    a, deed = told(asking(), Line(answered_at=after(23.9)), after(24.2), S)
    assert (a.state, deed) == (State.TALKING, None)
    assert due(a, after(100), S) == (a, None)
    assert looked(a, Seen(there=True), after(25), S) == (a, None)  # the answer to a question from before
    closing = looked(asking(), Seen(there=True), after(24.1), S)[0]
    failed = looked(closing, Seen(there=True, answered_at=after(24.1)), after(29), S)[0]  # the hang-up was not done
    assert failed.state is State.TALKING


def test_who_picks_up_as_it_is_hung_up_is_noted():
    closing = looked(asking(), Seen(there=True), after(24.1), S)[0]
    a = told(closing, Line(answered_at=after(24.15)), after(24.2), S)[0]
    assert (a.state, a.late) == (State.CLOSING, True)
    a = told(a, Line(over=True, outcome=Outcome.ANSWERED, answered_at=after(24.15), ended_at=after(24.2), talked=0), after(24.3), S)[0]
    assert (a.outcome, a.late) == (Outcome.NO_ANSWER, True)
    talked = told(closing, Line(over=True, outcome=Outcome.ANSWERED, answered_at=after(20), ended_at=after(24.2), talked=4), after(24.3), S)[0]
    assert talked.outcome is Outcome.ANSWERED  # they had talked: nothing closes


def test_whoever_cannot_be_asked_is_asked_again_before_it_is_hung_up():
    a = asking()
    for _again in range(2):
        a, deed = looked(a, Seen(), after(25), S)
        assert (a.state, deed) == (State.ASKING, None)
        a, deed = due(a, after(30), S)
        assert deed is Deed.LOOK
    assert looked(a, Seen(), after(31), S)[1] is Deed.HANG_UP
    assert looked(asking(), Seen(cannot=True), after(24), S)[1] is Deed.HANG_UP


def test_what_is_gone_is_asked_about_until_it_is_known_how_it_went():
    a, deed = looked(asking(), Seen(there=False), after(24.1), S)
    assert (a.state, deed) == (State.CLOSING, None)
    busy = Line(over=True, outcome=Outcome.BUSY, ended_at=after(5))
    assert looked(a, Seen(there=False, past=busy), after(25), S)[0].outcome is Outcome.BUSY
    assert looked(asking(), Seen(there=False, past=busy), after(25), S)[0].outcome is Outcome.BUSY
    a = due(a, after(30), S)[0]
    assert looked(a, Seen(there=False), after(30), S)[0].outcome is Outcome.NO_ANSWER


def test_the_managers_own_telephone():
    a, deed = due(calling(), after(25), S)
    assert (a.why, deed) == (Why.AGENT, Deed.LOOK)
    a = looked(a, Seen(there=True), after(25), S)[0]
    a = told(a, Line(over=True, outcome=Outcome.CANCELLED), after(26), S)[0]
    assert a.outcome is Outcome.AGENT_NO_ANSWER
    picked = told(calling(), Line(picked_at=after(24)), after(24), S)[0]
    assert (picked.state, picked.due_at) == (State.CALLING, after(24) + S.connect_time)
    a = due(calling(), after(25), S)[0]
    a = told(a, Line(ringing_at=after(24.9)), after(25.1), S)[0]
    a = looked(a, Seen(there=True), after(25.2), S)[0]
    assert told(a, Line(over=True, outcome=Outcome.CANCELLED), after(26), S)[0].outcome is Outcome.NO_ANSWER  # it did ring


def test_a_talk_goes_on_without_its_task():
    talking = told(ringing(), Line(answered_at=after(10)), after(10), S)[0]
    assert leave(talking, Why.LEFT, after(60), S) == (talking, None)
    a, deed = leave(talking, Why.VOICEMAIL, after(20), S)
    assert (a.state, deed) == (State.CLOSING, Deed.HANG_UP)
    assert told(a, Line(over=True, outcome=Outcome.ANSWERED, answered_at=after(10), talked=10), after(20), S)[0].outcome is Outcome.VOICEMAIL
    a, deed = leave(ringing(), Why.LEFT, after(8), S)
    assert deed is Deed.HANG_UP
    assert told(a, Line(over=True, outcome=Outcome.NO_ANSWER), after(8), S)[0].outcome is Outcome.CANCELLED
    assert leave(Attempt(state=State.WAITING), Why.LEFT, NOW, S)[0].outcome is Outcome.CANCELLED


moments = st.integers(0, 80).map(after)
lines = st.builds(
    Line, over=st.booleans(), outcome=st.sampled_from(list(Outcome)), picked_at=st.none() | moments, ringing_at=st.none() | moments,
    answered_at=st.none() | moments, ended_at=st.none() | moments, talked=st.none() | st.integers(0, 60))  # fmt: skip
inputs = st.one_of(
    st.tuples(st.just(told), lines), st.tuples(st.just(due), st.none()), st.tuples(st.just(leave), st.sampled_from(list(Why))),
    st.tuples(st.just(looked), st.builds(Seen, there=st.none() | st.booleans(), cannot=st.booleans(), answered_at=st.none() | moments,
                                         past=st.none() | lines.map(lambda x: attrs.evolve(x, over=True))))
)  # fmt: skip


@given(st.lists(st.tuples(inputs, st.integers(0, 6)), max_size=60))
def test_whatever_happens_it_ends_once_and_never_stands_still(happenings):
    a, now, ends = calling(), 0, 0
    for (function, given_), pause in happenings:
        now += pause
        was = a
        a, deed = function(a, after(now), S) if given_ is None else function(a, given_, after(now), S)
        ends += deed is Deed.FINISH
        assert (deed is Deed.FINISH) == (a.state is State.ENDED and was.state is not State.ENDED)
        if was.state is State.ENDED:
            assert attrs.evolve(a, late=was.late) == was
        if was.state is State.TALKING and a.state is not State.TALKING:  # by its end, or by its manager
            assert a.state is State.ENDED or given_ in (Why.PERSON, Why.VOICEMAIL, Why.TIMER, Why.AGENT)
        assert a.due_at is not None or a.state in (State.TALKING, State.ENDED)
    while a.state not in (State.TALKING, State.ENDED):  # nobody tells anything any more
        now += 5
        a, deed = due(a, max(after(now), a.due_at), S)
        ends += deed is Deed.FINISH
        if deed is Deed.LOOK:
            a, deed = looked(a, Seen(), after(now), S)
            ends += deed is Deed.FINISH
        assert now < 500
    assert ends == (a.state is State.ENDED)
