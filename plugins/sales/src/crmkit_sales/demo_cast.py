"""Who is there before the story of the demo begins: dealers, shops, clients, reasons, and those who sell."""

from __future__ import annotations

import datetime as dt
import random as chance

import attrs

from crmkit import Actor, Uow

from .demo_words import ENGLISH, PLACES, RUSSIAN, SELLERS, STREETS, Place
from .entities import (
    Absence,
    Assignee,
    AssignmentRule,
    Company,
    Contact,
    ContactPoint,
    Dealer,
    LostReason,
    PointOfSale,
    Source,
    Way,
)
from .normal import inn_of

OUR_TEAM = {"RU": 2, "GB": 3}


@attrs.define
class Cast:
    """What the story picks from."""

    contacts: list[tuple[Contact, Place]] = attrs.field(factory=list)
    dealers: dict[str, list[Dealer]] = attrs.field(factory=dict)
    shops: dict[int, PointOfSale] = attrs.field(factory=dict)
    sources: dict[str, list[Source]] = attrs.field(factory=dict)
    reasons: dict[str, list[LostReason]] = attrs.field(factory=dict)
    rejections: dict[str, list[LostReason]] = attrs.field(factory=dict)
    sellers: dict[int, Actor] = attrs.field(factory=dict)


def gather(uow: Uow, dice: chance.Random, size: int) -> Cast:
    """Add everybody and everything that is there from the first day."""
    cast = Cast(sellers={number: Actor(number, name, teams=(team,)) for number, name, team in SELLERS})
    for place in PLACES:
        _words(uow, cast, place)
        _dealers(uow, dice, cast, place)
        for name, domain in place.firms[: max(2, size // 12)]:
            _company(uow, dice, cast, place, name, domain)
    _recipients(uow)
    return cast


def _words(uow: Uow, cast: Cast, place: Place) -> None:
    country = place.country
    cast.sources[country] = [uow.add(Source(name=name, code=code)) for name, code in place.sources]
    cast.reasons[country] = [uow.add(LostReason(name=name, asks_competitor=i == 1)) for i, name in enumerate(place.reasons)]
    cast.rejections[country] = [uow.add(LostReason(name=name, for_pipeline="inquiries")) for name in place.rejections]
    uow.flush()


def _dealers(uow: Uow, dice: chance.Random, cast: Cast, place: Place) -> None:
    above: Dealer | None = None
    for name, city, team in place.dealers:
        dealer = Dealer(name=name, city=city, team_id=team, country=place.country, phone=phone(dice, place))
        if above is not None and place is RUSSIAN and city == "Чусовой":
            dealer.parent = above
        above = uow.add(dealer)
        uow.flush()
        shop = uow.add(PointOfSale(name=place.shop.format(street=dice.choice(STREETS)), city=city, dealer_id=dealer.id,
            timezone="Asia/Yekaterinburg" if city in ("Пермь", "Чусовой") else None))  # fmt: skip
        cast.dealers.setdefault(place.country, []).append(dealer)
        cast.shops[dealer.id] = shop
    uow.flush()


def _company(uow: Uow, dice: chance.Random, cast: Cast, place: Place, name: str, domain: str) -> None:
    seller = cast.sellers[dice.choice((1, 2, 2, 3, 3, 4) if place is RUSSIAN else (5, 5, 6))]
    tax = inn_of(f"00{dice.randrange(10**7):07}") if place is RUSSIAN else None
    company = Company(
        name=name, city=dice.choice(place.cities), country=place.country, tax_number=tax, website=f"https://{domain}.example",
        kpp="000001001" if tax and not name.startswith("ИП") else None, owner_id=seller.id, team_id=seller.teams[0],
    )  # fmt: skip
    uow.add(company)
    people = dice.randint(1, 4)
    names = zip(dice.sample(place.first_names, people), dice.sample(place.last_names, people), strict=True)
    for (first, mail), (last, surname) in names:
        middle = dice.choice(place.patronymics)
        patronymic = middle.split("|")[0 if first[-1] in "ая" else 1] if middle else None
        contact = Contact(
            name=" ".join(p for p in (first, patronymic, last) if p), first_name=first, last_name=last, patronymic=patronymic,
            email=f"{mail}.{surname}@{domain}.example", phone=phone(dice, place), country=place.country, city=company.city,
            position=dice.choice(place.positions), owner_id=seller.id, team_id=seller.teams[0],
        )  # fmt: skip
        contact.company = company
        cast.contacts.append((uow.add(contact), place))
        if dice.random() < 0.3:
            uow.settle()
            uow.add(ContactPoint(contact_id=contact.id, way=Way.PHONE, value=phone(dice, place), label="домашний" if place is RUSSIAN else "home"))
            uow.add(ContactPoint(contact_id=contact.id, way=Way.MESSENGER, value=f"@{mail}_{surname}", service="telegram"))


def phone(dice: chance.Random, place: Place) -> str:
    """Return a number that nobody has."""
    return dice.choice(place.phones).format(a=dice.randrange(1000), b=dice.randrange(100), c=dice.randrange(100))


def _recipients(uow: Uow) -> None:
    for number, name, team in SELLERS:
        if team != 1:
            uow.add(Assignee(name=name, user_id=number, team_id=team, weight=2 if number in (2, 5) else 1, max_active=40))
    for place, name in ((RUSSIAN, "Лиды из России"), (ENGLISH, "Leads in English")):
        cities = [*place.cities, *(city for _name, city, _team in place.dealers)]
        uow.add(AssignmentRule(name=name, team_id=OUR_TEAM[place.country], fits={"city": {"in": cities}}))
    uow.flush()
    away = uow.find(Assignee).where(Assignee.user_id == 3).one()
    first = uow.now.date() + dt.timedelta(days=60)
    uow.add(Absence(assignee_id=away.id, first_day=first, last_day=first + dt.timedelta(days=13), note="отпуск"))
