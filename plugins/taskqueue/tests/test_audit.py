"""The audit: it finds nothing in a day that went well, and every kind of trouble that is made by hand."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
import sqlalchemy as sa

from crmkit import Actor
from crmkit_taskqueue import OldClient, StackState, Task, TaskState, Turn, complete, leave, next_turn, start
from crmkit_taskqueue.audit import audit
from crmkit_taskqueue.tables import desks, turns

ANN, BOB = Actor(1, "Ann", roles=["manager"], teams=(7,)), Actor(2, "Bob", roles=["manager"], teams=(7,))
ENDS = {"task": ("done", {}), "call": ("no_answer", {}), "new_lead": ("interested", {}), "old_client": ("refused", {"reason": "dear"})}


@pytest.fixture
def day(crm, make, clock):
    """A morning of two managers; with the clock at its end."""
    now = clock.now()
    for n in range(8):
        make(Task, kind=("task", "call", "new_lead")[n % 3], owner_id=1 + n % 2, team_id=7, due_at=now + dt.timedelta(minutes=n * 4 - 10))
    make(OldClient, title="Old", owner_id=1, team_id=7)
    for _round in range(12):
        for who in (ANN, BOB):
            with crm.uow(who) as uow:
                start(uow)
                found = next_turn(uow)
                if isinstance(found, Turn):
                    if found.task_id == 4:
                        leave(uow, found.id, "escalate", "too hard")
                    else:
                        complete(uow, found.id, *ENDS[found.kind])
        clock.forward(minutes=6)


def found(crm):
    with crm.read() as uow:
        return audit(uow)


def test_a_day_that_went_well(crm, day, uow):
    assert uow.find(Task).where(Task.state == TaskState.DONE).count() > 10
    assert found(crm) == []


class Enough(Exception):
    """Takes back what was done to look at it."""


def test_trouble_is_found(crm, day):
    task, client = Task.__table__, OldClient.__table__
    for words, wrong in {
        "task 1 is lost": task.delete().where(task.c.id == 1),
        "the journal left it held": task.update().where(task.c.id == 4).values(state=TaskState.WAITING),
        "task 2 is done, and open at user 1": desks.update().where(desks.c.user_id == 1).values(task_id=2),
        "task 3 was opened without a turn": turns.delete().where(turns.c.task_id == 3),
        "is of user 9": turns.update().where(turns.c.task_id == 3).values(user_id=9),
        "with 0 tasks under way": client.update().values(state=StackState.DRAWN),
        "task 2 was done, the journal's entry": again(crm),
        "which waited": earlier(crm),
    }.items():
        with contextlib.suppress(Enough), crm.uow() as uow:
            uow.connection.execute(wrong)
            lines = audit(uow)
            assert any(words in line for line in lines), (words, lines)
            raise Enough


def earlier(crm):
    """Let the journal say that the last task made by hand was due before everything else."""
    journal = sa.table("crm_journal", sa.column("changes", sa.JSON), sa.column("kind"), sa.column("action"), sa.column("record_id"))
    mine = (journal.c.kind == "taskqueue.task") & (journal.c.action == "created") & (journal.c.record_id == 8)
    with crm.read() as uow:
        changes = uow.connection.execute(sa.select(journal.c.changes).where(mine)).scalar_one()
    return journal.update().where(mine).values(changes={**changes, "due_at": [None, "2026-03-16T06:00:00Z"], "priority": [None, 1]})


def again(crm):
    """Let the journal say that a task that was open was opened once more."""
    columns = ("tx", "at", "actor_id", "actor", "kind", "record_id", "action", "changes")
    journal = sa.table("crm_journal", sa.column("id"), *(sa.column(c) for c in columns))
    opened = (journal.c.kind == "taskqueue.task") & (journal.c.action == "changed") & (journal.c.record_id == 2)
    same = sa.select(*(journal.c[c] for c in columns)).where(opened).order_by(journal.c.id).limit(1)
    return journal.insert().from_select(columns, same)
