"""A calendar as a page: a month or a week of days, each with the records that fall on it. One statement for them all."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

import attrs

from ...core.errors import Invalid, Problem
from ...core.lists import MAX_LIMIT, ListRequest
from ...core.text import translate
from ...web.problems import NoSuchPath
from ..cells import Cells, stage_color
from ..formats import locale
from ..lists.asked import ARCHIVED, read
from ..lists.bar import Bar
from ..lists.columns import visible_path
from ..lists.words import WORDS as LIST_WORDS
from ..results import View
from ..shown import path_of
from .words import WORDS

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..visit import Visit

SCALES = ("month", "week")
IN_CELL = 3
DAY = dt.timedelta(days=1)
FIRST, LAST = dt.date(1901, 1, 1), dt.date(2999, 12, 31)


@attrs.frozen(kw_only=True)
class Event:
    """One record on its day."""

    id: int
    title: str
    url: str
    time: str = ""
    more: str = ""
    color: str = "gray"


@attrs.frozen(kw_only=True)
class Day:
    """One day, and what is on it."""

    date: dt.date
    label: str
    url: str
    events: tuple[Event, ...]
    today: bool
    outside: bool
    chosen: bool


class CalendarOf:
    """One calendar for one visitor: `month` (``2026-01``) or `day` (a week around it), by one date field."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind) -> None:
        uow.require(kind.permission("read"))
        self.visit, self.uow, self.kind = visit, uow, kind
        self.shown = visit.site.shown(kind)
        self.bar = Bar(visit, uow, kind, attrs.evolve(read(visit), after=None), "calendar")
        self.fields = _date_fields(visit, uow, kind)
        if not self.fields:
            raise NoSuchPath()
        names = [name for name, _label in self.fields]
        asked = visit.query.get("by", "")
        usual = self.shown.day if self.shown.day in names else names[0]
        self.by = asked if asked in names else usual
        self.today = visit.now.astimezone(visit.zone).date()
        self.scale = visit.query.get("scale", "") if visit.query.get("scale") in SCALES else "month"
        self.at = _day(visit.query.get("day", "")) or _month(visit.query.get("month", "")) or self.today
        self.problems: list[Problem] = []
        self.found: dict[dt.date, list[Event]] = {}
        self.capped = False

    # ---- days --------------------------------------------------------------------------------------------------
    @property
    def first(self) -> dt.date:
        """The first day that is shown: a Monday."""
        start = self.at.replace(day=1) if self.scale == "month" else self.at
        return start - DAY * start.weekday()

    @property
    def after(self) -> dt.date:
        """The day after the last one shown."""
        if self.scale == "week":
            return self.first + DAY * 7
        last = _months(self.at.replace(day=1), 1) - DAY
        return last + DAY * (7 - last.weekday())

    @property
    def heading(self) -> str:
        """What is shown, in words: ``January 2026``, ``12–18 Jan 2026``."""
        from babel.dates import format_date, format_skeleton

        here = locale(self.visit.language)
        if self.scale == "month":
            said = re.sub(r"\sг\.$", "", str(format_skeleton("yMMMM", self.at, locale=here)))
            return said[:1].upper() + said[1:]
        last = self.after - DAY
        pattern = "d" if self.first.month == last.month else "d MMM"
        return f"{format_date(self.first, pattern, locale=here)} – {format_date(last, 'd MMM y', locale=here)}"

    @property
    def weekdays(self) -> list[str]:
        """The names of the days of the week, Monday first."""
        from babel.dates import get_day_names

        names = get_day_names("abbreviated", "stand-alone", locale=locale(self.visit.language))
        return [str(names[i]) for i in range(7)]

    @property
    def weeks(self) -> list[list[Day]]:
        """The days that are shown, by week."""
        days = [self.first + DAY * i for i in range((self.after - self.first).days)]
        return [[self._day(day) for day in days[i : i + 7]] for i in range(0, len(days), 7)]

    def _day(self, day: dt.date) -> Day:
        from babel.dates import format_date

        label = str(format_date(day, "EEEE, d MMMM", locale=locale(self.visit.language)))
        return Day(
            date=day, label=label, url=self.url(day=day, scale="week"), events=tuple(self.found.get(day, ())), today=day == self.today,
            outside=self.scale == "month" and day.month != self.at.month, chosen=self.visit.query.get("day") == day.isoformat(),
        )  # fmt: skip

    # ---- addresses ---------------------------------------------------------------------------------------------
    def url(self, *, day: dt.date | None = None, month: dt.date | None = None, scale: str | None = None, by: str | None = None) -> str:
        """Return the address of other days, another scale, or another date to go by; the filter stays."""
        scale, by = scale or self.scale, by or self.by
        more: dict[str, t.Any] = {"scale": scale if scale != "month" else None, "by": by if by != self.shown.day else None}
        if scale == "week":
            more["day"] = (day or month or self.at).isoformat()
        else:
            more["month"] = (month or day or self.at).strftime("%Y-%m")
        return self.visit.url(f"{self.bar.path}/calendar", **self.bar.asked.query(), **more)

    def stepped(self, by: int) -> str:
        """Return the address of the month or week before or after."""
        to = self.at + DAY * 7 * by if self.scale == "week" else _months(self.at.replace(day=1), by)
        to = min(max(to, FIRST), LAST)
        return self.url(day=to, month=to)

    @property
    def to_today(self) -> str:
        """The address of the days around today."""
        return self.url(day=self.today, month=self.today)

    # ---- events ------------------------------------------------------------------------------------------------
    def load(self) -> None:
        """Fetch what falls on the days shown: one statement. A filter that cannot be applied shows nothing, and is told."""
        if self.bar.asked.raw:
            self.problems = self.bar.problems
            return
        path = self.shown.path(self.by)
        names = [n for n in dict.fromkeys((self.shown.title, self.by, self.shown.subtitle)) if n and n != "id"]
        cells = Cells(self.visit, self.uow, self.kind, [n for n in names if visible_path(self.uow, self.kind, n) is not None])
        staged = [n for n in ("pipeline", "stage") if self.kind.staged and visible_path(self.uow, self.kind, n) is not None]
        moment = path.field.type is dt.datetime
        start, end = (_edge(self.first, self.visit), _edge(self.after, self.visit)) if moment else (self.first.isoformat(), self.after.isoformat())
        parts = [{self.by: {"gte": start}}, {self.by: {"lt": end}}, *([self.bar.filter] if self.bar.filter else [])]
        request = ListRequest(
            filter={"and": parts}, sort=(self.by, "id"), fields=list(dict.fromkeys([*cells.wanted, self.by, *staged])), limit=MAX_LIMIT,
            archived=ARCHIVED[self.bar.asked.archived], search=self.bar.asked.q or None,
        )  # fmt: skip
        try:
            page = self.uow.page(self.kind.cls, request)
        except Invalid as refusal:
            self.problems = list(refusal.problems)
            return
        cells.load(page.rows)
        self.capped = page.next is not None
        for row in page.rows:
            self._put(cells, row, moment)

    def _put(self, cells: Cells, row: Mapping[str, t.Any], moment: bool) -> None:
        time = ""
        if moment:
            here = dt.datetime.fromisoformat(row[self.by]).astimezone(self.visit.zone)
            day, time = here.date(), f"{here:%H:%M}"
        else:
            day = dt.date.fromisoformat(row[self.by])
        title = cells.text(self.shown.title, row) if self.shown.title in cells.names else ""
        subtitle = cells.text(self.shown.subtitle, row) if self.shown.subtitle in cells.names else ""
        color = stage_color(self.kind, row) if row.get("stage") is not None else "blue"
        self.found.setdefault(day, []).append(Event(
            id=int(row["id"]), title=title or f"№ {row['id']}", url=self.visit.url(path_of(self.kind, int(row["id"]))), time=time,
            more=subtitle, color=color,
        ))  # fmt: skip

    @property
    def count(self) -> int:
        """How many records are shown."""
        return sum(map(len, self.found.values()))


def calendar(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/calendar?month=2026-01: the records of a month on their days (`scale` ``week`` and `day`: of a week)."""
    found = CalendarOf(visit, uow, visit.kind)
    found.load()
    return View("ui/calendar/calendar.html", cal=found, bar=found.bar, kind=visit.kind, shown=found.shown, cw=WORDS, lw=LIST_WORDS, in_cell=IN_CELL,
        most=MAX_LIMIT)


def _date_fields(visit: Visit, uow: Uow, kind: Kind) -> list[tuple[str, str]]:
    """Return the fields one can go by, each with its label: the entity's own, and those of extensions."""
    hidden = visit.site.shown(kind).hidden
    found = []
    names = [*kind.fields, *(f"{e.name}.{n}" for e in kind.extensions.values() for n in e.fields)]
    for name in names:
        path = visible_path(uow, kind, name)
        if path is not None and path.field.type in (dt.date, dt.datetime) and name not in hidden and name != "archived_at":
            found.append((name, translate(path.field.label, visit.language)))
    usual = visit.site.shown(kind).day
    return sorted(found, key=lambda pair: pair[0] != usual)


def _edge(day: dt.date, visit: Visit) -> str:
    start = dt.datetime.combine(day, dt.time(), visit.zone)
    return start.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _day(text: str) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST <= found <= LAST else None


def _month(text: str) -> dt.date | None:
    return _day(f"{text}-01") if len(text) == 7 else None


def _months(day: dt.date, by: int) -> dt.date:
    month = day.year * 12 + day.month - 1 + by
    return dt.date(month // 12, month % 12 + 1, 1)
