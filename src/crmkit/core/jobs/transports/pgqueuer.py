"""PgQueuer carries the work. Install with `pip install crmkit[pgqueuer]`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import asyncpg
import psycopg
import sqlalchemy as sa
from pgqueuer import PgQueuer
from pgqueuer.models import Job
from pgqueuer.queries import Queries, SyncQueries
from psycopg import RawCursor
from psycopg.rows import dict_row

from crmkit.core.jobs.transport import Execute

log = logging.getLogger("crmkit.jobs")
ENTRYPOINT = "crmkit.execute"


class PgQueuerTransport:
    """Hands due jobs to PgQueuer's tables on the same PostgreSQL, and runs its worker."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def install(self) -> None:
        """Create PgQueuer's tables when there are none."""
        asyncio.run(self._install())

    async def _install(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as connection:
            queries = Queries.from_psycopg_connection(connection)
            if not await queries.has_table("pgqueuer"):
                await queries.install()

    def submit(self, connection: sa.Connection, job_id: int, *, priority: int = 0) -> None:
        """Write a PgQueuer job within the caller's transaction."""
        SyncQueries(_CallersDriver(connection)).enqueue(ENTRYPOINT, str(job_id).encode(), -priority)

    async def work(self, execute: Execute, concurrency: int) -> None:
        """Run a PgQueuer worker until cancelled; begin again when it has lost the database, as it does not itself."""
        while True:
            try:
                await self._work(execute, concurrency)
                return
            except asyncio.CancelledError:
                raise
            except Exception as problem:
                log.warning("the PgQueuer worker begins again: %s", type(problem).__name__)
                await asyncio.sleep(1)

    async def _work(self, execute: Execute, concurrency: int) -> None:
        async with asyncpg.create_pool(self._dsn, min_size=2, max_size=6) as pool:
            worker = PgQueuer.from_asyncpg_pool(pool)

            @worker.entrypoint(ENTRYPOINT)
            async def run(job: Job) -> None:
                await asyncio.to_thread(execute, int(job.payload or b"0"))

            await worker.run(
                batch_size=concurrency, max_concurrent_tasks=concurrency * 2, shutdown_on_listener_failure=True
            )


class _CallersDriver:
    """What PgQueuer calls a driver, on a connection and in a transaction that are the caller's."""

    def __init__(self, connection: sa.Connection) -> None:
        self._raw: Any = connection.connection.driver_connection

    def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        cursor: Callable[..., Any] = RawCursor
        with cursor(self._raw, row_factory=dict_row) as opened:
            opened.execute(query, args or None)
            found: list[dict[str, Any]] = opened.fetchall()
            return found
