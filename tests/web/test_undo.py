"""Undo, merge and many records at once, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.web.world import Api


def deal(api: Api, **values: Any) -> dict[str, Any]:
    made: dict[str, Any] = api("POST", "/api/sales/deal", {"title": "Chairs", **values}, 201).json()
    return made


def newest(api: Api, **asked: Any) -> dict[str, Any]:
    query = "&".join(f"{k}={v}" for k, v in asked.items())
    found: dict[str, Any] = api("GET", f"/api/journal?limit=1&{query}", status=200).json()["entries"][0]
    return found


def test_an_edit_is_previewed_and_taken_back(boss: Api):
    made = deal(boss)
    boss("PATCH", f"/api/sales/deal/{made['id']}", {"title": "Tables"}, 200, If_Match="*")
    entry = newest(boss, kind="sales.deal", record=made["id"])
    assert entry["operation"] is None
    seen = boss("GET", f"/api/undo?tx={entry['tx']}", status=200).json()
    assert (seen["possible"], seen["conflicts"]) == (True, [])
    assert seen["entries"] == [{"kind": "sales.deal", "id": made["id"], "action": "change", "changes": {"title": ["Tables", "Chairs"]}}]
    done = boss("POST", "/api/undo", {"tx": entry["tx"]}, 200).json()
    again = boss("GET", f"/api/sales/deal/{made['id']}", status=200).json()
    assert (again["title"], again["version"]) == ("Chairs", 3)
    listed = boss("GET", "/api/operations", status=200).json()["operations"]
    assert [(o["operation"], o["kind"], o["state"]) for o in listed] == [(done["operation"], "undo", "done"), (done["undone"], "change", "undone")]
    boss("POST", "/api/undo", {"tx": entry["tx"]}, 409)
    boss("POST", "/api/undo", {"operation": done["operation"]}, 200)
    assert boss("GET", f"/api/sales/deal/{made['id']}", status=200).json()["title"] == "Tables"


def test_what_stands_in_the_way_is_told(boss: Api):
    made = deal(boss)
    boss("PATCH", f"/api/sales/deal/{made['id']}", {"title": "Tables"}, 200, If_Match="*")
    first = newest(boss, kind="sales.deal", record=made["id"])
    boss("PATCH", f"/api/sales/deal/{made['id']}", {"title": "Lamps"}, 200, If_Match="*")
    seen = boss("GET", f"/api/undo?tx={first['tx']}", status=200).json()
    assert not seen["possible"]
    assert [(c["id"], c["field"], c["code"], c["actor"]) for c in seen["conflicts"]] == [(made["id"], "title", "newer", "boss")]
    refused = boss("POST", "/api/undo", {"tx": first["tx"]}, 409).json()
    assert [(p["path"], p["code"]) for p in refused["problems"]] == [(f"sales.deal.{made['id']}.title", "newer")]


def test_a_wrong_request_is_refused_by_field(boss: Api):
    for body, path in (({}, "operation"), ({"tx": 1, "operation": 1}, "operation"), ({"tx": "1"}, "tx"), ({"tx": 1, "txx": 1}, "txx")):
        assert path in [p["path"] for p in boss("POST", "/api/undo", body, 422).json()["problems"]]
    boss("GET", "/api/undo", status=422)
    boss("GET", "/api/undo?tx=999999", status=404)
    boss("POST", "/api/undo", {"operation": 999999}, 404)


def test_somebody_elses_work_is_neither_shown_nor_undone(boss: Api, ann: Api, client: Any):
    made = deal(boss)
    tx = newest(boss, kind="sales.deal", record=made["id"])["tx"]
    seen = ann("GET", f"/api/undo?tx={tx}", status=200).json()
    assert (seen["possible"], seen["entries"]) == (False, [])
    assert {c["id"] for c in seen["conflicts"]} == {None}
    ann("POST", "/api/undo", {"tx": tx}, 403)
    assert ann("GET", "/api/operations", status=200).json() == {"operations": []}
    Api(client)("GET", "/api/operations", status=401)
    Api(client)("POST", "/api/undo", {"tx": tx}, 401)


def test_many_are_edited_as_one_and_undone_as_one(boss: Api, ann: Api):
    keys = [deal(boss, title=f"D{i}")["id"] for i in range(3)]
    done = boss("POST", "/api/sales/deal/bulk", {"action": "change", "ids": keys[:2], "values": {"title": "Same"}}, 200).json()
    assert (done["count"], done["ids"]) == (2, keys[:2])
    rest = boss("POST", "/api/sales/deal/bulk", {"action": "archive", "filter": {"title": "Same"}}, 200).json()
    assert rest["ids"] == keys[:2]
    back = boss("POST", "/api/sales/deal/bulk", {"action": "restore", "filter": {"title": "Same"}}, 200).json()
    assert back["count"] == 2
    for number in (back["operation"], rest["operation"], done["operation"]):
        boss("POST", "/api/undo", {"operation": number}, 200)
    titles = [row["title"] for row in boss("GET", "/api/sales/deal?sort=id&fields=title", status=200).json()["rows"]]
    assert titles == ["D0", "D1", "D2"]
    refused = boss("POST", "/api/sales/deal/bulk", {"action": "change", "ids": [*keys, 999], "values": {"title": "x"}}, 422).json()
    assert [p["path"] for p in refused["problems"]] == ["ids.3"]
    ann("POST", "/api/sales/deal/bulk", {"action": "archive", "ids": keys}, 422)
    assert boss("POST", "/api/sales/deal/bulk", {"action": "archive", "filter": {"title": "none"}}, 200).json()["operation"] is None
    boss("POST", "/api/sales/deal/bulk", {"action": "archive"}, 422)
    boss("POST", "/api/sales/deal/bulk", {"action": "fly", "ids": keys}, 422)


def test_a_bulk_move_names_every_record_that_lacks_something(boss: Api):
    keys = [deal(boss)["id"] for _number in range(2)]
    refused = boss("POST", "/api/sales/deal/bulk", {"action": "move", "ids": keys, "stage": "offer"}, 422).json()
    assert {p["path"].partition(".")[0] for p in refused["problems"]} == {str(k) for k in keys}
    done = boss("POST", "/api/sales/deal/bulk", {"action": "move", "ids": keys, "stage": "offer", "values": {"amount": "10"}}, 200).json()
    assert {boss("GET", f"/api/sales/deal/{k}", status=200).json()["stage"] for k in keys} == {"offer"}
    boss("POST", "/api/undo", {"operation": done["operation"]}, 200)
    assert {boss("GET", f"/api/sales/deal/{k}", status=200).json()["stage"] for k in keys} == {"new"}


def test_a_batch_is_undone_as_one(boss: Api):
    for mode in ("all", "each"):
        asked = [{"op": "create", "kind": "sales.deal", "values": {"title": f"{mode}{i}"}} for i in range(3)]
        boss("POST", "/api/batch", {"mode": mode, "operations": asked}, 200)
        number = boss("GET", "/api/operations?limit=1", status=200).json()["operations"][0]["operation"]
        done = boss("POST", "/api/undo", {"operation": number}, 200).json()
        assert done["counts"]["sales.deal"] == {"delete": 3}
    assert boss("GET", "/api/sales/deal", status=200).json()["rows"] == []


def test_a_merge_is_planned_done_and_taken_back(boss: Api, ann: Api):
    names = ({"name": "Anna"}, {"name": "Ann", "email": "ann@example.com"})
    winner, loser = (boss("POST", "/api/sales/contact", n, 201).json()["id"] for n in names)
    held = deal(boss, contact_id=loser)["id"]
    address = f"/api/sales/contact/{winner}/merge"
    plan = boss("POST", address, {"with": loser, "dry_run": True}, 200).json()
    assert plan["operation"] is None
    fields = {f["name"]: (f["winner"], f["loser"], f["taken"]) for f in plan["fields"]}
    assert fields["name"] == ("Anna", "Ann", "winner")
    assert fields["email"][1:] == ("ann@example.com", "loser")
    assert plan["repointed"]["sales.deal"] == 1
    assert boss("GET", f"/api/sales/deal/{held}", status=200).json()["contact_id"] == loser
    done = boss("POST", address, {"with": loser, "choose": {"name": "loser"}}, 200).json()
    assert boss("GET", f"/api/sales/deal/{held}", status=200).json()["contact_id"] == winner
    assert boss("GET", f"/api/sales/contact/{winner}", status=200).json()["name"] == "Ann"
    assert boss("GET", f"/api/sales/contact/{loser}", status=200).json()["merged_into"] == winner
    boss("POST", address, {"with": loser}, 409)
    boss("POST", "/api/undo", {"operation": done["operation"]}, 200)
    again = boss("GET", f"/api/sales/contact/{loser}", status=200).json()
    assert "merged_into" not in again
    assert again["archived_at"] is None
    ann("POST", address, {"with": loser}, 404)
    wrong: list[tuple[dict[str, Any], str]] = [({}, "with"), ({"with": winner}, "with"), ({"with": True}, "with")]
    for body, path in (*wrong, ({"with": loser, "choose": {"nmae": "loser"}}, "choose.nmae")):
        assert path in [p["path"] for p in boss("POST", address, body, 422).json()["problems"]], body
