"""``POST /x/activities/files``: a file comes in, is looked at, put away, and becomes a record."""

from __future__ import annotations

import contextlib
import hashlib
import typing as t
from collections.abc import Iterator

import attrs

from crmkit import Crm, Invalid, NotFound, Permission, Problem, Refusal, Text, Uow, Upload, _, route

from .entities import File
from .forms import is_form, read_form
from .media import media_type_of
from .names import clean_name
from .settings import ActivitiesSettings
from .store import new_key, store_of

CREATE = Permission("activities.file.create")
AROUND = 64 * 1024  # a form's own words around the file
NAMES = ("about_kind", "about_id", "name")
PIECE = 256 * 1024
BIGGEST = 2**63 - 1
REQUIRED = _("required", ru="обязательное поле")
NUMBER = _("expected the number of a record", ru="ожидается номер записи")
NO_RECORD = _("there is no such record, or you may not see it", ru="такой записи нет, или она вам не видна")
TOO_LARGE = _("at most {most} MB", ru="не больше {most} МБ")
BINARY: t.Mapping[str, t.Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
ABOUT: t.Mapping[str, t.Any] = {"about_kind": {"type": "string"}, "about_id": {"type": "integer", "minimum": 1}}
OPERATION: t.Mapping[str, t.Any] = {
    "summary": _("Attach a file to a record", ru="Прикрепить файл к записи"),
    "parameters": [
        {"name": n, "in": "query", "required": False, "schema": s} for n, s in {**ABOUT, "name": {"type": "string", "maxLength": 200}}.items()
    ],
    "requestBody": {"required": True, "content": {
        "multipart/form-data": {"schema": {"type": "object", "properties": {**ABOUT, "file": BINARY}, "required": ["file"]}},
        "application/octet-stream": {"schema": {}},
    }},
    "responses": {"201": {"description": "Created", "content": {"application/json": {"schema": {"type": "object"}}}}},
}  # fmt: skip


@attrs.frozen
class Kept:
    """A file that lies in the store and waits for its record."""

    about_kind: str
    about_id: int
    name: str
    size: int
    media_type: str
    digest: str
    key: str


def limit(crm: Crm) -> int:
    """Say how long a body may be."""
    return crm[ActivitiesSettings].max_file_size + AROUND


def put_away(request: t.Any, crm: Crm) -> Kept:
    """Look at what was sent and put it into the store, before any transaction begins."""
    with _sent(request) as (given, name, file, size):
        settings = crm[ActivitiesSettings]
        kind, key = _about(crm, request.state.actor, given)
        if size > settings.max_file_size:
            most = f"{settings.max_file_size / 1024 / 1024:.0f}"
            raise Invalid(problems=[Problem("file", "too-large", TOO_LARGE.format(most=most))])
        try:
            name = clean_name(name)
        except ValueError as error:
            raise Invalid(problems=[Problem("name", "invalid", error.args[0])]) from error
        media_type = media_type_of(name, file, settings.file_types)
        kept = Kept(kind, key, name, size, media_type, _digest(file), new_key(crm.clock.now()))
        store_of(crm).put(kept.key, file)
        return kept


@route("/files", permission=CREATE, methods=["POST"], upload=Upload(limit=limit, prepare=put_away), operation=OPERATION)
def upload(request: t.Any, uow: Uow) -> t.Any:
    """Attach a file to a record: a form with the field `file`, or the content itself with the name in the query."""
    from starlette.responses import JSONResponse

    kept: Kept = request.state.prepared
    actor = uow.actor
    try:
        file = uow.add(File(**attrs.asdict(kept), owner_id=actor.id, team_id=next(iter(actor.teams), None)))
        uow.flush()
        uow.require(CREATE, file)
        uow.settle()
    except Refusal:
        store_of(uow.crm).delete(kept.key)  # sooner than the nightly sweep would
        raise
    shown = {n: getattr(file, n) for n in ("id", "version", "about_kind", "about_id", "name", "size", "media_type", "digest")}
    return JSONResponse(shown, 201, {"Location": f"{request.scope.get('root_path', '').rstrip('/')}/x/activities/files/{file.id}"})


@contextlib.contextmanager
def _sent(request: t.Any) -> Iterator[tuple[dict[str, str], str, t.BinaryIO, int]]:
    """Yield what was said about the file, its name, its content and its size."""
    sent = request.state.upload
    given = {n: request.query_params[n] for n in NAMES if n in request.query_params}
    content_type: str = request.headers.get("content-type", "")
    if not is_form(content_type):
        yield given, given.get("name", ""), sent.file, sent.size
        return
    form = read_form(content_type, sent.file)
    try:
        said = given | {n: v for n, v in form.fields.items() if n in NAMES}
        assert form.file is not None
        yield said, said.get("name") or form.file_name, form.file, form.size
    finally:
        form.close()


def _about(crm: Crm, actor: t.Any, given: dict[str, str]) -> tuple[str, int]:
    """Return which record the file is for; to whoever may not see it, it does not exist."""
    problems = [Problem(n, "required", REQUIRED) for n in ("about_kind", "about_id") if not given.get(n)]
    digits = given.get("about_id", "")
    key = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0
    if digits and not 0 < key <= BIGGEST:
        problems.append(Problem("about_id", "invalid", NUMBER))
    if problems:
        raise Invalid(problems=problems)
    name = given["about_kind"]
    kind = crm.kinds.get(name)
    try:
        if kind is None or "about_id" in kind.fields:
            raise NotFound()
        with crm.read(actor) as uow:
            uow.get(kind.cls, key)
    except NotFound:
        say: Text = NO_RECORD
        raise Invalid(problems=[Problem("about_id" if kind is not None else "about_kind", "reference", say)]) from None
    return name, key


def _digest(file: t.BinaryIO) -> str:
    """Return the SHA-256 of what the file has, and stand at its beginning again."""
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()
