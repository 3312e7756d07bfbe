"""What `demo`, `serve` and `work` share: a port that is free, a server that stops in time."""

from __future__ import annotations

import contextlib
import signal
import socket
import typing as t

from crmkit.core.errors import CrmError

from ..speak import _, told

GRACE_SECONDS = 3


class PortTaken(CrmError):
    """Somebody else listens there."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that holds the address, before anything else is begun."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(2048)  # callers who are quicker than the server wait, and are not turned away
    except OSError as error:
        made.close()
        words = _(
            "{host}:{port} cannot be used ({why}). Choose another: --port {other}",
            ru="адрес {host}:{port} занят или недоступен ({why}). Выберите другой: --port {other}",
        )
        raise PortTaken(told(words.format(host=host, port=port, why=error.strerror, other=port + 1))) from error
    return made


def run_server(app: t.Any, place: socket.socket, *, log_level: str = "warning") -> None:
    """Serve until Ctrl-C or SIGTERM; requests in progress get three seconds to end."""
    import uvicorn

    from crmkit.core import garbage

    garbage.settle()
    config = uvicorn.Config(app, log_level=log_level, timeout_graceful_shutdown=GRACE_SECONDS, server_header=False)
    # After its shutdown uvicorn raises the signal again, for whoever was there before: being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    with contextlib.closing(place), contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[place])


def address(place: socket.socket) -> str:
    """Return the URL people type."""
    host, port = place.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}/"
