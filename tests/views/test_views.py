"""Saved views: who sees them, what they refuse, and what they show when fields are gone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import String

from crmkit import WON, Actor, Crm, Entity, Invalid, Mapped, Owned, Pipeline, Plugin, Role, Stage, Staged, column
from crmkit.testing import check_plugin
from crmkit.views import SHARE, Layout, Sharing, View, plugin
from tests.core.shop import module_of


class Boat(Owned, Staged, table="marina_boat"):
    """What is looked at."""

    name: Mapped[str] = column(String(80), search=True)
    length: Mapped[int] = column(default=5)
    price: Mapped[int | None] = column(default=None)


class Pier(Entity, table="marina_pier"):
    """What goes through no stages."""

    name: Mapped[str] = column(String(80))


SALE = Pipeline("marina_sale", of=Boat, stages=[Stage("new"), Stage("sold", outcome=WON)])
OWN = {"views.view.read": "shared", "views.view.create": "own", "views.view.change": "own", "views.view.archive": "own"}
ANN, BOB = Actor(1, "Ann", roles=["seller"], teams=[1]), Actor(2, "Bob", roles=["seller"], teams=[1])
KATE, ZOE = Actor(3, "Kate", roles=["seller", "chief"], teams=[2]), Actor(4, "Zoe", roles=["blind"], teams=[2])


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [plugin, Plugin("marina", modules=[module_of([Boat, Pier, SALE])])]


@pytest.fixture
def crm_roles() -> list[Role]:
    return [
        Role("seller", {**OWN, "marina.*": "all"}),
        Role("chief", {SHARE.name: "all"}),
        Role("blind", {**OWN, "marina.boat.*": "all"}, hidden=["marina.boat.price"]),
    ]


def view(client: Any, actor: Actor, status: int = 201, **values: Any) -> Any:
    client.act_as(actor)
    answer = client.post("/api/views/view", json={"kind": "marina.boat", "name": "A view", **values})
    assert answer.status_code == status, answer.text
    return answer.json()["id"] if status == 201 else {p["path"]: p["code"] for p in answer.json()["problems"]}


def seen(client: Any, actor: Actor) -> list[str]:
    client.act_as(actor)
    return [row["name"] for row in client.get("/api/views/view?sort=position,id").json()["rows"]]


def rows(client: Any, key: int, actor: Actor, query: str = "") -> Any:
    client.act_as(actor)
    answer = client.get(f"/x/views/{key}/rows{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def boats(make: Any) -> None:
    for name, length, price in (("Aurora", 5, 100), ("Bora", 9, 300), ("Cora", 12, 200)):
        make(Boat, name=name, length=length, price=price)


def test_the_plugin_is_well_made():
    check_plugin("crmkit.views:plugin")


def test_a_view_shows_its_rows(client: Any, boats: None):
    key = view(client, ANN, filter={"length": {"gte": 6}}, columns=["name", "price"], sort=["-price"])
    found = rows(client, key, ANN, "?count=100")
    assert [row["name"] for row in found["rows"]] == ["Bora", "Cora"]
    assert set(found["rows"][0]) == {"id", "name", "price"}
    assert (found["total"], found["total_is_capped"], found["next"], found["problems"]) == (2, False, None, [])
    assert found["view"]["layout"] == "list"
    first = rows(client, key, ANN, "?limit=1")
    assert [r["name"] for r in rows(client, key, ANN, f"?limit=1&after={first['next']}")["rows"]] == ["Cora"]
    assert [r["name"] for r in rows(client, key, ANN, "?q=cor")["rows"]] == ["Cora"]


def test_who_sees_a_view(client: Any):
    view(client, ANN, name="Ann's")
    key = view(client, KATE, name="Kate's", shared="team")
    view(client, KATE, name="For all", shared="everybody")
    assert seen(client, ANN) == ["Ann's", "For all"]
    assert seen(client, BOB) == ["For all"]
    assert seen(client, KATE) == ["Kate's", "For all"]
    assert seen(client, ZOE) == ["Kate's", "For all"]
    client.act_as(BOB)
    assert client.get(f"/x/views/{key}/rows").status_code == 404
    client.act_as(ZOE)
    assert client.patch(f"/api/views/view/{key}", json={"name": "Mine"}, headers={"If-Match": "*"}).status_code == 403
    client.act_as(Actor(9, "Nobody"))
    assert client.get(f"/x/views/{key}/rows").status_code == 403


def test_sharing_takes_a_permission(client: Any):
    assert view(client, ANN, 422, shared="everybody") == {"shared": "forbidden"}
    assert view(client, KATE, shared="everybody")


@pytest.mark.parametrize(
    "values, wrong",
    [
        ({"filter": {"lenght": 5}}, {"filter.lenght": "filter"}),
        ({"filter": {"and": [{"length": {"gte": "long"}}]}}, {"filter.and.0.length.gte": "filter"}),
        ({"columns": ["name", "colour"]}, {"columns": "unknown"}),
        ({"columns": [1]}, {"columns": "invalid"}),
        ({"sort": ["-colour"]}, {"sort": "unknown"}),
        ({"kind": "marina.bote"}, {"kind": "unknown"}),
        ({"kind": "marina.pier", "layout": "board"}, {"layout": "invalid"}),
        ({"name": "  "}, {"name": "required"}),
        ({"layout": "pyramid"}, {"layout": "invalid"}),
    ],
)
def test_a_view_that_asks_for_what_is_not_there_is_refused(client: Any, values: dict[str, Any], wrong: dict[str, str]):
    assert view(client, ANN, 422, **values) == wrong
    key = view(client, ANN)
    answer = client.patch(f"/api/views/view/{key}", json=values, headers={"If-Match": "*"})
    assert answer.status_code == 422


def test_hidden_fields_cannot_be_asked_for(client: Any, boats: None):
    assert view(client, ZOE, 422, filter={"price": 100}) == {"filter.price": "filter"}
    assert view(client, ZOE, 422, columns=["price"]) == {"columns": "unknown"}


def test_a_view_says_what_no_longer_holds(client: Any, boats: None):
    shown = view(client, KATE, shared="everybody", columns=["name", "price"], sort=["-price", "name"])
    found = rows(client, shown, ZOE)
    assert [set(row) for row in found["rows"]] == [{"id", "name"}] * 3
    assert [row["name"] for row in found["rows"]] == ["Aurora", "Bora", "Cora"]
    assert {p["path"] for p in found["problems"]} == {"columns", "sort"}
    filtered = view(client, KATE, shared="everybody", filter={"price": {"gt": 150}})
    found = rows(client, filtered, ZOE)
    assert (found["rows"], [p["path"] for p in found["problems"]]) == ([], ["filter.price"])
    assert len(rows(client, filtered, KATE)["rows"]) == 2
    piers = view(client, KATE, shared="everybody", kind="marina.pier")
    assert [p["path"] for p in rows(client, piers, ZOE)["problems"]] == ["kind"]  # nothing grants her piers


def test_one_view_opens_first(crm: Crm, client: Any):
    first, second = view(client, ANN, is_default=True), view(client, ANN, is_default=True)
    other = view(client, BOB, is_default=True)
    with crm.read() as uow:
        assert {v.id for v in uow.find(View).where(View.is_default)} == {second, other}
    client.act_as(ANN)
    client.patch(f"/api/views/view/{first}", json={"is_default": True}, headers={"If-Match": "*"})
    with crm.read() as uow:
        assert {v.id for v in uow.find(View).where(View.is_default)} == {first, other}


def test_wrong_questions_are_refused(client: Any):
    key = view(client, ANN)
    for query, path in (("?limit=0", "limit"), ("?limit=x", "limit"), ("?sort=name", "sort"), ("?after=%%", "after"), ("?count=-1", "count")):
        answer = client.get(f"/x/views/{key}/rows{query}")
        assert (answer.status_code, [p["path"] for p in answer.json()["problems"]]) == (422, [path]), query
    for wrong in ("0", "x", "9" * 40):
        assert client.get(f"/x/views/{wrong}/rows").status_code == 404


def test_from_python(crm: Crm):
    with crm.uow() as uow:
        made = uow.add(View(kind="marina.boat", name="All", layout=Layout.BOARD, shared=Sharing.EVERYBODY))
    assert made.layout.label.to("ru") == "Доска"  # type: ignore[attr-defined]
    assert made.shared.label == "Everybody"

    def wrong() -> None:
        with crm.uow() as uow:
            uow.add(View(kind="marina.boat", name="All", sort=["x"]))

    with pytest.raises(Invalid):
        wrong()
