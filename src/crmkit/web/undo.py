"""Undo: what taking something back would mean, doing it, and the operations that can be taken back."""

from __future__ import annotations

import typing as t

from ..core import undo as core
from ..core import wire
from ..core.errors import Invalid, Problem, closest
from ..core.many import ACTIONS, MOST, change_many
from ..core.text import _, translate
from .answer import Answer, as_json
from .call import BIGGEST, Call
from .idempotency import written
from .openapi.entities import MOMENT, NUMBER, WORDS, schema_name
from .openapi.parts import KEY, READS, WRITES, Writer, number, ref
from .openapi.schemas import ID, Schema, nullable, obj
from .parameters import whole

if t.TYPE_CHECKING:
    from ..core.compose import Crm
    from ..core.uow import Uow

UNKNOWN = _("unknown field.{near}", ru="неизвестное поле.{near}")
EITHER = _("give either tx or operation", ru="укажите либо tx, либо operation")
NUMBERS = _("expected a positive whole number", ru="ожидается положительное целое число")
OBJECT = _("expected an object", ru="ожидается объект")
TEXT = _("expected text", ru="ожидается текст")
IDS = _("expected a list of 1 to {most} numbers of records", ru="ожидается список от 1 до {most} номеров записей")
Json = dict[str, t.Any]


# ---- undo ------------------------------------------------------------------------------------------------------------
def preview(call: Call) -> Answer:
    """GET /api/undo?operation=5: what undoing it would do, and what stands in the way."""
    asked = call.query("tx", "operation")
    which = {name: whole(asked, name, 0, BIGGEST) for name in asked}
    if len(which) != 1:
        raise Invalid(problems=[Problem("operation", "required", EITHER)])
    with call.reading() as uow:
        found = core.preview(uow, **which)
        body = _unit(call, found.unit) | {
            "possible": found.possible, "counts": found.counts, "conflict_count": found.conflict_count,
            "entries": [{"kind": e.kind, "id": e.id, "action": e.action, "changes": e.changes} for e in found.entries],
            "conflicts": [_clash(call, c) for c in found.conflicts],
        }  # fmt: skip
    return as_json(body)


def undo(call: Call) -> Answer:
    """POST /api/undo {"operation": 5}: take it back."""
    call.query()
    body = call.object()
    problems = [Problem(k, "unknown", UNKNOWN.format(near=closest(k, ("tx", "operation")))) for k in body if k not in ("tx", "operation")]
    which = {k: v for k, v in body.items() if k in ("tx", "operation") and v is not None}
    if not problems and len(which) != 1:
        problems.append(Problem("operation", "required", EITHER))
    problems += [Problem(k, "invalid", NUMBERS) for k, v in which.items() if type(v) is not int or not 0 < v <= BIGGEST]
    if problems:
        raise Invalid(problems=problems)

    def work(uow: Uow) -> Answer:
        done = core.undo(uow, **which)
        return as_json({"operation": done.operation, "undone": done.undone, "counts": done.counts})

    return written(call, work)


def operations(call: Call) -> Answer:
    """GET /api/operations: everybody's for those who may read the journal, else the caller's own."""
    asked = call.query("before", "limit")
    before, limit = whole(asked, "before", 0, BIGGEST) or None, whole(asked, "limit", 50, 200)
    with call.reading() as uow:
        found = core.listed(uow, before=before, limit=limit) if uow.actor.id is not None or uow.may("crmkit.journal") else []
    return as_json({"operations": [_unit(call, unit) for unit in found]})


def _unit(call: Call, unit: core.Unit) -> Json:
    return {"operation": unit.operation, "tx": unit.tx, "kind": unit.kind, "label": translate(unit.label, call.language), "actor": unit.actor,
        "at": wire.moment(unit.at), "state": unit.state, "undone_by": unit.undone_by}


def _clash(call: Call, clash: core.Clash) -> Json:
    return {"kind": clash.kind, "id": clash.id, "field": clash.field, "code": clash.code, "message": translate(clash.message, call.language),
        "actor": clash.actor, "at": clash.at and wire.moment(clash.at), "tx": clash.tx, "operation": clash.operation}


# ---- many records at once --------------------------------------------------------------------------------------------
SHAPES: t.Mapping[str, tuple[type, str]] = {
    "action": (str, TEXT), "filter": (dict, OBJECT), "values": (dict, OBJECT), "stage": (str, TEXT), "pipeline": (str, TEXT)}


def bulk(call: Call) -> Answer:
    """POST /api/sales/deal/bulk: change, move, archive or restore many records as one operation."""
    call.query()
    body, kind = call.object(), call.kind
    known = (*SHAPES, "ids")
    problems = [Problem(k, "unknown", UNKNOWN.format(near=closest(k, known))) for k in body if k not in known]
    problems += [Problem(k, "type", words) for k, (kind_, words) in SHAPES.items() if body.get(k) is not None and type(body[k]) is not kind_]
    ids = body.get("ids")
    if ids is not None and not (type(ids) is list and 1 <= len(ids) <= MOST and all(type(i) is int and 0 < i <= BIGGEST for i in ids)):
        problems.append(Problem("ids", "invalid", IDS.format(most=MOST)))
    if body.get("action") is None:
        problems.append(Problem("action", "required", TEXT))
    elif body["action"] == "move" and not kind.pipelines:
        problems.append(Problem("action", "unknown", UNKNOWN.format(near="")))
    elif body["action"] in ("archive", "restore", "change"):
        fixed = ["stage", "pipeline", *(["values"] if body["action"] != "change" else [])]
        problems += [Problem(k, "unknown", UNKNOWN.format(near="")) for k in fixed if body.get(k) is not None]
    if problems:
        raise Invalid(problems=problems)
    given = {k: body.get(k) for k in known if k != "action"}

    def work(uow: Uow) -> Answer:
        done = change_many(uow, kind, body["action"], **given)
        uow.settle()
        return as_json({"operation": done.operation, "count": len(done.ids), "ids": done.ids})

    return written(call, work)


# ---- the document ----------------------------------------------------------------------------------------------------
COUNTS: Schema = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "integer"}}}
UNIT: Schema = {"operation": NUMBER, "tx": NUMBER, "kind": {"type": "string"}, "label": {"type": "string"}, "actor": {"type": "string"}, "at": MOMENT,
    "state": {"type": "string"}, "undone_by": NUMBER}
ACTION: Schema = {"enum": ["delete", "recreate", "change"]}
ENTRY = obj({"kind": {"type": "string"}, "id": {"type": "integer"}, "action": ACTION, "changes": {"type": "object"}})
CLASH = obj({"kind": {"type": "string"}, "id": NUMBER, "field": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"},
    "actor": WORDS, "at": nullable(MOMENT), "tx": NUMBER, "operation": NUMBER})


def undo_paths(crm: Crm, writer: Writer) -> dict[str, Schema]:
    """Return the document's part about undoing, and about many records at once."""
    seen = obj(UNIT | {"possible": {"type": "boolean"}, "counts": COUNTS, "conflict_count": {"type": "integer"},
        "entries": {"type": "array", "items": ENTRY}, "conflicts": {"type": "array", "items": CLASH}})
    body = obj({"operation": nullable(ID), "tx": nullable(ID)}, minProperties=1)
    done = obj({"operation": {"type": "integer"}, "undone": {"type": "integer"}, "counts": COUNTS})
    listed = obj({"operations": {"type": "array", "items": obj(UNIT)}})
    look = writer.operation("crm", "undo_preview", _("What undoing would do", ru="Что сделает отмена"),
        {"200": writer.ok(seen), **writer.errors(*READS, 404, 409)}, parameters=[number("operation"), number("tx")])
    take = writer.operation("crm", "undo", _("Undo an operation or a transaction", ru="Отменить операцию или транзакцию"),
        {"200": writer.ok(done), **writer.errors(*WRITES, 404)}, parameters=[KEY], body=writer.body(body, example={"operation": 5}))
    every = writer.operation("crm", "operations", _("Operations", ru="Операции"), {"200": writer.ok(listed), **writer.errors(*READS)},
        parameters=[number("before"), number("limit", 200)])
    found: dict[str, Schema] = {"/api/undo": {"get": look, "post": take}, "/api/operations": {"get": every}}
    for kind in crm.kinds.values():
        found[f"/api/{kind.key.replace('.', '/', 1)}/bulk"] = {"post": _bulk_operation(kind, writer)}
    return found


def _bulk_operation(kind: t.Any, writer: Writer) -> Schema:
    change, ids = ref(schema_name(kind, "Change")), {"type": "array", "minItems": 1, "maxItems": MOST, "items": ID}
    which: Schema = {"ids": nullable(ids), "filter": nullable(ref(schema_name(kind, "Filter")))}
    forms = [obj({"action": {"const": "change"}, "values": change, **which}, ["action", "values"]),
        obj({"action": {"enum": [a for a in ACTIONS if a in ("archive", "restore")]}, **which}, ["action"])]
    if kind.pipelines:
        stages = list(dict.fromkeys(s for p in kind.pipelines.values() for s in p.stages))
        move = {"action": {"const": "move"}, "stage": {"enum": stages}, "pipeline": {"enum": [*kind.pipelines, None]}, "values": nullable(change)}
        forms.append(obj(move | which, ["action", "stage"]))
    done = obj({"operation": NUMBER, "count": {"type": "integer"}, "ids": {"type": "array", "items": {"type": "integer"}}})
    responses = {"200": writer.ok(done), **writer.errors(*WRITES, 404)}
    name = f"{kind.key.replace('.', '_')}_bulk"
    return writer.operation(kind.key, name, _("Edit many at once", ru="Изменить сразу много"), responses, parameters=[KEY],
        body=writer.body({"oneOf": forms}))
