"""A month of a manager's days with their load: to look at, and to pick a day from beside the form of a task."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

import attrs

from crmkit import Uow, _
from crmkit.ui import Menu, Result, View, Visit, form_note, page

from . import load
from .desk import me
from .entities import Task
from .people import names_of
from .roles import WORK
from .settings import TaskqueueSettings

MORNING = dt.time(10)
LABEL = _("Days and their load", ru="Загрузка по дням")
WORDS = {
    "title": LABEL, "load": _("{day}, {planned} of {cap}", ru="{day}, {planned} из {cap}"),
    "full": _("{day}, full: {planned} of {cap}", ru="{day}, занято: {planned} из {cap}"),
    "off": _("{day}, day off, {planned} of {cap}", ru="{day}, выходной, {planned} из {cap}"),
    "before": _("Earlier month", ru="Предыдущий месяц"), "after": _("Later month", ru="Следующий месяц"),
    "leads": _("Open leads: {open} of {most}", ru="Открытых лидов: {open} из {most}"),
    "leads_free": _("Open leads: {open}", ru="Открытых лидов: {open}"),
    "whose": _("Planned tasks of {name}", ru="Задачи по плану: {name}"), "pick": _("Pick a day", ru="Выберите день"),
}  # fmt: skip


@attrs.frozen(kw_only=True)
class Cell:
    """One day of the calendar. `value` is what is picked; empty where nothing can be planned."""

    day: dt.date
    label: str
    planned: int
    cap: int
    value: str
    look: str


def month_of(uow: Uow, language: str, user_id: int, month: dt.date, at: dt.datetime | None = None) -> dict[str, t.Any]:
    """Return what the template `days.html` draws: the weeks of a month, its neighbours, the load and the cap on leads."""
    from babel.dates import format_date, get_day_names

    locale, zone = "ru_RU" if language == "ru" else "en_GB", uow.crm.zone
    first = month.replace(day=1)
    begin = first - dt.timedelta(days=first.weekday())
    later = (first + dt.timedelta(days=32)).replace(day=1)
    last = later + dt.timedelta(days=(7 - later.weekday()) % 7 - 1)
    today, time = uow.now.astimezone(zone).date(), MORNING if at is None else at.astimezone(zone).time()

    def cell(day: load.Day) -> Cell:
        look, said = ("full", "full") if day.full else ("", "load") if day.works else ("off", "off")
        label = WORDS[said].format(day=format_date(day.day, "d MMMM", locale=locale), planned=day.planned, cap=day.cap).to(language)
        takes = day.day >= today and not day.full
        value = dt.datetime.combine(day.day, time).strftime("%Y-%m-%dT%H:%M") if takes else ""
        look += " other" if day.day.month != first.month else ""
        look += " today" if day.day == today else ""
        look += " picked" if at is not None and day.day == at.astimezone(zone).date() else ""
        return Cell(day=day.day, label=label, planned=day.planned, cap=day.cap, value=value, look=look)

    cells = [cell(day) for day in load.days_of(uow, user_id, begin, last)]
    opened, most = load.active_leads(uow, user_id)
    names = get_day_names("abbreviated", locale=locale)
    said = WORDS["leads_free"].format(open=opened) if most is None else WORDS["leads"].format(open=opened, most=most)
    return {
        "d": WORDS, "weeks": [cells[n : n + 7] for n in range(0, len(cells), 7)], "weekdays": [names[n] for n in range(7)], "user": user_id,
        "name": format_date(first, "LLLL yyyy", locale=locale), "before": (first - dt.timedelta(days=1)).replace(day=1), "after": later,
        "leads": said.to(language), "whose": names_of(uow, "person", [user_id]).get(user_id, ""), "at": time.strftime("%H:%M"),
    }  # fmt: skip


@page("/days", label=LABEL, permission=WORK, menu=Menu(icon="calendar-days", section="work", order=15))
def days(visit: Visit, uow: Uow) -> Result:
    """GET /taskqueue/days?user=5&month=2026-03-01: a month of a manager's days; each opens the form for a task on it."""
    user = visit.query.get("user", "")
    user_id = int(user) if user.isascii() and user.isdigit() and len(user) < 19 else me(uow)
    return View("days.html", note=False, **month_of(uow, visit.language, user_id, _month(visit.query.get("month", ""), visit)))


def _month(given: str, visit: Visit) -> dt.date:
    today = visit.now.astimezone(visit.zone).date()
    try:
        found = dt.date.fromisoformat(given)
    except ValueError:
        return today
    return found if abs((found - today).days) < 3650 else today


@form_note(Task, permission=WORK, order=10, always=True)
def days_beside(of: type[Task], values: Mapping[str, t.Any], uow: Uow) -> Result:
    """Show how full the owner's days are beside the form of a task that counts; a press on a day puts it into the form."""
    kind = uow.crm[TaskqueueSettings].all_kinds.get(str(values.get("kind") or ""))
    owner = values.get("owner_id") or uow.actor.id
    if kind is None or not kind.capped or not isinstance(owner, int):
        return None
    try:
        at = dt.datetime.fromisoformat(str(values.get("due_at"))).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        at = None
    month = (at or uow.now).astimezone(uow.crm.zone).date()
    return View("days_beside.html", note=True, **month_of(uow, uow.language, owner, month, at))
