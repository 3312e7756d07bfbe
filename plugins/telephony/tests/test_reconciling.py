"""No call lives for ever, and asking is cheap."""

import datetime as dt

import pytest

from crmkit import Actor
from crmkit.activities import Activity
from crmkit_sales import Contact
from crmkit_telephony import Call, CallEvent, CallState, Capability, EventType, Outcome, ProviderError, take
from crmkit_telephony import call as order
from crmkit_telephony.testing import PaperProvider

ANN = 7
ANNA = "+79123456789"
pytestmark = pytest.mark.usefixtures("lines")


@pytest.fixture
def talk(uow, pbx, clock):
    """A conversation, told up to the answer."""
    real = pbx.ring(ANNA, "101")
    clock.forward(seconds=4)
    pbx.answer(real)
    (call,) = take(uow, "paper", pbx.heard())
    uow.commit()
    return call, real


@pytest.fixture
def pass_minutes(clock, deliver):
    """Let minutes pass and do what is due in each: cheaper than stopping at each line of every plugin's clock."""

    def forward(minutes, step=1):
        for _minute in range(0, minutes, step):
            clock.forward(minutes=step)
            deliver()

    return forward


def test_a_lost_end_is_found_in_the_history(uow, pbx, talk, clock, pass_minutes):
    call, real = talk
    clock.forward(seconds=50)
    pbx.end(real)
    pbx.told.clear()
    pass_minutes(5)
    uow.refresh()
    assert (call.state, call.outcome, call.talked, call.rang, call.recording) == (CallState.ENDED, Outcome.ANSWERED, 50, 4, "rec-c1")


def leave(uow, real, clock):
    """Let the provider tell that the only telephone is out of it, and nothing of the whole call."""
    clock.forward(seconds=30)
    gone = CallEvent(type=EventType.LEG_ENDED, call=real.key, at=clock.now(), key="gone", leg=f"{real.key}-1", extension="101")
    (call,) = take(uow, "paper", [gone])
    uow.commit()
    return call


def test_a_call_all_telephones_are_out_of_is_asked_about_once(uow, pbx, talk, clock, deliver):
    call, real = talk
    pbx.end(real)
    pbx.told.clear()
    leave(uow, real, clock)
    pbx.asked.clear()
    clock.forward(seconds=6)
    deliver()
    uow.refresh()
    assert (call.state, call.outcome, pbx.asked) == (CallState.ENDED, Outcome.ANSWERED, ["past"])


def test_a_busy_history_is_asked_again_soon(uow, pbx, talk, clock, deliver):
    call, real = talk
    pbx.end(real)
    pbx.told.clear()
    leave(uow, real, clock)
    pbx.faults["past"] = [ProviderError("busy", again=True, after=dt.timedelta(seconds=10))]
    for _pause in range(4):
        clock.forward(seconds=6)
        deliver()
    uow.refresh()
    assert (call.state, call.outcome) == (CallState.ENDED, Outcome.ANSWERED)


def test_nobody_waits_for_an_hour_when_the_hourly_limit_is_used_up(uow, pbx, talk, clock, deliver):
    call, real = talk
    leave(uow, real, clock)
    left = call.heard_at
    pbx.faults["past"] = [ProviderError("no more", again=True, after=dt.timedelta(minutes=50))] * 3
    for _pause in range(7):
        clock.forward(seconds=6)
        deliver()
    uow.refresh()
    assert (call.state, call.outcome, call.ended_at) == (CallState.ENDED, Outcome.ANSWERED, left)
    assert pbx.asked.count("past") == 1


def test_a_provider_that_can_tell_nothing_leaves_no_telephone_ringing(uow, pbx, deliver, pass_minutes, monkeypatch):
    able = PaperProvider.capabilities - {Capability.HISTORY, Capability.ACTIVE_CALLS, Capability.HANG_UP}
    monkeypatch.setattr(PaperProvider, "capabilities", able)
    call = order(uow, ANNA, user=ANN)
    uow.commit()
    deliver()
    pbx.pick_up(pbx.calls["c1"])
    take(uow, "paper", pbx.heard())
    uow.commit()
    pass_minutes(4)
    uow.refresh()
    assert (call.state, call.outcome) == (CallState.ENDED, Outcome.UNKNOWN)


def test_of_a_provider_that_can_be_asked_nobody_has_to_say_that_it_is_over(talk, client):
    call, _real = talk
    client.act_as(Actor(ANN, "Ann", roles=["manager"]))
    assert "do/ended" not in client.get(f"/telephony/card/{call.id}", headers={"HX-Request": "true"}).text
    assert client.post(f"/api/telephony/call/{call.id}/do/has_ended", json={}).status_code == 409


def test_a_long_conversation_is_believed(uow, pbx, talk, pass_minutes):
    call, _real = talk
    pbx.asked.clear()
    pass_minutes(12)
    uow.refresh()
    assert call.state is CallState.TALKING
    assert "past" not in pbx.asked
    assert 3 <= pbx.asked.count("active_calls") <= 6  # one question answers for all


def test_an_answer_that_was_not_told_is_seen(uow, pbx, clock, pass_minutes):
    real = pbx.ring(ANNA, "101")
    (call,) = take(uow, "paper", pbx.heard())
    clock.forward(seconds=9)
    pbx.answer(real)
    pbx.told.clear()
    pass_minutes(4)
    uow.refresh()
    assert (call.state, call.rang) == (CallState.TALKING, 9)


def test_what_nobody_knows_any_more_is_over(uow, pbx, talk, pass_minutes):
    call, _real = talk
    pbx.calls.clear()
    pass_minutes(12, step=2)
    uow.refresh()
    assert (call.state, call.outcome) == (CallState.ENDED, Outcome.ANSWERED)  # it was: when it ended nobody knows


def test_a_provider_that_cannot_be_asked_or_insists_is_not_believed_for_ever(uow, pbx, talk, pass_minutes):
    call, _real = talk
    pbx.capabilities = frozenset({Capability.WEBHOOKS})
    pass_minutes(180, step=60)
    uow.refresh()
    assert call.state is CallState.TALKING
    pbx.capabilities = frozenset({Capability.ACTIVE_CALLS})
    pass_minutes(62, step=31)
    uow.refresh()
    assert call.state is CallState.ENDED


def test_a_provider_that_asks_for_patience_gets_it(uow, pbx, talk, pass_minutes):
    pbx.asked.clear()
    pbx.faults["active_calls"] = [ProviderError("the hour is used up", after=dt.timedelta(minutes=40))]
    pass_minutes(35, step=5)
    assert pbx.asked == ["active_calls"]
    pass_minutes(15, step=5)
    assert len(pbx.asked) > 1


def test_a_recording_is_asked_for_until_it_is_there(uow, pbx, talk, clock, deliver):
    call, real = talk
    pbx.end(real)
    real.recording = None
    take(uow, "paper", pbx.heard())
    deliver(until=dt.timedelta(minutes=1))
    uow.refresh()
    assert call.recording is None
    real.recording = "late"
    deliver(until=dt.timedelta(minutes=3))
    uow.refresh()
    assert (call.recording, pbx.asked.count("past")) == ("late", 2)


@pytest.mark.parametrize("again", [False, True])
def test_a_missed_call_is_somebodys_next_step(uow, make, pbx, clock, deliver, again):
    contact = make(Contact, phone=ANNA, owner_id=ANN)
    real = pbx.ring(ANNA, "101")
    clock.forward(seconds=20)
    pbx.end(real)
    (call,) = take(uow, "paper", pbx.heard())
    if again:  # they called once more, and were answered
        second = pbx.ring(ANNA, "101")
        pbx.answer(second)
        take(uow, "paper", pbx.heard())
    deliver(until=dt.timedelta(seconds=10))
    steps = uow.find(Activity).all()
    if again:
        assert steps == []
    else:
        (step,) = steps
        assert (step.about_kind, step.about_id, step.owner_id) == ("sales.contact", contact.id, ANN)
        assert step.due_at == clock.now() + dt.timedelta(minutes=15) - dt.timedelta(seconds=5)
        assert call.outcome is Outcome.NO_ANSWER


def test_calls_nobody_told_of_are_found_within_the_hour(uow, pbx, clock, deliver):
    told, lost, inner = pbx.ring(ANNA, "101"), pbx.ring("+79120000001", "101"), pbx.ring("102", "101")
    take(uow, "paper", [e for e in pbx.heard() if e.call == told.key])
    clock.forward(seconds=30)
    for real in (told, lost, inner):
        pbx.end(real)
    pbx.told.clear()
    pbx.asked.clear()
    for _hour in range(3):
        clock.forward(hours=1)
        deliver()
    deliver(until=dt.timedelta(seconds=10))
    assert sorted((c.number, c.outcome) for c in uow.find(Call)) == [("+79120000001", Outcome.NO_ANSWER), (ANNA, Outcome.NO_ANSWER)]
    assert pbx.asked.count("history") == 3
    assert uow.find(Activity).count() == 2  # both were missed: next steps of the inquiries they made
