"""Sales' tiles of the first page: my deals, and inquiries that wait for an answer."""

from __future__ import annotations

import datetime as dt
import typing as t

import sqlalchemy as sa

from crmkit import OPEN, PUBLIC, ListRequest, Uow, _
from crmkit.ui import View, Visit, charts, widget

from ..entities import Deal, Inquiry
from ..pipelines import INQUIRIES
from ..reports.sql import ones, scale_of, total, units
from ..reports.table import money
from .asked import list_of

NO_DEALS = _("You have no open deals", ru="У вас нет открытых сделок")
NO_STEP = _("Without a next step: {count}", ru="Без следующего шага: {count}")
ALL_MINE, MY_DEALS = _("All my open deals", ru="Все мои открытые сделки"), _("My open deals by stage", ru="Мои открытые сделки по стадиям")
ALL_WAITING = _("All that wait: {count}", ru="Все ожидающие: {count}")
NOBODY_WAITS = _("Everybody has been answered", ru="Всем ответили")
ANSWER_BY, LATE = _("answer by", ru="ответить до"), _("late since", ru="опоздание с")
WITHOUT_NAME = _("Without a name", ru="Без имени")
SHOWN, MOST_COUNTED = 6, 1000


@widget(label=_("My deals", ru="Мои сделки"), permission=PUBLIC, order=20, live=[Deal])
def my_deals(visit: Visit, uow: Uow) -> View | None:
    """The visitor's open deals by stage, with their amounts; each leads to its list."""
    kind, me = uow.crm.kind(Deal), uow.actor.id
    if me is None or not uow.may(kind.permission("read")):
        return None
    hidden = uow.crm.access.hidden(uow.actor, kind)
    table = kind.table.c
    sums = [total(sa.true(), units(uow, table.amount))] if "amount" not in hidden else []
    lacks = [ones(table.no_next_step)] if "no_next_step" not in hidden else []
    stages = {p.name: {s.name: s for s in p.stages.values() if s.outcome is OPEN} for p in kind.pipelines.values()}
    is_open = sa.or_(*[sa.and_(table.pipeline == name, table.stage.in_(list(inside))) for name, inside in stages.items()])
    mine = table.owner_id == me, table.archived_at.is_(None), table.id.in_(uow.visible(Deal)), is_open
    statement = sa.select(table.pipeline, table.stage, sa.func.count(), *sums, *lacks).where(*mine).group_by(table.pipeline, table.stage)
    found = {(row[0], row[1]): tuple(row[2:]) for row in uow.connection.execute(statement)}
    own = {"owner_id": me}
    bars = [
        charts.Bar(
            stage.label, found[name, stage.name][0], href=list_of(kind.key, {**own, "pipeline": name, "stage": stage.name}),
            note=charts.write(money(found[name, stage.name][1], scale_of(table.amount)), language=visit.language, short=True) if sums else "",
        )
        for name, inside in stages.items()
        for stage in inside.values()
        if (name, stage.name) in found
    ]  # fmt: skip
    lacking = sum(row[-1] for row in found.values()) if lacks else 0
    links = [(ALL_MINE, list_of(kind.key, {**own, "stage": {"in": sorted({s for inside in stages.values() for s in inside})}}), "")] if bars else []
    if lacking:
        links.append((NO_STEP.format(count=lacking), list_of(kind.key, {**own, "no_next_step": True}), "amber"))
    return View("tile.html", chart=charts.bars(bars, caption=MY_DEALS, empty=NO_DEALS), links=links)


@widget(label=_("Inquiries without an answer", ru="Обращения без ответа"), permission=PUBLIC, order=30, live=[Inquiry])
def waiting(visit: Visit, uow: Uow) -> View | None:
    """Inquiries nobody has answered yet, those first whose time runs out first."""
    kind = uow.crm.kind(Inquiry)
    if not uow.may(kind.permission("read")):
        return None
    tree = {"stage": INQUIRIES.first.name, "first_response_at": {"empty": True}}
    hidden = uow.crm.access.hidden(uow.actor, kind)
    if hidden & {"stage", "first_response_at"}:
        return None
    fields = ["id", *[n for n in ("name", "phone", "email", "text", "city", "respond_by") if n not in hidden]]
    sort = ["respond_by", "id"] if "respond_by" not in hidden else ["id"]
    page = uow.page(Inquiry, ListRequest(filter=tree, fields=fields, sort=sort, limit=SHOWN, count=MOST_COUNTED))
    rows = [_line(visit, kind.key, row) for row in page.rows]
    links = [(ALL_WAITING.format(count=page.total), list_of(kind.key, tree), "")] if (page.total or 0) > len(rows) else []
    return View("waiting.html", rows=rows, links=links, empty=NOBODY_WAITS)


def _line(visit: Visit, kind: str, row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    name = next((row[n] for n in ("name", "phone", "email") if row.get(n)), None) or visit.say(WITHOUT_NAME)
    about = " · ".join(str(row[n]) for n in ("city", "text") if row.get(n))
    by = row.get("respond_by")
    late = by is not None and dt.datetime.fromisoformat(str(by)) < visit.now
    path = f"/{kind.replace('.', '/', 1)}/{row['id']}"
    return {"path": path, "name": name, "about": about[:120], "by": by, "late": late, "words": LATE if late else ANSWER_BY}
