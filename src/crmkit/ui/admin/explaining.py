"""Why a person may, or may not, see and change a record."""

from __future__ import annotations

import typing as t

from ...core.errors import NotFound
from ...core.explain import explain, scope_label
from ...web.call import as_id
from ..cells import names_of
from ..controls import name_of
from ..results import View
from ..shown import path_of
from . import words

if t.TYPE_CHECKING:
    from ...core.access import Actor
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit


def show(visit: Visit, uow: Uow) -> Result:
    """GET /admin/why?person=7&kind=sales.deal&id=3: why a person may, or may not, see and change a record."""
    uow.require("crmkit.explain")
    kinds = {key: kind for key, kind in uow.crm.kinds.items() if uow.may(kind.permission("read"))}
    person, key = as_id(visit.query.get("person", "")), as_id(visit.query.get("id", ""))
    kind = kinds.get(visit.query.get("kind", ""))
    context: dict[str, t.Any] = {
        "kinds": _kinds(visit, kinds), "kind": kind, "id": key,
        "person": person, "person_name": names_of(uow, "person", [person]).get(person, "") if person else "", "answer": None, "problem": "",
        "asked_name": "", "asked_path": "",
    }  # fmt: skip
    if person is None and key is not None and kind is not None:  # come from the menu of a record: only the person is missing
        context |= {"asked_name": name_of(visit, uow, kind, key), "asked_path": path_of(kind, key)}
    if person is not None and key is not None and kind is not None:
        context |= _answer(visit, uow, person, kind, key)
    return View("ui/admin/why.html", a=words, **context)


def _kinds(visit: Visit, kinds: t.Mapping[str, Kind]) -> list[tuple[str, str]]:
    """Return entities with their labels, those people work with first, as the menu has them."""
    places = {k: (not shown.section, shown.order if shown.section else 0) for k, shown in ((k, visit.site.shown(v)) for k, v in kinds.items())}
    found = [(key, visit.say(kind.label)) for key, kind in kinds.items()]
    return sorted(found, key=lambda pair: (*places[pair[0]], pair[1].casefold()))


def _answer(visit: Visit, uow: Uow, person: int, kind: Kind, key: int) -> dict[str, t.Any]:
    crm = uow.crm
    actor: Actor | None = crm.hook.crm_person(crm=crm, id=person) if "crm_person" in crm.hooked else None
    if actor is None:
        return {"problem": words.nobody_known}
    try:
        record = uow.get(kind.cls, key)
    except NotFound as refusal:
        return {"problem": refusal.message}
    found = explain(crm, actor, record)
    reasons = [
        {
            "role": _role(visit, r.role), "right": visit.say(crm.permissions[r.permission].label), "scope": visit.say(scope_label(kind, r.scope)),
            "covers": r.covers,
        }
        for r in found.reasons if r.permission in crm.permissions
    ]  # fmt: skip
    label = {name: visit.say(visit.site.shown(kind).path(name).field.label) for name in (*found.hidden, *found.read_only) if name in kind.fields}
    return {
        "answer": found, "reasons": reasons, "record_name": name_of(visit, uow, kind, key), "record_path": path_of(kind, key),
        "hidden": [label.get(n, n) for n in found.hidden], "fixed": [label.get(n, n) for n in found.read_only],
    }  # fmt: skip


def _role(visit: Visit, name: str) -> str:
    role = visit.crm.access.roles.get(name)
    return visit.say(role.label) if role is not None and role.label else name
