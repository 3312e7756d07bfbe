"""Batches, idempotency keys, tokens, journal and jobs."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from crmkit import Crm, Misuse, MovableClock
from crmkit.core.tokens import create_token, list_tokens, revoke_token
from tests.web.world import Api, problems

CONTACT = {"op": "create", "kind": "sales.contact", "values": {"name": "x"}}


def count(api: Api, kind: str = "contact") -> int:
    total: int = api("GET", f"/api/sales/{kind}?count=1000", status=200).json()["total"]
    return total


def test_a_batch_is_all_or_nothing(boss: Api):
    bad = {"op": "create", "kind": "sales.contact", "values": {"name": 5}}
    assert problems(boss("POST", "/api/batch", {"operations": [CONTACT, bad]}, 422)) == {"operations.1.values.name": "invalid"}
    assert count(boss) == 0
    key = boss.deal()
    ops = [
        CONTACT,
        {"op": "change", "kind": "sales.deal", "id": key, "values": {"amount": "5"}, "version": 1},
        {"op": "move", "kind": "sales.deal", "id": key, "stage": "offer"},
        {"op": "do", "command": "sales.deal.register_call", "id": key, "arguments": {"note": "hi"}},
        {"op": "archive", "kind": "sales.deal", "id": key},
    ]
    done = boss("POST", "/api/batch", {"operations": ops}, 200).json()
    assert [r["status"] for r in done["results"]] == [201, 200, 200, 200, 200]
    assert done["results"][1]["record"]["archived_at"]  # shown as everything ended
    stale = boss("POST", "/api/batch", {"operations": [CONTACT, {"op": "restore", "kind": "sales.deal", "id": key, "version": 1}]}, 412)
    assert problems(stale) == {"operations.1": "stale"}


def test_each_operation_of_a_batch_may_fail_alone(boss: Api):
    missing = {"op": "move", "kind": "sales.deal", "id": 99, "stage": "offer"}
    nameless = {"op": "create", "kind": "sales.contact", "values": {"name": None}}
    ops = [CONTACT, missing, nameless, CONTACT]
    done = boss("POST", "/api/batch", {"mode": "each", "operations": ops}, 200, Idempotency_Key="k").json()
    assert [r["status"] for r in done["results"]] == [201, 404, 422, 201]
    assert done["failed"] == 2
    assert done["results"][2]["problem"]["problems"][0]["path"] == "name"
    assert count(boss) == 2
    assert boss("POST", "/api/batch", {"mode": "each", "operations": ops}, 200, Idempotency_Key="k").json() == done
    assert count(boss) == 2


def test_a_malformed_operation_refuses_the_whole_batch(boss: Api):
    ops = [CONTACT, {"op": "nope"}, 5, {**CONTACT, "x": 1}]
    refused = boss("POST", "/api/batch", {"mode": "each", "operations": ops}, 422)
    assert set(problems(refused)) == {"operations.1.op", "operations.2", "operations.3.x"}
    assert count(boss) == 0


def test_the_form_of_a_batch_is_checked(boss: Api):
    assert set(problems(boss("POST", "/api/batch", {"mode": "some", "operations": [], "x": 1}, 422))) == {"mode", "operations", "x"}
    assert problems(boss("POST", "/api/batch", {"operations": [CONTACT] * 1001}, 422)) == {"operations": "invalid"}
    wrong = [
        {"op": "change", "kind": "sales.nope", "id": 1, "values": {}},
        {"op": "move", "kind": "sales.deal", "id": "1", "stage": 3},
        {"op": "do", "command": "sales.nope"},
        {"op": "do", "command": "sales.deal.register_call"},
    ]
    found = problems(boss("POST", "/api/batch", {"operations": wrong}, 422))
    assert set(found) == {"operations.0.kind", "operations.1.id", "operations.1.stage", "operations.2.command", "operations.3.id"}


def test_a_key_makes_a_change_happen_once(boss: Api, ann: Api):
    first = boss("POST", "/api/sales/contact", {"name": "Once"}, 201, Idempotency_Key="one")
    again = boss("POST", "/api/sales/contact", {"name": "Once"}, 201, Idempotency_Key="one")
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["etag"] == first.headers["etag"]
    assert problems(boss("POST", "/api/sales/contact", {"name": "Twice"}, 422, Idempotency_Key="one")) == {"Idempotency-Key": "reused"}
    ann("POST", "/api/sales/contact", {"name": "Other"}, 201, Idempotency_Key="one")
    boss("POST", "/api/sales/contact", {}, 422, Idempotency_Key="two")
    boss("POST", "/api/sales/contact", {"name": "Now right"}, 201, Idempotency_Key="two")
    assert count(boss) == 3
    key = first.json()["id"]
    for _ in range(2):
        boss("PATCH", f"/api/sales/contact/{key}", {"name": "New"}, 200, Idempotency_Key="three", If_Match='"1"')
    for bad in ("", "a b", "x" * 201):
        assert problems(boss("POST", "/api/sales/contact", {"name": "x"}, 400, Idempotency_Key=bad)) == {"Idempotency-Key": "invalid"}


def test_one_key_many_at_once(boss: Api):
    answers = []

    def send() -> None:
        answers.append(boss("POST", "/api/sales/contact", {"name": "Once"}, Idempotency_Key="race"))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert count(boss) == 1


def test_tokens(crm: Crm, client, boss: Api):
    clock = crm.clock
    assert isinstance(clock, MovableClock)
    short = Api(client, create_token(crm, "short", ["seller"], expires=dt.timedelta(days=1)))
    assert short("GET", "/api/me", status=200).json()["name"] == "short"
    clock.forward(days=1)
    short("GET", "/api/me", status=401)
    other = Api(client, create_token(crm, "other", ["seller"]))
    other("GET", "/api/sales/deal", status=200)
    info = {i.name: i for i in list_tokens(crm)}
    revoke_token(crm, info["other"].id)
    other("GET", "/api/sales/deal", status=401)
    Api(client, "crm_" + "x" * 43)("GET", "/api/me", status=401)
    Api(client, "crm_short")("GET", "/api/me", status=401)
    Api(client, "something-else")("GET", "/api/sales/deal", status=401)  # not ours: as if there were none
    with pytest.raises(Misuse, match="seller"):
        create_token(crm, "x", ["seler"])


def test_a_checked_token_costs_no_query(crm: Crm, boss: Api):
    import sqlalchemy as sa

    boss("GET", "/api/sales/deal", status=200)
    seen: list[str] = []
    sa.event.listen(crm.engine, "before_cursor_execute", lambda _c, _cur, sql, *rest: seen.append(sql))
    boss("GET", "/api/sales/deal", status=200)
    assert len(seen) == 1, seen  # the page itself; a new Live-Mark is read every half minute


def test_other_sites_pages_may_not_write(client):
    Api(client)("POST", "/api/sales/deal", {"title": "x"}, 403, Sec_Fetch_Site="cross-site")
    Api(client)("POST", "/api/sales/deal", {"title": "x"}, 401, Sec_Fetch_Site="same-origin")


def test_journal_and_jobs(boss: Api, crm: Crm):
    key = boss.deal(title="Whale")
    found = boss("GET", f"/api/journal?kind=sales.deal&record={key}&text=whale", status=200).json()["entries"]
    assert [e["action"] for e in found] == ["created"]
    boss("POST", f"/api/sales/deal/{key}/move", {"stage": "offer", "values": {"amount": "1"}}, 200)
    jobs = boss("GET", "/api/jobs?state=pending", status=200).json()
    assert jobs["jobs"][0]["kind"] == "while:sales:nudge"
    boss("POST", f"/api/jobs/{jobs['jobs'][0]['id']}/replay", status=404)
    with crm.uow() as uow:
        from crmkit.core.jobs import job

        uow.connection.execute(job.update().values(state="dead", error="boom", died_at=0))
    assert boss("GET", "/api/jobs?state=dead", status=200).json()["counts"]["dead"] == 1
    assert boss("POST", f"/api/jobs/{jobs['jobs'][0]['id']}/replay", status=200).json() == {"replayed": 1}
    for query in ("state=x", "since=yesterday", "record=0", "limit=1000"):
        assert boss("GET", f"/api/{'jobs' if 'state' in query else 'journal'}?{query}").status_code == 422
