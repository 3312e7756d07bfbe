"""People, their telephone numbers and contracts, and a club of another plugin: what the tests of search look for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String

from crmkit import Actor, Crm, Email, Entity, Extension, Mapped, MovableClock, Owned, Phone, Plugin, Role, _, column
from tests.core.shop import module_of


class Person(Owned, table="people_person", label=_("Person", ru="Человек")):
    name: Mapped[str] = column(String(300), search=True, personal=True)
    phone: Mapped[str | None] = column(Phone, default=None, search=True, personal=True)
    email: Mapped[str | None] = column(Email, default=None, search=True, personal=True)
    remark: Mapped[str | None] = column(default=None, search=True)
    city: Mapped[str | None] = column(default=None)
    pin: Mapped[str | None] = column(default=None, search=True, secret=True)


class Number(Entity, table="people_number", label=_("Number", ru="Номер")):
    person_id: Mapped[int] = column(to=Person, part=True, index=True)
    value: Mapped[str] = column(String(40), search=True)


class Contract(Owned, table="people_contract", label=_("Contract", ru="Договор")):
    title: Mapped[str] = column(String(100), search=True)
    person_id: Mapped[int | None] = column(to=Person, default=None)


class Member(Extension[Person], table="club_member", label=_("Member", ru="Участник")):
    card: Mapped[str | None] = column(String(20), default=None, search=True)
    nick: Mapped[str | None] = column(String(20), default=None, search=True)
    level: Mapped[int] = column(default=1)


ROLES = (
    Role("all", {"people.*": "all"}),
    Role("own", {"people.person.*": "own", "people.contract.read": "team"}),
    Role("below", {"people.person.read": "below", "people.contract.read": {"title": {"starts": "д"}}}),
    Role("contracts", {"people.contract.*": "all"}),
    Role("blind", {"people.*": "all"}, hidden=["people.person.phone", "people.person.member.card", "people.number.value"]),
)
TEAMS = {1: None, 2: 1, 3: 1}
ANYBODY = Actor(1, "Anybody", ("all",))


def compose(url: Any, **more: Any) -> Crm:
    people = Plugin("people", modules=[module_of([Person, Number, Contract])])
    club = Plugin("club", modules=[module_of([Member])], requires=["people"])
    more.setdefault("clock", MovableClock())
    return Crm(people, club, database=url, roles=ROLES, teams=TEAMS, **more)


def found(crm: Crm, text: str, actor: Actor = ANYBODY, **more: Any) -> list[str]:
    """The titles of what is found."""
    with crm.read(actor) as uow:
        return [hit.title for hit in uow.search(text, **more)]
