"""The process side: threads that claim due jobs, run them, and sleep until the next is due."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from .carrier import Carrier
from .claims import Claims
from .due import Due
from .executor import Executor
from .handler import ClaimedJob, TransactionFactory
from .held import Held
from .leases import Leases
from .queue import Jobs
from .transport import Transport
from .wake import FileWatcher, Listener, Waker

log = logging.getLogger("crmkit.jobs")

QUICK_SECONDS = 0.05
"""Handlers that take less are worth claiming a second set ahead for, while the first runs."""


class Runner:
    """Runs the jobs of one `Jobs` in threads. One per application, never global; many processes may each have one.

    `transaction(job)` opens the unit of work a handler gets; without it, a plain transaction. `lease`: how many seconds
    after its last sign of life a runner's jobs go to another. `poll`: how often to look without having been woken.
    """

    def __init__(
        self,
        jobs: Jobs,
        transaction: TransactionFactory | None = None,
        *,
        queues: Sequence[str] = ("default",),
        concurrency: int = 8,
        poll: float = 5.0,
        lease: float = 30.0,
        watch: float = 0.1,
        listen_dsn: str | None = None,
        transport: Transport | None = None,
    ) -> None:
        self.jobs, self.queues, self.concurrency = jobs, tuple(queues), concurrency
        self.poll, self.lease = poll, lease
        self.owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.executor = Executor(jobs, transaction)
        self.leases = Leases(jobs, self.owner, lease)
        self.claims = Claims(jobs, self.queues, self.owner, self.leases.ms)
        self._due = Due(jobs, self.owner, self.leases.ms)
        self._carrier = Carrier(self, transport) if transport else None
        self._wake, self._stopping, self._stopped = threading.Event(), threading.Event(), threading.Event()
        self._held = Held()
        self._usual = 0.0  # seconds a handler takes, lately
        self._hungry = False  # there was more to claim than room for it
        self._denied, self._looked_at = 0.0, 0.0
        self._cron_at: int | None = None
        self._threads: list[threading.Thread] = []
        self._waker: Waker = (
            Listener(jobs.store, self._wake.set, listen_dsn)
            if jobs.store.postgres
            else FileWatcher(jobs.store, self._wake.set, watch)
        )

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> Runner:
        """Begin to run jobs; returns at once."""
        self.jobs.add_sleeper(self._wake)
        subscribe = getattr(self.jobs.clock, "subscribe", None)
        if subscribe is not None:  # a clock that can be moved
            subscribe(self._wake.set)
        self._measure_clock()
        self._waker.start()
        for work in (self._dispatch, self._keep):
            self._spawn(work)
        if self._carrier:
            self._carrier.start()
        else:
            for _ in range(self.concurrency):
                self._spawn(self._work)
        return self

    def stop(self, timeout: float = 10.0) -> None:
        """Claim nothing more, let running handlers finish for so many seconds, and return the jobs of the rest."""
        if self._stopping.is_set() or not self._threads:
            return
        deadline = time.monotonic() + timeout
        self._stopping.set()
        self._wake.set()
        self.jobs.remove_sleeper(self._wake)
        self._waker.stop()
        self._threads[0].join(max(0.1, timeout))
        self._return_unbegun()
        self._held.dismiss(len(self._threads))
        if self._carrier:
            self._carrier.stop(deadline - time.monotonic())
        for thread in self._threads[2:]:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._stopped.set()
        self._threads[1].join(max(0.1, deadline - time.monotonic()))
        for job in self._held.let_go():
            log.warning("job %s %s did not finish in time: another runner will begin it again", job.id, job.kind)
            self.executor.give_back(job, counted=True)

    def __enter__(self) -> Runner:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _spawn(self, work: Any) -> None:
        thread = threading.Thread(target=work, name=f"crm-jobs{work.__name__}-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    # -- without threads ------------------------------------------------------------------------------------------

    def run_due(self, limit: int | None = None, *, reraise: bool = False) -> int:
        """Run here and now everything due at the clock's time, cron lines included, until quiet; return how many ran.

        In the order of time, priority, id. A failed job waits for its next attempt; with `reraise` its error is raised.
        """
        self.leases.recover()
        try:
            return self._due.run(self.executor, limit, reraise)
        finally:
            self._cron_at = None

    def next_due(self) -> datetime | None:
        """When to look again: the next job or cron line, for a simulator to jump to."""
        return self.jobs.next_due()

    def execute(self, job_id: int) -> None:
        """Run a job that was handed to a transport; nothing when it was cancelled, moved or taken meanwhile."""
        job = self.claims.take_one(job_id)
        if job is not None:
            self._held.add([job])
            self._run(job)

    # -- dispatch -------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        trouble = 0.0
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                pause, trouble = self._round(), 0.0
            except Exception as problem:
                pause = trouble = min(5.0, trouble * 2 or 0.05)
                log.warning("jobs cannot be claimed, next try in %.2f s: %s", pause, type(problem).__name__)
            if pause > 0:
                self._wake.wait(pause)

    def _round(self) -> float:
        """Claim what is due and can be run; return for how many seconds there is nothing to do."""
        pause = self._look() if self._must_look() else 0.0
        if self._cron_at is not None and self.jobs.now_ms() >= self._cron_at:
            self.jobs.crons.fire()
            self._cron_at, self._looked_at, pause = None, 0.0, 0.0
        wanted = self._room()
        if wanted <= 0:
            self._hungry = True
            return self.poll
        if pause > 0:
            self._hungry = False
            return pause
        if self._carrier:
            found = self._carrier.hand_over()
            self._hungry = found > 0
        else:
            taken = self.claims.take(wanted)
            self._held.offer(taken)
            found = len(taken)
            self._hungry = found == wanted
        if self._hungry:
            return 0.0 if self._carrier or self._room() > 0 else self.poll
        # Due and yet not to be had: somebody else holds the row. Ask again, but less and less often.
        self._denied = 0.0 if found else min(0.25, self._denied * 2 or 0.005)
        return max(self._denied, self._look())

    def _must_look(self) -> bool:
        # SQLite has one writer: a look that finds nothing must not take its turn. On PostgreSQL the claim itself is the
        # look, but a runner that is never idle must not forget the cron lines.
        busy_for = time.monotonic() - self._looked_at
        return not self.jobs.store.postgres or (self._hungry and busy_for > min(1.0, self.poll))

    def _look(self) -> float:
        """Seconds until the next job or cron line, at most `poll`; never less than zero."""
        first, self._cron_at = self.claims.look()
        self._looked_at = time.monotonic()
        moments = [ms for ms in (first, self._cron_at) if ms is not None]
        now = self.jobs.clock.now().timestamp()
        return max(0.0, min(self.poll, min(moments) / 1000 - now)) if moments else self.poll

    def _room(self) -> int:
        """How many more jobs to claim; with quick handlers a second set, so that nobody waits for a claim."""
        limit = self.concurrency * (2 if self._usual < QUICK_SECONDS else 1)
        free = limit - len(self._held)
        return free if free * 2 >= limit or len(self._held) < self.concurrency else 0

    # -- work -----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (job := self._held.take()) is not None:
            if self._run(job):
                return  # it had timed out, and another thread has taken this one's place

    def _run(self, job: ClaimedJob) -> bool:
        """Run it; True when it was taken from us meanwhile, because it took too long."""
        if not self._held.begin(job):
            return False
        began = time.monotonic()
        try:
            self.executor.run(job)
        except BaseException:
            log.exception("job %s %s ended its thread's work", job.id, job.kind)
        self._usual = 0.8 * self._usual + 0.2 * (time.monotonic() - began)
        ours = self._held.forget(job)
        if self._hungry and self._room() > 0:
            self._wake.set()
        return not ours and not self._stopping.is_set()

    def _return_unbegun(self) -> None:
        for job in self._held.drain():
            self.executor.give_back(job, counted=False)

    # -- keep -----------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Renew leases, return those of the dead, end what takes too long, keep to the database's clock."""
        renewed = measured = time.monotonic()
        while not self._stopped.wait(min(1.0, self.lease / 3)):
            try:
                now = time.monotonic()
                self._end_overdue()
                if now - renewed >= self.lease / 3:
                    renewed = now
                    self.leases.renew(self._held.ids())
                    if self.leases.recover():
                        self._wake.set()
                if now - measured >= 60:
                    measured = now
                    self._measure_clock()
                if self._held.stuck(1.0) and not self._stopping.is_set():
                    self._usual = 1.0  # all threads are taken by something long: let others have what was claimed ahead
                    self._return_unbegun()
            except Exception as problem:
                log.warning("leases could not be renewed, trying again: %s", type(problem).__name__)

    def _measure_clock(self) -> None:
        refresh = getattr(self.jobs.clock, "refresh", None)
        if refresh is None:
            return
        try:
            refresh()
        except Exception as problem:
            log.warning("the database's clock could not be read, trying again: %s", type(problem).__name__)

    def _end_overdue(self) -> None:
        for job, seconds in self._held.begun():
            handler = self.jobs.handlers.get(job.kind)
            if handler is None or handler.timeout is None or seconds < handler.timeout.total_seconds():
                continue
            if self._held.forget(job):
                self.executor.failed(job, f"took longer than {handler.timeout}; what it still does will be undone")
                if not self._carrier:
                    self._spawn(self._work)  # a thread cannot be stopped: another takes its place
