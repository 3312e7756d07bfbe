"""Shown while typing: records that may be the one that is being written down."""

from __future__ import annotations

import collections
import json
import math
import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Invalid, Permission, Problem, Text, Uow, _, route

from .declare import Prepared, Raw
from .model import Judgement, Reason
from .registry import BATCH, Declared, count_keys, find, near
from .settings import DuplicatesSettings
from .tables import keys as key_table

CHECK = Permission("duplicates.check", _("See possible duplicates while typing", ru="Видеть возможные дубликаты при вводе"))
SHOWN, LOOKED_AT = 5, 60
UNKNOWN = _("there is no such field among those compared.{near}", ru="среди сравниваемых нет такого поля.{near}")
NO_OBJECT = _("send an object: {example}", ru="нужен объект: {example}")
EXAMPLE = '{"kind": "sales.contact", "values": {"name": "…"}}'

CANDIDATE = {
    "type": "object",
    "required": ["id", "score", "reasons", "values"],
    "properties": {
        "id": {"type": "integer"},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "reasons": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["fields", "text", "weight"],
                "properties": {
                    "fields": {"type": "array", "items": {"type": "string"}},
                    "text": {"type": "string"},
                    "weight": {"type": "number"},
                },
            },
        },
        "values": {"type": "object"},
    },
}
OPERATION = {
    "summary": "Possible duplicates of what is being typed",
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["kind", "values"],
                    "properties": {
                        "kind": {"type": "string"},
                        "values": {"type": "object"},
                        "id": {"type": ["integer", "null"], "description": "The record that is being edited, which is no duplicate of itself"},
                    },
                }
            }
        },
    },
    "responses": {
        "200": {
            "description": "The best few, best first",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["candidates"],
                        "properties": {"candidates": {"type": "array", "items": CANDIDATE}},
                    }
                }
            },
        }
    },
}


@route("/check", permission=CHECK, methods=["POST"], operation=OPERATION)
def check(request: t.Any, uow: Uow) -> t.Any:
    """Return the best few records the actor may see that may be the same as `values`, each with its reasons."""
    given = request.state.json()
    if not isinstance(given, Mapping) or not isinstance(given.get("kind"), str) or not isinstance(given.get("values"), Mapping):
        raise Invalid(problems=[Problem("", "invalid", NO_OBJECT.format(example=EXAMPLE))])
    own = given.get("id")
    here = find(uow, given["kind"])
    return {"candidates": like(uow, here, given["values"], own if isinstance(own, int) else None)}


def like(uow: Uow, here: Declared, values: Mapping[str, t.Any], own: int | None = None, limit: int = SHOWN) -> list[dict[str, t.Any]]:
    """Return the records most like `values`, under the actor's row and field rules: hidden fields neither find nor say anything."""
    uow.require(here.kind.permission("read"))
    hidden = here.hidden(uow)
    prepared = here.what.prepare(_typed(here, values, hidden))
    counts = count_keys(uow, here.numbers(prepared, hidden))
    ids = _candidates(uow, here, counts, own)
    raw = here.raw(uow, ids)
    counted, weights = here.counted(uow, counts), here.weights(uow)
    found: list[tuple[Judgement, int]] = []
    for key in ids:
        if key in raw:
            other: Prepared = here.what.prepare(raw[key])
            found.append((here.what.judge(prepared, other, here.labels, weights, counted, hidden), key))
    least = uow.crm[DuplicatesSettings].show_from
    best = sorted((f for f in found if f[0].score >= least), key=lambda f: (-f[0].score, f[1]))[:limit]
    return [
        {"id": key, "score": round(judged.score, 4), "reasons": told(uow, judged.reasons), "values": shown(here, raw[key], hidden)}
        for judged, key in best
    ]


def _typed(here: Declared, values: Mapping[str, t.Any], hidden: frozenset[str]) -> Raw:
    """Return what was typed, by field; a list where a field may have several values."""
    fields = [*here.fields, *here.kind.fields]
    unknown = [n for n in values if n not in fields or (n in here.kind.fields and here.kind.fields[n].secret)]
    if unknown:
        visible = [n for n in here.fields if n not in hidden]
        raise Invalid(problems=[Problem(f"values.{n}", "unknown", UNKNOWN.format(near=near(n, visible))) for n in unknown])
    return {n: tuple(_plain(v) for v in (value if isinstance(value, list) else [value])) for n, value in values.items()}


def _plain(value: t.Any) -> t.Any:
    return value if isinstance(value, str) else None if value is None else json.dumps(value)


def _candidates(uow: Uow, here: Declared, counts: Mapping[int, int], own: int | None) -> list[int]:
    """Return the visible records that share the most telling keys, the most telling first."""
    wanted = [k for k, n in counts.items() if n <= here.what.block and not k & 1]
    if not wanted:
        return []
    statement = sa.select(key_table.c.record_id, key_table.c.key).where(key_table.c.key.in_(wanted))
    points: dict[int, float] = collections.defaultdict(float)
    for record, key in uow.connection.execute(statement):
        if record != own:
            points[record] += 1 / math.log2(1 + counts[key])
    # The row rule is asked about these few: as part of the statement above, databases begin with everything the actor sees.
    table, found = here.kind.table, sorted(points)
    seen: list[int] = []
    for start in range(0, len(found), BATCH):
        some = sa.select(table.c.id).where(table.c.id.in_(found[start : start + BATCH]), table.c.id.in_(uow.visible(here.kind.cls)))
        seen += uow.connection.execute(some).scalars()
    return sorted(seen, key=lambda record: (-points[record], record))[:LOOKED_AT]


def told(uow: Uow, reasons: Sequence[Reason]) -> list[dict[str, t.Any]]:
    """Return reasons in the language of the page or request."""
    language = uow.language
    found = []
    for reason in reasons:
        words = reason.words.to(language) if isinstance(reason.words, Text) else reason.words
        found.append({"fields": [_shown(uow, f) for f in reason.fields], "text": words, "weight": reason.weight})
    return found


def _shown(uow: Uow, field: str) -> str:
    """Return a compared field's public name; that of a part's is ``sales.contact_point.value``."""
    if not field.startswith("<"):
        return field
    table, _sign, rest = field[1:].partition(">")
    key = next((k.key for k in uow.crm.kinds.values() if k.table.name == table), table)
    return f"{key}.{rest.partition('?')[0]}"


def shown(here: Declared, raw: Raw, hidden: frozenset[str]) -> dict[str, t.Any]:
    """Return the compared values of a record that the actor may see, by field; a field without one is left out."""
    found: dict[str, t.Any] = {}
    for name in here.what.fields:
        values = [v for v in raw.get(name, ()) if v is not None]
        if name not in hidden and values:
            found[name] = values[0] if len(values) == 1 and not name.startswith("<") else values
    return found
