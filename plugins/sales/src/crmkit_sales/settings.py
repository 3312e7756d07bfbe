"""What an integrator sets under ``[sales]``."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t
from collections.abc import Mapping

import attrs
import phonenumbers

from crmkit import Misuse

from .calendar import WorkCalendar, read_hours
from .words import ForecastCategory

CHANCES: Mapping[str, Mapping[str, int]] = {"sales": {"new": 10, "qualified": 25, "offer": 50, "negotiation": 75}}
CATEGORIES: Mapping[str, Mapping[str, str]] = {
    "sales": {"new": "pipeline", "qualified": "pipeline", "offer": "best_case", "negotiation": "commit"},
}


def _country(_instance: object, _attribute: object, value: str) -> None:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise Misuse(f"country = {value!r}: write two capital letters, such as RU or GB")


def _one_of(*known: str) -> t.Callable[[object, t.Any, str], None]:
    def check(_instance: object, attribute: t.Any, value: str) -> None:
        if value not in known:
            raise Misuse(f"{attribute.name} = {value!r}: write one of {', '.join(known)}")

    return check


def _percents(_instance: object, _attribute: object, value: Mapping[str, Mapping[str, int]]) -> None:
    for pipeline, stages in value.items():
        for stage, percent in stages.items():
            if not 0 <= percent <= 100:
                raise Misuse(f"probability.{pipeline}.{stage} = {percent}: write a number from 0 to 100")


@attrs.frozen(kw_only=True, slots=False)
class SalesSettings:
    """Settings of the sales plugin."""

    country: str = attrs.field(default="RU", validator=_country)
    """Where the company works, two letters: how numbers without a country code are read, tax numbers checked, holidays known."""
    working_hours: tuple[str, ...] = ("mon-fri 09:00-18:00",)
    """When people work: days and hours, ``["mon-fri 09:00-18:00", "sat 10:00-15:00"]``; hours of one day may be several."""
    holidays: bool = True
    """Whether the public holidays of the country count as days off."""
    days_off: tuple[dt.date, ...] = ()
    """Days off besides: ``[2026-05-08]``."""
    working_days: tuple[dt.date, ...] = ()
    """Days worked although they would be days off, such as a Saturday instead of a Friday; they have the hours of a Monday."""
    respond_within: dt.timedelta = dt.timedelta(minutes=30)
    """How much working time may pass until an inquiry gets its first answer."""
    attach_within: dt.timedelta = dt.timedelta(days=14)
    """An inquiry from the same number or address joins the client's open lead if the lead was in touch within this time."""
    assign: bool = True
    """Whether new leads and inquiries without an owner are given out by the assignment rules."""
    first_call_within: dt.timedelta = dt.timedelta(days=1)
    """How soon a new deal is to be followed up."""
    review_after: dt.timedelta = dt.timedelta(days=14)
    """How long after an offer somebody asks again."""
    next_step_in: tuple[str, ...] = ()
    """Stages of deals that need an open activity with a date: ``["offer", "negotiation"]``."""
    probability: dict[str, dict[str, int]] = attrs.field(factory=dict, validator=_percents)
    """Chance to win in percent by pipeline and stage, laid over the usual ones: ``{sales = {offer = 60}}``."""
    forecast: dict[str, dict[str, str]] = attrs.field(factory=dict)
    """Forecast category (omitted, pipeline, best_case, commit) by pipeline and stage, laid over the usual ones."""
    protect_for: dt.timedelta = dt.timedelta(days=90)
    """How long an approved deal registration protects its dealer."""
    extend_at_most: dt.timedelta = dt.timedelta(days=90)
    """By how much a registration may be extended in all."""
    on_conflict: str = attrs.field(default="refuse", validator=_one_of("refuse", "review"))
    """What becomes of a registration whose client is another dealer's: ``refuse``, or ``review`` by a person."""
    protect_deals: bool = True
    """Whether another dealer may open no deal with a client who is protected."""

    def __attrs_post_init__(self) -> None:
        read_hours(self.working_hours)
        known = {c.value for c in ForecastCategory}
        for pipeline, stages in self.forecast.items():
            for stage, category in stages.items():
                if category not in known:
                    raise Misuse(f"forecast.{pipeline}.{stage} = {category!r}: write one of {', '.join(sorted(known))}")

    @functools.cached_property
    def calendar(self) -> WorkCalendar:
        """Working time."""
        country = self.country if self.holidays else None
        return WorkCalendar(read_hours(self.working_hours), country, frozenset(self.days_off), frozenset(self.working_days))

    @functools.cached_property
    def chances(self) -> Mapping[str, Mapping[str, int]]:
        """The chance to win by pipeline and stage."""
        return _laid(CHANCES, self.probability)

    @functools.cached_property
    def categories(self) -> Mapping[str, Mapping[str, str]]:
        """The forecast category by pipeline and stage."""
        return _laid(CATEGORIES, self.forecast)


def _laid(usual: Mapping[str, Mapping[str, t.Any]], over: Mapping[str, Mapping[str, t.Any]]) -> Mapping[str, Mapping[str, t.Any]]:
    return {p: {**usual.get(p, {}), **over.get(p, {})} for p in (*usual, *over)}
