"""What an entity completes before it is written, and reactions to whole sets of records, one by one and in bulk alike."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import pytest

from crmkit import EndlessLoop, Entity, Invalid, Kind, Mapped, Problem, Uow, Written, column, hookimpl, relation

from .kit import Shop
from .shop import Client, Task, create_tables


class Parcel(Entity, table="shop_parcel"):
    """Something with a number that is worked out."""

    code: Mapped[str] = column()
    pieces: Mapped[int] = column(default=1)
    shown: Mapped[str | None] = column(default=None, init=False, generated=True)

    @classmethod
    def prepare(cls, values: MutableMapping[str, Any], before: Mapping[str, Any] | None, uow: Uow) -> None:
        if values["pieces"] < 1:
            raise Invalid(problems=[Problem("pieces", "invalid", "at least one")])
        values["code"] = values["code"].upper()
        values["shown"] = f"{values['code']} x {values['pieces']}" + ("" if before is None else f", was {before['pieces']}")


def test_a_record_is_completed_before_it_is_written(shop: Shop) -> None:
    crm = shop(Parcel)
    create_tables(crm)
    with crm.uow() as uow:
        one = uow.add(Parcel(code="a1", pieces=2))
        keys = uow.add_many(Parcel, [{"code": "b1"}, {"code": "b2", "pieces": 3}])
    with crm.uow() as uow:
        assert uow.get(Parcel, one.id).shown == "A1 x 2"
        assert [uow.get(Parcel, k).shown for k in keys] == ["B1 x 1", "B2 x 3"]
        uow.get(Parcel, one.id).pieces = 5
    with crm.read() as uow:
        assert uow.get(Parcel, one.id).shown == "A1 x 5, was 2"


def test_it_may_refuse_and_names_the_place(shop: Shop) -> None:
    crm = shop(Parcel)
    create_tables(crm)
    with pytest.raises(Invalid) as refused, crm.uow() as uow:
        uow.add(Parcel(code="a1", pieces=0))
    assert [p.path for p in refused.value.problems] == ["pieces"]
    with pytest.raises(Invalid) as refused, crm.uow() as uow:
        uow.add_many(Parcel, [{"code": "a1"}, {"code": "a2", "pieces": 0}])
    assert [p.path for p in refused.value.problems] == ["1.pieces"]


def test_reactions_to_sets_may_write_and_hear_of_what_they_wrote(shop: Shop) -> None:
    heard: list[tuple[str, int]] = []

    @hookimpl
    def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
        heard.append((kind.key, len(rows)))
        if kind.cls is Client:
            uow.add_many(Task, [{"what": f"greet {r.values['name']}"} for r in rows if r.changed is None and r.values])

    crm = shop(crm_settle)
    with crm.uow() as uow:
        uow.add(Client(name="Ann"))
        uow.add(Client(name="Ben"))
    assert heard[0] == ("shop.client", 2)
    assert ("shop.task", 2) in heard
    with crm.uow() as uow:
        uow.add_many(Client, [{"name": f"c{i}"} for i in range(5)])
    with crm.read() as uow:
        assert uow.find(Task).where(Task.what.like("greet c%")).count() == 5


def test_a_reaction_that_never_rests_is_stopped(shop: Shop) -> None:
    @hookimpl
    def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
        uow.add(Task(what="again"))

    crm = shop(crm_settle)
    with pytest.raises(EndlessLoop, match="crm_settle"), crm.uow() as uow:
        uow.add(Task(what="once"))


class Sponsored(Entity):
    """A mixin with a link."""

    sponsor_id: Mapped[int | None] = column(to=Client, default=None)
    sponsor: Mapped[Client | None] = relation()


class Event(Sponsored, table="shop_event"):
    """Has the link of its mixin."""


def test_links_of_a_mixin_are_those_of_its_entities(shop: Shop) -> None:
    crm = shop(Event)
    create_tables(crm)
    with crm.uow() as uow:
        event = Event()
        event.sponsor = uow.add(Client(name="Ann"))
        uow.add(event)
    with crm.read() as uow:
        sponsor = uow.get(Event, event.id).sponsor
        assert sponsor is not None
        assert sponsor.name == "Ann"
