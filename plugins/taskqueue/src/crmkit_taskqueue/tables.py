"""What the work queue keeps for itself: who has what open, what was handed out and how it ended, which kinds stand still."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import UtcDateTime

metadata = sa.MetaData()
_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# One row for each manager: whoever decides for a manager locks it first, so that two tabs get one task. `task_id` is unique:
# a task is never open at two people, whatever else goes wrong.
desks = sa.Table(
    "taskqueue_desk", metadata,
    sa.Column("user_id", _id, primary_key=True, autoincrement=False),
    sa.Column("team_id", _id),
    sa.Column("session_id", _id),
    sa.Column("pause_id", _id),
    sa.Column("pause_after", sa.String(40)),  # the reason of a break that begins when the open task has ended
    sa.Column("task_id", _id, unique=True),
    sa.Column("turn_id", _id),
    sa.Column("opened_at", UtcDateTime),
    sa.Column("lease_until", UtcDateTime),  # few desks are read once a minute: no index, which each task opened would have to write
    sa.Column("ended_at", UtcDateTime),  # of the last task: from then on time is lost
    sa.Column("draft", sa.JSON),  # what was typed and not sent yet
    sa.Column("seen_at", UtcDateTime),  # the last sign of somebody who has nothing open
)  # fmt: skip
# One row each time a task was opened at somebody: why, for how long, and how it ended.
turns = sa.Table(
    "taskqueue_turn", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("task_id", _id, nullable=False, index=True),
    sa.Column("user_id", _id, nullable=False),
    sa.Column("team_id", _id),
    sa.Column("session_id", _id, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("why", sa.JSON, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("waited", sa.Integer),  # seconds the manager had nothing open before
    sa.Column("ended_at", UtcDateTime),
    sa.Column("ended", sa.String(20)),  # one of ENDS
    sa.Column("outcome", sa.String(40)),  # of a task that was done; the reason of an exit
    sa.Column("note", sa.Text),
    sa.Index("ix_taskqueue_turn_user", "user_id", "opened_at"),
    sa.Index("ix_taskqueue_turn_day", "opened_at", "user_id"),
)  # fmt: skip
ENDS = ("done", "exit", "expired", "returned", "taken", "undone")
# The priority class of each kind, as the waiting tasks have it: where the settings say otherwise, the tasks follow.
classes = sa.Table(
    "taskqueue_class", metadata, sa.Column("kind", sa.String(40), primary_key=True), sa.Column("priority", sa.Integer, nullable=False)
)
# Kinds a supervisor has paused: nobody gets one until they go on.
paused = sa.Table(
    "taskqueue_paused", metadata,
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("user_id", _id),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("reason", sa.String(200)),
)  # fmt: skip
# Time zones clients live in: which of them sleep is worked out for these alone.
zones = sa.Table("taskqueue_zone", metadata, sa.Column("zone", sa.String(40), primary_key=True))
