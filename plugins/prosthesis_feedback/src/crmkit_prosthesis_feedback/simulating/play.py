"""Years of follow-up, day by day: what customers, callers and the workshop do, by the code that runs in production."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import random
import time
import typing as t
from collections.abc import Callable

import attrs
import sqlalchemy as sa

from crmkit import SYSTEM, Actor, Crm, Invalid, MovableClock, Role, Uow
from crmkit_sales import SALES, Contact, ContactPoint, Deal, SalesSettings, Way
from crmkit_taskqueue import TaskqueueSettings, Turn, complete, leave, next_turn, start, stop

from ..auditing import Audit, Rules
from ..calling import call_of
from ..cards import due
from ..collecting import collect
from ..devices import end_device, found_again, issue_device
from ..entities import Device, DeviceState, Ended, Feedback, Incident, Policy, Service, Urgency
from ..incidents import close_incident, open_incident, reopen_incident
from ..publish import body_of
from ..settings import FeedbackSettings
from .options import Options
from .people import MODELS, Person, answers, invent, offered

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


class Simulation:
    """One play, from the first deal to the last day."""

    def __init__(self, crm: Crm, clock: MovableClock, options: Options) -> None:
        self.crm, self.clock, self.options = crm, clock, options
        self.dice = random.Random(options.seed)
        self.first = (clock.now() + dt.timedelta(days=1)).astimezone(crm.zone).date()
        self.last = self.first + dt.timedelta(days=round(options.months * 30.44))
        come_in = max(1, min((self.last - self.first).days - 1, round((self.last - self.first).days * 0.2)))
        self.people: dict[dt.date, list[Person]] = collections.defaultdict(list)
        for number in range(1, options.people + 1):
            person = invent(self.dice, number, self.first, come_in)
            self.people[person.comes].append(person)
        self.by_contact: dict[int, Person] = {}
        self.services: list[int] = []
        self.closing: dict[dt.date, list[int]] = collections.defaultdict(list)
        self.reopening: dict[dt.date, list[int]] = collections.defaultdict(list)
        self.coming_back: dict[dt.date, list[int]] = collections.defaultdict(list)
        self.callers = [Actor(FIRST_CALLER + n, f"Caller {n + 1}", roles=[ROLE.name], teams=[TEAM]) for n in range(options.at_work)]
        settings = crm[FeedbackSettings]
        hour, minute = settings.call_at.split(":")
        works = crm[SalesSettings].calendar.of
        self.works: Callable[[dt.date], bool] = lambda day: bool(works(day))
        self.audit = Audit(Rules(
            zone=crm.zone, works=self.works, call_at=dt.time(int(hour), int(minute)), ahead=settings.ahead, policy=settings.policy.value,
            catch_up_in=settings.catch_up_in, adult_at=settings.adult_at,
        ))  # fmt: skip
        self.done: collections.Counter[str] = collections.Counter()
        self.broken: list[str] = []
        self.seconds: dict[str, float] = collections.defaultdict(float)
        self.then: list[Callable[[], None]] = []

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

    def _count(self, what: str, often: int = 1) -> None:
        """Count something, once it is committed."""
        self.then.append(lambda: self.done.update({what: often}))

    # ---- deals -------------------------------------------------------------------------------------------------
    def _open_shop(self, day: dt.date) -> None:
        """Hand over prostheses to those who come; what fell on a day off is done on the next working day."""
        with self._timed("deals"):
            for comes in sorted(d for d in self.people if d <= day):
                for person in self.people.pop(comes):
                    self._try(lambda uow, person=person: self._sell(uow, person))  # type: ignore[misc]

    def _sell(self, uow: Uow, person: Person) -> None:
        contact = uow.add(Contact(name=person.name, phone=person.phone, born_on=person.born))
        uow.flush()
        if self.dice.random() < 0.3:
            uow.add(ContactPoint(contact_id=contact.id, way=Way.PHONE, value=f"+7999{person.number % 10_000_000:07d}"))
        title = self.dice.choice(MODELS)
        deal = uow.add(Deal(title=title, contact_id=contact.id, amount=decimal.Decimal(1000), closes_on=uow.now.date()), into=SALES["negotiation"])
        uow.flush()
        uow.move(deal, SALES["won"])
        uow.settle()
        service = uow.find(Service).where(Service.contact_id == contact.id).one()
        if person.guardian and self.dice.random() < 0.8:
            parent = uow.add(Contact(name=f"Parent of {person.name}", phone=f"+7977{person.number % 10_000_000:07d}"))
            uow.flush()
            service.guardian_id = parent.id
        if person.two:
            issue_device(uow, service, model=self.dice.choice(MODELS), serial=f"S-{person.number}", batch=f"B{person.number % 7}")
        uow.settle()
        self._count("deals won")
        self.then.append(lambda: self.services.append(service.id))
        self.then.append(lambda: self.by_contact.update({contact.id: person}))

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

    def _card(self, uow: Uow, key: int) -> bool:
        """Take down a card's answers; True when an incident ended the call."""
        dice, card = self.dice, uow.get(Feedback, key)
        body = body_of(uow, card.protocol_version_id)
        given = answers(dice, body, card.period)
        reason = offered(body, given)
        if dice.random() < 0.1 and len(given) > 1:  # in two goes
            collect(uow, card, dict(list(given.items())[: len(given) // 2]))
        frozen = False
        if reason is not None and dice.random() < 0.5:
            service = uow.get(Service, card.service_id)
            if dice.random() < 0.6:  # the answers that are there count, the rest is asked after the incident
                collect(uow, card, given, finish=True)
            incident = open_incident(uow, service, reason=reason, feedback=card, urgency=dice.choice(list(Urgency)), description="Told in a call")
            uow.settle()
            self._will_close(uow, incident)
            frozen = True
        else:
            collect(uow, card, given, finish=True)
        self._count("cards asked", int(card.done_on is not None))
        return frozen

    # ---- incidents ---------------------------------------------------------------------------------------------
    def _will_close(self, uow: Uow, incident: Incident) -> None:
        today = uow.now.astimezone(self.crm.zone).date()
        after = self.dice.choice((0, 1, 3, 8, 15, 20, 30, 45, 70))
        key = incident.id
        self.then.append(lambda: self.closing[today + dt.timedelta(days=after)].append(key))
        self._count("incidents opened")

    def _workshop(self, day: dt.date) -> None:
        for when in sorted(d for d in self.closing if d <= day):
            for key in self.closing.pop(when):
                self._try(lambda uow, key=key: self._close(uow, key, day))  # type: ignore[misc]
        for when in sorted(d for d in self.reopening if d <= day):
            for key in self.reopening.pop(when):
                self._try(lambda uow, key=key: self._reopen(uow, key))  # type: ignore[misc]

    def _close(self, uow: Uow, key: int, day: dt.date) -> None:
        dice, incident = self.dice, uow.peek(Incident, key)
        if incident is None or incident.closed_at is not None:
            return
        policy = dice.choice((None, None, Policy.SHIFT, Policy.SKIP, Policy.CATCH_UP))
        service = uow.get(Service, incident.service_id)
        if incident.reason == "remake" and service.ended is None:
            old = uow.find(Device).where(Device.service_id == service.id, Device.state == DeviceState.IN_USE).order_by(Device.id).first()
            issue_device(uow, service, model=dice.choice(MODELS), serial=f"R-{key}", replaces=old)
            self._count("devices remade")
        close_incident(uow, incident, resolution="Done", policy=policy, stage=dice.choice(("solved", "solved", "solved", "cancelled")))
        self._count("incidents closed")
        if dice.random() < 0.08:
            again = day + dt.timedelta(days=dice.randint(1, 20))
            self.then.append(lambda: self.reopening[again].append(key))

    def _reopen(self, uow: Uow, key: int) -> None:
        incident = uow.peek(Incident, key)
        if incident is None or incident.closed_at is None:
            return
        reopen_incident(uow, incident)
        today = uow.now.astimezone(self.crm.zone).date()
        until = today + dt.timedelta(days=self.dice.randint(1, 25))
        self.then.append(lambda: self.closing[until].append(key))
        self._count("incidents opened again")

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

    def _somebody(self, uow: Uow) -> Service:
        return uow.get(Service, self.dice.choice(self.services))

    def _rings(self, uow: Uow) -> None:
        service = self._somebody(uow)
        if service.ended is not None:
            return
        device = uow.find(Device).where(Device.service_id == service.id, Device.state == DeviceState.IN_USE).order_by(Device.id).first()
        reason = self.dice.choice(("repair", "visit", "refit", "remake", "other"))
        incident = open_incident(uow, service, reason=reason, device=device, urgency=self.dice.choice(list(Urgency)))
        uow.settle()
        self._will_close(uow, incident)

    def _loses(self, uow: Uow, day: dt.date) -> None:
        device = uow.find(Device).where(Device.service_id == self._somebody(uow).id, Device.state == DeviceState.IN_USE).order_by(Device.id).first()
        if device is None:
            return
        state = self.dice.choice((DeviceState.LOST, DeviceState.TAKEN_BACK))
        end_device(uow, device, state)
        self._count("devices lost or taken back")
        if state is DeviceState.LOST and self.dice.random() < 0.5:
            back, key = day + dt.timedelta(days=self.dice.randint(2, 60)), -device.id
            self.then.append(lambda: self.coming_back[back].append(key))

    def _withdraws(self, uow: Uow, day: dt.date) -> None:
        service = self._somebody(uow)
        if service.ended is not None:
            return
        service.ended = Ended.WITHDRAWN
        uow.settle()
        self._count("withdrew")
        if self.dice.random() < 0.3:
            back, key = day + dt.timedelta(days=self.dice.randint(5, 60)), service.id
            self.then.append(lambda: self.coming_back[back].append(key))

    def _back(self, uow: Uow, key: int) -> None:
        if key < 0:
            device = uow.get(Device, -key)
            if device.state is DeviceState.LOST:
                found_again(uow, device)
                self._count("devices found again")
            return
        service = uow.get(Service, key)
        if service.ended is Ended.WITHDRAWN:
            service.ended = None
            uow.settle()
            self._count("came back")

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
