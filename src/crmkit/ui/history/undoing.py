"""Taking something back: the page that says what it means, and doing it."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import attrs
import sqlalchemy as sa
from markupsafe import Markup

from ...core import undo as core
from ...core.errors import Conflict, Forbidden, Invalid, Problem, Refusal
from ...core.ledger import journal
from ...core.tables import operation as operations
from ...web.call import as_id
from ..results import Redirect, Toast, View
from . import words
from .titles import Titles
from .told import Line, Teller

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Form, Visit

SHOWN = 20
ORDER = ("delete", "change", "recreate")
COUNTS = {"delete": words.will_delete, "change": words.will_change, "recreate": words.will_recreate}


@attrs.frozen(kw_only=True)
class Sample:
    """What would happen to one record."""

    action: str
    name: Markup
    kind: str
    lines: tuple[Line, ...]


@attrs.frozen(kw_only=True)
class Hindrance:
    """What stands in the way, and where it can be looked at."""

    name: Markup
    kind: str
    message: str
    who: str
    at: t.Any
    link: str


def asked(given: Form | Mapping[str, str]) -> dict[str, int]:
    """Return what is to be undone, ``tx`` or ``operation``; refused when neither is a number."""
    found = {name: as_id(given[name]) for name in ("tx", "operation") if given.get(name)}
    if len(found) != 1 or None in found.values():
        raise Invalid(problems=[Problem("operation", "required", words.which)])
    return t.cast("dict[str, int]", found)


def way_back(visit: Visit, given: Mapping[str, str]) -> str:
    """Return the page one came from, if it is one of this CRM."""
    back = given.get("back", "")
    return back if back.startswith("/") and not back.startswith("//") and "\\" not in back else "/operations"


def whole(uow: Uow, which: Mapping[str, int]) -> dict[str, int]:
    """Return the operation a transaction is a piece of, where it is a piece of one: that is undone as one."""
    if "tx" not in which:
        return dict(which)
    found = uow.connection.execute(sa.select(journal.c.operation).where(journal.c.tx == which["tx"]).distinct().limit(2)).scalars().all()
    return {"operation": found[0]} if len(found) == 1 and found[0] is not None else dict(which)


# ---- the preview ------------------------------------------------------------------------------------------------------
def preview(visit: Visit, uow: Uow) -> Result:
    """GET /undo?tx=5 (or ?operation=5): what would be taken back, and what stands in the way."""
    return _page(visit, uow, whole(uow, asked(visit.query)), way_back(visit, visit.query))


def _page(visit: Visit, uow: Uow, which: dict[str, int], back: str) -> View | Redirect:
    number = which.get("operation")
    try:
        found = core.preview(uow, **t.cast("t.Any", which))
    except Conflict:
        if number is not None:  # it was undone meanwhile: that page says by whom
            return Redirect(f"/operations/{number}")
        raise
    row = uow.connection.execute(sa.select(operations).where(operations.c.id == number)).first() if number is not None else None
    redo = row is not None and row.kind == "undo"
    return View(
        "ui/history/undo.html", h=words, which=which, back=back, unit=found.unit, redo=redo, title=_title(visit, uow, found, row),
        who=Teller(visit, uow).who(found.unit), possible=found.possible, counts=_counts(visit, uow, found), samples=_samples(visit, uow, found),
        hindrances=_hindrances(visit, uow, found), more=found.conflict_count - min(found.conflict_count, SHOWN), clashes=found.conflict_count,
        forbidden=any(c.code == "forbidden" for c in found.conflicts), nothing=not any(found.counts.values()), shown=SHOWN,
    )  # fmt: skip


def _title(visit: Visit, uow: Uow, found: core.Preview, row: t.Any) -> str:
    if found.unit.label is core.SOMETHING:
        return visit.say(core.SOMETHING)
    titles = Titles(visit, uow, [row] if row is not None else [])
    if row is not None:
        return titles.of(row.id)
    c = journal.c
    count = sa.select(sa.func.count(sa.distinct(c.record_id))).where(found.unit.mine).scalar_subquery()
    first = uow.connection.execute(sa.select(journal, count.label("records")).where(found.unit.mine).order_by(c.id).limit(1)).one()
    return titles.change(first, first.records)


def _counts(visit: Visit, uow: Uow, found: core.Preview) -> list[tuple[str, str, list[str]]]:
    """Return for each kind its name, its icon, and what will happen to how many."""
    from ..formats import number

    told = []
    for key, counts in found.counts.items():
        kind = uow.crm.kinds.get(key)
        said = [visit.say(COUNTS[a], count=number(counts[a], visit.language)) for a in ORDER if counts.get(a)]
        told.append((visit.say(kind.plural) if kind else key, visit.site.shown(kind).icon if kind else "circle", said))
    return told


def _samples(visit: Visit, uow: Uow, found: core.Preview) -> list[Sample]:
    teller, entries = Teller(visit, uow), sorted(found.entries[: SHOWN * 5], key=lambda e: ORDER.index(e.action))[:SHOWN]
    for e in entries:
        teller.names.want(e.kind, [e.id])
    lines: dict[tuple[str, int], tuple[Line, ...]] = {}
    for key in dict.fromkeys(e.kind for e in entries):
        mine, kind = [e for e in entries if e.kind == key], uow.crm.kinds[key]
        told = teller.lines(kind, [teller.changes(kind, e.changes, gone=e.action == "delete") for e in mine])
        lines |= {(key, e.id): one for e, one in zip(mine, told, strict=True)}
    return [
        Sample(action=e.action, name=teller.names.html(e.kind, e.id), kind=visit.say(uow.crm.kinds[e.kind].label), lines=lines[e.kind, e.id])
        for e in entries
    ]


def _hindrances(visit: Visit, uow: Uow, found: core.Preview) -> list[Hindrance]:
    teller, told = Teller(visit, uow), []
    for clash in found.conflicts[:SHOWN]:
        if clash.id is not None and clash.kind in uow.crm.kinds:
            teller.names.want(clash.kind, [clash.id])
    for clash in found.conflicts[:SHOWN]:
        kind = uow.crm.kinds.get(clash.kind)
        seen = clash.id is not None and kind is not None and teller.names.seen(clash.kind, clash.id)
        which: dict[str, t.Any] = {"operation": clash.operation} if clash.operation is not None else {"tx": clash.tx}
        newer = clash.code in ("newer", "differs") and any(v is not None for v in which.values())
        told.append(Hindrance(
            name=teller.names.html(clash.kind, t.cast(int, clash.id)) if seen else Markup(""), kind=visit.say(kind.label) if kind else "",
            message=visit.say(clash.message), who=clash.actor or "", at=clash.at,
            link=visit.url("/undo", **which, back=visit.call.path) if newer else "",
        ))  # fmt: skip
    return told


# ---- doing it -----------------------------------------------------------------------------------------------------------
def confirm(visit: Visit, uow: Uow) -> Result:
    """POST /undo: do what the preview told."""
    which = whole(uow, asked(visit.form))
    redo = _is_undo(uow, which)
    done = core.undo(uow, **t.cast("t.Any", which))
    return Redirect(f"/operations/{done.operation}", say=words.redone if redo else words.done)


def still(visit: Visit, uow: Uow, refusal: Refusal) -> Result:
    """Show the preview once more, as things are now."""
    if not isinstance(refusal, Conflict | Forbidden):
        raise refusal
    return _page(visit, uow, whole(uow, asked(visit.form)), way_back(visit, visit.form))


def at_once(visit: Visit, uow: Uow) -> Result:
    """POST /_/undo: take back what a toast told of, when nothing hinders; else the preview says what does."""
    which = whole(uow, asked(visit.form))
    redo = _is_undo(uow, which)
    done = core.undo(uow, **t.cast("t.Any", which))
    return Toast(words.redone if redo else words.done, undo=uow.tx, topics=tuple(done.counts))


def look(visit: Visit, uow: Uow, refusal: Refusal) -> Result:
    """Lead to the preview, or tell what is wrong where there is nothing to preview."""
    if not isinstance(refusal, Conflict | Forbidden):
        raise refusal
    which = whole(uow, asked(visit.form))
    name, number = next(iter(which.items()))
    return Redirect(f"/undo?{name}={number}")


def _is_undo(uow: Uow, which: Mapping[str, int]) -> bool:
    number = which.get("operation")
    return number is not None and uow.connection.execute(sa.select(operations.c.kind).where(operations.c.id == number)).scalar() == "undo"


__all__ = ["asked", "at_once", "confirm", "look", "preview", "still", "way_back"]
