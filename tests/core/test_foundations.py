"""Parts and their wholes, records about any record, supplied roles, named scopes, standing in for others, calls outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from crmkit import (
    SYSTEM,
    About,
    Actor,
    CompositionError,
    Created,
    Crm,
    Entity,
    Forbidden,
    Invalid,
    Kind,
    Mapped,
    NotFound,
    Owned,
    Role,
    RowScope,
    Uow,
    Written,
    column,
    hookimpl,
    outside,
    relation,
)
from crmkit.core import operations
from crmkit.core.board import board
from crmkit.core.lists import ListRequest, page

from .kit import Shop
from .shop import Order, create_tables


class Line(Entity, table="shop_line"):
    """A part of an order."""

    title: Mapped[str] = column()
    order_id: Mapped[int] = column(to=Order, part=True, index=True)
    order: Mapped[Order] = relation()


class Remark(About, Owned, table="shop_remark"):
    """Words about anything."""

    text: Mapped[str] = column()


LOUD = RowScope("loud", of=Remark, filter={"text": {"starts": "!"}}, label="loud ones")
TEAMS = {1: None, 2: 1, 3: 1}
SELLER = Role("seller", {"shop.order.*": "own", "shop.remark.*": "all"})
CHIEF = Role("chief", {"shop.order.*": "below", "shop.remark.read": "loud"})
KATE, OLEG = Actor(7, "Kate", ("seller",), (2,)), Actor(8, "Oleg", ("seller",), (3,))
BOSS = Actor(9, "Boss", ("chief",), (1,))


@pytest.fixture
def crm(shop: Shop) -> Crm:
    made = shop(Line, Remark, LOUD, roles=(SELLER, CHIEF), teams=TEAMS)
    create_tables(made)
    with made.uow() as uow:
        for person in (KATE, OLEG):
            order = uow.add(Order(title=f"{person.name}'s", owner_id=person.id, team_id=person.teams[0]))
            uow.flush()
            uow.add(Line(title=f"line of {person.name}", order_id=order.id))
            uow.add(Remark(text="quiet", **uow.about(order)))
            uow.add(Remark(text="!loud", **uow.about(order)))
    return made


def lines(crm: Crm, actor: Actor) -> list[str]:
    with crm.read(actor) as uow:
        assert uow.find(Line).count() == len(uow.find(Line).all())
        listed = page(uow, uow.crm.kind(Line), ListRequest(fields=("title",)))
        titles = [line.title for line in uow.find(Line)]
        assert sorted(row["title"] for row in listed.rows) == sorted(titles)
        return titles


def test_a_part_is_seen_by_those_who_see_its_whole(crm: Crm) -> None:
    assert lines(crm, KATE) == ["line of Kate"]
    assert lines(crm, BOSS) == ["line of Kate", "line of Oleg"]
    assert lines(crm, Actor(10, "Nobody", ("seller",))) == []
    assert "shop.line.read" not in crm.permissions, "a part has no permissions of its own"


def test_a_part_is_changed_by_those_who_change_its_whole(crm: Crm) -> None:
    kind = crm.kind(Line)
    with crm.read() as uow:
        mine, other = uow.find(Line).order_by(Line.id).ids()
        orders = uow.find(Order).order_by(Order.id).ids()
    with crm.uow(KATE) as uow:
        operations.change(uow, kind, mine, {"title": "new"}, None)
        operations.create(uow, kind, {"title": "another", "order_id": orders[0]})
    with crm.uow(KATE) as uow, pytest.raises(NotFound):
        operations.change(uow, kind, other, {"title": "new"}, None)
    with pytest.raises((Invalid, Forbidden)), crm.uow(KATE) as uow:
        operations.create(uow, kind, {"title": "smuggled", "order_id": orders[1]})


def remarks(crm: Crm, actor: Actor) -> list[str]:
    with crm.read(actor) as uow:
        return [f"{r.text} {r.about_id}" for r in uow.find(Remark).order_by(Remark.id)]


def test_what_is_said_about_a_record_is_seen_by_those_who_see_it(crm: Crm) -> None:
    with crm.read() as uow:
        one, two = uow.find(Order).order_by(Order.id).ids()
    assert remarks(crm, KATE) == [f"quiet {one}", f"!loud {one}"]
    assert remarks(crm, OLEG) == [f"quiet {two}", f"!loud {two}"]
    assert remarks(crm, BOSS) == [f"!loud {one}", f"!loud {two}"], "his role shows the loud ones only"


def test_standing_in_for_somebody_makes_theirs_own(crm: Crm) -> None:
    deputy = Actor(7, "Kate", ("seller",), (2,), acts_for=(8,))
    assert lines(crm, deputy) == ["line of Kate", "line of Oleg"]
    assert len(remarks(crm, deputy)) == 4
    with crm.read(deputy) as uow:
        assert board(uow, crm.kind(Order))["columns"][0]["count"] == 2
        assert uow.find(Order).where({"owner_id": {"in": {"relative": "mine"}}}).count() == 2
    assert lines(crm, KATE) == ["line of Kate"]


def test_keys_seen_can_be_used_in_sql_of_ones_own(crm: Crm) -> None:
    with crm.read(KATE) as uow:
        import sqlalchemy as sa

        found = uow.connection.execute(sa.select(Line.title).where(Line.order_id.in_(uow.visible(Order)))).scalars().all()
        assert found == ["line of Kate"]
        assert len(uow.connection.execute(uow.visible(Remark)).all()) == 2


def test_a_statement_of_ones_own_finds_what_one_sees(crm: Crm) -> None:
    import sqlalchemy as sa

    every = {cls: sa.select(*cls.__table__.c).where(cls.__table__.c.id > sa.bindparam("after")).order_by(cls.__table__.c.id) for cls in (Order, Line)}
    for cls, statement in every.items():
        for actor in (BOSS, KATE, OLEG, Actor(9), SYSTEM):
            with crm.read(actor) as uow:
                asked = uow.find(cls).archived(only=False).ids()
                for after in (0, 1):
                    assert [r.id for r in uow.run_seen(cls, statement, {"after": after})] == [key for key in asked if key > after]
                found = uow.run_seen(cls, statement, {"after": 0})
                assert all(uow.get(cls, record.id) is record for record in found)


def test_an_unknown_scope_is_told_with_the_near_one(shop: Shop) -> None:
    with pytest.raises(CompositionError, match="loud"):
        shop(Remark, LOUD, roles=(Role("x", {"shop.remark.read": "laud"}),))


def test_roles_may_be_supplied_and_replaced(shop: Shop) -> None:
    supplied = [Role("seller", {"shop.order.read": "own"})]

    @hookimpl
    def crm_roles(crm: Crm) -> Sequence[Role]:
        return tuple(supplied)

    crm = shop(crm_roles, teams=TEAMS)
    with crm.uow() as uow:
        uow.add(Order(title="Kate's", owner_id=7))
        uow.add(Order(title="Oleg's", owner_id=8))

    def seen() -> int:
        with crm.read(KATE) as uow:
            return uow.find(Order).count()

    assert seen() == 1
    supplied[:] = [Role("seller", {"shop.order.read": "all", "shop.nothing.read": "all"})]
    assert seen() == 1
    problems = crm.access.refresh()
    assert seen() == 2
    assert "shop.nothing.read" in problems[0]


def test_indexes_are_told_what_was_written_once(shop: Shop) -> None:
    heard: list[tuple[str, list[Written]]] = []

    @hookimpl
    def crm_written(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
        heard.append((kind.key, list(rows)))

    crm = shop(crm_written)
    with crm.uow() as uow:
        order = uow.add(Order(title="one"))
        uow.flush()
        order.title = "two"
    assert [(kind, [(r.id, r.values and r.values["title"], r.changed) for r in rows]) for kind, rows in heard] == [
        ("shop.order", [(order.id, "two", None)])
    ]
    heard.clear()
    with crm.uow() as uow:
        uow.get(Order, order.id).title = "three"
    assert heard[0][1][0].changed == frozenset({"title"})
    heard.clear()
    with crm.uow() as uow:
        keys = uow.add_many(Order, [{"title": "a"}, {"title": "b"}])
    assert [r.id for r in heard[0][1]] == keys


CALLED: list[tuple[str, bool]] = []


@outside(Created[Order])
def tell_the_warehouse(event: Created[Order], crm: Crm) -> None:
    """It writes down in a transaction of its own what it did outside."""
    with crm.uow() as uow:
        uow.get(Order, event.record.id).address = "told"
    if not CALLED:
        CALLED.append(("failed", True))
        raise ConnectionError("no answer")
    CALLED.append((event.record.title, True))


@pytest.fixture
def called() -> Iterator[list[tuple[str, bool]]]:
    CALLED.clear()
    yield CALLED
    CALLED.clear()


def test_what_is_outside_runs_in_no_transaction_and_again_when_it_fails(shop: Shop, called: list[tuple[str, bool]]) -> None:
    import datetime as dt

    from crmkit import MovableClock

    crm = shop(tell_the_warehouse)
    with crm.uow() as uow:
        order = uow.add(Order(title="one"))
    assert called == []
    assert isinstance(crm.clock, MovableClock)
    crm.deliver(crm.clock.now() + dt.timedelta(minutes=5))
    assert called == [("failed", True), ("one", True)]
    with crm.read() as uow:
        assert uow.get(Order, order.id).address == "told"


def test_an_operation_is_carried_by_the_journal(shop: Shop) -> None:
    from crmkit.core.ledger import journal
    from crmkit.core.tables import operation

    crm = shop()
    with crm.uow() as uow:
        number = uow.operation("import", "One file", rows=2)
        uow.add(Order(title="one"))
        tx = uow.tx
    with crm.uow(operation=number) as uow:
        uow.add_many(Order, [{"title": "two"}])
        uow.finish(loaded=2)
    with crm.read() as uow:
        rows = uow.connection.execute(journal.select().order_by(journal.c.id)).all()
        (told,) = uow.connection.execute(operation.select()).all()
    assert [r.operation for r in rows] == [number, number]
    assert rows[0].tx == tx != rows[1].tx
    assert (told.state, told.facts, told.label) == ("done", {"rows": 2, "loaded": 2}, "One file")


class Crate(Entity, table="shop_crate"):
    """Something no check is annotated for."""

    title: Mapped[str] = column()


def test_a_check_sees_the_entities_it_is_annotated_for(shop: Shop) -> None:
    seen: list[str] = []

    @hookimpl
    def crm_check(record: Order, changes: object, uow: Uow) -> None:
        seen.append(type(record).__name__)

    crm_check.__globals__.setdefault("Order", Order)
    crm = shop(crm_check, Crate)
    create_tables(crm)
    assert (crm.checked(Order), crm.checked(Crate)) == (True, False)
    with crm.uow() as uow:
        uow.add(Crate(title="one"))
        uow.add_many(Crate, [{"title": "two"}])
        uow.add_many(Order, [{"title": "three"}])
    assert seen == ["Order"]


def test_a_check_without_annotation_sees_everything(shop: Shop) -> None:
    @hookimpl
    def crm_check(record, changes):
        return None

    assert shop(crm_check).checked(Order)


def test_a_part_is_explained_by_the_rights_to_its_whole(crm: Crm) -> None:
    with crm.read() as uow:
        mine, other = uow.find(Line).order_by(Line.id)
    told = crm.explain(KATE, mine)
    assert told.may == {"read": True, "create": True, "change": True, "archive": True}
    assert {r.permission for r in told.reasons} == {"shop.order.read", "shop.order.change"}
    assert crm.explain(KATE, other).may["read"] is False
