"""Nobody has another's messages sent to themselves, and no token more than it may see."""

from __future__ import annotations

from typing import Any

import pytest

from crmkit import Actor, Crm, Invalid, Plugin, hookimpl
from crmkit.core import operations
from crmkit.core.undo import undo
from crmkit.webhooks import Endpoint, plugin
from tests.webhooks.world import BOSS, Client, firm


@hookimpl
def crm_person(crm: Crm, id: int) -> Actor | None:
    """Say who the boss is."""
    return BOSS if id == BOSS.id else None


def redirected(crm: Any, who: Actor, endpoint: Any, url: str) -> None:
    """Touch a webhook, redirect it, and take only the touch back."""
    kind = crm.kind(Endpoint)
    with crm.uow(who) as uow:
        operations.change(uow, kind, endpoint.id, {"active": False}, None)
        tx = uow.tx
    with crm.uow(who) as uow:
        operations.change(uow, kind, endpoint.id, {"url": url}, None)
    with crm.uow(who) as uow:
        undo(uow, tx=tx)


def test_an_undo_gives_no_redirected_webhook_back_to_its_owner(crm, hook, listener):
    endpoint = hook(by=BOSS)
    with pytest.raises(Invalid) as error:
        redirected(crm, Actor(3, "Eve", ["blind"]), endpoint, listener.url("/mine"))
    assert [p.code for p in error.value.problems] == ["owner"]
    with crm.read() as uow:
        assert uow.get(Endpoint, endpoint.id).owner_id == 3


def test_nor_to_the_rights_of_a_token_that_is_nobody_in_particular(crm, hook, listener):
    endpoint = hook(by=Actor(None, "strong", ["boss"]))
    redirected(crm, Actor(None, "weak", ["blind"]), endpoint, listener.url("/mine"))
    with crm.read() as uow:
        assert uow.get(Endpoint, endpoint.id).acts_as["roles"] == ["blind"]


class TestWithPeople:
    """A host that knows its people."""

    @pytest.fixture
    def crm_plugins(self) -> Any:
        return [plugin, firm, Plugin("people", modules=[__name__])]

    def test_a_narrowed_token_sets_up_nothing_that_sees_more(self, crm, hook, deliver, listener):
        narrowed = Actor(BOSS.id, "Boss", ["blind"])
        endpoint = hook(by=narrowed)
        with crm.uow() as uow:
            uow.add(Client(name="a", owner_id=BOSS.id))
        deliver()
        assert listener.heard == []
        with crm.uow(BOSS) as uow:  # with all their roles they may say so themselves
            operations.change(uow, crm.kind(Endpoint), endpoint.id, {"url": listener.url("/all")}, None)
        with crm.uow() as uow:
            uow.add(Client(name="b", owner_id=BOSS.id))
        deliver()
        assert [h.path for h in listener.heard] == ["/all"]
