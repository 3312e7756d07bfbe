"""What the page of reports is asked for in its address, and the switches that ask for something else."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Mapping
from urllib.parse import urlencode

import attrs
import sqlalchemy as sa

from crmkit import Text, Uow, _
from crmkit.ui import Visit

from .. import labels
from ..people import names_of
from ..reach import reach_of
from ..roles import REPORTS
from ..settings import TaskqueueSettings
from ..tables import desks
from .asked import DAY, Ask

PERIODS: dict[str, tuple[int, int, Text]] = {
    "today": (0, 1, _("Today", ru="Сегодня")), "yesterday": (1, 1, _("Yesterday", ru="Вчера")), "week": (0, 7, _("7 days", ru="7 дней")),
    "month": (0, 30, _("30 days", ru="30 дней")),
}  # fmt: skip
WORDS: dict[str, Text] = {
    "period": _("Period", ru="Период"), "team": _("Team", ru="Команда"), "all_teams": _("All teams", ru="Все команды"),
    "manager": _("Manager", ru="Менеджер"), "kind": _("Kind", ru="Вид"), "all_kinds": _("All kinds", ru="Все виды"),
    "everybody": _("Everybody", ru="Все менеджеры"), "clear": _("All managers", ru="Все менеджеры"),
}  # fmt: skip


@attrs.frozen
class Shown:
    """What the page shows: a period, the one before it, and whose work."""

    period: str
    ask: Ask
    before: Ask

    @property
    def one_day(self) -> bool:
        """True for a single day."""
        return self.ask.since == self.ask.until


def shown_of(visit: Visit, uow: Uow) -> Shown:
    """Return what the address asks for; what it does not say, or says wrongly, is as usual."""
    given = visit.query
    period = given.get("period", "today")
    period = period if period in PERIODS else "today"
    ago, days, _label = PERIODS[period]
    until = uow.now.astimezone(uow.crm.zone).date() - ago * DAY
    since = until - (days - 1) * DAY
    kind = given.get("kind", "")
    known = uow.crm[TaskqueueSettings].all_kinds
    team, manager = _whole(given.get("team", "")), _whole(given.get("manager", ""))
    ask = Ask(since=since, until=until, kind=kind if kind in known else None, team=team, manager=manager)
    return Shown(period, ask, attrs.evolve(ask, since=since - days * DAY, until=since - DAY))


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def switches(visit: Visit, uow: Uow) -> dict[str, t.Any]:
    """Return what the bar of switches is drawn from."""
    shown = shown_of(visit, uow)
    ask = shown.ask
    reach = reach_of(uow, REPORTS)
    found = uow.connection.execute(sa.select(desks.c.team_id).where(reach.where(desks.c.user_id, desks.c.team_id)).distinct())
    teams = names_of(uow, "team", [*(row[0] for row in found), ask.team])
    query = {"period": shown.period, "team": ask.team, "manager": ask.manager, "kind": ask.kind}
    return {
        "a": WORDS, "teams": sorted(teams.items(), key=lambda pair: pair[1].casefold()), "team": ask.team, "manager": ask.manager, "kind": ask.kind,
        "name": names_of(uow, "person", [ask.manager])[ask.manager] if ask.manager is not None and _may_name(uow, ask.manager) else "",
        "kinds": list(labels.kinds(uow.crm)), "period": shown.period,
        "periods": [(name, label, visit.url("/taskqueue/reports", **{**query, "period": name})) for name, (_a, _d, label) in PERIODS.items()],
    }  # fmt: skip


def _may_name(uow: Uow, person: int) -> bool:
    """A number in an address does not tell whose it is: people outside the reach stay numbers."""
    from ..reach import teams_of

    return reach_of(uow, REPORTS).holds(person, teams_of(uow, person))


def download(visit: Visit, report: str, shown: Shown, *by: str) -> str:
    """Return the address of a report as CSV, as an address within the CRM."""
    ask = shown.ask
    query = {
        "from": iso_day(ask.since), "to": iso_day(ask.until), "by": ",".join(by) or None, "team": ask.team, "manager": ask.manager, "kind": ask.kind,
    }  # fmt: skip
    return f"/x/taskqueue/reports/{report}?{urlencode({k: v for k, v in query.items() if v is not None} | {'format': 'csv'})}"


def iso_day(day: dt.date | None) -> str | None:
    """Return a day as addresses have it."""
    return day.isoformat() if day is not None else None


def list_of(tree: Mapping[str, t.Any] | None) -> str | None:
    """Return the address of the list of tasks behind a figure."""
    if not tree:
        return None
    return "/taskqueue/task?" + urlencode({"filter": json.dumps(tree, ensure_ascii=False, separators=(",", ":"))})
