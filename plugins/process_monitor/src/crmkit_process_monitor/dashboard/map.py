"""The heat map: managers in rows, steps in columns, each cell held against the norm."""

from __future__ import annotations

import math
import typing as t
from collections.abc import Mapping, Sequence

from crmkit import Uow, _
from crmkit.ui import Visit, charts

from ..coaching.figures import ICONS
from ..fairness import names
from ..judging import Judged, Verdict
from ..times import clock
from .gathered import Colleague, Gathered

DEPTHS = 5
ROWS = 50
SORTS = ("lost", "clients", "name")
ABOUT = _("{name}, {step}", ru="{name}, {step}")
TYPICAL, REFERENCE = _("Usual time: {time}", ru="Обычное время: {time}"), _("Reference: {time}", ru="Эталон: {time}")
TIMES = _("Cases: {n}", ru="Случаев: {n}")
LOST = _("Lost a day: {time}", ru="Теряется в день: {time}")
NOBODY = _("Not said", ru="Не указан")


class Written:
    """Writes times and shares."""

    def __init__(self, language: str) -> None:
        self.language = language

    def share(self, ratio: float | None) -> str:
        """Return a time by its reference as ``+45%``."""
        if ratio is None:
            return "\u2014"
        return charts.write(ratio - 1, charts.Unit(percent=True, per=0.01, digits=0), self.language, sign=True)

    def number(self, value: float | None, digits: int = 1) -> str:
        """Return a number with so many decimals."""
        return "\u2014" if value is None else charts.write(round(value, digits), charts.Unit(digits=digits), self.language)

    def time(self, seconds: float | None) -> str:
        """Return seconds as ``3:05``; from two days on, as logs of other systems have them, in days."""
        if seconds is None:
            return "\u2014"
        if 0 < seconds <= 1:
            return "\u2264 0:01"
        return clock(seconds) if abs(seconds) < 172_800 else charts.write(round(seconds), charts.DAYS, self.language)


def shade(ratio: float | None) -> str:
    """Return the class of a shade: ``s0`` at the norm, ``s1`` to ``s5`` the slower, ``f1`` to ``f5`` the faster it is."""
    if ratio is None or ratio <= 0:
        return ""
    depth = min(DEPTHS, round(abs(math.log(ratio)) / math.log(2) * DEPTHS))
    return "s0" if not depth else f"{'s' if ratio > 1 else 'f'}{depth}"


def cell(visit: Visit, one: Judged, name: str, step: str, href: str, coach: str | None) -> dict[str, t.Any]:
    """Return one cell."""
    write = Written(visit.language)
    judged = one.verdict not in (Verdict.TOO_FEW, Verdict.NO_NORM)
    tip: list[str] = [ABOUT.format(name=name, step=step), TYPICAL.format(time=write.time(one.typical))]
    tip += [REFERENCE.format(time=write.time(one.reference)) + f" ({write.share(one.ratio)})"] if one.reference is not None else []
    tip += [TIMES.format(n=one.n)] + ([LOST.format(time=write.time(one.lost_per_day / 1000))] if one.lost_per_day >= 1000 else [])
    tip.append(one.verdict.label)
    alarm = one.verdict.alarm
    return {
        "href": href, "coach": coach if alarm else None, "tip": [visit.say(line) for line in tip], "icon": ICONS[one.verdict] if alarm else "",
        "class": "few" if one.verdict is Verdict.TOO_FEW else f"{shade(one.ratio) if judged else 'bare'}{' alarm' if alarm else ''}",
        "big": write.share(one.ratio) if judged else write.time(one.typical), "small": write.time(one.typical) if judged else f"n={one.n}",
    }  # fmt: skip


def rows_of(visit: Visit, uow: Uow, found: Gathered, may_coach: bool) -> dict[str, t.Any]:
    """Return a page of rows, and what stands above them."""
    sort = visit.query.get("sort", "lost")
    sort = sort if sort in SORTS else "lost"
    everybody: Mapping[int, str] = names(uow, [one.worker for one in found.colleagues]) if sort == "name" else {}
    ordered = list(found.colleagues)
    if sort == "name":
        ordered.sort(key=lambda one: everybody[one.worker].casefold())
    elif sort == "clients":
        ordered.sort(key=lambda one: (one.per_day is None, one.per_day, one.worker))
    pages = max(1, math.ceil(len(ordered) / ROWS))
    given = visit.query.get("page", "1")
    page = min(pages, max(1, int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 1))
    some = ordered[(page - 1) * ROWS : page * ROWS]
    called = everybody or names(uow, [one.worker for one in some])
    chosen = found.chosen

    def there(**others: object) -> str:
        return visit.url("/process_monitor/dashboard", **chosen.query(**others))

    return {
        "rows": [_row(visit, found, one, called.get(one.worker) or visit.say(NOBODY), may_coach) for one in some], "heads": _heads(visit, found),
        "sort": sort, "sorts": {name: there(sort=name) for name in SORTS}, "first": (page - 1) * ROWS + 1, "last": (page - 1) * ROWS + len(some),
        "all": len(ordered), "back": there(page=page - 1, sort=sort) if page > 1 else None,
        "next": there(page=page + 1, sort=sort) if page < pages else None,
    }  # fmt: skip


def _row(visit: Visit, found: Gathered, one: Colleague, name: str, may_coach: bool) -> dict[str, t.Any]:
    write, chosen = Written(visit.language), found.chosen
    query = chosen.query(worker=None, step=None)
    profile = visit.url(f"/process_monitor/people/{one.worker}", **query)

    def of(step: int) -> dict[str, t.Any] | None:
        if step not in one.cells:
            return None
        href = visit.url(f"/process_monitor/people/{one.worker}", **{**query, "step": step})
        return cell(visit, one.cells[step], name, found.steps[step], href, coach_of(visit, chosen, one.worker, step) if may_coach else None)

    return {
        "worker": one.worker, "name": name, "href": profile, "cells": [of(step) for step in found.steps], "gain": one.gain,
        "per_day": write.number(one.per_day), "lost": write.time(one.lost_per_day / 1000) if found.has_norms else "\u2014",
        "plus": write.number(one.gain) if one.gain >= 0.05 else "",
    }  # fmt: skip


def coach_of(visit: Visit, chosen: t.Any, worker: int, step: int) -> str | None:
    """Return where a course is given for a step; not in logs of other systems."""
    return visit.url("/process_monitor/coach", **chosen.query(worker=worker, step=step)) if chosen.log is None else None


def _heads(visit: Visit, found: Gathered) -> Sequence[dict[str, t.Any]]:
    """Return the steps with the norm they were held against, and how everybody together stands to it."""
    write, heads = Written(visit.language), []
    for step, title in found.steps.items():
        cells = [one.cells[step] for one in found.colleagues if step in one.cells]
        known = [c for c in cells if c.reference]
        n, m = sum(c.n for c in cells), sum(c.n for c in known)
        reference = math.exp(sum(c.n * math.log(c.reference or 1) for c in known) / m) if m else None
        typical = math.exp(sum(c.n * math.log(max(c.typical, 1e-9)) for c in cells) / n) if n else None
        compared = math.exp(sum(c.n * math.log(c.ratio or 1) for c in known) / m) if m else None
        heads.append({
            "step": step, "title": title, "norm": write.time(reference) if reference else None, "typical": write.time(typical),
            "ratio": write.share(compared) if compared else None, "class": shade(compared),
        })  # fmt: skip
    return heads


def alarms_of(visit: Visit, uow: Uow, found: Gathered, verdict: Verdict, may_coach: bool, most: int | None) -> dict[str, t.Any]:
    """Return the cells with a verdict as a ranked list, as many as `most`."""
    every = found.alarms(verdict)
    some, write = every[:most], Written(visit.language)
    called, chosen = names(uow, [one.worker for one, _cell in some]), found.chosen
    query = chosen.query(worker=None, step=None)
    rows: list[dict[str, t.Any]] = []
    for one, judged in some:
        name = called.get(one.worker) or visit.say(NOBODY)
        rows.append({
            "name": name, "worker": one.worker, "step": found.steps[judged.step], "icon": ICONS[verdict], "n": judged.n,
            "href": visit.url(f"/process_monitor/people/{one.worker}", **{**query, "step": judged.step}),
            "typical": write.time(judged.typical), "reference": write.time(judged.reference), "ratio": write.share(judged.ratio),
            "low": write.share(judged.low), "high": write.share(judged.high), "lost": write.time(judged.lost_per_day / 1000),
            "minutes": judged.lost_per_day / 60_000, "coach": coach_of(visit, chosen, one.worker, judged.step) if may_coach else None,
        })  # fmt: skip
    longest = max((row["minutes"] for row in rows), default=0) or 1
    for row in rows:
        row["part"] = round(100 * row["minutes"] / longest, 1)
    return {"rows": rows, "all": len(every)}



__all__ = ["ROWS", "Written", "alarms_of", "cell", "coach_of", "rows_of", "shade"]
