"""``GET /x/telephony/recording/{id}``: the sound of a call, to whoever may hear it; fetched by our server, never by a public link."""

from __future__ import annotations

import re
import tempfile
import threading
import typing as t
import weakref
from collections import OrderedDict
from collections.abc import Iterator

import attrs

from crmkit import Conflict, Crm, Later, NotFound, Streamed, Uow, _, route

from ..entities import Call
from ..provider import NotThere, ProviderError, provider_named
from ..roles import LISTEN
from .mine import card_of

RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
PIECE, MOST_KEPT, BIGGEST = 64 * 1024, 16, 200 * 1024 * 1024
SOUND = re.compile(r"audio/[a-z0-9.+-]+", re.IGNORECASE)
NONE = _("This call has no recording, or you may not hear it", ru="У этого звонка нет записи, или она вам недоступна")
GONE = _("The provider does not have this recording (yet): try again in a minute",
    ru="У оператора связи этой записи нет (или пока нет): попробуйте через минуту")  # fmt: skip
BROKEN = _("The provider did not send the recording: {why}", ru="Оператор связи не отдал запись: {why}")
TOO_BIG = _("The recording is too large", ru="Запись слишком велика")
OPERATION: t.Mapping[str, t.Any] = {
    "summary": _("The recording of a call", ru="Запись разговора"),
    "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}},
        {"name": "download", "in": "query", "required": False, "schema": {"enum": ["1"]}},
        {"name": "Range", "in": "header", "required": False, "schema": {"type": "string", "pattern": "^[!-~ ]*$"}}],
    "responses": {"200": {"description": "OK", "content": {"audio/*": {"schema": {}}}},
        "206": {"description": "Partial Content", "content": {"audio/*": {"schema": {}}}}, "416": {"description": "Range Not Satisfiable"}},
}  # fmt: skip


@attrs.define
class Kept:
    """A recording in a file without a name, which goes with the process: players ask for it piece by piece."""

    file: t.IO[bytes]
    size: int
    media_type: str
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    def __attrs_post_init__(self) -> None:
        weakref.finalize(self, self.file.close)

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield a part of it."""
        while start < stop:
            with self.lock:
                self.file.seek(start)
                piece = self.file.read(min(PIECE, stop - start))
            if not piece:
                return
            start += len(piece)
            yield piece


class Shelf:
    """The recordings heard last, so that seeking in one asks its provider once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Kept] = OrderedDict()

    def get(self, crm: Crm, provider: str, key: str) -> Kept:
        """Return a recording, fetched where it is not at hand."""
        with self._lock:
            found = self._kept.get((provider, key))
            if found is not None:
                self._kept.move_to_end((provider, key))
                return found
        fetched = _fetched(crm, provider, key)
        with self._lock:
            self._kept[provider, key] = fetched
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)  # the file goes when nobody reads it any more
        return fetched


SHELVES: weakref.WeakKeyDictionary[Crm, Shelf] = weakref.WeakKeyDictionary()


def _fetched(crm: Crm, name: str, key: str) -> Kept:
    provider = provider_named(crm, name)
    if provider is None:
        raise NotFound(GONE)
    try:
        sound = provider.recording(key)
        file = tempfile.TemporaryFile()  # noqa: SIM115  (kept for the next part of it)
        size = 0
        for piece in sound.pieces:
            size += len(piece)
            if size > BIGGEST:
                file.close()
                raise Conflict(TOO_BIG)
            file.write(piece)
    except NotThere:
        raise NotFound(GONE) from None
    except ProviderError as error:
        raise Conflict(BROKEN.format(why=error.message)) from None
    media = sound.content_type.partition(";")[0].strip()
    return Kept(file, size, media if SOUND.fullmatch(media) else "audio/mpeg")


@route("/recording/{id}", permission=LISTEN, operation=OPERATION)
def recording(request: t.Any, uow: Uow) -> t.Any:
    """The sound of a call, or the part of it a ``Range`` asks for."""
    text = request.path_params["id"]
    key = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    if not key:
        raise NotFound(NONE)
    call: Call = card_of(uow, key)
    if call.recording is None or call.provider is None or not uow.may(LISTEN, call):
        raise NotFound(NONE)
    crm, provider, sound = uow.crm, call.provider, call.recording
    asked, download = request.headers.get("range"), "download" in request.query_params
    return Later(lambda: _answer(SHELVES.setdefault(crm, Shelf()).get(crm, provider, sound), asked, f"call-{key}" if download else ""))


def _answer(kept: Kept, asked: str | None, name: str) -> t.Any:
    from starlette.responses import Response

    wanted = part_of(asked, kept.size)
    if wanted is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{kept.size}"})
    start, stop = wanted
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(stop - start), "Cache-Control": "private, no-store",
               "Content-Security-Policy": "sandbox; default-src 'none'; media-src 'self'", "Cross-Origin-Resource-Policy": "same-origin"}  # fmt: skip
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}.{"wav" if "wav" in kept.media_type else "mp3"}"'
    if (start, stop) != (0, kept.size):
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{kept.size}"
    return Streamed(pieces=kept.read(start, stop), media_type=kept.media_type, status=206 if "Content-Range" in headers else 200, headers=headers)


def part_of(asked: str | None, size: int) -> tuple[int, int] | None:
    """Return from where to where to send; None for what lies beyond the end. Anything but one range means the whole."""
    match = RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, size) if length else None
    if last and int(last) < int(first):
        return 0, size
    return (int(first), min(int(last) + 1, size) if last else size) if int(first) < size else None


__all__ = ["Kept", "Shelf", "part_of", "recording"]
