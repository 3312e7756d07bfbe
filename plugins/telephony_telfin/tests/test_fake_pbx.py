"""The fake PBX does what is known of the real one."""

from __future__ import annotations

import datetime as dt
import random
from urllib.parse import parse_qsl

import attrs
import httpx
import pytest

from crmkit import MovableClock
from crmkit_telephony_telfin.fake import (
    Extension,
    FakePbx,
    Faults,
    answers,
    busy,
    by_hand,
    ignores,
    invalid,
    rejects,
    unavailable,
    voicemail,
)

MONDAY = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)
CLIENT = "+79990000001"
API = "/api/ver1.0"
HOOK = "https://crm.example/hook"


@attrs.define(eq=False)
class Stage:
    """A PBX, a client of its API with a token, and what it was told by webhooks."""

    pbx: FakePbx
    client: httpx.Client
    hooks: list[dict[str, str]] = attrs.field(factory=list)
    bodies: list[bytes] = attrs.field(factory=list)

    def receive(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.bodies.append(body)
        self.hooks.append(dict(parse_qsl((body or url.partition("?")[2].encode()).decode(), keep_blank_values=True)))
        return 200

    def log_in(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": self.pbx.app_id, "client_secret": self.pbx.app_secret}
        token = self.client.post("/oauth/token", data=form).json()["access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, **more) -> httpx.Response:
        return self.client.request(method, API + path, **more)

    def call(self, number: str = CLIENT, extension: int = 85001, **more) -> str:
        body = {"src_num": ["1111*101"], "dst_num": number} | more
        answer = self.ask("POST", f"/extension/{extension}/callback/", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["call_id"]

    @property
    def events(self) -> list[tuple[str, str]]:
        return [(hook["EventType"], hook["CallStatus"]) for hook in self.hooks]

    def listen(self, method: str = "POST") -> None:
        for extension in self.pbx.extensions:
            for kind in ("dial-in", "dial-out", "answer", "hangup"):
                self.pbx.subscribe(extension.name, f"{HOOK}/{kind}", kind, method)


def make(faults: Faults | None = None, **more) -> Stage:
    queue = Extension("900", type="queue", members=("101", "102"))
    pbx = FakePbx(MovableClock(MONDAY), extensions=["101", "102", "103", queue], faults=faults, **more)
    stage = Stage(pbx, httpx.Client(transport=pbx.transport(), base_url=pbx.base_url))
    pbx.deliver_to(stage.receive)
    stage.log_in()
    stage.listen()
    return stage


@pytest.fixture
def stage() -> Stage:
    return make()


# The callback


def test_a_callback_rings_the_agent_first_and_tells_dial_out_answer_and_hangup(stage):
    stage.pbx.behave("101", answers(after=2))
    stage.pbx.behave(CLIENT, answers(after=7.5, talks=11.42))
    call_id = stage.call()
    stage.pbx.advance(1.9)
    assert stage.hooks == []
    assert [leg.role for leg in stage.pbx.ringing()] == ["agent"]
    stage.pbx.settle()
    assert stage.events == [("dial-out", "CALLING"), ("answer", "ANSWER"), ("hangup", "ANSWER")]
    first, _second, last = stage.hooks
    assert {hook["CallID"] for hook in stage.hooks} == {call_id}
    assert len({hook["SubCallID"] for hook in stage.hooks}) == 1
    assert first["SubCallID"].startswith("85001-")
    assert first["CallAPIID"].startswith("3580000000-")
    assert first["CallAPIID"].count("-") == 5
    assert first["EventTime"] == str(int((MONDAY + dt.timedelta(seconds=2)).timestamp()) * 1_000_000)
    assert first["CalledNumber"] == CLIENT
    assert first["CallerIDNum"] == "1111*101"
    assert first["CallerExtension"] == "1111*101@sipproxy.telphin.ru"
    assert first["CallerExtensionID"] == "85001"
    assert "CalledExtension" not in first
    assert "Duration" not in first
    assert last["Duration"] == "11420000"
    assert last["RecID"].startswith("85001-")
    call = stage.pbx.truth.of(call_id)
    assert (call.outcome, call.ended_by) == ("answered", "client")
    assert call.client_rang_at == MONDAY + dt.timedelta(seconds=2)


@pytest.mark.parametrize(
    "behaviour, status, outcome, result",
    [
        (busy(), "BUSY", "busy", "busy"),
        (rejects(), "BUSY", "rejected", "rejected"),
        (invalid(), "CONGESTION", "invalid_number", "failed"),
        (unavailable(), "CHANUNAVAIL", "unavailable", "failed"),
        (ignores(), "NOANSWER", "no_answer", "not answered"),
        (voicemail(), "ANSWER", "voicemail", "bridged"),
    ],
)
def test_how_a_call_may_end(stage, behaviour, status, outcome, result):
    stage.pbx.behave(CLIENT, behaviour)
    call_id = stage.call()
    stage.pbx.settle()
    assert stage.events[-1] == ("hangup", status)
    assert stage.pbx.truth.of(call_id).outcome == outcome
    found = stage.ask("GET", f"/client/@me/call_history/{call_id}").json()
    assert found["result"] == result
    assert found["cdr"][0]["application"] == "callback"


@pytest.mark.parametrize("behaviour", [ignores(), busy(), rejects(), unavailable()])
def test_an_agent_who_does_not_pick_up_leaves_the_client_alone(stage, behaviour):
    stage.pbx.behave("101", behaviour)
    call_id = stage.call()
    stage.pbx.settle()
    assert stage.hooks == []
    assert stage.pbx.truth.of(call_id).outcome == "agent_no_answer"
    assert stage.pbx.truth.of(call_id).client_rang_at is None


def test_all_sources_ring_at_once_and_the_first_gets_the_call(stage):
    stage.pbx.behave("101", answers(after=5))
    stage.pbx.behave("102", answers(after=3))
    stage.pbx.behave(CLIENT, answers(after=1, talks=5))
    call_id = stage.call(src_num=["1111*101", "102"])
    stage.pbx.advance(1)
    assert {leg.party for leg in stage.pbx.ringing()} == {"1111*101", "1111*102"}
    stage.pbx.settle()
    assert stage.hooks[0]["CallerIDNum"] == "1111*102"
    assert [leg.elsewhere for leg in stage.pbx.truth.of(call_id).legs] == [True, False, False]


def test_the_history_counts_as_a_real_callback_did(stage):
    """Init 16:29:38, bridged 16:29:52, hangup 16:30:16: the talk is 24 seconds long, and the cdr begins with the answer."""
    stage.pbx.behave("101", answers(after=1))
    stage.pbx.behave(CLIENT, answers(after=13, talks=24))
    call_id = stage.call()
    stage.pbx.settle()
    found = stage.ask("GET", f"/client/90001/call_history/{call_id}").json()
    assert (found["init_time_gmt"], found["start_time_gmt"]) == ("2026-03-16 09:00:00", "2026-03-16 09:00:01")
    assert (found["bridged_time_gmt"], found["hangup_time_gmt"]) == ("2026-03-16 09:00:14", "2026-03-16 09:00:38")
    assert (found["duration"], found["bridged_duration"]) == (37, 24)
    leg = found["cdr"][0]
    assert (leg["init_time_gmt"], leg["start_time_gmt"], leg["duration"]) == (
        "2026-03-16 09:00:00.00",
        "2026-03-16 09:00:14",
        24,
    )
    assert leg["record_file_size"] == pytest.approx(48_000, rel=0.01)


# Call control


def test_current_calls_and_call_control(stage):
    stage.pbx.behave(CLIENT, answers(after=3))
    call_id = stage.call()
    stage.pbx.advance(4)
    (item,) = stage.ask("GET", "/client/@me/current_calls/").json()["call_list"]
    assert item["callback_id"] == call_id
    assert item["answer_time_gmt"] is None
    assert item["called_number"] == CLIENT
    assert item["init_time_gmt"] == "2026-03-16 09:00:00.00"
    stage.pbx.advance(2)
    (item,) = stage.ask("GET", "/extension/85001/current_calls/").json()["call_list"]
    assert item["answer_time_gmt"] == "2026-03-16 09:00:05"
    handle = f"/extension/85001/current_calls/{item['call_api_id']}"
    assert stage.ask("PUT", handle, json={"action": "hold"}).status_code == 400  # send_dst is required
    assert stage.ask("PUT", handle, json={"action": "mute", "send_dst": ""}).status_code == 400
    assert stage.ask("PUT", handle, json={"action": "hold", "send_dst": ""}).status_code == 200
    assert [leg.held for leg in stage.pbx.talking() if leg.role == "client"] == [True]
    assert stage.ask("PUT", handle, json={"action": "offhold", "send_dst": ""}).status_code == 200
    assert stage.ask("DELETE", f"/extension/85001/current_calls/{call_id}").status_code == 404  # not by the callback's id
    assert stage.ask("DELETE", handle).status_code == 204
    assert stage.ask("DELETE", handle).status_code == 404
    stage.pbx.run_due()
    assert stage.events[-1] == ("hangup", "ANSWER")
    assert stage.pbx.truth.of(call_id).ended_by == "api"


def test_hanging_up_while_the_client_s_phone_rings_is_a_cancel(stage):
    stage.pbx.behave(CLIENT, ignores())
    stage.call()
    stage.pbx.advance(22)
    (item,) = stage.ask("GET", "/extension/85001/current_calls/").json()["call_list"]
    assert stage.ask("DELETE", f"/extension/85001/current_calls/{item['call_api_id']}").status_code == 204
    stage.pbx.run_due()
    assert stage.events == [("dial-out", "CALLING"), ("hangup", "CANCEL")]
    assert stage.hooks[-1]["Duration"] == "0"


def test_a_blind_transfer(stage):
    stage.pbx.behave(CLIENT, answers(after=1, talks=30))
    call_id = stage.call()
    stage.pbx.advance(10)
    (item,) = stage.ask("GET", "/extension/85001/current_calls/").json()["call_list"]
    path = f"/extension/85001/current_calls/{item['call_api_id']}"
    assert stage.ask("PUT", path, json={"action": "transfer", "send_dst": "1111*103"}).status_code == 200
    stage.pbx.settle()
    told = [(hook["EventType"], hook.get("CalledExtensionID"), hook["CallStatus"]) for hook in stage.hooks]
    assert told[2:] == [
        ("hangup", None, "ANSWER"),
        ("dial-in", "85003", "CALLING"),
        ("answer", "85003", "ANSWER"),
        ("hangup", "85003", "ANSWER"),
    ]
    assert stage.hooks[3]["RemoteNumber"] == CLIENT
    assert {hook["CallID"] for hook in stage.hooks} == {call_id}
    assert len({hook["SubCallID"] for hook in stage.hooks}) == 2


def test_an_attended_transfer_and_one_to_an_outside_number(stage):
    stage.pbx.behave(CLIENT, answers(after=1, talks=60))
    stage.pbx.behave("+79990000009", answers(after=1, talks=60))
    call = stage.pbx.truth.of(stage.call())
    stage.pbx.advance(10)
    (agent,) = [leg for leg in stage.pbx.talking() if leg.role == "agent"]
    stage.pbx.transfer(agent, "103", attended=True)
    stage.pbx.advance(5)
    assert agent.talking
    assert call.roles("client")[0].held
    stage.pbx.hang_up(agent)
    assert not call.roles("client")[0].held
    assert call.ended_at is None
    (colleague,) = [leg for leg in stage.pbx.talking() if leg.role == "agent"]
    stage.pbx.transfer(colleague, "+79990000009")
    stage.pbx.settle()
    transfered = [hook for hook in stage.hooks if hook.get("Transfered") == "yes"]
    assert [hook["EventType"] for hook in transfered] == ["dial-out", "answer", "hangup"]
    assert call.ended_at is not None


# Incoming


def test_a_queue_rings_several_phones_with_one_call_id(stage):
    stage.pbx.behave("101", answers(after=4))
    stage.pbx.behave("102", answers(after=9))
    call = stage.pbx.incoming(CLIENT, "900", behaviour=answers(talks=30))
    stage.pbx.settle()
    by_phone = [hook for hook in stage.hooks if hook["CalledExtensionID"] != "85004"]
    assert [(h["EventType"], h["CalledExtensionID"], h["CallStatus"]) for h in by_phone] == [
        ("dial-in", "85001", "CALLING"),
        ("dial-in", "85002", "CALLING"),
        ("hangup", "85002", "CANCEL"),
        ("answer", "85001", "ANSWER"),
        ("hangup", "85001", "ANSWER"),
    ]
    assert {hook["CallID"] for hook in stage.hooks} == {call.call_id}
    assert by_phone[0]["CalledDID"] == "74950000000"
    assert by_phone[0]["CallerExtension"].startswith("1111*900@")
    assert by_phone[0]["CallerIDNum"] == CLIENT
    assert [hook["Bridged"] for hook in stage.hooks if "Bridged" in hook] == ["yes"]
    cdr = stage.ask("GET", f"/client/@me/call_history/{call.call_id}").json()["cdr"]
    assert "answered elsewhere" in [leg["result"] for leg in cdr]


@pytest.mark.parametrize("same", [False, True])
def test_a_queue_rings_again_until_the_caller_gives_up(same):
    stage = make(Faults(same_leg_in_queue=same))
    for name in ("101", "102"):
        stage.pbx.behave(name, ignores())
    call = stage.pbx.incoming(CLIENT, "900", behaviour=attrs.evolve(ignores(), patience=60))
    stage.pbx.settle()
    own = [hook for hook in stage.hooks if hook["CalledExtensionID"] == "85001"]
    subs = {hook["SubCallID"] for hook in own if hook["EventType"] == "dial-in"}
    assert len([hook for hook in own if hook["EventType"] == "dial-in"]) == 3
    assert len(subs) == (1 if same else 3)
    assert [hook["CallStatus"] for hook in own if hook["EventType"] == "hangup"] == (["CANCEL"] if same else ["NOANSWER", "NOANSWER", "CANCEL"])
    assert [hook["Bridged"] for hook in stage.hooks if "Bridged" in hook] == ["no"]
    assert (call.outcome, call.ended_by) == ("no_answer", "client")


def test_an_internal_call_and_one_dialled_on_the_telephone(stage):
    stage.pbx.internal("101", "102")
    stage.pbx.advance(3)
    stage.pbx.hang_up(stage.pbx.talking()[0])
    stage.pbx.settle()
    assert {(hook["CallerIDNum"], hook["CalledNumber"]) for hook in stage.hooks} == {("1111*101", "1111*102")}
    assert sorted({hook["EventType"] for hook in stage.hooks}) == ["answer", "dial-in", "dial-out", "hangup"]
    stage.hooks.clear()
    stage.pbx.behave(CLIENT, busy())
    stage.pbx.outgoing("103", CLIENT)
    stage.pbx.settle()
    assert stage.events == [("dial-out", "CALLING"), ("hangup", "BUSY")]


def test_a_phone_in_use_is_busy(stage):
    stage.pbx.behave(CLIENT, answers(after=1, talks=600))
    stage.call()
    stage.pbx.advance(10)
    other = stage.pbx.truth.of(stage.call(src_num=["102"]))
    again = stage.pbx.truth.of(stage.call(number="+79990000002"))
    stage.pbx.advance(30)
    assert (other.outcome, again.outcome) == ("busy", "agent_no_answer")
    assert len(stage.pbx.truth.overlapping()) == 1  # and the ledger knows that one client was called twice at once


def test_people_answer_by_hand(stage):
    stage.pbx.behave("101", by_hand())
    stage.pbx.behave(CLIENT, by_hand())
    call = stage.pbx.truth.of(stage.call())
    stage.pbx.advance(5)
    stage.pbx.pick_up(stage.pbx.ringing()[0])
    stage.pbx.advance(5)
    stage.pbx.pick_up(stage.pbx.ringing()[0])
    stage.pbx.advance(5)
    stage.pbx.hang_up(stage.pbx.talking()[1])
    assert (call.outcome, call.ended_by) == ("answered", "client")


# Corners


def handle(stage: Stage) -> str:
    (item,) = stage.ask("GET", "/extension/85001/current_calls/").json()["call_list"]
    return f"/extension/85001/current_calls/{item['call_api_id']}"


def test_an_agent_at_an_outside_phone(stage):
    stage.pbx.behave("+79995550000", answers(after=2))
    stage.pbx.behave(CLIENT, answers(after=2, talks=5))
    call = stage.pbx.truth.of(stage.call(src_num=["+79995550000"]))
    stage.pbx.settle()
    assert stage.events == [("dial-out", "CALLING"), ("answer", "ANSWER"), ("hangup", "ANSWER")]
    assert stage.hooks[0]["CallerExtensionID"] == "85001"  # whose callback it was
    assert call.outcome == "answered"
    assert stage.pbx.switch.engaged == {}


def test_what_a_callback_may_ask_for(stage):
    stage.pbx.behave("101", ignores(), answers(after=1))
    stage.pbx.behave(CLIENT, answers(after=1))
    short = stage.pbx.truth.of(stage.call(wait_for_pickup=12))
    stage.pbx.settle()
    assert short.ended_at - short.began_at == dt.timedelta(seconds=12)
    limited = stage.pbx.truth.of(stage.call(call_duration=30))
    stage.pbx.settle()
    assert (limited.ended_by, limited.ended_at - limited.client_answered_at) == ("server", dt.timedelta(seconds=30))
    assert stage.ask("POST", "/extension/85001/callback/", json={"src_num": ["900"], "dst_num": CLIENT}).status_code == 400


def test_the_api_hangs_up_while_the_agent_s_phone_rings(stage):
    stage.pbx.behave("101", by_hand())
    call = stage.pbx.truth.of(stage.call())
    stage.pbx.advance(3)
    assert stage.ask("DELETE", handle(stage)).status_code == 204
    stage.pbx.settle()
    assert stage.hooks == []
    assert (call.outcome, call.ended_by) == ("agent_no_answer", "api")


def test_a_phone_that_is_not_plugged_in(stage):
    stage.pbx.extension("101").registered = False
    call = stage.pbx.truth.of(stage.call())
    stage.pbx.settle()
    assert (call.outcome, call.legs[0].status) == ("agent_no_answer", "CHANUNAVAIL")


def test_transfers_that_nobody_takes(stage):
    stage.pbx.behave(CLIENT, answers(after=1, talks=600))
    stage.pbx.behave("103", rejects(after=2))
    blind = stage.pbx.truth.of(stage.call())
    stage.pbx.advance(10)
    assert stage.ask("PUT", handle(stage), json={"action": "transfer", "send_dst": "103"}).status_code == 200
    stage.pbx.settle()
    assert blind.ended_by == "server"
    attended = stage.pbx.truth.of(stage.call())
    stage.pbx.advance(10)
    assert stage.ask("PUT", handle(stage), json={"action": "attended_transfer", "send_dst": "103"}).status_code == 200
    assert attended.roles("client")[0].held
    stage.pbx.advance(5)
    assert not attended.roles("client")[0].held  # the agent has the client back
    assert attended.ended_at is None


def test_a_voice_menu_and_phones_that_nobody_picks_up():
    menu = Extension("800", type="ivr", members=("101",))
    pbx = FakePbx(MovableClock(MONDAY), extensions=["101", "102", menu])
    pbx.behave("101", ignores())
    pbx.behave("102", ignores())
    first = pbx.incoming(CLIENT, "800", behaviour=attrs.evolve(ignores(), patience=30))
    pbx.settle()
    assert (first.outcome, first.ended_by, first.roles("agent")[0].status) == ("no_answer", "client", "CANCEL")
    second = pbx.incoming(CLIENT, ["101", "102"], behaviour=attrs.evolve(ignores(), patience=300))
    pbx.settle()
    assert (second.outcome, second.ended_by) == ("no_answer", "server")
    assert [leg.status for leg in second.roles("agent")] == ["NOANSWER", "NOANSWER"]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_people_do_every_call_ends_and_every_webhook_is_told_once(seed):
    dice = random.Random(seed)
    stage = make(Faults(same_leg_in_queue=0.5, dial_in_for_callbacks=seed % 2 == 1), seed=seed)
    pbx, numbers = stage.pbx, [f"+7903000000{n}" for n in range(6)]
    for name in ("101", "102", "103"):
        pbx.behave(name, dice.choice([answers(after=2), by_hand(), answers(after=9, talks=40)]))
    for _step in range(150):
        stage.log_in()
        deed = dice.randrange(8)
        legs = pbx.ringing() + pbx.talking()
        if deed == 0:
            stage.call(number=dice.choice(numbers), src_num=dice.sample(["101", "102", "103"], dice.randint(1, 2)))
        elif deed == 1:
            pbx.incoming(dice.choice(numbers), dice.choice(["900", "103"]))
        elif deed == 2:
            pbx.outgoing(dice.choice(["101", "102"]), dice.choice([*numbers, "103"]))
        elif deed == 3 and legs:
            pbx.hang_up(dice.choice(legs))
        elif deed == 4 and pbx.ringing():
            leg = dice.choice(pbx.ringing())
            if not (leg.role == "client" and leg.call.direction == "in"):
                dice.choice([pbx.pick_up, pbx.reject])(leg)
        elif deed == 5:
            for item in stage.ask("GET", "/client/@me/current_calls/").json()["call_list"][:1]:
                body = {"action": dice.choice(["transfer", "attended_transfer", "hold"]), "send_dst": dice.choice(["103", numbers[0]])}
                path = f"/extension/{item['extension_id']}/current_calls/{item['call_api_id']}"
                assert stage.ask("PUT", path, json=body).status_code in (200, 400)
        elif deed == 6:
            for item in stage.ask("GET", "/client/@me/current_calls/").json()["call_list"][:1]:
                path = f"/extension/{item['extension_id']}/current_calls/{item['call_api_id']}"
                assert stage.ask("DELETE", path).status_code == 204
        pbx.advance(dice.choice([0, 0.5, 3, 10]))
    for leg in pbx.ringing() + pbx.talking():
        pbx.hang_up(leg)
    pbx.settle(7200)
    for leg in pbx.talking():
        pbx.hang_up(leg)
    pbx.settle()
    switch = pbx.switch
    assert (pbx.truth.going_on(), switch.open_visits, switch.engaged, switch.taken, pbx.next_at) == ([], {}, {}, set(), None)
    assert not [leg for call in pbx.truth for leg in call.legs if leg.ended_at is None or leg.status is None]
    told: dict[str, list[str]] = {}
    for hook in stage.hooks:
        told.setdefault(hook["SubCallID"], []).append(hook["EventType"])
    for events in told.values():
        assert events[0].startswith("dial-")
        assert events[-1] == "hangup"
        assert events.count("hangup") == 1
        assert events.count("answer") <= 1
