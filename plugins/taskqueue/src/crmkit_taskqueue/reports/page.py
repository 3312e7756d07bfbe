"""Reports on work: what is closed at what pace, who loses how much time where, what waits."""

from __future__ import annotations

import datetime as dt

import attrs
from markupsafe import Markup

from crmkit import Text, Uow, _
from crmkit.ui import Menu, View, Visit, charts, dashboard, page, widget

from ..board.day import end_of_day
from ..deciding.why import span
from ..roles import REPORTS
from ..settings import TaskqueueSettings
from .asked import Ask
from .done import WorkRow, per_day, work
from .rests import breaks
from .switches import Shown, download, list_of, shown_of, switches
from .waits import patience, queue

TITLE = _("Reports on work", ru="Отчёты о работе")
NAME = "taskqueue"
CLOSED, PER_DAY = _("Closed", ru="Закрыто"), _("Closed by a manager in a day", ru="Закрыто менеджером за день")
AVERAGE, MEDIAN = _("Average time", ru="Среднее время"), _("Median time", ru="Медиана времени")
LOST, LEFT = _("Lost between tasks, a day", ru="Потеряно между задачами за день"), _("Could not be done", ru="Не смогли выполнить")
SILENT = _("Browser fell silent", ru="Браузер замолчал")
NOTHING = _("Nobody worked in this period", ru="За этот период никто не работал")
NO_EXITS = _("Everything could be done", ru="Всё удалось выполнить")
NO_BREAKS = _("No breaks", ru="Перерывов не было")
NOTHING_WAITS = _("Nothing is overdue", ru="Просроченных нет")
FACT, GOAL, PACE = _("Closed so far", ru="Закрыто нарастающим итогом"), _("Goal", ru="Цель"), _("Closing pace", ru="Темп закрытия")
OVERDUE, STARVING = _("Overdue now", ru="Просрочено сейчас"), _("Waiting over {time}", ru="Ждут дольше {time}")
HELD, ALL_CSV = _("With the supervisor", ru="У руководителя"), _("Download as CSV", ru="Скачать CSV")
TIMES, TIMES_OF = _("{n} closed", ru="закрыто {n}"), _("{n} times, {who} managers", ru="{n} раз, менеджеров: {who}")
COUNTED = _("{label}: {n}", ru="{label}: {n}")
MINUTES = charts.MINUTES
MOST, MOST_ROWS = 8, 100
HEADS: tuple[tuple[str, Text], ...] = (
    ("manager", _("Manager", ru="Менеджер")), ("closed", CLOSED), ("average", AVERAGE), ("median", MEDIAN), ("lost", _("Lost", ru="Потеряно")),
    ("breaks", _("Breaks", ru="Перерывы")), ("left", LEFT), ("expired", SILENT),
)  # fmt: skip


@page("/reports", label=TITLE, permission=REPORTS, menu=Menu(icon="chart-no-axes-combined", section="reports", order=20))
def reports(visit: Visit, uow: Uow) -> View:
    """The reports of a period as charts; each tile is fetched on its own."""
    made = dashboard(visit, uow, NAME, label=TITLE, icon="chart-no-axes-combined")
    return View("reports.html", **{**made.context, **switches(visit, uow)})


# ---- tiles ---------------------------------------------------------------------------------------------------------------
def _total(uow: Uow, ask: Ask) -> WorkRow:
    rows = work(uow, ask).rows
    return rows[0] if rows else WorkRow()


def _split(ask: Ask, *by: str) -> Ask:
    return attrs.evolve(ask, by=by)


@widget(label=_("Results", ru="Итоги"), permission=REPORTS, dashboard=NAME, span=3, order=10, lazy=True)
def results(visit: Visit, uow: Uow) -> Markup:
    """What was closed and how long it took, against the period before."""
    shown = shown_of(visit, uow)
    now, then = _total(uow, shown.ask), _total(uow, shown.before)
    (per, lost), (per_then, lost_then) = per_day(uow, shown.ask), per_day(uow, shown.before)
    goal = uow.crm[TaskqueueSettings].goal
    tiles = [
        charts.kpi(CLOSED, now.closed, before=then.closed, href=list_of(now.drill.get("closed")), level=3),
        charts.kpi(_goal(goal), None if per is None else round(per, 1), before=None if per_then is None else round(per_then, 1), level=3),
        charts.kpi(AVERAGE, now.average, before=then.average, unit=MINUTES, good="low", level=3),
        charts.kpi(MEDIAN, now.median, before=then.median, unit=MINUTES, good="low", level=3),
        charts.kpi(LOST, lost, before=lost_then, unit=MINUTES, good="low", level=3),
        charts.kpi(LEFT, now.left, before=then.left, good="low", level=3),
        charts.kpi(SILENT, now.expired, before=then.expired, good="low", level=3),
    ]
    return Markup('<div class="kpis">{}</div>').format(Markup("").join(tiles))


def _goal(goal: int) -> Text:
    return _("{what}, the goal is {goal}", ru="{what}, цель — {goal}").format(what=PER_DAY, goal=goal)


@widget(label=PACE, permission=REPORTS, dashboard=NAME, span=2, order=20, lazy=True)
def pace(visit: Visit, uow: Uow) -> Markup:
    """A day: how closed tasks add up by the hour, against the goal of those who work. Several days: closed by a manager in each."""
    shown = shown_of(visit, uow)
    goal = uow.crm[TaskqueueSettings].goal
    return _by_hour(uow, shown, goal) if shown.one_day else _by_day(uow, shown, goal)


def _by_hour(uow: Uow, shown: Shown, goal: int) -> Markup:
    rows = {row.by[0].value: row for row in work(uow, _split(shown.ask, "hour")).rows}
    people = _total(uow, shown.ask).managers
    if not rows:
        return charts.line([], [], caption=PACE, empty=NOTHING)
    zone, today = uow.crm.zone, shown.ask.until == uow.now.astimezone(uow.crm.zone).date()
    first, now = min(rows), uow.now.astimezone(zone).hour if today else max(rows)
    end = max(end_of_day(uow).astimezone(zone).hour if today else max(rows) + 1, now + 1)
    hours, closed = list(range(first, end)), 0
    sums: list[int | None] = [0]
    for hour in hours:
        closed += rows[hour].closed if hour in rows else 0
        sums.append(closed if hour <= now else None)
    size = max(1, len(hours))
    wanted = [round(goal * people * n / size) for n in range(len(hours) + 1)]  # from nothing, when the first of them began
    series = [charts.Series(FACT, sums, color="blue"), charts.Series(GOAL, wanted, color="gray")]
    return charts.line([f"{hour:02}:00" for hour in [*hours, end]], series, caption=PACE)


def _by_day(uow: Uow, shown: Shown, goal: int) -> Markup:
    rows = work(uow, _split(shown.ask, "day")).rows
    bars = [
        charts.Bar(
            f"{row.by[0].value:%d.%m}", round(row.closed / row.managers, 1), note=TIMES.format(n=row.closed), href=list_of(row.drill.get("closed")),
        )
        for row in rows
        if row.managers
    ]  # fmt: skip
    return charts.columns(bars, caption=PER_DAY, norm=goal, good="high", empty=NOTHING)


@widget(label=_("Waiting now", ru="Ждут сейчас"), permission=REPORTS, dashboard=NAME, order=30, lazy=True, live=["taskqueue.board"])
def waiting(visit: Visit, uow: Uow) -> View:
    """What is overdue now by kind, what waits too long, what was left with supervisors."""
    shown = shown_of(visit, uow)
    report = queue(uow, _split(shown.ask, "kind"))
    late = sorted((row for row in report.rows if row.overdue), key=lambda row: -row.overdue)
    bars = [charts.Bar(row.by[0].label, row.overdue, href=list_of(row.drill["overdue"])) for row in late]
    whole = queue(uow, shown.ask).rows
    links = []
    if whole:
        row = whole[0]
        starving = STARVING.format(time=span(int(patience(uow).total_seconds())))
        said = ((OVERDUE, row.overdue, "overdue", ""), (starving, row.starving, "starving", "amber"), (HELD, row.held, "held", ""))
        links = [(COUNTED.format(label=label, n=n), list_of(row.drill[name]), color) for label, n, name, color in said if n]
    return View("tile_links.html", chart=charts.bars(bars, caption=OVERDUE, empty=NOTHING_WAITS), links=links)


@widget(label=_("Managers", ru="Менеджеры"), permission=REPORTS, dashboard=NAME, span=3, order=40, lazy=True)
def managers(visit: Visit, uow: Uow) -> View:
    """Everybody's figures, those who closed least first."""
    shown = shown_of(visit, uow)
    report = work(uow, _split(shown.ask, "manager"))
    rested = {row.by[0].value: row.time for row in breaks(uow, _split(shown.ask, "manager")).rows}
    rows = sorted(report.rows, key=lambda row: (row.closed, str(row.by[0].label)))
    lines = [
        {
            "name": row.by[0].label, "key": row.by[0].value, "row": row, "href": list_of(row.drill.get("closed")),
            "breaks": rested.get(row.by[0].value),
            "own": visit.url("/taskqueue/reports", period=shown.period, manager=row.by[0].value, team=shown.ask.team, kind=shown.ask.kind),
        }
        for row in rows[:MOST_ROWS]
    ]  # fmt: skip
    write = Write(visit.language)
    more = len(rows) - len(lines)
    return View("managers_tile.html", heads=HEADS, rows=lines, write=write, empty=NOTHING, more=more, csv=download(visit, "work", shown, "manager"),
                csv_label=ALL_CSV, more_label=_("{n} more in the file", ru="ещё {n} — в файле").format(n=more))  # fmt: skip


class Write:
    """Writes times for a table."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, time: dt.timedelta | None) -> str:
        """Return a time in minutes, a dash for none."""
        return charts.write(time, MINUTES, self.language) if time else "—"


@widget(label=_("Teams", ru="Команды"), permission=REPORTS, dashboard=NAME, order=50, lazy=True)
def teams(visit: Visit, uow: Uow) -> Markup | None:
    """Closed by each team, for one manager of it on average."""
    shown = shown_of(visit, uow)
    rows = work(uow, _split(shown.ask, "team")).rows
    if len(rows) < 2:
        return None
    bars = [
        charts.Bar(row.by[0].label, round(row.closed / row.managers, 1), note=TIMES.format(n=row.closed),
                   href=visit.url("/taskqueue/reports", period=shown.period, team=row.by[0].value, kind=shown.ask.kind).removeprefix(visit.url("")))
        for row in sorted(rows, key=lambda row: -row.closed / max(1, row.managers)) if row.managers
    ]  # fmt: skip
    return charts.bars(bars[:MOST], caption=_("Closed by a manager", ru="Закрыто на менеджера"), empty=NOTHING)


@widget(label=_("Time of a task by kind", ru="Время задачи по видам"), permission=REPORTS, dashboard=NAME, span=2, order=60, lazy=True)
def kinds(visit: Visit, uow: Uow) -> Markup:
    """How long tasks of each kind take, against the minutes of the settings."""
    rows = work(uow, _split(shown_of(visit, uow).ask, "kind")).rows
    known = uow.crm[TaskqueueSettings].all_kinds
    lines = [
        charts.Step(
            label=row.by[0].label, fact=row.median, norm=dt.timedelta(minutes=known[row.by[0].value].minutes) if row.by[0].value in known else None,
            note=TIMES.format(n=row.closed), href=list_of(row.drill.get("closed")),
        )
        for row in sorted(rows, key=lambda row: -row.closed) if row.closed
    ]  # fmt: skip
    return charts.steps(lines, caption=MEDIAN, unit=MINUTES, empty=NOTHING)


@widget(label=_("Outcomes", ru="Результаты"), permission=REPORTS, dashboard=NAME, order=70, lazy=True)
def outcomes(visit: Visit, uow: Uow) -> Markup:
    """How closed tasks ended."""
    rows = work(uow, _split(shown_of(visit, uow).ask, "outcome")).rows
    found = sorted((row for row in rows if row.by[0].value is not None), key=lambda row: -row.closed)
    bars = [charts.Bar(row.by[0].label, row.closed, href=list_of(row.drill.get("closed"))) for row in found]
    return charts.bars(bars, caption=_("Outcomes", ru="Результаты"), share=True, empty=NOTHING)


@widget(label=LEFT, permission=REPORTS, dashboard=NAME, order=80, lazy=True)
def exits(visit: Visit, uow: Uow) -> Markup:
    """Why tasks could not be done."""
    rows = work(uow, _split(shown_of(visit, uow).ask, "reason")).rows
    bars = [charts.Bar(row.by[0].label, row.left, color="amber") for row in sorted(rows, key=lambda row: -row.left) if row.left]
    return charts.bars(bars, caption=LEFT, share=True, empty=NO_EXITS)


@widget(label=_("Breaks", ru="Перерывы"), permission=REPORTS, dashboard=NAME, order=90, lazy=True)
def rests(visit: Visit, uow: Uow) -> Markup:
    """How long breaks were, by reason."""
    rows = sorted(breaks(uow, _split(shown_of(visit, uow).ask, "reason")).rows, key=lambda row: -row.time)
    bars = [charts.Bar(row.by[0].label, row.time, note=TIMES_OF.format(n=row.breaks, who=row.managers), color="violet") for row in rows]
    return charts.bars(bars, caption=_("Time on breaks", ru="Время перерывов"), unit=MINUTES, share=True, empty=NO_BREAKS)

