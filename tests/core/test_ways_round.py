"""What one may not see or change stays so, whichever way round it is tried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmkit import About, Actor, Crm, Entity, Forbidden, Kind, Mapped, Owned, Role, column, hookimpl
from crmkit.core import operations
from crmkit.core.explain import explain
from crmkit.core.many import change_many
from crmkit.core.undo import preview, undo

from .kit import Shop
from .shop import Order, create_tables

ONLY: dict[int, str] = {}


class Line(Entity, table="shop_line"):
    """A part of an order."""

    title: Mapped[str] = column()
    order_id: Mapped[int] = column(to=Order, part=True, index=True)


class Remark(About, Owned, table="shop_remark"):
    """Words about anything."""

    text: Mapped[str] = column()


@hookimpl
def crm_visible(actor: Actor, kind: Kind) -> dict[str, object] | None:
    """Some people see orders of one name only."""
    return {"title": {"contains": ONLY[actor.id]}} if kind.key == "shop.order" and actor.id in ONLY else None


SELLER = Role("seller", {"shop.order.read": "all", "shop.order.change": "own", "shop.remark.*": "all"})
CHIEF, GUEST = Role("chief", {"shop.order.*": "all", "shop.remark.*": "all"}), Role("guest", {"shop.remark.read": "own"})
KATE = Actor(7, "Kate", ("seller",))


@pytest.fixture
def crm(shop: Shop) -> Iterator[Crm]:
    made = shop(Line, Remark, crm_visible, roles=(SELLER, CHIEF, GUEST))
    create_tables(made)
    with made.uow() as uow:
        for number, name in ((7, "Kate"), (8, "Oleg")):
            order = uow.add(Order(title=f"{name}'s", owner_id=number))
            uow.flush()
            uow.add(Line(title=f"line of {name}", order_id=order.id))
            uow.add(Remark(text=f"about {name}", **uow.about(order)))
    yield made
    ONLY.clear()


def keys(crm: Crm, cls: type[Entity]) -> list[int]:
    with crm.read() as uow:
        return uow.find(cls).order_by(cls.id).ids()


def test_a_part_goes_to_no_whole_one_may_only_see(crm: Crm) -> None:
    kind, (mine, _other), (_ours, theirs) = crm.kind(Line), keys(crm, Line), keys(crm, Order)
    with pytest.raises(Forbidden), crm.uow(KATE) as uow:
        operations.change(uow, kind, mine, {"order_id": theirs}, None)
    with pytest.raises(Forbidden), crm.uow(KATE) as uow:
        change_many(uow, kind, "change", ids=[mine], values={"order_id": theirs})
    with pytest.raises(Forbidden), crm.uow(KATE) as uow:
        operations.create(uow, kind, {"title": "smuggled", "order_id": theirs})


def test_an_undo_takes_a_part_back_to_no_such_whole_either(crm: Crm) -> None:
    kind, (_mine, other), (ours, _theirs) = crm.kind(Line), keys(crm, Line), keys(crm, Order)
    with crm.uow() as uow:
        operations.change(uow, kind, other, {"order_id": ours}, None)
        tx = uow.tx
    with pytest.raises(Forbidden), crm.uow(KATE) as uow:
        undo(uow, tx=tx)


def test_what_plugins_hide_they_hide_with_all_that_belongs_to_it(crm: Crm) -> None:
    ONLY.update({7: "Kate", 8: "Oleg"})
    for number, name in ONLY.items():  # the same roles, but plugins answer for one person at a time
        with crm.read(Actor(number, name, ("chief",))) as uow:
            assert [o.title for o in uow.find(Order)] == [f"{name}'s"]
            assert [line.title for line in uow.find(Line)] == [f"line of {name}"]
            assert [r.text for r in uow.find(Remark)] == [f"about {name}"]


def test_who_did_what_is_told_to_nobody_who_sees_none_of_it(crm: Crm) -> None:
    with crm.uow(Actor(9, "Boss", ("chief",))) as uow:
        uow.find(Order).order_by(Order.id).first().title = "secret"  # type: ignore[union-attr]
        tx = uow.tx
    guest = Actor(99, "Guest", ("guest",))
    with crm.read(guest) as uow:
        told = preview(uow, tx=tx)
        assert (told.unit.actor, told.entries) == ("", ())
        assert "shop.order" not in told.unit.label
    with crm.read(Actor(8, "Oleg", ("seller",))) as uow:
        assert preview(uow, tx=tx).unit.actor == "Boss", "who sees the record may learn who changed it"


def test_why_somebody_may_do_what_with_a_part_is_told_by_its_whole(crm: Crm) -> None:
    (mine, other) = keys(crm, Line)
    for key, may in ((mine, True), (other, False)):
        with crm.read(KATE) as uow:
            found = explain(crm, KATE, uow.get(Line, key))
        assert found.may == {"read": True, "create": may, "change": may, "archive": may}
        assert len(found.sentences) == 4
