"""What a runner has in its hands: jobs it has claimed and not finished."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator

from .handler import ClaimedJob


class Held:
    """Claimed jobs, waiting for a thread or begun. A job is known by its object: a later attempt is another one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, ClaimedJob] = {}
        self._since: dict[int, float] = {}  # begun, by the monotonic clock
        self._inbox: queue.SimpleQueue[ClaimedJob | None] = queue.SimpleQueue()
        self._taken_at = 0.0

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, jobs: Iterable[ClaimedJob]) -> None:
        """Hold these."""
        with self._lock:
            self._jobs.update((job.id, job) for job in jobs)

    def offer(self, jobs: Iterable[ClaimedJob]) -> None:
        """Hold these, and let the next free threads take them."""
        found = list(jobs)
        self.add(found)
        for job in found:
            self._inbox.put(job)

    def take(self) -> ClaimedJob | None:
        """Wait for the next one to run; None means that there will be none."""
        job = self._inbox.get()
        self._taken_at = time.monotonic()
        return job

    def dismiss(self, threads: int) -> None:
        """Let so many waiting threads go."""
        for _ in range(threads):
            self._inbox.put(None)

    def stuck(self, seconds: float) -> bool:
        """True when something waits and no thread has been free for so long."""
        return not self._inbox.empty() and time.monotonic() - self._taken_at > seconds

    def begin(self, job: ClaimedJob) -> bool:
        """Note that it runs now; False when it is no longer ours."""
        with self._lock:
            if self._jobs.get(job.id) is not job:
                return False
            self._since[job.id] = time.monotonic()
            return True

    def forget(self, job: ClaimedJob) -> bool:
        """Hold it no more; False when it had already been let go."""
        with self._lock:
            if self._jobs.get(job.id) is not job:
                return False
            del self._jobs[job.id]
            self._since.pop(job.id, None)
            return True

    def ids(self) -> list[int]:
        """The ids of all that is held."""
        with self._lock:
            return list(self._jobs)

    def begun(self) -> list[tuple[ClaimedJob, float]]:
        """What runs now, and for how many seconds."""
        now = time.monotonic()
        with self._lock:
            return [(self._jobs[number], now - since) for number, since in self._since.items()]

    def drain(self) -> Iterator[ClaimedJob]:
        """Let go what no thread has begun."""
        while True:
            try:
                job = self._inbox.get_nowait()
            except queue.Empty:
                return
            if job is not None and self.forget(job):
                yield job

    def let_go(self) -> list[ClaimedJob]:
        """Let go everything."""
        with self._lock:
            left = list(self._jobs.values())
            self._jobs.clear()
            self._since.clear()
            return left
