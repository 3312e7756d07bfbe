"""Lets an engine a site already runs carry the work: our row stays the truth, the engine carries its id.

A due job is marked `queued` and submitted on the same connection, in one PostgreSQL transaction. The engine's worker
calls `execute(id)`; whichever delivery comes first takes the row, and the others find nothing to do. Times, keys,
retries, cron lines and the return of jobs whose worker died stay ours, so the engine's own retries are not used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import sqlalchemy as sa

Execute = Callable[[int], None]


class Transport(Protocol):
    """What an adapter to another job engine must do."""

    def install(self) -> None:
        """Create or upgrade the engine's own tables."""

    def submit(self, connection: sa.Connection, job_id: int, *, priority: int = 0) -> None:
        """Give the engine a job id within the caller's transaction. Lower priorities go first, as ours do."""

    async def work(self, execute: Execute, concurrency: int) -> None:
        """Run the engine's worker until cancelled; it calls `execute(job_id)` in threads."""
