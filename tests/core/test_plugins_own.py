"""What plugins keep by themselves, and what they ask of the journal and of people."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm, Entity, Invalid, Mapped, Misuse, Role, UtcDateTime, column
from crmkit.core import operations

from .kit import Shop
from .shop import Client, Order, create_tables
from .test_foundations import Remark

NOW = dt.datetime(2026, 1, 12, 9, tzinfo=dt.UTC)


class Parcel(Entity, table="shop_parcel"):
    """Something whose fate a plugin writes down by itself."""

    title: Mapped[str] = column()
    lost_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, generated=True)
    weight: Mapped[int] = column(default=0, generated=True)


@pytest.fixture
def crm(shop: Shop) -> Crm:
    seller = Role("seller", {"shop.order.*": "own", "shop.remark.*": "all", "shop.client.*": "all"}, hidden=["shop.client.code"])
    made = shop(Parcel, Remark, roles=[seller])
    create_tables(made)
    return made


def test_generated_fields_are_written_by_their_plugin_alone(crm: Crm) -> None:
    with crm.uow() as uow:
        parcel = uow.add(Parcel(title="a", weight=5))
    with crm.uow() as uow:
        parcel = uow.get(Parcel, parcel.id)
        with pytest.raises(Misuse, match="kept by crmkit"):
            parcel.lost_at = NOW
        assert uow.keep(parcel, lost_at=NOW, weight=7) is parcel
    with crm.read() as uow:
        kept = uow.get(Parcel, parcel.id)
        assert (kept.lost_at, kept.weight, kept.version) == (NOW, 7, 2)
    with crm.uow() as uow:
        with pytest.raises(Invalid) as refused:
            operations.change(uow, crm.kind(Parcel), parcel.id, {"weight": 1}, None)
        assert refused.value.problems[0].code == "generated"


@pytest.mark.parametrize("values", [{"title": "b"}, {"version": 5}, {"archived_at": NOW}, {"nothing": 1}])
def test_only_generated_fields_of_a_plugin_are_kept(crm: Crm, values: dict[str, object]) -> None:
    with crm.uow() as uow:
        parcel = uow.add(Parcel(title="a"))
        uow.flush()
        with pytest.raises(Misuse, match="not a generated field"):
            uow.keep(parcel, **values)


def test_what_is_kept_is_held_to_its_type(crm: Crm) -> None:
    with crm.uow() as uow:
        parcel = uow.add(Parcel(title="a"))
        with pytest.raises(Invalid):
            uow.keep(parcel, weight="heavy")


def test_the_journal_of_one_transaction(crm: Crm) -> None:
    with crm.uow() as uow:
        clients = [uow.add(Client(name=f"{n}", code=f"c{n}")) for n in range(3)]
        first = uow.tx
    with crm.uow() as uow:
        uow.get(Client, clients[0].id).name = "z"
        second = uow.tx
    with crm.read() as uow:
        noted = uow.noted(first)
        assert [(e["record_id"], e["action"]) for e in noted] == [(c.id, "created") for c in clients]
        assert uow.noted(first, limit=2) == noted[:2]
        assert uow.noted(first, after=noted[1]["id"]) == noted[2:]
        assert [e["changes"] for e in uow.noted(second)] == [{"name": ["0", "z"]}]
    with crm.read(Actor(1, "Ann", ["seller"])) as uow:
        assert all("code" not in e["changes"] for e in uow.noted(first))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"about_kind": "shop.oder"}, ("about_kind", "unknown")), ({"about_kind": "shop.remark"}, ("about_kind", "unknown")),
        ({"about_id": 99}, ("about_id", "reference")), ({"about_id": 2}, ("about_id", "reference")),
    ],
)  # fmt: skip
def test_what_a_record_is_about_must_be_there_and_visible(crm: Crm, values: dict[str, object], problem: tuple[str, str]) -> None:
    with crm.uow() as uow:
        mine, _theirs = (uow.add(Order(title=t, owner_id=o)) for t, o in (("mine", 1), ("theirs", 2)))
    ann = Actor(1, "Ann", ["seller"])
    given = {"text": "a", "about_kind": "shop.order", "about_id": mine.id, **values}
    with pytest.raises(Invalid) as refused, crm.uow(ann) as uow:
        operations.create(uow, crm.kind(Remark), given)
    assert [(p.path, p.code) for p in refused.value.problems] == [problem]
    with pytest.raises(Invalid) as refused, crm.uow(ann) as uow:
        uow.add_many(Remark, [{"text": "ok", "about_kind": "shop.order", "about_id": mine.id}, given])
    assert [(p.path, p.code) for p in refused.value.problems] == [(f"1.{problem[0]}", problem[1])]
    with crm.uow(ann) as uow:
        made = operations.create(uow, crm.kind(Remark), given | {"about_kind": "shop.order", "about_id": mine.id})
    with pytest.raises(Invalid) as refused, crm.uow(ann) as uow:
        operations.change(uow, crm.kind(Remark), made.id, values, None)
    assert [(p.path, p.code) for p in refused.value.problems] == [problem]


def test_a_constant_statement_of_a_plugin_is_run_with_its_values(crm: Crm):
    c = Parcel.__table__.c
    new = Parcel.__table__.update().where(c.id == sa.bindparam("key")).values(lost_at=sa.bindparam("at", type_=c.lost_at.type))
    found = sa.select(c.id, c.lost_at).where(c.title == sa.bindparam("title"))
    with crm.uow() as uow:
        parcel = uow.add(Parcel(title="A box"))
        uow.flush()
        assert uow.run(new, {"key": parcel.id, "at": NOW}) == []
        assert uow.run(found, {"title": "A box"}) == [(parcel.id, NOW)]
        assert uow.run(found, {"title": "No box"}) == []
