"""Nobody has another's messages sent to themselves by taking back one of two changes."""

from __future__ import annotations

from typing import Any

import pytest

from crmkit import Actor, Invalid
from crmkit.core import operations
from crmkit.core.undo import undo
from crmkit.webhooks import Endpoint
from tests.webhooks.world import BOSS


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
