"""On the card of a telephone call: whose follow-up it is, and the way into the check-list that is due."""

from __future__ import annotations

import html
import re

import pytest

import crmkit_prosthesis_feedback
import crmkit_telephony
from crmkit import Actor, Plugin, Role
from crmkit_prosthesis_feedback import ROLES, open_incident
from crmkit_sales import Contact
from crmkit_telephony import Call, Line, provider_named, take
from crmkit_telephony.testing import paper

from .people import cards_of, won

CALLER, SELLER = Actor(7, "Olga", roles=["service_caller", "telephones"], teams=(3,)), Actor(8, "Ben", roles=["manager", "telephones"])
RU = {"accept-language": "ru"}


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_prosthesis_feedback.plugin, crmkit_telephony.plugin, paper.plugin]


@pytest.fixture
def crm_roles() -> list[Role]:
    phones = next(role for role in crmkit_telephony.ROLES if role.name == "manager").grants
    return [*ROLES, Role("telephones", {**phones, "sales.contact.read": "all"})]


@pytest.fixture
def crm_settings(crm_settings):
    return {**crm_settings, "prosthesis_feedback": {"team": 3, "callers": [7]}}


def shown(client, actor, call) -> tuple[str, list[str]]:
    """Return what the card of a call says, and where it leads."""
    page = client.act_as(actor).get(f"/telephony/card/{call.id}/part/who", headers={**RU, "hx-request": "true", "hx-request-type": "partial"}).text
    part = page.partition('<ul class="telc-onward">')[2].partition("</ul>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split()), re.findall(r'href="([^"]*)"', part)


def test_the_card_of_a_call_leads_to_the_follow_up(crm, uow, make, client, clock):
    child = won(uow, name="Маша Лескова", born_on=clock.now().date().replace(year=2018))
    mother = make(Contact, name="Ольга Лескова", phone="+79161112233")
    child.guardian_id = mother.id
    make(Line, provider="paper", extension="101", owner_id=7)
    pbx = provider_named(crm, "paper")
    clock.set(cards_of(uow, child)[0].planned_at)
    uow.commit()

    def rings(number: str) -> Call:
        pbx.ring(number, "101")
        with crm.uow() as told:
            key = take(told, "paper", pbx.heard())[-1].id
        uow.refresh()
        return uow.get(Call, key)

    own, theirs = rings("+79161234567"), rings("+79161112233")
    card, sheet = f"/prosthesis_feedback/service/{child.id}", f"/prosthesis_feedback/ask/{child.id}"
    told, ways = shown(client, CALLER, own)
    assert told == "Карточка сервиса: Маша Лескова Наблюдается Чек-лист: 1 неделя Маша Лескова"
    assert ways == [card, sheet]
    told, ways = shown(client, CALLER, theirs)
    assert "Наблюдается · звонит представитель" in told
    assert ways == [card, sheet]
    open_incident(uow, child, reason="repair")
    uow.commit()
    assert shown(client, CALLER, own) == ("Карточка сервиса: Маша Лескова Инцидент", [card])
    with crm.uow() as mine:
        mine.get(Line, 1).owner_id = 8
    assert shown(client, SELLER, own) == ("", [])
