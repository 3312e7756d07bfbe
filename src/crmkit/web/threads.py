"""Threads for the handlers: a hop there and back that costs little, with the request's context variables along."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
import typing as t
import weakref
from collections.abc import Callable

T = t.TypeVar("T")
MOST = 40


class Pool:
    """Daemon threads, started as they are needed, that run one function after another. They end with the pool."""

    def __init__(self, most: int = MOST) -> None:
        self._crew = _Crew()
        self._most, self._count = most, 0
        self._lock = threading.Lock()
        weakref.finalize(self, self._crew.waiting.put, None).atexit = False  # the process takes its daemons with it

    async def run(self, function: Callable[..., T], *args: t.Any) -> T:
        """Run `function` in a thread and return what it returns."""
        loop, crew = asyncio.get_running_loop(), self._crew
        done: asyncio.Future[T] = loop.create_future()
        # Counted without a lock, `idle` may be off by a few; work that waits is the surer sign.
        if (crew.idle <= 0 or not crew.waiting.empty()) and self._count < self._most:
            self._grow()
        crew.waiting.put((loop, done, contextvars.copy_context(), function, args))
        return await done

    def _grow(self) -> None:
        with self._lock:
            if self._count < self._most:
                self._count += 1
                threading.Thread(target=self._crew.work, name=f"crm-web-{self._count}", daemon=True).start()


class _Crew:
    """What the threads of a pool know: not the pool itself, which nobody would let go of then."""

    def __init__(self) -> None:
        self.waiting: queue.SimpleQueue[t.Any] = queue.SimpleQueue()
        self.idle = 0

    def work(self) -> None:
        """Work until there is None to do: that is passed on, as it is meant for all."""
        while True:
            self.idle += 1
            found = self.waiting.get()
            self.idle -= 1
            if found is None:
                self.waiting.put(None)
                return
            loop, done, context, function, args = found
            try:
                result, error = context.run(function, *args), None
            except BaseException as problem:
                result, error = None, problem
            try:
                loop.call_soon_threadsafe(_finish, done, result, error)
            except RuntimeError:  # the loop was closed meanwhile: nobody waits any more
                pass
            del found, loop, done, context, function, args, result, error


def _finish(done: asyncio.Future[t.Any], result: t.Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(result)
