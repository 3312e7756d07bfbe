"""A small firm whose records others want to hear of, and a server that listens."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import attrs
from sqlalchemy import String

from crmkit import WON, Actor, Mapped, Owned, Pipeline, Plugin, Role, Stage, Staged, _, column

ANSWERS = tuple[int, dict[str, str], bytes]


class Client(Owned, table="firm_client", label=_("Client", ru="Клиент")):
    name: Mapped[str] = column(String(50), label=_("Name", ru="Имя"))
    phone: Mapped[str | None] = column(String(50), default=None, label=_("Phone", ru="Телефон"))
    pin: Mapped[str | None] = column(String(50), default=None, secret=True, label=_("PIN", ru="ПИН"))


class Order(Owned, Staged, table="firm_order", label=_("Order", ru="Заказ")):
    title: Mapped[str] = column(String(50), label=_("Title", ru="Название"))


ORDERS = Pipeline("orders", of=Order, label=_("Orders", ru="Заказы"), stages=[Stage("new"), Stage("done", outcome=WON)], moves={"new": ["done"]})
firm = Plugin("firm", modules=[__name__])
HOOKS = {"webhooks.*": "all"}
ROLES = [
    Role("boss", {"firm.*": "all", "crmkit.*": "all", **HOOKS}),
    Role("seller", {"firm.*": "own", "webhooks.*": "own"}, hidden=["firm.client.phone"]),
    Role("blind", HOOKS),
]
BOSS, ANN = Actor(1, "Boss", ["boss"]), Actor(2, "Ann", ["seller"], [20])


@attrs.frozen
class Heard:
    """One call the listener got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


class Listener:
    """A real server on this machine. It answers what it is told to, 204 when nothing is left to say."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: list[ANSWERS | Callable[[Any], None]] = []
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                listener.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                answer = listener.answers.pop(0) if listener.answers else (204, {}, b"")
                if callable(answer):
                    answer(self)
                    return
                status, headers, content = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # who hangs up on us is part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]

    def say(self, status: int, content: bytes = b"", **headers: str) -> None:
        """Answer the next call so."""
        self.answers.append((status, {k.replace("_", "-"): v for k, v in headers.items()}, content))

    def url(self, path: str = "/hook", scheme: str = "http", host: str = "127.0.0.1") -> str:
        """Where to call."""
        return f"{scheme}://{host}:{self.port}{path}"


@contextlib.contextmanager
def listening(wrap: Callable[[socket.socket], socket.socket] | None = None) -> Iterator[Listener]:
    """Run a listener in a thread."""
    listener = Listener()
    if wrap is not None:
        listener.server.socket = wrap(listener.server.socket)
    thread = threading.Thread(target=listener.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener
    finally:
        listener.server.shutdown()
        thread.join()
        listener.server.server_close()
