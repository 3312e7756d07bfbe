"""The dialer at work: tasks that dial, close by themselves when nobody answers, and come again."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from crmkit import Actor
from crmkit_sales import ContactPoint, Way
from crmkit_taskqueue import Pause, Task, TaskState, complete, stop
from crmkit_taskqueue.audit import audit as audit_of_the_queue
from crmkit_telephony import Capability, DoNotCall, NotThere, Outcome, ProviderError, Unknown, take
from crmkit_telephony.testing import PaperProvider
from crmkit_telephony_dialer import State
from crmkit_telephony_dialer.following import Shared
from crmkit_telephony_dialer.panels import standing
from crmkit_telephony_dialer.tables import attempts, live, steps

from .conftest import ANN, BOB

MINUTE = dt.timedelta(minutes=1)


def said(floor):
    """How all attempts ended, in order, and that each did so once."""
    with floor.crm.read() as uow:
        ends = sa.select(steps.c.attempt_id, sa.func.count()).where(steps.c.state == "ended").group_by(steps.c.attempt_id)
        assert all(count == 1 for _id, count in uow.connection.execute(ends))
        assert audit_of_the_queue(uow) == []
        ended = sa.select(attempts).where(attempts.c.ended_at.is_not(None)).order_by(attempts.c.id)
        return [row.outcome or row.refused for row in uow.connection.execute(ended)]


def test_nobody_answers_and_the_next_task_dials(floor):
    first, second = floor.task(), floor.task()
    assert floor.work().task_id == first.id
    assert floor.pbx.dialled == [first.contact.phone]
    floor.rings()
    assert floor.attempt().a.state is State.RINGING
    floor.run(19.9)
    assert floor.attempt().a.state is State.RINGING
    floor.run(0.1)
    assert said(floor) == ["no_answer"]
    assert floor.pbx.dialled == [first.contact.phone, second.contact.phone]
    assert floor.open() == second.id
    again = floor.waiting()
    assert [(t.previous_id, t.attempt, t.due_at) for t in again] == [(first.id, 2, floor.clock.now() + 30 * MINUTE)]
    ended = next(iter(floor.pbx.calls.values()))
    assert ended.ended_at - ended.began_at == dt.timedelta(seconds=20)


def test_three_in_a_row_and_then_one_who_answers(floor):
    tasks = [floor.task() for _number in range(4)]
    floor.work()
    for _number in range(3):
        floor.rings()
        floor.run(20)
    floor.rings()
    floor.run(12)
    floor.pbx.answer(floor.call())
    floor.run(100)
    assert said(floor) == ["no_answer"] * 3
    assert (floor.attempt().a.state, floor.open(), floor.attempt().task_id) == (State.TALKING, tasks[3].id, tasks[3].id)
    floor.pbx.end(floor.call())
    floor.run(100)
    assert said(floor)[-1] == "answered"
    assert floor.open() == tasks[3].id  # nothing closes by itself
    assert len(floor.pbx.dialled) == len(set(floor.pbx.dialled)) == 4


def test_an_answer_that_is_told_late_is_not_hung_up_on(floor):
    task = floor.task()
    floor.work()
    floor.rings()
    floor.deliver(until=dt.timedelta(seconds=19.5))
    floor.pbx.answer(floor.call())
    answered = floor.pbx.heard()  # on its way
    floor.run(5)
    assert floor.attempt().a.state is State.TALKING
    with floor.crm.uow() as uow:
        take(uow, "paper", answered)
    floor.run(60)
    assert (floor.attempt().a.state, floor.open(), floor.call().ended_at) == (State.TALKING, task.id, None)


@pytest.mark.parametrize("fault", [ProviderError("down", again=True), NotThere("gone")])
def test_a_hang_up_that_goes_wrong_is_done_again(floor, fault):
    floor.task()
    other = floor.task()
    floor.work()
    floor.rings()
    floor.pbx.faults["hang_up"] = [fault]
    floor.run(35)
    assert said(floor) == ["no_answer"]
    assert floor.open() == other.id


def test_an_end_that_nobody_tells_is_found_out(floor):
    first, second = floor.task(), floor.task()
    floor.work()
    floor.rings()
    floor.deliver(until=dt.timedelta(seconds=3))
    floor.pbx.end(floor.call(), Outcome.BUSY)
    floor.pbx.heard()  # lost on its way
    floor.run(18)
    assert said(floor) == ["busy"]
    assert (floor.attempt().task_id, floor.pbx.dialled) == (second.id, [first.contact.phone, second.contact.phone])
    with floor.crm.read() as uow:
        assert uow.connection.execute(sa.select(attempts.c.silent).order_by(attempts.c.id).limit(1)).scalar() is True
    assert floor.waiting()[0].due_at == floor.clock.now() - dt.timedelta(seconds=1) + 10 * MINUTE


def test_the_managers_own_telephone_is_not_the_clients_failure(floor):
    task = floor.task()
    floor.work()
    floor.run(26)
    assert said(floor) == ["agent_no_answer"]
    assert (floor.open(), floor.waiting()) == (task.id, [])
    floor.run(61)  # they are not there: the task goes back, and a break begins
    assert floor.open() is None
    assert [(t.id, t.attempt) for t in floor.waiting()] == [(task.id, 1)]
    with floor.crm.read() as uow:
        assert uow.find(Pause).one().reason == "technical"


def test_a_line_that_is_dead_counts_for_nothing(floor, monkeypatch):
    def dead(paper, asked):
        raise ProviderError("dead")

    task = floor.task()
    with monkeypatch.context() as patched:
        patched.setattr(PaperProvider, "originate", dead)
        floor.work()
        floor.run(1)
    assert said(floor) == ["failed"]
    assert (floor.open(), floor.attempt().a.state) == (task.id, State.WAITING)  # nothing else is due: it waits for its time
    assert 4 * MINUTE < floor.attempt().a.due_at - floor.clock.now() <= 5 * MINUTE
    floor.run(300)
    assert floor.pbx.dialled == [task.contact.phone]


def test_a_limit_that_is_used_up_costs_no_task(floor, monkeypatch):
    task, until = floor.task(), floor.clock.now() + 25 * MINUTE
    monkeypatch.setattr(floor.pbx, "full_until", lambda: until if floor.clock.now() < until else None)
    floor.work()
    floor.run(60)
    with floor.crm.read(ANN) as uow:
        shown = standing(uow, floor.attempt())
    assert (shown["text"].to("en"), floor.attempt().a.state) == (
        f"The telephone provider's hourly limit is used up: dialling goes on at {until:%H:%M}", State.WAITING)  # fmt: skip
    assert (floor.open(), floor.pbx.dialled, said(floor)) == (task.id, [], [])
    floor.run(24 * 60 + 10)
    assert (floor.pbx.dialled, floor.attempt().a.state) == ([task.contact.phone], State.CALLING)


def test_questions_are_gathered_where_requests_are_scarce(floor, monkeypatch):
    paused = []
    shared = Shared(paused.append)
    shared.active(floor.pbx)
    monkeypatch.setattr(floor.pbx, "gathers", lambda: dt.timedelta(seconds=1))
    shared.active(floor.pbx)
    assert paused == [1.0]


def test_a_call_of_which_nobody_knows_whether_it_was_placed_is_not_placed_again(floor):
    floor.task()
    floor.pbx.faults["originate"] = [Unknown("the connection broke")]
    floor.work()
    floor.run(30)
    assert len(floor.pbx.dialled) == 1
    floor.pbx.calls.clear()  # it never was
    floor.run(240)
    assert said(floor) == ["agent_no_answer"] or said(floor)[0] in ("failed", "unknown")
    assert len(floor.pbx.dialled) == 1


def test_no_client_is_called_twice_at_once(floor):
    client = floor.client()
    mine, theirs = floor.task(client), floor.task(client, owner=2)
    floor.work()
    floor.work(BOB)
    assert floor.pbx.dialled == [client.phone]
    assert said(floor) == ["in_use"]
    assert (floor.open(BOB), floor.attempt(BOB).a.due_at - floor.clock.now()) == (theirs.id, 2 * MINUTE)
    floor.rings()
    floor.run(20)
    assert said(floor) == ["no_answer", "in_use"]
    with floor.crm.read() as uow:
        assert uow.connection.execute(sa.select(live)).all() == []
    assert floor.open() != mine.id
    floor.run(100)
    assert floor.pbx.dialled == [client.phone] * 2


def test_the_task_is_taken_away_while_it_rings(floor):
    floor.task()
    floor.work()
    floor.rings()
    floor.as_(ANN, stop)
    floor.run(1)
    assert said(floor) == ["cancelled"]
    assert floor.call().ended_at is not None
    floor.run(60)
    assert len(floor.pbx.dialled) == 1


def test_closed_while_it_is_spoken_the_next_one_waits_for_the_line(floor):
    floor.task()
    second = floor.task()
    turn = floor.work()
    floor.rings()
    floor.pbx.answer(floor.call())
    floor.hear()
    floor.as_(ANN, complete, turn.id, "reached")
    floor.run(30)
    assert (floor.open(), len(floor.pbx.dialled), floor.attempt().a.state) == (second.id, 1, State.WAITING)
    floor.pbx.end(floor.call())
    floor.hear()
    floor.run(4)
    assert len(floor.pbx.dialled) == 1  # a moment to breathe
    floor.run(1)
    assert len(floor.pbx.dialled) == 2
    assert said(floor) == ["answered"]


def test_busy_rejected_and_numbers_that_are_none(floor, make):
    client = floor.client()
    spare = make(ContactPoint, contact_id=client.id, way=Way.PHONE, value="+74957654321")
    for outcome in (Outcome.BUSY, Outcome.REJECTED):
        floor.task()
        floor.work()
        floor.rings()
        floor.pbx.end(floor.call(), outcome)
        floor.hear()
        floor.as_(ANN, stop)
    assert [t.due_at - floor.clock.now() for t in floor.waiting()] == [10 * MINUTE - dt.timedelta(milliseconds=1), dt.timedelta(days=1)]
    task = floor.task(client)
    floor.work()
    floor.pbx.end(floor.call(), Outcome.INVALID_NUMBER)
    floor.run(1)
    assert floor.pbx.dialled[-2:] == [client.phone, spare.value]  # the other number at once
    assert floor.open() == task.id
    floor.pbx.end(floor.call(), Outcome.INVALID_NUMBER)
    floor.run(1)
    with floor.crm.read() as uow:
        left = uow.get(Task, task.id)
        assert (left.state, left.outcome) == (TaskState.CANCELLED, "wrong_number")


def test_hours_limits_and_the_do_not_call_list(floor, make):
    floor.clock.set(dt.datetime(2026, 3, 16, 16, 59, 30, tzinfo=dt.UTC))  # 19:59:30 in Moscow: it would still ring at eight
    late = floor.task()
    floor.work()
    assert (floor.attempt().refused, floor.pbx.dialled) == ("hours", [])
    assert floor.waiting()[0].due_at == dt.datetime(2026, 3, 17, 9, tzinfo=dt.UTC)  # when the company works
    floor.as_(ANN, stop)
    floor.clock.set(dt.datetime(2026, 3, 17, 10, tzinfo=dt.UTC))
    make(DoNotCall, number=late.contact.phone)
    floor.work()
    with floor.crm.read() as uow:
        left = uow.get(Task, late.id)
        assert (left.state, left.outcome) == (TaskState.CANCELLED, "do_not_call")
    client = floor.client()
    for _number in range(3):
        floor.task(client)
        floor.work()
        floor.rings()
        floor.run(20)
    floor.task(client)
    floor.work()
    assert (floor.attempt().refused, len(floor.pbx.dialled)) == ("limit", 3)
    assert floor.open() is None
    assert said(floor) == ["hours", "do_not_call", *["no_answer"] * 3, "limit"]


def test_a_client_who_calls_in_needs_no_retry_and_a_missed_call_is_a_task(floor):
    floor.task()
    floor.work()
    client = floor.call().number
    floor.rings()
    floor.run(20)
    assert len(floor.waiting()) == 1
    incoming = floor.pbx.ring(client, "101")
    floor.hear()
    floor.pbx.answer(incoming)
    floor.run(1)
    assert floor.waiting() == []
    floor.pbx.end(incoming)
    floor.as_(ANN, stop)
    other = floor.client()
    missed = floor.pbx.ring(other.phone, "101")
    floor.run(10)
    floor.pbx.end(missed, Outcome.NO_ANSWER)
    floor.hear()
    floor.run(10)
    assert [(t.kind, t.contact_id, t.owner_id) for t in floor.waiting()] == [("call_back", other.id, 1)]


def test_a_manager_without_a_telephone_and_a_number_that_is_missing(floor, make):
    task = floor.task(floor.client(), owner=3)
    turn = floor.work(Actor(3, "Cy", roles=["manager"], teams=(7,)))
    assert (turn.task_id, floor.pbx.dialled) == (task.id, [])
    client = make(type(task.contact), name="No number", owner_id=1)
    floor.task(client)
    floor.work()
    assert floor.attempt().refused == "no_number"
    assert floor.open() is not None


def test_a_provider_that_cannot_hang_up(floor, monkeypatch):
    monkeypatch.setattr(PaperProvider, "capabilities", PaperProvider.capabilities - {Capability.HANG_UP})
    first, second = floor.task(), floor.task()
    floor.work()
    floor.rings()
    floor.run(25)
    assert floor.open() == first.id
    floor.pbx.end(floor.call(), Outcome.NO_ANSWER)  # the manager puts the telephone down
    floor.run(1)
    assert (floor.open(), said(floor)) == (second.id, ["no_answer"])
