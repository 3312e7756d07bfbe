"""From Telfin's request to a call: through the CRM's own address, in its worst forms too."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import Crm, Forbidden, Uow
from crmkit_telephony import Call, CallState, Direction, EventType, Heard, Line, Outcome, call, hang_up, hook_path, provider_named, take
from crmkit_telephony.tables import events as event_rows
from crmkit_telephony_telfin import TelfinProvider
from crmkit_telephony_telfin.fake import FakePbx, Faults, answers, ignores

from .conftest import CLIENT, SETTINGS, received

OWNER = 7
SEEN = (
    "dial-in", "dial-out", "answer", "hangup", "voicemail", "call_interactive", "in", "out", "ANSWER", "BUSY", "1111*101", "+79990000001",
    "85001-x", "yes", "no", "0", "-1", "1e9",
)  # fmt: skip
WORDS = st.one_of(st.sampled_from(SEEN), st.text(max_size=40))
NAMES = st.sampled_from((
    "EventType", "EventTime", "CallID", "SubCallID", "CallAPIID", "CallFlow", "CallStatus", "CalledNumber", "CallerIDNum", "CallerIDName", "x",
    "CalledDID", "CalledExtension", "CalledExtensionID", "CallerExtension", "CallerExtensionID", "Duration", "RecID", "Bridged", "Transfered",
    "RemoteNumber",
))  # fmt: skip
FORMS = st.dictionaries(NAMES, WORDS, max_size=12).map(lambda f: {"EventType": "hangup", "CallID": "ab", "SubCallID": "1-2"} | f)
BODIES = st.one_of(FORMS.map(lambda f: urlencode(f, errors="replace").encode()), st.binary(max_size=200), st.text(max_size=100).map(str.encode))


@pytest.fixture
def hooked(telfin: TelfinProvider, crm: Crm, pbx: FakePbx, client: Any, make: Any, deliver: Any) -> str:
    """Telfin and the CRM, connected as they are in life: by subscriptions that `align` made."""
    make(Line, provider="telfin", extension="1111*101", device="85001", owner_id=OWNER)
    make(Line, provider="telfin", extension="102", owner_id=8)

    def send(url: str, body: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(url)
        return int(client.post(f"{parts.path}?{parts.query}", content=body, headers=headers).status_code)

    pbx.deliver_to(send)
    deliver(until=crm.clock.now().replace(minute=1))
    with crm.uow() as uow:
        return hook_path(uow, "telfin")


def test_a_day_at_the_telephone(hooked: str, crm: Crm, pbx: FakePbx, uow: Uow, deliver: Callable[..., int]) -> None:
    """A call of ours is answered, another rings out, a client is missed; the hang-ups of one are lost, and it ends all the same."""
    pbx.faults = Faults.seen(stats_busy=0, lost=0, repeated=0.3)
    assert len([s for s in pbx.webhooks.subscriptions.values() if hooked in s.url]) == 10
    pbx.behave(CLIENT, answers(after=5, talks=60), ignores(), answers(after=5, talks=30))
    first = call(uow, CLIENT, user=OWNER)
    deliver()
    pbx.advance(15)
    t_any: Any = uow
    t_any.refresh()
    assert (first.state, first.direction) == (CallState.TALKING, Direction.OUT)
    pbx.advance(60)
    deliver(until=pbx.clock.now().replace(minute=4))
    t_any.refresh()
    assert (first.state, first.outcome, first.talked) == (CallState.ENDED, Outcome.ANSWERED, 60)
    assert first.recording == pbx.truth.of((first.key or "").partition(":")[2]).roles("agent")[0].record_uuid
    second = call(uow, CLIENT, user=OWNER)
    deliver()
    pbx.advance(20)
    t_any.refresh()
    assert second.state is CallState.RINGING
    hang_up(uow, second)
    deliver()
    pbx.run_due()
    t_any.refresh()
    assert (second.state, second.outcome) == (CallState.ENDED, Outcome.CANCELLED)
    pbx.faults = Faults(lost_hangups=True)
    third = call(uow, CLIENT, user=OWNER)
    deliver()
    pbx.settle()
    deliver(until=pbx.clock.now().replace(minute=12))
    t_any.refresh()
    assert (third.state, third.outcome, third.talked) == (CallState.ENDED, Outcome.ANSWERED, 30)
    pbx.faults = Faults()
    pbx.behave("101", ignores())
    pbx.behave("102", ignores())
    pbx.behave(CLIENT, answers())
    pbx.incoming(CLIENT, "900")
    pbx.settle()
    missed = uow.find(Call).where(Call.direction == Direction.IN).one()
    assert (missed.state, missed.outcome, missed.number) == (CallState.ENDED, Outcome.NO_ANSWER, CLIENT)
    assert uow.find(Call).count() == len(pbx.truth) == 4


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, get=st.booleans(), rest=st.sampled_from(("phone", "entrance", "", "../x")))
def test_a_fuzzer_finds_nothing(telfin: TelfinProvider, crm: Crm, body: bytes, get: bool, rest: str) -> None:
    """Whatever comes is answered by 200 and kept."""
    text = body.decode("latin-1")
    heard = telfin.receive(received(b"", rest, text) if get else received(body or b"=", rest))
    assert isinstance(heard, Heard)
    assert heard.status == 200
    assert len({e.key for e in heard.events}) == len(heard.events) > 0
    with crm.uow() as uow:
        take(uow, "telfin", heard.events)


def test_a_conversation_at_the_second_telephone_is_found_among_what_goes_on(
    hooked: str, crm: Crm, pbx: FakePbx, uow: Uow, telfin: TelfinProvider, deliver: Callable[..., int]
) -> None:
    """Of a call that rings at several telephones only the first one's handle has the call's own key in it."""
    pbx.behave("101", ignores())
    pbx.behave("102", answers(after=3))
    true = pbx.incoming(CLIENT, ["101", "102"])
    pbx.advance(5)
    assert [a.call_key for a in telfin.current.all()] != [true.call_id]
    assert [a.call_key for a in telfin.active_calls()] == [true.call_id]
    deliver(until=pbx.clock.now().replace(minute=30))
    assert uow.find(Call).one().state is CallState.TALKING


def test_the_address_survives_what_a_client_may_send(hooked: str, client: Any, crm: Crm, caplog: pytest.LogCaptureFixture) -> None:
    worst = (
        b"", b"\x00", b"%00=%00", b"EventType=hangup&CallID=%00%ff&SubCallID=%00", b"&" * 3000, b"a=" + b"x" * 60_000, "EventType=звонок".encode(),
        urlencode({"EventType": "hangup", "CallID": "c" * 5000, "SubCallID": "s" * 5000, "EventTime": "9" * 400, "Duration": "9" * 400}).encode(),
        b'{"EventType": "hangup"}',
    )  # fmt: skip
    for body in worst:
        for kind in ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "nonsense"):
            answer = client.post(f"{hooked}phone", content=body, headers={"content-type": kind})
            assert answer.status_code == 200, (body[:50], kind, answer.text)
    assert client.get(f"{hooked}phone?EventType=hangup&CallID=%ff").status_code == 200
    assert client.post(hooked.replace("telfin/", "telfin/x") + "phone", content=b"a=1").status_code == 404
    assert client.post(f"{hooked}phone", content=b"a=" + b"x" * 70_000).status_code == 413
    assert not [r for r in caplog.records if hooked.split("/")[-2] in r.getMessage()]


KINDS = st.sampled_from((
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=koi8-r", "application/json", "text/xml; charset=nonsense",
    "multipart/form-data", "multipart/form-data; boundary=x", "", ";;;=", "a/b; charset=" + "x" * 300,
))  # fmt: skip
PACKED = st.sampled_from((None, None, "gzip", "gzip, gzip", "deflate", "br", "identity", "x"))
CUT = st.integers(0, 40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=BODIES, kind=KINDS, packed=PACKED, cut=CUT, rest=st.sampled_from(("phone", "entrance", "", "a/b", "%00", "%ff")),
    times=st.sampled_from((1, 1, 9, 900)),
)  # fmt: skip
def test_a_fuzzer_of_the_address_loses_nothing_and_breaks_nothing(
    hooked: str, client: Any, crm: Crm, body: bytes, kind: str, packed: str | None, cut: int, rest: str, times: int
) -> None:
    """Random bodies, types, encodings and sizes, packed ones cut short: never an error of the server's, and what is answered by 200 is kept."""
    sent = body * times
    if packed is not None and "gzip" in packed:
        whole = gzip.compress(sent, mtime=0)
        sent = whole[: len(whole) - cut]
    headers = {"content-type": kind} | ({} if packed is None else {"content-encoding": packed})
    answer = client.post(f"{hooked}{rest}", content=sent, headers=headers)
    assert answer.status_code == (413 if len(sent) > 64 * 1024 else 200), answer.text
    if answer.status_code == 200:
        told = telfin_of(crm).receive(received(sent, rest)).events
        with crm.read() as uow:
            kept = set(uow.connection.execute(sa.select(event_rows.c.key)).scalars())
        assert {e.key for e in told if e.type is not EventType.UNKNOWN} <= kept
        assert kept


def telfin_of(crm: Crm) -> TelfinProvider:
    """The provider as it is set up."""
    found = provider_named(crm, "telfin")
    assert isinstance(found, TelfinProvider)
    return found


class TestNetworks:
    @pytest.fixture
    def crm_settings(self) -> dict[str, Any]:
        return {"telephony_telfin": SETTINGS | {"networks": ["213.170.84.96/27", "2001:db8::/32"]}, "sales": {"country": "RU"}}

    def test_only_telfins_networks(self, telfin: TelfinProvider) -> None:
        for peer in ("213.170.84.97", "::ffff:213.170.84.97", "2001:db8::1"):
            assert telfin.receive(received(b"a=1", peer=peer)).status == 200
        for peer in ("213.170.84.128", "127.0.0.1", "::1", None, "", "testclient"):
            with pytest.raises(Forbidden):
                telfin.receive(received(b"a=1", peer=peer))
