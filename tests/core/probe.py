"""A small plugin with a field of every type, links, a tree and extensions: what these tests are made of."""

from __future__ import annotations

import calendar
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import String

from crmkit import (
    Actor,
    Crm,
    Email,
    Entity,
    Exact,
    Extension,
    Mapped,
    Money,
    Owned,
    Phone,
    Pipeline,
    Plugin,
    Role,
    Stage,
    Staged,
    UtcDateTime,
    _,
    column,
    hookimpl,
    relation,
)


class Kind(enum.Enum):
    RETAIL = "retail"
    WHOLESALE = "wholesale"


class Company(Entity, table="probe_company"):
    name: Mapped[str] = column(String(50), clean=str.strip)
    rank: Mapped[int | None] = column(default=None)
    parent_id: Mapped[int | None] = column(to="self", default=None)
    parent: Mapped[Company | None] = relation()


class Seal(Extension[Company], table="probe_seal"):
    colour: Mapped[str | None] = column(default=None)


class Person(Owned, table="probe_person", label=_("Person", ru="Человек"), plural=_("People", ru="Люди")):
    name: Mapped[str] = column(String(50), clean=str.strip)
    note: Mapped[str | None] = column(default=None)
    phone: Mapped[str | None] = column(Phone, default=None)
    email: Mapped[str | None] = column(Email, default=None)
    age: Mapped[int | None] = column(default=None)
    height: Mapped[float | None] = column(default=None)
    balance: Mapped[decimal.Decimal | None] = column(Money, default=None)
    rate: Mapped[decimal.Decimal | None] = column(Exact(20, 6), default=None)
    kind: Mapped[Kind | None] = column(default=None)
    active: Mapped[bool | None] = column(default=None)
    born: Mapped[dt.date | None] = column(default=None)
    seen_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None)
    token: Mapped[uuid.UUID | None] = column(default=None)
    photo: Mapped[bytes | None] = column(default=None)
    extra: Mapped[dict[str, Any] | None] = column(default=None)
    tags: Mapped[list[str]] = column(factory=list)
    password: Mapped[str | None] = column(default=None, secret=True)
    company_id: Mapped[int | None] = column(to=Company, default=None)
    company: Mapped[Company | None] = relation()


class Card(Extension[Person], table="probe_card"):
    points: Mapped[int | None] = column(default=None)
    since: Mapped[dt.date | None] = column(default=None)


def adult(age: int) -> None:
    if age < 18:
        raise ValueError(_("too young", ru="слишком молод"))


class Visit(Staged, table="probe_visit"):
    topic: Mapped[str]
    age: Mapped[int | None] = column(default=None, check=adult)
    person_id: Mapped[int | None] = column(to=Person, default=None)
    guest: Mapped[Person | None] = relation(via="person_id")


VISITS = Pipeline(
    "visits", of=Visit, stages=[Stage("asked", rots_after=dt.timedelta(days=2)), Stage("done", needs=["topic"])]
)
NARROWED: dict[str, Mapping[str, Any]] = {}


@hookimpl
def crm_visible(actor: Actor, kind: Any) -> Mapping[str, Any] | None:
    return NARROWED.get(kind.key)


plugin = Plugin("probe", modules=[__name__])
SOMEBODY = Actor(7, "Ann", roles=("all",), teams=(1, 2))
TEAMS = {1: None, 2: None, 3: 1, 4: 3, 5: None}


def compose(url: str, **more: Any) -> Crm:
    """The plugin composed on a database, with its tables."""
    crm = Crm(plugin, database=url, roles=[Role("all", {"probe.*": "all"})], teams=TEAMS, **more)
    for table in crm.tables:
        table.create(crm.engine)
    return crm


def months_later(moment: dt.datetime, months: int) -> dt.datetime:
    """The same day and hour of another month, or its last day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))
