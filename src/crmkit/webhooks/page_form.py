"""Adding a webhook and changing one: which events of which entities, what is told, and about which records."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Mapping, Sequence

import attrs

from crmkit import Invalid, Problem, Refusal, Uow, _
from crmkit.ui import Form, Redirect, Result, View, Visit, page

from . import page_words as words
from .commands import MANAGE
from .entities import Endpoint, Payload
from .pages import Needs, asked_endpoint, called, demand_fields, fixed_fields, hidden_fields, run
from .patterns import ACTIONS, events_of, kinds_of

LINES = re.compile(r"[\s,]+")
FIELDS = ("url", "description", "events", "payload", "conditions")


@attrs.frozen
class Row:
    """An entity with its events: name and whether there is such an event."""

    key: str
    label: str
    icon: str
    actions: Sequence[tuple[str, bool]]


@page("/endpoints/new", label=_("Add a webhook", ru="Добавить вебхук"), permission=MANAGE, methods=("GET", "POST"))
def add(visit: Visit, uow: Uow, *, refusal: Refusal | None = None) -> Result:
    """GET and POST /webhooks/endpoints/new: then the secret, which is shown this once."""
    uow.require("webhooks.endpoint.create")
    if visit.method != "POST" or refusal is not None:
        return _form(visit, uow, None, visit.form, refusal)
    made = run(uow, "register", None, **_given(visit.form))
    return View("secret.html", a=words, endpoint=uow.get(Endpoint, made["id"]), secret=made["secret"], until=None, **called(uow))


@page("/endpoints/{id}/edit", label=_("Edit the webhook", ru="Изменить вебхук"), permission=Needs.READ, methods=("GET", "POST"))
def edit(visit: Visit, uow: Uow, *, refusal: Refusal | None = None) -> Result:
    """GET and POST /webhooks/endpoints/3/edit: whoever changes where messages go, or which, becomes the owner."""
    if visit.method != "POST" or refusal is not None:
        endpoint = asked_endpoint(visit, uow)
        uow.require("webhooks.endpoint.change", endpoint)
        return _form(visit, uow, endpoint, visit.form, refusal)
    endpoint = asked_endpoint(visit, uow, action="change")
    uow.require("webhooks.endpoint.change", endpoint)
    given = {**_given(visit.form), "payload": Payload(_payload(visit.form))}
    unasked = (fixed_fields(uow) | hidden_fields(uow)) - _asked(visit.form)
    changed = {name: value for name, value in given.items() if name not in unasked and getattr(endpoint, name) != value}
    demand_fields(uow, *changed)
    for name, value in changed.items():
        setattr(endpoint, name, value)
    uow.flush()
    return Redirect(f"/webhooks/endpoints/{endpoint.id}", say=words.saved)


def _asked(form: Form) -> set[str]:
    """Return the fields a form speaks about; it leaves out those its reader may not see or not change."""
    return {"events" if name == "patterns" else name for name in form}


def _payload(form: Form) -> str:
    return form.get("payload", "") if form.get("payload", "") in {p.value for p in Payload} else Payload.THIN.value


def _given(form: Form) -> dict[str, t.Any]:
    """Return the form as the command takes it."""
    typed = form.get("conditions", "").strip()
    try:
        conditions = json.loads(typed) if typed else {}
    except (ValueError, RecursionError):
        raise Invalid(problems=[Problem("conditions", "invalid", words.not_json)]) from None
    if not isinstance(conditions, dict):
        raise Invalid(problems=[Problem("conditions", "invalid", words.not_json)])
    patterns = [p for p in LINES.split(form.get("patterns", "")) if p]
    return {
        "url": form.get("url", "").strip(), "events": list(dict.fromkeys([*form.all("events"), *patterns])),
        "description": form.get("description", "").strip() or None, "payload": _payload(form), "conditions": conditions,
    }  # fmt: skip


def _form(visit: Visit, uow: Uow, endpoint: Endpoint | None, form: Form, refusal: Refusal | None) -> View:
    known = set(events_of(uow.crm))
    closed = (fixed_fields(uow), hidden_fields(uow)) if endpoint is not None else (frozenset[str](), frozenset[str]())
    typed = visit.method == "POST"
    held: Sequence[str] = endpoint.events if endpoint is not None else ()
    chosen = form.all("events") if typed else [e for e in held if e in known]
    values: Mapping[str, str] = {
        "url": form.get("url", "") if typed else endpoint.url if endpoint is not None else "https://",
        "description": form.get("description", "") if typed else (endpoint.description or "") if endpoint is not None else "",
        "payload": _payload(form) if typed else endpoint.payload.value if endpoint is not None else Payload.THIN.value,
        "patterns": form.get("patterns", "") if typed else "\n".join(e for e in held if e not in known),
        "conditions": form.get("conditions", "") if typed else _json(endpoint.conditions if endpoint is not None else {}),
    }  # fmt: skip
    problems = dict.fromkeys(FIELDS, "")
    for problem in refusal.problems if refusal is not None else ():
        path = problem.path.partition(".")[0]
        problems[path] = problems.get(path) or visit.say(problem.message)
    return View(
        "form.html", a=words, endpoint=endpoint, rows=_rows(visit, uow, known), chosen=frozenset(chosen), values=values, problems=problems,
        any_wrong=refusal is not None, actions=ACTIONS, fixed=closed[0], hidden=closed[1],
    )  # fmt: skip


def _json(value: Mapping[str, t.Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) if value else ""


def _rows(visit: Visit, uow: Uow, known: set[str]) -> list[Row]:
    """Return the entities the actor may see, those people work with first."""
    found = []
    for key in kinds_of(uow.crm):
        kind = uow.crm.kinds[key]
        if uow.may(kind.permission("read")):
            shown = visit.site.shown(kind)
            row = Row(key, visit.say(kind.plural), shown.icon, [(f"{key}.{action}", f"{key}.{action}" in known) for action in ACTIONS])
            found.append(((not shown.section, shown.order, row.label), row))
    return [row for _place, row in sorted(found, key=lambda pair: pair[0])]
