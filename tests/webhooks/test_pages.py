"""Pages of webhooks: who may open them, what they show and never show, and what their forms do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from crmkit import Actor, Crm, Role, Text
from crmkit.testing import Queries
from crmkit.webhooks import Delivery, Endpoint, State
from crmkit.webhooks.page_errors import in_words
from tests.webhooks.world import ROLES, Listener

BOSS, READER, SELLER = Actor(1, "Boss", ("boss",)), Actor(2, "Reader", ("reader",)), Actor(3, "Seller", ("seller",))
KEEPER = Actor(4, "Keeper", ("keeper",))
ALL: Any = {"*": "all"}
READ: Any = {"webhooks.endpoint.read": "all"}


@pytest.fixture
def crm_roles() -> Any:
    return [*ROLES, Role("boss", ALL), Role("reader", READ), Role("seller", {"webhooks.*": "own"}),
            Role("keeper", ALL, hidden=["webhooks.endpoint.url"], read_only=["webhooks.endpoint.description"])]


As = Callable[[Actor], TestClient]


@pytest.fixture
def visiting(crm_kit: Any) -> Iterator[As]:
    """A client for somebody: the host says who it is."""
    opened: list[Any] = []

    def enter(actor: Actor) -> TestClient:
        crm: Crm = crm_kit.crm
        app = Starlette(routes=[Mount("/crm", crm.embedded(actor=lambda connection: actor))], lifespan=crm.lifespan())
        crm_kit.pause()
        client = TestClient(app, base_url="http://testserver", headers={"accept-language": "en"})
        opened.append(client)
        return client.__enter__()

    yield enter
    for client in opened:
        client.__exit__(None, None, None)


def send(client: TestClient, path: str, **fields: Any) -> Any:
    return client.post(f"/crm/webhooks/endpoints{path}", data=fields, follow_redirects=False)


def read(crm: Crm, cls: type[Any], key: int) -> Any:
    with crm.read() as uow:
        return uow.get(cls, key)


@pytest.mark.parametrize(("actor", "seen"), [(BOSS, (200, 200, 200)), (READER, (200, 403, 200)), (Actor(4, "Nobody", ()), (403, 403, 403))])
def test_pages_open_for_those_who_may(actor: Actor, seen: Any, hook: Any, visiting: As):
    made = hook()
    client = visiting(actor)
    assert tuple(client.get(f"/crm/webhooks/endpoints{p}").status_code for p in ("", "/new", f"/{made.id}")) == seen


def test_others_do_not_see_one_of_somebody_else(hook: Any, visiting: As):
    made = hook(by=BOSS)
    client = visiting(SELLER)
    assert made.url not in client.get("/crm/webhooks/endpoints").text
    assert client.get(f"/crm/webhooks/endpoints/{made.id}").status_code == 404


def test_the_secret_is_shown_once(crm: Crm, visiting: As):
    client = visiting(BOSS)
    told = {"events": ["firm.client.created"], "patterns": "*.archived", "payload": "full"}
    answer = send(client, "/new", url="http://127.0.0.1:9/", description="Store", **told)
    with crm.read() as uow:
        made = uow.find(Endpoint).one()
    assert made.secret in answer.text
    assert (made.events, made.description, made.payload.value, made.owner_id) == (["firm.client.created", "*.archived"], "Store", "full", 1)
    for page in ("", f"/{made.id}", f"/{made.id}/edit"):
        assert made.secret not in client.get(f"/crm/webhooks/endpoints{page}").text
    rotated = send(client, f"/{made.id}", do="rotate", overlap_hours="2")
    assert read(crm, Endpoint, made.id).secret in rotated.text
    assert made.secret not in rotated.text


@pytest.mark.parametrize(("field", "value", "words"), [
    ("url", "ftp://x", ""), ("patterns", "firm.nothing.created", "no event fits"), ("conditions", "{", "this is not JSON"),
    ("conditions", "[]", "this is not JSON"), ("conditions", '{"firm.nothing": {}}', "there is no kind"),
    *(("conditions", '{"firm.client":' + '{"not":' * deep + "{}" + "}" * (deep + 1), words) for deep, words in (
        (20, "nested too deeply"), (200, "nested"), (100_000, "this is not JSON"))),
], ids=lambda value: value[:24])  # fmt: skip
def test_what_is_wrong_stands_at_its_field(field: str, value: str, words: str, crm: Crm, visiting: As):
    good = {"url": "http://127.0.0.1:9/", "patterns": "firm.*", "description": "Mine"}
    answer = send(visiting(BOSS), "/new", **{**good, field: value})
    assert (answer.status_code, 'class="fld-bad"' in answer.text, words in answer.text) == (422, True, True)
    assert 'value="Mine"' in answer.text
    with crm.read() as uow:
        assert not uow.find(Endpoint).exists()


def test_changing_one(crm: Crm, hook: Any, visiting: As):
    made = hook(by=BOSS)
    client = visiting(BOSS)
    assert "firm.*" in client.get(f"/crm/webhooks/endpoints/{made.id}/edit").text
    assert send(client, f"/{made.id}/edit", url=made.url, events=["firm.client.created"], description="New").status_code == 303
    assert read(crm, Endpoint, made.id).events == ["firm.client.created"]
    assert send(visiting(READER), f"/{made.id}/edit", url="http://127.0.0.1:9/", patterns="firm.*").status_code == 403
    assert read(crm, Endpoint, made.id).url == made.url


def test_hidden_and_locked_fields_stay_what_they_are(crm: Crm, hook: Any, visiting: As):
    made = hook(by=BOSS, description="Mine")
    page = visiting(KEEPER)
    form = page.get(f"/crm/webhooks/endpoints/{made.id}/edit").text
    shown = "".join(page.get(f"/crm/webhooks/endpoints{path}").text for path in ("", f"/{made.id}")) + form
    assert made.url not in shown
    assert 'name="url"' not in form
    assert re.search(r'name="description"[^>]* disabled', form)
    answer = send(page, f"/{made.id}/edit", patterns="firm.client.*", payload="full")  # as the page sends it
    after = read(crm, Endpoint, made.id)
    assert (answer.status_code, after.url, after.description, after.events) == (303, made.url, "Mine", ["firm.client.*"])
    for name in ("url", "description"):
        assert send(page, f"/{made.id}/edit", patterns="firm.*", payload="full", **{name: "http://127.0.0.1:9/"}).status_code == 422


def test_a_test_call_its_attempts_and_sending_again(crm: Crm, hook: Any, deliver: Any, listener: Listener, visiting: As):
    made = hook(by=BOSS)
    client = visiting(BOSS)
    assert send(client, f"/{made.id}", do="test").status_code == 303
    deliver()
    with crm.read() as uow:
        delivery = uow.find(Delivery).one()
    page = client.get(f"/crm/webhooks/endpoints/{made.id}").text
    assert "Works" in page
    assert re.search(r'dl-c num ok">204<', page)
    before = len(listener.heard)
    assert send(client, f"/{made.id}", do="replay", delivery=str(delivery.id)).status_code == 303
    deliver()
    assert len(listener.heard) == before + 1
    other = hook(by=BOSS)
    assert send(client, f"/{other.id}", do="replay", delivery=str(delivery.id)).status_code == 404


def test_dead_ones_are_filtered_and_sent_again_together(crm: Crm, hook: Any, visiting: As):
    made = hook(by=BOSS)
    with crm.uow() as uow:
        for number in range(3):
            uow.connection.execute(Delivery.__table__.insert().values(
                endpoint_id=made.id, message_id=f"m{number}", event=f"firm.event{number}", state=State.DEAD if number else State.DELIVERED, body="{}",
                tries=1, attempts=[{"at": uow.now.isoformat(), "status": 500, "milliseconds": 12, "error": "Oops <b>", "answer": ""}],
                created_at=uow.now, updated_at=uow.now, version=1))  # fmt: skip
    client = visiting(BOSS)
    page = client.get(f"/crm/webhooks/endpoints/{made.id}?state=dead").text
    assert re.findall(r"firm\.event\d", re.sub(r"aria-label=\"[^\"]*\"", "", page)) == ["firm.event2", "firm.event1"]
    assert "Oops &lt;b&gt;" in page
    assert "firm.event0" in client.get(f"/crm/webhooks/endpoints/{made.id}?state=nonsense&after=nonsense").text
    answer = send(client, f"/{made.id}", do="replay-all", state="dead")
    assert answer.headers["location"].endswith(f"/{made.id}?state=dead")
    with crm.read() as uow:
        assert uow.find(Delivery).where(Delivery.state == State.WAITING).count() == 2


@pytest.mark.parametrize("form", [{"do": "test"}, {"do": "rotate"}, {"do": "switch", "on": "false"}, {"do": "replay-all"}, {"do": "nonsense"}])
def test_a_reader_does_nothing_by_a_form(form: dict[str, str], crm: Crm, hook: Any, visiting: As):
    made = hook(by=BOSS)
    assert send(visiting(READER), f"/{made.id}", **form).status_code in (403, 404)
    now = read(crm, Endpoint, made.id)
    assert (now.secret, now.active) == (made.secret, True)
    page = visiting(READER).get(f"/crm/webhooks/endpoints/{made.id}").text
    assert not any(f'value="{name}"' in page for name in ("test", "rotate", "switch", "replay-all"))


def test_one_is_switched_off_and_on(crm: Crm, hook: Any, visiting: As):
    made = hook(by=BOSS)
    client = visiting(BOSS)
    send(client, f"/{made.id}", do="switch", on="false")
    assert not read(crm, Endpoint, made.id).active
    assert send(client, f"/{made.id}", do="test").status_code == 409
    send(client, f"/{made.id}", do="switch", on="true")
    assert read(crm, Endpoint, made.id).active


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(hook: Any, queries: Queries, visiting: As):
    hook(by=BOSS)
    client = visiting(BOSS)

    def asked() -> int:
        queries.clear()
        client.get("/crm/webhooks/endpoints")
        return queries.count

    asked()
    few = asked()
    for _number in range(5):
        hook(by=BOSS)
    client.get("/crm/webhooks/endpoints")
    assert asked() <= few


@pytest.mark.parametrize(("kept", "english", "russian"), [
    ("example.com cannot be found", "example.com cannot be found", "example.com не найден"),
    ("timed out", "no answer in time", "нет ответа вовремя"),
    ("port 9 is not allowed; allowed: 80, 443", "port 9 is not allowed; allowed: 80, 443", "порт 9 не разрешён; разрешены: 80, 443"),
    ("ConnectionRefusedError: [Errno 111] Connection refused", "the connection was refused", "в соединении отказано"),
    ("BadStatusLine: hello", "BadStatusLine: hello", "BadStatusLine: hello"),
])  # fmt: skip
def test_errors_are_told_in_the_reader_s_language(kept: str, english: str, russian: str):
    told = in_words(kept)
    assert (str(told), told.to("ru") if isinstance(told, Text) else told) == (english, russian)
