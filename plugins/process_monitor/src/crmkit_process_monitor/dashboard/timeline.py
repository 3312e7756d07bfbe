"""A case as a timeline: which step and page when, with the hands, without, in another window, and on the telephone."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa
from markupsafe import Markup

from crmkit import Uow, _
from crmkit.ui import Slot, View, panel

from ..entities import Case
from ..exchange.pairing import intervals
from ..exchange.stored import Names, StoredCase
from ..fairness import names
from ..tables import events, pages, spans
from .gathered import titles
from .map import Written

MOST = 400
HEIGHT, TICKS, FEW_TICKS = 26, 6, 4
SHORT = 36 * 3_600_000
"""Milliseconds: up to a day and a half the hours are told, else the days."""
ACTIVE, IDLE = _("Active", ru="Работа"), _("Idle", ru="Простой")
HIDDEN, CALLED = _("In another window", ru="В другом окне"), _("During a call", ru="Во время звонка")
WORDS = {
    "active": ACTIVE, "idle": IDLE, "hidden": HIDDEN, "called": CALLED, "step": _("Step", ru="Шаг"), "page": _("Page", ru="Страница"),
    "when": _("When", ru="Когда"), "who": _("Manager", ru="Менеджер"), "every": _("Every stay on a page: {n}", ru="Все пребывания на страницах: {n}"),
    "every_event": _("Every stay at a step: {n}", ru="Все пребывания на шагах: {n}"), "took": _("Time", ru="Время"),
    "none": _("Nothing was measured in this case, or it was too long ago: raw times are kept for a while, sums stay.",
        ru="В этом случае ничего не измерено, или он слишком давний: подробное время хранится ограниченный срок, суммы остаются."),
    "other": _("Other pages", ru="Прочие страницы"), "cut": _("Only the first {n} are shown.", ru="Показаны только первые {n}."),
    "caption": _("Timeline of the case", ru="Ход случая по времени"), "legend": _("Legend", ru="Обозначения"),
}  # fmt: skip


@attrs.frozen
class Stay:
    """Some time at a step: on a page of ours, or as another system's log tells it. Milliseconds."""

    step: int
    page: str
    worker: int
    began: dt.datetime
    active: int
    idle: int = 0
    hidden: int = 0
    called: int = 0
    told: Sequence[int] = ()
    """In their order: kind (0 active, 1 idle, 2 hidden), milliseconds, and so on."""

    @property
    def parts(self) -> list[tuple[str, int]]:
        """What it is made of, one after the other; as far as all that was told counts, in the order in which it was."""
        in_order = list(zip(self.told[::2], self.told[1::2], strict=False))
        sums = [sum(took for kind, took in in_order if kind == n) for n in range(3)]
        if in_order and sums == [self.active, self.idle, self.hidden]:
            return [("aih"[kind], took) for kind, took in in_order]
        return [("a", self.active), ("i", self.idle), ("h", self.hidden)]

    @property
    def took(self) -> int:
        """All of it."""
        return self.active + self.idle + self.hidden


@panel(Case, label=_("Timeline", ru="Ход по времени"), icon="chart-gantt", slot=Slot.TOP, order=20, live=[Case])
def timeline(case: Case, uow: Uow) -> View:
    """Where the time of a case went."""
    stays = (of_log if case.log_id is not None else of_ours)(uow, case)
    if not stays:
        return View("monitor_timeline.html", t=WORDS, lanes=[], rows=[], axis=Markup(""), number=0, own=True, cut=None)
    shown = stays[:MOST]
    steps = titles(uow, {stay.step for stay in stays})
    people = names(uow, {stay.worker for stay in shown if stay.worker})
    first = min(stay.began for stay in shown)
    last = max(stay.began + dt.timedelta(milliseconds=stay.took) for stay in shown)
    whole = max(1.0, (last - first).total_seconds() * 1000)
    write = Written(uow.language)
    keys = [*steps, *([0] if any(stay.step not in steps for stay in shown) else [])]
    lanes = [
        {
            "title": steps.get(step) or str(WORDS["other"].to(uow.language)), "took": write.time(sum(s.took for s in some) / 1000),
            "drawn": _lane(uow, some, first, whole, write),
        }
        for step in keys
        for some in [[s for s in shown if (s.step if s.step in steps else 0) == step]]
    ]  # fmt: skip
    rows = [
        {"stay": stay, "step": steps.get(stay.step, ""), "who": people.get(stay.worker, ""),
         **{name: write.time(getattr(stay, name) / 1000) if getattr(stay, name) else "" for name in ("active", "idle", "hidden", "called")}}
        for stay in shown
    ]  # fmt: skip
    return View(
        "monitor_timeline.html", t=WORDS, lanes=lanes, rows=rows, axis=_axis(first, whole, uow), number=len(stays), own=case.log_id is None,
        cut=MOST if len(stays) > MOST else None,
    )  # fmt: skip


def of_ours(uow: Uow, case: Case) -> list[Stay]:
    """Return what browsers told of a case."""
    s = spans.c
    wanted = sa.select(s.step_id, pages.c.path, s.worker_id, s.began_at, s.active, s.idle, s.hidden, s.called, s.told)
    wanted = wanted.outerjoin(pages, pages.c.id == s.page_id).where(s.case_id == case.id).order_by(s.began_at, s.id).limit(MOST + 1)
    return [Stay(r[0] or 0, r[1] or "", *r[2:8], r[8] or ()) for r in uow.connection.execute(wanted)]


def of_log(uow: Uow, case: Case) -> list[Stay]:
    """Return what another system's log says of a case."""
    e = events.c
    wanted = sa.select(e.case_id, e.step_id, e.worker_id, e.at, e.transition, e.facts)
    found = uow.connection.execute(wanted.where(e.case_id == case.id, e.log_id == case.log_id).order_by(e.id)).all()
    called = Names(uow, t.cast(int, case.log_id))
    stored = StoredCase(case.id, case.key, case.kind, [], found)
    paired = intervals(called.seen(stored), since_previous=bool(called.mapping.get("since_previous")))
    made = [Stay(one.step, "", one.worker, one.began, one.took) for one in paired if one.step is not None]
    return sorted(made, key=lambda stay: stay.began)


# ---- drawing -------------------------------------------------------------------------------------------------------
def _lane(uow: Uow, stays: Sequence[Stay], first: dt.datetime, whole: float, write: Written) -> Markup:
    drawn = [_stay(uow, stay, ((stay.began - first).total_seconds() * 1000) / whole, whole, write) for stay in stays]
    ticks, line = _ticks(whole), Markup('<line class="pt-g" x1="{0}%" x2="{0}%" y1="0" y2="{1}"/>')
    grid = [line.format(round(100 * n / ticks, 2), HEIGHT) for n in range(ticks + 1)]
    return Markup('<svg width="100%" height="{}" aria-hidden="true">{}</svg>').format(HEIGHT, Markup("").join([*grid, *drawn]))


def _stay(uow: Uow, stay: Stay, left: float, whole: float, write: Written) -> Markup:
    """Draw one stay: a full bar for work, a hollow one for idle time, a dashed line for another window, a line below for a call."""
    parts, at = [], 100 * left
    for name, took in stay.parts:
        if not took:
            continue
        width = max(100 * took / whole, 0.3 if name == "a" else 0.1)
        if name == "h":
            parts.append(Markup('<line class="pt-h" x1="{}%" x2="{}%" y1="12" y2="12"/>').format(round(at, 3), round(at + width, 3)))
        else:
            box = Markup('<rect class="pt-{}" x="{}%" y="{}" width="{}%" height="{}" rx="2"/>')
            parts.append(box.format(name, round(at, 3), 5 if name == "a" else 7, round(width, 3), 14 if name == "a" else 10))
        at += width
    if not stay.took:  # another system told an end and no beginning
        parts.append(Markup('<rect class="pt-a" x="{}%" y="5" width="3" height="14" rx="1"/>').format(round(min(at, 99.3), 3)))
    if stay.called:
        parts.append(Markup('<line class="pt-call" x1="{}%" x2="{}%" y1="23" y2="23"/>').format(
            round(100 * left, 3), round(100 * left + max(100 * stay.called / whole, 0.3), 3)))  # fmt: skip
    told = [(ACTIVE, stay.active), (IDLE, stay.idle), (HIDDEN, stay.hidden), (CALLED, stay.called)]
    words = ", ".join(f"{word.to(uow.language)} {write.time(took / 1000)}" for word, took in told if took)
    local = stay.began.astimezone(uow.crm.zone)
    return Markup("<g><title>{} {:%H:%M:%S} {}</title>{}</g>").format(stay.page, local, words, Markup("").join(parts))


def _ticks(whole: float) -> int:
    return TICKS if whole < SHORT else FEW_TICKS


def _axis(first: dt.datetime, whole: float, uow: Uow) -> Markup:
    form, ticks = "%H:%M" if whole < SHORT else "%d.%m.%y", _ticks(whole)
    texts = []
    for n in range(ticks + 1):
        moment = (first + dt.timedelta(milliseconds=whole * n / ticks)).astimezone(uow.crm.zone)
        anchor = "start" if n == 0 else "end" if n == ticks else "middle"
        texts.append(Markup('<text x="{}%" y="12" text-anchor="{}">{}</text>').format(round(100 * n / ticks, 2), anchor, f"{moment:{form}}"))
    return Markup('<svg class="pt-ax" width="100%" height="16" aria-hidden="true">{}</svg>').format(Markup("").join(texts))


__all__ = ["Stay", "of_log", "of_ours", "timeline"]
