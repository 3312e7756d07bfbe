"""Managers at work: one thing after the other, each at its own moment, by the code that runs in production."""

from __future__ import annotations

import datetime as dt
import functools
import heapq
import random
import typing as t
from collections import Counter

import attrs

from crmkit import Actor, Conflict, Crm, Invalid, MovableClock, Role
from crmkit_sales import Contact, Lead, SalesSettings

from .. import ending, handing, load, sessions
from ..entities import OldClient, Task
from ..handing import Turn
from ..settings import TaskqueueSettings
from . import people
from .options import Options
from .report import Report

TEAM = 10
ROLE = Role("simulated_manager", {"taskqueue.work": "own", "taskqueue.task.*": "own"})
CHUNK = 5000
LAST_TALK = dt.timedelta(minutes=30)  # after closing time: by then everybody has gone home
LOOK_AGAIN = dt.timedelta(minutes=5)
BREAKS = (((10, 45), 15), ((12, 30), 60), ((15, 45), 15))  # about when, and how many minutes
Happening = t.Callable[[], None]


def composed(crm: Crm, clock: MovableClock, options: Options) -> Crm:
    """Return the same CRM with the settings that are tried out."""
    tried = {"max_break": options.max_break, "daily_cap": options.cap}
    mine = {**crm.raw_settings.get("taskqueue", {}), **{name: value for name, value in tried.items() if value is not None}}
    return Crm(*crm.plugins, database=crm.engine, settings={**crm.raw_settings, "taskqueue": mine}, roles=(ROLE,), clock=clock)


@attrs.define(eq=False)
class Manager:
    """Somebody at work, and what they are at."""

    actor: Actor
    turn: Turn | None = None
    reached: bool = False
    breaks: list[tuple[dt.datetime, int]] = attrs.field(factory=list)
    away: bool = False  # on a break, or not at work
    idle: bool = False
    until: dt.datetime | None = None  # when the working day is over
    asked: int = 0  # of several reasons to look again only the latest counts

    @property
    def id(self) -> int:
        """The manager's number."""
        return t.cast(int, self.actor.id)


class Simulation:
    """One play, from the first morning to the last evening."""

    def __init__(self, crm: Crm, clock: MovableClock, options: Options) -> None:
        self.crm, self.clock, self.options = crm, clock, options
        self.settings, self.calendar = crm[TaskqueueSettings], crm[SalesSettings].calendar
        self.dice = random.Random(options.seed)
        teams = [(1 + n // TEAM,) for n in range(options.managers)]
        self.managers = [Manager(Actor(n, f"Manager {n}", roles=[ROLE.name], teams=teams[n - 1])) for n in range(1, options.managers + 1)]
        first = (clock.now() + dt.timedelta(hours=12)).astimezone(crm.zone).date()
        self.days = people.next_days(self.calendar, first, options.days)
        self.planned: list[tuple[dt.datetime, int, Happening]] = []
        self.plans = self.clients = self.working = 0
        self.silent: set[int] = set()
        self.done: Counter[str] = Counter()
        self.minute = clock.now()
        self.kinds = self.settings.all_kinds
        self.lead_kind = "new_lead" if "new_lead" in self.kinds else min(self.kinds, key=lambda name: self.kinds[name].priority)
        own = [name for name, kind in self.kinds.items() if kind.capped]
        self.own_kind = next((name for name in own if not self.kinds[name].dials), own[0] if own else None)

    def play(self) -> dict[str, t.Any]:
        """Play to the end and return the report."""
        report = Report(self.crm, self.settings, self.calendar, self.options)
        self.clock.set(max(self.clock.now(), self._at(self.days[0], dt.time(0)) - dt.timedelta(hours=1)))
        self._fill()
        for number, day in enumerate(self.days):
            self._morning(day)
            last = number + 1 == len(self.days)
            until = self._at(day, dt.time(22)) if last else self._at(self.days[number + 1], people.OPENS) - dt.timedelta(hours=1)
            self._leads(until)
            self._run(self._at(day, people.CLOSES) + LAST_TALK)
            report.day(day)
            self._run(until)
        return report.told(self.done)

    # ---- time --------------------------------------------------------------------------------------------------
    def _at(self, day: dt.date, time: dt.time) -> dt.datetime:
        return dt.datetime.combine(day, time, self.crm.zone).astimezone(dt.UTC)

    def _plan(self, at: dt.datetime, run: Happening) -> None:
        self.plans += 1
        heapq.heappush(self.planned, (at, self.plans, run))

    def _later(self, seconds: float, run: Happening) -> None:
        self._plan(self.clock.now() + dt.timedelta(seconds=seconds), run)

    def _run(self, until: dt.datetime) -> None:
        """Let happen what is planned, and the jobs of the CRM between: each minute while a browser is silent, else less often."""
        while self.planned and self.planned[0][0] <= until:
            at, _number, run = heapq.heappop(self.planned)
            self._deliver(at)
            self.clock.set(max(at, self.clock.now()))
            run()
        self._deliver(until)
        self.clock.set(max(until, self.clock.now()))

    def _deliver(self, until: dt.datetime) -> None:
        while True:
            step = 1 if self.silent else 10 if self.working else 60
            after = self.minute.replace(second=0, microsecond=0) + dt.timedelta(minutes=step)
            if after > until:
                return
            self.minute = after
            self.clock.set(max(after, self.clock.now()))
            self.crm.deliver()

    # ---- clients -----------------------------------------------------------------------------------------------
    def _fill(self) -> None:
        """Put the old clients into the stack, each with a contact and an owner."""
        dice, left = self.dice, self.options.stacked
        while left:
            count, first = min(left, CHUNK), self.clients
            owners = [self.managers[(first + n) % len(self.managers)].actor for n in range(count)]
            contacts = [{"name": people.name(dice, first + n), "phone": people.phone(dice, first + n), "owner_id": o.id, "team_id": o.teams[0]}
                for n, o in enumerate(owners)]  # fmt: skip
            with self.crm.uow() as uow:
                keys = uow.add_many(Contact, contacts)
                rows = [{"title": c["name"], "contact_id": key, "score": dice.randint(0, 500), "reason": "Lost a while ago",
                    "owner_id": c["owner_id"], "team_id": c["team_id"]} for key, c in zip(keys, contacts, strict=True)]  # fmt: skip
                uow.add_many(OldClient, rows)
            self.clients += count
            left -= count

    def _leads(self, until: dt.datetime) -> None:
        """Plan the leads of a day: as many as come on one, by the hour."""
        begin = self.clock.now().astimezone(self.crm.zone).date()
        hours = self.dice.choices(range(24), people.ARRIVALS, k=self.options.leads_a_day)
        for hour in hours:
            at = self._at(begin, dt.time(hour)) + dt.timedelta(seconds=self.dice.uniform(0, 3600))
            if at <= self.clock.now():  # of the night before this one: it comes in the evening
                at += dt.timedelta(hours=12)
            if at <= until:
                self._plan(at, self._lead)

    def _lead(self) -> None:
        manager = self.dice.choice(self.managers)
        self.clients += 1
        title, number = people.name(self.dice, self.clients), people.phone(self.dice, self.clients)
        owner, team = manager.id, manager.actor.teams[0]
        with self.crm.uow() as uow:
            contact = uow.add(Contact(name=title, phone=number, owner_id=owner, team_id=team))
            uow.flush()
            lead = uow.add(Lead(title=title, contact_id=contact.id, phone=number, owner_id=owner, team_id=team))
            uow.flush()
            uow.add(Task(kind=self.lead_kind, title=title, lead_id=lead.id, contact_id=contact.id, owner_id=owner, team_id=team))
        self.done["leads"] += 1
        if manager.idle and not manager.away:
            manager.asked += 1
            self._later(self.dice.uniform(1, 4), functools.partial(self._ask, manager, manager.asked))

    # ---- a manager's day ---------------------------------------------------------------------------------------
    def _morning(self, day: dt.date) -> None:
        """Let everybody come in, and decide when they take their breaks and plan tasks of their own."""
        dice = self.dice
        for manager in self.managers:
            begin = self._at(day, people.OPENS) + dt.timedelta(seconds=dice.uniform(0, 600))
            manager.breaks = [(self._at(day, dt.time(*about)) + dt.timedelta(minutes=dice.uniform(-40, 40)), minutes) for about, minutes in BREAKS]
            self._plan(begin, functools.partial(self._come, manager, day))
            for _n in range(self.options.plans if self.own_kind else 0):
                at = begin + dt.timedelta(seconds=dice.uniform(600, 8 * 3600))
                self._plan(at, functools.partial(self._own_task, manager))

    def _come(self, manager: Manager, day: dt.date) -> None:
        with self.crm.uow(manager.actor) as uow:
            sessions.start(uow)
        manager.until = self._at(day, people.CLOSES) + dt.timedelta(seconds=self.dice.uniform(0, 300))
        manager.away, manager.turn = False, None
        self.working += 1
        manager.asked += 1
        self._ask(manager, manager.asked)

    def _ask(self, manager: Manager, asked: int) -> None:
        """Ask for the next task, as the screen of somebody without one does."""
        if asked != manager.asked or manager.away or manager.until is None:
            return
        self.silent.discard(manager.id)
        if self._over(manager) or self._rests(manager):
            return
        with self.crm.uow(manager.actor) as uow:
            found = handing.next_turn(uow)
        self._got(manager, found)

    def _got(self, manager: Manager, found: t.Any) -> None:
        now, dice = self.clock.now(), self.dice
        if not isinstance(found, Turn):
            manager.turn, manager.idle = None, True
            manager.asked += 1
            at = now + LOOK_AGAIN if found.opens_at is None else min(found.opens_at, now + LOOK_AGAIN)
            at = min(at, *(b for b, _minutes in manager.breaks), t.cast(dt.datetime, manager.until)) if manager.breaks else at
            self._plan(max(at, now + dt.timedelta(seconds=2)), functools.partial(self._ask, manager, manager.asked))
            return
        manager.turn, manager.idle = found, False
        kind = self.kinds[found.kind]
        manager.reached = not kind.dials or people.answers(dice, self.options.answer_rate, now.astimezone(self.crm.zone).hour)
        takes = people.seconds(dice, kind, manager.reached)
        if dice.random() < people.SILENT:  # the browser is gone, and its manager is back after a while
            self.done["silent_browsers"] += 1
            self.silent.add(manager.id)
            manager.asked += 1
            self._later(self.settings.lease.total_seconds() + dice.uniform(90, 600), functools.partial(self._ask, manager, manager.asked))
            return
        step = self.settings.lease.total_seconds() * 0.85
        for n in range(1, int(takes / step) + 1):
            self._later(n * step, functools.partial(self._renew, manager, found.id))
        self._later(takes, functools.partial(self._end, manager, found))

    def _renew(self, manager: Manager, turn: int) -> None:
        if manager.turn is not None and manager.turn.id == turn:
            with self.crm.uow(manager.actor) as uow:
                handing.renew(uow, turn)

    def _end(self, manager: Manager, turn: Turn) -> None:
        """End the open task, by an outcome or an exit, and go on."""
        if manager.turn is not turn:
            return
        self._rests(manager, open_task=True)
        if self.dice.random() < people.EXIT:
            with self.crm.uow(manager.actor) as uow:
                found = ending.leave(uow, turn.id, self.dice.choice(self._exits(turn)), "It cannot be done")
            self.done["exits"] += 1
        else:
            found = self._complete(manager, turn)
            self.done["closed"] += 1
        if self._over(manager):
            return
        if not isinstance(found, Turn) and found.rule == "break":
            self._break(manager)
        else:
            self._got(manager, found)

    def _exits(self, turn: Turn) -> list[str]:
        kind = self.kinds[turn.kind]
        return [r for r in self.settings.exit_reasons if kind.exits is None or r in kind.exits] or list(self.settings.exit_reasons)

    def _complete(self, manager: Manager, turn: Turn) -> t.Any:
        """End a task by an outcome; a full day is answered by another day, what the task cannot have by another outcome."""
        kind, refused, now = self.kinds[turn.kind], set[str](), self.clock.now()
        at, chosen = self._again_at(now), ""
        for _try in range(4 + len(kind.outcomes)):
            chosen = chosen or people.outcome_of(self.dice, kind, manager.reached, frozenset(refused))
            values = people.values_of(self.dice, kind.outcomes[chosen], now, at)
            try:
                with self.crm.uow(manager.actor) as uow:
                    return ending.complete(uow, turn.id, chosen, values)
            except Invalid as refusal:
                if any(problem.code == "full_day" for problem in refusal.problems):
                    self.done["full_days"] += 1
                    at = self._free(manager, at)
                else:
                    self.done["refused_outcomes"] += 1
                    refused.add(chosen)
                    chosen = ""
        raise Conflict(f"no outcome of {turn.kind} was taken")

    def _again_at(self, now: dt.datetime) -> dt.datetime:
        """Return when a client wants to be called again: later today, or at some hour of a working day soon."""
        local = now.astimezone(self.crm.zone)
        if self.dice.random() < 0.35 and local.hour < 15:
            return now + dt.timedelta(minutes=self.dice.choice((45, 60, 90, 120, 150)))
        day = self.dice.choice(people.next_days(self.calendar, local.date() + dt.timedelta(days=1), 4))
        return self._at(day, dt.time(self.dice.randrange(9, 17), self.dice.choice((0, 15, 30, 45))))

    def _free(self, manager: Manager, at: dt.datetime) -> dt.datetime:
        """Return the same hour of the next day that takes a task, as picked from the calendar a refusal shows."""
        local = at.astimezone(self.crm.zone)
        with self.crm.read(manager.actor) as uow:
            day = next(iter(load.free_days(uow, manager.id, local.date() + dt.timedelta(days=1), 1)), None)
        return self._at(day.day if day else local.date() + dt.timedelta(days=30), local.time())

    def _own_task(self, manager: Manager) -> None:
        """Plan a task of one's own; on a full day the calendar offers others."""
        at = self._again_at(self.clock.now())
        for _try in range(3):
            try:
                with self.crm.uow(manager.actor) as uow:
                    kind = t.cast(str, self.own_kind)
                    uow.add(Task(kind=kind, title="Send the offer", due_at=at, owner_id=manager.id, team_id=manager.actor.teams[0]))
            except Invalid as refusal:
                if not any(problem.code == "full_day" for problem in refusal.problems):
                    raise
                self.done["full_days"] += 1
                at = self._free(manager, at)
            else:
                self.done["planned"] += 1
                return

    # ---- breaks and the end of the day -------------------------------------------------------------------------
    def _rests(self, manager: Manager, *, open_task: bool = False) -> bool:
        """Begin a break whose time has come; with a task open it begins after it."""
        if not manager.breaks or manager.breaks[0][0] > self.clock.now():
            return False
        minutes, reasons = manager.breaks[0][1], list(self.settings.break_reasons)
        usual = "lunch" if minutes >= 30 else "rest"
        with self.crm.uow(manager.actor) as uow:
            sessions.pause(uow, usual if usual in reasons else reasons[0])
        if not open_task:
            self._break(manager)
        return True

    def _break(self, manager: Manager) -> None:
        _at, minutes = manager.breaks.pop(0)
        manager.turn, manager.idle, manager.away = None, False, True
        self._later(minutes * 60 * self.dice.uniform(0.9, 1.15), functools.partial(self._back, manager))

    def _back(self, manager: Manager) -> None:
        with self.crm.uow(manager.actor) as uow:
            sessions.resume(uow)
        manager.away = False
        manager.asked += 1
        self._ask(manager, manager.asked)

    def _over(self, manager: Manager) -> bool:
        """Go home when the day is over; what is open returns to the queue."""
        if manager.until is None or self.clock.now() < manager.until:
            return False
        with self.crm.uow(manager.actor) as uow:
            sessions.stop(uow)
        manager.turn, manager.idle, manager.until, manager.breaks = None, False, None, []
        self.working -= 1
        return True
