"""The eighteen traps of Telfin's API and webhooks, each where it was seen; two more files have those of subscriptions and limits."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from crmkit import Crm, MovableClock
from crmkit_telephony import CallEvent, EventType, Heard, Outcome, ProviderError
from crmkit_telephony_telfin import TelfinProvider
from crmkit_telephony_telfin.fake import FakePbx, Faults, answers, busy, ignores

from .conftest import CLIENT, HOOK, MONDAY, Post, received

FIELDS = {
    "EventType": "dial-in", "EventTime": "1773651600000000", "CallID": "ab" * 16, "SubCallID": "85001-" + "cd" * 16,
    "CallAPIID": "3580000000-abababab-abab-abab-abab-abababababab", "CallFlow": "in", "CallStatus": "CALLING", "CalledDID": "74950000000",
    "CalledNumber": "1111*101", "CalledExtension": "1111*101@sipproxy.telphin.ru", "CalledExtensionID": "85001", "CallerIDNum": "+79990000001",
    "CallerIDName": "+79990000001", "CallerExtensionID": "96000", "CallerExtension": "1111*887@sipproxy.telphin.ru",
}  # fmt: skip


@pytest.fixture
def crm_database() -> str:
    """What is said over the wire is the same on both; what is kept is tried on both by the suite, the set-up and the day of calls."""
    return "sqlite"


@pytest.fixture
def hear(telfin: TelfinProvider) -> Callable[..., CallEvent]:
    """Read a webhook, given as changes of one that was seen."""

    def one(**fields: str | None) -> CallEvent:
        form = {name: value for name, value in (FIELDS | fields).items() if value is not None}
        return telfin.receive(received(urlencode(form).encode())).events[-1]

    return one


def test_1_durations_are_microseconds_in_webhooks_and_seconds_in_the_history(
    telfin: TelfinProvider, pbx: FakePbx, post: Post, hear: Callable[..., CallEvent]
) -> None:
    event = hear(EventType="hangup", CallStatus="ANSWER", Duration="11420018")
    assert (event.at, event.talked) == (MONDAY, dt.timedelta(seconds=11, microseconds=420018))
    pbx.behave("101", answers(after=3, talks=42))
    call = pbx.incoming(CLIENT, "101")
    pbx.settle()
    past = telfin.past(call.call_id)
    assert past is not None
    assert post.events[-1].talked == dt.timedelta(seconds=42) == past.ended_at - (past.answered_at or past.ended_at)
    for moment in ("", "soon", "-5", "9" * 30, "1"):  # a moment out of this world is the moment we heard
        assert hear(EventTime=moment).at == pbx.clock.now()


def test_2_the_direction_in_any_case(hear: Callable[..., CallEvent], telfin: TelfinProvider, pbx: FakePbx) -> None:
    assert [hear(EventType="answer", CallFlow=flow).incoming for flow in ("in", "IN", "Out", "out")] == [True, True, False, False]
    pbx.faults = Faults(upper_call_flow=True)
    pbx.incoming(CLIENT, "101")
    assert [active.incoming for active in telfin.active_calls()] == [True]


def test_3_a_call_has_one_key_in_any_case(telfin: TelfinProvider, pbx: FakePbx, post: Post, place: Callable[..., str]) -> None:
    pbx.faults = Faults(upper_call_uuid=True)
    pbx.behave(CLIENT, answers(after=1, talks=1))
    key = place()
    pbx.settle()
    past = telfin.past(key)
    assert past is not None
    assert {past.call_key, *(e.call for e in post.events)} == {key}
    assert [p.call_key for p in telfin.history(MONDAY, pbx.clock.now())] == [key]


def test_4_a_comma_in_a_moment(telfin: TelfinProvider, pbx: FakePbx, clock: MovableClock) -> None:
    clock.forward(seconds=0.6)
    pbx.faults = Faults(comma_in_time=True)
    pbx.incoming(CLIENT, "101")
    (active,) = telfin.active_calls()
    assert active.began_at == clock.now()


def test_5_a_recording_nobody_named(telfin: TelfinProvider, pbx: FakePbx, post: Post) -> None:
    pbx.faults = Faults(missing_rec_id=True)
    pbx.behave("101", answers(after=3, talks=5))
    call = pbx.incoming(CLIENT, "101")
    pbx.settle()
    assert post.events[-1].recording is None
    past = telfin.past(call.call_id)
    assert past is not None
    assert past.recording == call.roles("agent")[0].record_uuid
    assert b"".join(telfin.recording(past.recording or "").pieces)


def test_6_several_legs_of_one_call(pbx: FakePbx, post: Post, telfin: TelfinProvider) -> None:
    pbx.behave("101", answers(after=5, talks=60))
    pbx.behave("102", ignores())
    call = pbx.incoming(CLIENT, ["101", "102"])
    pbx.advance(10)
    assert len({e.leg for e in post.events}) == 2
    ended = [e for e in post.events if e.type is not EventType.AGENT_RINGING and e.extension == "1111*102"]
    assert [e.type for e in ended] == [EventType.LEG_ENDED]  # answered elsewhere: the call goes on
    assert call.ended_at is None
    assert EventType.ENDED not in {e.type for e in post.events}


def test_7_a_queue_rings_the_same_leg_again(telfin: TelfinProvider, pbx: FakePbx, post: Post) -> None:
    pbx.faults = Faults(same_leg_in_queue=True)
    pbx.behave("101", ignores(), answers(after=3, talks=5))
    pbx.behave("102", ignores())
    pbx.behave(CLIENT, answers())  # waits a minute
    pbx.incoming(CLIENT, "900")
    pbx.settle()
    rings = [e for e in post.events if e.type is EventType.AGENT_RINGING and e.extension == "1111*101"]
    assert len(rings) == 2
    assert rings[0].leg == rings[1].leg
    assert rings[0].key != rings[1].key  # two things, not one told twice


def test_8_a_hang_up_overtakes_and_everything_comes_twice(telfin: TelfinProvider, pbx: FakePbx, post: Post, place: Callable[..., str]) -> None:
    pbx.faults = Faults(disordered=True)
    pbx.behave(CLIENT, busy())
    place()
    pbx.settle()
    assert post.kinds() == ["ended", "client_ringing"]
    assert post.events[0].at > post.events[1].at  # when it happened is told by the moment, not by the order
    post.events.clear()
    pbx.faults = Faults(repeated=True)
    place()
    pbx.settle()
    assert len(post.events) == 4
    assert len({e.key for e in post.events}) == 2


def test_9_two_kinds_of_429(telfin: TelfinProvider, pbx: FakePbx, clock: MovableClock) -> None:
    pbx.trip("call_history", "stats_busy")
    with pytest.raises(ProviderError, match="busy with another question") as busy:
        telfin.past("ab" * 16)
    assert (busy.value.again, busy.value.after) == (True, dt.timedelta(seconds=10))
    assert telfin.past("ab" * 16) is None  # the next question is answered
    clock.forward(minutes=20)
    pbx.trip("current_calls", "rate_limit")
    with pytest.raises(ProviderError, match="requests an hour is used up; it goes on at 10:00") as over:
        telfin.active_calls()
    assert (over.value.again, over.value.after) == (True, dt.timedelta(minutes=40))
    asked = len(pbx.api.asked)
    with pytest.raises(ProviderError, match="used up"):
        telfin.active_calls()
    assert len(pbx.api.asked) == asked  # nobody is asked before the hour is over
    assert telfin.full_until() == clock.now() + dt.timedelta(minutes=40)  # the dialer waits
    clock.forward(minutes=40)
    assert telfin.full_until() is None
    assert telfin.active_calls() == []


def test_9_questions_are_gathered_once_the_requests_go_faster_than_the_hour(telfin: TelfinProvider, pbx: FakePbx, clock: MovableClock) -> None:
    pbx.faults = Faults(hourly_limit=1000)
    telfin.active_calls()
    assert telfin.gathers() == dt.timedelta(0)
    pbx.spend(400)  # by another application
    telfin.active_calls()
    assert telfin.gathers() == dt.timedelta(seconds=1)
    clock.forward(minutes=40)
    assert telfin.gathers() == dt.timedelta(0)


def test_10_a_token_dies_before_its_time(telfin: TelfinProvider, pbx: FakePbx, clock: MovableClock, place: Callable[..., str]) -> None:
    pbx.faults = Faults(missing_expires_in=True)
    telfin.active_calls()
    pbx.faults = Faults(expires_in_as_text=True)
    pbx.revoke_tokens()
    place()
    assert [status for name, status in pbx.api.asked if name == "callback"] == [401, 201]
    assert len(pbx.truth) == 1
    clock.forward(minutes=59, seconds=30)  # shortly before its end it is renewed without being refused
    telfin.active_calls()
    assert [status for name, status in pbx.api.asked if name == "token"] == [200, 200, 200]
    pbx.trip("current_calls", "expired_token", times=2)
    with pytest.raises(ProviderError, match="App Secret"):
        telfin.active_calls()


def test_11_gzip_asked_for_and_undeclared(telfin: TelfinProvider, pbx: FakePbx) -> None:
    plain = httpx.Client(transport=pbx.transport(), base_url=pbx.base_url, headers={"Accept-Encoding": "identity"})
    assert plain.get("/api/ver1.0/user/").status_code == 406
    assert telfin.present()

    def undeclared(request: httpx.Request) -> httpx.Response:
        answer = pbx.transport().handle_request(request)
        del answer.headers["Content-Encoding"]
        answered = pbx.api.handle  # the body as it came over the wire
        assert answered
        return answer

    telfin.client.through(httpx.MockTransport(undeclared))
    assert telfin.present()


def test_12_extensions_and_numbers_in_all_their_forms(hear: Callable[..., CallEvent], telfin: TelfinProvider, pbx: FakePbx, post: Post) -> None:
    for given in ("79990000001", "+79990000001", "89990000001", "+79990000001@sipproxy.telphin.ru"):
        assert hear(CallerIDNum=given).number == given.partition("@")[0]
    for called in ({"CalledNumber": "1111*101@sipproxy.telphin.ru"}, {"CalledExtension": None}, {"CalledNumber": "101", "CalledExtension": None}):
        assert hear(**called).extension in ("1111*101", "101")
    pbx.faults = Faults(domain_suffix=True, bare_numbers=True)
    pbx.incoming(CLIENT, "101")
    pbx.run_due()
    assert (post.events[-1].number, post.events[-1].extension, post.events[-1].device) == ("79990000001", "1111*101", "85001")


def test_13_a_plus_nobody_encoded(telfin: TelfinProvider, pbx: FakePbx, post: Post) -> None:
    pbx.faults = Faults(literal_plus=True)
    pbx.incoming(CLIENT, "101")
    pbx.run_due()
    assert b"CallerIDNum=+7999" in post.raw[-1][1]
    assert post.events[-1].number == CLIENT


def test_14_calls_between_colleagues(telfin: TelfinProvider, pbx: FakePbx, post: Post, hear: Callable[..., CallEvent]) -> None:
    pbx.internal("101", "102")
    pbx.settle()
    assert len(post.events) > 3
    assert all(e.internal for e in post.events)
    assert hear(CallerIDNum="1111*102").internal
    assert not hear(CallerIDNum="1111*102", RemoteNumber=CLIENT).internal  # a client who is handed over
    assert list(telfin.history(MONDAY, pbx.clock.now())) == []


def test_15_what_nobody_has_heard_of_is_kept(telfin: TelfinProvider, pbx: FakePbx, post: Post, hear: Callable[..., CallEvent]) -> None:
    pbx.faults = Faults(unknown_events=True, interactive_events=True)
    pbx.incoming(CLIENT, "101")
    pbx.run_due()
    assert post.kinds() == ["agent_ringing", "unknown", "unknown"]
    assert post.events[1].raw["EventType"] == "something-new"
    assert [h.status for h in post.heard] == [200, 200, 200]
    assert post.heard[2] == Heard(
        events=[post.events[2]], content_type="text/xml", answer='<?xml version="1.0" encoding="UTF-8"?><Response></Response>')
    assert {hear(EventType=kind).type for kind in ("", "DIAL-IN", "voicemail", "message-in", "agent-login")} == {EventType.UNKNOWN}
    ended = hear(EventType="hangup", CallStatus="SOMETHING")
    assert (ended.type, ended.outcome, ended.talked) == (EventType.LEG_ENDED, None, None)  # out of it for sure, how nobody knows


def test_16_subscriptions_of_others_survive(telfin: TelfinProvider, pbx: FakePbx) -> None:
    theirs = [pbx.foreign("101"), pbx.foreign("900"), pbx.subscribe("101", "https://crm.example/other/hook/s3cret/phone", "hangup")]
    telfin.subscriptions.align([("1111*101", "85001"), ("102", None)], HOOK)
    ours = {(s.extension_id, s.event_type) for s in pbx.webhooks.subscriptions.values() if s.url.startswith(HOOK)}
    phones = set(itertools.product((85001, 85002), ("dial-in", "dial-out", "answer", "hangup")))
    assert ours == phones | {(85004, "dial-in"), (85004, "hangup")}
    telfin.subscriptions.align([], HOOK.replace("s3cret", "another"))
    left = [s for s in pbx.webhooks.subscriptions.values() if s.extension_id != 85004]
    assert left == [theirs[0], theirs[2]]
    assert theirs[1] in pbx.webhooks.subscriptions.values()


def test_17_secrets_reach_no_log(telfin: TelfinProvider, pbx: FakePbx, crm: Crm, caplog: pytest.LogCaptureFixture, post: Post) -> None:
    with caplog.at_level(logging.DEBUG):
        telfin.subscriptions.align([("101", None)], HOOK)
        pbx.trip("*", "server_error", times=3)
        for _attempt in range(2):
            with pytest.raises(ProviderError) as error:
                telfin.active_calls()
            caplog.messages.append(f"{error.value} {error.value!r} {error.value.__cause__!r}")
        pbx.incoming(CLIENT, "101")
        pbx.run_due()
    said = " ".join(caplog.messages) + repr(telfin.settings) + " ".join(repr(e.raw) for e in post.events)
    assert "s3cret" not in said
    assert "fake-secret" not in said
    assert telfin.client._token not in said


@pytest.mark.parametrize("first_leg_tells", [False, True])
def test_18_a_colleague_who_does_not_pick_up_is_no_client_who_does_not(
    telfin: TelfinProvider, pbx: FakePbx, post: Post, place: Callable[..., str], first_leg_tells: bool
) -> None:
    pbx.faults = Faults(dial_in_for_callbacks=first_leg_tells)
    pbx.behave("101", ignores())
    key = place()
    pbx.settle()
    assert pbx.truth.of(key).outcome == "agent_no_answer"
    ends = [(e.type, e.outcome, e.incoming) for e in post.events]
    assert ends == ([(EventType.AGENT_RINGING, None, False), (EventType.ENDED, Outcome.AGENT_NO_ANSWER, False)] if first_leg_tells else [])
    past = telfin.past(key)
    assert past is not None
    assert (past.outcome, past.incoming) == (Outcome.AGENT_NO_ANSWER, False)
    pbx.behave("101", answers(after=3))
    pbx.behave(CLIENT, ignores())
    key = place()
    pbx.settle()
    past = telfin.past(key)  # nobody has kept what the webhooks said: the history must do
    assert past is not None
    assert past.outcome is Outcome.NO_ANSWER
    assert [e.outcome for e in post.events if e.call == key and e.type is EventType.ENDED] == [Outcome.NO_ANSWER]
    assert {e.incoming for e in post.events} <= {False}
    assert EventType.ANSWERED not in {e.type for e in post.events}


def test_the_first_leg_is_recognised_before_telfin_has_answered(telfin: TelfinProvider, pbx: FakePbx, post: Post, place: Callable[..., str]) -> None:
    pbx.faults = Faults(dial_in_for_callbacks=True)
    early: list[Any] = []

    def send(url: str, body: bytes, headers: dict[str, str]) -> int:
        early.append((url, body))
        return 200

    pbx.deliver_to(send)
    pbx.trip("callback", "slow")
    with pytest.raises(ProviderError):
        place(reference="crm-7")
    pbx.run_due()
    (event,) = telfin.receive(received(early[0][1])).events
    assert (event.type, event.incoming, event.reference, event.number) == (EventType.AGENT_RINGING, False, "crm-7", CLIENT)
    pbx.deliver_to(post)
    pbx.incoming(CLIENT, "102")  # the same client calls somebody else meanwhile
    pbx.run_due()
    assert (post.events[-1].incoming, post.events[-1].reference) == (True, None)


