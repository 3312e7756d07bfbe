"""The pages of webhooks: addresses with their state, every delivery with its attempts, tests, secrets and sending again."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence, Set

import sqlalchemy as sa

from crmkit import Invalid, ListRequest, NotFound, Permission, Problem, Refusal, Text, Uow, _
from crmkit.ui import Menu, Redirect, Result, View, Visit, page

from . import page_words as words
from .commands import MANAGE, REPLAY
from .entities import Delivery, Endpoint, State
from .page_errors import in_words

PER_PAGE = 50
DELIVERY = ("id", "event", "record_kind", "record_id", "state", "tries", "attempts", "next_at", "status", "error", "created_at", "message_id")
READ_ONLY = _("you may see this, not change it", ru="это можно только видеть")
Json = dict[str, t.Any]


class Needs:
    """What the kernel has declared already; in a class, so that nobody declares it again."""

    READ = Permission("webhooks.endpoint.read")


@page("/endpoints", label=_("Webhooks", ru="Вебхуки"), permission=Needs.READ, menu=Menu(icon="webhook", section="admin", order=75))
def endpoints(visit: Visit, uow: Uow) -> View:
    """GET /webhooks/endpoints: all addresses the reader may see, each with how its deliveries stand."""
    found = list(uow.find(Endpoint).order_by(Endpoint.id).limit(500).all())
    return View(
        "endpoints.html", a=words, endpoints=found, counts=_counts(uow, [e.id for e in found]), owners=_names(uow, [e.owner_id for e in found]),
        may_add=uow.may(MANAGE) and uow.may("webhooks.endpoint.create"), hidden=hidden_fields(uow), **called(uow),
    )  # fmt: skip


def called(uow: Uow) -> Json:
    """Return what webhooks are called by, and their addresses, as far as the reader may see either."""
    hidden = hidden_fields(uow)

    def address_of(endpoint: Endpoint) -> str:
        return f"№ {endpoint.id}" if "url" in hidden else endpoint.url

    def name_of(endpoint: Endpoint) -> str:
        return (endpoint.description if "description" not in hidden else "") or address_of(endpoint)

    return {"address_of": address_of, "name_of": name_of}


def _counts(uow: Uow, keys: Sequence[int]) -> Mapping[int, Mapping[str, int]]:
    """Return how many deliveries of each address are in each state: one statement for all of them."""
    c = Delivery.__table__.c
    counted = sa.select(c.endpoint_id, c.state, sa.func.count()).where(c.endpoint_id.in_(keys), c.id.in_(uow.visible(Delivery)))
    found: dict[int, dict[str, int]] = {}
    for endpoint, state, count in uow.connection.execute(counted.group_by(c.endpoint_id, c.state)):
        found.setdefault(endpoint, {})[State(state).value] = count
    return found


def _names(uow: Uow, ids: Sequence[int | None]) -> Mapping[int, str]:
    wanted = [key for key in dict.fromkeys(ids) if key is not None]
    if not wanted or "crm_names" not in uow.crm.hooked:
        return {}
    return t.cast("Mapping[int, str] | None", uow.crm.hook.crm_names(crm=uow.crm, of="person", ids=wanted)) or {}


def asked_endpoint(visit: Visit, uow: Uow, *, action: str = "read") -> Endpoint:
    """Return the webhook an address is about."""
    text = visit.path["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound()
    return uow.get(Endpoint, int(text), lock=action != "read", action=action)


@page("/endpoints/{id}", label=_("Webhook", ru="Вебхук"), permission=Needs.READ, methods=("GET", "POST"))
def endpoint_page(visit: Visit, uow: Uow, *, refusal: Refusal | None = None) -> Result:
    """GET and POST /webhooks/endpoints/3?state=dead&after=: one address, its deliveries, and what is done with them."""
    if visit.method == "POST" and refusal is None:
        doing = DOINGS.get(visit.form.get("do", ""))
        if doing is None:
            raise NotFound()
        return doing(visit, uow)
    endpoint = asked_endpoint(visit, uow)
    state = visit.query.get("state", "")
    state = state if state in {s.value for s in State} else ""
    rows, following = _deliveries(visit, uow, endpoint, state)
    counts = _counts(uow, [endpoint.id]).get(endpoint.id, {})
    here = f"/webhooks/endpoints/{endpoint.id}"
    problems = {p.path: visit.say(p.message) for p in refusal.problems} if refusal is not None else {}
    return View(
        "endpoint.html", a=words, endpoint=endpoint, counts=counts, whole=sum(counts.values()), state=state, rows=rows, problems=problems,
        more=visit.url(here, state=state or None, after=following) if following else "", first=not visit.query.get("after"),
        in_words=in_words, owner=_names(uow, [endpoint.owner_id]).get(endpoint.owner_id or 0, ""), kinds=labels_of(visit, uow),
        may_manage=uow.may(MANAGE, endpoint), may_replay=uow.may(REPLAY), may_change=uow.may("webhooks.endpoint.change", endpoint),
        hidden=hidden_fields(uow), **called(uow),
    )  # fmt: skip


def labels_of(visit: Visit, uow: Uow) -> Mapping[str, tuple[str, str]]:
    """Return label and address of each entity the reader may see."""
    kinds = uow.crm.kinds.items()
    return {key: (visit.say(kind.label), "/" + key.replace(".", "/", 1)) for key, kind in kinds if uow.may(kind.permission("read"))}


def _deliveries(visit: Visit, uow: Uow, endpoint: Endpoint, state: str) -> tuple[list[Json], str | None]:
    tests: list[Json] = [{"endpoint_id": endpoint.id}, *([{"state": state}] if state else [])]
    hidden = uow.crm.access.hidden(uow.actor, uow.crm.kind(Delivery))
    shown = [name for name in DELIVERY if name not in hidden]
    asked = ListRequest(filter={"and": tests}, sort=["-id"], fields=shown, limit=PER_PAGE, after=visit.query.get("after") or None)
    try:
        found = uow.page(Delivery, asked)
    except Invalid:  # a cursor of another list
        found = uow.page(Delivery, ListRequest(filter={"and": tests}, sort=["-id"], fields=shown, limit=PER_PAGE))
    return [{**dict.fromkeys(DELIVERY), **row} for row in found.rows], found.next


# ---- doing ------------------------------------------------------------------------------------------------------------------
def run(uow: Uow, name: str, record: Endpoint | Delivery | None, **given: t.Any) -> t.Any:
    """Run one of the plugin's commands as the API does: with its permission, its checks and its line in the journal."""
    return uow.crm.commands[f"webhooks.{name}"].run(uow, record, given)


def _back(endpoint: Endpoint, say: Text, visit: Visit) -> Redirect:
    state = visit.form.get("state", "")
    return Redirect(f"/webhooks/endpoints/{endpoint.id}" + (f"?state={state}" if state in {s.value for s in State} else ""), say=say)


def _test(visit: Visit, uow: Uow) -> Result:
    endpoint = asked_endpoint(visit, uow)
    run(uow, "endpoint.test", endpoint)
    return _back(endpoint, words.tested, visit)


def _rotate(visit: Visit, uow: Uow) -> Result:
    endpoint = asked_endpoint(visit, uow)
    hours = visit.form.get("overlap_hours", "24")
    if not (hours.isascii() and hours.isdigit() and len(hours) < 6):
        raise Invalid(problems=[Problem("overlap_hours", "invalid", _("expected a whole number", ru="ожидается целое число"))])
    made = run(uow, "endpoint.rotate", endpoint, overlap_hours=int(hours))
    return View("secret.html", a=words, endpoint=endpoint, secret=made["secret"], until=made["old_secret_until"], **called(uow))


def _switch(visit: Visit, uow: Uow) -> Result:
    demand_fields(uow, "active")
    endpoint = asked_endpoint(visit, uow, action="change")
    uow.require("webhooks.endpoint.change", endpoint)
    endpoint.active = visit.form.get("on") == "true"
    uow.flush()
    return _back(endpoint, words.is_on if endpoint.active else words.is_off, visit)


def _replay(visit: Visit, uow: Uow) -> Result:
    key = visit.form.get("delivery", "")
    if not (key.isascii() and key.isdigit() and len(key) <= 18):
        raise NotFound()
    endpoint, delivery = asked_endpoint(visit, uow), uow.get(Delivery, int(key))
    if delivery.endpoint_id != endpoint.id:
        raise NotFound()
    run(uow, "delivery.replay", delivery)
    return _back(endpoint, words.replayed, visit)


def _replay_all(visit: Visit, uow: Uow) -> Result:
    endpoint = asked_endpoint(visit, uow)
    return _back(endpoint, words.replayed_all.format(count=run(uow, "endpoint.replay_failed", endpoint)), visit)


DOINGS: Mapping[str, t.Callable[[Visit, Uow], Result]] = {
    "test": _test, "rotate": _rotate, "switch": _switch, "replay": _replay, "replay-all": _replay_all,
}  # fmt: skip


def hidden_fields(uow: Uow) -> Set[str]:
    """Return the fields of a webhook the actor may not see."""
    return uow.crm.access.hidden(uow.actor, uow.crm.kind(Endpoint))


def fixed_fields(uow: Uow) -> Set[str]:
    """Return the fields of a webhook the actor may not change."""
    return uow.crm.access.read_only(uow.actor, uow.crm.kind(Endpoint))


def demand_fields(uow: Uow, *names: str) -> None:
    """Raise `Invalid` for fields the actor may only see: pages write no field the JSON API would not."""
    closed = fixed_fields(uow) | hidden_fields(uow)
    problems = [Problem(name, "read-only", READ_ONLY) for name in names if name in closed]
    if problems:
        raise Invalid(problems=problems)
