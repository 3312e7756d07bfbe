"""Threads for the handlers: a hop there and back that costs little, with the request's context variables along."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
import typing as t
from collections.abc import Callable

T = t.TypeVar("T")
MOST = 40


class Pool:
    """Daemon threads, started as they are needed, that run one function after another."""

    def __init__(self, most: int = MOST) -> None:
        self._waiting: queue.SimpleQueue[t.Any] = queue.SimpleQueue()
        self._most, self._count, self._idle = most, 0, 0
        self._lock = threading.Lock()

    async def run(self, function: Callable[..., T], *args: t.Any) -> T:
        """Run `function` in a thread and return what it returns."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        # Counted without a lock, `_idle` may be off by a few; work that waits is the surer sign.
        if (self._idle <= 0 or not self._waiting.empty()) and self._count < self._most:
            self._grow()
        self._waiting.put((loop, done, contextvars.copy_context(), function, args))
        return await done

    def _grow(self) -> None:
        with self._lock:
            if self._count < self._most:
                self._count += 1
                threading.Thread(target=self._work, name=f"crm-web-{self._count}", daemon=True).start()

    def _work(self) -> None:
        while True:
            self._idle += 1
            loop, done, context, function, args = self._waiting.get()
            self._idle -= 1
            try:
                result, error = context.run(function, *args), None
            except BaseException as problem:
                result, error = None, problem
            try:
                loop.call_soon_threadsafe(_finish, done, result, error)
            except RuntimeError:  # the loop was closed meanwhile: nobody waits any more
                pass
            del loop, done, context, function, args, result, error


def _finish(done: asyncio.Future[t.Any], result: t.Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(result)
