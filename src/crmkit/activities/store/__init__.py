"""Where the content of files is kept: a small port, and the two stores that come with the plugin."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import typing as t
import weakref
from collections.abc import Iterator

from crmkit import Crm, Misuse

KEY = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})/[0-9a-f]{32}(\.part)?")
PIECE = 256 * 1024


class FileStore(t.Protocol):
    """Keeps content under keys such as ``2026/01/12/0f3c…``. Any thread may call it, and many at once.

    Whatever goes wrong is an exception; content that is not there is a `FileNotFoundError`.
    """

    def put(self, key: str, content: t.BinaryIO) -> None:
        """Keep everything `content` has left under a new key: whole and safe when this returns, or not at all."""
        ...

    def open(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return the content in pieces, from `start` on and at most `length` bytes; what is missing is told at once."""
        ...

    def delete(self, key: str) -> None:
        """Remove content; nothing happens when there is none."""
        ...

    def exists(self, key: str) -> bool:
        """True when there is content under the key."""
        ...

    def every(self) -> Iterator[str]:
        """Yield every key, in any order; also those of content that was left half written."""
        ...


class Pieces(Iterator[bytes]):
    """Content that is read piece by piece, and let go at its end or by `close`."""

    def __init__(self, source: t.Any, length: int | None = None) -> None:
        self._source, self._left = source, length

    def __next__(self) -> bytes:
        wanted = PIECE if self._left is None else min(PIECE, self._left)
        piece: bytes = self._source.read(wanted) if wanted else b""
        if not piece:
            self.close()
            raise StopIteration
        if self._left is not None:
            self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Let go of what was opened."""
        self._source.close()


def new_key(now: dt.datetime) -> str:
    """Return a key nobody can guess. It tells the day, by which what is left over is found again."""
    return f"{now:%Y/%m/%d}/{secrets.token_hex(16)}"


def day_of(key: str) -> dt.date | None:
    """Return the day a key was made on; None for what is no key of ours."""
    match = KEY.fullmatch(key)
    if match is None:
        return None
    try:
        return dt.date(*(int(part) for part in match.groups()[:3]))
    except ValueError:
        return None


def checked(key: str) -> str:
    """Return a key, or raise: nothing but keys is ever joined to a path."""
    if day_of(key) is None:
        raise Misuse(f"{key!r} is not a key of a file store")
    return key


_STORES: weakref.WeakKeyDictionary[Crm, FileStore] = weakref.WeakKeyDictionary()


def store_of(crm: Crm) -> FileStore:
    """Return the store of a CRM: a plugin's or host's own, else what the settings say."""
    found = _STORES.get(crm)
    if found is None:
        made = crm.hook.activities_file_store(crm=crm)
        found = _STORES[crm] = made if made is not None else _made(crm)
    return found


def _made(crm: Crm) -> FileStore:
    from ..settings import ActivitiesSettings

    settings = crm[ActivitiesSettings]
    if settings.store == "s3":
        from .s3 import S3Store

        return S3Store(settings.s3_bucket, prefix=settings.s3_prefix, endpoint=settings.s3_endpoint, region=settings.s3_region)
    from .disk import DiskStore

    return DiskStore(settings.folder)
