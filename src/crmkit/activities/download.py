"""``GET /x/activities/files/{id}``: the content of a file, to whoever may see its record and the record it is about."""

from __future__ import annotations

import logging
import re
import typing as t

from crmkit import NotFound, Permission, Streamed, Uow, _, route

from .entities import File
from .media import is_inline
from .names import disposition
from .store import store_of

log = logging.getLogger("crmkit.activities")
READ = Permission("activities.file.read")
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
BIGGEST = 2**63 - 1
NO_FILE = _("There is no such file, or you may not see it", ru="Такого файла нет, или он вам не виден")
REMOVED = _("The content of this file was removed for good", ru="Содержимое этого файла удалено безвозвратно")
LOST = _("The content of this file cannot be found in the store; tell your administrator",
    ru="Содержимое файла не найдено в хранилище; сообщите администратору")
# Whatever a browser makes of it, it may run nothing, load nothing, and is nobody's page.
LOCKED = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; frame-ancestors 'self'"
_CONTENT: dict[str, t.Any] = {"content": {"application/octet-stream": {"schema": {}}}}
OPERATION: t.Mapping[str, t.Any] = {
    "summary": _("The content of a file", ru="Содержимое файла"),
    "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": BIGGEST}},
        {"name": "download", "in": "query", "required": False, "schema": {"enum": ["1"]}},
        {"name": "Range", "in": "header", "required": False, "schema": {"type": "string", "pattern": "^[!-~ ]*$"}}],
    "responses": {"200": {"description": "OK", **_CONTENT}, "206": {"description": "Partial Content", **_CONTENT},
        "304": {"description": "Not Modified"}, "416": {"description": "Range Not Satisfiable"}},
}  # fmt: skip


@route("/files/{id}", permission=READ, operation=OPERATION)
def download(request: t.Any, uow: Uow) -> t.Any:
    """The content of a file, or the part of it a ``Range`` asks for."""
    from starlette.responses import Response

    file = uow.get(File, _number(request.path_params["id"]))
    if file.removed_at is not None:
        raise NotFound(REMOVED)
    if "activities_file_opened" in uow.crm.hooked:
        uow.crm.hook.activities_file_opened(file=file, uow=uow)
    tag = f'"{file.digest}"'
    headers = {
        "ETag": tag, "Accept-Ranges": "bytes", "Content-Security-Policy": LOCKED, "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Disposition": disposition(_how(request, file), file.name),
    }  # fmt: skip
    if _knows(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    wanted = _range(request, tag, file.size)
    if wanted is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{file.size}"})
    start, stop = wanted
    whole = (start, stop) == (0, file.size)
    if not whole:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    headers["Content-Length"] = str(stop - start)
    try:
        pieces = store_of(uow.crm).open(file.key, start, stop - start)
    except FileNotFoundError:
        log.error("the content of file %s is not in the store", file.id)
        raise NotFound(LOST) from None
    return Streamed(pieces=pieces, media_type=file.media_type, status=200 if whole else 206, headers=headers)


def _number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    if not 0 < number <= BIGGEST:
        raise NotFound(NO_FILE)
    return number


def _how(request: t.Any, file: File) -> str:
    return "inline" if is_inline(file.media_type) and "download" not in request.query_params else "attachment"


def _knows(given: str | None, tag: str) -> bool:
    return given is not None and (given.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in given.split(",")])


def _range(request: t.Any, tag: str, size: int) -> tuple[int, int] | None:
    """Return from where to where to send; None for what lies beyond the end.

    One range is honoured; several, or words that are none, mean the whole file, as RFC 9110 (14.2) allows.
    """
    given, condition = request.headers.get("range"), request.headers.get("if-range")
    match = RANGE.fullmatch(given.strip()) if given is not None and (condition is None or condition.strip() == tag) else None
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if first == "":
        length = min(int(last), size)
        return (size - length, size) if length else None
    start, stop = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < int(first):
        return 0, size
    return (start, stop) if start < size else None
