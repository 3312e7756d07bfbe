"""Handing out: one task at one person, the right one, with its reason."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Actor, Conflict, Forbidden, Invalid
from crmkit_sales import Contact
from crmkit_taskqueue import (
    Choice,
    OldClient,
    StackState,
    Task,
    TaskState,
    Turn,
    complete,
    current,
    leave,
    next_turn,
    pause,
    postpone,
    renew,
    resume,
    start,
    stop,
    why,
)  # fmt: skip
from crmkit_taskqueue.audit import audit

ANN, BOB = Actor(1, "Ann", roles=["manager"], teams=(7,)), Actor(2, "Bob", roles=["manager"], teams=(7,))


@pytest.fixture
def work(crm):
    """Run something as a manager who is at work."""

    def run(function, *args, who=ANN):
        with crm.uow(who) as uow:
            start(uow)
            return function(uow, *args)

    return run


def test_a_due_task_comes_by_class_then_time(make, work, clock):
    ago = [clock.now() - dt.timedelta(minutes=n) for n in range(5)]
    late = make(Task, kind="task", owner_id=1, due_at=ago[4])
    call = make(Task, kind="call", owner_id=1, due_at=ago[1])
    older = make(Task, kind="call", owner_id=1, due_at=ago[2])
    lead = make(Task, kind="new_lead", owner_id=1, due_at=clock.now() + dt.timedelta(hours=1))
    got = [work(next_turn)]
    for _again in range(2):
        got.append(work(complete, got[-1].id, "done" if got[-1].kind == "task" else "reached"))
    assert [turn.task_id for turn in got] == [older.id, call.id, late.id]
    assert got[0].why["rule"] == "due"
    nothing = work(complete, got[-1].id, "done")
    assert isinstance(nothing, Choice)
    assert nothing.opens_at == lead.due_at


def test_an_open_task_stays_open(make, work, clock):
    make(Task, kind="task", owner_id=1)
    first = work(next_turn)
    make(Task, kind="new_lead", owner_id=1)
    clock.forward(minutes=1)
    assert work(next_turn).id == first.id
    assert work(current).id == first.id


def test_the_break_rule(make, work, clock):
    make(OldClient, title="Old", owner_id=1)
    planned = make(Task, kind="task", owner_id=1, due_at=clock.now() + dt.timedelta(minutes=11))
    turn = work(next_turn)
    assert turn.kind == "old_client"
    assert "старого клиента" in work(why, turn) or "old client" in work(why, turn)
    clock.forward(minutes=2)
    assert work(complete, turn.id, "revived").task_id == planned.id


def test_an_outcome_asks_for_its_field(make, work):
    make(Task, kind="new_lead", owner_id=1)
    turn = work(next_turn)
    with pytest.raises(Invalid) as refused:
        work(complete, turn.id, "not_interested")
    assert [p.path for p in refused.value.problems] == ["reason"]
    with pytest.raises(Invalid) as refused:
        work(complete, turn.id, "later", {"at": "yesterday"})
    assert [p.path for p in refused.value.problems] == ["at"]
    work(complete, turn.id, "not_interested", {"reason": "dear", "note": "too dear"})


def test_somebody_elses_task_and_one_closed_already(make, work):
    make(Task, kind="task", owner_id=1)
    turn = work(next_turn)
    with pytest.raises(Forbidden):
        work(complete, turn.id, "done", who=BOB)
    work(complete, turn.id, "done")
    with pytest.raises(Conflict):
        work(complete, turn.id, "done")


def test_nobody_works_without_a_session(crm, make):
    with crm.uow(ANN) as uow, pytest.raises(Conflict):
        next_turn(uow)


def test_a_lease_expires_and_what_was_typed_is_kept(make, work, clock, deliver, uow):
    task = make(Task, kind="task", owner_id=1)
    turn = work(next_turn)
    assert work(renew, turn.id, {"note": "half a"})
    clock.forward(minutes=5)
    deliver()
    uow.refresh()
    assert task.state is TaskState.WAITING
    assert "half a" in (task.note or "")
    work(complete, turn.id, "done")
    assert isinstance(work(next_turn), Choice)


def test_a_break_waits_for_the_task(make, work):
    make(Task, kind="task", owner_id=1)
    make(Task, kind="task", owner_id=1)
    turn = work(next_turn)
    assert work(pause, "lunch").pause_id is None
    assert isinstance(work(complete, turn.id, "done"), Choice)
    with pytest.raises(Conflict):
        work(next_turn)
    work(resume)
    assert isinstance(work(next_turn), Turn)
    work(stop)


def test_an_exit_needs_words_and_goes_to_the_supervisor(make, work, uow):
    task = make(Task, kind="task", owner_id=1)
    turn = work(next_turn)
    with pytest.raises(Invalid) as refused:
        work(leave, turn.id, "bored", " ")
    assert [p.path for p in refused.value.problems] == ["reason", "note"]
    work(leave, turn.id, "not_mine", "Bob sold it")
    uow.refresh()
    assert task.state is TaskState.HELD
    assert isinstance(work(next_turn), Choice)


def test_no_answer_comes_again_and_an_old_client_goes_back(make, work, uow, clock):
    make(Task, kind="call", owner_id=1)
    turn = work(next_turn)
    work(complete, turn.id, "no_answer")
    again = uow.find(Task).where(Task.state == TaskState.WAITING).one()
    assert (again.attempt, again.due_at) == (2, clock.now() + dt.timedelta(minutes=15))
    client = make(OldClient, title="Old", owner_id=1, contact_id=make(Contact, name="Old").id)
    clock.forward(minutes=1)
    turn = work(next_turn)
    assert turn.kind == "old_client"
    work(complete, turn.id, "no_answer")
    uow.refresh()
    assert (client.state, client.attempts) == (StackState.WAITING, 1)


def test_what_stands_in_the_way_puts_a_task_off_and_counts_as_no_attempt(crm, make, work, uow, clock):
    first = make(Task, kind="call", owner_id=1)
    clock.forward(minutes=1)
    second = make(Task, kind="call", owner_id=1)
    turn = work(next_turn)
    later = clock.now() + dt.timedelta(minutes=5)
    assert work(postpone, turn.id, later, "The line was dead.").task_id == second.id
    uow.refresh()
    assert (first.state, first.due_at, first.attempt, first.note) == (TaskState.WAITING, later, 1, "The line was dead.")
    with pytest.raises(Forbidden):
        work(postpone, turn.id, later, who=BOB)
    work(stop)
    with crm.read() as reading:
        assert audit(reading) == []


def test_a_full_day_is_refused_with_the_free_ones(crm, make, clock):
    for _number in range(30):
        make(Task, kind="task", owner_id=1)
    with pytest.raises(Invalid) as refused, crm.uow(ANN) as uow:
        uow.add(Task(kind="task", owner_id=1))
    assert [(p.path, p.code) for p in refused.value.problems] == [("due_at", "full_day")]
    assert "17.03" in refused.value.problems[0].message
    moved = make(Task, kind="task", owner_id=1)  # an automation's
    assert moved.day == dt.date(2026, 3, 17)
