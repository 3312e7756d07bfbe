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

from .audit import Audit
from .demo_words import SELLERS
from .entities import Company, Contact, Deal, FollowUp
from .pipelines import SALES

OPTIONS = {"days": 90, "deals": 200, "seed": 1}
# Where a seller wants to take a deal, and how likely. Not every wish is one the pipeline grants.
WISHES: dict[str, dict[str, int]] = {
    "new": {"qualified": 60, "offer": 15, "lost": 20, "won": 5},
    "qualified": {"offer": 70, "lost": 20, "negotiation": 10},
    "offer": {"negotiation": 45, "won": 15, "lost": 25, "qualified": 10, "new": 5},
    "negotiation": {"won": 60, "lost": 25, "offer": 15},
    "lost": {"new": 10, "": 90},
    "won": {"": 90, "lost": 10},
}


@hookimpl
def crm_simulate(
    crm: Crm, plugin: str, clock: MovableClock, options: Mapping[str, t.Any]
) -> Mapping[str, t.Any] | None:
    """Let sellers work on `deals` new deals for `days`, the same way for the same `seed`; report what came of it."""
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
    """Sellers at work. Timers fire at their own moments, in between what people do."""

    def __init__(self, crm: Crm, clock: MovableClock, *, days: int, deals: int, seed: int) -> None:
        self.crm, self.clock, self.days, self.deals = crm, clock, days, deals
        self.dice = random.Random(seed)
        self.begin = clock.now().replace(microsecond=0)
        self.end = self.begin + dt.timedelta(days=days)
        self.sellers = [Actor(number, name, teams=(team,), system=True) for number, name, team in SELLERS]
        self.planned: list[tuple[dt.datetime, int, int | None]] = []
        self.done: Counter[str] = Counter()
        self.broken: list[str] = []
        self.plans = 0

    def play(self) -> dict[str, t.Any]:
        """Play to the end and return the report."""
        contact = self._customer()
        for _number in range(self.deals):
            self._plan(self.begin + dt.timedelta(seconds=self.dice.randrange(1, self.days * 86400)), None)
        ours: list[int] = []
        while self.planned:
            at, _number, deal = heapq.heappop(self.planned)
            self.done["timers_fired"] += self.crm.deliver(at)
            if deal is None:
                ours.append(self._open(contact))
            else:
                self._work_on(deal)
        self.done["timers_fired"] += self.crm.deliver(self.end)
        with self.crm.read() as uow:
            broken = self.broken + Audit(uow, ours).broken()
            follow_ups = uow.find(FollowUp).where(FollowUp.deal_id.in_(ours)).count() if ours else 0
        counted = {name: self.done[name] for name in ("moves", "won", "lost")}
        return {
            "days": self.days, "deals": len(ours), **counted, "refused": self.done["refused"], "follow_ups": follow_ups,
            "timers_fired": self.done["timers_fired"], "violations": len(broken), "broken": broken[:20],
        }  # fmt: skip

    def _plan(self, at: dt.datetime, deal: int | None) -> None:
        if at < self.end:
            self.plans += 1
            heapq.heappush(self.planned, (at, self.plans, deal))

    def _later(self, deal: int) -> None:
        """Come back to a deal: soon as a rule, sometimes only after it has been forgotten for weeks."""
        days = self.dice.choice((1, 2, 3, 4, 5, 8, 20))
        self._plan(self.clock.now() + dt.timedelta(days=days, seconds=self.dice.randrange(36_000)), deal)

    def _customer(self) -> int:
        with self.crm.uow() as uow:
            contact = Contact(name="Simulated client")
            contact.company = uow.add(Company(name="Simulation"))
            uow.add(contact)
        return contact.id

    def _open(self, contact: int) -> int:
        seller = self.dice.choice(self.sellers)
        with self.crm.uow(seller) as uow:
            title = f"Deal of {self.clock.now():%Y-%m-%d %H:%M}"
            deal = Deal(title=title, contact_id=contact, owner_id=seller.id, team_id=seller.teams[0])
            uow.add(deal, into=SALES["new"])
        self._later(deal.id)
        return deal.id

    def _work_on(self, key: int) -> None:
        seller = self.dice.choice(self.sellers)
        with self.crm.uow(seller) as uow:
            deal = uow.get(Deal, key, lock=True)
            wishes = WISHES[deal.stage]
            wish = self.dice.choices(list(wishes), list(wishes.values()))[0]
            if not wish:
                return
            if self.dice.random() < 0.2 and deal.stage not in ("won", "lost"):
                self._call(uow, deal)
            self._try(uow, deal, SALES[wish])
        self._later(key)

    def _call(self, uow: Uow, deal: Deal) -> None:
        """Register a call with its next step, the way the API does it."""
        given = {"note": "No answer", "call_again_in_days": self.dice.randint(1, 5)}
        self.crm.commands["sales.deal.register_call"].run(uow, deal, given)
        self.done["calls"] += 1

    def _try(self, uow: Uow, deal: Deal, to: StageOf[Deal]) -> None:
        values: dict[str, t.Any] = {}
        if self.dice.random() < 0.9:  # one time in ten the form is left empty
            values = {"amount": decimal.Decimal(self.dice.randint(10, 900) * 100)}
            values |= {"lost_reason": "Simulated"} if to.name == "lost" else {}
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
            uow.add(
                FollowUp(
                    what="Call again", deal_id=deal.id, due_at=uow.now + dt.timedelta(days=1), owner_id=deal.owner_id
                )
            )
