"""A call is what its events say, in whatever order and however often they come."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit_telephony import CallEvent, CallState, EventType, Outcome, fold

T0 = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)
E = EventType


def ev(kind, second, *, leg="a", key=None, **more):
    more.setdefault("incoming", True)
    return CallEvent(type=kind, call="c", at=T0 + dt.timedelta(seconds=second), key=key or f"{leg}:{kind.value}:{second}", leg=leg, **more)


KINDS = st.sampled_from(list(E))
EVENTS = st.lists(
    st.builds(
        lambda kind, second, leg, outcome, order, n: ev(
            kind, second, leg=leg, outcome=outcome if kind in (E.ENDED, E.LEG_ENDED) else None, order=order,
            extension={"a": "101", "b": "102"}.get(leg), key=f"{leg}:{kind.value}:{second}:{order}:{outcome}"),
        KINDS, st.integers(0, 9), st.sampled_from(["a", "b", None]), st.sampled_from([None, *Outcome]), st.sampled_from([None, None, 1, 2, 3]),
        st.integers(0, 3)),
    max_size=12)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_call(events, chance):
    shuffled = events + [e for e in events if chance.random() < 0.5]
    chance.shuffle(shuffled)
    folded = fold(events)
    assert fold(shuffled) == folded
    if folded is not None:
        over = any(e.type is E.ENDED for e in events)
        assert (folded.state is CallState.ENDED) == over == (folded.outcome is not None) == (folded.ended_at is not None)
        assert not over or all(p.ended_at is not None for p in folded.parties)


@settings(max_examples=60, deadline=None)
@given(EVENTS, EVENTS)
def test_what_is_over_stays_over(first, second):
    before, after = fold(first), fold([*first, *second])
    if before is not None and before.state is CallState.ENDED:
        assert after.state is CallState.ENDED


def test_an_incoming_call_rings_two_and_one_answers():
    events = [
        ev(E.AGENT_RINGING, 0, extension="101", number="+79120000001", our_number="+74950000000"),
        ev(E.AGENT_RINGING, 0, leg="b", extension="102", number="+79120000001"),
        ev(E.ANSWERED, 6, extension="101"),
        ev(E.LEG_ENDED, 7, leg="b", outcome=Outcome.NO_ANSWER),
    ]
    folded = fold(events)
    assert (folded.state, folded.incoming, folded.extension, folded.rang) == (CallState.TALKING, True, "101", 6)
    assert {p.key: p.ended_at is None for p in folded.parties} == {"a": True, "b": False}
    over = fold([*events, ev(E.ENDED, 66, outcome=Outcome.ANSWERED, talked=dt.timedelta(seconds=59, microseconds=900))])
    assert (over.outcome, over.talked, over.number, over.our_number) == (Outcome.ANSWERED, 59, "+79120000001", "+74950000000")


@pytest.mark.parametrize("events, outcome", [
    ([ev(E.AGENT_RINGING, 0, incoming=False), ev(E.ENDED, 20, incoming=False)], Outcome.AGENT_NO_ANSWER),
    ([ev(E.AGENT_RINGING, 0, incoming=False), ev(E.AGENT_ANSWERED, 2), ev(E.CLIENT_RINGING, 3), ev(E.ENDED, 20)], Outcome.NO_ANSWER),
    ([ev(E.CLIENT_RINGING, 0, incoming=False), ev(E.ENDED, 2, outcome=Outcome.BUSY)], Outcome.BUSY),
    ([ev(E.AGENT_RINGING, 0), ev(E.LEG_ENDED, 9, outcome=Outcome.REJECTED), ev(E.ENDED, 9)], Outcome.REJECTED),
    ([ev(E.AGENT_RINGING, 0), ev(E.ENDED, 9, outcome=Outcome.UNKNOWN)], Outcome.UNKNOWN),
    ([ev(E.ENDED, 9, talked=dt.timedelta(seconds=4))], Outcome.ANSWERED),  # the answer itself was lost
])  # fmt: skip
def test_how_it_went(events, outcome):
    assert fold(events).outcome is outcome


def test_a_late_answer_counts_when_it_was_before_the_end_only():
    rang = [ev(E.CLIENT_RINGING, 0, incoming=False), ev(E.ENDED, 20, outcome=Outcome.NO_ANSWER)]
    assert fold([*rang, ev(E.ANSWERED, 19)]).outcome is Outcome.ANSWERED
    late = fold([*rang, ev(E.ANSWERED, 21)])
    assert (late.outcome, late.answered_at, late.state) == (Outcome.NO_ANSWER, None, CallState.ENDED)


def test_the_providers_own_end_goes_before_ours():
    rang = [ev(E.AGENT_RINGING, 0), ev(E.ANSWERED, 5), ev(E.ENDED, 400, key="crm:over:c", outcome=Outcome.UNKNOWN)]
    told = ev(E.ENDED, 65, outcome=Outcome.ANSWERED, talked=dt.timedelta(seconds=60), recording="r1")
    assert fold(rang).talked == 395
    folded = fold([*rang, told])
    assert (folded.ended_at, folded.talked, folded.recording) == (T0 + dt.timedelta(seconds=65), 60, "r1")


def test_unknown_things_change_nothing():
    events = [ev(E.AGENT_RINGING, 5, number="+79120000001")]
    assert fold([*events, ev(E.UNKNOWN, 1, number="+79120000009", leg="z", extension="9")]) == fold(events)
    assert fold([ev(E.UNKNOWN, 1)]).real is False
    assert fold([ev(E.AGENT_RINGING, 1, internal=True)]).real is False
    assert fold([]) is None


def test_a_call_is_held_and_handed_over():
    events = [ev(E.AGENT_RINGING, 0, extension="101"), ev(E.ANSWERED, 2), ev(E.HELD, 5)]
    assert fold(events).state is CallState.HELD
    assert fold([*events, ev(E.RESUMED, 6)]).state is CallState.TALKING
    handed = [*events, ev(E.TRANSFERRED, 7, to="102"), ev(E.AGENT_RINGING, 8, leg="b", extension="102"), ev(E.LEG_ENDED, 8)]
    assert (fold(handed).state, fold(handed).extension) == (CallState.AGENT_RINGING, "102")
    there = fold([*handed, ev(E.ANSWERED, 12, leg="b")])
    assert (there.state, there.extension, there.answered_at) == (CallState.TALKING, "102", T0 + dt.timedelta(seconds=2))


def test_a_telephone_that_rings_twice_in_a_queue_rings():
    events = [ev(E.AGENT_RINGING, 0, extension="101"), ev(E.LEG_ENDED, 20), ev(E.AGENT_RINGING, 30, extension="101")]
    assert fold(events[:2]).quiet is True
    assert (fold(events).quiet, fold(events).parties[0].ended_at) == (False, None)


def test_where_a_provider_counts_its_count_goes_before_the_moment_it_was_heard():
    answered, rang = ev(E.ANSWERED, 1, order=2), ev(E.AGENT_RINGING, 4, order=1)
    assert fold([answered, rang]).state is CallState.TALKING
