"""Who they are, and what they answer."""

from __future__ import annotations

import datetime as dt
import decimal
import random
import typing as t
from collections.abc import Mapping

import attrs

from ..collecting import asked_of, holds
from ..protocols import Body, Question

FIRST = ("Anna", "Boris", "Vera", "Gleb", "Daria", "Egor", "Zoya", "Ivan", "Kira", "Lev", "Mila", "Oleg", "Pavel", "Rita", "Semyon", "Ulyana")
LAST = ("Belova", "Gromov", "Zimina", "Kotov", "Lebedeva", "Morozov", "Orlova", "Panin", "Rybakova", "Sokolov", "Tikhonova", "Frolov")
CITIES = ("495", "495", "812", "343", "383", "423", "401", "916", "926", "903")  # some of them tell the time zone
MODELS = ("Hand M1", "Hand M2", "Kid grip", "Myo S", "Hook 3")


@attrs.define(eq=False)
class Person:
    """A wearer, and what will become of them."""

    number: int
    name: str
    phone: str
    born: dt.date | None
    comes: dt.date
    guardian: bool
    two: bool
    answers: float
    """How likely they answer the telephone."""
    silent: tuple[dt.date, dt.date] | None = None
    """A time in which nobody reaches them."""


def invent(dice: random.Random, number: int, first: dt.date, days: int) -> Person:
    """Return a person who comes on one of so many days: every third one a child, some of them about to come of age."""
    comes = first + dt.timedelta(days=dice.randrange(days))
    child = number % 3 == 0
    if child:
        age = dice.choice((4, 6, 8, 9, 11, 12, 14, 15, 16, 16, 17, 17)) * 365 + dice.randrange(360)
    else:
        age = dice.randint(19, 80) * 365 + dice.randrange(360)
    born = comes - dt.timedelta(days=age)
    if number % 97 == 3:  # born on the 29th of February
        born = dt.date(comes.year - (comes.year % 4) - (16 if child else 40), 2, 29)
    silent = None
    if dice.random() < 0.08:
        begin = comes + dt.timedelta(days=dice.randrange(30, 700))
        silent = begin, begin + dt.timedelta(days=dice.randrange(20, 150))
    name = f"{dice.choice(FIRST)} {dice.choice(LAST)} {number}"
    phone = f"+7{dice.choice(CITIES)}{number % 10_000_000:07d}"
    known = born if child or dice.random() < 0.95 else None
    return Person(number, name, phone, known, comes, child, dice.random() < 0.125, dice.uniform(0.35, 0.85), silent)


def answer(dice: random.Random, question: Question, *, well: bool) -> t.Any:
    """Return what somebody says: as a rule that all is well, now and then that it is not."""
    good = well and dice.random() < 0.93
    if question.kind == "yes_no":
        return good or dice.random() < 0.5
    if question.kind == "choice":
        names = list(question.choices)
        fine = [name for name in names if name not in question.incidents] or names
        return dice.choice(fine[:1] if good else names)
    if question.kind in ("number", "scale"):
        least, most = question.least or 0, question.most if question.most is not None else 20
        middle = (least + most) / 2
        found = dice.uniform(middle, most) if good else dice.uniform(least, most)
        return round(found) if question.kind == "scale" else decimal.Decimal(str(round(found, 1)))
    if question.kind == "photo":
        return None
    return dice.choice(("", "", "As before", "Better than last time", "Хорошо держится")) or None


def answers(dice: random.Random, body: Body, period: str) -> dict[str, t.Any]:
    """Return answers to everything that is asked in a period, one after the other: later questions depend on earlier answers."""
    well, found = dice.random() < 0.9, dict[str, t.Any]()
    told: dict[str, t.Any] = {}
    for name in body.periods[period].questions:
        if name not in asked_of(body, period, told):
            continue
        value = answer(dice, body.questions[name], well=well)
        if value is None and body.questions[name].required and body.questions[name].kind != "photo":
            value = "As before" if body.questions[name].kind == "text" else next(iter(body.questions[name].choices), 0)
        if value is not None:
            found[name] = value
            told[name] = decimal.Decimal(str(value)) if isinstance(value, int) and not isinstance(value, bool) else value
    return found


def offered(body: Body, given: Mapping[str, t.Any]) -> str | None:
    """Return the reason of the incident that answers offer."""
    for name, value in given.items():
        key = ("yes" if value else "no") if isinstance(value, bool) else value
        reason = body.questions[name].incidents.get(key) if isinstance(key, str) else None
        if reason is not None:
            return reason
    return None


__all__ = ["MODELS", "Person", "answers", "holds", "invent", "offered"]
