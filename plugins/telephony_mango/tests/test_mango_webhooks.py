"""What Mango Office tells: signatures, events, and whatever else comes to the address."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import Forbidden
from crmkit_telephony import EventType
from crmkit_telephony_mango.parsing import events_of, read
from crmkit_telephony_mango.signing import opened, sign, signed
from crmkit_telephony_mango.simulator import MangoSimulator

KEY, SALT = "mango-key", "mango-salt"
TOLD = {"entry_id": "e", "call_id": "e/1", "seq": 1, "call_state": "Appeared", "location": "abonent", "from": {"number": "+79991234567"},
        "to": {"extension": "101", "line_number": "74950000000"}}  # fmt: skip


@pytest.fixture
def crm_database() -> str:
    return "sqlite"


def test_the_signature_is_of_the_text_as_it_is_written():
    assert sign("a", "{}", "b") == hashlib.sha256(b"a{}b").hexdigest()
    for text in ('{"a":1}', '{ "a": 1 }', '{"имя":"+7"}'):
        form = {"vpbx_api_key": KEY, "sign": sign(KEY, text, SALT), "json": text}
        assert opened(urlencode(form).encode(), KEY, SALT) == text


def test_a_plus_that_was_not_encoded_is_read_as_it_was_signed(hear):
    text = json.dumps({**TOLD, "note": "a b"})
    body = f"vpbx_api_key={KEY}&sign={sign(KEY, text, SALT)}&json={quote(text, safe='+')}".encode()
    assert b"+7999" in body
    assert [e.number for e in hear(body)] == ["+79991234567"]


def test_what_was_not_signed_by_them_is_refused(hear):
    good = signed(KEY, SALT, TOLD)
    wrong: list[dict[str, str]] = [
        {**good, "sign": ""}, {**good, "sign": sign(KEY, good["json"], "")}, {**good, "vpbx_api_key": "other"},
        {**good, "json": good["json"] + " "}, {"json": good["json"]}, {}, {**good, "sign": "я" * 64},
    ]  # fmt: skip
    for form in wrong:
        with pytest.raises(Forbidden):
            hear(urlencode(form).encode())
    with pytest.raises(Forbidden):
        hear(b"\xff\x00&&=&json=%zz%ff")
    assert opened(urlencode({"sign": sign("", "{}", ""), "json": "{}"}).encode(), "", "") is None  # a CRM without a key hears nobody


def types(mango: MangoSimulator, hear) -> list[EventType]:
    return [e.type for m in mango.sent for e in hear(m.body, m.path)]


def test_an_incoming_call_through_menu_and_queue(mango: MangoSimulator, hear, clock):
    call = mango.incoming("79991234567")
    menu = call.machine().connect()
    queue = call.machine("queue")
    menu.disconnect()
    leg = call.ring("101", taken_from=queue)
    queue.disconnect()
    leg.connect().hold()
    leg.connect()
    leg.disconnect()
    assert types(mango, hear) == [
        EventType.INITIATED, EventType.INITIATED, EventType.INITIATED, EventType.LEG_ENDED, EventType.AGENT_RINGING, EventType.LEG_ENDED,
        EventType.ANSWERED, EventType.HELD, EventType.ANSWERED, EventType.LEG_ENDED,
    ]  # fmt: skip
    [rings] = hear(mango.sent[4].body)
    assert (rings.call, rings.leg, rings.control, rings.order, rings.extension) == (call.entry_id, leg.call_id, leg.call_id, 1, "101")
    assert (rings.incoming, rings.internal, rings.number, rings.our_number, rings.at) == (True, False, "79991234567", "74950000000", clock.now())
    assert rings.outcome is None
    assert rings.raw == mango.sent[4].told


def test_a_callback_rings_first_at_the_colleagues(mango: MangoSimulator, hear):
    call = mango._begin("79991234567", mango.line, "ref-1")
    first = call.placed("101")
    first.connect()
    client = call.legs[1]
    client.connect()
    call.hang_up()
    told = [e for m in mango.sent for e in hear(m.body)]
    assert [e.type for e in told] == [
        EventType.AGENT_RINGING, EventType.AGENT_ANSWERED, EventType.CLIENT_RINGING, EventType.ANSWERED, EventType.LEG_ENDED, EventType.LEG_ENDED,
    ]  # fmt: skip
    assert {(e.reference, e.incoming, e.internal, e.extension) for e in told} == {("ref-1", False, False, "101")}
    assert [e.number for e in told[:4]] == [None, None, "79991234567", "79991234567"]


def test_a_call_dialled_by_hand(mango: MangoSimulator, hear):
    mango.outgoing("101", "79991234567").connect().disconnect()
    told = [e for m in mango.sent for e in hear(m.body)]
    assert [e.type for e in told] == [EventType.CLIENT_RINGING, EventType.ANSWERED, EventType.LEG_ENDED]
    assert {(e.incoming, e.extension, e.number, e.our_number) for e in told} == {(False, "101", "79991234567", "74950000000")}


def test_colleagues_among_themselves_talk_to_no_client(mango: MangoSimulator, hear):
    mango.internal("101", "102").connect().hold().disconnect()
    told = [e for m in mango.sent for e in hear(m.body)]
    assert [e.type for e in told] == [EventType.AGENT_RINGING, EventType.AGENT_ANSWERED, EventType.UNKNOWN, EventType.LEG_ENDED]
    assert {(e.internal, e.incoming, e.number) for e in told} == {(True, None, None)}


def test_a_recording_belongs_to_its_call(mango: MangoSimulator, hear):
    call = mango.incoming("79991234567")
    key = mango.recorded(call)
    [told] = hear(mango.sent[-1].body, "events/recording")
    assert (told.type, told.call, told.recording) == (EventType.RECORDING_READY, call.entry_id, key)
    for without in ("entry_id", "recording_id", "recording_state"):
        [odd] = hear({k: v for k, v in mango.sent[-1].told.items() if k != without}, "events/recording")
        assert odd.type is EventType.UNKNOWN


def test_the_same_thing_told_twice_has_one_key_and_another_thing_another(mango: MangoSimulator, hear):
    call = mango.incoming("79991234567")
    leg = call.ring("101").connect()
    leg.hold()
    leg.connect()
    call.hang_up()
    mango.recorded(call)
    keys = [[e.key for e in hear(m.body, m.path)] for m in mango.sent]
    assert keys == [[e.key for e in hear(m.body, m.path)] for m in mango.sent]
    assert len({k for ks in keys for k in ks}) == len(mango.sent)


ODD: list[dict[str, object]] = [
    {"call_state": "Parked"}, {"call_state": None}, {"location": "moon", "call_state": "Flying"}, {"seq": None}, {"seq": "x"}, {"seq": 10**30},
    {"seq": True}, {"from": None}, {"from": "79"}, {"to": []}, {"from": {"extension": {"a": 1}}}, {"entry_id": None}, {"entry_id": ["x"]},
    {"call_id": ""}, {"call_id": "x" * 5000}, {"entry_id": "я" * 5000, "call_id": "\ud800"}, {"from": {"number": "9" * 900}}, {"command_id": 5},
]  # fmt: skip


def test_odd_messages_are_kept_and_never_an_error(hear):
    for told in ODD:
        [event] = hear({**TOLD, **told})
        assert len(event.key) <= 200, told
        assert len(event.call) <= 160, told
        assert len(event.leg or "") <= 160, told
        assert len(event.number or "") <= 60, told


def test_what_no_database_can_keep_is_left_out(hear):
    text = json.dumps({**TOLD, "call_id": "a\0\ud800b", "x\0": ["\udfff"]}).replace('"seq": 1', '"seq": 1e999, "nan": NaN')
    form = {"vpbx_api_key": KEY, "sign": sign(KEY, text, SALT), "json": text}
    [event] = hear(urlencode(form).encode())
    assert (event.leg, event.raw["x"], event.raw["seq"], event.raw["nan"]) == ("a?b", ["?"], "1e999", "NaN")
    json.dumps(event.raw, allow_nan=False, ensure_ascii=False).encode()


def test_other_addresses_and_other_texts_are_kept_unread(hear):
    for path, told in (("events/summary", TOLD), ("", TOLD), ("events/call", []), ("events/call", 5), ("events/dtmf", {"dtmf": "1"})):
        [event] = hear(told, path)
        assert event.type is EventType.UNKNOWN
    for text in ("", "no json", "[" * 100_000, '{"a":'):
        form = {"vpbx_api_key": KEY, "sign": sign(KEY, text, SALT), "json": text}
        [event] = hear(urlencode(form).encode())
        assert event.type is EventType.UNKNOWN


ENDS = ["extension", "number", "line_number", "acd_group", "taken_from_call_id"]
PARTY = st.dictionaries(st.sampled_from(ENDS), st.text() | st.integers() | st.none())
FIELDS = st.fixed_dictionaries({}, optional={
    "entry_id": st.text() | st.integers() | st.none(), "call_id": st.text() | st.none(), "seq": st.integers() | st.text() | st.floats(),
    "call_state": st.sampled_from(["Appeared", "Connected", "OnHold", "Disconnected"]) | st.text() | st.lists(st.text()),
    "location": st.sampled_from(["ivr", "queue", "abonent"]) | st.text() | st.dictionaries(st.text(), st.text()), "from": PARTY | st.text(),
    "to": PARTY | st.none(), "command_id": st.text() | st.booleans(), "recording_id": st.text(), "recording_state": st.text(), "x": st.text(),
})  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=FIELDS | st.lists(st.text()) | st.text(), path=st.sampled_from(["events/call", "events/recording", ""]))
def test_whatever_is_signed_is_heard(clock, told, path):
    events = events_of(path, read(json.dumps(told)), clock.now())
    assert len(events) == 1
    assert len(events[0].key) <= 200


@settings(max_examples=20)
@given(body=st.binary(max_size=300))
def test_whatever_is_sent_is_no_error(body):
    assert opened(body, KEY, SALT) is None
