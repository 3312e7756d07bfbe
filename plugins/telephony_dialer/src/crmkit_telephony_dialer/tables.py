"""What the dialer keeps: attempts, each step of them, and the numbers at which one is under way."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import UtcDateTime

metadata = sa.MetaData()
_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# One row for each attempt to reach a client for an open task.
attempts = sa.Table(
    "telephony_dialer_attempt", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("turn_id", _id, nullable=False, index=True),
    sa.Column("task_id", _id, nullable=False, index=True),
    sa.Column("chain", _id, nullable=False, index=True),  # the first of the tasks that follow each other
    sa.Column("user_id", _id, nullable=False),
    sa.Column("team_id", _id),
    sa.Column("contact_id", _id),
    sa.Column("number", sa.String(20), index=True),
    sa.Column("call_id", _id, unique=True),
    sa.Column("state", sa.String(20), nullable=False),  # machine.State
    sa.Column("due_at", UtcDateTime),  # when the next step is taken should nothing happen
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("dialled_at", UtcDateTime),
    sa.Column("picked_at", UtcDateTime),
    sa.Column("rang_at", UtcDateTime),
    sa.Column("deadline", UtcDateTime),
    sa.Column("answered_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("followed_at", UtcDateTime),  # when the task followed from it
    sa.Column("outcome", sa.String(20)),  # telephony's Outcome; empty where nothing was dialled
    sa.Column("refused", sa.String(20)),  # choosing.Refused: why nothing was dialled
    sa.Column("until", UtcDateTime),  # from when on it may be dialled then
    sa.Column("why", sa.String(20)),  # machine.Why
    sa.Column("late", sa.Boolean, nullable=False, default=False),
    sa.Column("looks", sa.Integer, nullable=False, default=0),
    sa.Column("silent", sa.Boolean, nullable=False, default=False),  # nothing was heard of the call: webhooks do not arrive
    sa.Index("ix_telephony_dialer_attempt_user", "user_id", "id"),
    sa.Index("ix_telephony_dialer_attempt_contact", "contact_id", "id"),
)  # fmt: skip
sa.Index(
    "ix_telephony_dialer_attempt_live", attempts.c.due_at, postgresql_where=attempts.c.state != "ended", sqlite_where=attempts.c.state != "ended"
)
sa.Index(
    "ix_telephony_dialer_attempt_followed", attempts.c.ended_at, postgresql_where=attempts.c.followed_at.is_(None),
    sqlite_where=attempts.c.followed_at.is_(None),
)  # fmt: skip
# What happened to an attempt, never changed: for looking into, and for the audit.
steps = sa.Table(
    "telephony_dialer_step", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("attempt_id", _id, nullable=False, index=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("was", sa.String(20)),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("by", sa.String(20), nullable=False),
)  # fmt: skip
# Numbers at which an attempt is under way: the database lets no second one begin.
live = sa.Table(
    "telephony_dialer_live", metadata,
    sa.Column("number", sa.String(20), primary_key=True),
    sa.Column("attempt_id", _id, nullable=False, unique=True),
)  # fmt: skip
