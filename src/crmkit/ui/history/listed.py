"""What was done in the CRM, newest first, and one operation by itself."""

from __future__ import annotations

import typing as t

import attrs
import sqlalchemy as sa

from ...core.errors import NotFound
from ...core.ledger import journal
from ...core.tables import operation as operations
from ...core.timeline import latest
from ...core.undo.unit import ACTIONS
from ..results import View
from . import words
from .titles import Titles
from .told import Teller

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

MOST, SHOWN = 50, 100


@attrs.frozen(kw_only=True)
class Item:
    """One line of the list."""

    title: str
    icon: str
    who: str
    who_id: int | None
    at: t.Any
    state: str
    link: str
    undo: str
    automatic: bool = False


def listed(visit: Visit, uow: Uow) -> Result:
    """GET /operations: one's own, or everybody's for those who may read the journal."""
    everybody = uow.may("crmkit.journal")
    mine = not everybody or visit.query.get("whose") != "all"
    single = visit.query.get("show") == "changes"
    given = visit.query.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    if mine and uow.actor.id is None:
        items, following = list[Item](), None
    else:
        items, following = (_changes if single else _operations)(visit, uow, mine, before)
    return View(
        "ui/history/operations.html", h=words, items=items, before=following, mine=mine, single=single, everybody=everybody,
        here={"whose": None if mine else "all", "show": "changes" if single else None},
    )  # fmt: skip


def _operations(visit: Visit, uow: Uow, mine: bool, before: int | None) -> tuple[list[Item], int | None]:
    c = operations.c
    asked = sa.select(operations).where(c.kind != "change").order_by(c.id.desc()).limit(MOST + 1)
    asked = asked.where(c.actor_id == uow.actor.id) if mine else asked
    rows = uow.connection.execute(asked.where(c.id < before) if before is not None else asked).all()
    titles, shown = Titles(visit, uow, rows), rows[:MOST]
    items = [
        Item(
            title=titles.of(row.id), icon=words.kind_icons.get(row.kind, "zap"), who=titles.teller.who(row), who_id=row.actor_id, at=row.at,
            state=row.state, link=visit.url(f"/operations/{row.id}"),
            undo="" if row.state == "undone" else visit.url("/undo", operation=row.id, back="/operations"),
        ) for row in shown
    ]  # fmt: skip
    return items, shown[-1].id if len(rows) > MOST else None


def _changes(visit: Visit, uow: Uow, mine: bool, before: int | None) -> tuple[list[Item], int | None]:
    """Return transactions that were no operation, of records the visitor may see."""
    kinds = [key for key, kind in uow.crm.kinds.items() if visit.site.shown(kind).section or kind.whole is not None or kind.abouts]
    rows = latest(uow, actor_id=uow.actor.id if mine else None, kinds=kinds, before=before, limit=MOST * 4)
    grouped: dict[int, list[t.Any]] = {}
    for row in rows:
        grouped.setdefault(row.tx, []).append(row)
    txs = list(grouped)
    full = len(rows) == MOST * 4
    txs = txs[: MOST if len(txs) > MOST else max(1, len(txs) - full)] if txs else []  # the last of a full page may go on
    titles = Titles(visit, uow, [])
    for tx in txs:
        for row in grouped[tx]:
            titles.teller.names.want(row.kind, [row.record_id] if row.record_id is not None else [])
    items = []
    for tx in txs:
        first = grouped[tx][-1]
        count = len({(row.kind, row.record_id) for row in grouped[tx]})
        items.append(Item(
            title=titles.change(first, count), icon=words.icons.get(first.action, "zap"), who=titles.teller.who(first), who_id=first.actor_id,
            at=first.at, state="done", automatic=bool(first.cause), link=visit.url("/undo", tx=tx, back="/operations?show=changes"),
            undo=visit.url("/undo", tx=tx, back="/operations?show=changes"),
        ))  # fmt: skip
    more = full or len(grouped) > len(txs)
    return items, grouped[txs[-1]][-1].id if txs and more else None


# ---- one operation -------------------------------------------------------------------------------------------------------
def one(visit: Visit, uow: Uow) -> Result:
    """GET /operations/5: what it did, to which of the records one may see, and the way back."""
    number = int(visit.path["number"])
    row = uow.connection.execute(sa.select(operations).where(operations.c.id == number)).first()
    if row is None:
        raise NotFound(words.no_such)
    c = journal.c
    seen = latest(uow, operation=number, limit=SHOWN)
    own = row.actor_id is not None and row.actor_id == uow.actor.id
    if not seen and not own and not uow.may("crmkit.journal"):
        raise NotFound(words.no_such)
    counted = sa.select(c.kind, c.action, sa.func.count(sa.distinct(c.record_id))).where(c.operation == number, c.action.in_(ACTIONS))
    counts: dict[str, dict[str, int]] = {}
    for kind, action, count in uow.connection.execute(counted.group_by(c.kind, c.action)):
        counts.setdefault(kind, {})[action] = count
    entries = sum(n for some in counts.values() for n in some.values())
    titles = Titles(visit, uow, [row])
    return View(
        "ui/history/operation.html", h=words, row=row, title=titles.of(number), who=titles.teller.who(row), counts=_told(visit, uow, counts),
        records=_records(visit, uow, seen), shown=len(seen), all=entries, icon_name=words.kind_icons.get(row.kind, "zap"),
        redo=row.kind == "undo", undoes=row.facts.get("operation") if row.kind == "undo" else None,
    )  # fmt: skip


def _told(visit: Visit, uow: Uow, counts: dict[str, dict[str, int]]) -> list[tuple[str, str, list[tuple[str, int]]]]:
    told = []
    for key, some in counts.items():
        kind = uow.crm.kinds.get(key)
        said = [(visit.say(words.did.get(action, action)), count) for action, count in some.items()]
        told.append((visit.say(kind.plural) if kind else key, visit.site.shown(kind).icon if kind else "circle", said))
    return told


def _records(visit: Visit, uow: Uow, rows: t.Sequence[t.Any]) -> list[dict[str, t.Any]]:
    """Return the records of an operation with what was done to each."""
    teller = Teller(visit, uow)
    for row in rows:
        teller.names.want(row.kind, [row.record_id] if row.record_id is not None else [])
    found: dict[tuple[str, int], dict[str, t.Any]] = {}
    for row, told in zip(rows, teller.entries(rows), strict=True):
        kind = uow.crm.kinds.get(row.kind)
        here = found.setdefault((row.kind, row.record_id or 0), {
            "kind": visit.say(kind.label) if kind is not None else "", "name": teller.names.html(row.kind, row.record_id or 0), "entries": [],
        })  # fmt: skip
        here["entries"].insert(0, told)
    return list(found.values())


