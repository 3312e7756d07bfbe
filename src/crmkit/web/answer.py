"""What a handler gives back, sent without anything in between."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator

import orjson

Headers = list[tuple[bytes, bytes]]
JSON = b"application/json"
# Answers are about people: no shared cache keeps them, and a browser asks again.
PRIVATE = (b"cache-control", b"private, no-cache")
NO_SNIFF = (b"x-content-type-options", b"nosniff")


class Answer:
    """A finished answer: body, status, headers of its own, media type."""

    __slots__ = ("body", "headers", "media", "status")

    def __init__(self, body: bytes = b"", status: int = 200, headers: Headers | None = None, media: bytes | None = JSON) -> None:
        self.body, self.status, self.headers, self.media = body, status, headers if headers is not None else [], media

    def head(self) -> Headers:
        """Return all the headers to send."""
        own = {name for name, _value in self.headers}
        found = [*self.headers, (b"content-length", str(len(self.body)).encode()), NO_SNIFF]
        if b"cache-control" not in own:
            found.append(PRIVATE)
        if self.media is not None and b"content-type" not in own:
            found.append((b"content-type", self.media))
        if self.status == 304 or self.status == 204:
            found = [h for h in found if h[0] not in (b"content-length", b"content-type")]
        return found


class Stream:
    """An answer made piece by piece in a thread, such as an export. `pieces` is closed when the client goes away."""

    __slots__ = ("headers", "media", "pieces", "status")

    def __init__(self, pieces: Iterator[bytes], media: bytes, headers: Headers, status: int = 200) -> None:
        self.pieces, self.media, self.headers, self.status = pieces, media, headers, status

    def head(self) -> Headers:
        """Return all the headers to send."""
        own = {name for name, _value in self.headers}
        return [*self.headers, (b"content-type", self.media), NO_SNIFF, *([] if b"cache-control" in own else [PRIVATE])]


def as_json(value: t.Any, status: int = 200, headers: Headers | None = None) -> Answer:
    """Return a value as JSON. Texts come in English; translate them first."""
    return Answer(dumps(value), status, headers)


def dumps(value: t.Any) -> bytes:
    """Return JSON bytes of JSON-ready values."""
    return orjson.dumps(value, default=_plain)


def _plain(value: t.Any) -> t.Any:
    """Serialise what is not JSON yet: string subclasses, and what plugins return from commands and routes."""
    from ..core.wire import dump

    if isinstance(value, str):
        return str(value)
    done = dump(value)
    if done is not value:
        return done
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
