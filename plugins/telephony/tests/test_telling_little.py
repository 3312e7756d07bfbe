"""Providers that tell of telephones and never of the whole call, cannot be asked, and do not name a call they place."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit_telephony import Call, CallEvent, CallState, Capability, EventType, Outcome, Placed, call, take, transfer

E = EventType
CLIENT = "+79120000001"


@pytest.fixture
def tell(lines, pbx, crm, clock):
    """Take in one event of the provider, which can hardly be asked anything."""
    pbx.capabilities = frozenset({Capability.ORIGINATE, Capability.TRANSFER, Capability.WEBHOOKS})

    def told(kind: EventType, leg: str = "a", **more: object) -> Call:
        with crm.uow() as uow:
            key = f"{leg}:{kind.value}:{clock.now().isoformat()}"
            values = {"incoming": True, "extension": "101", "number": CLIENT, "control": leg, **more}
            [about] = take(uow, "paper", [CallEvent(type=kind, call="c", at=clock.now(), key=key, leg=leg, **values)])  # type: ignore[arg-type]
            return about

    return told


def test_it_is_over_when_the_last_telephone_is_out_of_it(tell, uow, clock, deliver):
    tell(E.AGENT_RINGING)
    clock.forward(seconds=5)
    tell(E.ANSWERED)
    clock.forward(seconds=60)
    about = tell(E.LEG_ENDED)
    over = clock.now()
    deliver(until=dt.timedelta(seconds=4))
    tell(E.AGENT_RINGING, "b", extension="102")  # handed over, told late
    deliver(until=dt.timedelta(seconds=30))
    assert uow.get(Call, about.id).state is not CallState.ENDED
    tell(E.LEG_ENDED, "b", extension="102")
    deliver(until=dt.timedelta(seconds=6))
    found = uow.get(Call, about.id)
    assert (found.state, found.outcome, found.ended_at) == (CallState.ENDED, Outcome.ANSWERED, over + dt.timedelta(seconds=34))


def test_somebody_who_waits_at_a_machine_is_not_over(tell, uow, deliver):
    about = tell(E.INITIATED, "menu", extension=None)
    tell(E.INITIATED, "queue", extension=None)
    tell(E.LEG_ENDED, "menu", extension=None)
    deliver(until=dt.timedelta(minutes=4))
    assert uow.get(Call, about.id).state is CallState.INITIATED
    tell(E.LEG_ENDED, "queue", extension=None)
    deliver(until=dt.timedelta(seconds=6))
    assert uow.get(Call, about.id).outcome is Outcome.NO_ANSWER


def test_a_placed_call_is_known_by_our_reference_and_handed_over_where_they_talk(tell, uow, pbx, monkeypatch, clock, deliver):
    asked = []
    monkeypatch.setattr(pbx, "originate", lambda one: asked.append(one) or Placed(call_key=None))
    placed = call(uow, CLIENT, user=7)
    deliver()
    reference = asked[0].reference
    tell(E.AGENT_RINGING, incoming=False, number=None, reference=reference)
    clock.forward(seconds=2)
    tell(E.AGENT_ANSWERED, incoming=False, number=None, reference=reference)
    tell(E.CLIENT_RINGING, "b", incoming=False, reference=reference)
    clock.forward(seconds=2)
    about = tell(E.ANSWERED, "b", incoming=False, reference=reference)
    assert (about.id, about.key) == (placed.id, "paper:c")
    given = []
    monkeypatch.setattr(pbx, "transfer", lambda leg, to, attended: given.append((leg.leg_key, to)))
    transfer(uow, uow.get(Call, placed.id), "102")
    deliver()
    assert given == [("b", "102")]


def test_a_placed_call_nobody_tells_of_fails_in_words_and_is_not_dialled_again(tell, uow, pbx, monkeypatch, deliver):
    asked = []
    monkeypatch.setattr(pbx, "originate", lambda one: asked.append(one) or Placed(call_key=None))
    placed = call(uow, CLIENT, user=7)
    deliver(until=dt.timedelta(minutes=3))
    found = uow.get(Call, placed.id)
    assert (found.state, found.outcome, len(asked)) == (CallState.ENDED, Outcome.FAILED, 1)
    assert "has told nothing" in (found.trouble or "")
