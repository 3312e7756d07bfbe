"""The calendar of a manager's days with their load: to look at, and to pick a day from wherever one is picked or refused."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs

from crmkit import NotFound, Uow, _
from crmkit.ui import Menu, Result, View, Visit, form_note, page

from . import load
from .desk import me
from .entities import Task
from .people import names_of
from .reach import reach_of, teams_of
from .roles import SUPERVISE, WORK
from .settings import TaskqueueSettings

MORNING = dt.time(10)
WEEKS = 3
MOST_AHEAD = dt.timedelta(days=3653)
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
    text: str
    label: str
    planned: int
    cap: int
    value: str
    look: str


@attrs.frozen(kw_only=True)
class Calendar:
    """A manager's days by weeks, with what their columns are called, and how many open leads they have of how many."""

    user: int
    whose: str
    weeks: Sequence[Sequence[Cell]]
    weekdays: Sequence[str]
    leads: str
    laden: bool
    """True when sales gives this manager no lead more."""
    at: str = ""
    """What is picked already."""


# ---- its days -----------------------------------------------------------------------------------------------------
@attrs.frozen(kw_only=True)
class _Drawn:
    """What all days of a calendar have in common."""

    language: str
    zone: dt.tzinfo
    now: dt.datetime
    at: dt.datetime | None
    capped: bool
    month: dt.date | None

    @property
    def locale(self) -> str:
        return "ru_RU" if self.language == "ru" else "en_GB"

    def cell(self, day: load.Day, *, first: bool) -> Cell:
        from babel.dates import format_date

        look, said = ("full", "full") if day.full else ("", "load") if day.works else ("off", "off")
        label = WORDS[said].format(day=format_date(day.day, "d MMMM", locale=self.locale), planned=day.planned, cap=day.cap).to(self.language)
        named = self.month is None and (first or day.day.day == 1)
        today, picked = self.now.astimezone(self.zone).date(), self.at is not None and day.day == self.at.date()
        look += " other" if self.month is not None and day.day.month != self.month.month else ""
        look += " past" if day.day < today else " today" if day.day == today else ""
        look += " named" if named and day.day.day > 9 else ""
        look += " high" if not day.full and day.planned * 5 >= day.cap * 4 else ""
        return Cell(
            day=day.day, text=format_date(day.day, "d MMM", locale=self.locale) if named else str(day.day.day), label=label, planned=day.planned,
            cap=day.cap, value="" if day.full and self.capped else self.value(day.day), look=look + (" picked" if picked else ""),
        )  # fmt: skip

    def value(self, day: dt.date) -> str:
        """Return the moment a day stands for: the time that is chosen or the morning; today, the next full hour when that is over."""
        if self.at is not None and day == self.at.date():
            found = self.at
        else:
            found = dt.datetime.combine(day, MORNING if self.at is None else self.at.timetz().replace(tzinfo=None), self.zone)
            now = self.now.astimezone(self.zone)
            if found <= now and day == now.date():
                found = (now + dt.timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        return f"{found:%Y-%m-%dT%H:%M}" if found > self.now and found.date() == day else ""


def calendar_of(
    uow: Uow, language: str, user_id: int, first: dt.date, weeks: int = WEEKS, *, at: dt.datetime | None = None, capped: bool = True,
    month: dt.date | None = None,
) -> Calendar:  # fmt: skip
    """Return a manager's days from the Monday of `first` on; with `capped` a full one cannot be picked, `at` is picked already."""
    from babel.dates import get_day_names

    begin = first - dt.timedelta(days=first.weekday())
    local = None if at is None else at.astimezone(uow.crm.zone)
    drawn = _Drawn(language=language, zone=uow.crm.zone, now=uow.now, at=local, capped=capped, month=month)
    days = load.days_of(uow, user_id, begin, begin + dt.timedelta(days=7 * weeks - 1))
    later = begin > uow.now.astimezone(uow.crm.zone).date()
    cells = [drawn.cell(day, first=later and day.day == begin) for day in days]
    opened, most = load.active_leads(uow, user_id)
    names = get_day_names("abbreviated", locale=drawn.locale)
    said = WORDS["leads_free"].format(open=opened) if most is None else WORDS["leads"].format(open=opened, most=most)
    return Calendar(
        user=user_id, whose=names_of(uow, "person", [user_id]).get(user_id, ""), weeks=[cells[n : n + 7] for n in range(0, len(cells), 7)],
        weekdays=[names[n] for n in range(7)], leads=said.to(language), laden=most is not None and opened >= most,
        at="" if local is None else f"{local:%Y-%m-%dT%H:%M}",
    )  # fmt: skip


def weeks_from(
    uow: Uow, language: str, user_id: int, at: dt.datetime | None, weeks: int = WEEKS, *, capped: bool = True
) -> Calendar:  # fmt: skip
    """Return the weeks to pick a day from: those around what is picked (or was refused) where that is later, else from today on."""
    today = uow.now.astimezone(uow.crm.zone).date()
    picked = today if at is None or not dt.timedelta() <= at - uow.now < MOST_AHEAD else at.astimezone(uow.crm.zone).date()
    first = today if (picked - today).days < 7 * (weeks - 1) else picked
    return calendar_of(uow, language, user_id, first, weeks, at=at, capped=capped)


# ---- where it stands ----------------------------------------------------------------------------------------------
@page("/days", label=LABEL, permission=WORK, menu=Menu(icon="calendar-days", section="work", order=15))
def days(visit: Visit, uow: Uow) -> Result:
    """GET /taskqueue/days?user=5&month=2026-03-01: a month of a manager's days; each opens the form for a task on it."""
    from babel.dates import format_date

    user = visit.query.get("user", "")
    user_id = int(user) if user.isascii() and user.isdigit() and len(user) < 19 else me(uow)
    if not _may_see(uow, user_id):
        raise NotFound()
    first = _month(visit.query.get("month", ""), visit).replace(day=1)
    after = (first + dt.timedelta(days=32)).replace(day=1)
    weeks = ((after - dt.timedelta(days=1)) - (first - dt.timedelta(days=first.weekday()))).days // 7 + 1
    name = format_date(first, "LLLL yyyy", locale="ru_RU" if visit.language == "ru" else "en_GB").capitalize()
    before, cal = (first - dt.timedelta(days=1)).replace(day=1), calendar_of(uow, visit.language, user_id, first, weeks, month=first)
    return View("days.html", d=WORDS, cal=cal, before=before, after=after, name=name)


def _month(given: str, visit: Visit) -> dt.date:
    today = visit.now.astimezone(visit.zone).date()
    try:
        found = dt.date.fromisoformat(given)
    except ValueError:
        return today
    return found if abs((found - today).days) < 3650 else today


def _may_see(uow: Uow, user_id: int) -> bool:
    """True for one's own days, those of people one supervises, and those of people one may set tasks to."""
    if user_id == me(uow):
        return True
    ways = [reach_of(uow, uow.crm.permissions[name]) for name in (SUPERVISE.name, uow.crm.kind(Task).permission("create"))]
    return any(way.everybody for way in ways) or any(way.holds(user_id, teams_of(uow, user_id)) for way in ways)


@form_note(Task, permission=WORK, order=10, always=True)
def days_beside(of: type[Task], values: Mapping[str, t.Any], uow: Uow) -> Result:
    """Show how full the owner's days are beside the form of a task that counts; a press on a day puts it into the form."""
    kind = uow.crm[TaskqueueSettings].all_kinds.get(str(values.get("kind") or ""))
    owner = values.get("owner_id") or uow.actor.id
    if kind is None or not kind.capped or not isinstance(owner, int) or not _may_see(uow, owner):
        return None
    try:
        at = dt.datetime.fromisoformat(str(values.get("due_at"))).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        at = None
    cal = weeks_from(uow, uow.language, owner, at, WEEKS + 1)
    return View("days_beside.html", d=WORDS, cal=cal, alone=owner == uow.actor.id)


__all__ = ["LABEL", "WEEKS", "WORDS", "Calendar", "Cell", "calendar_of", "weeks_from"]
