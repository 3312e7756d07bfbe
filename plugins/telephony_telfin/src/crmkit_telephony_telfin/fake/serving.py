"""The fake PBX on a port of this machine, alive by the real clock if it has one."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import attrs
import uvicorn

from crmkit import MovableClock

from .pbx import FakePbx

LANES = 4  # webhooks of one call go one after the other, those of different calls side by side
LONGEST_NAP = 3600.0


@attrs.define(eq=False)
class Served:
    """A running server: `url` to reach it, `close()` and `open()` to refuse connections and to take them again."""

    pbx: FakePbx
    host: str
    port: int
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    def open(self) -> None:
        """Take connections."""
        if self._server is not None:
            return
        listening = socket.create_server((self.host, self.port))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(self.pbx.app, log_level="warning", access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="fake-pbx", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Refuse connections; calls go on."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10)
        self._server = self._thread = None


@contextlib.contextmanager
def serve(pbx: FakePbx, host: str = "127.0.0.1", port: int = 0) -> Iterator[Served]:
    """Serve the PBX on a port (0: any that is free). On a real clock things happen in time; a `MovableClock` you move yourself."""
    served = Served(pbx, host, port)
    served.open()
    pbx.base_url = served.url
    with contextlib.nullcontext() if isinstance(pbx.clock, MovableClock) else alive(pbx):
        try:
            yield served
        finally:
            served.close()


@contextlib.contextmanager
def alive(pbx: FakePbx) -> Iterator[None]:
    """Let things happen by the real clock, in a thread of their own."""
    wake, over = threading.Event(), threading.Event()
    lanes = [ThreadPoolExecutor(1, f"fake-pbx-webhooks-{number}") for number in range(LANES)]

    def carry_out(name: str, deed: Callable[[], object]) -> None:
        lanes[hash(name) % LANES].submit(deed)

    def live() -> None:
        while not over.is_set():
            wake.clear()
            pbx.run_due()
            at = pbx.next_at
            nap = LONGEST_NAP if at is None else (at - pbx.clock.now()) / dt.timedelta(seconds=1)
            if nap > 0:
                wake.wait(nap)

    before = pbx.carry_out
    pbx.carry_out, pbx.agenda.changed = carry_out, wake.set
    thread = threading.Thread(target=live, name="fake-pbx-clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        wake.set()
        thread.join(10)
        pbx.carry_out, pbx.agenda.changed = before, lambda: None
        for lane in lanes:
            lane.shutdown(wait=True, cancel_futures=True)
