"""What providers tell becomes calls: each once, whoever tells it and how often."""

import random
import threading

import pytest
import sqlalchemy as sa

from crmkit import Actor, Role
from crmkit_sales import Channel, Contact, Inquiry, Lead, Source
from crmkit_telephony import Call, CallEvent, CallState, Direction, EventType, OurNumber, Outcome, my_calls, parties, take
from crmkit_telephony.tables import events

ANN, BEN = 7, 8
ANNA = "+79123456789"


@pytest.fixture
def crm_roles():
    return [Role("manager", {"telephony.call.*": "own", "telephony.use": "own"})]


def test_a_client_calls_and_is_known(uow, make, lines, pbx, clock, published):
    contact = make(Contact, name="Anna", phone="8 (912) 345-67-89", owner_id=BEN)
    lead = make(Lead, contact_id=contact.id)
    source = make(Source, name="Leaflet")
    make(OurNumber, number="8 495 000-00-01", source_id=source.id)
    ringing = pbx.ring("89123456789", "101", our_number="74950000001")
    published.clear()
    (call,) = take(uow, "paper", pbx.heard())
    uow.commit()
    assert (call.contact_id, call.lead_id, call.number, call.given) == (contact.id, lead.id, ANNA, "89123456789")
    assert (call.direction, call.state, call.owner_id, call.source_id) == (Direction.IN, CallState.AGENT_RINGING, ANN, source.id)
    assert ("telephony.phone", ANN) in [(m.topic, m.id) for m in published]
    assert [c.id for c in my_calls(uow, ANN)] == [call.id]
    assert my_calls(uow, BEN) == []
    clock.forward(seconds=5)
    pbx.answer(ringing)
    clock.forward(seconds=60)
    pbx.end(ringing)
    take(uow, "paper", pbx.heard())
    assert (call.state, call.outcome, call.rang, call.talked, call.recording) == (CallState.ENDED, Outcome.ANSWERED, 5, 60, None)
    assert [p.user_id for p in parties(uow, call)] == [ANN]
    assert my_calls(uow, ANN) == []
    assert uow.find(Inquiry).count() == 0


def test_somebody_unknown_is_an_inquiry(uow, make, lines, pbx):
    pbx.ring(ANNA, "101")
    (call,) = take(uow, "paper", pbx.heard())
    inquiry = uow.get(Inquiry, call.inquiry_id)
    assert (inquiry.phone_number, inquiry.channel, inquiry.received_at) == (ANNA, Channel.CALL, call.began_at)


def test_where_several_have_the_number_nobody_is_chosen(uow, make, lines, pbx):
    make(Contact, phone=ANNA)
    make(Contact, phone=ANNA)
    pbx.ring(ANNA, "101")
    (call,) = take(uow, "paper", pbx.heard())
    assert (call.contact_id, call.inquiry_id) == (None, None)


def test_colleagues_and_riddles_make_no_call(uow, lines, clock):
    def told(kind, **more):
        return CallEvent(type=kind, call="x", at=clock.now(), key=f"x:{kind.value}", **more)

    assert take(uow, "paper", [told(EventType.AGENT_RINGING, internal=True, number="102", extension="101"), told(EventType.UNKNOWN)]) == []
    assert uow.find(Call).count() == 0
    assert uow.connection.execute(sa.select(sa.func.count()).select_from(events)).scalar() == 2


def test_told_twice_is_told_once(uow, lines, pbx, clock, queries):
    call = pbx.ring(ANNA, "101")
    told = pbx.heard()
    (first,) = take(uow, "paper", told)
    pbx.answer(call)
    pbx.end(call)
    later = pbx.heard()
    take(uow, "paper", [*later, *told])
    version = first.version
    (again,) = take(uow, "paper", [*told, *later, *later])
    assert (again.id, again.version) == (first.id, version)
    assert uow.find(Call).count() == 1


def test_no_rubbish_stops_the_intake(uow, clock):
    rubbish = "\x00\ud800" + "x" * 500
    told = [CallEvent(
        type=kind, call=rubbish, at=clock.now(), key=f"{rubbish}{kind}", leg=rubbish, control=rubbish, number=rubbish, extension=rubbish,
        our_number=rubbish, device=rubbish, recording=rubbish, reference=rubbish, raw={rubbish: [rubbish, {"a": 2**70, "b": float("nan")}]})
        for kind in EventType]  # fmt: skip
    (call,) = take(uow, "paper", told)
    uow.commit()
    assert call.state is CallState.ENDED
    assert take(uow, "paper", told) == [call]


def test_many_intakes_at_once_make_one_call(crm, uow, make, lines, pbx, clock):
    make(Contact, phone=ANNA)
    told = []
    for number in range(6):
        call = pbx.ring(ANNA if number % 2 else f"+7912000000{number}", "101" if number % 3 else "102")
        pbx.answer(call)
        if number % 2:
            pbx.end(call)
    told = pbx.heard()
    uow.commit()
    errors = []

    def bring(seed):
        try:
            chance = random.Random(seed)
            mine = chance.sample(told, len(told))
            while mine:
                some, mine = mine[:3], mine[3:]
                with crm.uow() as theirs:
                    take(theirs, "paper", some)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=bring, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    uow.refresh()
    calls = uow.find(Call).order_by(Call.key).all()
    assert [c.key for c in calls] == [f"paper:c{n}" for n in range(1, 7)]
    assert [c.state is CallState.ENDED for c in calls] == [False, True] * 3
    assert uow.find(Inquiry).count() == 3
    assert all(len(parties(uow, c)) == 1 for c in calls)


def test_a_colleague_sees_a_call_at_their_telephone_whose_call_it_is_not(crm, uow, lines, pbx, clock):
    call = pbx.ring(ANNA, "101")
    other = CallEvent(type=EventType.AGENT_RINGING, call=call.key, at=clock.now(), key="other", leg="c1-2", extension="102", incoming=True)
    take(uow, "paper", [*pbx.heard(), other])
    uow.commit()
    for user in (ANN, BEN):
        with crm.read(Actor(user, roles=["manager"])) as theirs:
            assert len(my_calls(theirs, user)) == 1


def test_an_intake_asks_little_of_the_database(uow, make, lines, pbx, queries):
    make(Contact, phone=ANNA)
    real = pbx.ring(ANNA, "101")
    with queries.at_most(17):
        take(uow, "paper", pbx.heard())
    pbx.answer(real)
    with queries.at_most(14):
        take(uow, "paper", pbx.heard())
