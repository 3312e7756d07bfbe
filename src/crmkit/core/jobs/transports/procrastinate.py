"""Procrastinate carries the work. Install with `pip install crmkit[procrastinate]`."""

from __future__ import annotations

import psycopg
import sqlalchemy as sa
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.jobs import DeleteJobCondition

from crmkit.core.jobs.transport import Execute

TASK = "crmkit.execute"


class ProcrastinateTransport:
    """Hands due jobs to Procrastinate's tables on the same PostgreSQL, and runs its worker."""

    def __init__(self, dsn: str, *, queue: str = "crmkit") -> None:
        self._dsn, self._queue = dsn, queue
        # Only to write jobs on the caller's connection: its own pool is never opened.
        self._client = App(connector=SyncPsycopgConnector(conninfo=dsn))

    def install(self) -> None:
        """Create Procrastinate's tables when there are none."""
        with psycopg.connect(self._dsn) as connection:
            found = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if found is None or found[0] is None:
            with self._client.open():
                self._client.schema_manager.apply_schema()

    def submit(self, connection: sa.Connection, job_id: int, *, priority: int = 0) -> None:
        """Write a Procrastinate job within the caller's transaction."""
        raw = connection.connection.driver_connection
        task = self._client.configure_task(TASK, queue=self._queue, priority=-priority, connection=raw)
        task.defer(job_id=job_id)

    async def work(self, execute: Execute, concurrency: int) -> None:
        """Run a Procrastinate worker until cancelled."""
        app = App(connector=PsycopgConnector(conninfo=self._dsn))

        @app.task(name=TASK, queue=self._queue)
        def run(job_id: int) -> None:
            execute(job_id)

        # Its jobs are left over when a worker dies. Running them again clears them away: our row has come back by then.
        @app.periodic(cron="* * * * * */30")
        @app.task(name="crmkit.rescue", queue=self._queue, queueing_lock="crmkit.rescue")
        async def rescue(timestamp: int) -> None:
            for stalled in await app.job_manager.get_stalled_jobs():
                await app.job_manager.retry_job(stalled)

        async with app.open_async():
            await app.run_worker_async(
                queues=[self._queue],
                concurrency=concurrency,
                fetch_job_polling_interval=1,
                install_signal_handlers=False,
                delete_jobs=DeleteJobCondition.ALWAYS,
            )
