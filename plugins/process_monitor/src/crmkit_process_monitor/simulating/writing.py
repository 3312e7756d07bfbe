"""A simulated day in the database: through the code that takes times in, or in bulk."""

from __future__ import annotations

import datetime as dt
import random
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Actor, Crm, MovableClock, Uow

from ..cases import begin, end
from ..entities import Case, EndedHow
from ..rollups import WORK
from ..sets import insert
from ..tables import work
from ..taking import take
from .people import Served

OPENS = dt.time(9)
BETWEEN = dt.timedelta(minutes=2)
BULK = 10**9
"""Numbers of cases written in bulk begin here: out of the way of those that get theirs from the database."""
CASE = ("id", "created_at", "updated_at", "version", "owner_id", "team_id", "worker_id", "kind", "began_at", "ended_at", "ended_how", "active",
        "idle", "hidden")  # fmt: skip


@attrs.define
class Writer:
    """Writes what people did on a day."""

    crm: Crm
    clock: MovableClock
    people: Sequence[Actor]
    workers: Sequence[int]
    steps: Sequence[int]
    pages: Sequence[str]
    cases: int = 0
    taken: int = 0
    wrong: list[str] = attrs.field(factory=list)

    def opens(self, day: dt.date) -> dt.datetime:
        """Return when a day begins."""
        return dt.datetime.combine(day, OPENS, self.crm.zone).astimezone(dt.UTC)

    def bulk(self, uow: Uow, day: dt.date, served: Iterable[Served]) -> None:
        """Write cases and their work as the intake would; the sums of days are made of it afterwards."""
        cases: list[tuple[t.Any, ...]] = []
        rows: list[tuple[t.Any, ...]] = []
        at = dict.fromkeys(range(len(self.people)), self.opens(day))
        for one in served:
            self.cases += 1
            key, began = BULK + self.cases, at[one.worker]
            took = [(self.steps[step], round(seconds * 1000)) for step, seconds in one.seconds]
            whole = sum(ms for _step, ms in took)
            ended = began + dt.timedelta(milliseconds=whole)
            at[one.worker] = ended + BETWEEN
            worker, actor = self.workers[one.worker], self.people[one.worker]
            cases.append((key, ended, ended, 1, actor.id, actor.teams[0], worker, one.kind, began, ended, EndedHow.DONE.value, whole // 1000, 0, 0))
            rows += [(key, step, worker, 0, day, one.kind, actor.teams[0], None, ms, ms, 0, 0, 1) for step, ms in took]
        insert(uow, Case.__table__, CASE, cases)
        insert(uow, work, WORK, rows)

    def through(self, dice: random.Random, day: dt.date, served: Iterable[Served]) -> None:
        """Let somebody's cases begin, pages tell their times, and cases end, by the code of production; then look at what was made of it."""
        at: dict[int, dt.datetime] = {}
        expected: dict[int, dict[int, int]] = {}
        for number, one in enumerate(served):
            actor, tab = self.people[one.worker], f"simulated-{one.worker:06}"
            now = self.clock.set(max(self.clock.now(), at.get(one.worker, self.opens(day))))
            with self.crm.uow(actor) as uow:
                case = begin(uow, kind=one.kind)
                uow.flush()
                key = case.id
            took = {}
            for place, (step, seconds) in enumerate(one.seconds):
                ms = took[self.steps[step]] = round(seconds * 1000)
                came, now = now, self.clock.set(now + dt.timedelta(milliseconds=ms))
                self._tell(actor, tab, number * 100 + place, came, self.pages[step], ms, dice)
            with self.crm.uow(actor) as uow:
                end(uow)
            at[one.worker] = now + BETWEEN
            expected[key] = took
            self.taken += 1
        self._compare(expected)

    def _tell(self, actor: Actor, tab: str, seq: int, came: dt.datetime, page: str, ms: int, dice: random.Random) -> None:
        idle = round(ms * dice.uniform(0, 0.2))
        at = round(came.timestamp() * 1000)
        with self.crm.uow(actor) as uow:
            told = take(uow, tab, at + ms, [{"seq": seq, "at": at, "page": page, "parts": [0, ms - idle, 1, idle]}])
        if told.kept != 1:
            self.wrong.append(f"a span of {ms} ms was refused: {dict(told.refused)}")

    def _compare(self, expected: Mapping[int, Mapping[int, int]]) -> None:
        """Note where the work of cases is not what was told: of each step within two milliseconds."""
        with self.crm.read() as uow:
            rows = uow.connection.execute(sa.select(work.c.case_id, work.c.step_id, work.c.took).where(work.c.case_id.in_(sorted(expected)))).all()
        found = {(row[0], row[1]): row[2] for row in rows}
        told = {(case, step): ms for case, took in expected.items() for step, ms in took.items()}
        for key in sorted(found.keys() | told.keys()):
            if abs(found.get(key, -9) - told.get(key, -9)) > 2:
                self.wrong.append(f"case {key[0]}, step {key[1]}: told {told.get(key)} ms, kept {found.get(key)} ms")


__all__ = ["BULK", "Writer"]
