"""A small CRM to import into: a tree of clients, people with a side table of another plugin, orders that go through stages."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import sys
import types
from typing import Any

from sqlalchemy import String

from crmkit import (
    Choice,
    Crm,
    Email,
    Entity,
    Extension,
    Invalid,
    Mapped,
    Money,
    Owned,
    Phone,
    Pipeline,
    Plugin,
    Problem,
    Stage,
    Staged,
    UtcDateTime,
    column,
    hookimpl,
    relation,
)


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Client(Entity, table="shop_client", label="Client"):
    name: Mapped[str] = column(String(60), clean=str.strip, search=True)
    city: Mapped[str | None] = column(String(60), default=None)
    size: Mapped[Size | None] = column(Choice(Size), default=None)
    tax_number: Mapped[str | None] = column(String(20), default=None, unique=True)
    parent_id: Mapped[int | None] = column(to="self", default=None, index=True)
    parent: Mapped[Client | None] = relation()


class Person(Owned, table="shop_person", label="Person"):
    name: Mapped[str] = column(String(60), clean=str.strip)
    phone: Mapped[str | None] = column(Phone, default=None)
    email: Mapped[str | None] = column(Email, default=None)
    login: Mapped[str | None] = column(String(40), default=None)
    client_id: Mapped[int | None] = column(to=Client, default=None)
    client: Mapped[Client | None] = relation()
    secret: Mapped[str | None] = column(String(40), default=None, secret=True)


class Number(Entity, table="shop_number", label="Number"):
    person_id: Mapped[int] = column(to=Person, part=True)
    value: Mapped[str] = column(Phone)
    label: Mapped[str | None] = column(String(20), default=None)


class Order(Owned, Staged, table="shop_order", label="Order"):
    title: Mapped[str] = column(String(60))
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True)
    person_id: Mapped[int | None] = column(to=Person, default=None)
    ready_on: Mapped[dt.date | None] = column(default=None)
    called_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None)
    paid: Mapped[bool] = column(default=False)
    pieces: Mapped[int | None] = column(default=None)
    weight: Mapped[float | None] = column(default=None)


ORDERS = Pipeline("orders", of=Order, stages=[Stage("new"), Stage("offer", needs=["amount"]), Stage("done", needs=["amount"])],
    moves={"new": ["offer"], "offer": ["done"]})  # fmt: skip


class Patient(Extension[Person], table="care_patient"):
    born: Mapped[dt.date | None] = column(default=None)
    notes: Mapped[str | None] = column(String(100), default=None)


def plugin(name: str, *members: Any) -> Plugin:
    module = types.ModuleType(f"tests_transfer_{name}")
    for number, member in enumerate(members):
        member.__module__ = module.__name__
        setattr(module, getattr(member, "__name__", f"m{number}"), member)
    sys.modules[module.__name__] = module
    return Plugin(name, modules=[module])


@hookimpl
def crm_check(record: Entity, changes: Any, uow: Any) -> list[Problem] | None:
    if isinstance(record, Client) and record.name == "Forbidden":
        return [Problem("name", "forbidden", "not this one")]
    return None


SHOP = Plugin("shop", modules=[__name__])
CARE = plugin("care", Patient)
CHECKED = plugin("checked", crm_check)


def compose(url: str, *more: Plugin, **options: Any) -> Crm:
    return Crm(SHOP, CARE, *more, database=url, settings={"crmkit": {"timezone": "Europe/Moscow"}}, **options)


__all__ = ["CHECKED", "ORDERS", "Client", "Invalid", "Number", "Order", "Patient", "Person", "Size", "compose"]
