"""Calls as they come out of what Mango Office tells: in any order, however often, without a word that it is over."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from crmkit import Actor, Crm
from crmkit_telephony import Call, CallState, Direction, Line, Outcome, call, hook_path, parties, providers, take, transfer
from crmkit_telephony_mango import MangoProvider
from crmkit_telephony_mango.simulator import MangoSimulator

NUMBER = "79991234567"
ANNA, OLEG = 7, 8


@pytest.fixture
def line(make, uow, mango: MangoSimulator, provider: MangoProvider, hear, crm: Crm):
    """Two colleagues with telephones; what Mango Office tells is taken in, what it is asked goes to the simulator."""
    for extension, user in (("101", ANNA), ("102", OLEG)):
        make(Line, provider="mango", extension=extension, owner_id=user)
    offered = providers(crm)["mango"]
    assert isinstance(offered, MangoProvider)
    offered.client = provider.client

    def post(path: str, body: bytes) -> None:
        with crm.uow() as telling:
            take(telling, "mango", hear(body, path))

    mango.deliver_to(post)


def known(uow) -> Call:
    uow.commit()
    return uow.find(Call).one()


def test_an_incoming_call_from_ring_to_recording(line, mango: MangoSimulator, uow, clock, deliver):
    came = mango.incoming(NUMBER)
    menu = came.machine("queue")
    clock.forward(seconds=4)
    leg = came.ring("101", taken_from=menu)
    assert (known(uow).state, known(uow).owner_id, known(uow).number) == (CallState.AGENT_RINGING, ANNA, "+79991234567")
    clock.forward(seconds=6)
    menu.disconnect()
    leg.connect()
    assert known(uow).state is CallState.TALKING
    clock.forward(seconds=30)
    leg.hold()
    assert known(uow).state is CallState.HELD
    leg.connect()
    assert known(uow).state is CallState.TALKING
    clock.forward(seconds=30)
    leg.disconnect()
    ended = clock.now()
    deliver(until=dt.timedelta(seconds=10))
    talked = known(uow)
    assert (talked.state, talked.outcome, talked.direction) == (CallState.ENDED, Outcome.ANSWERED, Direction.IN)
    assert (talked.ended_at, talked.talked, talked.rang, talked.our_number) == (ended, 60, 6, "+74950000000")
    key = mango.recorded(came)
    assert known(uow).recording == key


def test_who_waits_in_a_queue_is_not_over(line, mango: MangoSimulator, uow, deliver):
    came = mango.incoming(NUMBER)
    menu = came.machine("ivr").connect()
    came.machine("queue")
    menu.disconnect()
    deliver(until=dt.timedelta(minutes=4))
    assert known(uow).state is not CallState.ENDED
    came.hang_up()
    deliver(until=dt.timedelta(seconds=10))
    assert (known(uow).state, known(uow).outcome) == (CallState.ENDED, Outcome.NO_ANSWER)


def test_one_telephone_after_another(line, mango: MangoSimulator, uow, clock, deliver):
    came = mango.incoming(NUMBER)
    first = came.ring("101")
    clock.forward(seconds=20)
    first.disconnect()
    clock.forward(seconds=1)
    second = came.ring("102")
    deliver(until=dt.timedelta(seconds=10))
    assert (known(uow).state, known(uow).owner_id) == (CallState.AGENT_RINGING, OLEG)
    second.connect()
    assert known(uow).state is CallState.TALKING


@pytest.mark.parametrize("seed", range(2))
def test_any_order_and_any_repetition_is_one_call(line, mango: MangoSimulator, uow, crm: Crm, hear, clock, deliver, seed: int):
    mango.deliver_to(None)
    came = mango.incoming(NUMBER)
    leg = came.ring("101").connect().hold()
    leg.connect()
    came.transfer(leg, "102").connect()
    told = [*mango.sent, *mango.sent]
    random.Random(seed).shuffle(told)
    for message in told:
        clock.forward(seconds=1)
        with crm.uow() as telling:
            take(telling, "mango", hear(message.body, message.path))
    assert (known(uow).state, known(uow).owner_id) == (CallState.TALKING, OLEG)
    came.hang_up()
    message = mango.sent[-1]
    clock.forward(seconds=1)
    with crm.uow() as telling:
        take(telling, "mango", hear(message.body, message.path))
    deliver(until=dt.timedelta(seconds=10))
    assert (known(uow).state, known(uow).outcome, known(uow).ended_at) == (CallState.ENDED, Outcome.ANSWERED, clock.now() - dt.timedelta(seconds=10))
    assert len(parties(uow, known(uow))) == 2


class TestCallsOfOurs:
    def test_the_colleague_first_then_the_client(self, line, mango: MangoSimulator, uow, clock, deliver):
        placed = call(uow, NUMBER, user=ANNA)
        deliver()
        [came] = mango.calls.values()
        assert came.command_id
        assert (known(uow).id, known(uow).state, known(uow).key) == (placed.id, CallState.AGENT_RINGING, f"mango:{came.entry_id}")
        clock.forward(seconds=3)
        came.legs[0].connect()
        assert (known(uow).state, known(uow).ringing_at) == (CallState.RINGING, clock.now())
        clock.forward(seconds=7)
        came.legs[1].connect()
        assert (known(uow).state, known(uow).rang, known(uow).owner_id) == (CallState.TALKING, 7, ANNA)
        transfer(uow, known(uow), "102")
        deliver()
        assert mango.asked[-1] == ("commands/transfer", {"call_id": came.legs[1].call_id, "method": "blind", "to_number": "102", "initiator": "101"})
        came.hang_up()
        deliver(until=dt.timedelta(seconds=10))
        assert (known(uow).state, known(uow).outcome) == (CallState.ENDED, Outcome.ANSWERED)

    def test_nobody_answers(self, line, mango: MangoSimulator, uow, clock, deliver):
        call(uow, NUMBER, user=ANNA)
        deliver()
        [came] = mango.calls.values()
        came.legs[0].connect()
        clock.forward(seconds=20)
        came.hang_up()
        over = clock.now()
        deliver(until=dt.timedelta(seconds=10))
        assert (known(uow).state, known(uow).outcome, known(uow).rang, known(uow).ended_at) == (CallState.ENDED, Outcome.NO_ANSWER, 20, over)

    def test_the_colleagues_own_telephone_is_not_picked_up(self, line, mango: MangoSimulator, uow, deliver):
        call(uow, NUMBER, user=ANNA)
        deliver()
        next(iter(mango.calls.values())).hang_up()
        deliver(until=dt.timedelta(seconds=10))
        assert known(uow).outcome is Outcome.AGENT_NO_ANSWER

    def test_a_call_nothing_is_heard_of_fails_in_words(self, line, mango: MangoSimulator, uow, deliver):
        mango.deliver_to(None)
        call(uow, NUMBER, user=ANNA)
        deliver(until=dt.timedelta(minutes=3))
        assert (known(uow).state, known(uow).outcome) == (CallState.ENDED, Outcome.FAILED)
        assert "has told nothing" in (known(uow).trouble or "")
        assert len(mango.calls) == 1

    def test_a_lost_answer_is_not_asked_again(self, line, mango: MangoSimulator, uow, deliver):
        mango.trip("commands/callback", 502)
        call(uow, NUMBER, user=ANNA)
        deliver(until=dt.timedelta(minutes=3))
        assert known(uow).outcome is Outcome.FAILED
        assert not mango.calls
        assert mango.asked == []


def test_colleagues_among_themselves_make_no_call(line, mango: MangoSimulator, uow):
    mango.internal("101", "102").connect().disconnect()
    uow.commit()
    assert uow.find(Call).count() == 0


def test_over_http(line, mango: MangoSimulator, uow, client):
    path = hook_path(uow, "mango")
    uow.commit()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = []
    mango.deliver_to(lambda tail, body: answers.append(client.post(path + tail, content=body, headers=form).status_code))
    mango.incoming(NUMBER).ring("101").connect()
    mango.salt = "not the salt"
    mango.incoming(NUMBER).ring("102")
    assert answers == [200, 200, 403]
    assert (known(uow).state, known(uow).owner_id) == (CallState.TALKING, ANNA)


@pytest.fixture
def lost(line, mango: MangoSimulator, uow, clock, deliver):
    """A conversation whose end was never told, ten minutes ago."""
    leg = mango.incoming(NUMBER).ring("101")
    leg.connect()
    talk = known(uow)
    clock.forward(minutes=10)
    deliver()
    uow.refresh()
    assert talk.state is CallState.TALKING
    return talk, leg


def settle(uow, deliver):
    deliver(until=dt.timedelta(seconds=11))
    uow.refresh()


def test_who_talks_again_at_the_same_telephone_has_put_it_down_before(lost, mango: MangoSimulator, uow, clock, deliver):
    talk, _leg = lost
    second = mango.incoming("79997654321").ring("101")
    settle(uow, deliver)
    assert talk.state is CallState.TALKING, "it only rings"
    second.connect()
    at = clock.now()
    settle(uow, deliver)
    assert (talk.state, talk.outcome, talk.ended_at, talk.talked) == (CallState.ENDED, Outcome.ANSWERED, at, 600 + 11)
    assert uow.find(Call).where(Call.state == CallState.TALKING).count() == 1


def test_who_dials_has_put_it_down_before(lost, mango: MangoSimulator, uow, deliver):
    talk, _leg = lost
    mango.outgoing("101", "79997654321")
    settle(uow, deliver)
    assert talk.state is CallState.ENDED


@pytest.mark.parametrize("what", ["held", "held late", "conference", "another"])
def test_what_waits_or_goes_on_beside_it_is_not_over(what, lost, mango: MangoSimulator, uow, clock, deliver):
    talk, leg = lost
    if what == "held":
        leg.hold()
    clock.forward(seconds=5)
    mango.incoming("79997654321").ring("102" if what == "another" else "101").connect()
    clock.forward(seconds=1)
    if what in ("held late", "conference"):
        leg.hold()
    if what == "conference":
        clock.forward(seconds=1)
        leg.connect()
    settle(uow, deliver)
    uow.refresh()
    assert talk.state in (CallState.HELD, CallState.TALKING)


def test_the_colleague_may_say_that_it_has_ended(lost, uow, client, clock):
    talk, _leg = lost
    client.act_as(Actor(OLEG, "Oleg", roles=["manager"]))
    assert client.post(f"/api/telephony/call/{talk.id}/do/has_ended", json={}).status_code in (403, 404)
    client.act_as(Actor(ANNA, "Anna", roles=["manager"]))
    head = client.get(f"/telephony/card/{talk.id}", headers={"HX-Request": "true"}).text
    assert f"/telephony/card/{talk.id}/do/ended" in head
    for _twice in range(2):
        assert client.post(f"/telephony/card/{talk.id}/do/ended").status_code == 200
    uow.refresh()
    assert (talk.state, talk.outcome, talk.talked, talk.ended_at) == (CallState.ENDED, Outcome.ANSWERED, 600, clock.now())
