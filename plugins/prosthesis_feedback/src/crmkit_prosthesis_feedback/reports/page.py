"""Reports on feedback as charts: who answers, who uses the device, how long incidents take, red flags, devices with complaints."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Mapping
from urllib.parse import urlencode

import attrs
import sqlalchemy as sa
from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from crmkit import Text, Uow, _
from crmkit.ui import Menu, View, Visit, charts, dashboard, page, widget

from ..days import today
from ..entities import Device, Group, Protocol
from ..roles import MEDICAL, REPORTS
from .asked import Ask
from .complaints import devices
from .flags import red_flags
from .resolving import IncidentRow, incidents
from .responding import ResponseRow, response
from .sql import reach
from .using import UseRow, use

TITLE = _("Feedback reports", ru="Отчёты по обратной связи")
NAME = "prosthesis_feedback"
MONTHS: Mapping[str, tuple[int, Text]] = {
    "3": (3, _("3 months", ru="3 месяца")), "12": (12, _("12 months", ru="12 месяцев")), "24": (24, _("24 months", ru="24 месяца")),
}  # fmt: skip
WORDS: Mapping[str, Text] = {
    "period": _("Period", ru="Период"), "group": _("Group", ru="Группа"), "everybody": _("Adults and children", ru="Взрослые и дети"),
    "protocol": _("Protocol", ru="Протокол"), "protocols": _("All protocols", ru="Все протоколы"), "model": _("Model", ru="Модель"),
    "models": _("All models", ru="Все модели"), "files": _("Download", ru="Скачать"), "recall": _("Recall list", ru="Список для отзыва"),
    "batch": _("Batch", ru="Партия"), "devices": _("Handed over", ru="Выдано"), "complaints": _("Complaints", ru="Жалоб"),
    "rate": _("Complaint rate", ru="Доля с жалобами"), "worn": _("In use", ru="Используется"),
}  # fmt: skip
RATE, USERS = _("Response rate", ru="Доля ответивших"), _("Use their device", ru="Пользуются протезом")
COLLECTED, OVERDUE = _("Collected", ru="Собрано"), _("Overdue", ru="Просрочено")
OPEN, MEDIAN = _("Open incidents", ru="Открытых инцидентов"), _("Median time to resolve", ru="Медиана времени решения")
OF_DUE, TIMES = _("{done} of {due}", ru="{done} из {due}"), _("{n} solved", ru="решено: {n}")
OF_ANSWERS, OF_PEOPLE = _("{n} answers", ru="ответов: {n}"), _("{n} people", ru="человек: {n}")
NOTHING_DUE = _("Nothing came due in this period", ru="За этот период опрашивать было некого")
NOTHING_TOLD = _("Nobody was asked", ru="Никого не спрашивали")
ALL_USE = _("Everybody asked uses their device", ru="Все опрошенные пользуются протезом")
NO_INCIDENTS, NO_FLAGS = _("No incidents", ru="Инцидентов не было"), _("No red flags", ru="Тревожных ответов не было")
NO_DEVICES, NO_REASON = _("No devices", ru="Изделий нет"), _("No incident was opened", ru="Инцидент не открыт")
MOST, MOST_ROWS = 8, 60


@attrs.frozen
class Shown:
    """What the page shows: months, whose, and the months before."""

    months: str
    ask: Ask
    before: Ask


def shown_of(visit: Visit, uow: Uow) -> Shown:
    """Return what the address asks for; what it does not say, or says wrongly, is as usual."""
    given = visit.query
    months = given.get("months", "12") if given.get("months", "12") in MONTHS else "12"
    until = today(uow)
    since = until + relativedelta(months=-MONTHS[months][0], days=1)
    group, protocol = given.get("group", ""), given.get("protocol", "")
    ask = Ask(
        since=since, until=until, group=Group(group) if group in {g.value for g in Group} else None,
        protocol=int(protocol) if protocol.isascii() and protocol.isdecimal() and len(protocol) < 19 else None,
        model=given.get("model", "").replace("\x00", "")[:120] or None,
    )  # fmt: skip
    return Shown(months, ask, attrs.evolve(ask, since=since + relativedelta(months=-MONTHS[months][0]), until=since - dt.timedelta(days=1)))


@page("/reports", label=TITLE, permission=REPORTS, menu=Menu(icon="chart-no-axes-combined", section="reports", order=30))
def reports(visit: Visit, uow: Uow) -> View:
    """The reports of some months as charts; each tile is fetched on its own."""
    made, shown = dashboard(visit, uow, NAME, label=TITLE, icon="chart-no-axes-combined"), shown_of(visit, uow)
    p, d = Protocol.__table__.c, Device.__table__.c
    known = sa.select(d.model).where(d.archived_at.is_(None), *reach(uow, d.service_id)).distinct().order_by(d.model).limit(500)
    models = list(uow.connection.execute(known).scalars())
    protocols = uow.connection.execute(sa.select(p.id, p.title).where(p.archived_at.is_(None)).order_by(p.title)).all()
    ask = shown.ask
    query = {"group": ask.group and ask.group.value, "protocol": ask.protocol, "model": ask.model}
    periods = [(name, label, visit.url("/prosthesis_feedback/reports", months=name, **query)) for name, (_n, label) in MONTHS.items()]
    return View(
        "reports.html", **{**made.context, "months": shown.months}, a=WORDS, groups=list(Group), protocols=protocols, models=models,
        ask=ask, periods=periods,
    )  # fmt: skip


def by(ask: Ask, *names: str) -> Ask:
    """Return the same question, split."""
    return attrs.evolve(ask, by=names)


def files(visit: Visit, report: str, ask: Ask, *names: str) -> list[tuple[str, str]]:
    """Return the addresses of a report as files."""
    asked: dict[str, t.Any] = {
        "from": ask.since, "to": ask.until, "by": ",".join(names) or None, "group": ask.group and ask.group.value, "protocol": ask.protocol,
        "model": ask.model, "batch": ask.batch, "serial": ask.serial,
    }  # fmt: skip
    query = {name: value for name, value in asked.items() if value is not None}
    return [(form, visit.url(f"/x/prosthesis_feedback/reports/{report}?{urlencode({**query, 'format': form})}")) for form in ("xlsx", "csv")]


def tile(visit: Visit, chart: Markup, report: str, ask: Ask, *names: str) -> View:
    """Return a chart with its files below."""
    return View("reports_tile.html", chart=chart, files=files(visit, report, ask, *names), a=WORDS)


def list_of(kind: str, tree: Mapping[str, t.Any] | None) -> str | None:
    """Return the address of the list behind a figure."""
    if not tree:
        return None
    return f"/prosthesis_feedback/{kind}?" + urlencode({"filter": json.dumps(tree, ensure_ascii=False, separators=(",", ":"))})


def days(number: float | None) -> dt.timedelta | None:
    """Return a number of days as a duration."""
    return None if number is None else dt.timedelta(days=number)


@widget(label=_("Results", ru="Итоги"), permission=REPORTS, dashboard=NAME, span=3, order=10, lazy=True)
def results(visit: Visit, uow: Uow) -> Markup:
    """Who answered, who uses the device, and how long incidents took, against the months before."""
    shown = shown_of(visit, uow)
    answered, answered_then = ((response(uow, ask).rows or [ResponseRow()])[0] for ask in (shown.ask, shown.before))
    used, used_then = ((use(uow, ask).rows or [UseRow()])[0] for ask in (shown.ask, shown.before))
    solved, solved_then = ((incidents(uow, ask).rows or [IncidentRow()])[0] for ask in (shown.ask, shown.before))
    kpi = charts.kpi
    tiles = [
        kpi(RATE, answered.rate, before=answered_then.rate, unit=charts.PERCENT, level=3),
        kpi(COLLECTED, answered.done, before=answered_then.done, level=3),
        kpi(OVERDUE, answered.overdue, before=answered_then.overdue, good="low", level=3),
        kpi(USERS, used.rate, before=used_then.rate, unit=charts.PERCENT, level=3),
        kpi(OPEN, solved.still_open, good="low", level=3),
        kpi(MEDIAN, days(solved.median), before=days(solved_then.median), unit=charts.DAYS, good="low", level=3),
    ]
    return Markup('<div class="kpis">{}</div>').format(Markup("").join(tiles))


@widget(label=_("Response rate by period", ru="Доля ответивших по периодам"), permission=REPORTS, dashboard=NAME, order=20, lazy=True)
def responses(visit: Visit, uow: Uow) -> View:
    """How much of each period was collected."""
    ask = shown_of(visit, uow).ask
    bars = [
        charts.Bar(row.by[0].label, row.rate, note=OF_DUE.format(done=row.done, due=row.due), href=list_of("feedback", row.drill.get("done")))
        for row in response(uow, by(ask, "period")).rows if row.due
    ]  # fmt: skip
    return tile(visit, charts.bars(bars, caption=RATE, unit=charts.PERCENT, empty=NOTHING_DUE), "response", ask, "protocol", "period")


@widget(label=_("Response rate by month", ru="Доля ответивших по месяцам"), permission=REPORTS, dashboard=NAME, order=40, lazy=True)
def response_months(visit: Visit, uow: Uow) -> View:
    """How the response rate went."""
    ask = shown_of(visit, uow).ask
    rows = [row for row in response(uow, by(ask, "month")).rows if row.due]
    drawn = charts.line([row.by[0].label for row in rows], [charts.Series(RATE, [row.rate for row in rows])], caption=RATE, unit=charts.PERCENT,
                        empty=NOTHING_DUE)  # fmt: skip
    return tile(visit, drawn, "response", ask, "month")


@widget(label=_("Users by period", ru="Пользуются протезом, по периодам"), permission=REPORTS, dashboard=NAME, order=30, lazy=True)
def uses(visit: Visit, uow: Uow) -> View:
    """How many still use their device in each period."""
    ask = shown_of(visit, uow).ask
    bars = [
        charts.Bar(row.by[0].label, row.rate, note=OF_DUE.format(done=row.used, due=row.told), color="green")
        for row in use(uow, by(ask, "period")).rows
    ]
    return tile(visit, charts.bars(bars, caption=USERS, unit=charts.PERCENT, empty=NOTHING_TOLD), "use", ask, "period", "model")


@widget(label=_("Why devices are not used", ru="Почему не пользуются"), permission=REPORTS, dashboard=NAME, order=50, lazy=True)
def reasons(visit: Visit, uow: Uow) -> View:
    """The reasons of those who do not use their device."""
    ask = shown_of(visit, uow).ask
    rows = sorted(use(uow, by(ask, "reason")).rows, key=lambda row: -row.unused)
    bars = [
        charts.Bar(NO_REASON if row.by[0].value is None else row.by[0].label, row.unused, note=OF_PEOPLE.format(n=row.people), color="amber")
        for row in rows
    ]
    return tile(visit, charts.bars(bars, caption=_("Not used", ru="Не пользуются"), share=True, empty=ALL_USE), "use", ask, "reason", "model")


@widget(label=_("Time to resolve", ru="Время решения"), permission=REPORTS, dashboard=NAME, order=60, lazy=True)
def resolving(visit: Visit, uow: Uow) -> View:
    """How long incidents take, by reason."""
    ask = shown_of(visit, uow).ask
    bars = [
        charts.Bar(row.by[0].label, days(row.median), note=TIMES.format(n=row.solved), href=list_of("incident", row.drill.get("still_open")))
        for row in incidents(uow, by(ask, "reason")).rows if row.opened
    ]  # fmt: skip
    drawn = charts.bars(bars, caption=MEDIAN, unit=charts.DAYS, empty=NO_INCIDENTS)
    return tile(visit, drawn, "incidents", ask, "reason", "urgency")


@widget(label=_("Red flags", ru="Тревожные ответы"), permission=MEDICAL, dashboard=NAME, order=70, lazy=True)
def flags(visit: Visit, uow: Uow) -> View | None:
    """The questions with most red flags, for those who may see medical answers."""
    if not uow.may(REPORTS):
        return None
    ask = shown_of(visit, uow).ask
    rows = sorted((row for row in red_flags(uow, by(ask, "question")).rows if row.flags), key=lambda row: -row.flags)
    bars = [charts.Bar(row.by[0].label, row.flags, note=OF_ANSWERS.format(n=row.answers), color="red") for row in rows[:MOST]]
    drawn = charts.bars(bars, caption=_("Red flags", ru="Тревожные ответы"), empty=NO_FLAGS)
    return tile(visit, drawn, "red_flags", ask, "question", "period")


@widget(label=_("Devices by model and batch", ru="Изделия по моделям и партиям"), permission=REPORTS, dashboard=NAME, span=3, order=80, lazy=True)
def complaints(visit: Visit, uow: Uow) -> View:
    """Devices with their complaint rate, the worst first; each leads to its recall list."""
    ask = attrs.evolve(shown_of(visit, uow).ask, since=None, until=None)
    report = devices(uow, by(ask, "model", "batch"))
    rows = sorted(report.rows, key=lambda row: (-(row.rate or 0), -row.devices))
    lines = [
        {"row": row, "rate": charts.write(row.rate, charts.PERCENT, visit.language),
         "recall": visit.url("/prosthesis_feedback/recall", model=row.by[0].value, batch=row.by[1].value)}
        for row in rows[:MOST_ROWS]
    ]  # fmt: skip
    return View("devices_tile.html", rows=lines, notes=report.notes, a=WORDS, empty=NO_DEVICES, files=files(visit, "devices", ask, "model", "batch"))
