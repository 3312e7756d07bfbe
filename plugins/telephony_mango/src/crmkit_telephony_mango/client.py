"""Asking Mango Office: signed forms, and what its answers mean for whoever asked."""

from __future__ import annotations

import datetime as dt
import threading
import typing as t
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import httpx

from crmkit import _
from crmkit_telephony import NotThere, ProviderError, Unknown

from .settings import LOCAL, MangoSettings
from .signing import signed

MISSING = _("Mango Office is not set up: its key is missing", ru="Mango Office не настроен: не задан ключ")
REFUSED = _("Mango Office does not accept the key or the signature", ru="Mango Office не принимает ключ или подпись")
AWAY = _("Mango Office cannot be reached", ru="Mango Office недоступен")
LOST = _("The connection to Mango Office broke; nobody knows whether it was done", ru="Связь с Mango Office прервалась: неизвестно, выполнено ли")
BUSY = _("Mango Office takes no more requests for now", ru="Mango Office пока не принимает запросы")
NO = _("Mango Office refused (HTTP {status})", ru="Mango Office отказал (HTTP {status})")
ODD = _("Mango Office answered something unexpected", ru="Mango Office ответил неожиданно")
GONE = _("Mango Office does not have it", ru="У Mango Office этого нет")
LONGEST = dt.timedelta(hours=1)


class Client:
    """Mango Office's API. `transport` stands in for the network where somebody tests."""

    def __init__(self, settings: MangoSettings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings, self._transport, self._lock = settings, transport, threading.Lock()
        self._http: httpx.Client | None = None

    @property
    def http(self) -> httpx.Client:
        """The connections, shared by all threads and made at the first use: a process may fork before."""
        with self._lock:
            if self._http is None:
                self._http = httpx.Client(timeout=self._settings.timeout.total_seconds(), transport=self._transport, follow_redirects=False)
            return self._http

    def close(self) -> None:
        """Let the connections go."""
        with self._lock:
            if self._http is not None:
                self._http.close()
            self._http = None

    def ask(self, path: str, fields: Mapping[str, t.Any]) -> httpx.Response:
        """Ask for something that is done or answered at once; `ProviderError` in words where it was not."""
        answer = self._posted(path, fields)
        if not answer.is_success:
            raise _error(answer)
        return answer

    @contextmanager
    def sound(self, path: str, fields: Mapping[str, t.Any]) -> Iterator[httpx.Response]:
        """Open what the answer redirects to: a link that is good once. It stays with us and is told to nobody, not in errors either."""
        asked = self._posted(path, fields)
        if asked.is_error:
            raise _error(asked)
        if not asked.has_redirect_location:
            raise NotThere(GONE)
        link = urljoin(str(asked.request.url), asked.headers.get("Location", ""))
        parts = urlsplit(link)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
            raise ProviderError(ODD)
        try:
            with self.http.stream("GET", link) as answer:
                if answer.status_code == 404:
                    raise NotThere(GONE)
                if not answer.is_success:
                    raise _error(answer)
                yield answer
        except httpx.HTTPError:
            raise ProviderError(AWAY, again=True) from None

    def _posted(self, path: str, fields: Mapping[str, t.Any]) -> httpx.Response:
        settings = self._settings
        if not settings.key:
            raise ProviderError(MISSING)
        url = urljoin(settings.base_url.rstrip("/") + "/", path)
        try:
            return self.http.post(url, data=signed(settings.key, settings.secret(), fields))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise ProviderError(AWAY, again=True) from None
        except httpx.HTTPError:  # sent, or half sent
            raise Unknown(LOST) from None


def _error(answer: httpx.Response) -> ProviderError:
    status = answer.status_code
    if status in (401, 403):
        return ProviderError(REFUSED)
    if status == 404:
        return NotThere(GONE)
    if status == 429:
        return ProviderError(BUSY, again=True, after=_pause(answer.headers.get("Retry-After", "")))
    if status >= 500:
        return Unknown(LOST)
    return ProviderError(NO.format(status=status))


def _pause(given: str) -> dt.timedelta | None:
    return min(dt.timedelta(seconds=int(given)), LONGEST) if given.isdecimal() and len(given) < 7 else None
