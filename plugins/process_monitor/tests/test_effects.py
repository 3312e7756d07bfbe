"""Before and after: a course that helped, one that did not, and all that may not be said."""

from __future__ import annotations

import datetime as dt
import math
import random
import typing as t
from collections.abc import Mapping

import pytest

from crmkit import Actor, Crm, MovableClock, NotFound, Uow
from crmkit_process_monitor import ASSIGNMENTS, Assignment, Course, Step, Worker
from crmkit_process_monitor.effects import Outcome, effect, together
from crmkit_process_monitor.rollups import WORK, rebuild
from crmkit_process_monitor.sets import insert
from crmkit_process_monitor.tables import work

START = dt.date(2026, 1, 5)
GIVEN, DONE = 42, 44
"""Days after the start."""
PEOPLE = range(1, 10)
DIRECTOR = Actor(99, "Dora", roles=["director"])
DAY = dt.timedelta(1)
MOMENT = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MOMENT)


@pytest.fixture
def stage(crm: Crm) -> dict[str, t.Any]:
    with crm.uow() as uow:
        step, course = uow.add(Step(name="offer", title="Offer")), uow.add(Course(title="Offers"))
        workers = {user: uow.add(Worker(name="", user_id=user, team_id=1)) for user in PEOPLE}
        uow.flush()
        return {"step": step.id, "course": course.id, "workers": {user: one.id for user, one in workers.items()}}


def play(
    crm: Crm, clock: MovableClock, stage: Mapping[str, t.Any], ratio: t.Callable[[int, bool], float], *, people: t.Iterable[int] = PEOPLE,
    until: int = 80, spread: float = 0.4, share: t.Callable[[bool], float] = lambda after: 0.5, done: bool = True, seed: int = 1,
) -> int:  # fmt: skip
    """Let people work until a day, the first of them with a course, and return what was given."""
    dice = random.Random(seed)
    rows = []
    for number in range(until):
        day, after = START + number * DAY, number > DONE
        if day.isoweekday() > 5:
            continue
        for user in people:
            slow = dice.gauss(0, 0.05)
            for place in range(5):
                kind = "new" if dice.random() < share(after) else "repeat"
                seconds = 100 * (3 if kind == "new" else 1) * ratio(user, after) * math.exp(slow + dice.gauss(0, spread))
                ms = round(seconds * 1000)
                case = number * 1000 + user * 10 + place
                rows.append((case, stage["step"], stage["workers"][user], 0, day, kind, 1, None, ms, ms, 0, 0, 1))
    clock.set(MOMENT + GIVEN * DAY)
    with crm.uow() as uow:
        insert(uow, work, WORK, rows)
        rebuild(uow)
        given = uow.add(Assignment(step_id=stage["step"], course_id=stage["course"], owner_id=1, team_id=1))
        uow.flush()
        key = given.id
    if done:
        clock.set(MOMENT + DONE * DAY)
        with crm.uow() as uow:
            uow.move(uow.get(Assignment, key), ASSIGNMENTS["done"])
    clock.set(MOMENT + until * DAY)
    return key


def told(crm: Crm, key: int, actor: Actor = DIRECTOR):
    with crm.read(actor) as uow:
        return effect(uow, key)


def test_a_course_that_halves_the_time_is_seen_beside_colleagues(crm: Crm, clock: MovableClock, stage: dict[str, t.Any]):
    """Everybody gets a fifth faster in the same weeks; that is not the course's doing. Nor is it that more clients are old ones by then."""
    key = play(crm, clock, stage, lambda user, after: (2.0 if user == 1 and not after else 1.0) * (0.8 if after else 1.0),
               share=lambda after: 0.3 if after else 0.7)  # fmt: skip
    found = told(crm, key)
    assert found.verdict is Outcome.HELPED
    assert found.compared_with == 8
    assert found.change is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < -0.5 < found.high < 0
    assert found.change == pytest.approx(-0.5, abs=0.12)
    assert found.before is not None
    assert found.before == pytest.approx((found.after or 0) * 2 / 0.8, rel=0.2), "seconds are told for the same mix"
    assert "8 colleagues" in found.why
    assert "случаях из 100" in found.why.to("ru")  # type: ignore[attr-defined]


def test_a_course_for_nothing_is_not_said_to_help(crm: Crm, clock: MovableClock, stage: dict[str, t.Any]):
    found = told(crm, play(crm, clock, stage, lambda user, after: 1.0, seed=4))
    assert found.verdict is Outcome.UNSURE
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high


def test_who_learnt_the_same_is_nobody_to_compare_with(crm: Crm, clock: MovableClock, stage: dict[str, t.Any]):
    key = play(crm, clock, stage, lambda user, after: 1.0)
    with crm.uow() as uow:
        uow.add(Assignment(step_id=stage["step"], course_id=stage["course"], owner_id=2, team_id=1))  # not done, but under way since today
        old = uow.add(Assignment(step_id=stage["step"], course_id=stage["course"], owner_id=3, team_id=1))
        uow.move(old, ASSIGNMENTS["cancelled"])
    assert told(crm, key).compared_with == 8, "given after those weeks, or never done"
    clock.set(MOMENT + 60 * DAY)
    with crm.uow() as uow:
        uow.add(Assignment(step_id=stage["step"], course_id=stage["course"], owner_id=4, team_id=1))
    clock.set(MOMENT + 80 * DAY)
    assert told(crm, key).compared_with == 7


def test_what_may_not_be_said_yet_or_at_all_is_told(crm: Crm, clock: MovableClock, stage: dict[str, t.Any]):
    key = play(crm, clock, stage, lambda user, after: 0.5 if user == 1 and after else 1.0, until=60, people=range(1, 6))
    found = told(crm, key)
    assert found.verdict is Outcome.TOO_EARLY
    assert found.change is None
    clock.set(MOMENT + 75 * DAY)
    lonely = told(crm, key)
    assert lonely.verdict is Outcome.NO_COLLEAGUES
    assert lonely.why.startswith("4 colleagues")
    with crm.uow() as uow:
        uow.move(uow.get(Assignment, key), ASSIGNMENTS["given"])
    assert told(crm, key).verdict is Outcome.TOO_EARLY
    with crm.uow() as uow:
        uow.connection.execute(work.delete().where(work.c.day < START + 38 * DAY))
        rebuild(uow)
        uow.move(uow.get(Assignment, key), ASSIGNMENTS["done"])
    clock.set(MOMENT + 110 * DAY)
    few = told(crm, key)
    assert few.verdict is Outcome.TOO_FEW
    assert few.why.startswith("10 cases on 2 days in the four weeks before: at least 20 on 5 days")


def test_figures_are_told_before_the_verdict(crm: Crm, clock: MovableClock, stage: dict[str, t.Any]):
    found = told(crm, play(crm, clock, stage, lambda user, after: 0.5 if user == 1 and after else 1.0, until=66))
    assert found.verdict is Outcome.TOO_EARLY
    assert found.change == pytest.approx(-0.5, abs=0.15)
    assert found.why.startswith("Measured until 18.03.2026")


def test_who_may_not_read_the_assignment_learns_nothing(crm: Crm, clock: MovableClock, stage: dict[str, t.Any]):
    key = play(crm, clock, stage, lambda user, after: 0.5 if user == 1 and after else 1.0, until=75)
    own = told(crm, key, Actor(1, "Olga", roles=["manager"], teams=[1]))
    assert own.verdict is Outcome.HELPED, "one's own is compared with colleagues one does not see"
    with pytest.raises(NotFound):
        told(crm, key, Actor(2, "Pavel", roles=["manager"], teams=[1]))


def test_several_effects_are_taken_together():
    assert together([]) is None
    alone = together([(-0.3, 0.1, 9.0)])
    assert alone is not None
    assert alone == (-0.3, pytest.approx(0.1 * 2.262, abs=1e-3))
    same = together([(-0.3, 0.1, 20.0)] * 4)
    assert same is not None
    assert same == (pytest.approx(-0.3), pytest.approx(0.05 * 3.182, abs=1e-3)), "never surer than their errors allow"
    # The changes and errors of a worked example of DerSimonian and Laird's method: people differ by more than chance.
    mixed = together([(-0.8, 0.1, 20.0), (-0.1, 0.1, 20.0), (-0.4, 0.2, 20.0)])
    assert mixed is not None
    weights = [1 / (e * e + 0.1916) for e in (0.1, 0.1, 0.2)]
    mean = sum(w * c for w, c in zip(weights, (-0.8, -0.1, -0.4), strict=True)) / sum(weights)
    assert mixed[0] == pytest.approx(mean, abs=0.01)
    assert mixed[1] > 0.5


def test_effects_of_what_is_gone_are_not_told(crm: Crm, uow: Uow):
    with pytest.raises(NotFound):
        effect(uow, 1)
