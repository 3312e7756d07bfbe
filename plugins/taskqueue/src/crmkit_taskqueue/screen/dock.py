"""The dock: the keys a task may end by, what each asks for, and the note."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs

from crmkit import Problem, Uow
from crmkit.ui import Control, Visit, near_day

from .. import load
from ..kinds import Ask, Outcome
from ..load import Day
from ..settings import TaskqueueSettings
from . import words
from .standing import Standing

EXIT = "exit"
EXIT_KEY = "0"
HOW = {"text": "text", "choice": "choice", "number": "number", "date": "day", "moment": "moment"}
OFFERED_DAYS = 14
MORNING = dt.time(10, 0)
SOON = (15, 60, 180)
LATEST = 21


@attrs.frozen(kw_only=True)
class Moment:
    """A moment offered for “call back”: one press away."""

    value: str
    label: str


@attrs.frozen(kw_only=True)
class DayCell:
    """A day of the small calendar, with how full it is; `value` is empty for one that takes no task more."""

    value: str
    day: dt.date
    label: str
    weekday: str
    planned: int
    cap: int
    works: bool


@attrs.frozen(kw_only=True)
class Key:
    """One way the task may end: its key, its words, and what it asks for."""

    key: str
    name: str
    label: str
    fields: Sequence[Control] = ()
    again: bool = False
    at: str = ""
    at_problem: str = ""
    reached: bool = True


@attrs.frozen(kw_only=True)
class Dock:
    """The whole dock as it is shown."""

    keys: Sequence[Key]
    chosen: str
    note: str
    note_problem: str
    exits: Sequence[tuple[str, str]]
    exit: str
    exit_problem: str
    other: Sequence[str]
    soon: Sequence[Moment] = ()
    days: Sequence[DayCell] = ()


def dock_of(visit: Visit, uow: Uow, standing: Standing, typed: Mapping[str, t.Any], problems: Sequence[Problem] = ()) -> Dock:
    """Return the dock of an open task, filled with what was typed so far; `problems` stand at their fields."""
    settings, kind = uow.crm[TaskqueueSettings], standing.kind
    said: dict[str, str] = {}
    for problem in problems:
        said.setdefault(problem.path, visit.say(problem.message))
    given = {n: v for n, v in typed.items() if isinstance(v, str)}
    chosen = given.get("outcome", "")
    keys: list[Key] = []
    if kind is not None:
        keys = [_key(visit, key, name, kind.outcomes[name], given, said if name == chosen else {}) for key, name in kind.keys.items()]
    known = kind.exits if kind is not None else None
    exits = [(n, visit.say(label)) for n, label in settings.exit_reasons.items() if known is None or n in known]
    leaves = chosen == EXIT or kind is None
    shown = {c.name.partition(".")[2] for k in keys if k.name == chosen for c in k.fields} | {"note"}
    shown |= {"at"} if any(k.again and k.name == chosen for k in keys) else set()
    shown |= {"reason"} if leaves else set()
    owner = (standing.task.owner_id or standing.task.opened_by) if standing.task is not None else None
    capped = kind is not None and kind.capped
    again = any(k.again for k in keys)
    return Dock(
        keys=keys, chosen=EXIT if leaves else chosen if any(k.name == chosen for k in keys) else "", note=given.get("note", ""),
        note_problem=said.get("note", ""), exits=exits, exit=given.get(f"{EXIT}.reason", ""), exit_problem=said.get("reason", "") if leaves else "",
        other=[text for path, text in said.items() if path not in shown], soon=_soon(visit) if again else (),
        days=_days(visit, uow, owner, capped) if again and owner is not None else (),
    )  # fmt: skip


def _key(visit: Visit, key: str, name: str, outcome: Outcome, given: Mapping[str, str], wrong: Mapping[str, str]) -> Key:
    fields = [_control(visit, name, ask, of, given, wrong) for ask, of in outcome.asks.items()]
    again = outcome.then == "again"
    at = given.get(f"{name}.at", "") or given.get(f"{name}.quick", "")
    return Key(
        key=key, name=name, label=visit.say(outcome.text), fields=fields, again=again, at=at if again else "",
        at_problem=wrong.get("at", "") if again else "", reached=outcome.reached,
    )  # fmt: skip


def _control(visit: Visit, outcome: str, name: str, ask: Ask, given: Mapping[str, str], wrong: Mapping[str, str]) -> Control:
    from ..words import text_of

    full = f"{outcome}.{name}"
    choices = [(n, visit.say(text_of(label))) for n, label in ask.choices.items()]
    return Control(
        name=full, how=HOW[ask.type], label=visit.say(ask.text), id=f"tq-{full.replace('.', '-')}", value=given.get(full, ""), required=ask.required,
        problem=wrong.get(name, ""), choices=choices,
    )  # fmt: skip


def read_typed(form: Mapping[str, str], outcome: str) -> dict[str, str]:
    """Return what a sent dock says for one outcome, by the names `complete` knows."""
    prefix = f"{outcome}."
    values = {n.removeprefix(prefix): v for n, v in form.items() if n.startswith(prefix)}
    quick = values.pop("quick", "")
    if quick and not values.get("at", "").strip():
        values["at"] = quick
    return {n: v for n, v in values.items() if v.strip()} | {"note": form.get("note", "").replace("\r\n", "\n")}


# ---- when -------------------------------------------------------------------------------------------------------------
def _soon(visit: Visit) -> list[Moment]:
    """Return moments that are often meant: in a while, tomorrow at ten, on Monday."""
    now = visit.now.astimezone(visit.zone).replace(second=0, microsecond=0)
    found = []
    for minutes in SOON:
        at = now + dt.timedelta(minutes=minutes)
        at = at + dt.timedelta(minutes=-at.minute % 5)
        if at.date() == now.date() and at.hour < LATEST:
            label = words.minutes_later.format(n=minutes) if minutes < 60 else words.hours_later.format(n=minutes // 60)
            found.append(Moment(value=_value(at), label=visit.say(label)))
    today = now.date()
    for day in (today + dt.timedelta(days=1), today + dt.timedelta(days=3), today + dt.timedelta(days=7 - today.weekday())):
        at = dt.datetime.combine(day, MORNING, visit.zone)
        label = words.at_of_day.format(day=near_day(day, today, visit.language), time=f"{MORNING:%H:%M}")
        if all(m.value != _value(at) for m in found):
            found.append(Moment(value=_value(at), label=visit.say(label)))
    return found


def _days(visit: Visit, uow: Uow, owner: int, capped: bool) -> list[DayCell]:
    today = visit.now.astimezone(visit.zone).date()
    days = load.days_of(uow, owner, today, today + dt.timedelta(days=OFFERED_DAYS - 1))
    return [_cell(visit, day, today, capped) for day in days]


def _cell(visit: Visit, day: Day, today: dt.date, capped: bool) -> DayCell:
    from babel.dates import format_date

    at = dt.datetime.combine(day.day, MORNING, visit.zone)
    now = visit.now.astimezone(visit.zone)
    if day.day == today and at <= now:
        at = (now + dt.timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    takes = at.date() == day.day and (day.planned < day.cap or not capped)
    locale = "ru_RU" if visit.language == "ru" else "en_GB"
    return DayCell(
        value=_value(at) if takes else "", day=day.day, label=near_day(day.day, today, visit.language), planned=day.planned, cap=day.cap,
        weekday=format_date(day.day, "ccc", locale=locale), works=day.works,
    )  # fmt: skip


def _value(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


__all__ = ["EXIT", "EXIT_KEY", "DayCell", "Dock", "Key", "Moment", "dock_of", "read_typed"]
