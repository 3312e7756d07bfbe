"""Exactness: sixteen managers at once, processes killed in the middle; nothing is open twice, nothing is lost."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa

from crmkit import Actor, Refusal
from crmkit_taskqueue import OldClient, StackState, Task, TaskState, Turn, complete, leave, next_turn, renew, start, stop
from crmkit_taskqueue.audit import audit
from crmkit_taskqueue.tables import desks, turns

LONG = bool(os.environ.get("CRMKIT_TEST_LONG"))
MANAGERS = 16
ROUNDS = 60 if LONG else 6
ENDS = {
    "task": ("done", {}), "call": ("no_answer", {}), "new_lead": ("interested", {}), "call_back": ("reached", {}),
    "old_client": ("refused", {"reason": "dear"}),
}  # fmt: skip


def actor(number):
    return Actor(number, f"M{number}", roles=["manager"], teams=(number % 2 + 1,))


@pytest.fixture
def stock(uow, make, clock):
    """Own tasks, tasks nobody has, tasks left lying for the team, and a stack."""
    now, random_ = clock.now(), random.Random(5)
    make(Task, kind="task")
    rows = [
        {
            "kind": random_.choice(("task", "call_back", "new_lead")), "owner_id": random_.choice((None, *range(1, MANAGERS + 1))),
            "team_id": number % 2 + 1, "due_at": now - dt.timedelta(minutes=random_.randint(-30, 600)),
        }
        for number in range(MANAGERS * ROUNDS)
    ]  # fmt: skip
    uow.add_many(Task, rows)
    clients = [{"title": f"Old {n}", "owner_id": random_.choice((None, 1, 2, 3)), "team_id": n % 2 + 1} for n in range(MANAGERS * ROUNDS // 2)]
    uow.add_many(OldClient, clients)
    uow.commit()
    clock.forward(minutes=1)


def work(crm, number, rounds, seed, oddly=True):
    """Work for a while as one manager in one tab: mostly completing, now and then leaving, going, or asking twice."""
    random_ = random.Random(seed)
    me = actor(number)
    with crm.uow(me) as uow:
        start(uow)
    turn = None
    for _round in range(rounds):
        try:
            with crm.uow(me) as uow:
                if turn is None:
                    found = next_turn(uow)
                elif oddly and random_.random() < 0.1:
                    found = leave(uow, turn.id, random_.choice(("escalate", "wrong_number")), "it cannot be done")
                elif oddly and random_.random() < 0.1:
                    renew(uow, turn.id, {"note": "half a word"})
                    stop(uow)
                    start(uow)
                    found = None
                else:
                    found = complete(uow, turn.id, *ENDS[turn.kind])
            turn = found if isinstance(found, Turn) else None
        except Refusal:
            turn = None  # another tab of the same manager was quicker


def check(crm, uow, clock, slack=None):
    """Hold the tables and the journal against the promises."""
    uow.refresh()
    twice = sa.select(turns.c.task_id).where(turns.c.ended_at.is_(None)).group_by(turns.c.task_id).having(sa.func.count() > 1)
    assert uow.connection.execute(twice).all() == []
    open_now = set(uow.connection.execute(sa.select(Task.__table__.c.id).where(Task.__table__.c.state == TaskState.OPEN)).scalars())
    assert open_now == set(uow.connection.execute(sa.select(desks.c.task_id).where(desks.c.task_id.is_not(None))).scalars())
    drawn = set(uow.connection.execute(sa.select(OldClient.__table__.c.id).where(OldClient.__table__.c.state == StackState.DRAWN)).scalars())
    live = Task.__table__.c.state.in_((TaskState.OPEN, TaskState.WAITING, TaskState.HELD)) & Task.__table__.c.old_client_id.is_not(None)
    assert drawn == set(uow.connection.execute(sa.select(Task.__table__.c.old_client_id).where(live)).scalars())
    with crm.read() as reading:
        assert audit(reading, slack=slack) == []


def test_sixteen_managers_in_two_tabs_each(crm, uow, stock, clock):
    errors = []

    def run(number, seed):
        try:
            work(crm, number, ROUNDS, seed)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number, number * 10 + tab)) for number in range(1, MANAGERS + 1) for tab in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    # The clock stands still: what came before what is told by the journal's order alone, which is not quite that of the commits.
    check(crm, uow, clock, slack=dt.timedelta(seconds=1))
    assert uow.find(Task).where(Task.state == TaskState.DONE).count() > MANAGERS


def test_one_after_the_other(crm, uow, stock, clock):
    order = random.Random(3)
    seats = [number for number in range(1, MANAGERS + 1) for _tab in range(2)]
    for seat, number in enumerate(order.sample(seats, len(seats))):
        work(crm, number, ROUNDS // 2, seat)
        clock.forward(minutes=order.randint(0, 3))
    check(crm, uow, clock)


def test_processes_are_killed_in_the_middle(crm, uow, stock, clock, deliver):
    database = crm.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    script = os.path.join(os.path.dirname(__file__), "worker_to_kill.py")
    for _again in range(6 if LONG else 1):
        command = [sys.executable, script, database, clock.now().isoformat(), "1", "8"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for _line in range(16):
                assert process.stdout.readline() == "done\n"
            process.send_signal(signal.SIGKILL)
        check(crm, uow, clock, slack=dt.timedelta(seconds=1))
        clock.forward(minutes=5)
        deliver()  # what was open at the dead returns to the queue
        uow.refresh()
        assert uow.find(Task).where(Task.state == TaskState.OPEN).count() == 0
        check(crm, uow, clock, slack=dt.timedelta(seconds=1))
    for number in range(1, 4):
        work(crm, number, 4, number, oddly=False)
    check(crm, uow, clock, slack=dt.timedelta(seconds=1))
