"""From one transaction's journal to deliveries: each event once to each address that wants it and may see it."""

from __future__ import annotations

import collections
import logging
import typing as t
from collections.abc import Iterable, Mapping

import attrs

from crmkit import Actor, Crm, ListRequest, Refusal, Uow, on

from .attempt import schedule
from .body import body_of
from .book import insert
from .entities import Endpoint, Payload
from .listening import Dispatch
from .patterns import ACTIONS, OWN, matches

log = logging.getLogger("crmkit.webhooks")
PAGE = 500
Entry = Mapping[str, t.Any]


@on(Dispatch)
def dispatch(event: Dispatch, uow: Uow) -> None:
    """Make the deliveries of one page of a transaction's journal, and go on with the next in another transaction."""
    last, full = event.after, False
    for endpoint in uow.find(Endpoint).where(Endpoint.active.is_(True)):
        seen, full = _tell(endpoint, event, uow)
        last = max(last, seen)
    if full:
        uow.schedule(Dispatch(event.tx, last), key=f"webhooks:{event.tx}:{last}")


def acting_for(crm: Crm, endpoint: Endpoint) -> Actor | None:
    """Return whose rights an address has: its owner's as they are now, or where nobody can be asked, as they were."""
    owner = endpoint.owner_id
    if owner is not None and "crm_person" in crm.hooked:
        person, only = t.cast("Actor | None", crm.hook.crm_person(crm=crm, id=owner)), endpoint.acts_as.get("only")
        return person if person is None or only is None else attrs.evolve(person, roles=[r for r in person.roles if r in only])
    rights = endpoint.acts_as
    if not rights:
        return None
    return Actor(owner, rights["name"], rights["roles"], rights["teams"], system=rights["system"])


def _tell(endpoint: Endpoint, event: Dispatch, uow: Uow) -> tuple[int, bool]:
    """Make one address's deliveries; return the last entry that was looked at, and whether there may be more."""
    crm, actor = uow.crm, acting_for(uow.crm, endpoint)
    reader = actor if actor is not None else Actor()
    with crm.uow(reader, connection=uow.connection) as theirs:
        entries = theirs.noted(event.tx, after=event.after, limit=PAGE)
        wanted = [e for e in entries if _is_event(e, crm) and matches(_name(e), endpoint.events)]
        shown = _shown(endpoint, wanted, theirs) if actor is not None else {}
    rows = [_row(endpoint, e, record) for e in wanted if (record := shown.get((e["kind"], e["record_id"]))) is not None]
    _add(rows, uow)
    return (entries[-1]["id"] if entries else event.after), len(entries) == PAGE


def _is_event(entry: Entry, crm: Crm) -> bool:
    return entry["action"] in ACTIONS and entry["kind"] in crm.kinds and not entry["kind"].startswith(OWN)


def _name(entry: Entry) -> str:
    return f"{entry['kind']}.{entry['action']}"


def _shown(endpoint: Endpoint, entries: Iterable[Entry], theirs: Uow) -> dict[tuple[str, int], dict[str, t.Any]]:
    """Return what the owner may see of the records, as it is now: one question per kind, under row rules and condition."""
    keys: dict[str, set[int]] = collections.defaultdict(set)
    for entry in entries:
        if entry["record_id"] is not None:
            keys[entry["kind"]].add(entry["record_id"])
    found: dict[tuple[str, int], dict[str, t.Any]] = {}
    fields = None if endpoint.payload is Payload.FULL else ["version"]
    for name, ids in keys.items():
        tree: list[t.Any] = [{"id": {"in": sorted(ids)}}]
        if name in endpoint.conditions:
            tree.append(endpoint.conditions[name])
        try:
            page = theirs.page(name, ListRequest(filter={"and": tree}, archived=None, limit=PAGE, fields=fields))
        except Refusal as refusal:
            log.info("webhook %s is not told of %s: %s", endpoint.id, name, refusal.title)
            continue
        found |= {(name, row["id"]): row for row in page.rows}
    return found


def _row(endpoint: Endpoint, entry: Entry, record: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"endpoint_id": endpoint.id, "message_id": f"evt_{entry['id']}", "event": _name(entry), "record_kind": entry["kind"],
        "record_id": entry["record_id"], "body": body_of(_name(entry), entry, record, full=endpoint.payload is Payload.FULL)}


def _add(rows: list[dict[str, t.Any]], uow: Uow) -> None:
    """Add deliveries that are not there yet, and have each tried at once."""
    for key in insert(uow, rows) if rows else ():
        schedule(uow, key)

