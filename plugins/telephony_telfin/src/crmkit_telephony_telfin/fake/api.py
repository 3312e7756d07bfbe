"""The REST API: tokens, limits and what goes wrong, in front of the resources."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import attrs

if TYPE_CHECKING:
    from .pbx import FakePbx

PREFIX = "/api/ver1.0"
TOKEN_SECONDS = 3600
OAUTH_PER_SECOND = 20  # documented for /oauth and /login
STATS_BUSY = "Stats request already exists, concurrent request not allowed"


@attrs.frozen
class Asked:
    """A request, without a server's ceremony."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    base_url: str

    def json(self) -> dict[str, Any]:
        """The body as a JSON object."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            raise Problem(400, "Invalid JSON") from None
        if not isinstance(found, dict):
            raise Problem(400, "Invalid JSON")
        return found


@attrs.define
class Answered:
    """An answer: `delay` is for how many seconds it is held back, `refused` that there is none."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = attrs.field(factory=dict)
    delay: float = 0.0
    refused: bool = False
    stats: bool = False  # keeps the statistics busy until it is sent


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, message: str, **more: str) -> None:
        super().__init__(message)
        self.code, self.body = code, {**more, "message": message}


Handler = Callable[["FakePbx", Asked, dict[str, str]], Answered]


@attrs.frozen
class Route:
    """An endpoint: its name is what `FakePbx.trip` takes."""

    method: str
    pattern: re.Pattern[str]
    name: str
    handler: Handler


ROUTES: list[Route] = []


def route(method: str, path: str, name: str) -> Callable[[Handler], Handler]:
    """Serve a path, in which `{client}` is the client's id or @me."""
    pattern = re.compile("/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def mark(handler: Handler) -> Handler:
        ROUTES.append(Route(method, pattern, name, handler))
        return handler

    return mark


def answer(value: object, status: int = 200) -> Answered:
    """JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answered(status, body, {"Content-Type": "application/json; charset=utf-8"})


class Api:
    """One client's API."""

    def __init__(self, pbx: FakePbx) -> None:
        from . import resources, statistics  # noqa: F401 - they enter their routes

        self.pbx = pbx
        self.tokens: dict[str, dt.datetime] = {}
        self.hour: dt.datetime | None = None
        self.used = 0
        self.asked: list[tuple[str, int]] = []  # the endpoints asked for, and the answers' statuses: the last ten thousand
        self.in_stats = False
        self._tripped: list[tuple[str, str]] = []
        self._tokens_asked: deque[dt.datetime] = deque()

    # What tests do

    def trip(self, endpoint: str, fault: str, times: int) -> None:
        """See `FakePbx.trip`."""
        known = {"*", "token", *(route.name for route in ROUTES)}
        if endpoint not in known or fault not in FAULTS:
            raise ValueError(f"trip({endpoint!r}, {fault!r}): endpoints are {sorted(known)}, faults {sorted(FAULTS)}")
        self._tripped += [(endpoint, fault)] * times

    def spend(self, requests: int) -> None:
        """Use up so many requests of this hour."""
        self._new_hour()
        self.used += requests

    # One request

    def handle(self, asked: Asked) -> Answered:
        """Answer a request; whoever serves it calls `done` when the answer has been sent."""
        with self.pbx.lock:
            found = self._handle(asked)
        return found

    def done(self, answered: Answered) -> None:
        """The answer has been sent."""
        if answered.stats:
            self.in_stats = False

    def _handle(self, asked: Asked) -> Answered:
        path = re.sub(r"/+$", "", unquote(asked.path))
        if path == "/oauth/token":
            return self._finish(asked, "token", lambda: self._token(asked), limits=False)
        if path.startswith("/storage/"):
            from .statistics import storage

            return storage(self.pbx, path.rpartition("/")[2])
        path = path.removeprefix(PREFIX).replace("/@me", f"/{self.pbx.client_id}")
        matches = [(route, found) for route in ROUTES if (found := route.pattern.fullmatch(path))]
        fitting = next(((r, m) for r, m in matches if r.method == asked.method), None)
        if not asked.path.startswith(PREFIX) or not matches:
            return self._finish(asked, "?", lambda: _error(404, "Not found"))
        if fitting is None:
            return self._finish(asked, "?", lambda: _error(405, "Method not allowed"))
        found_route, match = fitting
        return self._finish(asked, found_route.name, lambda: self._call(found_route, asked, match.groupdict()))

    def _call(self, found: Route, asked: Asked, names: dict[str, str]) -> Answered:
        if "client" in names and names["client"] != str(self.pbx.client_id):
            raise Problem(404, "Not found")
        return found.handler(self.pbx, asked, names)

    def _finish(self, asked: Asked, name: str, work: Callable[[], Answered], *, limits: bool = True) -> Answered:
        """All that stands in front of a resource, in the order in which a proxy would have it."""
        faults, happens = self.pbx.faults, self.pbx.switch.chance.happens
        fault = self._next_trip(name) or next(
            (f for f in ("refused", "server_error", "server_error_after", "slow") if happens(getattr(faults, f))), ""
        )
        if fault == "refused":
            return self._log(name, Answered(503, b"", refused=True))
        if fault == "server_error":
            return self._log(name, self._broken())
        try:
            self._admit(asked, name, fault, limits=limits)
            found = work()
        except Problem as problem:
            found = answer(problem.body, problem.code)
        if fault == "server_error_after":
            found = self._broken()
        if fault == "slow":
            found.delay = faults.slow_seconds
        if name == "call_history" and found.status != 429:
            self.in_stats = found.stats = True
        if limits:
            found.headers |= self._limits()
        return self._log(name, self._packed(asked, found))

    def _admit(self, asked: Asked, name: str, fault: str, *, limits: bool) -> None:
        faults = self.pbx.faults
        if "gzip" not in asked.headers.get("accept-encoding", "") and not faults.garbled_without_gzip:
            raise Problem(406, "Accept-Encoding: gzip is required")
        if limits:
            self._new_hour()
            if fault == "rate_limit":
                self.used = faults.hourly_limit
            if self.used >= faults.hourly_limit:
                raise Problem(429, "Rate limit exceeded", status="rate_limit_exceeded")
            self.used += 1
            self._authorize(asked, dead=fault == "expired_token" or self.pbx.switch.chance.happens(faults.expired_token))
        if name == "call_history" and (fault == "stats_busy" or self.in_stats or self.pbx.switch.chance.happens(faults.stats_busy)):
            raise Problem(429, STATS_BUSY)

    def _authorize(self, asked: Asked, *, dead: bool) -> None:
        scheme, _space, token = asked.headers.get("authorization", "").partition(" ")
        until = self.tokens.get(token)
        if dead:
            self.tokens.pop(token, None)
        if scheme.lower() != "bearer" or until is None or until <= self.pbx.clock.now() or dead:
            raise Problem(401, "Unauthorized", status="401")

    def _token(self, asked: Asked) -> Answered:
        now, chance, faults = self.pbx.clock.now(), self.pbx.switch.chance, self.pbx.faults
        while self._tokens_asked and self._tokens_asked[0] <= now - dt.timedelta(seconds=1):
            self._tokens_asked.popleft()
        if len(self._tokens_asked) >= OAUTH_PER_SECOND:
            return answer({"error": "too_many_requests"}, 429)
        self._tokens_asked.append(now)
        form = dict(parse_qsl(asked.body.decode("utf-8", "replace"))) or asked.query
        if asked.method != "POST":
            raise Problem(405, "Method not allowed")
        if form.get("grant_type") != "client_credentials":
            return answer({"error": "unsupported_grant_type"}, 400)
        if (form.get("client_id"), form.get("client_secret")) != (self.pbx.app_id, self.pbx.app_secret):
            return answer({"error": "invalid_client"}, 401)
        token = chance.hexadecimal()
        self.tokens = {known: until for known, until in self.tokens.items() if until > now}
        self.tokens[token] = now + dt.timedelta(seconds=TOKEN_SECONDS)
        found: dict[str, object] = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        if chance.happens(faults.expires_in_as_text):
            found["expires_in"] = str(TOKEN_SECONDS)
        if chance.happens(faults.missing_expires_in):
            del found["expires_in"]
        return answer(found)

    # Small things

    def _next_trip(self, name: str) -> str:
        for place, (endpoint, fault) in enumerate(self._tripped):
            if endpoint in ("*", name):
                del self._tripped[place]
                return fault
        return ""

    def _new_hour(self) -> None:
        hour = self.pbx.clock.now().replace(minute=0, second=0, microsecond=0)
        if hour != self.hour:
            self.hour, self.used = hour, 0

    def _limits(self) -> dict[str, str]:
        limit = self.pbx.faults.hourly_limit
        now = self.pbx.clock.now()
        reset = 3600 - now.minute * 60 - now.second
        left = max(0, limit - self.used)
        return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": str(reset)}

    def _broken(self) -> Answered:
        status = self.pbx.switch.chance.pick(500, 502, 503, 504)
        body = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>".encode()
        return Answered(status, body, {"Content-Type": "text/html"})

    def _packed(self, asked: Asked, found: Answered) -> Answered:
        if not found.body or found.headers.get("Content-Type") == "audio/mpeg":
            return found
        found.body = gzip.compress(found.body, compresslevel=1, mtime=0)
        if "gzip" in asked.headers.get("accept-encoding", ""):
            found.headers["Content-Encoding"] = "gzip"
        return found

    def _log(self, name: str, found: Answered) -> Answered:
        self.asked.append((name, 0 if found.refused else found.status))
        if len(self.asked) > 20_000:
            del self.asked[:-10_000]
        return found


FAULTS = {"rate_limit", "stats_busy", "expired_token", "server_error", "server_error_after", "slow", "refused"}


def _error(status: int, message: str) -> Answered:
    raise Problem(status, message)
