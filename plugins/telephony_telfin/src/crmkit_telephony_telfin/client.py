"""Talking to Telfin's REST API: tokens, gzip, both kinds of 429, and errors in words.

Sources: «Правила запросов к API», «Авторизация доверенных приложений» (ringme-confluence.atlassian.net).
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import typing as t
import weakref
import zlib
from collections.abc import Iterator, Mapping

import httpx

from crmkit import Crm
from crmkit_telephony import NotThere, ProviderError, Unknown

from . import words
from .limits import Limits
from .settings import TelfinSettings

API = "/api/ver1.0"
TOKEN_LIVES = 3600
"""Seconds, where the answer does not say (that happens)."""
SPARE = dt.timedelta(seconds=60)
"""A token is renewed so long before its end."""
SOON = dt.timedelta(seconds=30)
STATS_AGAIN = dt.timedelta(seconds=10)
BIGGEST = 20_000_000
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


class Client:
    """One application at Telfin's API; used by several threads at once."""

    def __init__(self, crm: Crm, transport: httpx.BaseTransport | None = None) -> None:
        self.crm, self.settings = crm, crm[TelfinSettings]
        self.limits = Limits(crm)
        self._transport = transport
        self._http: httpx.Client | None = None
        self._token, self._token_until = "", dt.datetime.min.replace(tzinfo=dt.UTC)
        self._lock = threading.Lock()

    def through(self, transport: httpx.BaseTransport | None) -> None:
        """Talk through another transport, such as that of a fake PBX."""
        self._transport, self._http, self._token = transport, None, ""

    # ---- requests ---------------------------------------------------------------------------------------------------
    def get(self, path: str, *, urgent: bool = False, **query: t.Any) -> t.Any:
        """Ask for something; may be repeated at will."""
        return self._json("GET", path, urgent=urgent, query=query)

    def post(self, path: str, body: Mapping[str, t.Any], *, urgent: bool = True, repeatable: bool = False) -> t.Any:
        """Have something made; `Unknown` where it may or may not have been made, unless it does no harm twice."""
        return self._json("POST", path, urgent=urgent, body=body, repeatable=repeatable)

    def put(self, path: str, body: Mapping[str, t.Any], *, urgent: bool = True, repeatable: bool = False) -> t.Any:
        """Change something."""
        return self._json("PUT", path, urgent=urgent, body=body, repeatable=repeatable)

    def delete(self, path: str, *, urgent: bool = True) -> None:
        """Delete or end something: `NotThere` where it is gone already, so it may be repeated."""
        self._json("DELETE", path, urgent=urgent, repeatable=True)

    def ask_history(self, path: str, **query: t.Any) -> t.Any:
        """Ask the statistics, which answer one question at a time."""
        with self.limits.alone():
            return self.get(path, **query)

    def stream(self, path: str) -> httpx.Response:
        """Ask for a file, not read yet; whoever asked closes it."""
        answer = self._send("GET", path, urgent=True, stream=True, repeatable=True)
        if answer.is_success:
            return answer
        try:
            answer.read()
        except httpx.HTTPError as error:
            raise _unreachable(error) from None
        finally:
            answer.close()
        raise self._problem(answer, repeatable=True)

    # ---- a request ---------------------------------------------------------------------------------------------------
    def _json(self, method: str, path: str, *, urgent: bool, repeatable: bool = False, **what: t.Any) -> t.Any:
        repeatable = repeatable or method == "GET"
        answer = self._send(method, path, urgent=urgent, repeatable=repeatable, **what)
        if not answer.is_success:
            raise self._problem(answer, repeatable=repeatable)
        if answer.status_code == 204 or not answer.content:
            return None
        try:
            return json.loads(unpacked(answer.content))
        except ValueError:
            raise (ProviderError(words.ODD, again=True, after=SOON) if repeatable else Unknown(words.ODD)) from None

    def _send(self, method: str, path: str, *, urgent: bool, repeatable: bool, stream: bool = False, **what: t.Any) -> httpx.Response:
        """Send with a token; a token that is refused is dead, whatever was said of its life, and another is asked for, once."""
        token = self._valid_token()
        answer = self._once(method, path, token, urgent=urgent, repeatable=repeatable, stream=stream, **what)
        if answer.status_code != 401:
            return answer
        answer.close()
        token = self._valid_token(instead_of=token)
        return self._once(method, path, token, urgent=urgent, repeatable=repeatable, stream=stream, **what)

    def _once(
        self, method: str, path: str, token: str, *, urgent: bool, repeatable: bool, stream: bool,
        query: Mapping[str, t.Any] | None = None, body: Mapping[str, t.Any] | None = None,
    ) -> httpx.Response:  # fmt: skip
        self.limits.admit(urgent=urgent)
        request = self.http.build_request(
            method, API + path, params={k: v for k, v in (query or {}).items() if v is not None} or None, json=body,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        try:
            answer = self.http.send(request, stream=stream)
        except NOT_SENT as error:
            raise _unreachable(error) from None
        except httpx.HTTPError as error:
            raise (_unreachable(error) if repeatable else Unknown(words.NO_ANSWER)) from None
        self.limits.heard(answer.headers, over=answer.status_code == 429 and not stream and _is_limit(answer))
        return answer

    def _problem(self, answer: httpx.Response, *, repeatable: bool) -> ProviderError:
        """Say in words why an answer is not what was asked for."""
        status, message = answer.status_code, _message(answer)
        if status == 401:
            return ProviderError(words.BAD_SECRET)
        if status == 403:
            return ProviderError(words.FORBIDDEN)
        if status == 404:
            return NotThere(words.REFUSED.format(message=message or "Not found", status=status))
        if status == 429:
            return self._too_many(answer)
        if status >= 500:
            text = words.BROKEN.format(status=status)
            return ProviderError(text, again=True, after=SOON) if repeatable else Unknown(text)
        return ProviderError(words.REFUSED.format(message=message or answer.reason_phrase, status=status))

    def _too_many(self, answer: httpx.Response) -> ProviderError:
        left = self.limits.left()
        if _is_limit(answer) and left is not None:
            return self.limits.used_up(left, self.crm.clock.now(), words.LIMIT)
        return ProviderError(words.STATS_BUSY, again=True, after=STATS_AGAIN)

    # ---- the token ----------------------------------------------------------------------------------------------------
    def _valid_token(self, instead_of: str = "") -> str:
        with self._lock:
            if not self._token or self._token == instead_of or self.crm.clock.now() >= self._token_until:
                self._token, lives = self._new_token()
                self._token_until = self.crm.clock.now() + max(lives - SPARE, lives / 2)
            return self._token

    def _new_token(self) -> tuple[str, dt.timedelta]:
        try:
            secret = self.settings.secret
        except (OSError, UnicodeDecodeError) as error:
            raise ProviderError(words.NO_SECRET.format(why=type(error).__name__)) from None
        if not self.settings.app_id or not secret:
            raise ProviderError(words.NOT_SET_UP)
        form = {"grant_type": "client_credentials", "client_id": self.settings.app_id, "client_secret": secret}
        try:
            answer = self.http.post("/oauth/token", data=form)
        except httpx.HTTPError as error:
            raise _unreachable(error) from None
        if answer.status_code in (400, 401, 403):
            raise ProviderError(words.BAD_SECRET)
        if not answer.is_success:
            raise ProviderError(words.BROKEN.format(status=answer.status_code), again=True, after=SOON)
        return _token_in(answer)

    @property
    def http(self) -> httpx.Client:
        """The connections, opened when they are first needed."""
        if self._http is None:
            self._http = httpx.Client(
                base_url=self.settings.base_url, timeout=self.settings.timeout.total_seconds(), transport=self._transport,
                headers={"Accept-Encoding": "gzip", "Accept": "application/json", "User-Agent": "crmkit"}, follow_redirects=False,
            )  # fmt: skip
            weakref.finalize(self, self._http.close)
        return self._http


def _token_in(answer: httpx.Response) -> tuple[str, dt.timedelta]:
    """``expires_in`` comes as a number, as text, or not at all."""
    try:
        found = json.loads(unpacked(answer.content))
    except ValueError:
        found = None
    found = found if isinstance(found, dict) else {}
    token = found.get("access_token")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise ProviderError(words.ODD, again=True, after=SOON)
    try:
        seconds = float(found.get("expires_in") or TOKEN_LIVES)
    except (TypeError, ValueError):
        seconds = TOKEN_LIVES
    return token, dt.timedelta(seconds=min(max(seconds, 1), 86400))


def unpacked(content: bytes) -> bytes:
    """Unpack what came packed though its headers did not say so."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    unpack = zlib.decompressobj(wbits=31)
    try:
        found = unpack.decompress(content, BIGGEST)
    except zlib.error:
        return content
    return found if not unpack.unconsumed_tail else b""


def _is_limit(answer: httpx.Response) -> bool:
    """Tell the hourly limit from a statistics resource that is busy: both are 429."""
    return _field(answer, "status") == "rate_limit_exceeded" or "rate limit" in _message(answer).lower()


def _message(answer: httpx.Response) -> str:
    return (_field(answer, "message") or _field(answer, "error"))[:200]


def _field(answer: httpx.Response, name: str) -> str:
    try:
        found = json.loads(unpacked(answer.content))
    except (ValueError, httpx.ResponseNotRead):
        return ""
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _unreachable(error: Exception) -> ProviderError:
    return ProviderError(words.UNREACHABLE.format(why=type(error).__name__), again=True, after=SOON)


def pieces_of(answer: httpx.Response) -> Iterator[bytes]:
    """Yield a file piece by piece and close it, read to its end or not."""
    try:
        yield from answer.iter_bytes(65536)
    finally:
        answer.close()


__all__ = ["API", "Client", "pieces_of", "unpacked"]
