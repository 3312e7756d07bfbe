"""A month with drawdowns, a course, a month after it, and a month with nobody slow: through the database and the code of production."""

from __future__ import annotations

import datetime as dt
import math
import random
import time
import typing as t
from collections.abc import Iterator

from crmkit import Actor, Crm, MovableClock, Role

from ..coaching.giving import give
from ..effects import PERIOD, effect
from ..entities import ASSIGNMENTS, Assignment, Course, Norm, Step, Worker
from ..judging import Judged, judged
from ..proposing import propose
from ..reading import DAY, Chosen
from ..rollups import differences, rebuild
from ..settings import MonitorSettings
from ..steps import align
from .months import many
from .options import Options
from .people import KINDS, LEAST, MOST, STEPS, Planted, Team, day
from .writing import Writer

TEAM, FIRST, DIRECTOR = 1, 1001, 1000
ROLE = Role("simulated_manager", {"process_monitor.measured": "own", "process_monitor.case.*": "own", "process_monitor.assignment.*": "own"})
HEAD = Role("simulated_director", {"process_monitor.*": "all"})
LEARNING = 3
"""Working days from being given a course to having done it."""


def composed(crm: Crm, clock: MovableClock, options: Options) -> Crm:
    """Return the same CRM with the steps and kinds of the play, and those who are in it."""
    raw = {name: dict(table) for name, table in crm.raw_settings.items()}
    steps = {name: {"label": {"en": en, "ru": ru}, "pages": [f"/simulated/{name}/*"]} for name, (en, ru, _s, _p) in STEPS.items()}
    raw["process_monitor"] = raw.get("process_monitor", {}) | {"steps": steps, "kinds": {name: name for name in KINDS}, "counts": ["active", "idle"]}
    return Crm(*crm.plugins, database=crm.engine, settings=raw, roles=(ROLE, HEAD), clock=clock)


class Simulation:
    """One play."""

    def __init__(self, crm: Crm, clock: MovableClock, options: Options) -> None:
        self.crm, self.clock, self.options = crm, clock, options
        self.dice = random.Random(options.seed)
        self.rate = crm[MonitorSettings].alarm_rate
        self.director = Actor(DIRECTOR, "Director", roles=[HEAD.name], teams=[TEAM])
        self.people = [Actor(FIRST + n, f"Manager {n + 1}", roles=[ROLE.name], teams=[TEAM]) for n in range(options.managers)]
        self.days = self._working_days()
        self.violations: list[str] = []

    def play(self) -> dict[str, t.Any]:
        """Play to the end and return the report."""
        began = time.perf_counter()
        self._furnish()
        team = Team(self.options.managers, self.dice)
        planted = team.plant(self.options.planted, 1)
        before = self._month(team, through=self.options.through)
        first, proposed = self._judge(before, planted), self._proposed(before)
        courses = self._courses(team, before, planted)
        quiet = self._quiet()
        with self.crm.uow() as uow:
            self.violations += [f"sums are not those of the work: {key}: {what}" for key, what in differences(uow)[:20]]
        self.violations += self.writer.wrong[:20]
        report: dict[str, t.Any] = {
            "managers": self.options.managers, "days": self.options.days, "cases": self.writer.cases + self.writer.taken,
            "cases_through_the_intake": self.writer.taken, "alarm_rate": self.rate, "month_with_drawdowns": first, "courses": courses,
            "month_without": quiet, "norms_proposed": proposed, "violations": len(self.violations), "broken": self.violations[:50],
            "seconds": round(time.perf_counter() - began, 1),
        }  # fmt: skip
        if self.options.seeds:
            o = self.options
            report["many"] = many(
                seeds=o.seeds, seed=o.seed, managers=o.managers, days=o.days, cases=o.cases, drawdowns=o.planted, rate=self.rate).told()
        return report

    # ---- the stage ---------------------------------------------------------------------------------------------
    def _working_days(self) -> Iterator[dt.date]:
        at = (self.clock.now() + DAY).astimezone(self.crm.zone).date()
        while True:
            if at.isoweekday() < 6:
                yield at
            at += DAY

    def _furnish(self) -> None:
        """Make steps, norms and people."""
        first = self.clock.now().astimezone(self.crm.zone).date()
        with self.crm.uow() as uow:
            named = align(uow)
            steps = [named[name] for name in STEPS]
            for step, (_en, _ru, seconds, _share) in zip(steps, STEPS.values(), strict=True):
                for kind, (longer, _part) in KINDS.items():
                    usual = seconds * longer
                    uow.add(Norm(step_id=step, case_kind=kind, since=first, reference=round(usual), least=round(usual * LEAST),
                                 most=round(usual * MOST)))  # fmt: skip
            workers = uow.add_many(Worker, [{"name": "", "user_id": a.id, "team_id": TEAM} for a in self.people])
            course = uow.add(Course(title="A course"))
            uow.flush()
            self.course = course.id
        self.writer = Writer(self.crm, self.clock, self.people, workers, steps, [f"/simulated/{name}/1" for name in STEPS])

    def _month(self, team: Team, days: int | None = None, through: int = 0) -> Chosen:
        """Let everybody work for a month, and return its days."""
        dates = [next(self.days) for _day in range(days or self.options.days)]
        for number, today in enumerate(dates):
            served = list(day(team, self.dice, self.options.cases))
            taken = through if number == 0 else 0
            self.clock.set(max(self.clock.now(), self.writer.opens(today)))
            if taken:
                self.writer.through(self.dice, today, [one for one in served if one.worker < taken])
            self.clock.set(max(self.clock.now(), self.writer.opens(today) + dt.timedelta(hours=11)))
            with self.crm.uow() as uow:
                self.writer.bulk(uow, today, (one for one in served if one.worker >= taken))
        with self.crm.uow() as uow:
            rebuild(uow, 0, dates[0], dates[-1])
        return Chosen(since=dates[0], until=dates[-1])

    # ---- what the monitor says ---------------------------------------------------------------------------------
    def _judged(self, chosen: Chosen) -> list[Judged]:
        with self.crm.read(self.director) as uow:
            return judged(uow, chosen)

    def _judge(self, chosen: Chosen, planted: list[Planted]) -> dict[str, t.Any]:
        began = time.perf_counter()
        found = self._judged(chosen)
        took = time.perf_counter() - began
        alarms = {(one.worker, one.step): one for one in found if one.verdict.alarm}
        truly = {(self.writer.workers[p.worker], self.writer.steps[p.step]): p for p in planted}
        missed = [key for key, p in truly.items() if key not in alarms or alarms[key].verdict is not p.verdict]
        false = sorted(alarms.keys() - truly.keys())
        self.violations += [f"not found: {self._called(key)}" for key in missed] + [f"found, but not planted: {self._called(key)}" for key in false]
        names = list(STEPS)
        return {
            "since": chosen.since.isoformat(), "until": chosen.until.isoformat(), "cells_judged": len(found), "judged_in_seconds": round(took, 3),
            "planted": len(truly), "found": len(truly) - len(missed), "not_planted": len(false),
            "drawdowns": [
                {"manager": p.worker + 1, "step": names[p.step], "planted": round(p.ratio, 2), "verdict": one.verdict.value,
                 "ratio": _round(one.ratio), "low": _round(one.low), "high": _round(one.high),
                 "minutes_lost_a_day": round(one.lost_per_day / 60000, 1)}
                for key, p in truly.items() if (one := alarms.get(key)) is not None
            ],
        }  # fmt: skip

    def _called(self, key: tuple[int, int]) -> str:
        return f"manager {self.writer.workers.index(key[0]) + 1} at {list(STEPS)[self.writer.steps.index(key[1])]}"

    def _proposed(self, chosen: Chosen) -> list[dict[str, t.Any]]:
        with self.crm.read(self.director) as uow:
            names = dict(zip(self.writer.steps, STEPS, strict=True))
            return [
                {"step": names[p.step], "kind": p.kind, "reference": p.reference, "least": p.least, "most": p.most,
                 "usual_of_all": round(STEPS[names[p.step]][2] * KINDS[p.kind][0])}
                for p in propose(uow, chosen) if p.kind is not None
            ]  # fmt: skip

    def _courses(self, team: Team, before: Chosen, planted: list[Planted]) -> list[dict[str, t.Any]]:
        """Give the first of the slow a course that halves what is too much, and whoever looks worst of the others one that does nothing."""
        w, taught = self.writer, planted[0]
        truly = {(w.workers[p.worker], w.steps[p.step]) for p in planted}
        slow = {worker for worker, _step in truly}
        others = [one for one in self._judged(before) if one.ratio is not None and one.worker not in slow]
        worst = max(others, key=lambda one: one.ratio or 0.0)
        self.clock.set(self.clock.now() + dt.timedelta(hours=10))
        given = [self._give(w.workers[taught.worker], w.steps[taught.step]), self._give(worst.worker, worst.step)]
        self._month(team, LEARNING)
        for key in given:
            with self.crm.uow(self.director) as uow:
                uow.move(uow.get(Assignment, key), ASSIGNMENTS["done"])
        change = team.teach(taught)
        self._month(team)
        self.clock.set(self.clock.now() + PERIOD * DAY)
        return [self._effect("halves what is too much", given[0], change), self._effect("does nothing", given[1], 0.0)]

    def _give(self, worker: int, step: int) -> int:
        with self.crm.uow(self.director) as uow:
            return give(uow, uow.get(Worker, worker), uow.get(Step, step), course=uow.get(Course, self.course), why="The monitor says so").id

    def _effect(self, what: str, assignment: int, change: float) -> dict[str, t.Any]:
        with self.crm.read(self.director) as uow:
            given = uow.get(Assignment, assignment)
            who = next(n for n, actor in enumerate(self.people) if actor.id == given.owner_id) + 1
            step, found = list(STEPS)[self.writer.steps.index(given.step_id)], effect(uow, assignment)
        true = math.expm1(change)
        holds = found.low is not None and found.high is not None and found.low <= true <= found.high
        if not holds:
            self.violations.append(f"the course that {what}: {true:+.3f} is not between {found.low} and {found.high}")
        return {
            "course": what, "manager": who, "step": step, "verdict": found.verdict.value, "true_change": round(true, 3),
            "change": _round(found.change), "low": _round(found.low), "high": _round(found.high), "holds": holds,
            "seconds_before": _round(found.before), "seconds_after": _round(found.after), "compared_with": found.compared_with, "why": found.why,
        }  # fmt: skip

    def _quiet(self) -> dict[str, t.Any]:
        team = Team(self.options.managers, self.dice)
        chosen = self._month(team)
        found = self._judged(chosen)
        alarms = [(one.worker, one.step) for one in found if one.verdict.alarm]
        self.violations += [f"found in a month with nobody slow: {self._called(key)}" for key in alarms]
        return {"since": chosen.since.isoformat(), "until": chosen.until.isoformat(), "cells_judged": len(found), "alarms": len(alarms)}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


__all__ = ["Simulation", "composed"]
