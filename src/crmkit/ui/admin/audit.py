"""The journal: who did what, asked by entity, person, action, time and words; only about records the reader may see."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs

from ...core.timeline import search_journal
from ...web.call import as_id
from ...web.operate import journal_kinds
from ..cells import Cells, Names, names_of
from ..results import View
from ..shown import path_of
from . import words

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

PER_PAGE = 50
Json = dict[str, t.Any]


@attrs.frozen
class Asked:
    """What was asked for, as it was typed."""

    kind: str
    record: str
    actor: str
    action: str
    since: str
    until: str
    text: str
    before: str

    @classmethod
    def of(cls, visit: Visit) -> Asked:
        """Read the query; what makes no sense is as if it had not been asked."""
        return cls(**{a.name: visit.query.get(a.name, "").strip()[:200] for a in attrs.fields(cls)})


def show(visit: Visit, uow: Uow) -> Result:
    """GET /admin/journal?kind=&actor=&action=&since=&until=&text=&before=: who did what, newest first."""
    uow.require("crmkit.journal")
    asked, kinds = Asked.of(visit), journal_kinds(uow.crm)
    found = search_journal(
        uow, kind=asked.kind if asked.kind in kinds else None, record_id=as_id(asked.record), actor_id=as_id(asked.actor),
        action=asked.action or None, since=_day(visit, asked.since, 0), until=_day(visit, asked.until, 1), text=asked.text or None,
        before=as_id(asked.before), limit=PER_PAGE + 1,
    )  # fmt: skip
    more = asked_again(visit, before=found[PER_PAGE - 1]["id"]) if len(found) > PER_PAGE else ""
    actor = as_id(asked.actor)
    shown = names_of(uow, "person", [actor]).get(actor, "") if actor is not None else ""
    context: Json = {"asked": asked, "kinds": _labels(visit, kinds), "entries": told(visit, uow, found[:PER_PAGE]), "more": more, "actor_name": shown}
    return View("ui/admin/journal.html", a=words, actions=words.actions, **context)


def asked_again(visit: Visit, **changed: t.Any) -> str:
    """Return this page's address with something changed in its query."""
    kept = {k: v for k, v in visit.query.pairs() if k not in changed and v}
    return visit.url("/admin/journal", **kept, **changed)


def _labels(visit: Visit, keys: list[str]) -> list[tuple[str, str]]:
    kinds = visit.crm.kinds
    found = [(key, visit.say(kinds[key].label) if key in kinds else key) for key in keys]
    return sorted(found, key=lambda pair: pair[1].casefold())


def _day(visit: Visit, given: str, more: int) -> dt.datetime | None:
    try:
        found = dt.date.fromisoformat(given) + dt.timedelta(days=more)
        return dt.datetime.combine(found, dt.time(), visit.zone)
    except (ValueError, OverflowError):
        return None


def told(visit: Visit, uow: Uow, entries: list[Json]) -> list[Json]:
    """Return journal entries in the reader's words: labels of entities and fields, values as pages show them."""
    found: list[Json] = []
    names, plugins = Names(visit, uow), {p.name: visit.say(p.label or p.name) for p in uow.crm.plugins}
    for entry in entries:
        if entry["kind"] in uow.crm.kinds and entry["record_id"]:
            names.want(entry["kind"], [entry["record_id"]])
    for entry in entries:
        kind = uow.crm.kinds.get(entry["kind"])
        changes = _changes(visit, uow, kind, entry["changes"]) if kind is not None else []
        label = visit.say(kind.label) if kind is not None else entry["kind"]
        path = path_of(kind, entry["record_id"]) if kind is not None and entry["record_id"] else ""
        command = uow.crm.commands.get(entry["action"])
        action = visit.say(command.label) if command is not None else visit.say(words.actions.get(str(entry["action"])) or str(entry["action"]))
        name = names.text(kind.key, entry["record_id"]) if kind is not None and entry["record_id"] else ""
        who = visit.say(words.actors[entry["actor"]]) if entry["actor"] in words.actors else entry["actor"]
        cause = plugins.get(str(entry["cause"] or "").partition(":")[0], "")
        icon = words.action_icons.get(str(entry["action"]), "zap")
        told_ = {"label": label, "path": path, "said": action, "told": changes, "name": name, "who": who, "icon": icon, "cause": cause}
        found.append({**entry, **told_})
    return found


def _changes(visit: Visit, uow: Uow, kind: Kind, changes: Json) -> list[tuple[str, str, str]]:
    """Return label, before and after of each field that changed."""
    known = [n for n in changes if isinstance(changes[n], list) and len(changes[n]) == 2 and _is_field(visit, kind, n)]
    cells = Cells(visit, uow, kind, known)
    rows: list[Json] = [{n: changes[n][side] for n in cells.names} for side in (0, 1)]
    cells.load(rows)
    return [(cells.label(n), _text(cells, n, rows[0]), _text(cells, n, rows[1])) for n in cells.names]


def _text(cells: Cells, name: str, row: Json) -> str:
    try:
        return cells.text(name, row)
    except (ValueError, TypeError, ArithmeticError):  # kept before the field became what it is now
        return str(row[name])


def _is_field(visit: Visit, kind: Kind, name: str) -> bool:
    try:
        return not kind.path(name, visit.crm.kinds).field.secret
    except LookupError:
        return False
