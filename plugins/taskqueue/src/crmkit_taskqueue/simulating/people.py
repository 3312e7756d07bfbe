"""How the people of a simulation behave: when clients answer, how long a talk takes, what comes of it."""

from __future__ import annotations

import datetime as dt
import random
import typing as t
from collections.abc import Mapping

from crmkit_sales import WorkCalendar

from ..kinds import Ask, Outcome, TaskKind

OPENS, CLOSES = dt.time(9), dt.time(18)
# How much of the day's leads come in which hour, and how readily clients answer then.
ARRIVALS = (1, 1, 0, 0, 0, 1, 1, 2, 5, 8, 10, 10, 9, 8, 8, 8, 8, 7, 6, 5, 4, 3, 2, 1)
ANSWERS = (0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.7, 0.8, 0.95, 1.0, 0.85, 0.9, 1.0, 1.0, 1.1, 1.25, 1.3, 1.2, 1.0, 0.8, 0.6, 0.6)
LIKELY = {"close": 3, "again": 1, "move": 1, "revive": 1, "refuse": 6}
EXIT, SILENT = 0.006, 0.002  # how often a task cannot be done, and how often a browser falls silent
CODES = ("+7912", "+7921", "+7903", "+7926", "+7916", "+7495", "+7343", "+7383", "+7423", "+7812")  # the latter half: one city, one zone
FIRST = ("Anna", "Boris", "Vera", "Grigory", "Daria", "Egor", "Zoya", "Ivan", "Kira", "Lev")
LAST = ("Orlova", "Petrov", "Sidorova", "Ivanov", "Kuznetsova", "Smirnov", "Volkova", "Sokolov")


def name(dice: random.Random, number: int) -> str:
    """Return a client's name."""
    return f"{dice.choice(FIRST)} {dice.choice(LAST)} {number}"


def phone(dice: random.Random, number: int) -> str:
    """Return a client's number: most are mobile and could be anywhere, some tell the city."""
    code = dice.choice(CODES[:5] if dice.random() < 0.7 else CODES[5:])
    return f"{code}{number % 10_000_000:07}"


def answers(dice: random.Random, rate: float, hour: int) -> bool:
    """Return whether a client picks up."""
    return dice.random() < min(0.95, rate * ANSWERS[hour])


def seconds(dice: random.Random, kind: TaskKind, reached: bool) -> float:
    """Return how long a task takes: a talk and a note about it, or a call that rings out."""
    if not reached:
        return dice.uniform(45, 90)
    return min(dice.lognormvariate(0, 0.5) * kind.minutes * 60, kind.minutes * 300) + dice.uniform(30, 75)


def outcome_of(dice: random.Random, kind: TaskKind, reached: bool, unlikely: frozenset[str] = frozenset()) -> str:
    """Return how a task ends; without `unlikely` ones, which were refused."""
    fit = {n: o for n, o in kind.outcomes.items() if o.reached == reached and n not in unlikely}
    fit = fit or {n: o for n, o in kind.outcomes.items() if n not in unlikely} or dict(kind.outcomes)
    return dice.choices(list(fit), [1 if o.task else LIKELY.get(o.then, 1) for o in fit.values()])[0]


def values_of(dice: random.Random, outcome: Outcome, now: dt.datetime, at: dt.datetime) -> dict[str, t.Any]:
    """Return what an outcome asks for, filled in."""
    given: dict[str, t.Any] = {name: _answer(dice, ask, now) for name, ask in outcome.asks.items()}
    if outcome.then == "again":
        given["at"] = at.isoformat()
    return given


def _answer(dice: random.Random, ask: Ask, now: dt.datetime) -> t.Any:
    ways: Mapping[str, t.Any] = {
        "text": "as we talked", "number": dice.randint(1, 100), "date": (now + dt.timedelta(days=3)).date().isoformat(),
        "moment": (now + dt.timedelta(days=1)).isoformat(), "choice": dice.choice(list(ask.choices)) if ask.choices else "",
    }  # fmt: skip
    return ways[ask.type]


def works(calendar: WorkCalendar, day: dt.date) -> bool:
    """Return whether a day is a working day."""
    return bool(calendar.of(day))


def next_days(calendar: WorkCalendar, first: dt.date, count: int) -> list[dt.date]:
    """Return so many working days, from `first` on."""
    found, day = list[dt.date](), first
    for _look in range(count * 15 + 30):
        if works(calendar, day):
            found.append(day)
            if len(found) == count:
                break
        day += dt.timedelta(days=1)
    return found


__all__ = ["CLOSES", "EXIT", "OPENS", "SILENT", "answers", "name", "next_days", "outcome_of", "phone", "seconds", "values_of", "works"]
