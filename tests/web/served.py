"""A CRM served by a real uvicorn in a thread, and a reader of its live stream."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import uvicorn

WAIT = 10.0


@contextlib.contextmanager
def serve(app: Any, **options: Any) -> Iterator[str]:
    """Serve an app on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1, ws="none", **options)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    ready = threading.Event()
    started = server.startup

    async def startup(sockets: Any = None) -> None:
        await started(sockets)
        ready.set()

    server.startup = startup  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        assert ready.wait(WAIT)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(WAIT)
        listening.close()
        assert not thread.is_alive()


class Stream:
    """Reads server-sent events in a thread of its own."""

    def __init__(self, base: str, token: str, topics: str = "", **options: str) -> None:
        self.events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.last = ""
        headers = {"Authorization": f"Bearer {token}"}
        if "last" in options:
            headers["Last-Event-ID"] = options.pop("last")
        self._client = httpx.Client(timeout=httpx.Timeout(WAIT, read=30))
        query = {"topics": topics, **options} if topics else options
        self._context = self._client.stream("GET", f"{base}/api/live", params=query, headers=headers)
        self.response = self._context.__enter__()
        self._thread = threading.Thread(target=self._read, daemon=True)
        if self.response.status_code == 200:
            self._thread.start()

    def _read(self) -> None:
        name, data = "message", ""
        try:
            for line in self.response.iter_lines():
                if line.startswith("id: "):
                    self.last = line[4:]
                elif line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    data = line[6:]
                elif not line and data:
                    self.events.put((name, json.loads(data)))
                    name, data = "message", ""
        except (httpx.HTTPError, httpx.StreamError, OSError):
            pass
        self.events.put(("closed", {}))

    def next(self, wait: float = WAIT) -> tuple[str, Any]:
        """Return the next event: its name, and its topic and id."""
        try:
            name, data = self.events.get(timeout=wait)
        except queue.Empty:
            raise AssertionError("nothing came") from None
        return name, (data["topic"], data["id"]) if data else None

    def until(self, wanted: tuple[str, Any], wait: float = WAIT) -> list[tuple[str, Any]]:
        """Return all events up to and including one."""
        found: list[tuple[str, Any]] = []
        while not found or found[-1] != wanted:
            found.append(self.next(wait))
            assert found[-1][0] != "closed", found
        return found

    def close(self) -> None:
        """Hang up: closing the client waits for its reader, so the connection is cut first."""
        with contextlib.suppress(Exception):
            self.response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join(WAIT)
        with contextlib.suppress(Exception):
            self._context.__exit__(None, None, None)
        self._client.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
