"""Ways of comparing a field, as people choose them: which fit which field, and what they are called."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ...core.field import Field
from ...core.kind import Kind, Path
from ...core.text import Text, _
from ..cells import look_of

ME, MINE = {"relative": "me"}, {"relative": "mine"}
MY_TEAMS, MY_TEAMS_BELOW = {"relative": "my_teams"}, {"relative": "my_teams_and_below"}
# Ways that are an operator and its value in one.
SET: Mapping[str, tuple[str, t.Any]] = {
    "me": ("eq", ME), "mine": ("in", MINE), "my_teams": ("in", MY_TEAMS), "my_teams_and_below": ("in", MY_TEAMS_BELOW),
    "yes": ("eq", True), "no": ("eq", False), "empty": ("empty", None), "filled": ("filled", None),
}  # fmt: skip
LABELS: Mapping[str, Text] = {
    "eq": _("is", ru="равно"), "ne": _("is not", ru="не равно"), "lt": _("less than", ru="меньше"), "lte": _("at most", ru="не больше"),
    "gt": _("more than", ru="больше"), "gte": _("at least", ru="не меньше"), "in": _("is one of", ru="одно из"),
    "not_in": _("is none of", ru="ни одно из"), "contains": _("contains", ru="содержит"), "starts": _("starts with", ru="начинается с"),
    "empty": _("is empty", ru="не заполнено"), "filled": _("is filled in", ru="заполнено"), "within": _("in the period", ru="за период"),
    "below": _("is this or below it", ru="это или ниже по дереву"), "me": _("is me", ru="я"),
    "mine": _("is me or whom I stand in for", ru="я или те, кого замещаю"), "my_teams": _("is a team of mine", ru="мои команды"),
    "my_teams_and_below": _("is a team of mine or below", ru="мои команды и ниже"), "yes": _("yes", ru="да"), "no": _("no", ru="нет"),
}  # fmt: skip
DAY_LABELS: Mapping[str, Text] = {
    "eq": _("on", ru="в день"), "ne": _("not on", ru="не в день"), "lt": _("before", ru="раньше"), "lte": _("not after", ru="не позже"),
    "gt": _("after", ru="позже"), "gte": _("not before", ru="не раньше"),
}  # fmt: skip
SHORT: Mapping[str, Text] = {
    "eq": Text("="), "ne": Text("≠"), "lt": Text("<"), "lte": Text("≤"), "gt": Text(">"), "gte": Text("≥"), "in": Text(":"),
    "not_in": _("is not", ru="не"), "within": Text(":"), "below": _("at or below", ru="в ветке"),
}  # fmt: skip
PERIODS: Mapping[str, Text] = {
    "today": _("Today", ru="Сегодня"), "yesterday": _("Yesterday", ru="Вчера"), "tomorrow": _("Tomorrow", ru="Завтра"),
    "this_week": _("This week", ru="Эта неделя"), "last_week": _("Last week", ru="Прошлая неделя"),
    "next_week": _("Next week", ru="Следующая неделя"), "this_month": _("This month", ru="Этот месяц"),
    "last_month": _("Last month", ru="Прошлый месяц"), "next_month": _("Next month", ru="Следующий месяц"),
    "this_quarter": _("This quarter", ru="Этот квартал"), "this_year": _("This year", ru="Этот год"), "last_year": _("Last year", ru="Прошлый год"),
    "last_7_days": _("Last 7 days", ru="Последние 7 дней"), "last_30_days": _("Last 30 days", ru="Последние 30 дней"),
    "last_90_days": _("Last 90 days", ru="Последние 90 дней"),
}  # fmt: skip
UNITS: Mapping[str, Text] = {
    "min": _("minutes", ru="минут"), "h": _("hours", ru="часов"), "d": _("days", ru="дней"), "w": _("weeks", ru="недель"),
    "mo": _("months", ru="месяцев"), "y": _("years", ru="лет"),
}  # fmt: skip
MOMENTS: Mapping[str, Text] = {
    "exact": _("this day", ru="конкретный день"), "today": _("today", ru="сегодня"), "now": _("now", ru="сейчас"),
    "ago": _("so long ago", ru="столько назад"), "ahead": _("so long ahead", ru="столько вперёд"),
}  # fmt: skip
TEXTS = ("contains", "starts", "eq", "ne", "empty", "filled")
FITTING: Mapping[str, tuple[str, ...]] = {
    "text": TEXTS, "long": ("contains", "starts", "empty", "filled"), "phone": TEXTS, "email": TEXTS,
    "number": ("eq", "ne", "gt", "gte", "lt", "lte", "empty", "filled"), "money": ("gt", "gte", "lt", "lte", "eq", "ne", "empty", "filled"),
    "day": ("within", "lt", "gt", "eq", "lte", "gte", "empty", "filled"), "moment": ("within", "lt", "gt", "lte", "gte", "empty", "filled"),
    "choice": ("in", "not_in", "empty", "filled"), "stage": ("in", "not_in"), "record": ("in", "not_in", "empty", "filled"),
    "person": ("mine", "me", "in", "not_in", "empty", "filled"),
    "team": ("my_teams", "my_teams_and_below", "in", "not_in", "below", "empty", "filled"),
    "check": ("yes", "no", "empty", "filled"), "been": ("in",), "rotten": ("yes", "no"),
}  # fmt: skip
NEVER_EMPTY = ("empty", "filled")


def how_of(kind: Kind, path: Path) -> str:
    """Return how a field is compared: as `look_of` says, and ``stage`` for what pipelines define."""
    if not path.hops and kind.staged and path.field.name in ("stage", "pipeline"):
        return "stage"
    return look_of(path.field)


def fitting(how: str, field: Field | None, *, tree: bool = False) -> tuple[str, ...]:
    """Return the ways that fit a field; ``below`` for links within a tree of records, emptiness only where there may be none."""
    found = FITTING.get(how, NEVER_EMPTY)
    if field is not None and not field.nullable and field.type is not str and len(found) > len(NEVER_EMPTY):
        found = tuple(w for w in found if w not in NEVER_EMPTY)
    return (*found[:2], "below", *found[2:]) if tree and how == "record" else found


def label_of(way: str, how: str) -> Text:
    """Return what a way is called for a field of this sort."""
    if how in ("day", "moment") and way in DAY_LABELS:
        return DAY_LABELS[way]
    return LABELS[way]


def way_of(operator: str, value: t.Any) -> str:
    """Return the way people know a comparison by: ``eq`` true is ``yes``."""
    return next((way for way, (op, fixed) in SET.items() if op == operator and fixed == value and type(fixed) is type(value)), operator)
