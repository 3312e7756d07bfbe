"""Years of follow-up, day by day: what customers, callers and the workshop do, by the code that runs in production."""

from __future__ import annotations

import collections
import datetime as dt
import time
import typing as t
from collections.abc import Callable

import attrs
import sqlalchemy as sa

from crmkit import SYSTEM, Actor, Crm, Invalid, MovableClock, Role, Uow
from crmkit_sales import SalesSettings
from crmkit_taskqueue import TaskqueueSettings, Turn, complete, leave, next_turn, start, stop

from ..auditing import Audit, Rules
from ..calling import call_of
from ..cards import due
from ..entities import Feedback, Service
from ..settings import FeedbackSettings
from .options import Options
from .people import Person, invent
from .stories import Stories

TEAM, FIRST_CALLER = 1, 101
ROLE = Role(
    "simulated_caller",
    {"taskqueue.work": "own", "taskqueue.task.*": "team", "prosthesis_feedback.*": "all", "sales.contact.*": "all"},
)  # fmt: skip
ZONE = "Europe/Berlin"  # its clocks change twice a year, and the wearers live in other zones
CALLS = (dt.time(9, 5), dt.time(11, 5), dt.time(14, 5), dt.time(17, 5))
R = t.TypeVar("R")


class Died(Exception):
    """The process ended before the commit."""


def composed(crm: Crm, clock: MovableClock, options: Options) -> Crm:
    """Return the same CRM with a team of callers, in a time zone with summer time unless the settings name one."""
    raw = {name: dict(table) for name, table in crm.raw_settings.items()}
    mine = {"team": TEAM, "callers": [FIRST_CALLER + n for n in range(options.at_work)], "owner": "share"}
    raw["prosthesis_feedback"] = raw.get("prosthesis_feedback", {}) | mine
    raw["crmkit"] = {"timezone": ZONE} | raw.get("crmkit", {})
    return Crm(*crm.plugins, database=crm.engine, settings=raw, roles=(ROLE,), clock=clock)


class Simulation(Stories):
    """One play, from the first deal to the last day."""

    def __init__(self, crm: Crm, clock: MovableClock, options: Options) -> None:
        self.crm, self.clock, self.options = crm, clock, options
        super().__init__(options.seed)
        self.first = (clock.now() + dt.timedelta(days=1)).astimezone(crm.zone).date()
        self.last = self.first + dt.timedelta(days=round(options.months * 30.44))
        come_in = max(1, min((self.last - self.first).days - 1, round((self.last - self.first).days * 0.2)))
        self.people: dict[dt.date, list[Person]] = collections.defaultdict(list)
        for number in range(1, options.people + 1):
            person = invent(self.dice, number, self.first, come_in)
            self.people[person.comes].append(person)
        self.callers = [Actor(FIRST_CALLER + n, f"Caller {n + 1}", roles=[ROLE.name], teams=[TEAM]) for n in range(options.at_work)]
        settings = crm[FeedbackSettings]
        hour, minute = settings.call_at.split(":")
        works = crm[SalesSettings].calendar.of
        self.works: Callable[[dt.date], bool] = lambda day: bool(works(day))
        self.audit = Audit(Rules(
            zone=crm.zone, works=self.works, call_at=dt.time(int(hour), int(minute)), ahead=settings.ahead, policy=settings.policy.value,
            catch_up_in=settings.catch_up_in, adult_at=settings.adult_at,
        ))  # fmt: skip
        self.broken: list[str] = []
        self.seconds: dict[str, float] = collections.defaultdict(float)

    def play(self) -> dict[str, t.Any]:
        """Play to the end and return the report."""
        began, day = time.perf_counter(), self.first
        while day < self.last:
            self._day(day, every=(day - self.first).days % self.options.every == 0)
            day += dt.timedelta(days=1)
        self._look(every=True)
        return self._report(time.perf_counter() - began)

    # ---- a day -------------------------------------------------------------------------------------------------
    def _at(self, day: dt.date, at: dt.time) -> dt.datetime:
        return dt.datetime.combine(day, at, self.crm.zone).astimezone(dt.UTC)

    def _go(self, at: dt.datetime, *, jobs: bool = True) -> None:
        self.clock.set(max(at, self.clock.now()))
        if jobs:
            with self._timed("jobs"):
                self.crm.deliver()

    def _day(self, day: dt.date, *, every: bool) -> None:
        hour, minute = self.crm[FeedbackSettings].correct_at.split(":")
        self._go(self._at(day, dt.time(int(hour), int(minute))) + dt.timedelta(minutes=1))
        self.aligned = self.clock.now() - dt.timedelta(minutes=1)
        if self.works(day):
            self._open_shop(day)
            for number, at in enumerate(CALLS):
                self._go(self._at(day, at), jobs=False)
                with self._timed("calls"):
                    for caller in self.callers:
                        self._shift(caller, first=not number)
                if number == 1:
                    with self._timed("incidents"):
                        self._workshop(day)
        else:
            self._go(self._at(day, dt.time(12)), jobs=False)
        with self._timed("life"):
            self._life(day)
        self._go(self._at(day, dt.time(20)))
        self._look(every=every)

    def _look(self, *, every: bool) -> None:
        with self._timed("audit"), self.crm.read() as uow:
            found = self.audit.look(uow.connection, self.clock.now(), every=every, aligned=self.aligned)
        self.done["days looked over"] += 1
        self.done["violations"] += len(found)
        self.broken += found[: max(0, 50 - len(self.broken))]

    def _timed(self, what: str) -> t.Any:
        return _Timed(self.seconds, what)

    def _try(self, work: Callable[[Uow], R], actor: Actor | None = None) -> R:
        """Do something in a transaction; now and then it dies before its commit, and is done again."""
        self.then.clear()
        who = actor if actor is not None else SYSTEM
        if self.dice.random() < self.options.crashes:
            state = self.dice.getstate()
            try:
                with self.crm.uow(who) as uow:
                    work(uow)
                    uow.settle()
                    raise Died
            except Died:
                self.done["died before the commit"] += 1
            except Invalid:
                pass  # refused: the second time, too
            self.dice.setstate(state)
            self.then.clear()
        with self.crm.uow(who) as uow:
            found = work(uow)
        for remember in self.then:
            remember()
        return found

    # ---- deals -------------------------------------------------------------------------------------------------
    def _open_shop(self, day: dt.date) -> None:
        """Hand over prostheses to those who come; what fell on a day off is done on the next working day."""
        with self._timed("deals"):
            for comes in sorted(d for d in self.people if d <= day):
                for person in self.people.pop(comes):
                    self._try(lambda uow, person=person: self._sell(uow, person))  # type: ignore[misc]

    # ---- calls -------------------------------------------------------------------------------------------------
    def _shift(self, caller: Actor, *, first: bool) -> None:
        """Let somebody call until nothing is due."""
        if first:
            self._try(start, caller)
        turn: t.Any = self._try(next_turn, caller)
        while isinstance(turn, Turn):
            self.clock.forward(seconds=7)
            turn = self._call(caller, turn)
        self.clock.forward(seconds=1)
        if self.clock.now() >= self._at(self.clock.now().astimezone(self.crm.zone).date(), CALLS[-1]):
            self._try(stop, caller)

    def _call(self, caller: Actor, turn: Turn) -> t.Any:
        self.done["calls"] += 1
        with self.crm.read() as uow:
            service_id = call_of(uow, turn.task_id)
            service = uow.get(Service, service_id) if service_id is not None else None
            person = self.by_contact.get(service.contact_id) if service is not None else None
        if service is None or person is None:
            kind = self.crm[TaskqueueSettings].all_kinds[turn.kind]
            return self._try(lambda uow: complete(uow, turn.id, next(iter(kind.outcomes))), caller)
        today = self.clock.now().astimezone(self.crm.zone).date()
        away = person.silent is not None and person.silent[0] <= today < person.silent[1]
        luck = self.dice.random()
        if away or self.dice.random() > person.answers:
            if luck < 0.004:
                self.done["wrong numbers"] += 1
                return self._try(lambda uow: leave(uow, turn.id, "wrong_number", "somebody else's"), caller)
            self.done["not answered"] += 1
            return self._try(lambda uow: complete(uow, turn.id, "no_answer"), caller)
        if luck < 0.002:
            self.done["wanted no calls"] += 1
            return self._try(lambda uow: leave(uow, turn.id, "do_not_call", "asked not to be called"), caller)
        if luck < 0.07:
            self.done["another time"] += 1
            at = self._at(today + dt.timedelta(days=self.dice.randint(1, 12)), dt.time(self.dice.randint(10, 16)))
            return self._try(lambda uow: complete(uow, turn.id, "call_back", {"at": at}), caller)
        return self._ask(caller, turn, service.id)

    def _ask(self, caller: Actor, turn: Turn, service_id: int) -> t.Any:
        """Ask everything that is due, some of it in two goes; an answer may lead to an incident in the middle of the call."""
        with self.crm.read() as uow:
            service = uow.get(Service, service_id)
            cards = [card.id for card in due(uow, service, uow.now)]
            if not cards:  # opened a little early
                cards = [card.id for card in due(uow, service, uow.now + self.crm[FeedbackSettings].ahead)]
        for key in cards:
            if self._try(lambda uow, key=key: self._card(uow, key), caller):  # type: ignore[misc]
                break
        self.clock.forward(seconds=5)
        try:
            return self._try(lambda uow: complete(uow, turn.id, "asked"), caller)
        except Invalid:
            self.done["asked the rest later"] += 1
            at = self.clock.now() + dt.timedelta(days=1)
            return self._try(lambda uow: complete(uow, turn.id, "call_back", {"at": at}), caller)

    # ---- incidents ---------------------------------------------------------------------------------------------

    def _workshop(self, day: dt.date) -> None:
        for when in sorted(d for d in self.closing if d <= day):
            for key in self.closing.pop(when):
                self._try(lambda uow, key=key: self._close(uow, key, day))  # type: ignore[misc]
        for when in sorted(d for d in self.reopening if d <= day):
            for key in self.reopening.pop(when):
                self._try(lambda uow, key=key: self._reopen(uow, key))  # type: ignore[misc]

    # ---- what else happens -------------------------------------------------------------------------------------
    def _life(self, day: dt.date) -> None:
        """Let people ring by themselves, lose their devices, find them, withdraw, and come back."""
        for key in self.coming_back.pop(day, ()):
            self._try(lambda uow, key=key: self._back(uow, key))  # type: ignore[misc]
        for _n in range(self._many(0.0012)):
            self._try(self._rings)
        for _n in range(self._many(0.0002)):
            self._try(lambda uow: self._loses(uow, day))
        for _n in range(self._many(0.0001)):
            self._try(lambda uow: self._withdraws(uow, day))

    def _many(self, share: float) -> int:
        """Return to how many people something happens that happens to so many of them on a day."""
        expected = len(self.services) * share
        return int(expected) + (self.dice.random() < expected % 1)

    # ---- the report --------------------------------------------------------------------------------------------
    def _report(self, seconds: float) -> dict[str, t.Any]:
        found: dict[str, t.Any] = {"people": self.options.people, "months": self.options.months, "days": (self.last - self.first).days}
        found |= {"seed": self.options.seed, "database": self.crm.engine.dialect.name}
        with self.crm.read() as uow:
            c = Feedback.__table__.c
            stages = sa.select(c.stage, sa.func.count()).group_by(c.stage)
            found["cards"] = {row[0]: row[1] for row in uow.connection.execute(stages)}
            skipped = sa.select(c.skipped, sa.func.count()).where(c.skipped.is_not(None)).group_by(c.skipped)
            found["not_asked"] = {row[0].value: row[1] for row in uow.connection.execute(skipped)}
            services = sa.select(Service.__table__.c.stage, sa.func.count()).group_by(Service.__table__.c.stage)
            found["services"] = {row[0]: row[1] for row in uow.connection.execute(services)}
            asked = found["cards"].get("done", 0)
        if asked != self.done["cards asked"]:
            self.broken.append(f"{self.done['cards asked']} cards were asked about, and {asked} are done")
            self.done["violations"] += 1
        violations = self.done.pop("violations")
        found["happened"] = dict(sorted(self.done.items()))
        found["audit"] = dict(self.audit.looked)
        found["seconds"] = {"all": round(seconds, 1), **{name: round(value, 1) for name, value in self.seconds.items()}}
        return found | {"violations": violations, "broken": self.broken}


@attrs.define
class _Timed:
    """Counts the seconds of what is done."""

    seconds: t.Any
    what: str
    began: float = 0.0

    def __enter__(self) -> None:
        self.began = time.perf_counter()

    def __exit__(self, *_error: object) -> None:
        self.seconds[self.what] += time.perf_counter() - self.began
