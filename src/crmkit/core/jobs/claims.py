"""Takes due jobs for a runner, and tells how long there is until the next."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import sqlalchemy as sa

from . import statements as sql
from .handler import ClaimedJob, claimed
from .queue import Jobs
from .table import IS_QUEUED


class Claims:
    """The due jobs of some queues, taken in the name of one owner."""

    def __init__(self, jobs: Jobs, queues: Sequence[str], owner: str, lease_ms: int) -> None:
        self._jobs, self._owner, self._lease = jobs, owner, lease_ms
        self._queues = {f"queue_{number}": name for number, name in enumerate(queues)}
        self._built: dict[Hashable, Any] = {}
        self._one = sql.claim_one(jobs.store, IS_QUEUED)

    def take(self, wanted: int) -> list[ClaimedJob]:
        """Claim up to so many, in the order they should run."""
        statement, values, constant = self._form(sql.claim)
        values |= {"wanted": wanted} | self._mine()
        store = self._jobs.store
        if constant:
            with store.alone() as db:
                return _in_order(db.rows(store.prepared(statement), values))
        with store.single() as connection:
            return _in_order(connection.execute(statement, values).all())

    def take_one(self, job_id: int) -> ClaimedJob | None:
        """Claim a job that was handed to a transport; None when it was cancelled, moved or taken meanwhile."""
        with self._jobs.store.single() as connection:
            row = connection.execute(self._one, {"job_id": job_id} | self._mine()).first()
        return None if row is None else claimed(row)

    def hand_over(self, connection: sa.Connection, wanted: int, lease_ms: int) -> list[ClaimedJob]:
        """Mark up to so many as handed to a transport."""
        statement, values, _constant = self._form(sql.hand_over)
        values |= {"wanted": wanted, "lease": lease_ms} | self._jobs.store.real_now()
        return _in_order(connection.execute(statement, values).all())

    def look(self) -> tuple[int | None, int | None]:
        """When the next job and the next cron line are due, in milliseconds."""
        statement, values, constant = self._form(sql.next_due)
        del values["moment"]
        store = self._jobs.store
        with store.database.read() as db:
            if constant:
                [(*jobs, cron)] = db.rows(store.prepared(statement), values)
            else:
                *jobs, cron = db.connection.execute(statement, values).one()
        return min((ms for ms in jobs if ms is not None), default=None), cron

    def _mine(self) -> dict[str, Any]:
        return {"new_owner": self._owner, "lease": self._lease} | self._jobs.store.real_now()

    def _form(self, build: Callable[..., Any]) -> tuple[Any, dict[str, Any], bool]:
        """The statement in the form that leaves out what must wait now, the values all forms share, and whether it is always the same."""
        left_out = self._jobs.excluded()
        paused, unknown = "paused" in left_out, "unknown" in left_out
        shape = (build, paused, unknown)
        if shape not in self._built:
            self._built[shape] = build(len(self._queues), paused=paused, unknown=unknown, store=self._jobs.store)
        return self._built[shape], {"moment": self._jobs.now_ms(), **self._queues, **left_out}, not left_out


def _in_order(rows: Sequence[sa.Row[Any] | tuple[Any, ...]]) -> list[ClaimedJob]:
    return sorted((claimed(row) for row in rows), key=lambda job: (job.priority, job.run_at, job.id))
