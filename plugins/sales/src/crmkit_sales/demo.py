"""Believable demo data: half a year of selling, played through the pipelines as it would have happened."""

from __future__ import annotations

import datetime as dt
import decimal
import heapq
import random as chance
import typing as t
from collections.abc import Mapping

from crmkit import Actor, Invalid, Staged, StageOf, Uow, hookimpl
from crmkit.activities import Activity, Note, plan

from .conversion import to_deal, to_lead
from .demo_cast import OUR_TEAM, Cast, gather, phone
from .demo_views import save_views
from .demo_words import RUSSIAN, Place
from .entities import Channel, Deal, DealLine, Inquiry, Lead, LostReason, Registration
from .normal import inn_of
from .pipelines import INQUIRIES, LEADS, REGISTRATIONS, SALES
from .response import answered

DAYS = 180
# Where a deal goes next, how likely, and after how many days at most.
NEXT: dict[str, tuple[tuple[str, int, int], ...]] = {
    "new": (("qualified", 66, 8), ("offer", 14, 10), ("lost", 20, 25)),
    "qualified": (("offer", 78, 18), ("lost", 22, 30)),
    "offer": (("negotiation", 48, 18), ("won", 14, 15), ("lost", 30, 40), ("qualified", 8, 12)),
    "negotiation": (("won", 64, 35), ("lost", 26, 40), ("offer", 10, 15)),
    "lost": (("", 97, 0), ("new", 3, 40)),
}
CHANNELS = (Channel.SITE, Channel.SITE, Channel.CALL, Channel.CALL, Channel.CHAT, Channel.EMAIL, Channel.VISIT, Channel.MESSENGER)
S = t.TypeVar("S", bound=Staged)
Happening = t.Callable[[dt.datetime], None]


@hookimpl
def crm_demo(uow: Uow, random: chance.Random, size: int) -> None:
    """Add clients and dealers, about `size` deals, most of them from inquiries and leads, and what the last six months made of them."""
    now, actor = uow.now, uow.actor
    Story(uow, random, size).tell()
    uow.at(now, actor)
    save_views(uow)


class Story:
    """Half a year at a sales department, the same for the same dice."""

    def __init__(self, uow: Uow, dice: chance.Random, size: int) -> None:
        self.uow, self.dice, self.size, self.end = uow, dice, size, uow.now
        self.begin = self.end - dt.timedelta(days=DAYS)
        self.planned: list[tuple[dt.datetime, int, Happening]] = []
        self.plans = 0
        self.cast = Cast()

    def tell(self) -> None:
        """Play everything in the order of time. Business grows: more comes in towards the end."""
        self.uow.at(self.begin)
        self.cast = gather(self.uow, self.dice, self.size)
        for number in range(self.size):
            when = self.begin + dt.timedelta(days=DAYS) * (number / self.size) ** 0.7
            self._plan(self._moment(when, 4), self._inquire)
            if self.dice.random() < 0.5:
                self._plan(self._moment(when, 4), self._open_deal)
        for _number in range(max(2, self.size // 25)):
            self._plan(self._moment(self.begin, 160), self._register)
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

    def _seller(self, record: Inquiry | Lead | Deal, place: Place) -> Actor:
        usual = 2 if place is RUSSIAN else 5
        return self.cast.sellers.get(record.owner_id or usual) or self.cast.sellers[usual]

    # ---- somebody turns to us -----------------------------------------------------------------------------------
    def _inquire(self, at: dt.datetime) -> None:
        uow, dice = self.uow, self.dice
        contact, place = dice.choice(self.cast.contacts)
        goods, _low, _high = dice.choice(place.goods)
        channel, source = dice.choice(CHANNELS), dice.choice(self.cast.sources[place.country])
        known = dice.random() < 0.6
        dealer = dice.choice(self.cast.dealers[place.country]) if dice.random() < 0.25 else None
        uow.at(at)
        first, last = dice.choice(place.first_names)[0], dice.choice(place.last_names)[0]
        site = channel is Channel.SITE
        inquiry = Inquiry(
            name=contact.name if known else f"{first} {last}", phone=contact.phone if known else phone(dice, place), channel=channel,
            text=dice.choice(place.asks).format(goods=goods.lower()), city=dealer.city if dealer is not None else dice.choice(place.cities),
            source_id=source.id, utm_source=source.code if site else None, utm_medium="cpc" if site else None,
            utm_campaign=f"{source.code}-{at:%Y-%m}" if site else None, dealer_id=dealer.id if dealer is not None else None,
            point_of_sale_id=self.cast.shops[dealer.id].id if dealer is not None else None, received_at=at,
        )  # fmt: skip
        uow.add(inquiry)
        if dice.random() < 0.95:  # the last few are still waiting, or nobody ever answered
            self._plan(at + dt.timedelta(minutes=dice.choice((4, 9, 15, 22, 28, 45, 120, 900))), lambda when: self._answer(inquiry, place, when))

    def _answer(self, inquiry: Inquiry, place: Place, at: dt.datetime) -> None:
        uow, dice = self.uow, self.dice
        uow.at(at, self._seller(inquiry, place))
        if inquiry.stage != "new":
            return
        fate = dice.random()
        if fate < 0.05:
            self._try(inquiry, INQUIRIES["spam"])
            return
        answered(inquiry, uow)
        self._try(inquiry, INQUIRIES["working"])
        if fate < 0.13:
            uow.move(inquiry, INQUIRIES["rejected"], {"lost_reason_id": dice.choice(self.cast.rejections[place.country]).id})
            return
        goods = dice.choice(place.goods)[0]
        lead = to_lead(inquiry, uow, title=place.title.format(goods=goods, firm=inquiry.name))
        if lead.team_id is None:
            lead.team_id = OUR_TEAM[place.country]
        self._plan(self._moment(at, 6), lambda when: self._qualify(lead, place, when))

    def _qualify(self, lead: Lead, place: Place, at: dt.datetime) -> None:
        uow, dice = self.uow, self.dice
        uow.at(at, self._seller(lead, place))
        if lead.stage not in ("new", "working"):
            return
        if lead.owner_id is None:
            lead.owner_id = uow.actor.id
        if lead.stage == "new":
            self._try(lead, LEADS["working"])
            uow.add(Note(text=dice.choice(place.steps), owner_id=uow.actor.id, **uow.about(lead)))
            plan(uow, lead, "call", dice.choice(place.steps), self._moment(at, 5))
            self._plan(self._moment(at, 9), lambda when: self._qualify(lead, place, when))
        elif dice.random() < 0.26:
            self._try(lead, LEADS["lost"], self._loss(place))
        else:
            self._try(lead, LEADS["qualified"])
            deal = to_deal(lead, uow)
            self._price(deal, place)
            self._go_on(deal, place, at)

    def _try(self, record: S, to: StageOf[S], values: Mapping[str, t.Any] | None = None) -> bool:
        """Move a record if it may: an integrator's pipeline may ask for more than we know of."""
        allowed = self.uow.can_move(record, to, values).allowed
        if allowed:
            self.uow.move(record, to, values)
        return allowed

    def _loss(self, place: Place) -> dict[str, t.Any]:
        reason: LostReason = self.dice.choice(self.cast.reasons[place.country])
        return {"lost_reason_id": reason.id} | ({"competitor": self.dice.choice(place.competitors)} if reason.asks_competitor else {})

    # ---- what they buy ------------------------------------------------------------------------------------------
    def _open_deal(self, at: dt.datetime) -> None:
        contact, place = self.dice.choice(self.cast.contacts)
        goods = self.dice.choice(place.goods)[0]
        seller = self.cast.sellers[contact.owner_id or 1]
        self.uow.at(at, seller)
        firm = contact.company.name if contact.company is not None else contact.name
        deal = Deal(
            title=place.title.format(goods=goods, firm=firm), company_id=contact.company_id, contact_id=contact.id, owner_id=seller.id,
            team_id=seller.teams[0], source_id=self.dice.choice(self.cast.sources[place.country]).id, channel=self.dice.choice(CHANNELS),
        )  # fmt: skip
        self.uow.add(deal, into=SALES["new"])
        if self.dice.random() < 0.7:
            self._price(deal, place)
        self._go_on(deal, place, at)

    def _price(self, deal: Deal, place: Place) -> None:
        """Add one or two lines, or an amount alone."""
        uow, dice = self.uow, self.dice
        goods, low, high = dice.choice(place.goods)
        price = decimal.Decimal(dice.randint(low, high) * 1000 + dice.choice((0, 0, 500, 900)))
        if dice.random() < 0.4:
            deal.amount = price
            return
        uow.flush()
        many = dice.choice((1, 1, 1, 2, 3, 12))
        uow.add(DealLine(deal_id=deal.id, title=goods, quantity=decimal.Decimal(many), price=(price / many).quantize(decimal.Decimal(1)),
            discount=decimal.Decimal(dice.choice((0, 0, 0, 5, 7, 10)))))  # fmt: skip
        if dice.random() < 0.5:
            extra, cost = dice.choice(place.extras)
            uow.add(DealLine(deal_id=deal.id, title=extra, price=decimal.Decimal(cost)))
        uow.settle()

    def _go_on(self, deal: Deal, place: Place, at: dt.datetime) -> None:
        ways = NEXT.get(deal.stage)
        if ways is None:
            return
        ((target, _weight, days),) = self.dice.choices(ways, [weight for _target, weight, _days in ways])
        if target:
            self._plan(self._moment(at, days), lambda when: self._move(deal, place, SALES[target], when))

    def _move(self, deal: Deal, place: Place, to: StageOf[Deal], at: dt.datetime) -> None:
        uow, dice = self.uow, self.dice
        uow.at(at, self._seller(deal, place))
        if deal.amount is None and to.name != "lost":
            self._price(deal, place)
        values: dict[str, t.Any] = self._loss(place) if to.name == "lost" else {}
        if to.name == "negotiation" and deal.closes_on is None:
            values["closes_on"] = (at + dt.timedelta(days=dice.randint(7, 45))).date()
        if not uow.can_move(deal, to, values):
            return
        for step in uow.find(Activity).where({**uow.about(deal), "done_at": None}):
            step.done_at = at
        uow.move(deal, to, values)
        if to.name in ("new", "qualified", "negotiation"):
            plan(uow, deal, dice.choice(("call", "letter", "meeting")), dice.choice(place.steps), self._moment(at, 12), self._seller(deal, place).id)
        self._go_on(deal, place, at)

    # ---- dealers' claims ----------------------------------------------------------------------------------------
    def _register(self, at: dt.datetime) -> None:
        uow, dice = self.uow, self.dice
        number = dice.randrange(max(4, self.size // 20))  # firms that are no clients yet; two dealers may want the same
        dealer, goods = dice.choice(self.cast.dealers["RU"]), dice.choice(RUSSIAN.goods)[0]
        uow.at(at)
        claim = uow.add(Registration(
            title=f"{goods}: новый клиент", dealer_id=dealer.id, client_name=f"ООО «Новинка-{number + 1}»", tax_number=inn_of(f"00{number:07}"),
            amount=decimal.Decimal(dice.randint(50, 900) * 1000),
        ))  # fmt: skip
        self._plan(self._moment(at, 3), lambda when: self._decide(claim, when))

    def _decide(self, claim: Registration, at: dt.datetime) -> None:
        self.uow.at(at, self.cast.sellers[1])
        if claim.stage == "requested":
            try:
                self.uow.move(claim, REGISTRATIONS["approved"])
            except Invalid:  # meanwhile another dealer has a deal with the client
                self.uow.move(claim, REGISTRATIONS["refused"], {"refused_why": "Клиент уже в работе"})
