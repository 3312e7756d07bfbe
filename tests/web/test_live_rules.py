"""Who hears of what is worked out from rows read once: it says what the database says of the same rules, in few statements."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm, Message, Role
from crmkit.activities import Note
from crmkit.core.uow import Uow
from crmkit.web.live.client import Client
from crmkit.web.live.marks import Mark
from crmkit.web.live.scope import _Asked, deliver, visible
from crmkit_sales import Company, Contact, ContactPoint, Deal, Way
from tests.web.world import PLUGINS

ME: Any = {"relative": "me"}
SCOPES: tuple[Any, ...] = (
    "own", "team", "below", "all", {"owner_id": {"ne": ME}}, {"not": {"owner_id": ME}}, {"owner_id": {"not_in": [1, 2]}},
    {"owner_id": {"empty": True}}, {"or": [{"owner_id": ME}, {"team_id": {"below": [7]}}]}, {"name": {"contains": "n"}},
    {"created_at": {"lt": {"relative": "now"}}}, {"and": [{"owner_id": {"in": [2, 3]}}, {"not": {"team_id": 8}}]}, {"archived_at": {"empty": False}},
)  # fmt: skip
ACTORS = (
    Actor(2, roles=["it"]), Actor(3, roles=["it"], teams=[8]), Actor(4, roles=["it"], teams=[7], acts_for=[2]), Actor(roles=["it"]),
    Actor(2), Actor(9, system=True),
)  # fmt: skip


def compose(url: str, scope: Any) -> Crm:
    grants = {"sales.contact.*": scope, "sales.company.*": scope, "sales.deal.*": "own", "activities.*": "all"}
    return Crm(*PLUGINS, database=url, roles=[Role("it", grants)], settings={"crmkit": {"jobs": False}}, teams={7: None, 8: 7})


@pytest.fixture
def told(crm: Crm) -> dict[str, list[Message]]:
    """Records of all sorts, and a message about each of them."""
    with crm.uow() as uow:
        for n, (owner, team) in enumerate(itertools.product((None, 1, 2, 3), (None, 7, 8))):
            company = uow.add(Company(name=f"company {n}", owner_id=owner, team_id=team))
            contact = uow.add(Contact(name=f"Ann {n}", owner_id=owner, team_id=team))
            deal = uow.add(Deal(title=f"Deal {n}", owner_id=owner, team_id=team))
            uow.flush()
            uow.add(ContactPoint(contact_id=contact.id, value=f"ann{n}@example.com", way=Way.EMAIL))
            for record in (company, contact, deal):
                uow.add(Note(text="x", owner_id=owner, **uow.about(record)))
            if n % 5 == 0:
                uow.archive(contact)
    found = {}
    with crm.read() as uow:
        for cls in (Company, Contact, ContactPoint, Deal, Note):
            key = crm.kind(cls).key
            found[key] = [*(Message(key, n) for n in uow.find(cls).archived(only=False).ids()), Message(key, 10**6), Message(key)]
    return found


@pytest.mark.usefixtures("crm")
def test_it_says_what_the_database_says(crm_url: str, told: dict[str, list[Message]]):
    without_asking = 0
    for scope in SCOPES:
        other = compose(crm_url, scope)
        with other.database.read() as db:
            asked = _Asked(other, db)
            for actor, (key, messages) in itertools.product(ACTORS, told.items()):
                kind = other.kind(key)
                uow = Uow(other, db, actor, writable=False)
                covered = asked.covered(actor, kind, dict.fromkeys(messages))
                if covered is None:
                    continue
                without_asking += 1
                seen = visible(uow, kind, messages)
                assert {m for m in messages if m.id in covered and m.id != 10**6} == seen - {Message(key, 10**6)}, (scope, actor, key)
        other.engine.dispose()
    assert without_asking > 300


def test_fifty_listeners_cost_as_much_as_two(crm_url: str, crm: Crm, told: dict[str, list[Message]]):
    other = compose(crm_url, "own")

    def cost(listeners: int) -> int:
        async def told_all() -> int:
            statements: list[str] = []
            clients = [Client(Actor(n + 1, roles=["it"]), {key: other.kind(key) for key in told}) for n in range(listeners)]
            sa.event.listen(other.engine, "before_cursor_execute", count := lambda *given: statements.append(given[2]))
            with other.database.read() as db:
                deliver(other, db, clients, [m for each in told.values() for m in each], Mark(1, 1))
            sa.event.remove(other.engine, "before_cursor_execute", count)
            heard = [len(client.drain()) for client in clients[:4]]
            assert heard[0] == heard[1] == heard[2] > heard[3] == len(told)
            return len(statements)

        return asyncio.run(told_all())

    assert cost(4) == cost(50) < 15
    other.engine.dispose()
