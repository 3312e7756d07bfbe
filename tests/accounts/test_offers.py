"""Roles to start from: plugins offer their parts, joined by name."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any

import pytest

from crmkit import Crm, Plugin, Role, hookimpl
from crmkit.accounts import StoredRole, plugin, seed
from crmkit.accounts.roles import offered
from tests.accounts.shop import shop


def offering(name: str, *roles: Role) -> Plugin:
    """A plugin of nothing but offers."""
    made = types.ModuleType(f"crmkit_{name}")

    def crm_role_offers(crm: Crm) -> Iterable[Role]:
        return roles

    crm_role_offers.__module__ = made.__name__
    made.__dict__["crm_role_offers"] = hookimpl(crm_role_offers)
    return Plugin(name, modules=[made])


@pytest.fixture
def crm_plugins() -> list[Any]:
    packing = offering("packing", Role("packer", {"shop.order.read": "own", "shop.nothing.*": "all"}, hidden=["shop.order.amount", "shop.gone"]))
    packer = Role("packer", {"shop.order.read": "team", "shop.order.change": "own"}, label="Packer")
    sending = offering("sending", packer, Role("everybody", {"shop.order.create": "own"}))
    return [plugin, shop, packing, sending]


def test_offers_of_one_name_make_one_role(crm):
    roles = {role.name: role for role in offered(crm)}
    packer = roles["packer"]
    assert packer.grants["shop.order.read"] == ["own", "team"]
    assert packer.grants["shop.order.change"] == "own"
    assert packer.grants["shop.order.create"] == "own", "everybody's"
    assert packer.label == "Packer"
    assert "shop.nothing.*" not in packer.grants, "what no plugin declares is left out"
    assert "everybody" not in roles
    assert roles["administrator"].grants == {"*": "all"}


def test_what_is_taken_over_is_a_role_as_any_other(crm, uow):
    assert "packer" in seed(uow)
    stored = uow.find(StoredRole).where(StoredRole.name == "packer").one()
    stored.grants = {"shop.order.read": "all"}
    uow.flush()
    assert seed(uow) == [], "what somebody edited stays"
    assert stored.grants == {"shop.order.read": "all"}
