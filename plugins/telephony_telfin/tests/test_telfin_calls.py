"""Asking Telfin: placing calls, controlling them, what goes on, how it went, recordings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from crmkit import MovableClock
from crmkit_telephony import CallEvent, EventType, Leg, NotThere, Outcome, ProviderError, Unknown
from crmkit_telephony_telfin import TelfinProvider
from crmkit_telephony_telfin.fake import FakePbx, Faults, answers, busy, ignores, invalid, rejects, unavailable

from .conftest import CLIENT, Post


@pytest.fixture
def crm_database() -> str:
    """What is said over the wire is the same on both; what is kept is tried on both by the suite, the set-up and the day of calls."""
    return "sqlite"


def leg_of(event: CallEvent) -> Leg:
    return Leg(call_key=event.call, leg_key=event.leg or "", control=event.control, extension=event.extension, device=event.device)


def test_a_call_is_placed_and_told_of(telfin: TelfinProvider, pbx: FakePbx, post: Post, place: Callable[..., str]) -> None:
    pbx.behave(CLIENT, answers(after=5, talks=60))
    key = place(reference="crm-1", shown="Анна", from_number="+74950000000")
    assert pbx.truth.of(key).request == {
        "src_num": ["1111*101"], "dst_num": CLIENT, "src_caller_id_number": CLIENT, "src_caller_id_name": "Анна", "dst_ani": "74950000000",
    }  # fmt: skip
    pbx.advance(4)
    (active,) = telfin.active_calls()
    assert (active.call_key, active.incoming, active.number, active.answered_at) == (key, False, CLIENT, None)
    pbx.advance(66)
    rings, answered, ended = post.events
    assert post.kinds(key) == ["client_ringing", "answered", "leg_ended"]
    assert (rings.extension, rings.device, rings.number, rings.incoming, rings.reference) == ("1111*101", "85001", CLIENT, False, "crm-1")
    true = pbx.truth.of(key)
    assert rings.at == true.client_rang_at
    assert answered.at == true.client_answered_at
    assert (ended.talked, ended.outcome) == (dt.timedelta(seconds=60), Outcome.ANSWERED)
    assert len({rings.leg, answered.leg, ended.leg}) == len({rings.control, answered.control, ended.control}) == 1
    past = telfin.past(key.upper())
    assert past is not None
    assert (past.call_key, past.outcome, past.number, past.extension, past.recording) == (key, Outcome.ANSWERED, CLIENT, "1111*101", ended.recording)
    assert (past.began_at, past.answered_at) == (true.began_at, true.client_answered_at)
    assert [p.call_key for p in telfin.history(true.began_at, pbx.clock.now())] == [key]
    recording = telfin.recording(past.recording or "")
    sound = b"".join(recording.pieces)
    assert (recording.content_type, recording.size) == ("audio/mpeg", len(sound))
    assert recording.name is not None
    assert recording.name.endswith(".mp3")


def test_a_call_is_held_handed_over_and_ended(telfin: TelfinProvider, pbx: FakePbx, post: Post, place: Callable[..., str]) -> None:
    pbx.behave(CLIENT, answers(after=5))
    pbx.advance(0)
    key = place()
    pbx.advance(10)
    mine = leg_of(post.events[-1])
    true = pbx.truth.of(key)
    telfin.hold(mine)
    assert [leg.held for leg in true.roles("client")] == [True]
    telfin.resume(mine)
    assert [leg.held for leg in true.roles("client")] == [False]
    telfin.transfer(mine, "1111*102")
    pbx.advance(5)
    assert post.kinds(key)[2:] == ["leg_ended", "transferred", "agent_ringing", "answered"]
    rings = post.events[-2]
    assert (rings.extension, rings.number, rings.incoming, rings.internal) == ("1111*102", CLIENT, None, False)
    telfin.hang_up(leg_of(post.events[-1]))
    assert true.ended_by == "api"
    with pytest.raises(NotThere, match="over"):
        telfin.hang_up(leg_of(post.events[-1]))
    with pytest.raises(NotThere):
        telfin.hold(mine)


def test_a_call_is_ended_before_any_webhook_told_its_handle(telfin: TelfinProvider, pbx: FakePbx, post: Post, place: Callable[..., str]) -> None:
    pbx.behave("101", ignores())
    key = place()
    assert post.events == []
    telfin.hang_up(Leg(call_key=key, leg_key="", control=None, extension="1111*101", device=None))
    assert pbx.truth.of(key).ended_by == "api"
    with pytest.raises(NotThere):
        telfin.hang_up(Leg(call_key=key, leg_key="", control=None, extension="101", device=None))


@pytest.mark.parametrize(
    ("client", "told", "afterwards"),
    [
        (ignores(), Outcome.NO_ANSWER, Outcome.NO_ANSWER), (busy(), Outcome.BUSY, Outcome.BUSY), (rejects(), Outcome.BUSY, Outcome.REJECTED),
        (invalid(), Outcome.FAILED, Outcome.INVALID_NUMBER), (unavailable(), Outcome.UNAVAILABLE, Outcome.UNAVAILABLE),
    ],
)  # fmt: skip
def test_how_calls_end_that_nobody_answers(
    telfin: TelfinProvider, pbx: FakePbx, post: Post, place: Callable[..., str], client: object, told: Outcome, afterwards: Outcome
) -> None:
    pbx.behave(CLIENT, client)  # type: ignore[arg-type]
    key = place()
    pbx.settle()
    assert post.kinds(key) == ["client_ringing", "ended"]
    assert post.events[-1].outcome is told
    past = telfin.past(key)
    assert past is not None
    assert past.outcome is afterwards


def test_incoming_calls(telfin: TelfinProvider, pbx: FakePbx, post: Post) -> None:
    pbx.behave("101", answers(after=4, talks=30))
    call = pbx.incoming(CLIENT, "101")
    pbx.settle()
    assert post.kinds() == ["agent_ringing", "answered", "leg_ended"]
    rings = post.events[0]
    assert (rings.incoming, rings.extension, rings.number, rings.our_number) == (True, "1111*101", CLIENT, "74950000000")
    past = telfin.past(call.call_id)
    assert past is not None
    assert (past.incoming, past.extension, past.outcome) == (True, "1111*101", Outcome.ANSWERED)
    pbx.behave("101", ignores())
    call = pbx.incoming(CLIENT, "101")
    pbx.settle()
    past = telfin.past(call.call_id)
    assert past is not None
    assert (past.outcome, past.answered_at, past.recording) == (Outcome.CANCELLED, None, None) or past.outcome is Outcome.NO_ANSWER


def test_a_queue_tells_that_nobody_took_a_call(telfin: TelfinProvider, pbx: FakePbx, post: Post) -> None:
    pbx.behave("101", ignores())
    pbx.behave("102", ignores())
    call = pbx.incoming(CLIENT, "900")
    pbx.settle()
    assert post.kinds()[:3] == ["initiated", "agent_ringing", "agent_ringing"]
    ends = [e for e in post.events if e.type is EventType.ENDED]
    assert [(e.outcome, e.extension, e.number) for e in ends] == [(Outcome.NO_ANSWER, None, CLIENT)]
    past = telfin.past(call.call_id)
    assert past is not None
    assert past.outcome is Outcome.NO_ANSWER


def test_what_goes_wrong_is_told_in_words(telfin: TelfinProvider, pbx: FakePbx, clock: MovableClock, place: Callable[..., str]) -> None:
    pbx.trip("callback", "refused")
    with pytest.raises(ProviderError, match="cannot be reached") as refused:
        place()
    assert (refused.value.again, isinstance(refused.value, Unknown), len(pbx.truth)) == (True, False, 0)
    for fault in ("server_error_after", "slow"):
        pbx.trip("callback", fault)
        with pytest.raises(Unknown):
            place()
    assert len(pbx.truth) == 2  # nobody can know that: they are looked for, not placed again
    with pytest.raises(ProviderError, match="no extension 1111\\*777"):
        place(extension="1111*777", device=None)
    with pytest.raises(ProviderError, match=r"may not contain queues"):
        place(extension="1111*900", device="85004")
    pbx.trip("current_calls", "slow")
    with pytest.raises(ProviderError) as slow:
        telfin.active_calls()
    assert slow.value.again
    with pytest.raises(NotThere) as missing:
        telfin.recording("85001-../../x")
    assert missing.value.again
    assert telfin.past("0" * 32) is None
    assert telfin.present() == {f"1111*{name}": True for name in ("101", "102", "103")}


def test_the_history_is_read_page_by_page(telfin: TelfinProvider, pbx: FakePbx, clock: MovableClock) -> None:
    begun = clock.now()
    for number in range(120):
        pbx.behave("101", answers(after=1, talks=1))
        pbx.incoming(f"+7999000{number:04}", "101")
        pbx.advance(3)
    pbx.internal("102", "103")
    pbx.faults = Faults(upper_call_uuid=True, comma_in_time=True)
    pbx.settle()
    found = list(telfin.history(begun, clock.now()))
    assert [p.number for p in found] == [f"+7999000{number:04}" for number in range(120)]
