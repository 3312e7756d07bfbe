"""The tile of the first page: what the visitor has to do next."""

from __future__ import annotations

import collections
import datetime as dt
import json
import typing as t
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from crmkit import PUBLIC, ListRequest, Uow, _
from crmkit.ui import View, Visit, widget

from .entities import Activity

EMPTY = _("Nothing is due", ru="Ничего не запланировано")
OVERDUE_SINCE, DUE = _("overdue since", ru="просрочено с"), _("due", ru="срок")
ALL = _("All my activities: {count}", ru="Все мои дела: {count}")
SHOWN, MOST_COUNTED = 6, 1000


@widget(label=_("My next steps", ru="Мои следующие шаги"), permission=PUBLIC, order=10, live=[Activity])
def my_steps(visit: Visit, uow: Uow) -> View | None:
    """The visitor's open activities that have a due date, the most overdue first, each with the record it is about."""
    kind, me = uow.crm.kind(Activity), uow.actor.id
    hidden = uow.crm.access.hidden(uow.actor, kind)
    if me is None or not uow.may(kind.permission("read")) or hidden & {"owner_id", "done_at", "due_at", "subject"}:
        return None
    tree = {"owner_id": me, "done_at": {"empty": True}, "due_at": {"empty": False}}
    fields = ["id", "subject", "due_at", "about_kind", "about_id"]
    page = uow.page(Activity, ListRequest(filter=tree, fields=fields, sort=["due_at", "id"], limit=SHOWN, count=MOST_COUNTED))
    names = _names(visit, uow, page.rows)
    rows = [_line(visit, row, names) for row in page.rows]
    more = f"/activities/activity?filter={quote(_json(tree))}" if (page.total or 0) > len(rows) else None
    return View("steps.html", rows=rows, more=more, all=ALL.format(count=page.total), empty=EMPTY)


def _json(tree: Mapping[str, t.Any]) -> str:
    return json.dumps(tree, separators=(",", ":"))


def _names(visit: Visit, uow: Uow, rows: Iterable[Mapping[str, t.Any]]) -> dict[tuple[str, int], str]:
    """Return what the records are called that activities are about, one question for each kind; those one may not see are left out."""
    wanted: dict[str, set[int]] = collections.defaultdict(set)
    for row in rows:
        if row.get("about_kind") in uow.crm.kinds and row.get("about_id") is not None:
            wanted[row["about_kind"]].add(row["about_id"])
    found: dict[tuple[str, int], str] = {}
    for key, ids in wanted.items():
        kind = uow.crm.kinds[key]
        if not uow.may(kind.permission("read")):
            continue
        title = visit.site.shown(kind).title
        shown = ["id"] if title == "id" or title in uow.crm.access.hidden(uow.actor, kind) else ["id", title]
        request = ListRequest(filter={"id": {"in": sorted(ids)}}, fields=shown, limit=len(ids), archived=None)
        for row in uow.page(kind.cls, request).rows:
            found[key, row["id"]] = str(row[shown[-1]] or "") if len(shown) > 1 else f"№ {row['id']}"
    return found


def _line(visit: Visit, row: Mapping[str, t.Any], names: Mapping[tuple[str, int], str]) -> dict[str, t.Any]:
    due = dt.datetime.fromisoformat(str(row["due_at"]))
    about = names.get((str(row.get("about_kind")), t.cast(int, row.get("about_id"))))
    of = (row["about_kind"], row["about_id"]) if about is not None else ("activities.activity", row["id"])
    late = due < visit.now
    path = f"/{of[0].replace('.', '/', 1)}/{of[1]}"
    words = OVERDUE_SINCE if late else DUE
    return {"path": path, "subject": row["subject"], "about": about or "", "due": row["due_at"], "late": late, "words": words}
