"""The stack of old clients on the pages of whom its entries are about: under row rules, in as many questions as for one."""

from __future__ import annotations

import re

import pytest

from crmkit import Actor, Role
from crmkit_sales import Contact, Deal, Lead
from crmkit_taskqueue import ROLES, OldClient, OldClientLink

ANN = Actor(1, "Ann", roles=["manager"], teams=(7,))
OTHER = Actor(4, "Eve", roles=["manager"], teams=(8,))
NOBODY = Actor(5, "Max", roles=["reader"])
SELLS = {"sales.*": "all"}


@pytest.fixture
def crm_roles() -> list[Role]:
    return [*(Role(role.name, {**role.grants, **SELLS}) for role in ROLES), Role("reader", SELLS)]


def test_an_entry_shows_wherever_it_is_linked(client, make, queries):
    anna = make(Contact, name="Анна", owner_id=1)
    lead, deal = make(Lead, contact_id=anna.id, owner_id=1), make(Deal, contact_id=anna.id, owner_id=1)
    pages = [f"/sales/contact/{anna.id}", f"/sales/lead/{lead.id}", f"/sales/deal/{deal.id}"]
    client.act_as(ANN)
    assert not any("Stack of old clients" in client.get(page).text for page in pages)
    old = make(OldClient, title="Анна снова", reason="Дорого", contact_id=anna.id, owner_id=1, team_id=7)
    make(OldClientLink, old_client_id=old.id, lead_id=lead.id)
    make(OldClientLink, old_client_id=old.id, deal_id=deal.id)

    def cost(page: str) -> int:
        client.get(page)
        queries.clear()
        assert client.get(page).status_code == 200
        return int(queries.count)

    for page in pages:
        text = client.get(page).text
        assert f"/taskqueue/old_client/{old.id}" in text
        assert "Дорого" in text
        assert re.search(r'class="chip gray">In the stack', text)
    few = [cost(page) for page in pages]
    for number in range(6):
        more = make(OldClient, title=f"Ещё {number}", owner_id=2, team_id=7)
        make(OldClientLink, old_client_id=more.id, contact_id=anna.id)
        make(OldClientLink, old_client_id=more.id, lead_id=lead.id)
        make(OldClientLink, old_client_id=more.id, deal_id=deal.id)
    strange = make(OldClient, title="Чужой", owner_id=4, team_id=8)
    make(OldClientLink, old_client_id=strange.id, deal_id=deal.id)
    assert [cost(page) for page in pages] == few
    text = client.get(pages[2]).text
    assert "Ещё 5" in text
    assert "Чужой" not in text  # of another team
    client.act_as(OTHER)
    text = client.get(pages[2]).text
    assert "Чужой" in text
    assert "Анна снова" not in text
    client.act_as(NOBODY)
    assert "/taskqueue/old_client/" not in client.get(pages[2]).text
