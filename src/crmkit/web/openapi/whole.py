"""The whole document."""

from __future__ import annotations

import typing as t

from ...core.jobs.table import STATES
from ...core.text import _, translate
from ...core.timeline import MAX_ENTRIES
from ..operate import journal_kinds
from .commands import RESULT, arguments_schema, has_required
from .entities import ENTRY, MOMENT, EntityPaths, schema_name
from .filters import Asked, filter_schema
from .parts import ID_IN_PATH, KEY, PROBLEM, READS, WRITES, Writer, number, query, ref, text
from .routes import route_paths
from .schemas import ID, Schema, nullable, obj, record_schema, write_schema

if t.TYPE_CHECKING:
    from ...core.compose import Crm

ABOUT = _(
    "Records, pipelines and commands of this CRM. Send `Authorization: Bearer crm_…`. Edit with `If-Match`; repeat safely with "
    "`Idempotency-Key`; every refusal is `application/problem+json` and names every wrong field. Decimals are text, moments are UTC. "
    "Live changes: `GET /api/live?topics=…` (server-sent events).",
    ru="Записи, воронки и команды этой CRM. Отправляйте `Authorization: Bearer crm_…`. Изменяйте с `If-Match`; повторяйте безопасно "
    "с `Idempotency-Key`; каждый отказ — `application/problem+json` с указанием каждого неверного поля. Десятичные числа — текст, "
    "время — UTC. Изменения вживую: `GET /api/live?topics=…` (server-sent events).",
)
_OTHER = _("Everything else", ru="Прочее")
LIVE = {
    "url": "/api/live",
    "query": {"topics": "sales.deal,…", "since": "a Live-Mark or the last event's id"},
    "header": "Last-Event-ID",
    "events": {"ready": "the stream begins", "changed": '{"topic": …, "id": …}', "gone": '{"topic": …, "id": …}', "resync": "fetch everything again"},
}


def document(crm: Crm, language: str = "en", root: str = "") -> Schema:
    """Return the OpenAPI document of a CRM that is served below `root`."""
    from ..merge import merge_paths
    from ..search import described as search  # it writes with what is here
    from ..undo import undo_paths

    writer = Writer(language)
    paths: dict[str, Schema] = {}
    schemas: Schema = {"Problem": PROBLEM}
    asked = Asked()
    for kind in crm.kinds.values():
        paths |= EntityPaths(kind, writer, crm.access.roles).paths()
        schemas[schema_name(kind)] = record_schema(kind, language)
        schemas[schema_name(kind, "Create")] = write_schema(kind, language, new=True)
        schemas[schema_name(kind, "Change")] = write_schema(kind, language, new=False)
        schemas[schema_name(kind, "Filter")] = filter_schema(kind, crm.kinds, schema_name(kind, "Filter"), asked)
    schemas |= asked.shared
    paths |= search(crm, writer) | _commands(crm, writer) | _batch(crm, writer) | _people(writer) | _operating(crm, writer)
    paths |= route_paths(crm, writer) | undo_paths(crm, writer) | merge_paths(crm, writer)
    groups = {p: [*(k.key for k in crm.kinds.values() if k.plugin == p.name), p.name] for p in crm.plugins}
    other = translate(_OTHER, language)
    used = {tag for methods in paths.values() for one in methods.values() for tag in one["tags"]}
    tags = [{"name": k.key, "description": translate(k.plural, language), **_described(crm, k)} for k in crm.kinds.values()]
    return {
        "openapi": "3.1.0",
        "info": {"title": "crmkit", "version": _version(), "description": translate(ABOUT, language)},
        "servers": [{"url": root or "/"}],
        "security": [{"token": []}],
        "tags": [*tags, *({"name": p.name, "description": other} for p in crm.plugins if p.name in used), {"name": "crm"}],
        "x-tagGroups": [  # as other readers of OpenAPI documents know it
            *({"name": translate(p.label or p.name, language), "tags": [k for k in keys if k in used]} for p, keys in groups.items()),
            {"name": "crmkit", "tags": ["crm"]},
        ],
        "paths": paths,
        "x-live": LIVE,
        "components": {
            "schemas": schemas, "responses": writer.refusals(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "crm_…"}},
        },
    }


def _version() -> str:
    from crmkit import __version__

    return __version__


def _described(crm: Crm, kind: t.Any) -> Schema:
    if "crm_describe" not in crm.hooked:
        return {}
    return {k: v for facts in crm.hook.crm_describe(kind=kind) for k, v in (facts or {}).items() if k.startswith("x-")}


def _commands(crm: Crm, writer: Writer) -> dict[str, Schema]:
    found = {}
    for command in crm.commands.values():
        if command.kind is None:
            responses = {"200": writer.ok(RESULT), **writer.errors(*WRITES, 404)}
            body = writer.body(arguments_schema(command), required=has_required(command))
            name = command.name.replace(".", "_do_")
            found[f"/api/{command.plugin}/do/{command.verb}"] = {
                "post": writer.operation(command.plugin, name, command.label, responses, parameters=[KEY], body=body, description=command.help)
            }
    return found


def _batch(crm: Crm, writer: Writer) -> dict[str, Schema]:
    forms = []
    version = nullable(ID)
    for kind in crm.kinds.values():
        known: Schema = {"kind": {"const": kind.key}}
        create, change = ref(schema_name(kind, "Create")), ref(schema_name(kind, "Change"))
        forms.append(obj({"op": {"const": "create"}, **known, "values": create}, ["op", "kind", "values"]))
        forms.append(obj({"op": {"const": "change"}, **known, "id": ID, "values": change, "version": version}, ["op", "kind", "id", "values"]))
        forms.append(obj({"op": {"enum": ["archive", "restore"]}, **known, "id": ID, "version": version}, ["op", "kind", "id"]))
        if kind.pipelines:
            stages = list(dict.fromkeys(s for p in kind.pipelines.values() for s in p.stages))
            more = {"stage": {"enum": stages}, "pipeline": {"enum": [*kind.pipelines, None]}, "values": nullable(change), "version": version}
            forms.append(obj({"op": {"const": "move"}, **known, "id": ID, **more}, ["op", "kind", "id", "stage"]))
    for command in crm.commands.values():
        given, needed = arguments_schema(command), ["arguments"] if has_required(command) else []
        about, named = ({"id": ID}, ["id"]) if command.kind is not None else ({}, [])
        forms.append(
            obj({"op": {"const": "do"}, "command": {"const": command.name}, **about, "arguments": given}, ["op", "command", *named, *needed])
        )
    many: Schema = {"type": "array", "minItems": 1, "maxItems": 1000, "items": {"oneOf": forms}}
    body = writer.body(obj({"mode": {"enum": ["all", "each"]}, "operations": many}, ["operations"]))
    one = obj({"status": {"type": "integer"}, "record": {"type": "object"}, "result": {}, "problem": ref("Problem")}, ["status"])
    answer = obj({"results": {"type": "array", "items": one}, "failed": {"type": "integer"}}, ["results", "failed"])
    responses = {"200": writer.ok(answer), **writer.errors(*WRITES, 404, 412)}
    return {
        "/api/batch": {
            "post": writer.operation("crm", "batch", _("Many changes at once", ru="Много изменений сразу"), responses, parameters=[KEY], body=body)
        }
    }


def _people(writer: Writer) -> dict[str, Schema]:
    words: Schema = {"type": "array", "items": {"type": "string"}}
    me = obj(
        {
            "id": {"type": ["integer", "null"]},
            "name": {"type": "string"},
            "roles": words,
            "teams": {"type": "array", "items": {"type": "integer"}},
            "language": {"type": "string"},
            "signed_in": {"type": "boolean"},
            "permissions": words,
        }
    )
    listed: Schema = {"type": "array", "items": {"type": "object"}}
    meta = obj({"plugins": listed, "kinds": listed, "commands": listed, "timezone": {"type": "string"}})
    anybody: list[Schema] = [{}, {"token": []}]
    return {
        "/api/me": {
            "get": writer.operation(
                "crm", "me", _("Who is asking", ru="Кто обращается"), {"200": writer.ok(me), **writer.errors(400, 401, 422, 503)}, security=anybody
            )
        },
        "/api/meta": {
            "get": writer.operation(
                "crm",
                "meta",
                _("What this CRM is made of", ru="Из чего состоит эта CRM"),
                {"200": writer.ok(meta), **writer.errors(400, 401, 422, 503)},
            )
        },
    }


def _operating(crm: Crm, writer: Writer) -> dict[str, Schema]:
    job = obj(
        {
            "id": {"type": "integer"},
            "kind": {"type": "string"},
            "state": {"enum": list(STATES)},
            "due": MOMENT,
            "attempts": {"type": "integer"},
            "max_attempts": {"type": "integer"},
            "subject": {"type": ["string", "null"]},
            "plugin": {"type": ["string", "null"]},
            "cause": {"type": ["string", "null"]},
            "error": {"type": ["string", "null"]},
        }
    )
    jobs = obj({"jobs": {"type": "array", "items": job}, "counts": {"type": "object", "additionalProperties": {"type": "integer"}}})
    entries = obj({"entries": {"type": "array", "items": ENTRY}})
    asked = [
        query("kind", {"enum": journal_kinds(crm)}),
        number("record"),
        number("actor"),
        text("action", 60),
        query("since", MOMENT),
        query("until", MOMENT),
        text("text", 200),
        number("before"),
        number("limit", MAX_ENTRIES),
    ]
    replayed = {"200": writer.ok(obj({"replayed": {"type": "integer"}})), **writer.errors(*WRITES, 404)}
    health = {"200": writer.ok(obj({"status": {"const": "ok"}})), **writer.errors(400, 401, 422, 503)}
    return {
        "/api/journal": {
            "get": writer.operation(
                "crm", "journal", _("Journal", ru="Журнал"), {"200": writer.ok(entries), **writer.errors(*READS)}, parameters=asked
            )
        },
        "/api/jobs": {
            "get": writer.operation(
                "crm",
                "jobs",
                _("Jobs", ru="Задания"),
                {"200": writer.ok(jobs), **writer.errors(*READS)},
                parameters=[query("state", {"enum": list(STATES)}), number("after", least=0), number("limit", 200)],
            )
        },
        "/api/jobs/{id}/replay": {
            "post": writer.operation(
                "crm", "replay_job", _("Run a dead job again", ru="Повторить остановленное задание"), replayed, parameters=[ID_IN_PATH, KEY]
            )
        },
        "/healthz": {"get": writer.operation("crm", "health", _("Is it well", ru="Работает ли"), health, security=[])},
    }
