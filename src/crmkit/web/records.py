"""One record: create, read, change, move, archive, restore, and what happened to it."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs

from ..core import operations, wire
from ..core.access import Actor
from ..core.errors import Invalid, Problem, closest
from ..core.explain import explain as explain_record
from ..core.kind import Kind
from ..core.model import Entity, Staged
from ..core.text import Text, _, translate
from ..core.timeline import MAX_ENTRIES, stage_history
from ..core.timeline import timeline as record_timeline
from .answer import Answer, as_json
from .call import Call, as_id
from .idempotency import written
from .parameters import names, whole

if t.TYPE_CHECKING:
    from ..core.uow import Uow

NO_ROLE = _("there is no role {name!r}.{near}", ru="нет роли {name!r}.{near}")
UNKNOWN = _("unknown field", ru="неизвестное поле")


def etag_of(record: Entity) -> str:
    """Return the entity tag of a record: its version."""
    return f'"{record.version}"'


def url_of(call: Call, kind: Kind, key: int) -> str:
    """Return the address of a record, below whatever path the CRM is served at."""
    return f"{call.root}/api/{kind.key.replace('.', '/', 1)}/{key}"


def shown(uow: Uow, kind: Kind, record: Entity, status: int = 200, location: str = "") -> Answer:
    """Return a record as the answer, after automations have had their say."""
    uow.settle()
    headers = [(b"etag", etag_of(record).encode())]
    if location:
        headers.append((b"location", location.encode()))
    return as_json(operations.show(uow, kind, record), status, headers)


def create(call: Call) -> Answer:
    """POST /api/sales/deal."""
    call.query()
    values, kind = call.object(), call.kind

    def work(uow: Uow) -> Answer:
        record = operations.create(uow, kind, values)
        return shown(uow, kind, record, 201, url_of(call, kind, record.id))

    return written(call, work)


def read(call: Call) -> Answer:
    """GET /api/sales/deal/5."""
    asked = call.query("fields")
    kind = call.kind
    with call.reading() as uow:
        fields = names(asked, "fields")
        if fields is not None:
            _check_fields(uow, kind, fields)
        uow.require(kind.permission("read"))
        record = uow.get(kind.cls, call.key)
        etag = etag_of(record)
        if call.seen(etag):
            return Answer(status=304, headers=[(b"etag", etag.encode())])
        return as_json(operations.show(uow, kind, record, fields), 200, [(b"etag", etag.encode())])


def _check_fields(uow: Uow, kind: Kind, fields: list[str]) -> None:
    hidden = uow.crm.access.hidden(uow.actor, kind)
    unknown = [f for f in fields if f in hidden or (f not in kind.fields and f not in kind.extensions)]
    if unknown:
        raise Invalid(problems=[Problem("fields", "unknown", Text(f"{UNKNOWN}: {f}", ru=f"{UNKNOWN.to('ru')}: {f}")) for f in unknown])


def change(call: Call) -> Answer:
    """PATCH /api/sales/deal/5."""
    call.query()
    version, values, kind = call.wanted_version(required=True), call.object(), call.kind
    return written(call, lambda uow: shown(uow, kind, operations.change(uow, kind, call.key, values, version)))


@attrs.frozen(kw_only=True)
class MoveRequest:
    """The body of a move."""

    stage: str
    pipeline: str | None = None
    values: dict[str, t.Any] = attrs.field(factory=dict)


def move(call: Call) -> Answer:
    """POST /api/sales/deal/5/move."""
    call.query()
    version, kind = call.wanted_version(), call.kind
    asked = move_request(call.object())
    return written(call, lambda uow: shown(uow, kind, operations.move(uow, kind, call.key, asked.stage, asked.pipeline, asked.values, version)))


def move_request(body: dict[str, t.Any]) -> MoveRequest:
    """Return a move's body, checked."""
    problems = [Problem(k, "unknown", UNKNOWN) for k in body if k not in ("stage", "pipeline", "values")]
    stage, pipeline, values = body.get("stage"), body.get("pipeline"), body.get("values")
    if type(stage) is not str:
        problems.append(Problem("stage", "required", _("the name of a stage is required", ru="нужно имя стадии")))
    if pipeline is not None and type(pipeline) is not str:
        problems.append(Problem("pipeline", "type", _("expected text", ru="ожидается текст")))
    if values is not None and type(values) is not dict:
        problems.append(Problem("values", "type", _("expected an object", ru="ожидается объект")))
    if problems:
        raise Invalid(problems=problems)
    return MoveRequest(stage=t.cast(str, stage), pipeline=pipeline, values=values or {})


def archive(call: Call) -> Answer:
    """POST /api/sales/deal/5/archive."""
    return _put_away(call, operations.archive)


def restore(call: Call) -> Answer:
    """POST /api/sales/deal/5/restore."""
    return _put_away(call, operations.restore)


def _put_away(call: Call, operation: t.Callable[[Uow, Kind, int, int | None], Entity]) -> Answer:
    call.query()
    version, body = call.wanted_version(), call.object(optional=True)
    if body:
        raise Invalid(problems=[Problem(name, "unknown", UNKNOWN) for name in body])
    return written(call, lambda uow: shown(uow, call.kind, operation(uow, call.kind, call.key, version)))


# ---- what happened, and why -------------------------------------------------------------------------------------------
def moves(call: Call) -> Answer:
    """GET /api/sales/deal/5/moves."""
    call.query()
    with call.reading() as uow:
        uow.require(call.kind.permission("read"))
        return as_json({"moves": translated(operations.moves(uow, call.kind, call.key), call.language)})


def timeline(call: Call) -> Answer:
    """GET /api/sales/deal/5/timeline."""
    asked = call.query("limit", "before")
    limit = whole(asked, "limit", 50, MAX_ENTRIES)
    before = moment(asked, "before")
    with call.reading() as uow:
        uow.require(call.kind.permission("read"))
        record = uow.get(call.kind.cls, call.key)
        return as_json({"entries": translated(record_timeline(uow, call.kind, record, limit=limit, before=before), call.language)})


def stages(call: Call) -> Answer:
    """GET /api/sales/deal/5/stages."""
    call.query()
    with call.reading() as uow:
        uow.require(call.kind.permission("read"))
        record = uow.get(call.kind.cls, call.key)
        return as_json({"stages": stage_history(uow, call.kind, t.cast(Staged, record))})


def explain(call: Call) -> Answer:
    """GET /api/sales/deal/5/explain: for the caller, or for somebody with other roles."""
    asked = call.query("roles", "teams", "actor")
    teams = [number for number in map(as_id, names(asked, "teams") or ()) if number is not None]
    roles = names(asked, "roles") or []
    known = call.crm.access.roles
    problems = [Problem("roles", "unknown", NO_ROLE.format(name=r, near=closest(r, known))) for r in roles if r not in known]
    if len(teams) != len(names(asked, "teams") or ()):
        problems.append(Problem("teams", "invalid", _("expected the numbers of teams", ru="ожидаются номера команд")))
    if problems:
        raise Invalid(problems=problems)
    with call.reading() as uow:
        uow.require(call.kind.permission("read"))
        record = uow.get(call.kind.cls, call.key)
        actor = call.actor
        if asked:
            uow.require("crmkit.explain")
            actor = Actor(whole(asked, "actor", 0, 2**63 - 1, least=0) or None, "?", tuple(roles), tuple(teams))
        found = explain_record(call.crm, actor, record)
    return as_json(translated(attrs.asdict(found), call.language))


def moment(asked: dict[str, str], name: str) -> dt.datetime | None:
    """Return an aware moment of the query, or None."""
    if name not in asked:
        return None
    try:
        return t.cast(dt.datetime, wire.load_as(dt.datetime, asked[name]))
    except ValueError as error:
        raise Invalid(problems=[Problem(name, "invalid", error.args[0])]) from error


def translated(value: t.Any, language: str) -> t.Any:
    """Return JSON with every text in `language`."""
    if isinstance(value, Text):
        return translate(value, language)
    if isinstance(value, dict):
        return {k: translated(v, language) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [translated(v, language) for v in value]
    return value
