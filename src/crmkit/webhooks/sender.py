"""One call to another system: to the address that was checked, no further, no longer and no larger than allowed."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
import typing as t
from collections.abc import Iterator, Mapping

import attrs

from .address import Refused, Target, read, resolve
from .settings import WebhooksSettings

EXCERPT, READ = 500, 16 * 1024
TIMED_OUT = "timed out"
REDIRECTED = "redirects are not followed"


@attrs.frozen
class Outcome:
    """How a call went: an answer with its status, or an error without one."""

    status: int | None
    milliseconds: int
    excerpt: str = ""
    error: str | None = None
    retry_after: int | None = None

    @property
    def good(self) -> bool:
        """True for an answer of 200 to 299."""
        return self.status is not None and 200 <= self.status < 300


def send(url: str, body: bytes, headers: Mapping[str, str], settings: WebhooksSettings) -> Outcome:
    """POST `body` and say how it went; nothing that the other side does raises.

    The standard library's client is used for what it leaves out: it follows nothing, asks no proxy, unpacks nothing, and lets
    us hold the socket, which every deadline needs.
    """
    began = time.monotonic()

    def told(error: str) -> Outcome:
        return Outcome(None, _since(began), error=error[:300])

    try:
        target = read(url, settings)
        address = resolve(target, settings)
    except Refused as refusal:
        return told(str(refusal.message))
    connection = _Pinned(target, str(address), settings)
    with _deadline(connection, settings.timeout.total_seconds() - (time.monotonic() - began)) as over:
        try:
            connection.request("POST", target.path, body, {"Host": target.name, **headers})
            answer = connection.getresponse()
            return told(TIMED_OUT) if over.is_set() else _answered(answer, began)  # headers end where the line is cut, too
        except (OSError, http.client.HTTPException, ValueError) as error:
            slow = over.is_set() or isinstance(error, TimeoutError)
            return told(TIMED_OUT if slow else f"{type(error).__name__}: {error}")
        finally:
            connection.close()


def _answered(answer: http.client.HTTPResponse, began: float) -> Outcome:
    try:
        text = answer.read(READ).decode("utf-8", "replace").replace("\0", "�")
    except http.client.HTTPException:  # what was promised did not come; the answer itself did
        text = ""
    error = REDIRECTED if 300 <= answer.status < 400 else None
    later = answer.headers.get("Retry-After", "")
    seconds = int(later) if later.isascii() and later.isdigit() and len(later) < 7 else None
    return Outcome(answer.status, _since(began), text[:EXCERPT], error, seconds)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, which proves by its certificate that it is the host."""

    def __init__(self, target: Target, address: str, settings: WebhooksSettings) -> None:
        super().__init__(target.host, target.port)
        self._target, self._address, self._settings = target, address, settings
        self._over = False

    def connect(self) -> None:
        """Connect to the address that was checked; the name is not looked up again."""
        plain = socket.socket(socket.AF_INET6 if ":" in self._address else socket.AF_INET, socket.SOCK_STREAM)
        self.sock: t.Any = plain
        plain.settimeout(self._settings.connect_timeout.total_seconds())
        plain.connect((self._address, self._target.port))
        if self._over:
            raise TimeoutError
        if self._target.secure:
            context = ssl.create_default_context()
            if self._settings.ca_file is not None:
                context.load_verify_locations(self._settings.ca_file)
            self.sock = context.wrap_socket(plain, server_hostname=self._target.host)
        self.sock.settimeout(self._settings.timeout.total_seconds())

    def hang_up(self) -> None:
        """End the call from another thread: whoever waits for the other side learns it at once."""
        self._over = True
        held = self.sock
        if held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _deadline(connection: _Pinned, seconds: float) -> Iterator[threading.Event]:
    """End the call after so many seconds, however busy the other side looks."""
    over = threading.Event()

    def end() -> None:
        over.set()
        connection.hang_up()

    timer = threading.Timer(max(0.001, seconds), end)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
        timer.join()
