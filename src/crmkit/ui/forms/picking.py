"""What can be chosen: options for the combobox, of records and of people and teams."""

from __future__ import annotations

import typing as t

import attrs

from ...core.errors import Invalid
from ...core.lists import ListRequest
from ...core.search.documents import search_fields
from ...core.search.find import sources_of
from ...web.call import as_id
from ...web.problems import NoSuchPath
from ..cells import names_seen
from ..formats import color_of, initials
from ..results import View
from . import words

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

MOST = 12
MOST_RECENT = 5
PEOPLE = ("person", "team")
ANY = "any"


@attrs.frozen(kw_only=True)
class Option:
    """Something that can be chosen."""

    id: int | str
    name: str
    more: str = ""
    initials: str = ""
    color: str = "gray"


def pick_record(visit: Visit, uow: Uow) -> Result:
    """GET /sales/company/pick?q=: records of a kind, the best first; without a question those chosen lately, then the newest."""
    kind = visit.kind
    uow.require(kind.permission("read"))
    question = visit.query.get("q", "").strip()
    found = _searched(visit, uow, kind, question) if question else _usual(visit, uow, kind)
    return _options(visit, found)


def pick_person(visit: Visit, uow: Uow) -> Result:
    """GET /_/pick/person?q=: people or teams, as those plugins know them that keep them; ``any`` finds records of every kind."""
    of, question = visit.path["of"], visit.query.get("q", "").strip()
    if of == ANY:
        return _options(visit, _anything(visit, uow, question))
    if of not in PEOPLE or not visit.signed_in:
        raise NoSuchPath()
    answered = uow.crm.hook.crm_pick(crm=uow.crm, uow=uow, of=of, question=question, ids=None) if "crm_pick" in uow.crm.hooked else None
    found = list(answered or ())
    if not question:
        lately = [key for key in _lately(visit) if key not in {k for k, _name in found}]
        names = names_seen(uow, of, lately)
        first = [key for key in _lately(visit) if key in names or key in dict(found)]
        known = dict(found) | dict(names)
        found = [(key, known[key]) for key in first] + [(k, n) for k, n in found if k not in first]
    return _options(visit, [Option(id=k, name=n, initials=initials(n), color=color_of(k)) for k, n in found])


def _anything(visit: Visit, uow: Uow, question: str) -> list[Option]:
    """Return records of any kind that something may be about: ``sales.deal:5``."""
    try:
        hits = uow.search(question[:200], limit=20) if question else []
    except Invalid:
        return []
    kinds = uow.crm.kinds
    return [Option(id=f"{h.kind}:{h.id}", name=visit.say(h.title), more=visit.say(kinds[h.kind].label)) for h in hits if not kinds[h.kind].abouts]


def _options(visit: Visit, found: list[Option]) -> View:
    return View("ui/forms/options.html", options=found[:MOST], more=len(found) > MOST, f=words)


def _lately(visit: Visit) -> list[int]:
    """Return what this page's choosers were given before, as they say themselves."""
    given = (as_id(part) for part in visit.query.get("recent", "").split(",")[:MOST_RECENT])
    return [key for key in given if key is not None]


def _searched(visit: Visit, uow: Uow, kind: Kind, question: str) -> list[Option]:
    shown = visit.site.shown(kind)
    try:
        if sources_of(uow, kind):
            keys = [hit.id for hit in uow.search(question[:200], kinds=[kind.cls], limit=20)]
            return _named(visit, uow, kind, keys)
        if shown.title in uow.crm.access.hidden(uow.actor, kind) or shown.title == "id":
            key = as_id(question)
            return _named(visit, uow, kind, [key] if key else [])
        asked = ListRequest(filter={shown.title: {"contains": question[:200]}}, fields=["id"], limit=MOST + 1)
        return _named(visit, uow, kind, [row["id"] for row in uow.page(kind.cls, asked).rows])
    except Invalid:  # too long to be a question, or of too many words
        return []


def _usual(visit: Visit, uow: Uow, kind: Kind) -> list[Option]:
    rows = uow.page(kind.cls, ListRequest(fields=["id"], sort=["-id"], limit=MOST + 1)).rows
    return _named(visit, uow, kind, list(dict.fromkeys([*_lately(visit), *(row["id"] for row in rows)])))


def _named(visit: Visit, uow: Uow, kind: Kind, keys: list[int]) -> list[Option]:
    """Return records as options, in the order of their keys, without those that cannot be seen."""
    from ..cells import Cells

    shown = visit.site.shown(kind)
    cells = Cells(visit, uow, kind, [n for n in (shown.title, shown.subtitle, *_telling(kind, shown.title, shown.subtitle)) if n])
    asked = ListRequest(filter={"id": {"in": keys}}, fields=cells.wanted, limit=max(1, len(keys)), archived=None)
    rows = {row["id"]: row for row in (uow.page(kind.cls, asked).rows if keys else ())}
    cells.load(list(rows.values()))
    return [_option(cells, shown.title, rows[key]) for key in keys if key in rows]


def _telling(kind: Kind, *but: str) -> tuple[str, ...]:
    """Return a few short searched fields that tell records of one name apart: a phone, a city, a number."""
    found = [f.dotted for f in search_fields(kind) if f.extension is None and f.dotted not in but and (f.field.max_length or 9999) <= 254]
    return tuple(found[:2])


def _option(cells: t.Any, title: str, row: dict[str, t.Any]) -> Option:
    name = cells.text(title, row) if title in cells.names else ""
    more = " · ".join(filter(None, (cells.text(n, row) for n in cells.names if n != title)))
    return Option(id=row["id"], name=name or f"№ {row['id']}", more=more)


__all__ = ["Option", "pick_person", "pick_record"]
