"""Believable demo data: half a year of selling, played through the pipeline as it would have happened."""

from __future__ import annotations

import datetime as dt
import decimal
import heapq
import random as chance
import typing as t

from crmkit import Actor, StageOf, Uow, hookimpl

from .demo_words import PLACES, RUSSIAN, SELLERS, Place
from .entities import Company, Contact, Deal, FollowUp
from .pipelines import SALES

DAYS = 180
# Where a deal goes next, how likely, and after how many days at most.
NEXT: dict[str, tuple[tuple[str, int, int], ...]] = {
    "new": (("qualified", 66, 8), ("offer", 14, 10), ("lost", 20, 25)),
    "qualified": (("offer", 78, 18), ("lost", 22, 30)),
    "offer": (("negotiation", 48, 18), ("won", 14, 15), ("lost", 30, 40), ("qualified", 8, 12)),
    "negotiation": (("won", 64, 35), ("lost", 26, 40), ("offer", 10, 15)),
    "lost": (("", 97, 0), ("new", 3, 40)),
}
Happening = t.Callable[[dt.datetime], None]


@hookimpl
def crm_demo(uow: Uow, random: chance.Random, size: int) -> None:
    """Add customers and about `size` deals, with the moves, follow-ups and refusals of the last six months."""
    now, actor = uow.now, uow.actor
    Story(uow, random, size).tell()
    uow.at(now, actor)


class Story:
    """Half a year at a sales department, the same for the same dice."""

    def __init__(self, uow: Uow, dice: chance.Random, size: int) -> None:
        self.uow, self.dice, self.size, self.end = uow, dice, size, uow.now
        self.begin = self.end - dt.timedelta(days=DAYS)
        self.contacts: list[tuple[Contact, Place]] = []
        self.sellers = {number: Actor(number, name, teams=(team,)) for number, name, team in SELLERS}
        self.planned: list[tuple[dt.datetime, int, Happening]] = []
        self.plans = 0

    def tell(self) -> None:
        """Play everything in the order of time. Business grows: more deals come in towards the end."""
        self.uow.at(self.begin)
        self._customers()
        for number in range(self.size):
            self._plan(
                self._moment(self.begin + dt.timedelta(days=DAYS) * (number / self.size) ** 0.7, 4), self._open_deal
            )
        while self.planned:
            at, _number, run = heapq.heappop(self.planned)
            run(at)

    def _plan(self, at: dt.datetime, run: Happening) -> None:
        if at < self.end:
            self.plans += 1
            heapq.heappush(self.planned, (at, self.plans, run))

    def _moment(self, after: dt.datetime, days: float) -> dt.datetime:
        """Return a moment within so many days, in working hours."""
        dice, zone = self.dice, self.uow.crm.zone
        day = (after + dt.timedelta(days=dice.uniform(0.05, days))).astimezone(zone)
        day += dt.timedelta(days=max(0, 8 - day.isoweekday()) if day.isoweekday() > 5 else 0)
        at = day.replace(hour=dice.randint(9, 17), minute=dice.randrange(60), second=dice.randrange(60), microsecond=0)
        return max(at.astimezone(dt.UTC), after + dt.timedelta(minutes=dice.randint(5, 50)))

    # ---- who buys ----------------------------------------------------------------------------------------------
    def _customers(self) -> None:
        for place in PLACES:
            for name, domain in place.firms[: max(2, self.size // 12)]:
                self._company(place, name, domain)

    def _company(self, place: Place, name: str, domain: str) -> None:
        dice = self.dice
        seller = self.sellers[dice.choice((1, 2, 2, 3, 3, 4) if place is RUSSIAN else (5, 5, 6))]
        tax = f"00{dice.randrange(10**8):08}" if place is RUSSIAN else None
        company = Company(
            name=name, city=dice.choice(place.cities), tax_number=tax, website=f"https://{domain}.example",
            owner_id=seller.id, team_id=seller.teams[0],
        )  # fmt: skip
        self.uow.add(company)
        people = dice.randint(1, 4)
        names = zip(dice.sample(place.first_names, people), dice.sample(place.last_names, people), strict=True)
        for (first, mail), (last, surname) in names:
            contact = Contact(
                name=f"{first} {last}", email=f"{mail}.{surname}@{domain}.example", phone=self._phone(place),
                position=dice.choice(place.positions), owner_id=seller.id, team_id=seller.teams[0],
            )  # fmt: skip
            contact.company = company
            self.contacts.append((self.uow.add(contact), place))

    def _phone(self, place: Place) -> str:
        dice = self.dice
        return dice.choice(place.phones).format(a=dice.randrange(1000), b=dice.randrange(100), c=dice.randrange(100))

    # ---- what they buy -----------------------------------------------------------------------------------------
    def _open_deal(self, at: dt.datetime) -> None:
        dice = self.dice
        contact, place = dice.choice(self.contacts)
        goods, low, high = dice.choice(place.goods)
        seller = self.sellers[contact.owner_id or 1]
        self.uow.at(at, seller)
        firm = contact.company.name if contact.company is not None else contact.name
        deal = Deal(
            title=place.title.format(goods=goods, firm=firm),
            amount=self._price(low, high) if dice.random() < 0.7 else None,
            company_id=contact.company_id,
            contact_id=contact.id,
            owner_id=seller.id,
            team_id=seller.teams[0],
        )
        self._go_on(self.uow.add(deal, into=SALES["new"]), place, at)

    def _price(self, low: int, high: int) -> decimal.Decimal:
        return decimal.Decimal(self.dice.randint(low, high) * 1000 + self.dice.choice((0, 0, 500, 900)))

    def _go_on(self, deal: Deal, place: Place, at: dt.datetime) -> None:
        ways = NEXT.get(deal.stage)
        if ways is None:
            return
        ((target, _weight, days),) = self.dice.choices(ways, [weight for _target, weight, _days in ways])
        if target:
            self._plan(self._moment(at, days), lambda when: self._move(deal, place, SALES[target], when))

    def _move(self, deal: Deal, place: Place, to: StageOf[Deal], at: dt.datetime) -> None:
        uow, dice, seller = self.uow, self.dice, self.sellers[deal.owner_id or 1]
        uow.at(at, seller)
        values = self._filled_in(deal, place, to, at)
        if not uow.can_move(deal, to, values):  # an integrator's pipeline may ask for more than we know of
            return
        for step in uow.find(FollowUp).where({"deal_id": deal.id, "done_at": None}):
            step.done_at = at
        uow.move(deal, to, values)
        if to.name in ("new", "qualified", "negotiation"):
            what, due = dice.choice(place.steps), self._moment(at, 12)
            uow.add(FollowUp(what=what, deal_id=deal.id, due_at=due, owner_id=seller.id, team_id=seller.teams[0]))
        self._go_on(deal, place, at)

    def _filled_in(self, deal: Deal, place: Place, to: StageOf[Deal], at: dt.datetime) -> dict[str, t.Any]:
        """Return what the seller learns by the time of a move."""
        dice = self.dice
        if to.name == "lost":
            return {"lost_reason": dice.choice(place.reasons)}
        values: dict[str, t.Any] = {}
        if deal.amount is None:
            _goods, low, high = dice.choice(place.goods)
            values["amount"] = self._price(low, high)
        if to.name == "negotiation" and deal.closes_on is None:
            values["closes_on"] = (at + dt.timedelta(days=dice.randint(7, 45))).date()
        return values
