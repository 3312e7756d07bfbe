"""Who sees and may do what: nothing by default, then what roles give, then what plugins take away."""

from __future__ import annotations

import decimal
from collections.abc import Iterable
from typing import Any

import pytest

from crmkit import (
    ANONYMOUS,
    Actor,
    CompositionError,
    Crm,
    Forbidden,
    Invalid,
    NotFound,
    Permission,
    Role,
    Unauthenticated,
    Uow,
    command,
    hookimpl,
)
from crmkit.core import operations

from .kit import Shop
from .shop import Client, Order

# Team 1 leads 2 and 3; team 4 stands below 3; team 5 alone.
TEAMS = {1: None, 2: 1, 3: 1, 4: 3, 5: None}
OWNERS = [(1, 2), (1, None), (2, 2), (2, 3), (3, 4), (None, 5), (None, None)]


@pytest.fixture
def orders(shop: Shop) -> list[int]:
    """Orders of these owners and teams."""
    with shop().uow() as uow:
        made = [
            uow.add(Order(title=f"{owner}/{team}", amount=decimal.Decimal(10 * n), owner_id=owner, team_id=team))
            for n, (owner, team) in enumerate(OWNERS)
        ]
    return [order.id for order in made]


def with_roles(shop: Shop, *roles: Role, things: Iterable[Any] = ()) -> Crm:
    return shop(*things, roles=roles, teams=TEAMS)


def seen(crm: Crm, actor: Actor) -> list[tuple[int | None, int | None]]:
    with crm.read(actor) as uow:
        return [(order.owner_id, order.team_id) for order in uow.find(Order)]


@pytest.mark.parametrize(
    "scope, teams, expected",
    [
        ("own", (2,), [0, 1]),
        ("team", (2,), [0, 1, 2]),
        ("team", (), [0, 1]),
        ("below", (3,), [0, 1, 3, 4]),
        ("below", (1,), [0, 1, 2, 3, 4]),
        ("below", (), [0, 1]),
        ("all", (), [0, 1, 2, 3, 4, 5, 6]),
        ({"amount": {"gte": "40"}}, (), [4, 5, 6]),
        ({"or": [{"owner_id": {"relative": "me"}}, {"team_id": {"in": {"relative": "my_teams"}}}]}, (5,), [0, 1, 5]),
        (["own", {"team_id": 5}], (), [0, 1, 5]),
        ({"client.name": "Holmes"}, (), []),
        ({"team_id": {"below": [3]}}, (), [3, 4]),
    ],
)
def test_scopes(shop: Shop, orders: list[int], scope: Any, teams: tuple[int, ...], expected: list[int]):
    crm = with_roles(shop, Role("clerk", {"shop.order.read": scope}))
    actor = Actor(1, "Ann", roles=("clerk",), teams=teams)
    assert seen(crm, actor) == [OWNERS[n] for n in expected]
    with crm.read(actor) as uow:
        for number, key in enumerate(orders):
            if number in expected:
                assert uow.get(Order, key).id == key
            else:
                with pytest.raises(NotFound):
                    uow.get(Order, key)
        assert uow.find(Order).count() == len(expected)


def test_nothing_is_seen_without_a_role(shop: Shop, orders: list[int]):
    crm = with_roles(shop, Role("clerk", {"shop.order.*": "all"}))
    for actor in (ANONYMOUS, Actor(1, "Ann"), Actor(1, "Ann", roles=("no such role",))):
        assert seen(crm, actor) == []
        with crm.read(actor) as uow, pytest.raises(NotFound):
            uow.get(Order, orders[0])


def test_several_roles_add_up(shop: Shop, orders: list[int]):
    crm = with_roles(shop, Role("one", {"shop.order.read": "own"}), Role("other", {"*.order.read": {"team_id": 5}}))
    assert seen(crm, Actor(1, roles=("one", "other"))) == [OWNERS[0], OWNERS[1], OWNERS[5]]


def test_seeing_is_not_changing(shop: Shop, orders: list[int]):
    crm = with_roles(shop, Role("clerk", {"shop.order.read": "all", "shop.order.change": "own"}))
    actor, kind = Actor(1, "Ann", roles=("clerk",)), crm.kind(Order)
    with crm.uow(actor) as uow:
        assert operations.change(uow, kind, orders[0], {"title": "mine"}, None).version == 2
    with pytest.raises(Forbidden, match=r"shop\.order\.change"), crm.uow(actor) as uow:
        operations.change(uow, kind, orders[2], {"title": "not mine"}, None)
    with pytest.raises(Forbidden, match=r"shop\.order\.move"), crm.uow(actor) as uow:
        operations.move(uow, kind, orders[0], "paid")
    with pytest.raises(Forbidden, match=r"shop\.order\.archive"), crm.uow(actor) as uow:
        operations.archive(uow, kind, orders[0])
    with pytest.raises(Forbidden, match=r"shop\.order\.create"), crm.uow(actor) as uow:
        operations.create(uow, kind, {"title": "new"})


def test_nobody_is_asked_to_sign_in_before_being_refused(shop: Shop, orders: list[int]):
    crm = with_roles(shop, Role("clerk", {"shop.order.*": "all"}))
    with pytest.raises(Unauthenticated), crm.uow(ANONYMOUS) as uow:
        operations.create(uow, crm.kind(Order), {"title": "new"})


def test_what_is_made_belongs_to_its_maker(shop: Shop):
    crm = with_roles(shop, Role("clerk", {"shop.order.*": "own"}))
    actor = Actor(1, "Ann", roles=("clerk",), teams=(2, 3))
    with crm.uow(actor) as uow:
        made = operations.create(uow, crm.kind(Order), {"title": "new"})
    assert (made.owner_id, made.team_id) == (1, 2)  # type: ignore[attr-defined]
    with pytest.raises(Forbidden), crm.uow(actor) as uow:
        operations.create(uow, crm.kind(Order), {"title": "for another", "owner_id": 9})
    assert seen(crm, actor) == [(1, 2)]


def test_a_record_nobody_may_see_cannot_be_pointed_to(shop: Shop):
    with shop().uow() as uow:
        hidden = uow.add(Client(name="Moriarty", owner_id=9))
    crm = with_roles(shop, Role("clerk", {"shop.order.*": "all", "shop.client.*": "own"}))
    with pytest.raises(Invalid) as caught, crm.uow(Actor(1, roles=("clerk",))) as uow:
        operations.create(uow, crm.kind(Order), {"title": "new", "client_id": hidden.id})
    assert [(p.path, p.code) for p in caught.value.problems] == [("client_id", "reference")]


def test_hidden_and_read_only_fields(shop: Shop, orders: list[int]):
    clerk = Role("clerk", {"shop.order.*": "all"}, hidden=["shop.order.amount"], read_only=["shop.order.title"])
    crm = with_roles(shop, clerk, Role("chief", {"shop.order.*": "all"}))
    kind = crm.kind(Order)
    actor = Actor(1, "Ann", roles=("clerk",))
    with crm.read(actor) as uow:
        shown = operations.show(uow, kind, uow.get(Order, orders[0]))
    assert "amount" not in shown
    assert shown["title"] == "1/2"
    with pytest.raises(Invalid) as caught, crm.uow(actor) as uow:
        operations.change(uow, kind, orders[0], {"amount": "5", "title": "x", "address": "y"}, None)
    assert {(p.path, p.code) for p in caught.value.problems} == {("amount", "unknown"), ("title", "read-only")}
    both = Actor(1, "Ann", roles=("clerk", "chief"))
    with crm.uow(both) as uow:
        operations.change(uow, kind, orders[0], {"amount": "5", "title": "x"}, None)
        assert operations.show(uow, kind, uow.get(Order, orders[0]))["amount"] == "5.00"


def test_a_plugin_may_veto(shop: Shop, orders: list[int]):
    @hookimpl
    def crm_may(actor: Actor, permission: str, record: Any) -> bool | None:
        return False if permission == "shop.order.archive" else None

    crm = with_roles(shop, Role("clerk", {"shop.order.*": "all"}), things=[crm_may])
    actor = Actor(1, "Ann", roles=("clerk",))
    with pytest.raises(Forbidden), crm.uow(actor) as uow:
        operations.archive(uow, crm.kind(Order), orders[0])
    with crm.uow(actor) as uow:
        operations.change(uow, crm.kind(Order), orders[0], {"title": "x"}, None)


def test_a_plugin_may_narrow_what_is_seen(shop: Shop, orders: list[int]):
    @hookimpl
    def crm_visible(actor: Actor, kind: Any) -> Any:
        return {"team_id": {"in": [2, 5]}} if kind.key == "shop.order" else None

    crm = with_roles(shop, Role("clerk", {"shop.order.*": "all"}), things=[crm_visible])
    actor = Actor(1, "Ann", roles=("clerk",))
    assert seen(crm, actor) == [OWNERS[0], OWNERS[2], OWNERS[5]]
    with pytest.raises(NotFound), crm.uow(actor) as uow:
        operations.change(uow, crm.kind(Order), orders[1], {"title": "x"}, None)
    with crm.uow() as uow:
        assert uow.find(Order).count() == len(OWNERS), "the system sees past it"


def test_automations_see_past_the_rules_of_who_set_them_off(shop: Shop, orders: list[int]):
    from crmkit import Changed, on

    counted: list[int] = []

    @on(Changed[Order])
    def count(event: Changed[Order], uow: Uow) -> None:
        counted.append(uow.find(Order).count())

    crm = with_roles(shop, Role("clerk", {"shop.order.*": "own"}), things=[count])
    with crm.uow(Actor(1, "Ann", roles=("clerk",))) as uow:
        uow.get(Order, orders[0]).title = "x"
        assert uow.find(Order).count() == 2
    assert counted == [len(OWNERS)]


def test_a_command_asks_for_its_permission(shop: Shop, orders: list[int]):
    wrap = Permission("shop.wrap", "Wrap gifts")

    @command("Wrap", of=Order, permission=wrap)
    def wrap_up(order: Order, uow: Uow, *, ribbons: int) -> int:
        return ribbons * 2

    crm = with_roles(shop, Role("wrapper", {"shop.order.read": "all", "shop.wrap": "all"}), things=[wrap, wrap_up])
    made = crm.commands["shop.order.wrap_up"]
    with crm.uow(Actor(1, roles=("wrapper",))) as uow:
        order = uow.get(Order, orders[0])
        assert made.run(uow, order, {"ribbons": 2}) == 4
        with pytest.raises(Invalid):
            made.run(uow, order, {"ribbons": "2"})
        with pytest.raises(Invalid):
            made.run(uow, order, {"ribbons": 2, "bows": 1})
    with crm.uow(Actor(1)) as uow, pytest.raises(Forbidden, match=r"shop\.wrap"):
        made.run(uow, None, {"ribbons": 2})


def test_explain_says_why(shop: Shop, orders: list[int]):
    crm = with_roles(shop, Role("clerk", {"shop.order.read": "team", "shop.order.change": "own"}))
    actor = Actor(1, "Ann", roles=("clerk",), teams=(2,))
    with crm.read() as uow:
        mine, ours, theirs = (uow.get(Order, orders[n]) for n in (0, 2, 3))
    assert {k for k, v in crm.explain(actor, mine).may.items() if v} == {"read", "change"}
    assert {k for k, v in crm.explain(actor, ours).may.items() if v} == {"read"}
    assert not any(crm.explain(actor, theirs).may.values())
    told = " ".join(crm.explain(actor, ours).sentences)
    assert "clerk" in told
    assert "no role grants it" in told


def test_roles_that_make_no_sense_are_refused_all_at_once(shop: Shop):
    with pytest.raises(CompositionError) as caught:
        with_roles(
            shop,
            Role("one", {"shop.ordr.read": "all", "shop.order.read": "mine"}),
            Role("two", {"shop.order.read": {"amnt": "5"}}, hidden=["shop.order.prise"]),
        )
    told = "\n".join(caught.value.problems)
    for words in ("shop.ordr.read", "'shop.order.read'?", "'mine'", "amnt", "shop.order.prise", "shop.order."):
        assert words in told
    assert len(caught.value.problems) == 4
