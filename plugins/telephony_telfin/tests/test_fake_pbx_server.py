"""The fake PBX's API, its limits and its faults, on a port and in process."""

from __future__ import annotations

import datetime as dt
import gzip
import threading
from urllib.parse import parse_qsl

import attrs
import httpx
import pytest

from crmkit import MovableClock, SystemClock
from crmkit_telephony_telfin.fake import (
    Extension,
    FakePbx,
    Faults,
    Habits,
    answers,
    busy,
    by_hand,
    ignores,
    serve,
)

MONDAY = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)
CLIENT = "+79990000001"
API = "/api/ver1.0"
HOOK = "https://crm.example/hook"
SPAN = {"start_datetime": "2026-03-16 00:00:00", "end_datetime": "2026-03-17 00:00:00"}


@attrs.define(eq=False)
class Desk:
    """A PBX, a client of its API with a token, and what it was told."""

    pbx: FakePbx
    client: httpx.Client
    hooks: list[dict[str, str]] = attrs.field(factory=list)
    bodies: list[tuple[str, bytes]] = attrs.field(factory=list)

    def receive(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.bodies.append((url, body))
        self.hooks.append(dict(parse_qsl((body or url.partition("?")[2].encode()).decode())))
        return 200

    def log_in(self) -> dict:
        form = {"grant_type": "client_credentials", "client_id": self.pbx.app_id, "client_secret": self.pbx.app_secret}
        found = self.client.post("/oauth/token", data=form).json()
        self.client.headers["Authorization"] = f"Bearer {found['access_token']}"
        return found

    def ask(self, method: str, path: str, **more) -> httpx.Response:
        return self.client.request(method, API + path, **more)

    def call(self) -> str:
        answer = self.ask("POST", "/extension/85001/callback/", json={"src_num": ["101"], "dst_num": CLIENT})
        return answer.json()["call_id"]


def desk(faults: Faults | None = None, **more) -> Desk:
    pbx = FakePbx(MovableClock(MONDAY), extensions=["101", "102"], faults=faults, **more)
    pbx.behave(CLIENT, answers(after=3, talks=10))
    made = Desk(pbx, httpx.Client(transport=pbx.transport(), base_url=pbx.base_url))
    pbx.deliver_to(made.receive)
    made.log_in()
    for kind in ("dial-in", "dial-out", "answer", "hangup"):
        pbx.subscribe("101", f"{HOOK}/{kind}", kind)
    return made


# Who asks, how often, and how


def test_a_token_is_needed_and_dies():
    at = desk()
    assert at.ask("GET", "/user/").json()["client_id"] == 90001
    bad = {"grant_type": "client_credentials", "client_id": "fake-app", "client_secret": "wrong"}
    assert at.client.post("/oauth/token", data=bad).json() == {"error": "invalid_client"}
    at.pbx.advance(3601)
    refused = at.ask("GET", "/user/")
    assert refused.status_code == 401
    assert refused.json() == {"status": "401", "message": "Unauthorized"}
    at.log_in()
    at.pbx.trip("user", "expired_token")
    assert [at.ask("GET", "/user/").status_code for _ in range(2)] == [401, 401]  # long before expires_in
    at.log_in()
    assert at.ask("GET", "/user/").status_code == 200
    at.pbx.revoke_tokens()
    assert at.ask("GET", "/user/").status_code == 401


def test_what_a_token_comes_with():
    assert desk().log_in()["expires_in"] == 3600
    assert "expires_in" not in desk(Faults(missing_expires_in=True)).log_in()
    assert desk(Faults(expires_in_as_text=True)).log_in()["expires_in"] == "3600"
    at = desk()
    for _ in range(19):
        at.log_in()
    form = {"grant_type": "client_credentials", "client_id": "fake-app", "client_secret": "fake-secret"}
    assert at.client.post("/oauth/token", data=form).status_code == 429  # more than twenty a second


def test_the_limit_of_an_hour():
    at = desk(Faults(hourly_limit=3))
    at.pbx.advance(60 * 20)
    first = at.ask("GET", "/user/").headers
    assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"], first["X-RateLimit-Reset"]) == ("3", "2", "2400")
    at.pbx.spend(2)
    refused = at.ask("GET", "/user/")
    assert refused.status_code == 429
    assert refused.json()["status"] == "rate_limit_exceeded"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    at.pbx.advance(2399)
    assert at.ask("GET", "/user/").status_code == 429
    at.pbx.advance(1)
    at.log_in()
    assert at.ask("GET", "/user/").status_code == 200


def test_gzip_is_mandatory():
    at = desk()
    assert at.ask("GET", "/user/").headers["Content-Encoding"] == "gzip"
    assert at.ask("GET", "/user/", headers={"Accept-Encoding": "identity"}).status_code == 406
    at.pbx.faults = Faults(garbled_without_gzip=True)
    garbled = at.ask("GET", "/user/", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in garbled.headers
    assert b'"client_id"' in gzip.decompress(garbled.content)


def test_the_statistics_take_one_at_a_time():
    at = desk()
    at.pbx.trip("call_history", "stats_busy")
    refused = at.ask("GET", "/client/@me/call_history/", params=SPAN)
    assert refused.status_code == 429
    assert refused.json() == {"message": "Stats request already exists, concurrent request not allowed"}
    assert at.ask("GET", "/client/@me/call_history/", params=SPAN).status_code == 200


def test_a_server_that_breaks():
    at = desk()
    at.pbx.trip("callback", "server_error")
    body = {"src_num": ["101"], "dst_num": CLIENT}
    assert at.ask("POST", "/extension/85001/callback/", json=body).status_code >= 500
    assert len(at.pbx.truth) == 0
    at.pbx.trip("callback", "server_error_after")
    assert at.ask("POST", "/extension/85001/callback/", json=body).status_code >= 500
    assert len(at.pbx.truth) == 1  # the worst kind: the phone rings all the same
    at.pbx.trip("callback", "slow")
    with pytest.raises(httpx.ReadTimeout):
        at.ask("POST", "/extension/85001/callback/", json=body, timeout=5)
    assert len(at.pbx.truth) == 2
    at.pbx.trip("*", "refused", times=2)
    for _ in range(2):
        with pytest.raises(httpx.ConnectError):
            at.ask("GET", "/user/")
    with pytest.raises(ValueError, match="endpoints are"):
        at.pbx.trip("calback", "slow")


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/nonsense", 404),
        ("GET", "/client/1/extension/", 404),
        ("GET", "/extension/9/event/", 404),
        ("PUT", "/user/", 405),
        ("DELETE", "/extension/85001/current_calls/abc", 404),
        ("GET", "/client/@me/call_history/abc", 404),
        ("GET", "/client/@me/call_history/", 400),
        ("GET", "/client/@me/record/abc/storage_url/", 404),
        ("GET", "/client/@me/record/?start_datetime=2026-01-31 00:00:00&end_datetime=2026-03-01 00:00:00", 400),
        ("GET", "/client/@me/record/?start_datetime=2026-01-31 00:00:00&end_datetime=2026-02-28 23:59:59", 200),
        ("POST", "/extension/85001/callback/", 400),
        ("POST", "/extension/85001/event/", 400),
    ],
)
def test_what_is_refused(method, path, status):
    answer = desk().ask(method, path)
    assert answer.status_code == status
    assert status == 200 or list(answer.json()) == ["message"]


# Resources


def test_extensions_phones_and_registrations():
    at = desk()
    at.pbx.extension("102").registered = False
    names = [e["name"] for e in at.ask("GET", "/client/@me/extension/?type=phone&per_page=1&page=2").json()]
    assert names == ["1111*102"]
    assert at.ask("GET", "/client/90001/extension/85001").json()["type"] == "phone"
    assert [r["registered"] for r in at.ask("GET", "/extension/registration/").json()] == [True, False]
    assert at.ask("PUT", "/extension/85001/phone/", json={"record_enabled": False}).json()["record_enabled"] is False
    assert at.ask("GET", "/client/@me/did/").json()[0]["name"] == "74950000000"


def test_subscriptions():
    at = desk(Faults(foreign_subscriptions=True, event_limit=6))
    wanted = {"url": f"{HOOK}/x", "event_type": "hangup", "method": "GET"}
    made = at.ask("POST", "/extension/85001/event/", json=wanted)
    assert made.status_code == 201
    assert made.json() == wanted | {"id": made.json()["id"]}
    assert at.ask("POST", "/extension/85001/event/", json=wanted).status_code == 400  # six are the limit
    strangers = [e for e in at.ask("GET", "/extension/85001/event/").json() if "another-integration" in e["url"]]
    assert len(strangers) == 1
    path = f"/extension/85001/event/{made.json()['id']}"
    assert at.ask("PUT", path, json=wanted | {"method": "POST"}).json()["method"] == "POST"
    assert at.ask("DELETE", path).status_code == 204
    assert at.ask("DELETE", path).status_code == 404
    everywhere = at.ask("POST", "/client/@me/phone_events/", json=wanted | {"event_type": "dial-out"})
    assert everywhere.status_code == 201
    at.call()
    at.pbx.settle()
    assert next(url for url, body in at.bodies if not body).startswith(f"{HOOK}/x?EventType=dial-out&")
    assert {d.fate for d in at.pbx.truth.deliveries if "another" in d.url} == {"foreign"}
    assert at.ask("DELETE", "/extension/85001/event/").status_code == 204
    assert at.pbx.webhooks.of(85001) == []


def test_history_and_recordings():
    at = desk(Faults(upper_call_uuid=True, history_delay=2, record_delay=5, missing_rec_id=True))
    call_id = at.call()
    at.pbx.advance(15)
    assert "RecID" not in at.hooks[-1]
    assert at.ask("GET", f"/client/@me/call_history/{call_id}").status_code == 404
    at.pbx.advance(2)
    page = at.ask("GET", "/client/@me/call_history/", params=SPAN | {"per_page": "10", "order": "asc"}).json()
    assert (page["page"], page["per_page"], page["order"]) == (1, 10, "asc")
    (call,) = page["call_history"]
    assert call["call_uuid"] == call_id.upper()
    record = call["cdr"][0]["record_uuid"]
    assert at.ask("GET", f"/client/@me/record/{record}").json() == {"message": "Record not found"}
    at.pbx.advance(5)
    audio = at.ask("GET", f"/extension/85001/record/{record}")
    assert audio.headers["Content-Type"] == "audio/mpeg"
    assert audio.headers["Content-Disposition"].startswith('attachment; filename="2026-03-16-09-00-05-UTC_out_101_')
    assert audio.content[:2] == b"\xff\xf3"
    assert len(audio.content) == call["cdr"][0]["record_file_size"] == 72 * 278  # ten seconds
    link = at.ask("GET", f"/client/@me/record/{record}/storage_url/").json()["record_url"]
    assert at.client.get(link).content == audio.content
    (row,) = at.ask("GET", "/extension/85001/record/", params=SPAN).json()
    assert row["record_uuid"] == record
    assert at.ask("DELETE", f"/client/@me/record/{record}").status_code == 200
    assert at.ask("GET", f"/client/@me/record/{record}").status_code == 404


# Faults of webhooks


def test_webhooks_may_be_lost_repeated_late_and_out_of_order():
    at = desk(Faults(lost_hangups=True))
    at.call()
    at.pbx.settle()
    assert [h["EventType"] for h in at.hooks] == ["dial-out", "answer"]
    assert [d.fate for d in at.pbx.truth.deliveries] == ["sent", "sent", "lost"]
    at = desk(Faults(repeated=True))
    at.call()
    at.pbx.settle()
    assert len(at.hooks) == 6
    at = desk(Faults(disordered=True))
    at.pbx.behave(CLIENT, busy())
    at.call()
    at.pbx.settle()
    assert [h["EventType"] for h in at.hooks] == ["hangup", "dial-out"]
    assert at.hooks[0]["EventTime"] > at.hooks[1]["EventTime"]
    at = desk(Faults(delayed=True, delay=(30, 30)))
    at.call()
    at.pbx.settle()
    assert at.pbx.truth.deliveries[0].at - at.pbx.truth.deliveries[0].event_at == dt.timedelta(seconds=30)


def test_webhooks_may_be_oddly_written():
    at = desk(Faults(literal_plus=True, upper_call_flow=True, domain_suffix=True))
    at.call()
    at.pbx.settle()
    assert b"CalledNumber=+79990000001@sipproxy.telphin.ru" in at.bodies[0][1]
    assert at.hooks[0]["CalledNumber"].startswith(" 7999")  # what a form parser makes of it
    assert at.hooks[0]["CallFlow"] == "OUT"
    assert at.hooks[0]["CallerIDNum"] == "1111*101@sipproxy.telphin.ru"
    at = desk(Faults(unknown_events=True, interactive_events=True, bare_numbers=True))
    at.call()
    at.pbx.settle()
    assert {h["EventType"] for h in at.hooks} == {"dial-out", "answer", "hangup", "something-new", "call_interactive"}
    assert at.hooks[0]["CalledNumber"] == CLIENT[1:]


def test_the_first_leg_of_a_callback_may_send_webhooks_of_its_own():
    at = desk(Faults(dial_in_for_callbacks=True, control_by_callback_id=True, comma_in_time=True))
    call_id = at.call()
    at.pbx.advance(4)
    (item,) = at.ask("GET", "/client/@me/current_calls/").json()["call_list"]
    assert item["init_time_gmt"] == "2026-03-16 09:00:00,00"
    assert at.ask("DELETE", f"/extension/85001/current_calls/{call_id}").status_code == 204
    at.pbx.run_due()
    assert [(h["EventType"], h["CallFlow"]) for h in at.hooks] == [
        ("dial-in", "in"),
        ("answer", "in"),
        ("dial-out", "out"),
        ("hangup", "out"),
        ("hangup", "in"),
    ]
    assert {h["CallID"] for h in at.hooks} == {call_id}


def test_a_receiver_that_fails_hears_no_more_of_it():
    at = desk()
    at.pbx.deliver_to(lambda url, body, headers: 1 // 0)
    at.call()
    at.pbx.settle()
    assert [d.status for d in at.pbx.truth.deliveries] == [None, None, None]


# The same seed, the same story


def test_a_story_can_be_told_again():
    def story(seed: int) -> list[tuple[str, str | None]]:
        at = desk(Faults.storm(0.1, refused=0, slow=0, expired_token=0), seed=seed, habits=Habits(answer_rate=0.4))
        for number in range(40):
            at.ask("POST", "/extension/85001/callback/", json={"src_num": ["101"], "dst_num": f"+7901000{number:04d}"})
            at.pbx.settle()
        assert at.pbx.truth.going_on() == []
        return [(call.outcome, call.ended_by) for call in at.pbx.truth] + [(d.url, d.fate) for d in at.pbx.truth.deliveries]

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match=r"Faults\.lost = 5"):
        Faults(lost=5)
    with pytest.raises(ValueError, match="more than 1"):
        Habits(answer_rate=0.9)
    with pytest.raises(KeyError, match="no extension '999'"):
        FakePbx().extension("999")


# On a port


@pytest.mark.real_time("a server's own clock is what is tried here")
def test_on_a_port_things_happen_in_time_and_the_page_answers_for_people():
    told = threading.Event()

    def receive(url: str, body: bytes, headers: dict[str, str]) -> int:
        if b"EventType=hangup" in body:
            told.set()
        return 200

    queue = Extension("900", type="queue", members=("101",))
    phone = Extension("101", behaviour=by_hand())
    pbx = FakePbx(SystemClock(), extensions=[phone, queue], habits=Habits.at_the_page(), send=receive)
    pbx.subscribe("101", HOOK, "hangup")
    with serve(pbx) as served, httpx.Client(base_url=served.url) as browser:
        page = browser.get("/fake/")
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert "<style" not in page.text
        assert "<script>" not in page.text
        assert browser.get("/fake/page.js").headers["Content-Type"].startswith("text/javascript")
        assert browser.get("/fake/other.js").status_code == 404
        assert browser.post("/fake/do", content=b"{}").status_code == 415
        state = browser.post("/fake/do", json={"deed": "call", "number": CLIENT, "to": "900"}).json()
        (call,) = state["calls"]
        agent = next(leg for leg in call["legs"] if leg["role"] == "agent")
        state = browser.post("/fake/do", json={"deed": "pick_up", "leg": agent["id"]}).json()
        assert [leg["state"] for leg in state["calls"][0]["legs"]] == ["talking"] * 3
        assert browser.post("/fake/do", json={"deed": "dance", "leg": agent["id"]}).status_code == 409
        state = browser.post("/fake/do", json={"deed": "hang_up", "leg": agent["id"]}).json()
        assert state["ended"][0]["outcome"] == "answered"
        assert told.wait(10)
        served.close()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{served.url}/fake/")
        served.open()
        assert httpx.get(f"{served.url}/fake/").status_code == 200


@pytest.mark.real_time("two requests at once need a server")
def test_a_second_request_for_statistics_is_refused_while_the_first_is_answered():
    pbx = FakePbx(MovableClock(MONDAY), faults=Faults(slow_seconds=0.5))
    with serve(pbx) as served, httpx.Client(base_url=served.url) as client:
        at = Desk(pbx, client)
        at.log_in()
        pbx.trip("call_history", "slow")
        slow = threading.Thread(target=lambda: at.ask("GET", "/client/@me/call_history/", params=SPAN))
        slow.start()
        while not pbx.api.in_stats:
            threading.Event().wait(0.01)
        assert at.ask("GET", "/client/@me/call_history/", params=SPAN).status_code == 429
        slow.join()
        assert at.ask("GET", "/client/@me/call_history/", params=SPAN).status_code == 200


def test_without_a_script_people_do_as_people_do():
    at = desk(habits=Habits(answer_rate=0.4))
    at.pbx.behave("101", answers(after=1))
    for number in range(300):
        at.log_in()
        at.ask("POST", "/extension/85001/callback/", json={"src_num": ["101"], "dst_num": f"+7902000{number:04d}"})
        at.pbx.settle()
    answered = [call for call in at.pbx.truth if call.outcome == "answered"]
    assert 90 < len(answered) < 150
    assert {call.outcome for call in at.pbx.truth} >= {"answered", "voicemail", "busy", "rejected", "unavailable", "no_answer"}
    assert at.pbx.truth.overlapping() == []
    assert at.pbx.truth.to("8 (902) 000-00-07") == [list(at.pbx.truth)[7]]
    at.pbx.behave(CLIENT, ignores())
