"""Search over everything the caller may see."""

from __future__ import annotations

import typing as t

from ..core.errors import Invalid, Problem, closest
from ..core.field import REQUIRED
from ..core.search.hits import MAX_HITS, Hit, search
from ..core.search.question import MAX_LENGTH
from ..core.text import _, translate
from .answer import Answer, as_json
from .call import Call
from .lists import ARCHIVED
from .openapi.parts import READS, Writer, number, query, text
from .openapi.schemas import Schema, obj
from .parameters import choice, names, whole

if t.TYPE_CHECKING:
    from ..core.compose import Crm

NO_KIND = _("there is no {name!r}.{near}", ru="нет {name!r}.{near}")
MATCHED = obj(
    {"field": {"type": "string"}, "label": {"type": "string"}, "value": {}, "kind": {"type": "string"}, "id": {"type": "integer"}}, ["field", "value"]
)
HIT = obj(
    {
        "kind": {"type": "string"},
        "id": {"type": "integer"},
        "title": {"type": "string"},
        "label": {"type": "string"},
        "archived": {"type": "boolean"},
        "matched": {"type": "array", "items": MATCHED},
    }
)


def searched(call: Call) -> Answer:
    """GET /api/search?q=ива 916."""
    asked = call.query("q", "kind", "limit", "archived")
    if "q" not in asked:
        raise Invalid(problems=[Problem("q", "required", REQUIRED)])
    kinds, limit = names(asked, "kind"), whole(asked, "limit", 20, MAX_HITS)
    unknown = [k for k in kinds or () if k not in call.crm.kinds]
    if unknown:
        raise Invalid(problems=[Problem("kind", "unknown", NO_KIND.format(name=k, near=closest(k, call.crm.kinds))) for k in unknown])
    archived = ARCHIVED[choice(asked, "archived", "false", *ARCHIVED)]
    with call.reading() as uow:
        hits = search(uow, asked["q"], kinds=kinds, limit=limit, archived=archived)
    return as_json({"hits": [_shown(call, hit) for hit in hits]})


def _shown(call: Call, hit: Hit) -> dict[str, t.Any]:
    matched = []
    for one in hit.matched:
        part = {} if one.kind is None else {"kind": one.kind, "id": one.id}
        matched.append({"field": one.field, "label": translate(one.label, call.language), "value": one.value, **part})
    label = translate(call.crm.kinds[hit.kind].label, call.language)
    title = translate(hit.title, call.language)
    return {"kind": hit.kind, "id": hit.id, "title": title, "label": label, "archived": hit.archived, "matched": matched}


def described(crm: Crm, writer: Writer) -> dict[str, Schema]:
    """Return the operation for the document of the API."""
    known = "|".join(k.replace(".", "\\.") for k in crm.kinds)
    asked = [
        text("q", MAX_LENGTH) | {"required": True},
        query("kind", {"type": "string", "pattern": f"^({known})(,({known}))*$"}),
        number("limit", MAX_HITS),
        query("archived", {"enum": list(ARCHIVED)}),
    ]
    answer = {"200": writer.ok(obj({"hits": {"type": "array", "items": HIT}})), **writer.errors(*READS)}
    return {"/api/search": {"get": writer.operation("crm", "search", _("Search", ru="Поиск"), answer, parameters=asked)}}
