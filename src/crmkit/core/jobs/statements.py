"""Every statement the engine runs often, built once."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import sqlalchemy as sa

from .handler import COLUMNS, SELECTED
from .store import Store
from .table import HAS_KEY, IS_HELD, IS_LEASED, IS_PENDING, IS_RUNNING, IS_URGENT, IS_WAITING, cron, job

PENDING: sa.ColumnElement[str] = sa.literal_column("'pending'")
RUNNING: sa.ColumnElement[str] = sa.literal_column("'running'")
QUEUED: sa.ColumnElement[str] = sa.literal_column("'queued'")
HELD: sa.ColumnElement[str] = sa.literal_column("'held'")
DEAD: sa.ColumnElement[str] = sa.literal_column("'dead'")

INSERT = sa.insert(job)
INSERT_RETURNING = INSERT.returning(job.c.id)
NOTIFY = sa.text("NOTIFY crm_job")
PG_TX = "(pg_current_xact_id()::text)::bigint"
_GIVEN = tuple(name for name in COLUMNS if name not in ("id", "error", "owner"))  # what a new job is made of: see `Jobs.row`


class _Keyed:
    """The INSERTs of rows with a key, for one database: move what waits under the key, or leave it."""

    def __init__(self, insert: Any) -> None:
        new = insert(job)
        moved = {
            name: new.excluded[name]
            for name in (
                "kind",
                "args",
                "queue",
                "subject",
                "run_at",
                "priority",
                "max_attempts",
                "cause",
                "actor_id",
                "plugin",
                "tx",
            )
        }
        held = sa.cast(sa.bindparam("moved_at"), sa.BigInteger)  # a frozen one stays frozen, its time counted anew
        frozen = IS_HELD
        replace = new.on_conflict_do_update(
            index_elements=[job.c.key],
            index_where=HAS_KEY,
            set_={
                **moved,
                "state": sa.case((frozen, HELD), else_=PENDING),
                "held_at": sa.case((frozen, held), else_=sa.null()),
                "attempts": sa.literal_column("0"),
                "lease_until": sa.null(),
                "error": sa.null(),
            },
        )
        ignore = new.on_conflict_do_nothing(index_elements=[job.c.key], index_where=HAS_KEY)
        self.replace, self.ignore, self._put = replace, ignore, dict[bool, Any]()
        self.replace_returning = replace.returning(job.c.id)
        self.ignore_returning = ignore.returning(job.c.id)

    def put(self, *, numbered: bool) -> Any:
        """The same with every value by name; the number of the transaction is a value too, or PostgreSQL's own."""
        found = self._put.get(numbered)
        if found is None:
            values: dict[str, Any] = {name: sa.bindparam(name) for name in (*_GIVEN, "tx") if numbered or name != "tx"}
            if not numbered:
                values["tx"] = sa.literal_column(PG_TX)
            found = self._put[numbered] = self.replace.values(values)
        return found


@functools.cache
def insert_of(dialect: str) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT. Imported when first used: a dialect costs 30 ms at the start."""
    return importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert


@functools.cache
def keyed(dialect: str) -> _Keyed:
    """The statements for jobs with a key."""
    return _Keyed(insert_of(dialect))

DUE_OF_KEY = sa.select(job.c.run_at).where(IS_WAITING, job.c.key == sa.bindparam("cancelled"))
CANCEL_KEY = sa.delete(job).where(IS_WAITING, job.c.key == sa.bindparam("cancelled"))
CANCEL_SUBJECT = sa.delete(job).where(IS_WAITING, job.c.subject == sa.bindparam("cancelled"))
HOLD = (
    sa.update(job)
    .where(IS_WAITING, job.c.state != sa.literal_column("'held'"), job.c.subject == sa.bindparam("frozen"))
    .values(state=HELD, held_at=sa.bindparam("moment"), lease_until=sa.null())
)
_released = sa.update(job).where(IS_WAITING, IS_HELD, job.c.subject == sa.bindparam("frozen"))
RELEASE_KEEPING_TIME_LEFT = _released.values(
    state=PENDING,
    held_at=sa.null(),
    run_at=job.c.run_at + sa.cast(sa.bindparam("moment"), sa.BigInteger) - job.c.held_at,
)
RELEASE_SHIFTED = _released.values(
    state=PENDING, held_at=sa.null(), run_at=job.c.run_at + sa.cast(sa.bindparam("shift"), sa.BigInteger)
)

# The proof that a running job is still ours. Whoever took it over changed the owner, the state or the attempts.
_OURS = sa.and_(
    job.c.id == sa.bindparam("job_id"),
    job.c.owner == sa.bindparam("job_owner"),
    IS_RUNNING,
    job.c.attempts == sa.bindparam("job_attempts"),
)
REMOVE = sa.delete(job).where(_OURS)
RETRY = (
    sa.update(job)
    .where(_OURS)
    .values(
        state=PENDING,
        owner=sa.null(),
        lease_until=sa.null(),
        run_at=sa.bindparam("again_at"),
        error=sa.bindparam("why"),
    )
)
BURY = (
    sa.update(job)
    .where(_OURS)
    .values(
        state=DEAD, owner=sa.null(), lease_until=sa.null(), died_at=sa.bindparam("moment"), error=sa.bindparam("why")
    )
)
# Not begun after all (unknown kind, paused, the process stops): as if it had never been claimed.
GIVE_BACK = (
    sa.update(job)
    .where(_OURS)
    .values(state=PENDING, owner=sa.null(), lease_until=sa.null(), attempts=job.c.attempts - sa.bindparam("uncounted"))
)

CRON_DUE = sa.select(cron).where(cron.c.next_at <= sa.bindparam("moment")).order_by(cron.c.next_at, cron.c.name)
CRON_ADVANCE = (
    sa.update(cron)
    .where(cron.c.name == sa.bindparam("cron_name"), cron.c.next_at == sa.bindparam("seen"))
    .values(next_at=sa.bindparam("following"))
)
CRON_BUSY = sa.select(sa.literal(1)).where(IS_RUNNING, job.c.key == sa.bindparam("cron_key")).limit(1)


def allowed(paused: bool, unknown: bool) -> list[sa.ColumnElement[bool]]:
    """The conditions that leave out paused plugins and kinds nobody here can run; none in the usual case."""
    conditions: list[sa.ColumnElement[bool]] = []
    if paused:
        outside = job.c.plugin.not_in(sa.bindparam("paused", expanding=True))
        conditions.append(sa.or_(job.c.plugin.is_(None), outside))
    if unknown:
        conditions.append(job.c.kind.not_in(sa.bindparam("unknown", expanding=True)))
    return conditions


def _chosen(queues: int, paused: bool, unknown: bool, lock: bool) -> sa.ColumnElement[bool]:
    """Up to `:wanted` due jobs: the urgent of every queue, then the others, queue by queue, each in order of time.

    Every lane is a walk along one index that ends with its limit, so a claim costs the same under any backlog and any
    number of timers. (Sorting what is due by priority does not; nor did a plan that joined, before the table was
    analysed.) Each lane is a CTE because PostgreSQL locks its rows there once, and no more of them than it was told.
    """
    conditions = allowed(paused, unknown)
    lanes: list[sa.CTE] = []
    for urgent in (True, False):
        for queue in range(queues):
            due = sa.select(job.c.id).where(
                IS_PENDING,
                IS_URGENT if urgent else job.c.priority >= sa.literal_column("0"),
                job.c.queue == sa.bindparam(f"queue_{queue}"),
                job.c.run_at <= sa.bindparam("moment"),
                *conditions,
            )
            taken = [sa.select(sa.func.count()).select_from(lane).scalar_subquery() for lane in lanes]
            room: sa.ColumnElement[int] = sa.bindparam("wanted", type_=sa.Integer)
            for count in taken:
                room = room - count
            lane = due.order_by(job.c.run_at).limit(room)
            lanes.append((lane.with_for_update(skip_locked=True) if lock else lane).cte(f"lane_{len(lanes)}"))
    return job.c.id.in_(sa.union_all(*(sa.select(lane.c.id) for lane in lanes)))


def claim(queues: int, *, paused: bool, unknown: bool, store: Store) -> sa.Update:
    """Take up to `:wanted` due jobs of that many queues."""
    return _taken(sa.update(job).where(_chosen(queues, paused, unknown, store.postgres)), store)


def claim_one(store: Store, state: sa.ColumnElement[bool]) -> sa.Update:
    """Take the job `:job_id` if it is still in that state."""
    return _taken(sa.update(job).where(job.c.id == sa.bindparam("job_id"), state), store)


def _taken(update: sa.Update, store: Store) -> sa.Update:
    taken = update.values(
        state=RUNNING, owner=sa.bindparam("new_owner"), attempts=job.c.attempts + 1, lease_until=_lease_end(store)
    )
    # A claim need not wait for the disk: should the server crash and forget it, the job is pending again, and a handler
    # that was at work on it is refused its commit. What handlers do is always waited for.
    relaxed = (sa.func.set_config("synchronous_commit", "off", True),) if store.postgres else ()
    return taken.returning(*SELECTED, *relaxed)


def _lease_end(store: Store) -> sa.ColumnElement[int]:
    return store.lease_now + sa.cast(sa.bindparam("lease"), sa.BigInteger)


def hand_over(queues: int, *, paused: bool, unknown: bool, store: Store) -> sa.Update:
    """Mark due jobs as handed to a transport."""
    update = sa.update(job).where(_chosen(queues, paused, unknown, store.postgres))
    return update.values(state=QUEUED, lease_until=_lease_end(store)).returning(*SELECTED)


def next_due(queues: int, *, paused: bool, unknown: bool, store: Store) -> sa.Select[Any]:
    """The earliest moment of a job in each of those queues, and of a cron line."""
    conditions = allowed(paused, unknown)
    parts: list[sa.ScalarSelect[Any]] = [
        sa.select(sa.func.min(job.c.run_at))
        .where(IS_PENDING, job.c.queue == sa.bindparam(f"queue_{q}"), *conditions)
        .scalar_subquery()
        for q in range(queues)
    ]
    return sa.select(*parts, sa.select(sa.func.min(cron.c.next_at)).scalar_subquery())


def first_due(*, paused: bool, unknown: bool) -> sa.Select[Any]:
    """The job of `:queue_0` to run next, in the order that never varies."""
    return (
        sa.select(job.c.run_at, job.c.priority, job.c.id)
        .where(
            IS_PENDING,
            job.c.queue == sa.bindparam("queue_0"),
            job.c.run_at <= sa.bindparam("moment"),
            *allowed(paused, unknown),
        )
        .order_by(job.c.run_at, job.c.priority, job.c.id)
        .limit(1)
    )


def _queues() -> sa.Select[Any]:
    """All queues with pending jobs: hops over the index from name to name instead of reading every row."""
    names = sa.select(sa.func.min(job.c.queue).label("name")).where(IS_PENDING).cte("names", recursive=True)
    following = sa.select(sa.func.min(job.c.queue)).where(IS_PENDING, job.c.queue > names.c.name).scalar_subquery()
    names = names.union_all(sa.select(following).where(names.c.name.is_not(None)))
    return sa.select(names.c.name).where(names.c.name.is_not(None))


QUEUES = _queues()


def heartbeat(store: Store) -> sa.Update:
    """Renew the leases of the jobs a runner still works on."""
    mine = (IS_RUNNING, job.c.owner == sa.bindparam("job_owner"), job.c.id.in_(sa.bindparam("ids", expanding=True)))
    return sa.update(job).where(*mine).values(lease_until=_lease_end(store))


def expired(store: Store) -> sa.Select[Any]:
    """Jobs whose runner, or transport, has not been heard of for a whole lease."""
    return (
        sa.select(*SELECTED)
        .where(IS_LEASED, job.c.lease_until < store.lease_now)
        .order_by(job.c.lease_until)
        .limit(500)
    )


def recover(store: Store) -> sa.Update:
    """Return one such job: due again, or dead; unless it was heard of after all."""
    return (
        sa.update(job)
        .where(
            job.c.id == sa.bindparam("job_id"),
            IS_LEASED,
            job.c.attempts == sa.bindparam("job_attempts"),
            job.c.lease_until < store.lease_now,
        )
        .values(
            state=sa.bindparam("becomes"),
            owner=sa.null(),
            lease_until=sa.null(),
            died_at=sa.bindparam("died"),
            error=sa.bindparam("why"),
        )
    )
