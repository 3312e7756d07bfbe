"""A plugin beside the shop: marks on its cards, a stage that asks for more, and a board of its own."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

from crmkit import PUBLIC, Entity, Invalid, Mapped, Permission, Pipeline, Plugin, Problem, Stage, Staged, Uow, _, column, hookimpl
from crmkit.ui import Badge, Card, Column, Look, Menu, Visit, board, card_badge
from tests.core.shop import Order

SEE = Permission("yard.see", _("See the yard", ru="Видеть двор"))
LIFT = Permission("yard.lift", _("Lift pallets", ru="Поднимать паллеты"))
WHO_SIGNS = _("who signs for it?", ru="кто распишется?")
FULL = _("Row {row} is full", ru="Ряд {row} занят")
asked: list[tuple[str, Sequence[int]]] = []

ORDERS = Look(of=Order, title="title", subtitle="client.name", card=("client_id", "amount", "address", "owner_id"))


class Pallet(Entity, table="yard_pallet", label=_("Pallet", ru="Паллета")):
    name: Mapped[str] = column()
    row: Mapped[str] = column(default="a")


class Trip(Staged, table="yard_trip", label=_("Trip", ru="Рейс")):
    name: Mapped[str] = column()
    leaves_on: Mapped[dt.date] = column()


TRIPS = Pipeline("trips", of=Trip, stages=[Stage("today"), Stage("later")])
PLANS = Look(of=Trip, board_sort="leaves_on", captions=lambda visit: {("trips", "today"): _("Monday", ru="понедельник")})


@card_badge(Order)
def urgent(ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    asked.append(("urgent", ids))
    return {ids[0]: Badge(text=_("Urgent", ru="Срочно"), color="red", icon="flame")} if ids else {}


@card_badge(None, live=[Pallet])
def everywhere(of: type[Entity], ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    asked.append((of.__name__, ids))
    return {ids[-1]: Badge(text=f"<{of.__name__}>")} if ids else {}


@card_badge(Order, order=60)
def broken(ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    raise RuntimeError("oops <b>")


@card_badge(Order, permission=LIFT)
def hidden(ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    return {key: Badge(text="for lifters") for key in ids}


@hookimpl
def crm_can_move(record: Order, stage: t.Any, uow: Uow) -> list[Problem] | None:
    return [Problem("address", "required", WHO_SIGNS)] if stage.name == "done" and record.address == "nowhere" else None


def lift(uow: Uow, card: int, column: str, before: int | None) -> None:
    pallet = uow.get(Pallet, card)
    if column == "c":
        raise Invalid(FULL.format(row=column))
    pallet.row = column
    asked.append((f"{card} to {column}", [before or 0]))


@board("/rows", label=_("Rows", ru="Ряды"), permission=SEE, move=lift, may_move=LIFT, menu=Menu(icon="container"), live=[Pallet])
def rows(visit: Visit, uow: Uow) -> list[Column]:
    if visit.query.get("broken"):
        raise RuntimeError("oops <b>")
    pallets = uow.find(Pallet).order_by(Pallet.name).all()
    return [
        Column(key=row, label=row.upper(), color="blue", total="<5 t>", cards=[
            Card(id=p.id, title=p.name, subtitle=_("pallet", ru="паллета"), path=f"/yard/pallet/{p.id}") for p in pallets if p.row == row])
        for row in ("a", "b", "c")
    ]  # fmt: skip


@board("/still", label="Still", permission=PUBLIC)
def still(visit: Visit, uow: Uow) -> list[Column]:
    return [Column(key="one", label="One", cards=[Card(id=1, title="<b>", template="no_such.html")], count=7)]


plugin = Plugin("yard", modules=[__name__], requires=["shop"])
