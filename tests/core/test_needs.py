"""Fields and whatever is about a record that need a permission of their own, beside the right to see the record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmkit import About, Actor, CompositionError, Crm, Entity, Invalid, ListRequest, Mapped, NotFound, Owned, Permission, Role, _, column
from crmkit.core import operations

from .kit import Shop
from .shop import create_tables

DIAGNOSES = Permission("shop.diagnoses", _("See diagnoses", ru="Видеть диагнозы"))


class Visit(Owned, table="shop_visit", attached_needs="shop.diagnoses"):
    title: Mapped[str] = column()
    diagnosis: Mapped[str | None] = column(default=None, needs="shop.diagnoses")


class Photo(About, Owned, table="shop_photo"):
    name: Mapped[str] = column()


class Secretive(Entity, table="shop_secretive", attached_needs="shop.nobody"):
    word: Mapped[str] = column(needs="shop.diagnosis")


ROLES = (
    Role("desk", {"shop.visit.*": "all", "shop.photo.*": "all"}),
    Role("nurse", {"shop.visit.*": "own", "shop.photo.*": "all", "shop.diagnoses": "team"}),
    Role("half", {"shop.visit.*": "all", "shop.photo.*": "all", "shop.diagnoses": "own"}),
    Role("doctor", {"shop.visit.*": "all", "shop.photo.*": "all", "shop.diagnoses": "all"}),
)


@pytest.fixture
def crm(shop: Shop) -> Iterator[Crm]:
    made = shop(DIAGNOSES, Visit, Photo, roles=ROLES)
    create_tables(made)
    with made.uow() as uow:
        for number in (7, 8):
            visit = uow.add(Visit(title=f"of {number}", diagnosis="a cold", owner_id=number))
            uow.flush()
            uow.add(Photo(name=f"throat {number}", owner_id=7, **uow.about(visit)))
    yield made
    made.engine.dispose()


@pytest.mark.parametrize(
    ("role", "told", "photos"),
    [("desk", False, []), ("nurse", True, ["throat 7"]), ("half", False, ["throat 7"]), ("doctor", True, ["throat 7", "throat 8"])],
)
def test_who_sees_what_needs_a_permission(crm: Crm, role: str, told: bool, photos: list[str]):
    """A field is seen by whoever holds its permission wherever they see a record; what is attached, by whoever holds it for that record."""
    kind = crm.kind(Visit)
    with crm.read(Actor(7, "Kate", (role,))) as uow:
        visit = uow.find(Visit).order_by(Visit.id).first()
        assert visit is not None
        assert ("diagnosis" in operations.show(uow, kind, visit)) is told
        assert [photo.name for photo in uow.find(Photo).order_by(Photo.id)] == photos
        asked = ListRequest(filter={"diagnosis": {"eq": "a cold"}}, fields=["id", "diagnosis"])
        if told:
            assert uow.page(Visit, asked).rows[0]["diagnosis"] == "a cold"
        else:
            with pytest.raises(Invalid):
                uow.page(Visit, asked)


def test_what_is_not_seen_is_not_written(crm: Crm):
    with pytest.raises(Invalid) as refused, crm.uow(Actor(7, "Kate", ("desk",))) as uow:
        operations.change(uow, crm.kind(Visit), 1, {"diagnosis": "none"}, None)
    assert [(p.path, p.code) for p in refused.value.problems] == [("diagnosis", "unknown")]
    with pytest.raises(NotFound), crm.uow(Actor(7, "Kate", ("half",))) as uow:
        uow.get(Photo, 2)
    with crm.uow() as uow:
        assert uow.find(Photo).count() == 2, "automations see everything"


def test_a_permission_nobody_declares_is_refused(shop: Shop):
    with pytest.raises(CompositionError) as refused:
        shop(DIAGNOSES, Secretive)
    told = "\n".join(refused.value.problems)
    assert "shop.secretive.word needs 'shop.diagnosis'" in told
    assert "'shop.diagnoses'?" in told
    assert "shop.secretive needs 'shop.nobody'" in told
