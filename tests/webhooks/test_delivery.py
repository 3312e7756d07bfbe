"""Events reach those who asked for them, signed, once, and again until they are heard."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
import time
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from crmkit import Actor, Crm, hookimpl
from crmkit import forget as erase
from crmkit.testing import check_plugin
from crmkit.webhooks import Delivery, Endpoint, EndpointDisabled, Payload, State
from crmkit.webhooks import attempt as attempts
from crmkit.webhooks.attempt import PAUSES, pause_after
from crmkit.webhooks.listening import forget
from crmkit.webhooks.sender import Outcome
from crmkit.webhooks.signing import headers_of, new_secret
from tests.webhooks.world import ANN, BOSS, ORDERS, Client, Order

DAY = dt.timedelta(days=1)


@pytest.mark.slow
def test_plugin_is_well_made(database):
    check_plugin("crmkit.webhooks:plugin", databases=(database,))


@pytest.fixture
def now(clock) -> None:
    """The library that verifies looks at the real clock."""
    clock.set(dt.datetime.now(dt.UTC))


def test_what_happens_is_told(crm, make, uow, hook, listener, deliver, now):
    endpoint = hook()
    with crm.uow(BOSS) as theirs:
        ann = theirs.add(Client(name="Анна", phone="+7"))
    deliver()
    [call] = listener.heard
    assert call.path == "/hook"
    assert call.headers["content-type"] == "application/json"
    assert call.said["type"] == "firm.client.created"
    assert call.said["data"] == {"kind": "firm.client", "id": ann.id, "version": 1, "sequence": call.said["data"]["sequence"]}
    assert dt.datetime.fromisoformat(call.said["timestamp"]).tzinfo is not None
    with crm.read() as theirs:
        secret = theirs.get(Endpoint, endpoint.id).secret
    assert Webhook(secret).verify(call.body, call.headers) == call.said
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(call.body + b" ", call.headers)
    [delivery] = uow.find(Delivery)
    assert (delivery.state, delivery.tries, delivery.status, delivery.message_id) == (State.DELIVERED, 1, 204, call.headers["webhook-id"])
    assert delivery.attempts[0]["status"] == 204
    assert delivery.attempts[0]["milliseconds"] >= 0


def test_the_specification_s_own_example():
    """https://github.com/standard-webhooks/standard-webhooks, libraries' shared test vector."""
    endpoint = Endpoint(url="x", events=[], secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    moment = dt.datetime.fromtimestamp(1614265330, dt.UTC)
    headers = headers_of(endpoint, "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, '{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32


def test_every_kind_of_event(crm, hook, listener, deliver):
    hook()
    with crm.uow() as uow:
        order = uow.add(Order(title="a"))
    for step in (lambda u, o: setattr(o, "title", "b"), lambda u, o: u.move(o, ORDERS["done"]), lambda u, o: u.archive(o), lambda u, o: u.restore(o)):
        with crm.uow() as uow:
            step(uow, uow.get(Order, order.id))
    deliver()
    said = [call.said for call in listener.heard]
    assert [s["type"].rpartition(".")[2] for s in said] == ["created", "changed", "moved", "archived", "restored"]
    sequence = [s["data"]["sequence"] for s in said]
    assert sequence == sorted(set(sequence))
    assert len({call.headers["webhook-id"] for call in listener.heard}) == 5


def test_one_job_for_one_transaction_and_none_where_nobody_listens(crm, hook, deliver, listener, queries):
    def waiting() -> int:
        with crm.read() as uow:
            found: int = uow.connection.exec_driver_sql("SELECT count(*) FROM crm_job WHERE state = 'pending'").scalar_one()
            return found

    with crm.uow() as uow:
        uow.add(Client(name="a"))
    assert waiting() == 0
    hook(events=["firm.order.*"])
    with crm.uow() as uow:
        uow.add(Client(name="a"))
    assert waiting() == 0
    with crm.uow() as uow:
        for number in range(5):
            uow.add(Order(title=f"{number}"))
        uow.add_many(Order, [{"title": f"{n}"} for n in range(7)])
        uow.settle()
        uow.add(Order(title="late"))
    assert waiting() == 1
    deliver()
    assert len(listener.heard) == 13


def test_many_events_go_page_by_page(crm, hook, deliver, listener, monkeypatch):
    monkeypatch.setattr("crmkit.webhooks.dispatch.PAGE", 10)
    hook()
    with crm.uow() as uow:
        keys = uow.add_many(Client, [{"name": f"{n}"} for n in range(35)])
    deliver()
    assert sorted(call.said["data"]["id"] for call in listener.heard) == keys


def test_patterns_and_conditions(crm, hook, deliver, listener, uow):
    hook(events=["firm.*.created"], conditions={"firm.client": {"name": {"starts": "А"}}}, url=listener.url("/some"))
    hook(events=["*"], active=False)
    with crm.uow() as theirs:
        kept = [theirs.add(Client(name=name)) for name in ("Анна", "Борис")]
        order = theirs.add(Order(title="a"))
        theirs.flush()
        kept[0].name = "Ася"
    deliver()
    assert [(c.path, c.said["type"], c.said["data"]["id"]) for c in listener.heard] == [
        ("/some", "firm.client.created", kept[0].id), ("/some", "firm.order.created", order.id)]


def test_the_whole_record_when_asked_for(crm, hook, deliver, listener):
    hook(payload=Payload.FULL)
    with crm.uow(BOSS) as uow:
        ann = uow.add(Client(name="Ann", phone="+7", pin="1234"))
    with crm.uow(BOSS) as uow:
        uow.get(Client, ann.id).phone = "+8"
    deliver()
    created, changed = (call.said["data"] for call in listener.heard)
    assert created["record"]["name"] == "Ann"
    assert (changed["changes"], changed["actor_id"], changed["version"]) == ({"phone": ["+7", "+8"]}, 1, 2)
    assert b"1234" not in listener.heard[0].body
    assert b"pin" not in listener.heard[0].body


# Rights


def test_a_webhook_sees_what_its_owner_sees(crm, hook, deliver, listener):
    hook(by=ANN, payload=Payload.FULL)
    with crm.uow(BOSS) as uow:
        mine = uow.add(Client(name="mine", phone="+7", owner_id=ANN.id))
        uow.add(Client(name="other", phone="+7", owner_id=9))
    with crm.uow(BOSS) as uow:
        uow.get(Client, mine.id).phone = "+8"
    deliver()
    assert [call.said["data"]["id"] for call in listener.heard] == [mine.id, mine.id]
    assert all(b"phone" not in call.body and b"+7" not in call.body for call in listener.heard)
    assert listener.heard[1].said["data"]["changes"] == {}


def test_nothing_is_told_to_who_may_read_nothing(crm, hook, deliver, listener):
    hook(by=Actor(5, "x", ["blind"]))
    hook(by=ANN, conditions={"firm.client": {"phone": "+7"}})  # a field Ann may not see
    with crm.uow() as uow:
        uow.add(Client(name="a", phone="+7", owner_id=ANN.id))
    deliver()
    assert listener.heard == []


def test_whoever_redirects_a_webhook_becomes_its_owner(client, crm, hook, listener):
    """Otherwise Ann could have the director's messages sent to herself."""
    endpoint = hook(by=BOSS)
    trusted = Actor(2, "Ann", ["boss"])
    client.act_as(trusted)
    path = f"/api/webhooks/endpoint/{endpoint.id}"
    changed = client.patch(path, json={"url": listener.url("/mine")}, headers={"If-Match": "*"})
    assert (changed.json()["owner_id"], changed.json()["acts_as"]["name"]) == (2, "Ann")
    answer = client.patch(path, json={"owner_id": 1}, headers={"If-Match": "*"})
    assert [(p["path"], p["code"]) for p in answer.json()["problems"]] == [("owner_id", "owner")]
    body = {"url": listener.url(), "events": ["*"], "owner_id": 1}
    assert client.post("/api/webhooks/endpoint", json=body).json()["problems"][0]["path"] == "owner_id"
    assert client.patch(path, json={"owner_id": None}, headers={"If-Match": "*"}).status_code == 422


def test_an_actor_that_is_nobody_in_particular_keeps_to_its_own_rights(crm, hook, deliver, listener):
    """API tokens may have roles and no person."""
    hook(by=Actor(None, "bot", ["seller"]))
    with crm.uow() as uow:
        uow.add(Client(name="a", owner_id=7))
    deliver()
    assert listener.heard == []


PEOPLE: dict[int, Actor | None] = {}


@hookimpl
def crm_person(crm: Crm, id: int) -> Actor | None:
    return PEOPLE.get(id)


class TestPeople:
    """A host that knows its people."""

    @pytest.fixture
    def crm_plugins(self) -> Any:
        from crmkit import Plugin
        from crmkit.webhooks import plugin
        from tests.webhooks.world import firm

        yield [plugin, firm, Plugin("people", modules=[__name__])]
        PEOPLE.clear()

    def test_rights_are_those_of_now(self, crm, hook, deliver, listener):
        PEOPLE[1] = BOSS
        endpoint = hook(by=BOSS)
        for expected in (1, 1):
            with crm.uow() as uow:
                uow.add(Client(name="a", owner_id=9))
            deliver()
            assert len(listener.heard) == expected
            PEOPLE[1] = Actor(1, "Boss", ["seller"])
        PEOPLE[1] = None
        with crm.uow() as uow:
            uow.add(Client(name="a", owner_id=1))
        deliver()
        assert len(listener.heard) == 1
        assert endpoint.owner_id == 1

    def test_a_script_may_name_an_owner(self, crm, hook, deliver, listener):
        PEOPLE[2] = ANN
        hook(owner_id=2)
        with crm.uow() as uow:
            uow.add(Client(name="a", owner_id=2))
            uow.add(Client(name="b", owner_id=9))
        deliver()
        assert len(listener.heard) == 1


def test_without_such_a_host_a_script_may_not(crm, listener):
    from crmkit import Invalid

    with pytest.raises(Invalid, match="crm_person"), crm.uow() as uow:
        uow.add(Endpoint(url=listener.url(), events=["*"], owner_id=2))


# Again and again


def test_trouble_and_then_success(crm, hook, deliver, listener, uow, clock):
    hook()
    listener.say(500, b"no")
    listener.say(503, "занято".encode())
    with crm.uow() as theirs:
        theirs.add(Client(name="a"))
    started = clock.now()
    deliver()
    [delivery] = uow.find(Delivery)
    assert (delivery.state, delivery.status, delivery.tries) == (State.FAILED, 500, 1)
    assert dt.timedelta(seconds=5) <= delivery.next_at - started < dt.timedelta(seconds=6)
    deliver(until=DAY)
    assert len(listener.heard) == 3
    assert len({call.headers["webhook-id"] for call in listener.heard}) == 1
    assert len({call.body for call in listener.heard}) == 1
    assert [(a["status"], a["answer"]) for a in delivery.attempts] == [(500, "no"), (503, "занято"), (204, "")]
    stamps = [int(call.headers["webhook-timestamp"]) for call in listener.heard]
    assert stamps[0] < stamps[1] < stamps[2]
    assert (delivery.state, delivery.next_at) == (State.DELIVERED, None)


def test_the_schedule_is_that_of_the_specification():
    spans = [dt.timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)]
    for number in (1, 2, 3, 1000):
        for tries, span in enumerate(spans, 1):
            pause = pause_after(tries, number, Outcome(500, 1))
            assert pause is not None
            assert span <= pause <= span * 1.1
    assert pause_after(10, 1, Outcome(500, 1)) is None
    assert pause_after(1, 1, Outcome(429, 1, retry_after=600)) == dt.timedelta(seconds=600)
    assert pause_after(1, 1, Outcome(429, 1, retry_after=999_999)) == DAY
    assert sum(PAUSES, dt.timedelta()) > 3 * DAY


def test_in_the_end_it_is_given_up_and_can_be_sent_again(crm, hook, deliver, listener, uow, client):
    hook()
    for _time in range(10):
        listener.say(500)
    with crm.uow() as theirs:
        theirs.add(Client(name="a"))
    deliver(until=4.5 * DAY)
    [delivery] = uow.find(Delivery)
    assert (len(listener.heard), delivery.state, delivery.next_at, delivery.tries) == (10, State.DEAD, None, 10)
    again = client.post(f"/api/webhooks/delivery/{delivery.id}/do/replay")
    assert again.json()["result"] == delivery.message_id
    deliver()
    assert delivery.state is State.DELIVERED
    assert {call.headers["webhook-id"] for call in listener.heard} == {delivery.message_id}
    assert len(delivery.attempts) == 11
    client.post(f"/api/webhooks/delivery/{delivery.id}/do/replay")  # what was delivered can be sent again too
    deliver()
    assert len(listener.heard) == 12


def test_all_that_failed_since_is_sent_again(crm, hook, deliver, listener, uow, client, clock):
    endpoint = hook()
    moments = []
    for number in range(3):
        moments.append(clock.now())
        for _time in range(1 if number < 2 else 0):
            listener.say(500)
        with crm.uow() as theirs:
            theirs.add(Client(name=f"{number}"))
        deliver()
        clock.forward(seconds=1)
    path = f"/api/webhooks/endpoint/{endpoint.id}/do/replay_failed"
    assert client.post(path, json={"since": moments[1].isoformat().replace("+00:00", "Z")}).json() == {"result": 1}
    assert client.post(path, json={}).json() == {"result": 1}  # the other one is on its way
    deliver()
    assert [d.state for d in uow.find(Delivery)] == [State.DELIVERED] * 3


def test_an_address_that_is_gone_is_switched_off_at_once(crm, hook, deliver, listener, uow, emitted):
    endpoint = hook()
    listener.say(410)
    with crm.uow() as theirs:
        theirs.add(Client(name="a"))
    deliver(until=5 * DAY)
    assert len(listener.heard) == 1
    gone = uow.get(Endpoint, endpoint.id)
    assert (gone.active, gone.disabled_because) == (False, "410 Gone")
    assert [e.endpoint_id for e in emitted.of(EndpointDisabled)] == [endpoint.id]


def test_an_address_that_fails_for_days_is_switched_off(crm, hook, deliver, listener, uow, emitted, client, caplog):
    endpoint = hook(by=BOSS)
    for _day in range(7):
        for _time in range(20):
            listener.say(500)
        with crm.uow() as theirs:
            theirs.add(Client(name="a"))
        deliver(until=DAY)
    [told] = emitted.of(EndpointDisabled)
    assert (told.owner_id, told.reason) == (1, "500")
    record = uow.get(Endpoint, endpoint.id)
    assert not record.active
    heard = len(listener.heard)
    deliver(until=3 * DAY)
    assert len(listener.heard) == heard
    assert State.FAILED not in {d.state for d in uow.find(Delivery)}
    assert client.post(f"/api/webhooks/endpoint/{endpoint.id}/do/replay_failed", json={}).status_code == 409
    on = client.act_as(BOSS).patch(f"/api/webhooks/endpoint/{endpoint.id}", json={"active": True}, headers={"If-Match": "*"}).json()
    assert (on["failing_since"], on["disabled_because"]) == (None, None)
    listener.answers.clear()
    assert client.post(f"/api/webhooks/endpoint/{endpoint.id}/do/replay_failed", json={}).json()["result"] > 0
    deliver()
    assert {d.state for d in uow.find(Delivery)} == {State.DELIVERED}


def test_a_process_that_dies_between_the_call_and_the_commit_calls_again(crm, hook, deliver, listener, uow, monkeypatch, clock):
    hook()
    with crm.uow() as theirs:
        theirs.add(Client(name="a"))
    real = attempts._note

    class Died(BaseException):
        pass

    def die(*args: Any) -> None:
        raise Died

    monkeypatch.setattr(attempts, "_note", die)
    with pytest.raises(Died):
        deliver()
    monkeypatch.setattr(attempts, "_note", real)
    [delivery] = uow.find(Delivery)
    assert (len(listener.heard), delivery.state) == (1, State.WAITING)
    deliver(until=dt.timedelta(minutes=5))
    assert [call.headers["webhook-id"] for call in listener.heard] == [delivery.message_id] * 2
    assert delivery.state is State.DELIVERED


def test_an_event_that_is_dispatched_twice_is_told_once(crm, hook, deliver, listener, uow):
    from crmkit.webhooks.listening import Dispatch

    hook()
    with crm.uow() as theirs:
        theirs.add(Client(name="a"))
        tx = theirs.tx
    deliver()
    for _time in range(2):
        with crm.uow() as theirs:
            theirs.emit(Dispatch(tx))
        deliver()
    assert (len(listener.heard), uow.find(Delivery).count()) == (1, 1)


def test_messages_about_one_record_keep_their_order(crm, hook, uow, listener, deliver, clock):
    """The second waits for the first one's first attempt, whichever worker is quicker."""
    hook()
    with crm.uow() as theirs:
        ann = theirs.add(Client(name="a"))
    with crm.uow() as theirs:
        theirs.get(Client, ann.id).name = "b"
    with crm.uow() as theirs:
        from crmkit.webhooks.dispatch import dispatch
        from crmkit.webhooks.listening import Dispatch

        numbers = [row[0] for row in theirs.connection.exec_driver_sql("SELECT DISTINCT tx FROM crm_journal WHERE kind = 'firm.client' ORDER BY tx")]
        for tx in numbers:
            dispatch(Dispatch(tx), theirs)
    first, second = (d.id for d in uow.find(Delivery))
    attempts.attempt(attempts.Attempt(second), crm)
    assert listener.heard == []
    attempts.attempt(attempts.Attempt(first), crm)
    deliver(until=dt.timedelta(seconds=3))
    assert [call.said["type"] for call in listener.heard] == ["firm.client.created", "firm.client.changed"]


def test_old_deliveries_are_forgotten(crm, hook, deliver, listener, uow, clock):
    hook()
    with crm.uow() as theirs:
        theirs.add(Client(name="a"))
    deliver(until=29 * DAY)
    assert uow.find(Delivery).count() == 1
    deliver(until=3 * DAY)
    assert uow.find(Delivery).count() == 0


# Setting up


def problems(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {p["path"]: p["code"] for p in answer.json()["problems"]}


def test_the_secret_is_shown_once(client, crm, listener, deliver, now):
    client.act_as(BOSS)
    made = client.post("/api/webhooks/do/register", json={"url": listener.url(), "events": ["firm.client.*"], "payload": "full"})
    assert made.status_code == 200, made.text
    number, secret = made.json()["result"]["id"], made.json()["result"]["secret"]
    assert secret.startswith("whsec_")
    shown = client.get(f"/api/webhooks/endpoint/{number}")
    assert shown.json()["owner_id"] == 1
    for page in (shown, client.get("/api/webhooks/endpoint"), client.get("/api/journal"), client.get(f"/api/webhooks/endpoint/{number}/timeline")):
        assert secret not in page.text
    client.post("/api/firm/client", json={"name": "a"})
    deliver()
    [call] = listener.heard
    assert Webhook(secret).verify(call.body, call.headers)["data"]["record"]["name"] == "a"
    assert secret not in client.get("/api/jobs").text
    for delivery in client.get("/api/webhooks/delivery").json()["rows"]:
        assert "body" not in delivery


def test_rotation_overlaps(client, crm, hook, listener, deliver, clock, now):
    endpoint = hook(by=BOSS)
    with crm.read() as uow:
        old = uow.get(Endpoint, endpoint.id).secret
    client.act_as(BOSS)
    new = client.post(f"/api/webhooks/endpoint/{endpoint.id}/do/rotate", json={"overlap_hours": 0}).json()["result"]["secret"]
    newer = client.post(f"/api/webhooks/endpoint/{endpoint.id}/do/rotate", json={"overlap_hours": 2}).json()["result"]["secret"]
    client.post("/api/firm/client", json={"name": "a"})
    deliver()
    [call] = listener.heard
    for secret in (new, newer):
        assert Webhook(secret).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(call.body, call.headers)
    clock.forward(hours=3)
    client.post("/api/firm/client", json={"name": "a"})
    deliver()
    assert " " not in listener.heard[1].headers["webhook-signature"]
    assert problems(client.post(f"/api/webhooks/endpoint/{endpoint.id}/do/rotate", json={"overlap_hours": 9999})) == {"overlap_hours": "invalid"}


def test_a_test_message(client, hook, listener, deliver, now):
    endpoint = hook(by=BOSS)
    client.act_as(BOSS).post(f"/api/webhooks/endpoint/{endpoint.id}/do/test")
    deliver()
    assert listener.heard[0].said["type"] == "webhooks.endpoint.test"
    client.patch(f"/api/webhooks/endpoint/{endpoint.id}", json={"active": False}, headers={"If-Match": "*"})
    assert client.post(f"/api/webhooks/endpoint/{endpoint.id}/do/test").status_code == 409


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"events": []}, {"events": "required"}), ({"events": ["firm.klient.created"]}, {"events.0": "unknown"}),
        ({"events": ["webhooks.*"]}, {"events.0": "unknown"}), ({"events": ["firm.client.moved"]}, {"events.0": "unknown"}),
        ({"events": [1]}, {"events": "invalid"}), ({"events": ["*"] * 51}, {"events": "invalid"}),
        ({"conditions": {"firm.klient": {}}}, {"conditions": "unknown"}),
        ({"conditions": {"firm.client": {"nme": "a"}}}, {"conditions.firm.client": "unknown"}),
        ({"url": "ftp://example.com/"}, {"url": "address"}), ({"url": "http://10.0.0.1/"}, {"url": "address"}),
    ],
)  # fmt: skip
def test_webhooks_that_will_not_do(client, listener, values, wrong):
    client.act_as(BOSS)
    found = problems(client.post("/api/webhooks/endpoint", json={"url": listener.url(), "events": ["*"], **values}))
    assert found.keys() == wrong.keys()
    found = problems(client.post("/api/webhooks/do/register", json={"url": listener.url(), "events": ["*"], **values}))
    assert {path.partition(".")[0] for path in found} == {path.partition(".")[0] for path in wrong}


def test_who_may_do_what(client, crm, hook, deliver, listener):
    theirs = hook(by=BOSS)
    client.act_as(ANN)  # her role: her own
    assert client.get(f"/api/webhooks/endpoint/{theirs.id}").status_code == 404
    assert client.post(f"/api/webhooks/endpoint/{theirs.id}/do/rotate", json={}).status_code == 404
    with crm.uow() as uow:
        uow.add(Client(name="a"))
    deliver()
    assert client.get("/api/webhooks/delivery").json()["rows"] == []
    assert client.get("/api/webhooks/delivery/1").status_code == 404
    assert client.post("/api/webhooks/delivery/1/do/replay").status_code == 404
    client.act_as(BOSS)
    assert len(client.get("/api/webhooks/delivery").json()["rows"]) == 1
    assert problems(client.post("/api/webhooks/delivery", json={"endpoint_id": theirs.id})) == {"": "generated"}
    other = hook(by=BOSS)
    moved = client.patch("/api/webhooks/delivery/1", json={"endpoint_id": other.id}, headers={"If-Match": "*"})
    assert problems(moved) == {"": "generated"}


def test_another_process_s_webhook_is_heard_of_soon(crm, hook, listener, deliver, monkeypatch):
    with crm.uow() as uow:
        uow.add(Client(name="before"))
    with crm.uow() as uow:  # as another process would: nobody here is told
        uow.connection.execute(Endpoint.__table__.insert().values(
            created_at=uow.now, updated_at=uow.now, version=1, url=listener.url(), events=["*"], conditions={}, payload=Payload.THIN, active=True,
            secret=new_secret(), acts_as={"name": "", "roles": [], "teams": [], "system": True}))
    with crm.uow() as uow:
        uow.add(Client(name="unheard"))
    real = time.monotonic
    monkeypatch.setattr("crmkit.webhooks.listening.time.monotonic", lambda: real() + 6)
    with crm.uow() as uow:
        uow.add(Client(name="heard"))
    monkeypatch.undo()
    deliver()
    assert len(listener.heard) == 1
    forget(crm)


def test_many_workers_at_once(crm, hook, listener, deliver, uow):
    """The same attempt in two workers (a lease that ran out) does no harm, and both mean the same message."""
    hook()
    with crm.uow() as theirs:
        theirs.add(Client(name="a"))
    deliver()
    [delivery] = uow.find(Delivery)
    threads = [threading.Thread(target=attempts.attempt, args=(attempts.Attempt(delivery.id), crm)) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (delivery.tries, len(listener.heard)) == (1, 1)
    assert json.loads(listener.heard[0].body)["data"]["id"] == delivery.record_id


def test_what_is_erased_is_in_no_message_any_more(crm, uow, hook, deliver):
    hook(payload=Payload.FULL)
    with crm.uow() as mine:
        ann = mine.add(Client(name="Anna", phone="+79161234567"))
    deliver()
    erase(uow, Client, [ann.id], {"phone": None})
    uow.commit()
    deliver()
    bodies = [json.loads(delivery.body)["data"] for delivery in uow.find(Delivery)]
    assert [body["record"]["name"] for body in bodies] == ["Anna", "Anna"]
    assert "9161234567" not in str(bodies)
