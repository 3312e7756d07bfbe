"""A small shop, for the tests of the kernel: clients, and orders that go through a pipeline."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import types
from collections.abc import Iterable
from typing import Any

from sqlalchemy import String

from crmkit import (
    LOST,
    WON,
    Crm,
    Entity,
    Extension,
    Mapped,
    Money,
    MovableClock,
    Owned,
    Pipeline,
    Plugin,
    Stage,
    Staged,
    UtcDateTime,
    _,
    column,
    relation,
)
from crmkit.core.uow import Uow


class Client(Owned, table="shop_client", label=_("Client", ru="Клиент")):
    name: Mapped[str] = column(String(50), clean=str.strip)
    code: Mapped[str | None] = column(String(20), default=None, unique=True)
    password: Mapped[str | None] = column(default=None, secret=True)
    wishes: Mapped[list[str]] = column(factory=list)
    sponsor_id: Mapped[int | None] = column(to="self", default=None)
    sponsor: Mapped[Client | None] = relation()


class Order(Owned, Staged, table="shop_order", label=_("Order", ru="Заказ")):
    title: Mapped[str] = column(String(80))
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True)
    address: Mapped[str | None] = column(default=None)
    client_id: Mapped[int | None] = column(to=Client, default=None)
    client: Mapped[Client | None] = relation()


class Gift(Extension[Order], table="shop_gift"):
    wrapping: Mapped[str | None] = column(default=None)
    ribbons: Mapped[int] = column(default=1)


class Task(Entity, table="shop_task"):
    what: Mapped[str]
    order_id: Mapped[int | None] = column(to=Order, default=None)
    at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None)


def not_on_the_black_list(order: Order, uow: Uow) -> str | None:
    return "we do not sell to Moriarty" if order.client is not None and order.client.name == "Moriarty" else None


ORDERS = Pipeline(
    "orders",
    of=Order,
    stages=[
        Stage("new", rots_after=dt.timedelta(days=3)),
        Stage("paid", needs=["amount"], guards=[not_on_the_black_list]),
        Stage("packed", needs=["address", "gift.wrapping"]),
        Stage("sent", needs=["address"]),
        Stage("done", outcome=WON),
        Stage("cancelled", outcome=LOST),
    ],
    moves={
        "new": ["paid", "cancelled"],
        "paid": ["paid", "packed", "sent", "cancelled"],
        "packed": ["sent"],
        "sent": ["done", "paid"],
        "cancelled": ["new"],
    },
)
_number = itertools.count(1)


def module_of(things: Iterable[Any]) -> types.ModuleType:
    """A module that holds functions, classes and pipelines made inside a test, as if they had been written there."""
    module = types.ModuleType(f"shop_extra_{next(_number)}")
    for number, thing in enumerate(things):
        name = getattr(thing, "__name__", None) or f"thing_{number}"
        if isinstance(thing, Pipeline):
            object.__setattr__(thing, "defined_in", module.__name__)
        elif hasattr(thing, "__module__") and callable(thing):
            thing.__module__ = module.__name__
        setattr(module, name, thing)
    return module


def plugin(*things: Any, name: str = "shop", **facts: Any) -> Plugin:
    """The shop as a plugin, with more things in it; or with another `name` a plugin of those things alone."""
    own = [__name__] if name == "shop" else []
    return Plugin(name, modules=[*own, module_of(things)], **facts)


def compose(database: Any, *things: Any, plugins: Iterable[Plugin] = (), **more: Any) -> Crm:
    """The shop composed with more things in it, and with more plugins."""
    more.setdefault("clock", MovableClock())
    return Crm(plugin(*things), *plugins, database=database, **more)


def create_tables(crm: Crm) -> None:
    for table in crm.tables:
        table.create(crm.engine, checkfirst=True)
