"""The page of the reports on calls: a period, whose calls, and the figures as charts."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import typing as t
from urllib.parse import urlencode

import attrs
from markupsafe import Markup

from crmkit import Invalid, Problem, Text, Uow, _, route
from crmkit.ui import Menu, View, Visit, charts, dashboard, page, widget

from ..roles import REPORTS
from ..screen.mine import people_of
from .figures import BY, DAY, Ask, CallRow, calls, span_of, teams, tries

NAME = "telephony"
TITLE = _("Reports on calls", ru="Отчёты о звонках")
PERIODS: dict[str, tuple[int, int, Text]] = {
    "today": (0, 1, _("Today", ru="Сегодня")), "yesterday": (1, 1, _("Yesterday", ru="Вчера")), "week": (0, 7, _("7 days", ru="7 дней")),
    "month": (0, 30, _("30 days", ru="30 дней")),
}  # fmt: skip
WORDS: dict[str, Text] = {
    "period": _("Period", ru="Период"), "manager": _("Colleague", ru="Сотрудник"), "everybody": _("Everybody", ru="Все сотрудники"),
    "clear": _("Everybody", ru="Все сотрудники"), "team": _("Team", ru="Команда"), "every_team": _("All teams", ru="Все команды"),
}  # fmt: skip
COLUMNS: tuple[tuple[str, Text], ...] = (
    ("incoming", _("Incoming", ru="Входящие")), ("answered", _("Answered", ru="Принято")), ("missed", _("Missed", ru="Пропущено")),
    ("average_wait", _("Waited, average", ru="Ждали ответа")), ("outgoing", _("Outgoing", ru="Исходящие")),
    ("reached", _("Reached", ru="Дозвонились")), ("talk", _("Talked", ru="В разговорах")),
    ("average_talk", _("Average talk", ru="Средний разговор")), ("average_wrap", _("Wrap-up", ru="Постобработка")),
)  # fmt: skip
SAID = dict(COLUMNS)
NOTHING = _("No calls in this period", ru="За этот период звонков не было")
MISSED_NOTE, MINUTES = _("missed: {n}", ru="пропущено: {n}"), charts.MINUTES
SECONDS = charts.Unit(name=_("s", ru="с"), digits=0)
MOST = 8


@attrs.frozen
class Shown:
    """What the page shows: a period, the one before it, and whose calls."""

    period: str
    ask: Ask
    before: Ask

    def by(self, name: str) -> Ask:
        """Return what is asked for one split."""
        return attrs.evolve(self.ask, by=name)


def shown_of(visit: Visit, uow: Uow) -> Shown:
    """Return what the address asks for; what it does not say, or says wrongly, is as usual."""
    period = visit.query.get("period", "week")
    period = period if period in PERIODS else "week"
    ago, days, _label = PERIODS[period]
    until = uow.now.astimezone(uow.crm.zone).date() - ago * DAY
    ask = Ask(since=until - (days - 1) * DAY, until=until, manager=_key(visit.query.get("manager", "")), team=_key(visit.query.get("team", "")))
    return Shown(period, ask, attrs.evolve(ask, since=until - (2 * days - 1) * DAY, until=until - days * DAY))


def report_of(visit: Visit, uow: Uow) -> Ask:
    """Return what the page of reports is asked for, for tiles that other plugins put there (``dashboard="telephony"``)."""
    return shown_of(visit, uow).ask


def _key(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


@page("/reports", label=TITLE, permission=REPORTS, menu=Menu(icon="phone-call", section="reports", order=30))
def call_reports(visit: Visit, uow: Uow) -> View:
    """The reports of a period as charts; each tile is fetched on its own."""
    shown, made = shown_of(visit, uow), dashboard(visit, uow, NAME, label=TITLE, icon="phone-call")
    manager = shown.ask.manager
    name = people_of(uow, [manager]).get(manager, "") if manager is not None and _sees(uow, shown) else ""
    team, known = shown.ask.team, _teams(uow, shown)
    kept = {"manager": manager, "team": team}
    periods = [(key, label, visit.url("/telephony/reports", period=key, **kept)) for key, (_a, _d, label) in PERIODS.items()]
    chosen = {"period": shown.period, "periods": periods, "manager": manager, "name": name, "team": team, "teams": known}
    return View("reports.html", **{**made.context, "a": WORDS, **chosen})


def _teams(uow: Uow, shown: Shown) -> list[tuple[int, str]]:
    """Return the teams one may choose among; nothing to choose where one sees but one."""
    ids = teams(uow, shown.ask)
    if len(ids) < 2 and shown.ask.team is None:
        return []
    names = (uow.crm.hook.crm_names(crm=uow.crm, of="team", ids=ids) or {}) if "crm_names" in uow.crm.hooked else {}
    return sorted(((key, names.get(key) or f"№ {key}") for key in ids), key=lambda one: one[1].casefold())


def _sees(uow: Uow, shown: Shown) -> bool:
    """A number in an address does not tell whose it is: whoever has no calls one may see stays a number."""
    return any(row.key == shown.ask.manager for row in calls(uow, shown.by("manager")))


def _total(uow: Uow, ask: Ask) -> CallRow:
    rows = calls(uow, ask)
    return rows[0] if rows else CallRow()


def list_of(uow: Uow, ask: Ask, **more: t.Any) -> str:
    """Return the address of the list of calls behind a figure."""
    _since, _until, start, end = span_of(uow, ask)
    tree: dict[str, t.Any] = {"began_at": {"gte": _iso(start), "lt": _iso(end)}, "state": "ended", **more}
    if ask.manager is not None:
        tree["owner_id"] = ask.manager
    if ask.team is not None:
        tree["team_id"] = ask.team
    return "/telephony/call?" + urlencode({"filter": json.dumps(tree, separators=(",", ":"))})


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()[:-6] + "Z"


# ---- tiles ---------------------------------------------------------------------------------------------------------------
@widget(label=_("Results", ru="Итоги"), permission=REPORTS, dashboard=NAME, span=3, order=10, lazy=True)
def call_results(visit: Visit, uow: Uow) -> Markup:
    """How many were answered, missed and reached, and how long it took, against the period before."""
    shown = shown_of(visit, uow)
    now, then, ask = _total(uow, shown.ask), _total(uow, shown.before), shown.ask
    took = tries(uow, ask).average
    tiles = [
        charts.kpi(SAID["incoming"], now.incoming, before=then.incoming, good=None, href=list_of(uow, ask, direction="in"), level=3),
        charts.kpi(SAID["answered"], now.answered, before=then.answered, href=list_of(uow, ask, direction="in", outcome="answered"), level=3),
        charts.kpi(SAID["missed"], now.missed, before=then.missed, good="low",
                   href=list_of(uow, ask, direction="in", outcome={"not_in": ["answered"]}) if now.missed else None, level=3),
        charts.kpi(SAID["average_wait"], now.average_wait, before=then.average_wait, unit=SECONDS, good="low", level=3),
        charts.kpi(SAID["outgoing"], now.outgoing, before=then.outgoing, good=None, href=list_of(uow, ask, direction="out"), level=3),
        charts.kpi(SAID["reached"], now.reached, before=then.reached, href=list_of(uow, ask, direction="out", outcome="answered"), level=3),
        charts.kpi(_("Calls to reach a client", ru="Попыток до ответа"), None if took is None else round(took, 1), good="low", level=3),
        charts.kpi(SAID["average_talk"], now.average_talk, before=then.average_talk, unit=MINUTES, good=None, level=3),
        charts.kpi(SAID["average_wrap"], now.average_wrap, before=then.average_wrap, unit=SECONDS, good="low", level=3),
    ]  # fmt: skip
    return Markup('<div class="kpis">{}</div>').format(Markup("").join(tiles))


@widget(label=_("By the hour", ru="По часам"), permission=REPORTS, dashboard=NAME, span=2, order=20, lazy=True)
def by_hour(visit: Visit, uow: Uow) -> Markup:
    """When clients call and are called, in the CRM's own time."""
    rows = {row.key: row for row in calls(uow, shown_of(visit, uow).by("hour"))}
    if not rows:
        return charts.stacked([], [], caption=NOTHING, empty=NOTHING)
    hours = range(min(rows), max(rows) + 1)
    found = [rows.get(hour) or CallRow() for hour in hours]
    series = [
        charts.Series(SAID["answered"], [row.answered for row in found], color="green"),
        charts.Series(SAID["missed"], [row.missed for row in found], color="red"),
        charts.Series(SAID["outgoing"], [row.outgoing for row in found], color="blue"),
    ]
    return charts.stacked([f"{hour:02}" for hour in hours], series, caption=_("Calls by the hour", ru="Звонки по часам"), empty=NOTHING)


@widget(label=_("Attempts to reach", ru="Попытки дозвона"), permission=REPORTS, dashboard=NAME, order=30, lazy=True)
def attempts(visit: Visit, uow: Uow) -> Markup:
    """How many calls it took until clients answered, and how many never did."""
    found = tries(uow, shown_of(visit, uow).ask)
    more = sum(count for n, count in found.reached.items() if n > 4)
    bars = [charts.Bar(TRY.format(n=n), found.reached[n], color="green") for n in sorted(found.reached) if n <= 4]
    bars += [charts.Bar(MORE_TRIES, more, color="green")] if more else []
    bars += [charts.Bar(UNREACHED, found.unreached, color="amber")] if found.unreached else []
    return charts.bars(bars, caption=_("Clients", ru="Клиентов"), share=True, empty=NO_OUT)


TRY, MORE_TRIES = _("Call {n}", ru="С попытки {n}"), _("Call 5 and later", ru="С попытки 5 и позже")
UNREACHED, NO_OUT = _("Not reached", ru="Не дозвонились"), _("Nobody was called", ru="Исходящих звонков не было")


@widget(label=_("Colleagues", ru="Сотрудники"), permission=REPORTS, dashboard=NAME, span=3, order=40, lazy=True)
def by_colleague(visit: Visit, uow: Uow) -> View:
    """Everybody's figures, those with the most calls first."""
    shown = shown_of(visit, uow)
    rows = sorted(calls(uow, shown.by("manager")), key=lambda row: (-(row.incoming + row.outgoing), str(row.label)))
    kept = {"period": shown.period, "team": shown.ask.team}
    links = {row.key: visit.url("/telephony/reports", manager=row.key, **kept) for row in rows if row.key is not None}
    return View("figures_tile.html", heads=COLUMNS, rows=rows, first=WORDS["manager"], links=links, write=written(visit), empty=NOTHING, people=True,
                csv=_csv_of(shown, "manager"), csv_label=CSV)  # fmt: skip


@widget(label=_("Advertising numbers", ru="Рекламные номера"), permission=REPORTS, dashboard=NAME, span=3, order=50, lazy=True)
def by_number(visit: Visit, uow: Uow) -> View:
    """Calls by the number clients dialled."""
    shown = shown_of(visit, uow)
    rows = sorted((r for r in calls(uow, shown.by("number")) if r.incoming), key=lambda row: -row.incoming)
    links = {row.key: visit.url(list_of(uow, shown.ask, direction="in", our_number=row.key)) for row in rows if row.key is not None}
    heads = tuple((name, SAID[name]) for name in ("incoming", "answered", "missed", "average_wait", "talk"))
    return View("figures_tile.html", heads=heads, rows=rows, first=_("Our number", ru="Наш номер"), links=links, write=written(visit), empty=NO_IN,
                people=False, csv=_csv_of(shown, "number"), csv_label=CSV)  # fmt: skip


NO_IN = _("Nobody called", ru="Входящих звонков не было")
CSV = _("Download as CSV", ru="Скачать CSV")


@widget(label=_("Advertising", ru="Реклама"), permission=REPORTS, dashboard=NAME, order=60, lazy=True)
def by_source(visit: Visit, uow: Uow) -> Markup:
    """Incoming calls by the advertising that brought them; what came of them is in the reports of sales."""
    shown = shown_of(visit, uow)
    rows = sorted((row for row in calls(uow, shown.by("source")) if row.incoming), key=lambda row: -row.incoming)
    bars = [
        charts.Bar(row.label, row.incoming, note=MISSED_NOTE.format(n=row.missed) if row.missed else "",
                   href=list_of(uow, shown.ask, direction="in", source_id=row.key) if row.key is not None else None)
        for row in rows[:MOST]
    ]  # fmt: skip
    return charts.bars(bars, caption=SAID["incoming"], share=True, empty=NO_IN)


@widget(label=_("How outgoing calls went", ru="Итоги исходящих"), permission=REPORTS, dashboard=NAME, span=2, order=70, lazy=True)
def by_outcome(visit: Visit, uow: Uow) -> Markup:
    """How calls to clients ended."""
    shown = shown_of(visit, uow)
    rows = sorted((row for row in calls(uow, shown.by("outcome")) if row.outgoing and row.key is not None), key=lambda row: -row.outgoing)
    bars = [charts.Bar(row.label, row.outgoing, href=list_of(uow, shown.ask, direction="out", outcome=row.key.value)) for row in rows]
    return charts.bars(bars, caption=SAID["outgoing"], share=True, empty=NO_OUT)


def written(visit: Visit) -> t.Callable[[CallRow, str], str]:
    """Return what writes a figure for a table: times as minutes and seconds, a dash for nothing."""

    def write(row: CallRow, name: str) -> str:
        value = getattr(row, name)
        if name == "talk":
            value = dt.timedelta(seconds=value)
        if isinstance(value, dt.timedelta):
            total = round(value.total_seconds())
            return f"{total // 3600}:{total // 60 % 60:02}:{total % 60:02}" if total >= 3600 else f"{total // 60}:{total % 60:02}" if total else "—"
        return str(value) if value else "—"

    return write


# ---- as a file -----------------------------------------------------------------------------------------------------------
def _csv_of(shown: Shown, by: str) -> str:
    ask = shown.ask
    query = {"from": ask.since, "to": ask.until, "by": by, "manager": ask.manager, "team": ask.team, "format": "csv"}
    return "/x/telephony/reports/calls?" + urlencode({k: v for k, v in query.items() if v is not None})


A_DAY, A_NUMBER = _("expected a day such as 2026-01-31", ru="ожидается день, например 2026-01-31"), _("expected a number", ru="ожидается номер")
_DAY: dict[str, t.Any] = {"type": "string", "format": "date"}
_ID: dict[str, t.Any] = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_ASKED: dict[str, dict[str, t.Any]] = {
    "from": _DAY, "to": _DAY, "by": {"enum": list(BY)}, "manager": _ID, "team": _ID,
    "format": {"enum": ["json", "csv"]},
}  # fmt: skip
OPERATION: dict[str, t.Any] = {
    "summary": _("How calls went", ru="Как прошли звонки"),
    "parameters": [{"name": n, "in": "query", "required": False, "schema": s} for n, s in _ASKED.items()],
    "responses": {"200": {"description": "The report", "content": {"application/json": {"schema": {"type": "object", "required": ["rows"]}},
                                                                    "text/csv": {"schema": {"type": "string"}}}}},
}  # fmt: skip


@route("/reports/calls", permission=REPORTS, operation=OPERATION)
def reports_calls(request: t.Any, uow: Uow) -> t.Any:
    """Answered, missed and reached calls, talk, waiting and wrap-up: ``?from=2026-03-01&to=2026-03-31&by=manager&format=csv``."""
    from starlette.responses import Response

    given = dict(request.query_params)
    problems = [Problem(name.replace("\x00", "�"), "unknown", CHOOSE_ONE.format(known=", ".join(_ASKED))) for name in given if name not in _ASKED]
    days: dict[str, dt.date | None] = {}
    for name in ("from", "to"):
        try:
            days[name] = dt.datetime.strptime(given[name], "%Y-%m-%d").date() if name in given else None  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            problems.append(Problem(name, "invalid", A_DAY))
    form, keys = given.get("format", "json"), {name: _key(given[name]) for name in ("manager", "team") if name in given}
    problems += [Problem(name, "invalid", A_NUMBER) for name, key in keys.items() if key is None]
    if form not in ("json", "csv"):
        problems.append(Problem("format", "invalid", CHOOSE_ONE.format(known="json, csv")))
    if problems:
        raise Invalid(problems=problems)
    by = given.get("by", "").replace("\x00", "�")
    ask = Ask(since=days["from"], until=days["to"], by=by, **keys)
    rows, (since, until, _start, _end) = calls(uow, ask), span_of(uow, ask)
    if form == "json":
        return {"report": "calls", "from": since.isoformat(), "to": until.isoformat(), "by": by, "rows": [_plain(row, by, uow) for row in rows]}
    headers = {"content-disposition": f'attachment; filename="calls-{since}-{until}.csv"'}
    return Response(_csv(rows, by, uow), media_type="text/csv; charset=utf-8; header=present", headers=headers)


CHOOSE_ONE = _("choose one of: {known}", ru="выберите одно из: {known}")


def _plain(row: CallRow, by: str, uow: Uow) -> dict[str, t.Any]:
    found = {name: getattr(row, name) for name, _label in COLUMNS}
    figures = {name: value.total_seconds() if isinstance(value, dt.timedelta) else value for name, value in found.items()}
    key = getattr(row.key, "value", row.key)
    return ({"key": key.isoformat() if isinstance(key, dt.date) else key, "label": _said(row.label, uow)} if by else {}) | figures


def _said(value: str, uow: Uow) -> str:
    return value.to(uow.language) if isinstance(value, Text) else value


def _csv(rows: t.Sequence[CallRow], by: str, uow: Uow) -> bytes:
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([*([""] if by else []), *(_said(label, uow) for _name, label in COLUMNS)])
    for row in rows:
        plain = _plain(row, by, uow)
        label = str(plain.get("label", ""))
        safe = f"'{label}" if label.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else label
        writer.writerow([*([safe] if by else []), *("" if plain[name] is None else plain[name] for name, _label in COLUMNS)])
    return text.getvalue().encode()


__all__ = ["call_reports", "list_of", "report_of", "reports_calls", "shown_of"]
