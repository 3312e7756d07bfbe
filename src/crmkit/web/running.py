"""What runs while a CRM serves: plugins' own services, the job runner, the live stream's watcher."""

from __future__ import annotations

import contextlib
import signal
import threading
import typing as t
import weakref
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool

from ..core.errors import NotRunning
from ..core.work import runner, set_crons
from .live.hub import LiveHub

if t.TYPE_CHECKING:
    from ..core.compose import Crm

Lifespan = Callable[[t.Any], contextlib.AbstractAsyncContextManager[t.Any]]


class Running:
    """How many lifespans of one CRM are open, and its live stream."""

    def __init__(self, crm: Crm) -> None:
        self.count = 0
        self.live = LiveHub(crm)


_RUNNING: weakref.WeakKeyDictionary[Crm, Running] = weakref.WeakKeyDictionary()


def running(crm: Crm) -> Running:
    """Return what runs for a CRM, one for each."""
    found = _RUNNING.get(crm)
    if found is None:
        found = _RUNNING.setdefault(crm, Running(crm))
    return found


def lifespan(crm: Crm, host_lifespan: Lifespan | None = None) -> Lifespan:
    """Return a lifespan for Starlette that runs the CRM, and inside it the host's own, whose state is passed on.

    Plugins' ``crm_lifespan`` contexts are entered in dependency order, then jobs and the live stream start, then the
    host's lifespan; everything stops in reverse.
    """

    @contextlib.asynccontextmanager
    async def run(app: t.Any) -> AsyncIterator[t.Any]:
        async with contextlib.AsyncExitStack() as stack:
            if "crm_lifespan" in crm.hooked:
                for context in crm.hook.crm_lifespan(crm=crm):
                    if context is not None:
                        await stack.enter_async_context(context)
            here = running(crm)
            first = here.count == 0
            here.count += 1
            stack.callback(_leave, here)
            if first:
                await _start(crm, here, stack)
            yield await stack.enter_async_context(host_lifespan(app)) if host_lifespan is not None else None

    return run


def _leave(here: Running) -> None:
    here.count -= 1


async def _start(crm: Crm, here: Running, stack: contextlib.AsyncExitStack) -> None:
    if crm.settings.jobs:
        await run_in_threadpool(set_crons, crm)
        jobs = runner(crm)
        jobs.start()
        stack.push_async_callback(run_in_threadpool, jobs.stop)
    await run_in_threadpool(here.live.start)
    stack.push_async_callback(run_in_threadpool, here.live.stop)
    stack.callback(_hang_up_on_signals(here.live))


def _hang_up_on_signals(live: LiveHub) -> Callable[[], None]:
    """End the live streams when the process is told to stop: servers wait for open answers before they end the lifespan."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before: dict[int, t.Any] = {}

    def stop(number: int, frame: t.Any) -> None:
        live.hang_up()
        before[number](number, frame)

    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler) and handler is not signal.default_int_handler:
            before[number] = handler
            signal.signal(number, stop)

    def restore() -> None:
        for number, handler in before.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, handler)

    return restore


def demand(crm: Crm, scope: t.Any) -> None:
    """Raise `NotRunning` with the line to add when nobody entered the CRM's lifespan."""
    here = _RUNNING.get(crm)
    if here is None or not here.count:
        raise NotRunning(_advice(scope))


def _advice(scope: t.Any) -> str:
    own = getattr(getattr(scope.get("app"), "router", None), "lifespan_context", None)
    written = getattr(own, "__wrapped__", own)
    name = getattr(written, "__name__", "") if own is not None and type(own).__name__ != "_DefaultLifespan" else ""
    line = f"lifespan=crm.lifespan({name})"
    return (
        f"this CRM is mounted but not running: Starlette runs only the outermost app's lifespan. Add {line} to the outermost "
        f"app: Starlette(routes=[...], {line}). In tests, write `with TestClient(app) as client:`"
    )
