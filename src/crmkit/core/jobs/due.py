"""Runs everything that is due now in the caller's thread, always in the same order: for tests and simulations."""

from __future__ import annotations

from typing import Any

from . import statements as sql
from .executor import Executor
from .handler import ClaimedJob, claimed
from .queue import Jobs
from .table import IS_PENDING


class Due:
    """The jobs that are due at the clock's present moment."""

    def __init__(self, jobs: Jobs, owner: str, lease_ms: int) -> None:
        self._jobs, self._owner, self._lease = jobs, owner, lease_ms
        self._claim = sql.claim_one(jobs.store, IS_PENDING)

    def run(self, executor: Executor, limit: int | None, reraise: bool) -> int:
        """Run cron lines and jobs until nothing is due any more; return how many were run."""
        count = 0
        while limit is None or count < limit:
            self._jobs.crons.fire()
            ran = 0
            while (limit is None or count < limit) and (job := self._next()) is not None:
                executor.run(job, reraise=reraise)
                if job.kind in self._jobs.handlers:
                    ran += 1
                    count += 1
            if not ran:
                break
        return count

    def _next(self) -> ClaimedJob | None:
        while True:
            found = self._first()
            if found is None:
                return None
            values = {"job_id": found, "new_owner": self._owner, "lease": self._lease} | self._jobs.store.real_now()
            with self._jobs.store.single() as connection:
                row = connection.execute(self._claim, values).first()
            if row is not None:  # otherwise another runner was quicker
                return claimed(row)

    def _first(self) -> int | None:
        left_out = self._jobs.excluded()
        query = sql.first_due(paused="paused" in left_out, unknown="unknown" in left_out)
        found: list[Any] = []
        with self._jobs.store.read() as reading:
            for queue in reading.execute(sql.QUEUES).scalars().all():
                values = {"queue_0": queue, "moment": self._jobs.now_ms()} | left_out
                first = reading.execute(query, values).first()
                if first is not None:
                    found.append(tuple(first))
        return int(min(found)[2]) if found else None
