"""What goes wrong: a clear message with the way out, and nothing lost. The audit looks over each case."""

from __future__ import annotations

import datetime as dt
import threading

import attrs
import pytest
import sqlalchemy as sa

from crmkit import Actor, Conflict, Forbidden, Invalid, NotFound, merge, undo
from crmkit_sales import Contact
from crmkit_taskqueue import (
    Choice,
    OldClient,
    StackState,
    Task,
    TaskqueueSettings,
    TaskState,
    Turn,
    WorkSession,
    complete,
    current,
    leave,
    next_turn,
    pause,
    renew,
    resume,
    start,
    stop,
)  # fmt: skip
from crmkit_taskqueue.audit import audit
from crmkit_taskqueue.tables import desks, turns

ANN, BOB = Actor(1, "Ann", roles=["manager"], teams=(7,)), Actor(2, "Bob", roles=["manager"], teams=(7,))
BOSS = Actor(8, "Eve", roles=["director"])
RUSSIAN = Actor(1, "Аня", roles=["manager"], teams=(7,), language="ru")


@pytest.fixture
def work(crm):
    """Run something as a manager who is at work."""

    def run(function, *args, who=ANN):
        with crm.uow(who) as uow:
            start(uow)
            return function(uow, *args)

    return run


@pytest.fixture
def boss(crm):
    """Run a command of a task as the director."""

    def run(verb, task_id, **given):
        with crm.uow(BOSS) as uow:
            return crm.commands[f"taskqueue.task.{verb}"].run(uow, uow.get(Task, task_id, lock=True), given)

    return run


@pytest.fixture(autouse=True)
def nothing_went_wrong(crm, uow, request):
    yield
    uow.commit()
    with crm.read() as reading:
        found = audit(reading)
    if "no_longer_in_the_settings" in request.node.name:  # the audit knows today's settings alone
        found = [line for line in found if "class 7" not in line]
    assert found == []


def words(refused):
    error = refused.value
    return [error.message.to(language) for language in ("en", "ru")]


def test_what_was_typed_in_a_closed_tab(make, work, boss, clock, deliver, uow):
    task = make(Task, kind="task", owner_id=1, team_id=7)
    turn = work(next_turn)
    assert work(renew, turn.id, {"note": "half \x00a\ud800" * 3000, "x": [1]})
    clock.forward(minutes=5)
    deliver()
    assert work(next_turn, who=ANN).task_id == task.id  # another tab has it again
    assert isinstance(work(complete, turn.id, "done"), Choice)  # and the old one may still end it
    with pytest.raises(Conflict, match="already") as refused:
        work(complete, turn.id, "done")
    assert "уже закрыта" in words(refused)[1]
    late = make(Task, kind="task", owner_id=1, team_id=7)
    turn = work(next_turn)
    boss("take_back", late.id)
    with pytest.raises(Conflict, match="supervisor took") as refused:
        work(complete, turn.id, "done")
    assert "руководитель" in words(refused)[1]
    turn = work(next_turn)
    clock.forward(minutes=5)
    deliver()
    uow.refresh()
    late.owner_id = 2
    uow.commit()
    assert work(next_turn, who=BOB).task_id == late.id
    with pytest.raises(Conflict, match="no longer free"):
        work(complete, turn.id, "done")
    make(Task, kind="task", owner_id=1)
    work(next_turn)
    with pytest.raises(Conflict, match="another one is open"):
        work(complete, turn.id, "done")


def test_nobody_reaches_what_is_not_theirs(make, work, crm, clock):
    make(Task, kind="task", owner_id=1)
    turn = work(next_turn)
    for key in (turn.id, 999):
        for call in ((complete, key, "done"), (leave, key, "escalate", "mine now")):
            with pytest.raises(Forbidden):
                work(*call, who=BOB)
    assert not work(renew, turn.id, {"note": "x"}, who=BOB)
    assert work(current, who=BOB) is None
    with crm.uow(ANN) as uow, pytest.raises(NotFound):
        uow.get(Task, 999)
    with crm.uow(ANN) as uow, pytest.raises(Forbidden):
        crm.commands["taskqueue.task.take_back"].run(uow, uow.get(Task, turn.task_id), {})
    with crm.uow(Actor(5, roles=[])) as uow, pytest.raises(Forbidden):
        crm.commands["taskqueue.next_task"].run(uow, None, {})


def test_answers_that_cannot_be(make, work):
    make(Task, kind="call", owner_id=1)
    turn = work(next_turn)
    for outcome, values, path in (
        ("nonsense", {}, "outcome"), ("later", {}, "at"), ("later", {"at": "9999-12-31T23:59"}, "at"), ("later", {"at": [1]}, "at"),
        ("later", {"at": "2026-03-16T08:59:59Z"}, "at"), ("reached", {"surprise": 1}, "surprise"), ("reached", {"note": "x" * 5000}, "note"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            work(complete, turn.id, outcome, values)
        assert [p.path for p in refused.value.problems] == [path]
        assert refused.value.problems[0].message.to("ru") != refused.value.problems[0].message.to("en")
    assert work(current).id == turn.id  # it is still open, nothing was half done
    work(complete, turn.id, "reached", {"note": "so\x00 \ud83d nice"})


def test_over_http(make, work, client):
    make(Task, kind="task", owner_id=1)
    client.act_as(RUSSIAN)
    begun = client.post("/api/taskqueue/do/next_task", json={})
    assert (begun.status_code, "начните работу" in begun.text) == (409, True)
    turn = work(next_turn)
    for body in ({"turn": 2**70, "outcome": "done"}, {"turn": turn.id, "outcome": "\x00"}, {"turn": turn.id}, {"turn": "1", "outcome": "done"}):
        assert 400 <= client.post("/api/taskqueue/do/complete", json=body).status_code < 500
    assert client.post("/x/taskqueue/still-there", json={"turn": turn.id, "draft": {"note": "half"}}).json() == {"open": True}
    for body in ([], {"turn": "1"}, {"turn": 2**70}, {"turn": turn.id, "draft": "x"}):
        assert client.post("/x/taskqueue/still-there", json=body).status_code == 422
    done = client.post("/api/taskqueue/do/complete", json={"turn": turn.id, "outcome": "done"}).json()["result"]
    assert (done["task"], done["rule"]) == (None, "nothing")
    client.act_as(BOSS)
    assert 400 <= client.post("/api/taskqueue/task/1/do/give", json={"user_id": 2**70}).status_code < 500


def test_a_clock_that_jumps(make, work, clock, deliver, uow):
    task = make(Task, kind="task", owner_id=1)
    noon = clock.now()
    clock.forward(days=1)
    turn = work(next_turn)
    clock.set(noon)  # somebody set the server's clock back
    work(renew, turn.id)
    assert work(current).id == turn.id
    deliver()
    clock.forward(minutes=6)
    deliver(until=dt.timedelta(minutes=2))
    uow.refresh()
    assert task.state is TaskState.WAITING
    turn = work(next_turn)
    clock.set(noon)
    work(complete, turn.id, "done")
    uow.refresh()
    assert task.state is TaskState.DONE


def test_a_kind_that_is_no_longer_in_the_settings(crm, make, work, monkeypatch, uow, deliver, clock):
    open_one, waiting = make(Task, kind="call", owner_id=1), make(Task, kind="call", owner_id=1)
    urgent = make(Task, kind="call_back", owner_id=1, due_at=clock.now() + dt.timedelta(hours=1))
    deliver()
    turn = work(next_turn)
    before = crm[TaskqueueSettings]
    kinds = {name: kind for name, kind in before.all_kinds.items() if name != "call"}
    kinds["call_back"] = attrs.evolve(kinds["call_back"], priority=7)
    monkeypatch.setitem(crm._settings, TaskqueueSettings, attrs.evolve(before, kinds=kinds, usual_kinds=False))
    with pytest.raises(Conflict, match="no longer in the settings") as refused:
        work(complete, turn.id, "reached")
    assert "нет в настройках" in words(refused)[1]
    nothing = work(leave, turn.id, "escalate", "nobody knows this kind")
    assert (nothing.rule, nothing.facts["without_kind"]) == ("nothing", 1)
    clock.forward(hours=1)
    deliver()  # tasks follow the class of their kind
    assert work(next_turn).task_id == urgent.id
    uow.refresh()
    assert (urgent.priority, open_one.state, waiting.state) == (7, TaskState.HELD, TaskState.WAITING)
    monkeypatch.setitem(crm._settings, TaskqueueSettings, before)
    assert work(complete, work(current).id, "reached").task_id == waiting.id


def test_a_completion_that_is_undone(crm, make, work, uow):
    first, second = make(Task, kind="new_lead", owner_id=1), make(Task, kind="task", owner_id=1)
    make(OldClient, title="Old", owner_id=1)
    turn = work(next_turn)
    with crm.uow(ANN) as writing:
        complete(writing, turn.id, "later", {"at": "2026-03-16T15:00"})
        tx = writing.tx
    assert work(current).task_id == second.id
    with crm.uow() as undoing:
        done = undo(undoing, tx=tx)
    uow.refresh()
    assert (first.state, second.state, uow.find(Task).count()) == (TaskState.WAITING, TaskState.WAITING, 2)
    assert work(current) is None
    assert uow.connection.execute(sa.select(turns.c.ended).order_by(turns.c.id)).scalars().all() == ["undone", "undone"]
    with crm.uow() as redoing:
        undo(redoing, operation=done.operation)
    uow.refresh()
    assert first.state is TaskState.DONE
    turn = work(next_turn)
    with crm.uow(ANN) as writing:
        drawn = complete(writing, turn.id, "done")
        tx = writing.tx
    assert drawn.kind == "old_client"
    with crm.uow() as undoing:
        undo(undoing, tx=tx)  # the old client's task is gone for good
    assert work(current) is None
    uow.refresh()
    assert uow.find(OldClient).one().state is StackState.WAITING
    assert work(next_turn).task_id == second.id


def test_what_is_open_is_archived_or_merged(crm, make, work, uow):
    task = make(Task, kind="task", owner_id=1)
    turn = work(next_turn)
    with crm.uow() as other:
        other.archive(other.get(Task, task.id))
    with pytest.raises(Conflict):
        work(complete, turn.id, "done")
    old = make(OldClient, title="Old", owner_id=1)
    drawn = work(next_turn)
    assert drawn.kind == "old_client"
    with crm.uow() as other:
        other.archive(other.get(Task, drawn.task_id))
    uow.refresh()
    assert old.state is StackState.WAITING
    winner, loser = (make(Task, kind="call", owner_id=1) for _n in range(2))
    turn = work(next_turn)
    with crm.uow() as other:
        merge(other, crm.kind(Task), winner.id, loser.id)
    assert work(complete, turn.id, "reached") if turn.task_id == winner.id else work(next_turn)


def test_one_person_under_two_entries_of_the_stack(crm, make, work, uow, clock):
    ann, anna = make(Contact, name="Ann"), make(Contact, name="Anna")
    make(OldClient, title="Ann", owner_id=1, contact_id=ann.id)
    second = make(OldClient, title="Anna", owner_id=2, contact_id=anna.id)
    first = work(next_turn)
    with crm.uow() as other:
        merge(other, crm.kind(Contact), ann.id, anna.id)
    assert isinstance(work(next_turn, who=BOB), Choice)
    work(complete, first.id, "refused", {"reason": "dear"})
    assert isinstance(work(next_turn, who=BOB), Choice)
    clock.forward(days=15)
    uow.refresh()
    assert work(next_turn, who=BOB).kind == "old_client"
    assert second.contact_id == ann.id


def test_a_stack_task_that_is_cancelled_frees_its_client(make, work, boss, uow):
    old = make(OldClient, title="Old", owner_id=1, team_id=7)
    turn = work(next_turn)
    work(leave, turn.id, "escalate", "speaks French")
    boss("cancel", turn.task_id)
    uow.refresh()
    assert old.state is StackState.WAITING


def test_a_session_left_running_overnight(make, work, clock, deliver, uow, crm):
    task = make(Task, kind="task", owner_id=1)
    turn = work(next_turn)
    work(pause, "lunch")
    work(complete, turn.id, "done")
    left_at = clock.now()
    clock.forward(hours=15)
    deliver()
    uow.refresh()
    session = uow.find(WorkSession).one()
    assert (session.ended_how, session.ended_at, task.state) == ("forgotten", left_at, TaskState.DONE)
    make(Task, kind="task", owner_id=1)
    with crm.uow(ANN) as writing, pytest.raises(Conflict):
        next_turn(writing)
    assert work(next_turn).waited == 0
    with crm.uow(ANN) as writing:
        stop(writing)
    with crm.uow(ANN) as writing, pytest.raises(Conflict):
        resume(writing)


def test_a_supervisor_and_a_manager_never_wait_for_each_other(crm, make, work, boss, uow):
    task = make(Task, kind="task", owner_id=1, team_id=7)
    turn = work(next_turn)
    if crm.engine.dialect.name == "sqlite":  # one writer at a time
        boss("take_back", task.id)
        return
    held, refused = threading.Event(), []

    def manager():
        with crm.uow(ANN) as writing:
            writing.connection.execute(sa.select(desks.c.user_id).where(desks.c.user_id == 1).with_for_update())
            held.set()
            complete(writing, turn.id, "done")  # waits for the task, which the supervisor holds

    with crm.uow(BOSS) as writing:
        mine = writing.get(Task, task.id, lock=True)
        thread = threading.Thread(target=manager)
        thread.start()
        held.wait(10)
        try:
            crm.commands["taskqueue.task.take_back"].run(writing, mine, {})
        except Conflict as error:
            refused.append(str(error))
    thread.join()
    assert refused
    assert "try once more" in refused[0]
    uow.refresh()
    assert task.state is TaskState.DONE


def test_nobody_puts_off_or_archives_what_is_to_be_done(make, client):
    task = make(Task, kind="task", owner_id=1, team_id=7)
    client.act_as(ANN)
    assert client.get(f"/api/taskqueue/task/{task.id}").status_code == 200
    put_off = client.patch(f"/api/taskqueue/task/{task.id}", json={"due_at": "2026-04-01T09:00:00Z"}, headers={"If-Match": "*"})
    archived = client.post(f"/api/taskqueue/task/{task.id}/archive", json={})
    assert (put_off.status_code, archived.status_code) == (403, 403)


def test_edited_while_it_is_open(make, work, client, uow):
    task = make(Task, kind="task", owner_id=1, team_id=7)
    turn = work(next_turn)
    client.act_as(BOSS)
    for values in ({"owner_id": 2}, {"kind": "call"}):
        assert client.patch(f"/api/taskqueue/task/{task.id}", json=values, headers={"If-Match": "*"}).status_code == 200
    assert client.patch(f"/api/taskqueue/task/{task.id}", json={"state": "done"}, headers={"If-Match": "*"}).status_code == 422
    assert isinstance(work(next_turn, who=BOB), Choice)  # it is still open at Ann
    with pytest.raises(Invalid, match="reached"):
        work(complete, turn.id, "done")  # a call ends otherwise
    work(complete, turn.id, "reached")
    uow.refresh()
    assert (task.state, task.owner_id) == (TaskState.DONE, 2)
    assert not isinstance(work(current), Turn)
