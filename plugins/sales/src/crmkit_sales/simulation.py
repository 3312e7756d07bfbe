"""Playing sales through time: people at random, timers in order, and a count of broken promises."""

from __future__ import annotations

import datetime as dt
import decimal
import heapq
import random
import typing as t
from collections import Counter
from collections.abc import Mapping

from crmkit import Actor, Crm, Invalid, Misuse, MovableClock, StageOf, Uow, hookimpl
from crmkit.activities import Activity, plan

from .audit import Audit
from .demo_words import SELLERS
from .entities import Assignee, AssignmentRule, Company, Contact, Deal, Dealer, DealLine, Inquiry, Lead, LostReason, Registration
from .pipelines import LEADS, REGISTRATIONS, SALES

OPTIONS = {"days": 90, "deals": 200, "seed": 1}
TEAM = 2
# Where a seller wants to take a deal, and how likely. Not every wish is one the pipeline grants.
WISHES: dict[str, dict[str, int]] = {
    "new": {"qualified": 60, "offer": 15, "lost": 20, "won": 5},
    "qualified": {"offer": 70, "lost": 20, "negotiation": 10},
    "offer": {"negotiation": 45, "won": 15, "lost": 25, "qualified": 10, "new": 5},
    "negotiation": {"won": 60, "lost": 25, "offer": 15},
    "lost": {"new": 10, "": 90},
    "won": {"": 90, "lost": 10},
}
Happening = t.Callable[[], None]


@hookimpl
def crm_simulate(crm: Crm, plugin: str, clock: MovableClock, options: Mapping[str, t.Any]) -> Mapping[str, t.Any] | None:
    """Let people work on `deals` new deals for `days`, half of them from inquiries, the same way for the same `seed`; report what came of it."""
    if plugin != "sales":
        return None
    return Simulation(crm, clock, **read(options)).play()


def read(options: Mapping[str, t.Any]) -> dict[str, int]:
    """Return days, deals and seed as numbers; `Misuse` says what they should have been."""
    found = dict(OPTIONS)
    for name, value in options.items():
        if name not in OPTIONS:
            raise Misuse(f"the simulation of sales has no option {name!r}; it has {', '.join(OPTIONS)}")
        try:
            found[name] = int(value)
        except (TypeError, ValueError):
            raise Misuse(f"{name} is a whole number, not {value!r}") from None
    if found["days"] < 1 or found["deals"] < 1:
        raise Misuse("days and deals are at least 1")
    return found


class Simulation:
    """People at work. Timers fire at their own moments, in between what they do."""

    def __init__(self, crm: Crm, clock: MovableClock, *, days: int, deals: int, seed: int) -> None:
        self.crm, self.clock, self.days, self.deals = crm, clock, days, deals
        self.dice = random.Random(seed)
        self.begin = clock.now().replace(microsecond=0)
        self.end = self.begin + dt.timedelta(days=days)
        self.sellers = [Actor(number, name, teams=(team,), system=True) for number, name, team in SELLERS]
        self.planned: list[tuple[dt.datetime, int, Happening]] = []
        self.done: Counter[str] = Counter()
        self.broken: list[str] = []
        self.ours: list[int] = []
        self.plans = 0
        self.contact = self.reason = self.dealer = 0

    def play(self) -> dict[str, t.Any]:
        """Play to the end and return the report."""
        self._prepare()
        for number in range(self.deals):
            moment = self.begin + dt.timedelta(seconds=self.dice.randrange(1, self.days * 86400))
            self._plan(moment, self._open if number % 2 else self._inquire)
            if number % 10 == 0:
                self._plan(moment, self._register)
        while self.planned:
            at, _number, run = heapq.heappop(self.planned)
            self.done["timers_fired"] += self.crm.deliver(at)
            run()
        self.done["timers_fired"] += self.crm.deliver(self.end)
        with self.crm.read() as uow:
            broken = self.broken + Audit(uow, self.ours).broken()
            about = (Activity.about_kind == "sales.deal") & Activity.about_id.in_(self.ours)
            steps = uow.find(Activity).where(about).count() if self.ours else 0
            waiting = uow.find(Lead).where(Lead.owner_id.is_(None)).count()
        counted = {
            n: self.done[n] for n in ("inquiries", "attached", "leads", "assigned", "converted", "moves", "won", "lost", "refused", "registrations")
        }
        return {
            "days": self.days, "deals": len(self.ours), **counted, "steps": steps, "unassigned": waiting,
            "timers_fired": self.done["timers_fired"], "violations": len(broken), "broken": broken[:20],
        }  # fmt: skip

    def _plan(self, at: dt.datetime, run: Happening) -> None:
        if at < self.end:
            self.plans += 1
            heapq.heappush(self.planned, (at, self.plans, run))

    def _later(self, run: Happening, *days: float) -> None:
        """Come back to something: soon as a rule, sometimes only after it has been forgotten for weeks."""
        after = self.dice.choice(days or (1, 2, 3, 4, 5, 8, 20))
        self._plan(self.clock.now() + dt.timedelta(days=after, seconds=self.dice.randrange(36_000)), run)

    def _prepare(self) -> None:
        with self.crm.uow() as uow:
            contact = Contact(name="Simulated client")
            contact.company = uow.add(Company(name="Simulation"))
            reason, dealer = uow.add(LostReason(name="Simulated")), uow.add(Dealer(name="Simulated dealer", team_id=TEAM))
            uow.add(contact)
            for seller in self.sellers[1:4]:
                if not uow.find(Assignee).where(Assignee.user_id == seller.id).exists():
                    uow.add(Assignee(name=seller.name, user_id=t.cast(int, seller.id), team_id=TEAM, weight=t.cast(int, seller.id), max_active=6))
            uow.add(AssignmentRule(name="Simulation", team_id=TEAM, position=0))
        self.contact, self.reason, self.dealer = contact.id, reason.id, dealer.id

    # ---- inquiries and leads ------------------------------------------------------------------------------------
    def _inquire(self) -> None:
        with self.crm.uow() as uow:
            phone = f"+7000{self.dice.randrange(self.deals * 2):07}"  # some turn to us again
            inquiry = uow.add(Inquiry(phone=phone, text="What does it cost?", utm_source=self.dice.choice(("a", "b", None))))
        self.done["inquiries"] += 1
        if inquiry.stage == "attached":
            self.done["attached"] += 1
        elif self.dice.random() < 0.9:
            self._later(lambda: self._answer(inquiry.id), 0, 0, 0.01, 1)

    def _answer(self, key: int) -> None:
        with self.crm.uow(self.dice.choice(self.sellers)) as uow:
            inquiry = uow.get(Inquiry, key, lock=True)
            self.crm.commands["sales.inquiry.answer"].run(uow, inquiry, {})
            lead: Lead = self.crm.commands["sales.inquiry.to_lead"].run(uow, inquiry, {})
        if inquiry.stage == "attached":
            self.done["attached"] += 1
            return
        self.done["leads"] += 1
        self._later(lambda: self._qualify(lead.id), 1, 2, 4)

    def _qualify(self, key: int) -> None:
        with self.crm.uow(self.dice.choice(self.sellers)) as uow:
            lead = uow.get(Lead, key, lock=True)
            if lead.owner_id is None:  # nobody had room for it so far
                self._later(lambda: self._qualify(key), 1, 2)
                return
            self.done["assigned"] += 1
            if self.dice.random() < 0.3:
                uow.move(lead, LEADS["lost"], {"lost_reason_id": self.reason})
                return
            deal: Deal = self.crm.commands["sales.lead.to_deal"].run(uow, lead, {})
        self.done["converted"] += 1
        self.ours.append(deal.id)
        self._later(lambda: self._work_on(deal.id))

    # ---- deals --------------------------------------------------------------------------------------------------
    def _open(self) -> None:
        seller = self.dice.choice(self.sellers)
        with self.crm.uow(seller) as uow:
            title = f"Deal of {self.clock.now():%Y-%m-%d %H:%M}"
            deal = Deal(title=title, contact_id=self.contact, owner_id=seller.id, team_id=seller.teams[0])
            uow.add(deal, into=SALES["new"])
        self.ours.append(deal.id)
        self._later(lambda: self._work_on(deal.id))

    def _work_on(self, key: int) -> None:
        with self.crm.uow(self.dice.choice(self.sellers)) as uow:
            deal = uow.get(Deal, key, lock=True)
            wishes = WISHES[deal.stage]
            wish = self.dice.choices(list(wishes), list(wishes.values()))[0]
            if not wish:
                return
            if self.dice.random() < 0.2 and deal.stage not in ("won", "lost"):
                self._call(uow, deal)
            if self.dice.random() < 0.2:
                uow.add(
                    DealLine(deal_id=deal.id, title="More", price=decimal.Decimal(self.dice.randint(1, 99_999)) / 100, discount=decimal.Decimal(7))
                )
                uow.settle()
            self._try(uow, deal, SALES[wish])
        self._later(lambda: self._work_on(key))

    def _call(self, uow: Uow, deal: Deal) -> None:
        """Register a call with its next step, the way the API does it."""
        given = {"note": "No answer", "call_again_in_days": self.dice.randint(1, 5)}
        self.crm.commands["sales.deal.register_call"].run(uow, deal, given)
        self.done["calls"] += 1

    def _try(self, uow: Uow, deal: Deal, to: StageOf[Deal]) -> None:
        values: dict[str, t.Any] = {}
        if self.dice.random() < 0.9:  # one time in ten the form is left empty
            has_lines = uow.find(DealLine).where(DealLine.deal_id == deal.id).exists()
            values = {} if has_lines else {"amount": decimal.Decimal(self.dice.randint(10, 900) * 100)}
            values |= {"lost_reason_id": self.reason} if to.name == "lost" else {}
            values |= {"closes_on": (uow.now + dt.timedelta(days=20)).date()} if to.name == "negotiation" else {}
        allowed = uow.can_move(deal, to, values).allowed
        try:
            uow.move(deal, to, values)
        except Invalid:
            self.done["refused"] += 1
            if allowed:
                self.broken.append(f"deal {deal.id} was not moved to {to!r}, though uow.can_move had allowed it")
            return
        self.done["moves"] += 1
        self.done[to.name] += 1
        if to.name == "new":  # reopened: somebody has to call
            plan(uow, deal, "call", "Call again", uow.now + dt.timedelta(days=1))

    # ---- dealers ------------------------------------------------------------------------------------------------
    def _register(self) -> None:
        with self.crm.uow() as uow:
            number = f"+7111{self.dice.randrange(10):07}"
            claim = uow.add(Registration(title="Claim", dealer_id=self.dealer, phone=number))
            uow.settle()
            uow.move(claim, REGISTRATIONS["approved"])
        self.done["registrations"] += 1
