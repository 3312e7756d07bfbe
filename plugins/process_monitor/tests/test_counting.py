"""No moment of a person counts twice, whatever their tabs tell, in whatever order."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit_process_monitor.counting import ACTIVE, HIDDEN, IDLE, Told, clipped, counted, joined

PARTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=6)
SPANS = st.lists(st.tuples(st.integers(0, 120), PARTS), max_size=7).map(lambda some: [Told(i, began, parts) for i, (began, parts) in enumerate(some)])
TALKS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=3)


def by_hand(spans, talks):
    """Look at every millisecond: the plainest way to say it."""
    sums = {span.id: [0, 0, 0, 0] for span in spans}
    for ms in range(max((s.ended for s in spans), default=0)):
        found = []
        for span in spans:
            at = span.began
            for kind, took in span.parts:
                if at <= ms < at + took:
                    found.append((kind, -span.began, span.id))
                at += took
        if not found:
            continue
        kind, _began, whose = min(found)
        in_call = any(a <= ms < b for a, b in talks)
        if kind == IDLE and in_call:
            kind = ACTIVE
        sums[whose][kind] += 1
        sums[whose][3] += kind == ACTIVE and in_call
    return sums


@given(spans=SPANS, talks=TALKS, seed=st.integers(0, 100))
@settings(max_examples=150, deadline=None)
def test_every_moment_counts_once(spans, talks, seed):
    counts = counted(spans, talks)
    assert {key: [one.active, one.idle, one.hidden, one.called] for key, one in counts.items()} == by_hand(spans, talks)
    within = joined((at, at + took) for span in spans for at, took in places(span))
    assert sum(one.length for one in counts.values()) == sum(b - a for a, b in within)
    mixed = spans[:]
    random.Random(seed).shuffle(mixed)
    assert counted(mixed, talks) == counts


def places(span):
    """Say where the parts of a span lie."""
    at = span.began
    for _kind, took in span.parts:
        yield at, took
        at += took


@given(began=st.integers(0, 100), parts=PARTS, cut=st.integers(0, 300))
@settings(max_examples=80, deadline=None)
def test_what_is_cut_in_two_is_as_much_as_before(began, parts, cut):
    sums = [0, 0, 0]
    for since, until in ((0, cut), (cut, 10**6)):
        first, some = clipped(began, parts, since, until)
        assert not some or (since <= first and first + sum(took for _kind, took in some) <= until)
        for kind, took in some:
            sums[kind] += took
    assert sums == [sum(took for kind, took in parts if kind == one) for one in (ACTIVE, IDLE, HIDDEN)]
