"""Threads for parts of pages: one part that hangs keeps a few of them, never all, and none keeps the process from ending."""

from __future__ import annotations

import contextvars
import queue
import threading
import typing as t
from collections import Counter
from collections.abc import Callable, Hashable

T = t.TypeVar("T")


class Run(t.Generic[T]):
    """One function on its way through a thread."""

    def __init__(self, key: Hashable, function: Callable[[], T]) -> None:
        self.key, self._function, self._context = key, function, contextvars.copy_context()
        self._done, self._lock = threading.Event(), threading.Lock()
        self._state = "waiting"
        self._result: T | None = None
        self._error: BaseException | None = None

    def wait(self, seconds: float) -> bool:
        """Wait for the end; False when it did not come in time."""
        return self._done.wait(max(0.0, seconds))

    def result(self) -> T:
        """Return what the function returned."""
        if self._error is not None:
            raise self._error
        return t.cast(T, self._result)

    def give_up(self) -> bool:
        """Stop waiting; True when the function is running already, and goes on for nobody."""
        with self._lock:
            running, self._state = self._state == "running", "left" if self._state == "waiting" else self._state
            return running

    def run(self) -> None:
        """Run the function, unless nobody waits any more."""
        with self._lock:
            if self._state == "left":
                return
            self._state = "running"
        try:
            self._result = self._context.run(self._function)
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()


class Threads:
    """Daemon threads, at most `most`, of which one key may keep `most_each` busy; `room` says whether it has one left."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most, self._most_each = most, most_each
        self._queue: queue.SimpleQueue[Run[t.Any]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._count = self._idle = 0
        self._busy: Counter[Hashable] = Counter()

    def room(self, key: Hashable) -> bool:
        """True when a key may have another thread."""
        return self._busy[key] < self._most_each

    def start(self, key: Hashable, function: Callable[[], T]) -> Run[T]:
        """Let a thread run `function`, as soon as one is free."""
        made = Run(key, function)
        with self._lock:
            self._busy[key] += 1
            if self._idle <= self._queue.qsize() and self._count < self._most:
                self._count += 1
                threading.Thread(target=self._work, name=f"crm-part-{self._count}", daemon=True).start()
        self._queue.put(made)
        return made

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            run = self._queue.get()
            with self._lock:
                self._idle -= 1
            run.run()
            with self._lock:
                self._busy[run.key] -= 1
                if not self._busy[run.key]:
                    del self._busy[run.key]
            del run


__all__ = ["Run", "Threads"]
