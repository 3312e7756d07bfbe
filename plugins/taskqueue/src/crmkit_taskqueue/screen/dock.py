"""The dock: the keys a task may end by, what each asks for, and the note."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t
from collections.abc import Callable, Mapping, Sequence

import attrs

from crmkit import Problem, Uow
from crmkit.ui import Control, Visit, near_day

from ..days import MORNING, Calendar, weeks_from
from ..kinds import Ask, Outcome
from ..settings import TaskqueueSettings
from . import words
from .standing import Standing

EXIT = "exit"
EXIT_KEY = "0"
HOW = {"text": "text", "choice": "choice", "number": "number", "date": "day", "moment": "moment"}
SOON = (15, 60, 180)
LATEST = 21


@attrs.frozen(kw_only=True)
class Moment:
    """A moment offered for “call back”: one press away."""

    value: str
    label: str


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
    days: Calendar | None = None
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


def dock_of(visit: Visit, uow: Uow, standing: Standing, typed: Mapping[str, t.Any], problems: Sequence[Problem] = ()) -> Dock:
    """Return the dock of an open task, filled with what was typed so far; `problems` stand at their fields."""
    settings, kind = uow.crm[TaskqueueSettings], standing.kind
    said: dict[str, str] = {}
    for problem in problems:
        said.setdefault(problem.path, visit.say(problem.message))
    given = {n: v for n, v in typed.items() if isinstance(v, str)}
    chosen = given.get("outcome", "")
    soon = _soon(visit)
    keys: list[Key] = []
    if kind is not None:
        days = _days(visit, uow, standing, [m.value for m in soon])
        keys = [_key(visit, key, name, kind.outcomes[name], given, said if name == chosen else {}, days) for key, name in kind.keys.items()]
    known = kind.exits if kind is not None else None
    exits = [(n, visit.say(label)) for n, label in settings.exit_reasons.items() if known is None or n in known]
    leaves = chosen == EXIT or kind is None
    shown = {c.name.partition(".")[2] for k in keys if k.name == chosen for c in k.fields} | {"note"}
    shown |= {"at"} if any(k.again and k.name == chosen for k in keys) else set()
    shown |= {"reason"} if leaves else set()
    return Dock(
        keys=keys, chosen=EXIT if leaves else chosen if any(k.name == chosen for k in keys) else "", note=given.get("note", ""),
        note_problem=said.get("note", ""), exits=exits, exit=given.get(f"{EXIT}.reason", ""), exit_problem=said.get("reason", "") if leaves else "",
        other=[text for path, text in said.items() if path not in shown], soon=soon,
    )  # fmt: skip


def _key(
    visit: Visit, key: str, name: str, outcome: Outcome, given: Mapping[str, str], wrong: Mapping[str, str], days: Callable[[str], Calendar | None]
) -> Key:  # fmt: skip
    fields = [_control(visit, name, ask, of, given, wrong) for ask, of in outcome.asks.items()]
    again = outcome.then == "again"
    at = given.get(f"{name}.at", "") or given.get(f"{name}.quick", "")
    return Key(
        key=key, name=name, label=visit.say(outcome.text), fields=fields, again=again, at=at if again else "",
        at_problem=wrong.get("at", "") if again else "", reached=outcome.reached,
        days=days(at) if again else None,
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


def _days(visit: Visit, uow: Uow, standing: Standing, soon: Sequence[str]) -> Callable[[str], Calendar | None]:
    """Return who knows the days of whoever the task goes on with, asked once for all ways that lead to another day."""

    @functools.cache
    def days(at: str) -> Calendar | None:
        task, kind = standing.task, standing.kind
        owner = (task.owner_id or task.opened_by) if task is not None else None
        if owner is None or kind is None:
            return None
        picked = "" if at in soon else at  # a moment that is offered by itself is no day of the calendar
        return weeks_from(uow, visit.language, owner, _moment(picked, visit), capped=kind.capped)

    return days


def _moment(text: str, visit: Visit) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=visit.zone)
    except ValueError:
        return None


def _value(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


__all__ = ["EXIT", "EXIT_KEY", "Dock", "Key", "Moment", "dock_of", "read_typed"]
