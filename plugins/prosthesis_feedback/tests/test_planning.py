"""The calendar of a device, worked out from facts: by hand where a rule is told, by chance where a promise holds for everything."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from crmkit_prosthesis_feedback import Body, Group, Offset, Period, Policy, Question, Skipped, calendar_of, service_stage, stage_of
from crmkit_prosthesis_feedback.days import adulthood
from crmkit_prosthesis_feedback.entities import Ended
from crmkit_prosthesis_feedback.planning import Applied, DeviceFacts, Known, PauseFacts, PersonFacts, begins

D = dt.date
ISSUED = D(2026, 1, 31)
DAY = dt.timedelta(days=1)


def body(*months):
    """Return a protocol that asks after so many months, from a week before to two weeks after."""
    week = Offset(days=7)
    periods = {f"m{n}": Period(label=f"{n}", after=Offset(n), earliest=Offset(days=-7), latest=Offset(days=14), questions=("q",)) for n in months}
    assert week > Offset()
    return Body(questions={"q": Question(label="?", kind="yes_no")}, periods=periods)


CHILD = Applied(1, Group.CHILD, ISSUED, body(1, 2, 3, 6, 9, 12))
ADULT = Applied(2, Group.ADULT, ISSUED, body(1, 3, 6, 12, 18, 24))
NEWER = Applied(3, Group.ADULT, D(2026, 7, 15), body(1, 4, 6, 9, 12, 24))
DEVICE = DeviceFacts(ISSUED, (ADULT,), begun=True)


def days(slots, **wanted):
    return {s.period: s.ideal for s in slots if all(getattr(s, n) == v for n, v in wanted.items())}


def paused(begin, end, policy=Policy.SHIFT, **other):
    return PersonFacts(pauses=(PauseFacts(begin, end, policy),), **other)


def test_months_end_where_they_end():
    assert list(days(calendar_of(DEVICE, PersonFacts())).values())[:3] == [D(2026, 2, 28), D(2026, 4, 30), D(2026, 7, 31)]
    leap = attrs.evolve(DEVICE, issued_on=D(2024, 2, 29))
    found = {s.period: (s.earliest, s.ideal, s.latest) for s in calendar_of(leap, PersonFacts())}
    assert found["m12"] == (D(2025, 2, 21), D(2025, 2, 28), D(2025, 3, 14))
    assert adulthood(D(2008, 2, 29), 18) == D(2026, 2, 28)
    assert adulthood(D(2006, 2, 28), 18) == D(2024, 2, 28)


def test_before_the_first_is_over_there_is_only_the_first():
    new = attrs.evolve(DEVICE, begun=False)
    slots = calendar_of(new, PersonFacts())
    assert [s.period for s in slots if s.made] == ["m1"]
    assert not begins(slots)
    assert begins(calendar_of(attrs.evolve(new, known={(2, "m1"): Known(done_on=D(2026, 3, 1))}), PersonFacts()))
    assert begins(calendar_of(attrs.evolve(new, known={(2, "m1"): Known(given_up_on=D(2026, 9, 1))}), PersonFacts()))
    assert begins(calendar_of(new, paused(D(2026, 2, 20), D(2026, 3, 20), Policy.SKIP)))
    assert not begins(calendar_of(attrs.evolve(new, gone_on=D(2026, 2, 2)), PersonFacts()))
    assert [s for s in calendar_of(attrs.evolve(new, gone_on=D(2026, 2, 2)), PersonFacts()) if s.made] == []


def test_shift_moves_the_window_of_what_is_not_done():
    known = {(2, "m1"): Known(done_on=D(2026, 2, 27)), (2, "m3"): Known(wanted_on=D(2026, 5, 3))}
    before = calendar_of(attrs.evolve(DEVICE, known=known), PersonFacts())
    after = calendar_of(attrs.evolve(DEVICE, known=known), paused(D(2026, 4, 10), D(2026, 5, 10)))
    pairs = list(zip(after, before, strict=True))
    moved = [(b.period, *((getattr(a, n) - getattr(b, n)).days for n in ("earliest", "ideal", "latest"))) for a, b in pairs]
    assert moved == [("m1", 0, 0, 0), *((f"m{n}", 30, 30, 30) for n in (3, 6, 12, 18, 24))]
    assert after[1].wanted_on is None  # it lay in the pause
    later = calendar_of(attrs.evolve(DEVICE, known=known | {(2, "m3"): Known(wanted_on=D(2026, 5, 20))}), paused(D(2026, 4, 10), D(2026, 5, 10)))
    assert later[1].wanted_on == D(2026, 5, 20)


def test_skip_and_catch_up_touch_only_what_fell_into_the_pause():
    plain = days(calendar_of(DEVICE, PersonFacts()))
    skipped = calendar_of(DEVICE, paused(D(2026, 4, 30), D(2026, 7, 30), Policy.SKIP))
    assert days(skipped) == plain
    assert days(skipped, skipped=Skipped.PAUSE) == {"m3": plain["m3"]}
    caught = {s.period: s for s in calendar_of(DEVICE, paused(D(2026, 4, 1), D(2026, 7, 31), Policy.CATCH_UP))}
    for name in ("m3", "m6"):
        slot = caught.pop(name)
        assert (slot.earliest, slot.ideal, slot.latest) == (D(2026, 7, 31), D(2026, 8, 3), D(2026, 8, 17))
    assert {n: s.ideal for n, s in caught.items()} == {n: d for n, d in plain.items() if n not in ("m3", "m6")}


def test_a_device_of_the_pause_is_shifted_only_by_what_it_saw_of_it():
    remade = attrs.evolve(DEVICE, issued_on=D(2026, 3, 20))
    plain = days(calendar_of(remade, PersonFacts()))
    assert days(calendar_of(remade, paused(D(2026, 3, 1), D(2026, 3, 25)))) == {n: d + 5 * DAY for n, d in plain.items()}
    assert days(calendar_of(remade, paused(D(2026, 3, 1), D(2026, 3, 20)))) == plain
    assert days(calendar_of(remade, paused(D(2026, 2, 1), D(2026, 3, 10)))) == plain


def test_a_child_crosses_over():
    child = DeviceFacts(ISSUED, (CHILD, attrs.evolve(ADULT, since=D(2026, 5, 15))), begun=True)
    slots = calendar_of(child, PersonFacts(crossed_on=D(2026, 5, 15)))
    assert days(slots, group=Group.CHILD, skipped=None) == {"m1": D(2026, 2, 28), "m2": D(2026, 3, 31), "m3": D(2026, 4, 30)}
    assert sorted(days(slots, group=Group.ADULT, skipped=None)) == ["m12", "m18", "m24", "m6"]
    assert {s.skipped for s in slots if not s.made} == {Skipped.CROSSED}
    early = attrs.evolve(child, known={(1, "m6"): Known(done_on=D(2026, 5, 14))})
    assert next(s for s in calendar_of(early, PersonFacts(crossed_on=D(2026, 5, 15))) if (s.version, s.period) == (1, "m6")).skipped is None
    # A pause that ends later shifts what is left, and brings back nothing the adults' calendar had before.
    later = calendar_of(child, attrs.evolve(paused(D(2026, 6, 1), D(2027, 6, 1)), crossed_on=D(2026, 5, 15)))
    assert {s.period for s in later if s.made} == {s.period for s in slots if s.made}


def test_a_newer_version_takes_over():
    known = {(2, "m1"): Known(done_on=D(2026, 3, 1)), (2, "m6"): Known()}
    device = attrs.evolve(DEVICE, applied=(ADULT, NEWER), known=known)
    slots = calendar_of(device, PersonFacts())
    assert [s.period for s in slots if s.made and s.version == 2] == ["m1"]
    assert [s.period for s in slots if s.made and s.version == 3] == ["m6", "m9", "m12", "m24"]  # m4 is over; m3 is asked no more
    owed = attrs.evolve(device, applied=(ADULT, attrs.evolve(NEWER, since=D(2026, 9, 1))))
    assert [s.period for s in calendar_of(owed, PersonFacts()) if s.made and s.version == 3] == ["m6", "m9", "m12", "m24"]  # m6 is overdue, and owed
    done = attrs.evolve(owed, known=known | {(2, "m6"): Known(done_on=D(2026, 8, 1))})
    assert [s.period for s in calendar_of(done, PersonFacts()) if s.made and s.version == 3] == ["m9", "m12", "m24"]


def test_a_device_that_is_gone_and_a_service_that_has_ended():
    known = {(2, "m1"): Known(done_on=D(2026, 3, 1)), (2, "m3"): Known(given_up_on=D(2026, 8, 1))}
    gone = calendar_of(attrs.evolve(DEVICE, known=known, gone_on=D(2026, 8, 5)), PersonFacts(ended=True))
    assert [s.skipped for s in gone] == [None, Skipped.MISSED, *[Skipped.DEVICE] * 4]
    ended = calendar_of(attrs.evolve(DEVICE, known=known), PersonFacts(ended=True))
    assert [s.skipped for s in ended] == [None, Skipped.MISSED, *[Skipped.ENDED] * 4]


@pytest.mark.parametrize(
    ("planned", "latest", "today", "facts", "stage"),
    [
        (D(2026, 3, 10), D(2026, 3, 20), D(2026, 3, 1), {}, "this_month"), (D(2026, 3, 10), D(2026, 3, 20), D(2026, 3, 21), {}, "overdue"),
        (D(2026, 3, 31), D(2026, 4, 9), D(2026, 4, 1), {}, "overdue"), (D(2026, 4, 1), D(2026, 4, 9), D(2026, 3, 31), {}, "next_month"),
        (D(2027, 1, 1), D(2027, 4, 9), D(2026, 12, 31), {}, "next_month"), (D(2026, 6, 1), D(2026, 6, 9), D(2026, 4, 30), {}, "later"),
        (D(2026, 3, 1), D(2026, 3, 9), D(2026, 6, 1), {"frozen": True, "unreachable": True}, "incident"),
        (D(2026, 3, 1), D(2026, 3, 9), D(2026, 3, 1), {"unreachable": True}, "unreachable"),
        (D(2026, 3, 1), D(2026, 3, 9), D(2026, 3, 1), {"done": True, "frozen": True}, "done"),
        (D(2026, 3, 1), D(2026, 3, 9), D(2026, 3, 1), {"skipped": True, "frozen": True}, "skipped"),
    ],
)  # fmt: skip
def test_stages(planned, latest, today, facts, stage):
    assert stage_of(planned, latest, today, **facts) == stage


def test_stages_of_a_service():
    common = {"frozen": True, "unreachable": True, "undone": True}
    assert service_stage(ended=Ended.DECEASED, **common) == "ended"
    assert service_stage(ended=None, **common) == "incident"
    assert service_stage(ended=None, **common | {"frozen": False}) == "unreachable"
    assert service_stage(ended=None, **common | {"frozen": False, "undone": False}) == "finished"
    assert service_stage(ended=None, frozen=False, unreachable=False, undone=True) == "active"


# ---- whatever happens ------------------------------------------------------------------------------------------------
dates = st.integers(0, 900).map(lambda n: ISSUED + n * DAY)
knowns = st.dictionaries(
    st.tuples(st.sampled_from((1, 2, 3)), st.sampled_from([f"m{n}" for n in (1, 2, 3, 4, 6, 9, 12, 18, 24)])),
    st.builds(Known, st.none() | dates, st.none() | dates, st.none() | dates), max_size=6,
)  # fmt: skip


def in_turn(drawn):
    """Return pauses one after the other."""
    days = sorted(drawn, key=lambda p: p[0])
    return tuple(PauseFacts(begin, end, policy) for (begin, _policy), (end, policy) in zip(days[::2], days[1::2], strict=False))


pauses = st.lists(st.tuples(dates, st.sampled_from(Policy)), max_size=4, unique_by=lambda p: p[0]).map(in_turn)
applied = st.sampled_from([
    (ADULT,), (ADULT, NEWER), (CHILD,), (CHILD, attrs.evolve(ADULT, since=D(2026, 5, 15))),
    (CHILD, attrs.evolve(ADULT, since=D(2026, 5, 15)), attrs.evolve(NEWER, since=D(2026, 9, 1))),
])  # fmt: skip
devices = st.builds(DeviceFacts, st.just(ISSUED), applied, knowns, st.none() | dates, st.booleans())
people = st.builds(PersonFacts, st.none() | st.just(D(2026, 5, 15)), st.booleans(), pauses)


@given(devices, people)
@examples(max_examples=25)
def test_promises_of_every_calendar(device, person):
    slots = calendar_of(device, person)
    assert len(slots) == sum(len(a.body.periods) for a in device.applied)
    assert len({(s.version, s.period) for s in slots}) == len(slots)
    assert slots == calendar_of(attrs.evolve(device, applied=device.applied[::-1]), person)
    for slot in slots:
        known = device.known.get((slot.version, slot.period), Known())
        assert slot.earliest <= slot.ideal <= slot.latest
        assert slot.done == (known.done_on is not None)
        assert slot.skipped is None or not slot.done
        assert (slot.skipped is Skipped.MISSED) == (known.done_on is None and known.given_up_on is not None)
        if device.gone_on is not None or person.ended:
            assert slot.done or slot.skipped is not None
    made = [s for s in slots if s.made]
    assert device.begun or len(made) <= 1
    # One period of one name is asked once, whichever version: unless it was answered in both before the newer one came.
    for group in Group:
        waiting = [s.period for s in slots if s.group is group and not s.done and s.skipped is None]
        assert len(waiting) == len(set(waiting))


@given(devices, people, dates, st.sampled_from(Policy))
@examples(max_examples=25)
def test_an_open_pause_changes_no_dates(device, person, begin, policy):
    opened = attrs.evolve(person, pauses=(*person.pauses, PauseFacts(begin, None, policy)))
    assert calendar_of(device, opened) == calendar_of(device, person)


@given(devices, people, st.integers(0, 60))
@examples(max_examples=25)
def test_the_last_shift_moves_what_waits_and_nothing_else(device, person, length):
    begin = max([ISSUED, *(p.ended_on for p in person.pauses if p.ended_on)]) + DAY
    begin = max(begin, NEWER.since, D(2026, 9, 2))
    end = begin + length * DAY
    before = calendar_of(device, person)
    after = calendar_of(device, attrs.evolve(person, pauses=(*person.pauses, PauseFacts(begin, end, Policy.SHIFT))))
    for a, b in zip(after, before, strict=True):
        known = device.known.get((b.version, b.period), Known())
        assert (a.skipped, a.made) == (b.skipped, b.made)
        if not b.made and (b.done or b.skipped in (Skipped.VERSION, Skipped.CROSSED)):
            continue  # no place in this calendar, whether somebody asked all the same or not
        over = (known.closed_on is not None and known.closed_on < end) or b.skipped is Skipped.PAUSE
        if over or (b.skipped is Skipped.DEVICE and device.gone_on <= end):
            assert (a.earliest, a.ideal, a.latest) == (b.earliest, b.ideal, b.latest)
        elif b.skipped is None:
            assert (a.earliest, a.ideal, a.latest) == tuple(day + length * DAY for day in (b.earliest, b.ideal, b.latest))
