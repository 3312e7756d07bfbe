"""The process side: threads that claim due jobs, run them, and sleep until the next is due."""

from __future__ import annotations

import logging
import os
import queue
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
        self._lock = threading.Lock()
        self._ours: dict[int, ClaimedJob] = {}  # claimed and not finished
        self._since: dict[int, float] = {}  # begun, by the monotonic clock
        self._inbox: queue.SimpleQueue[ClaimedJob | None] = queue.SimpleQueue()
        self._usual, self._taken_at = 0.0, 0.0
        self._hungry = False
        self._cron_at: int | None = None
        self._threads: list[threading.Thread] = []
        self._waker: Waker = (
            Listener(jobs.store, self._wake.set, listen_dsn)
            if jobs.store.postgres
            else (FileWatcher(jobs.store, self._wake.set, watch))
        )
        subscribe = getattr(jobs.clock, "subscribe", None)
        if subscribe is not None:
            subscribe(self._wake.set)

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> Runner:
        """Begin to run jobs; returns at once."""
        self.jobs.add_sleeper(self._wake)
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
        for _ in self._threads:
            self._inbox.put(None)
        if self._carrier:
            self._carrier.stop(deadline - time.monotonic())
        for thread in self._threads[2:]:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._stopped.set()
        self._threads[1].join(max(0.1, deadline - time.monotonic()))
        with self._lock:
            left = list(self._ours.values())
            self._ours.clear()
        for job in left:
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
            with self._lock:
                self._ours[job.id] = job
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
        now = self.jobs.now_ms()
        if self._cron_at is not None and now >= self._cron_at:
            self.jobs.crons.fire()
            self._cron_at = None
        wanted = self._room()
        if wanted <= 0:
            self._hungry = True
            return self.poll
        if not self.jobs.store.postgres:  # one writer: a look that finds nothing must not take its turn
            pause = self._until_due()
            if pause > 0:
                self._hungry = False
                return pause
        if self._carrier:
            self._hungry = self._carrier.hand_over() > 0
        else:
            self._hungry = self._claim(wanted) == wanted
        if self._hungry:
            return 0.0 if self._carrier or self._room() > 0 else self.poll
        return max(0.005, self._until_due())

    def _room(self) -> int:
        """How many more jobs to claim; with quick handlers a second set, so that nobody waits for a claim."""
        limit = self.concurrency * (2 if self._usual < QUICK_SECONDS else 1)
        free = limit - len(self._ours)
        return free if free * 2 >= limit or len(self._ours) < self.concurrency else 0

    def _claim(self, wanted: int) -> int:
        found = self.claims.take(wanted)
        with self._lock:
            self._ours.update((job.id, job) for job in found)
        for job in found:
            self._inbox.put(job)
        return len(found)

    def _until_due(self) -> float:
        """Seconds until the next job or cron line, at most `poll`; never less than zero."""
        first, self._cron_at = self.claims.look()
        moments = [ms for ms in (first, self._cron_at) if ms is not None]
        now = self.jobs.clock.now().timestamp()
        return max(0.0, min(self.poll, min(moments) / 1000 - now)) if moments else self.poll

    # -- work -----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (job := self._inbox.get()) is not None:
            self._taken_at = time.monotonic()
            if self._run(job):
                return  # it had timed out, and another thread has taken this one's place

    def _run(self, job: ClaimedJob) -> bool:
        """Run it; True when it was taken from us meanwhile, because it took too long."""
        began = time.monotonic()
        with self._lock:
            if self._ours.get(job.id) is not job:
                return False
            self._since[job.id] = began
        try:
            self.executor.run(job)
        except BaseException:
            log.exception("job %s %s ended its thread's work", job.id, job.kind)
        self._usual = 0.8 * self._usual + 0.2 * (time.monotonic() - began)
        ours = self._forget(job)
        if self._hungry and self._room() > 0:
            self._wake.set()
        return not ours and not self._stopping.is_set()

    def _forget(self, job: ClaimedJob) -> bool:
        with self._lock:
            if self._ours.get(job.id) is not job:  # a later attempt of the same job may be ours by now
                return False
            del self._ours[job.id]
            self._since.pop(job.id, None)
            return True

    def _return_unbegun(self) -> None:
        while True:
            try:
                job = self._inbox.get_nowait()
            except queue.Empty:
                return
            if job is not None and self._forget(job):
                self.executor.give_back(job, counted=False)

    # -- keep -----------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Renew leases, return those of the dead, end what takes too long, keep to the database's clock."""
        renewed = measured = time.monotonic()
        while not self._stopped.wait(min(1.0, self.lease / 3)):
            try:
                now = time.monotonic()
                self._end_overdue(now)
                if now - renewed >= self.lease / 3:
                    renewed = now
                    with self._lock:
                        held = list(self._ours)
                    self.leases.renew(held)
                    if self.leases.recover():
                        self._wake.set()
                refresh = getattr(self.jobs.clock, "refresh", None)
                if refresh is not None and now - measured >= 60:
                    measured = now
                    refresh()
                if not self._inbox.empty() and now - self._taken_at > 1.0 and not self._stopping.is_set():
                    self._usual = 1.0  # all threads are taken by something long: let others have what was claimed ahead
                    self._return_unbegun()
            except Exception as problem:
                log.warning("leases could not be renewed, trying again: %s", type(problem).__name__)

    def _end_overdue(self, now: float) -> None:
        with self._lock:
            begun = [(self._ours[number], since) for number, since in self._since.items() if number in self._ours]
        for job, since in begun:
            handler = self.jobs.handlers.get(job.kind)
            if handler is None or handler.timeout is None or now - since < handler.timeout.total_seconds():
                continue
            if self._forget(job):
                self.executor.failed(job, f"took longer than {handler.timeout}; what it still does will be undone")
                if not self._carrier:
                    self._spawn(self._work)  # a thread cannot be stopped: another takes its place
