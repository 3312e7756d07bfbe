"""The two tables that are the truth about all work to come: `crm_job` and `crm_job_cron`.

Moments are whole milliseconds since 1970 UTC, so that both databases compare them alike and an index stays small.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()
BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")

PENDING, RUNNING, QUEUED, HELD, DEAD = STATES = ("pending", "running", "queued", "held", "dead")
"""Waiting for its time · being worked on · handed to a transport, not begun · frozen with its subject · given up."""

job = sa.Table(
    "crm_job",
    metadata,
    sa.Column("id", BIG, primary_key=True),
    sa.Column("kind", sa.String(200), nullable=False),
    sa.Column("args", sa.JSON, nullable=False),
    sa.Column("queue", sa.String(60), nullable=False, server_default="default"),
    sa.Column("key", sa.String(250)),  # the name of the work: schedule again moves it, cancel finds it
    sa.Column("subject", sa.String(120)),  # "sales.deal:42": cancels or freezes all that waits about one record
    sa.Column("run_at", sa.BigInteger, nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("state", sa.String(10), nullable=False, server_default=PENDING),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("max_attempts", sa.Integer, nullable=False, server_default="10"),
    sa.Column("lease_until", sa.BigInteger),
    sa.Column("owner", sa.String(80)),  # the runner that holds the lease
    sa.Column("held_at", sa.BigInteger),
    sa.Column("error", sa.Text),
    sa.Column("died_at", sa.BigInteger),
    sa.Column("cause", sa.Text),  # what scheduled it, for the journal
    sa.Column("actor_id", sa.BigInteger),  # on whose behalf
    sa.Column("plugin", sa.String(100)),  # whose handler it is: a paused plugin's jobs wait
    sa.Column("tx", sa.BigInteger),  # the transaction that scheduled it, as the journal numbers it: undoing that cancels it
)

cron = sa.Table(
    "crm_job_cron",
    metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("spec", sa.String(120), nullable=False),  # "10 0 1 * *", or "every 90s"
    sa.Column("tz", sa.String(60), nullable=False),
    sa.Column("kind", sa.String(200), nullable=False),
    sa.Column("args", sa.JSON, nullable=False),
    sa.Column("queue", sa.String(60), nullable=False, server_default="default"),
    sa.Column("next_at", sa.BigInteger, nullable=False),
    sa.Column("actor_id", sa.BigInteger),
    sa.Column("plugin", sa.String(100)),
)

# LITERALS, not bind parameters: once PostgreSQL chooses a generic plan (from about the tenth call on a connection on),
# a parameter in a predicate neither matches a partial index nor satisfies ON CONFLICT … WHERE.
IS_PENDING = job.c.state == sa.literal_column("'pending'")
IS_RUNNING = job.c.state == sa.literal_column("'running'")
IS_QUEUED = job.c.state == sa.literal_column("'queued'")
IS_HELD = job.c.state == sa.literal_column("'held'")
IS_DEAD = job.c.state == sa.literal_column("'dead'")
IS_URGENT = job.c.priority < sa.literal_column("0")
# Not begun: may still be moved, cancelled, frozen. One predicate for all, so that a key is unique over the three.
IS_WAITING = job.c.state.in_([sa.literal_column(f"'{state}'") for state in (PENDING, HELD, QUEUED)])
IS_LEASED = job.c.state.in_([sa.literal_column(f"'{state}'") for state in (RUNNING, QUEUED)])
HAS_KEY = IS_WAITING & job.c.key.is_not(None)
HAS_SUBJECT = IS_WAITING & job.c.subject.is_not(None)


_partial: list[tuple[sa.Index, sa.ColumnElement[bool]]] = []


def partial_index(name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool], unique: bool = False) -> None:
    """Index only the rows that satisfy `where`."""
    _partial.append((sa.Index(name, *columns, unique=unique), where))


def make_partial(*dialects: str) -> None:
    """Tell the indexes their WHERE for these databases.

    Said when tables are made, not where they are declared: the keyword arguments would import both dialects of SQLAlchemy
    into every program that imports crmkit, a fifth of its start.
    """
    for dialect in dialects:
        for index, where in _partial:
            index.dialect_options[dialect]["where"] = where


@sa.event.listens_for(job, "before_create")
def tell_partial(_table: sa.Table, connection: sa.Connection, **_kw: object) -> None:
    """Make indexes partial before their tables are made."""
    make_partial(connection.dialect.name)


# The time comes before the priority: the other way round, every claim walks past all timers of the months to come
# (44 ms against 2 at half a million). What is urgent has an index of its own instead.
partial_index("crm_job_due", job.c.queue, job.c.run_at, where=IS_PENDING)
partial_index("crm_job_urgent", job.c.queue, job.c.run_at, where=IS_PENDING & IS_URGENT)
partial_index("crm_job_key", job.c.key, where=HAS_KEY, unique=True)
partial_index("crm_job_subject", job.c.subject, where=HAS_SUBJECT)
partial_index("crm_job_lease", job.c.lease_until, where=IS_LEASED)
partial_index("crm_job_dead", job.c.died_at, where=IS_DEAD)
