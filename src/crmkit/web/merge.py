"""Merging a record with another of its kind."""

from __future__ import annotations

import typing as t

from ..core import merge as core
from ..core.errors import Invalid, Problem, closest
from ..core.text import _, translate
from .answer import Answer, as_json
from .call import BIGGEST, Call
from .idempotency import key_of, written
from .openapi.entities import NUMBER
from .openapi.parts import ID_IN_PATH, KEY, WRITES, Writer
from .openapi.schemas import ID, Schema, obj

if t.TYPE_CHECKING:
    from ..core.compose import Crm
    from ..core.uow import Uow

UNKNOWN = _("unknown field.{near}", ru="неизвестное поле.{near}")
WITH = _("expected the number of the record to merge into this one", ru="ожидается номер записи, которую нужно влить в эту")
CHOOSE = _('expected an object: {{"phone": "loser"}}', ru='ожидается объект: {{"phone": "loser"}}')
YES_NO = _("expected true or false", ru="ожидается true или false")
KNOWN = ("with", "choose", "dry_run")


def merge(call: Call) -> Answer:
    """POST /api/sales/contact/5/merge {"with": 7}: 7 becomes part of 5; with ``dry_run`` nothing is done, only told."""
    call.query()
    body = call.object()
    problems = [Problem(k, "unknown", UNKNOWN.format(near=closest(k, KNOWN))) for k in body if k not in KNOWN]
    other, choose, dry = body.get("with"), body.get("choose"), body.get("dry_run")
    if type(other) is not int or not 0 < other <= BIGGEST:
        problems.append(Problem("with", "invalid", WITH))
    if choose is not None and (type(choose) is not dict or not all(type(v) is str for v in choose.values())):
        problems.append(Problem("choose", "type", CHOOSE))
    if dry is not None and type(dry) is not bool:
        problems.append(Problem("dry_run", "type", YES_NO))
    if problems:
        raise Invalid(problems=problems)
    if dry:
        key_of(call)  # a wrong one is refused here as well, though nothing is kept under it
        with call.reading() as uow:
            return _told(call, core.plan(uow, call.kind, call.key, t.cast(int, other), choose))

    def work(uow: Uow) -> Answer:
        done = core.merge(uow, call.kind, call.key, t.cast(int, other), choose)
        uow.settle()
        return _told(call, done)

    return written(call, work)


def _told(call: Call, done: core.Merged) -> Answer:
    hidden = call.crm.access.hidden(call.actor, call.kind)
    fields = [{"name": c.name, "label": translate(c.label, call.language), "winner": c.winner, "loser": c.loser, "taken": c.taken}
        for c in done.choices if c.name not in hidden]
    return as_json({"winner": done.winner, "loser": done.loser, "operation": done.operation, "fields": fields, "repointed": done.repointed,
        "kept": {kind: len(keys) for kind, keys in done.kept.items()}})


def merge_paths(crm: Crm, writer: Writer) -> dict[str, Schema]:
    """Return the document's part about merging."""
    sides: Schema = {"enum": ["winner", "loser"]}
    counts: Schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    field = obj({"name": {"type": "string"}, "label": {"type": "string"}, "winner": {}, "loser": {}, "taken": sides})
    done = obj({"winner": ID, "loser": ID, "operation": NUMBER, "fields": {"type": "array", "items": field}, "repointed": counts, "kept": counts})
    found: dict[str, Schema] = {}
    for kind in crm.kinds.values():
        names = [n for n, f in kind.fields.items() if not f.generated and not f.secret and n != "id"]
        names += [f"{e.name}.{n}" for e in kind.extensions.values() for n, f in e.fields.items() if not f.generated and not f.secret and n != "id"]
        choose: Schema = obj(dict.fromkeys(names, sides))
        body = obj({"with": ID, "choose": {"anyOf": [choose, {"type": "null"}]}, "dry_run": {"type": ["boolean", "null"]}}, ["with"])
        summary = _("Merge another record into this one", ru="Влить в эту запись другую")
        found[f"/api/{kind.key.replace('.', '/', 1)}/{{id}}/merge"] = {"post": writer.operation(
            kind.key, f"{kind.key.replace('.', '_')}_merge", summary, {"200": writer.ok(done), **writer.errors(*WRITES, 404)},
            parameters=[ID_IN_PATH, KEY], body=writer.body(body, example={"with": 7, "dry_run": True}))}
    return found
