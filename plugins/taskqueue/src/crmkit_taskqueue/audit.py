"""An independent look at what the work queue did: everything is worked out anew from the journal and the turns.

    from crmkit_taskqueue.audit import audit

    with crm.read() as uow:
        for violation in audit(uow):
            print(violation)

Nothing here asks the code that decides and hands out. The journal is replayed entry by entry: at each opening it is known what
every task was at that moment, and so whether another one had to come first.
"""

from __future__ import annotations

import collections
import datetime as dt
import typing as t
from collections.abc import Iterator

import sqlalchemy as sa

from crmkit import Uow, UtcDateTime

from .auditing import Replay, moment_of

_MOST = 1000
_PAGE = 20_000
_journal = sa.table(
    "crm_journal", sa.column("id"), sa.column("at", UtcDateTime), sa.column("kind"), sa.column("record_id"), sa.column("action"),
    sa.column("changes", sa.JSON),
)  # fmt: skip
_KINDS = ("taskqueue.task", "taskqueue.old_client", "taskqueue.session", "taskqueue.pause", "taskqueue")


def audit(uow: Uow, *, slack: dt.timedelta | None = None, most: int = _MOST) -> list[str]:
    """Return everything that went wrong in this CRM's work queue, in sentences; nothing for a queue that kept its promises.

    No task was open at two people, or at one person twice; none was lost; a class never came before a lower one, nor a later
    task before an earlier one of its class; the break rule, the team's turn and the rest of old clients were kept. Where
    transactions ran side by side the journal's order is not quite the order in which they saw each other: give `slack`, and a
    task counts as passed over only if it waited for that long before and after. At most `most` sentences are returned.
    """
    turns = _turns(uow)
    replay = Replay(uow, turns, slack)
    for row in _entries(uow):
        replay.take(row)
        if len(replay.found) > most:
            break
    else:
        replay.finish()
        replay.found += _present(uow, replay, turns)
    return replay.found[:most]


def _entries(uow: Uow) -> Iterator[t.Any]:
    last = 0
    while True:
        page = sa.select(_journal).where(_journal.c.id > last, _journal.c.kind.in_(_KINDS)).order_by(_journal.c.id).limit(_PAGE)
        rows = uow.connection.execute(page).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        last = rows[-1].id


_turn = sa.table(
    "taskqueue_turn", sa.column("id"), sa.column("task_id"), sa.column("user_id"), sa.column("team_id"), sa.column("session_id"),
    sa.column("kind"), sa.column("priority"), sa.column("why", sa.JSON), sa.column("opened_at", UtcDateTime), sa.column("ended_at", UtcDateTime),
    sa.column("ended"), sa.column("outcome"),
)  # fmt: skip
_desk = sa.table("taskqueue_desk", sa.column("user_id"), sa.column("task_id"), sa.column("turn_id"), sa.column("session_id"))
_task = sa.table("taskqueue_task", sa.column("id"), sa.column("state"), sa.column("opened_by"), sa.column("old_client_id"), sa.column("archived_at"))
_client = sa.table("taskqueue_old_client", sa.column("id"), sa.column("state"), sa.column("archived_at"))


def _turns(uow: Uow) -> dict[int, collections.deque[t.Any]]:
    """Return the turns of each task, the first one first."""
    found: dict[int, collections.deque[t.Any]] = collections.defaultdict(collections.deque)
    for row in uow.connection.execute(sa.select(_turn).order_by(_turn.c.id)):
        found[row.task_id].append(row)
    return found


def _present(uow: Uow, replay: Replay, left: dict[int, collections.deque[t.Any]]) -> Iterator[str]:
    """Hold the tables as they are now against what the journal led to."""
    desks = {row.task_id: row for row in uow.connection.execute(sa.select(_desk).where(_desk.c.task_id.is_not(None)))}
    last = {row.task_id: row for row in uow.connection.execute(sa.select(_turn).order_by(_turn.c.id))}
    live: collections.Counter[int] = collections.Counter()
    there = set()
    for task in uow.connection.execute(sa.select(_task)):
        there.add(task.id)
        known = replay.tasks.get(task.id)
        if known is not None and known.state != task.state:
            yield f"task {task.id} is {task.state}, though the journal left it {known.state}"
        if task.state not in ("waiting", "open", "held", "done", "cancelled"):
            yield f"task {task.id} is lost: its state is {task.state!r}"
        desk, turn = desks.pop(task.id, None), last.get(task.id)
        if (task.state == "open") != (desk is not None):
            yield f"task {task.id} is {task.state}, and open at {'nobody' if desk is None else f'user {desk.user_id}'}"
        if desk is not None and (turn is None or desk.turn_id != turn.id or desk.user_id != turn.user_id or turn.ended is not None):
            yield f"task {task.id} is on the desk of user {desk.user_id} without a turn of theirs that is open"
        if desk is None and turn is not None and turn.ended is None:
            yield f"turn {turn.id} of task {task.id} never ended, and the task is on no desk"
        if task.state == "done" and (turn is None or turn.ended != "done"):
            yield f"task {task.id} is done, though its last turn did not end so"
        if task.old_client_id is not None and task.archived_at is None and task.state in ("waiting", "open", "held"):
            live[task.old_client_id] += 1
    yield from (f"user {desk.user_id} has task {key} open, which is not there" for key, desk in desks.items())
    yield from (f"task {key} is lost: the journal has it, the table does not" for key in replay.tasks.keys() - there)
    for client in uow.connection.execute(sa.select(_client).where(_client.c.archived_at.is_(None))):
        if (client.state == "drawn") != bool(live[client.id]):
            yield f"old client {client.id} is {client.state} with {live[client.id]} tasks under way"
        if live[client.id] > 1:
            yield f"old client {client.id} is drawn {live[client.id]} times at once"
    yield from (f"turn {turn.id} of task {key} has no opening in the journal" for key, queue in left.items() for turn in queue if key in replay.tasks)


__all__ = ["audit", "moment_of"]
