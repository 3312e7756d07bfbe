"""Keeps the leases of the jobs a runner works on, and returns the jobs of runners that are gone."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from . import statements as sql
from .handler import ClaimedJob, claimed
from .queue import Jobs
from .table import DEAD, PENDING, QUEUED

log = logging.getLogger("crmkit.jobs")

GONE = "its runner stopped, hung or lost the database, and the lease ran out"


class Leases:
    """The leases of one owner on one database."""

    def __init__(self, jobs: Jobs, owner: str, seconds: float) -> None:
        self.jobs, self.owner, self.ms = jobs, owner, round(seconds * 1000)
        self._renew = sql.heartbeat(jobs.store)
        self._expired = sql.expired(jobs.store)
        self._recover = sql.recover(jobs.store)

    def renew(self, ids: Iterable[int]) -> None:
        """Say that these are still being worked on."""
        wanted = list(ids)
        if not wanted:
            return
        values = {"job_owner": self.owner, "ids": wanted, "lease": self.ms} | self.jobs.store.real_now()
        with self.jobs.store.single() as connection:
            connection.execute(self._renew, values)

    def recover(self) -> int:
        """Return the jobs nobody has renewed: due again, or dead when that was the last attempt; say how many."""
        with self.jobs.store.read() as reading:
            found = reading.execute(self._expired, self.jobs.store.real_now()).all()
        return sum(self._return(claimed(row)) for row in found)

    def _return(self, job: ClaimedJob) -> int:
        dead = job.state != QUEUED and job.attempts >= job.max_attempts
        values: dict[str, Any] = {
            "job_id": job.id,
            "job_attempts": job.attempts,
            "becomes": DEAD if dead else PENDING,
            "died": self.jobs.now_ms() if dead else None,
            "why": job.error if job.state == QUEUED else GONE,
        } | self.jobs.store.real_now()
        try:
            with self.jobs.store.single() as connection:
                count = connection.execute(self._recover, values).rowcount
        except sa.exc.IntegrityError:  # a newer job waits under the same key: it replaces this one
            with self.jobs.store.single() as connection:
                job_fence = {"job_id": job.id, "job_owner": job.owner, "job_attempts": job.attempts}
                connection.execute(sql.REMOVE, job_fence)
            return 0
        if count:
            tell = log.error if dead else log.warning
            tell("job %s %s is %s: %s", job.id, job.kind, values["becomes"], GONE)
        return count
