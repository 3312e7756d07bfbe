"""Where the people who call begin: their workplace, its menu, and the tiles of its first page."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from crmkit import PUBLIC, ListRequest, Uow
from crmkit.ui import Link, View, Visit, Workspace, charts, widget

from .days import today
from .entities import Feedback, Incident
from .incidents import is_open
from .screen import words
from .screen.person import period_named
from .settings import FeedbackSettings
from .titles import card_title, incident_title

SHOWN = 8
FLAGS_FOR = dt.timedelta(days=14)
BOARD, CARDS, INCIDENTS = "/prosthesis_feedback/card/board", "/prosthesis_feedback/card", "/prosthesis_feedback/incident"
DUE = '{"stage":{"in":["overdue","this_month"]}}'
OPEN_CARDS = ("overdue", "this_month")

WORKPLACE = Workspace(
    name="prosthesis_feedback", label=words.workplace, roles=("service_caller", "service_head"), home="/", icon="heart-pulse", order=25,
    menu=(
        Link(label=words.manager, path="/taskqueue/", icon="headset"), Link(label=words.board, path=BOARD, icon="square-kanban"),
        Link(label=words.services, path="/prosthesis_feedback/service", icon="heart-pulse"),
        Link(label=words.incidents, path=INCIDENTS, icon="siren"), Link(label=words.cards, path=CARDS, icon="clipboard-list"),
    ),
)  # fmt: skip


@widget(label=words.due_today, permission=PUBLIC, order=10, live=[Feedback])
def due_today(visit: Visit, uow: Uow) -> View | None:
    """Whom to call today, and who should have been called."""
    kind = uow.crm.kind(Feedback)
    if not uow.may(kind.permission("read")):
        return None
    until = uow.now + uow.crm[FeedbackSettings].ahead
    tree = {"stage": {"in": list(OPEN_CARDS)}, "planned_at": {"lte": until.isoformat()}}
    fields = ["id", "title", "planned_at", "stage", "group", "service_id", "device.model"]
    page = uow.page(Feedback, ListRequest(filter=tree, fields=fields, sort=["planned_at", "id"], limit=SHOWN, count=1000))
    rows = [{"id": r["id"], "service": r["service_id"], "title": card_title(uow, r["title"]), "at": dt.datetime.fromisoformat(r["planned_at"]),
             "late": r["stage"] == "overdue", "device": r.get("device.model") or "", "child": r["group"] == "child"} for r in page.rows]  # fmt: skip
    return View("due_tile.html", s=words, rows=rows, total=page.total or 0, all_at=visit.url(CARDS, filter=DUE))


@widget(label=words.flags_label, permission=PUBLIC, order=12, live=[Feedback])
def red_flags(visit: Visit, uow: Uow) -> View | None:
    """Cards with answers that must be looked at, of the last two weeks."""
    kind = uow.crm.kind(Feedback)
    if not uow.may(kind.permission("read")) or uow.crm.access.hidden(uow.actor, kind) & {"red_flags", "in_use", "done_on"}:
        return None
    c = Feedback.__table__.c
    since = today(uow) - FLAGS_FOR
    mine = c.red_flags > 0, c.done_on >= since, c.archived_at.is_(None), c.id.in_(uow.visible(Feedback))
    wanted = c.id, c.title, c.red_flags, c.done_on, c.in_use, c.protocol_version_id, c.period
    rows = uow.connection.execute(sa.select(*wanted).where(*mine).order_by(c.done_on.desc(), c.id.desc()).limit(SHOWN)).all()
    shown = [{"id": r.id, "title": card_title(uow, r.title), "flags": r.red_flags, "on": r.done_on, "used": r.in_use,
              "period": period_named(visit, uow, r.protocol_version_id, r.period)} for r in rows]  # fmt: skip
    return View("flags_tile.html", s=words, rows=shown)


@widget(label=words.open_incidents, permission=PUBLIC, order=14, live=[Incident])
def open_incidents(visit: Visit, uow: Uow) -> View | None:
    """Open incidents by reason, and those that have been open longest."""
    kind = uow.crm.kind(Incident)
    if not uow.may(kind.permission("read")):
        return None
    c, crm = Incident.__table__.c, uow.crm
    mine = c.archived_at.is_(None), c.id.in_(uow.visible(Incident)), c.closed_at.is_(None)
    rows = uow.connection.execute(sa.select(c.id, c.title, c.reason, c.pipeline, c.stage, c.opened_at).where(*mine).order_by(c.opened_at, c.id)).all()
    held = [r for r in rows if is_open(crm, r.pipeline, r.stage)]
    reasons = crm[FeedbackSettings].all_reasons
    counts: dict[str, int] = {}
    for row in held:
        counts[row.reason] = counts.get(row.reason, 0) + 1
    bars = [
        charts.Bar(reasons[n].text if n in reasons else n, count, href=f"{INCIDENTS}/board?pipeline={reasons[n].pipeline}" if n in reasons else "")
        for n, count in sorted(counts.items(), key=lambda pair: -pair[1])
    ]
    chart = charts.bars(bars, caption=words.by_reason, empty=words.nothing_open)
    return View("incidents_tile.html", s=words, chart=chart, rows=[{"id": r.id, "title": incident_title(uow, r.title), "at": r.opened_at}
                for r in held[:4]])  # fmt: skip
