"""The exchange for trying out: telephones of the CRM's own, a page to answer at, and webhooks by the front door."""

from __future__ import annotations

import io
import random
import wave
from typing import Any
from urllib.parse import urlsplit

import pytest

from crmkit import Actor, Crm
from crmkit_sales import Contact
from crmkit_telephony import Call, CallState, Line, OurNumber, Outcome, demo_calls, hook_path
from crmkit_telephony_telfin.exchange.running import Exchange, exchange_of

ANN = Actor(7, "Ann", roles=["manager"])
PHONE = "+79123456789"


@pytest.fixture
def crm_settings() -> dict[str, Any]:
    return {"telephony_telfin": {"fake": True}, "sales": {"country": "RU"}}


@pytest.fixture
def exchange(crm: Crm, client: Any, deliver: Any) -> Exchange:
    """An exchange with Ann's telephone, which tells the CRM what happens."""
    found = exchange_of(crm)
    assert found is not None
    with crm.uow() as uow:
        uow.add(Line(provider="telfin", extension="1111*101", device="85001", owner_id=7))
        uow.add(OurNumber(number="+74950000001", name="Leaflet"))
        uow.add(Contact(name="Lena", phone=PHONE, owner_id=7))

    def post(url: str, body: bytes, headers: dict[str, str]) -> int:
        return int(client.post(urlsplit(url).path, content=body, headers=headers).status_code)

    found.pbx.deliver_to(post)
    found._begin()
    crm.clock.forward(seconds=15)  # type: ignore[attr-defined]
    deliver()
    return found


def test_a_client_calls_from_the_page_and_is_answered_there(exchange: Exchange, crm: Crm, client: Any, deliver: Any) -> None:
    client.act_as(ANN)
    page = client.get("/telephony_telfin/exchange").text
    assert "Leaflet · +74950000001" in page
    done = client.post("/telephony_telfin/exchange/do", data={"deed": "call", "number": PHONE, "to": "101", "did": "74950000001"})
    assert done.status_code == 200
    exchange.pbx.run_due()
    with crm.read() as uow:
        call = uow.find(Call).one()
        assert (call.state, call.owner_id, call.number, call.our_number) == (CallState.AGENT_RINGING, 7, PHONE, "+74950000001")
    assert "Answer" in client.get("/telephony_telfin/exchange/calls").text
    (leg,) = [leg for leg in exchange.pbx.ringing() if "*" in leg.party]
    at = f"{leg.call.call_id}.{leg.call.legs.index(leg)}"
    client.post("/telephony_telfin/exchange/do", data={"deed": "pick_up", "leg": at})
    exchange.pbx.advance(3)
    client.post("/telephony_telfin/exchange/do", data={"deed": "hang_up", "leg": at})
    exchange.pbx.run_due()
    assert client.post("/telephony_telfin/exchange/do", data={"deed": "hang_up", "leg": "gone.0"}).status_code == 409
    crm.clock.forward(seconds=10)  # type: ignore[attr-defined]
    deliver()
    with crm.read() as uow:
        call = uow.get(Call, call.id)
        assert (call.state, call.outcome, call.talked) == (CallState.ENDED, Outcome.ANSWERED, 3)
        assert call.recording
    heard = client.get(f"/x/telephony/recording/{call.id}")
    with wave.open(io.BytesIO(heard.content)) as sound:
        assert sound.getnframes() == 3 * sound.getframerate()
    assert client.get("/telephony_telfin/exchange", headers={"accept-language": "ru"}).status_code == 200


def test_people_pick_up_by_themselves_where_one_likes(exchange: Exchange, client: Any) -> None:
    client.act_as(ANN)
    assert exchange.by_themselves == (False, False)
    client.post("/telephony_telfin/exchange/do", data={"deed": "habits", "own": "1", "clients": "1"})
    assert exchange.by_themselves == (True, True)
    client.post("/telephony_telfin/exchange/do", data={"deed": "habits"})
    assert exchange.by_themselves == (False, False)


def test_its_webhooks_come_by_the_front_door_whatever_the_port(exchange: Exchange, crm: Crm) -> None:
    with crm.uow() as uow:
        address = "http://crm.fake" + hook_path(uow, "telfin") + "phone"
    assert exchange._send(address, b"EventType=odd&CallID=1", {"content-type": "application/x-www-form-urlencoded"}) == 200
    assert exchange._send(address.replace("/hook/telfin/", "/hook/telfin/x"), b"", {}) == 404
    exchange._loop = None
    assert exchange._send(address, b"", {}) == 503  # nobody serves


def test_a_call_of_the_process_before_is_over(exchange: Exchange, crm: Crm) -> None:
    exchange.pbx.incoming(PHONE, "101")
    exchange.pbx.run_due()
    exchange._begin()
    with crm.read() as uow:
        assert uow.find(Call).one().state is CallState.ENDED


def test_two_weeks_of_calls_look_like_some(exchange: Exchange, crm: Crm) -> None:
    with crm.uow() as uow:
        now = uow.now
        demo_calls(uow, random.Random(1), 40, "telfin")
        assert uow.now == now
        calls = uow.find(Call).all()
        assert len(calls) >= 16
        assert {c.state for c in calls} == {CallState.ENDED}
        assert all(c.began_at is not None and c.began_at < now and c.owner_id == 7 for c in calls)
        assert any(c.recording for c in calls)


