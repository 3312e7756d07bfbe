"""Where providers call: it takes whatever comes, loses nothing, and tells strangers nothing."""

import logging

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit_telephony import Call, CallEvent, CallState, EventType, hook_path, new_secret
from crmkit_telephony.hooking import MASKED
from crmkit_telephony.tables import events

ANNA = "+79123456789"
pytestmark = pytest.mark.usefixtures("lines")


@pytest.fixture
def path(uow):
    found = hook_path(uow, "paper")
    uow.commit()
    return found


def test_what_a_provider_tells_is_taken_in(uow, client, pbx, path, published):
    pbx.ring(ANNA, "101")
    body = pbx.webhook(pbx.heard())
    for _twice in range(2):
        answer = client.post(f"{path}events", content=body)
        assert (answer.status_code, answer.text) == (200, "OK")
    assert uow.find(Call).one().state is CallState.AGENT_RINGING
    assert ("telephony.phone", 7) in [(m.topic, m.id) for m in published]
    assert client.get(path).status_code == 200


def test_a_wrong_secret_is_an_address_that_is_not_there(uow, client, pbx, path):
    pbx.ring(ANNA, "101")
    body = pbx.webhook(pbx.heard())
    secret = path.split("/")[-2]
    wrong = ["/x/telephony/hook/paper/guess/", f"/x/telephony/hook/other/{secret}/", path.replace(secret, secret.swapcase()),
             "/x/telephony/hook/paper/%00%ff/a/b", "/x/telephony/hook/nobody/x/"]  # fmt: skip
    answers = [client.post(address, content=body) for address in wrong] + [client.get(address) for address in wrong]
    assert {a.status_code for a in answers} == {404}
    assert len({(a.json()["title"], a.json()["type"]) for a in answers}) == 1
    nowhere = client.post("/x/telephony/hooks/a/b/", content=body).json()
    assert answers[0].json()["title"] in (nowhere["title"], "Not found")
    assert uow.find(Call).count() == 0


def test_the_old_address_is_good_for_a_day(uow, client, path, clock):
    later = new_secret(uow, "paper")
    uow.commit()
    assert later != path
    assert (client.get(path).status_code, client.get(later).status_code) == (200, 200)
    clock.forward(hours=25)
    assert (client.get(path).status_code, client.get(later).status_code) == (404, 200)


def test_what_is_too_large_is_refused(client, path):
    assert client.post(path, content=b"x" * (64 * 1024 + 1)).status_code == 413


def test_a_wrong_signature_is_refused(client, path):
    assert client.post(path, content=b"{}", headers={"X-Signature": "forged"}).status_code == 403


def test_what_a_plugin_cannot_read_is_kept(uow, client, pbx, path, caplog, monkeypatch):
    monkeypatch.setattr(pbx, "receive", lambda received: 1 / 0)
    with caplog.at_level(logging.CRITICAL):
        assert client.post(f"{path}x?a=1", content=b"\xff\x00body").status_code == 200
    (row,) = uow.connection.execute(sa.select(events)).all()
    assert (row.type, row.raw["path"], row.raw["query"]) == ("unknown", "x", "a=1")
    assert "body" in row.raw["body"]


def test_what_cannot_be_worked_out_yet_is_worked_out_later(uow, client, pbx, path, caplog, monkeypatch, deliver, clock):
    from crmkit_telephony import taking

    real = taking.find
    monkeypatch.setattr(taking, "find", lambda uow, number: 1 / 0)
    pbx.ring(ANNA, "101")
    with caplog.at_level(logging.CRITICAL):
        assert client.post(path, content=pbx.webhook(pbx.heard())).status_code == 200
    assert uow.find(Call).count() == 0
    monkeypatch.setattr(taking, "find", real)
    deliver()
    assert uow.find(Call).one().number == ANNA


def test_no_server_logs_the_secret(path):
    for message, args in (
        ('%s - "%s %s HTTP/%s" %d', ("127.0.0.1:1", "POST", f"/crm{path}a?b=1", "1.1", 200)), (f'"POST {path} HTTP/1.1" 200', ()),
        ("%(path)s", ({"path": path},)),
    ):  # fmt: skip
        record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, message, args, None)
        assert MASKED.filter(record)
        told = record.getMessage()
        assert path.split("/")[-2] not in told
        assert "/telephony/hook/paper/•••/" in told


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    st.text(alphabet=st.characters(codec="ascii", exclude_categories=["C"]), max_size=20),
    st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain; charset=cp1251", "multipart/form-data"]), st.booleans(),
)  # fmt: skip
def test_no_rubbish_is_an_error(client, path, body, rest, media, get):
    from urllib.parse import quote

    address = path + quote(rest)
    answer = client.get(address) if get else client.post(address, content=body, headers={"Content-Type": media})
    assert answer.status_code == 200


def test_odd_values_in_well_formed_events_are_no_error(uow, client, pbx, path, clock):
    odd = CallEvent(type=EventType.AGENT_RINGING, call="c" * 900, at=clock.now(), key="k" * 900, leg="l" * 900, number="+" * 300, extension="e" * 300)
    assert client.post(path, content=pbx.webhook([odd])).status_code == 200
    assert uow.find(Call).one().number is None
