"""The usual way of a webhook: posted over HTTP."""

from __future__ import annotations

import functools

import httpx

TIMEOUT = 10.0


@functools.cache
def _client() -> httpx.Client:
    # No connection is kept: nobody could say when to close it.
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(timeout=TIMEOUT, limits=limits, follow_redirects=False, trust_env=False)


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send a webhook and return the status of the answer; no body means GET."""
    if body:
        return _client().post(url, content=body, headers=headers).status_code
    return _client().get(url, headers=headers).status_code
