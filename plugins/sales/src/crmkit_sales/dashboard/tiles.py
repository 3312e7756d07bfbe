"""The tiles of the sales dashboard."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t

import attrs
from markupsafe import Markup

from crmkit import Invalid, Uow, _
from crmkit.ui import View, Visit, charts, widget

from ..entities import Deal, Inquiry
from ..reports import Ask, OutcomeRow, Report, first_response, funnel, time_in_stage, won_lost
from ..reports.frame import READ
from .asked import Asked, asked_for, asked_of, drilled

WON, AMOUNT, RATE = _("Won", ru="Выиграно"), _("Won amount", ru="Сумма выигранных"), _("Share won", ru="Доля выигранных")
LOST, AVERAGE = _("Lost", ru="Потеряно"), _("Average amount", ru="Средний чек")
OF = _("{won} of {closed} won", ru="выиграно {won} из {closed}")
NOT_SAID, OTHERS = _("Not said", ru="Не указано"), _("Others", ru="Остальные")
NOBODYS = {
    "source": _("Source not known", ru="Источник не указан"), "dealer": _("Without a dealer", ru="Без дилера"),
    "owner": _("Nobody's", ru="Без ответственного"),
}  # fmt: skip
NOTHING_CLOSED = _("Nothing was won or lost in this period", ru="За этот период ничего не выиграно и не потеряно")
NOTHING_CAME = _("Nothing was created in this period", ru="За этот период ничего не создано")
NO_STAYS = _("Nothing left a stage in this period", ru="За этот период ни одна запись не покидала стадию")
NO_INQUIRIES = _("No inquiries were received in this period", ru="За этот период обращений не было")
NO_LOSSES = _("Nothing was lost in this period", ru="За этот период ничего не потеряно")
NOW_THERE = _("there now: {now}", ru="сейчас там: {now}")
TO_DASHBOARD = _("Sales dashboard", ru="Панель продаж")
MOST = 7


def _total(uow: Uow, ask: Ask) -> tuple[Report[OutcomeRow], OutcomeRow]:
    report = won_lost(uow, ask)
    return report, report.rows[0] if report.rows else OutcomeRow(won=0, lost=0, rate=None)


@widget(label=_("Results", ru="Итоги"), permission=READ, dashboard="sales", span=3, order=10, lazy=True)
def results(visit: Visit, uow: Uow) -> Markup:
    """What was won and lost, against the period before; the small lines are the last twelve months."""
    return figures(uow, asked_of(visit, uow))


@widget(label=_("Sales of the last 30 days", ru="Продажи за 30 дней"), permission=READ, span=3, order=40, lazy=True)
def lately(visit: Visit, uow: Uow) -> View | None:
    """The same for the first page: deals of the last thirty days."""
    if not uow.may(uow.crm.kind(Deal).permission("read")):
        return None
    return View("tile.html", chart=figures(uow, asked_for(uow, "month")), links=[(TO_DASHBOARD, "/sales/dashboard?period=month", "")])


def figures(uow: Uow, asked: Asked) -> Markup:
    """Return how many were won and lost and for how much, against the period before."""
    (report, now), (_before, then) = _total(uow, asked.ask), _total(uow, asked.before)
    months = {row.by[0].value: row for row in won_lost(uow, Ask(pipeline=asked.pipeline.name, by=("month",))).rows}
    recent = [months[m] for m in sorted(months) if m is not None]
    tiles = [
        charts.kpi(WON, now.won, before=then.won, spark=[r.won for r in recent], href=drilled(report, now, "won"), level=3),
        charts.kpi(LOST, now.lost, before=then.lost, good="low", href=drilled(report, now, "lost"), level=3),
        charts.kpi(RATE, now.rate, unit=charts.PERCENT, before=then.rate, spark=[r.rate for r in recent], level=3),
    ]
    if "won_amount" not in report.without:
        amount, earlier = now.won_amount or decimal.Decimal(0), then.won_amount or decimal.Decimal(0)
        tiles.insert(1, charts.kpi(AMOUNT, amount, before=earlier, spark=[r.won_amount for r in recent], href=drilled(report, now, "won"), level=3))
        tiles.append(charts.kpi(AVERAGE, _mean(amount, now.won), before=_mean(earlier, then.won), level=3))
    return Markup('<div class="kpis">{}</div>').format(Markup("").join(tiles))


def _mean(amount: decimal.Decimal, count: int) -> decimal.Decimal | None:
    return round(amount / count) if count else None  # type: ignore[return-value]


@widget(label=_("Funnel and conversion", ru="Воронка и конверсия"), permission=READ, dashboard="sales", span=2, order=20, lazy=True)
def conversion(visit: Visit, uow: Uow) -> Markup:
    """How many of those created in the period reached each stage, and where the others were lost."""
    report = funnel(uow, asked_of(visit, uow).ask)
    levels = [
        charts.Level(
            row.label, row.reached, lost=row.lost if row.outcome == "open" else None, href=drilled(report, row, "reached"),
            lost_href=drilled(report, row, "lost") if row.lost else None,
        )
        for row in report.rows
    ]  # fmt: skip
    return charts.funnel(levels, caption=_("Funnel", ru="Воронка"), empty=NOTHING_CAME)


@widget(label=_("Why it was lost", ru="Почему отказывают"), permission=READ, dashboard="sales", order=30, lazy=True)
def losses(visit: Visit, uow: Uow) -> Markup | None:
    """Reasons of what was lost in the period."""
    report = _split(uow, asked_of(visit, uow), "lost_reason")
    if report is None:
        return None
    rows = sorted((r for r in report.rows if r.lost), key=lambda r: -r.lost)
    parts = [charts.Bar(r.by[0].label or NOT_SAID, r.lost, href=drilled(report, r, "lost")) for r in rows]
    return charts.donut(parts, caption=_("Reasons of loss", ru="Причины отказа"), empty=NO_LOSSES)


@widget(label=_("Time in stage", ru="Время на стадиях"), permission=READ, dashboard="sales", span=2, order=40, lazy=True)
def stays(visit: Visit, uow: Uow) -> Markup:
    """How long records stay in each stage (half of them no longer), against what the pipeline finds too long."""
    asked = asked_of(visit, uow)
    report = time_in_stage(uow, asked.ask)
    stages = asked.pipeline.stages
    rows = [r for r in report.rows if stages[r.stage].outcome.name == "OPEN"]
    unit = charts.time_unit([*[r.median for r in rows], *[stages[r.stage].rots_after for r in rows]])
    steps = [
        charts.Step(
            label=r.label, fact=r.median, norm=stages[r.stage].rots_after, note=NOW_THERE.format(now=r.now), href=drilled(report, r, "records"),
        )
        for r in rows
    ]  # fmt: skip
    return charts.steps(steps, caption=_("Time in stage, median", ru="Время на стадиях, медиана"), unit=unit, empty=NO_STAYS)


@widget(label=_("Won and lost by month", ru="Выиграно и потеряно по месяцам"), permission=READ, dashboard="sales", span=3, order=35, lazy=True)
def months(visit: Visit, uow: Uow) -> Markup:
    """What was won and lost in the last twelve months."""
    report = won_lost(uow, Ask(pipeline=asked_of(visit, uow).pipeline.name, by=("month",)))
    rows = sorted((r for r in report.rows if r.by[0].value is not None), key=lambda r: str(r.by[0].value))
    names = [charts.month_name(dt.date.fromisoformat(f"{r.by[0].value}-01")) for r in rows]
    won = charts.Series(WON, [r.won for r in rows], color="green", hrefs=[drilled(report, r, "won") for r in rows])
    lost = charts.Series(LOST, [r.lost for r in rows], color="gray", hrefs=[drilled(report, r, "lost") for r in rows])
    caption = _("Won and lost by month", ru="Выиграно и потеряно по месяцам")
    return charts.grouped(names, [won, lost], caption=caption, empty=NOTHING_CLOSED)


@widget(label=_("By source", ru="По источникам"), permission=READ, dashboard="sales", order=60, lazy=True)
def by_source(visit: Visit, uow: Uow) -> Markup | None:
    """What was won by where clients came from."""
    return _bars(uow, asked_of(visit, uow), "source", _("Won by source", ru="Выиграно по источникам"))


@widget(label=_("By dealer", ru="По дилерам"), permission=READ, dashboard="sales", order=70, lazy=True)
def by_dealer(visit: Visit, uow: Uow) -> Markup | None:
    """What was won by dealer."""
    return _bars(uow, asked_of(visit, uow), "dealer", _("Won by dealer", ru="Выиграно по дилерам"))


@widget(label=_("By manager", ru="По менеджерам"), permission=READ, dashboard="sales", order=80, lazy=True)
def by_manager(visit: Visit, uow: Uow) -> Markup | None:
    """What was won by whose it is."""
    return _bars(uow, asked_of(visit, uow), "owner", _("Won by manager", ru="Выиграно по менеджерам"))


@widget(label=_("First answer to inquiries", ru="Первый ответ на обращения"), permission=READ, dashboard="sales", order=45, lazy=True)
def answers(visit: Visit, uow: Uow) -> Markup | None:
    """How inquiries of the period were answered."""
    if not uow.may(uow.crm.kind(Inquiry).permission("read")):
        return None
    report = first_response(uow, attrs.evolve(asked_of(visit, uow).ask, pipeline=None))
    colors = {"in_time": "green", "late": "amber", "missed": "red", "waiting": "blue", "aside": "gray"}
    parts = [
        charts.Bar(attrs.fields_dict(report.of)[name].metadata["label"], count, color=color, href=drilled(report, row, name))
        for row in report.rows[:1]
        for name, color in colors.items()
        if (count := getattr(row, name))
    ]
    return charts.donut(parts, caption=_("First answer", ru="Первый ответ"), empty=NO_INQUIRIES)


# ---- by something ----------------------------------------------------------------------------------------------------
def _split(uow: Uow, asked: Asked, name: str) -> Report[OutcomeRow] | None:
    try:
        return won_lost(uow, attrs.evolve(asked.ask, by=(name,)))
    except Invalid:  # these records have no such field, or the visitor does not see it
        return None


def _bars(uow: Uow, asked: Asked, name: str, caption: str) -> Markup | None:
    report = _split(uow, asked, name)
    if report is None:
        return None
    counts = "won_amount" in report.without
    rows = sorted(report.rows, key=lambda r: (-(r.won if counts else r.won_amount or 0), -r.won, -r.lost))
    names = _people(uow, rows) if name == "owner" else {}
    bars = [
        charts.Bar(
            names.get(t.cast(int, r.by[0].value)) or r.by[0].label or NOBODYS.get(name, NOT_SAID), r.won if counts else r.won_amount,
            note=OF.format(won=r.won, closed=r.won + r.lost), href=drilled(report, r, "won"),
        )
        for r in rows[:MOST]
    ]  # fmt: skip
    if rest := rows[MOST:]:
        value = sum(r.won for r in rest) if counts else sum((r.won_amount or decimal.Decimal(0) for r in rest), decimal.Decimal(0))
        won = sum(r.won for r in rest)
        bars.append(charts.Bar(OTHERS, value, note=OF.format(won=won, closed=won + sum(r.lost for r in rest)), color="gray"))
    return charts.bars(bars, caption=caption, share=True, empty=NOTHING_CLOSED)


def _people(uow: Uow, rows: t.Sequence[OutcomeRow]) -> t.Mapping[int, str]:
    """Return the names of people nobody gives leads to: accounts knows them."""
    unnamed = [t.cast(int, r.by[0].value) for r in rows if r.by[0].value is not None and r.by[0].label == str(r.by[0].value)]
    if not unnamed or "crm_names" not in uow.crm.hooked:
        return {}
    return uow.crm.hook.crm_names(crm=uow.crm, of="person", ids=unnamed) or {}
