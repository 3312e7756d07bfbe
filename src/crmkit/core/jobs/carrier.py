"""Hands due jobs to a transport, and keeps its worker going."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

from .transport import Transport

if TYPE_CHECKING:
    from .runner import Runner

log = logging.getLogger("crmkit.jobs")

BATCH = 200
HANDED_OVER_MS = 600_000
"""After so long without having been begun, a job is handed over again: the engine may have lost it."""


class Carrier:
    """The side of a runner that works through a transport."""

    def __init__(self, runner: Runner, transport: Transport) -> None:
        self._runner, self._transport = runner, transport
        self._thread = threading.Thread(target=self._live, name="crm-jobs-transport", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = threading.Event()

    def hand_over(self) -> int:
        """Give the engine what is due: our mark and its job in one transaction; return how many."""
        with self._runner.jobs.store.write() as connection:
            due = self._runner.claims.hand_over(connection, BATCH, HANDED_OVER_MS)
            for job in due:
                self._transport.submit(connection, job.id, priority=job.priority)
        return len(due)

    def start(self) -> None:
        """Run the engine's worker in a thread with a loop of its own."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Cancel the worker and wait for it."""
        self._stopping.set()
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(max(0.1, timeout))

    def _live(self) -> None:
        with asyncio.Runner() as loop:
            self._loop = loop.get_loop()
            try:
                loop.run(self._supervise())
            except asyncio.CancelledError:
                log.debug("the transport's worker has ended")

    async def _supervise(self) -> None:
        self._task = asyncio.current_task()
        while not self._stopping.is_set():
            try:
                await self._transport.work(self._runner.execute, self._runner.concurrency)
            except asyncio.CancelledError:
                raise
            except Exception as problem:
                log.warning("the transport's worker begins again: %s", type(problem).__name__)
            await asyncio.sleep(0.5)
