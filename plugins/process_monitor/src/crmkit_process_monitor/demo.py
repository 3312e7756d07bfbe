"""Three months of serving clients for the demo: two people who lose time at a step, norms, a course that helped and one that is under way."""

from __future__ import annotations

import datetime as dt
import math
import random as chance
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Actor, Uow, hookimpl
from crmkit_sales import Contact

from .coaching.giving import give, start_learning
from .entities import ASSIGNMENTS, Case, Course, EndedHow, Mentor, Norm, Step, Worker
from .rollups import WORK, rebuild
from .sets import as_json, insert
from .steps import Steps, align, page_of
from .tables import spans, work

PEOPLE = ((2, 2), (3, 2), (4, 2), (5, 3), (6, 3), (8, 1), (9, 4), (10, 5), (12, 7))
"""Those of the demo who serve clients, and their teams."""
DIRECTOR = Actor(1, "Director")
USUAL: Mapping[str, tuple[int, float]] = {
    "sales.contact": (50, 1.0), "sales.company": (35, 0.25), "sales.inquiry": (70, 0.6), "sales.lead": (110, 0.55), "sales.deal": (190, 0.75),
}  # fmt: skip
"""How many seconds each step takes, and in which share of cases it is come to."""
NEW, SPREAD, DAYS = 1.3, 0.42, 0.07
SLOW = {(4, "sales.deal"): 2.3, (6, "sales.contact"): 2.2}
"""Who is slow at what."""
LEARNT, TAUGHT, BETTER = (3, "sales.inquiry"), 2.2, 1.15
"""Who was slow, until there was a course."""
WEEKS, GIVEN, DONE, NOW = 13, 49, 45, 6
"""For how long the monitor has been there; how many days ago the course was given and done, and the second one given."""
LONG, SHORT = 100, 18
"""A demo of fewer deals is shorter: so many days."""
COURSES = (
    ("Обращение за минуту: что спросить сразу · An inquiry in a minute: what to ask at once", "sales.inquiry", 40),
    ("Сделка без возвратов: порядок на карточке · A deal without detours: the card in its order", "sales.deal", 60),
    ("Найти клиента по любой примете · Finding a client by anything", "sales.contact", 20),
)  # fmt: skip
SPAN = ("case_id", "worker_id", "page_id", "step_id", "tab", "seq", "began_at", "active", "idle", "hidden", "called", "told")


@hookimpl(trylast=True)
def crm_demo(uow: Uow, random: chance.Random, size: int) -> None:
    """Play three months of serving clients."""
    now, actor = uow.now, uow.actor
    _Story(uow, chance.Random(random.random()), size).tell()
    uow.at(now, actor)


@attrs.define
class _Stay:
    step: str
    came: dt.datetime
    ms: int
    idle: int


class _Story:
    """What happens on each working day."""

    def __init__(self, uow: Uow, dice: chance.Random, size: int) -> None:
        self.uow, self.dice, self.end = uow, dice, uow.now
        self.cases = max(1, min(6, size // 50))
        self.today = uow.now.astimezone(uow.crm.zone).date()
        days = WEEKS * 7 if size >= LONG else SHORT
        self.dates = [d for n in range(days, 0, -1) if (d := self.today - dt.timedelta(days=n)).isoweekday() < 6]
        self.skill = {(user, step): dice.gauss(0, 0.05) for user, _team in PEOPLE for step in USUAL}
        self.tabs = 0

    def tell(self) -> None:
        """Play everything in the order of time."""
        self._furnish()
        happens: dict[int, t.Callable[[], object]] = {GIVEN: self._given, DONE: self._done, NOW: self._given_now}
        for day in self.dates:
            back = (self.today - day).days
            for ago in [ago for ago in happens if ago >= back]:
                if len(self.dates) > SHORT:
                    self.uow.at(self._at(day, 8), DIRECTOR)
                    happens[ago]()
                del happens[ago]
            self._day(day, back)
        rebuild(self.uow)

    def _at(self, day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(hour, minute), self.uow.crm.zone).astimezone(dt.UTC)

    def _furnish(self) -> None:
        uow = self.uow
        uow.at(self._at(self.dates[0], 7), DIRECTOR)
        named = align(uow)
        self.steps = {name: named[name] for name in USUAL if name in named}
        for name, step in self.steps.items():
            for kind, longer in ((None, 1.0), ("new", NEW)):
                usual = USUAL[name][0] * longer
                uow.add(Norm(step_id=step, case_kind=kind, since=self.dates[0], reference=round(usual), least=round(usual * 0.4),
                             most=round(usual * 2.2)))  # fmt: skip
        self.workers = {user: uow.add(Worker(name="", user_id=user, team_id=team)) for user, team in PEOPLE}
        known = [one for one in COURSES if one[1] in self.steps]
        self.courses = {name: uow.add(Course(title=title, step_id=self.steps[name], minutes=minutes)) for title, name, minutes in known}
        for user, name in ((2, "sales.deal"), (5, "sales.contact")):
            if name in self.steps:
                uow.add(Mentor(owner_id=user, step_id=self.steps[name]))
        uow.flush()
        pages = Steps(uow.crm)
        self.pages = {name: page_of(uow, pages, f"/{name.replace('.', '/')}/{{id}}")[0] for name in self.steps}
        self.contacts = [row.id for row in uow.find(Contact).order_by(Contact.id).limit(300)]

    # ---- work ------------------------------------------------------------------------------------------------------
    def _day(self, day: dt.date, back: int) -> None:
        rows: list[dict[str, t.Any]] = []
        stays: list[list[_Stay]] = []
        for user, team in PEOPLE:
            slow_day, at = self.dice.gauss(0, DAYS), self._at(day, 9, self.dice.randrange(30))
            for _case in range(max(1, round(self.dice.gauss(self.cases, 1)))):
                kind = "new" if self.dice.random() < 0.55 else "repeat"
                some = self._case(user, kind, slow_day, back, at)
                stays.append(some)
                began, at = at, some[-1].came + dt.timedelta(milliseconds=some[-1].ms)
                idle = sum(stay.idle for stay in some)
                rows.append({
                    "created_at": began, "updated_at": at, "version": 1, "owner_id": user, "team_id": team, "worker_id": self.workers[user].id,
                    "kind": kind, "began_at": began, "ended_at": at, "ended_how": EndedHow.DONE, "idle": round(idle / 1000), "hidden": 0,
                    "active": round((sum(stay.ms for stay in some) - idle) / 1000),
                    "contact_id": self.dice.choice(self.contacts) if self.contacts else None,
                })  # fmt: skip
                at += dt.timedelta(minutes=self.dice.randint(5, 60))
        table = Case.__table__
        keys = self.uow.connection.execute(sa.insert(table).returning(table.c.id, sort_by_parameter_order=True), rows).scalars().all()
        done = list(zip(keys, rows, stays, strict=True))
        insert(self.uow, spans, SPAN, [row for key, case, some in done for row in self._spans(key, case["worker_id"], some)])
        insert(self.uow, work, WORK, [
            (key, self.steps[one.step], case["worker_id"], 0, day, case["kind"], case["team_id"], None, one.ms, one.ms - one.idle, one.idle, 0, 1)
            for key, case, some in done for one in some
        ])  # fmt: skip

    def _case(self, user: int, kind: str, slow_day: float, back: int, at: dt.datetime) -> list[_Stay]:
        found: list[_Stay] = []
        for step in self.steps:
            usual, share = USUAL[step]
            if share < 1 and self.dice.random() >= share:
                continue
            log = math.log(usual * (NEW if kind == "new" else 1)) + self.skill[user, step] + slow_day + self.dice.gauss(0, SPREAD)
            log += math.log(SLOW.get((user, step), 1.0))
            if (user, step) == LEARNT:
                log += math.log(TAUGHT if back > DONE else BETTER)
            ms = min(2_400_000, round(math.exp(log) * 1000))
            found.append(_Stay(step, at, ms, round(ms * self.dice.uniform(0, 0.15))))
            at += dt.timedelta(milliseconds=found[-1].ms)
        return found

    def _spans(self, case: int, worker: int, some: Sequence[_Stay]) -> list[tuple[t.Any, ...]]:
        self.tabs += 1
        tab = f"demo-{self.tabs:08}"
        return [
            (case, worker, self.pages[stay.step], self.steps[stay.step], tab, seq, stay.came, stay.ms - stay.idle, stay.idle, 0, 0,
             as_json([0, stay.ms - stay.idle, 1, stay.idle]))
            for seq, stay in enumerate(some)
        ]  # fmt: skip

    # ---- coaching --------------------------------------------------------------------------------------------------
    def _give(self, user: int, step: str, why: str, due: int) -> t.Any:
        uow = self.uow
        if step not in self.steps:
            return None
        return give(
            uow, self.workers[user], uow.get(Step, self.steps[step]), course=self.courses[step], why=why,
            due_on=uow.now.astimezone(uow.crm.zone).date() + dt.timedelta(days=due),
        )  # fmt: skip

    def _given(self) -> None:
        user, step = LEARNT
        self.given = self._give(user, step, "Обращения занимают вдвое больше времени, чем у коллег.", 5)

    def _done(self) -> None:
        if self.given is not None:
            self.uow.move(self.given, ASSIGNMENTS["done"])

    def _given_now(self) -> None:
        given = self._give(4, "sales.deal", "На карточке сделки уходит вдвое больше времени, чем по норме.", 14)
        if given is not None:
            start_learning(given, self.uow)


__all__ = ["crm_demo"]
