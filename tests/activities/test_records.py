"""Notes and activities about any record, under the rules of that record."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest

from crmkit import Actor, Forbidden, Invalid
from crmkit.activities import OVERDUE, Activity, Note, has_next_step, next_step, next_steps, plan
from crmkit.core.tokens import create_token
from crmkit.testing import check_plugin
from tests.activities.world import ANN, BOB, BOSS, ORDERS, Client, Country, Order
from tests.web.served import Stream, serve

DAY = dt.timedelta(days=1)


@pytest.mark.slow
def test_plugin_is_well_made(database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_plugin("crmkit.activities:plugin", databases=(database,))


def codes(answer) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {p["path"]: p["code"] for p in answer.json()["problems"]}


def test_a_note_about_any_record(client, uow, make):
    for record in (make(Client), make(Order), make(Country)):
        body = {"text": "**Просил** перезвонить", **uow.about(record)}
        made = client.post("/api/activities/note", json=body)
        assert made.status_code == 201
        assert (made.json()["text"], made.json()["pinned"]) == (body["text"], False)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"about_kind": "firm.klient"}, {"about_kind": "unknown"}),
        ({"about_kind": "activities.note"}, {"about_kind": "unknown"}),
        ({"about_id": 999}, {"about_id": "reference"}),
        ({"text": "  \n "}, {"text": "invalid"}),
        ({"text": "x" * 100_001}, {"text": "invalid"}),
    ],
)
def test_a_note_that_will_not_do(client, make, values, expected):
    make(Client)
    assert codes(client.post("/api/activities/note", json={"text": "a", "about_kind": "firm.client", "about_id": 1, **values})) == expected


def test_automations_and_scripts_are_held_to_the_same(uow, make, hers):
    for values in ({"about_kind": "firm.klient"}, {"about_id": 999}, {"about_kind": "activities.note"}):
        with pytest.raises(Invalid), uow.crm.uow() as inner:
            inner.add(Note(**{"text": "a", "about_kind": "firm.client", "about_id": hers.id, **values}))
    with pytest.raises(Invalid, match="no kind of activity"), uow.crm.uow() as inner:
        inner.add(Activity(kind="dance", subject="a", **inner.about(inner.get(Client, hers.id))))


def test_nobody_writes_about_what_they_may_not_see(client, crm, uow, hers, his):
    client.act_as(BOB)
    about = {"about_kind": "firm.client", "about_id": hers.id}
    for entity, more in (("note", {"text": "a"}), ("activity", {"kind": "call", "subject": "a"})):
        assert codes(client.post(f"/api/activities/{entity}", json={**about, **more})) == {"about_id": "reference"}
    mine = client.post("/api/activities/note", json={"text": "a", "about_kind": "firm.client", "about_id": his.id}).json()
    moved = client.patch(f"/api/activities/note/{mine['id']}", json={"about_id": hers.id}, headers={"If-Match": "*"})
    assert codes(moved) == {"about_id": "reference"}
    with pytest.raises(Invalid) as refused, crm.uow(BOB) as theirs:
        theirs.add_many(Note, [{"text": "a", "about_kind": "firm.client", "about_id": hers.id}])
    assert [p.path for p in refused.value.problems] == ["0.about_id"]


@pytest.fixture
def notes(uow, make, hers, his):
    return [make(Note, text=f"about {c.name}", owner_id=BOSS.id, **uow.about(c)) for c in (hers, his)]


def test_lists_counts_and_exports_keep_to_the_records(client, crm, notes, hers, his):
    for actor, seen in ((ANN, ["about Hers"]), (BOB, ["about His"]), (BOSS, ["about Hers", "about His"]),
                        (Actor(9, "Tea", ["team"], [20]), ["about Hers"]), (Actor(9, "x", ["blind"]), None), (Actor(9, "x", ["tidy"]), [])):
        client.act_as(actor)
        listed = client.get("/api/activities/note", params={"count": "100"})
        if seen is None:
            assert listed.status_code == 403
            continue
        assert listed.json()["total"] == len(seen)
        assert sorted(r["text"] for r in listed.json()["rows"]) == seen
        with crm.read(actor) as theirs:
            assert theirs.find(Note).count() == len(seen)
        for note, client_ in zip(notes, (hers, his), strict=True):
            wanted = 200 if f"about {client_.name}" in seen else 404
            assert client.get(f"/api/activities/note/{note.id}").status_code == wanted
    client.act_as(ANN)
    exported = client.get("/api/activities/note/export", params={"format": "jsonl"})
    assert [json.loads(line)["text"] for line in exported.text.splitlines()] == ["about Hers"]


def test_what_is_about_a_record_goes_with_its_owner(client, uow, notes, hers):
    record = uow.get(Client, hers.id)
    record.owner_id = BOB.id
    uow.settle()
    client.act_as(ANN)
    assert client.get("/api/activities/note").json()["rows"] == []
    client.act_as(BOB)
    assert len(client.get("/api/activities/note").json()["rows"]) == 2


def test_a_note_of_an_archived_record_is_still_there(client, uow, notes, hers):
    client.post(f"/api/firm/client/{hers.id}/archive", headers={"If-Match": "*"})
    client.act_as(ANN)
    assert client.get(f"/api/activities/note/{notes[0].id}").status_code == 200
    entries = client.get(f"/api/firm/client/{hers.id}/timeline").json()["entries"]
    assert [e["text"] for e in entries if e["kind"] == "activities.note"] == ["about Hers"]


# Activities


def test_planning(uow, make, hers, crm):
    order = make(Order, owner_id=ANN.id, team_id=20)
    assert next_step(uow, order) is None
    later = plan(uow, order, "call", "Call back", uow.now + 2 * DAY)
    assert (later.owner_id, later.team_id) == (ANN.id, 20)
    sooner = plan(uow, order, "fitting", "Try on", uow.now + DAY, owner_id=BOB.id)
    plan(uow, order, "demo", "No date", None)
    plan(uow, hers, "todo", "Other", uow.now)
    assert next_step(uow, order) is sooner
    assert next_steps(uow, "firm.order", [order.id, 77])[order.id].subject == "Try on"
    with crm.read(BOB) as theirs:
        assert theirs.find(Activity).count() == 0
    with crm.uow(Actor(5, "Zoe", ["boss"])) as theirs:
        country = theirs.add(Country(name="Peru"))
        assert plan(theirs, country, "call", "a", None).owner_id == 5


def test_a_rule_asks_whether_anything_is_planned_even_what_one_may_not_see(uow, make, crm):
    order = make(Order, owner_id=7)
    plan(uow, order, "call", "Call back", uow.now + DAY, owner_id=8)
    uow.settle()
    with crm.uow(Actor(7, "Tidy", ["tidy"])) as theirs:
        record = theirs.get(Order, order.id)
        assert next_step(theirs, record) is None
        assert has_next_step(theirs, record)
        theirs.move(record, ORDERS["done"])


def test_completing_reopening_and_postponing(client, uow, make, hers, clock):
    step = make(Activity, kind="call", subject="Call", due_at=uow.now + DAY, **uow.about(hers))
    client.act_as(ANN)
    path = f"/api/activities/activity/{step.id}/do"
    done = client.post(f"{path}/complete", json={"outcome": "Договорились", "duration": 5})
    assert done.status_code == 200, done.text
    assert (done.json()["result"]["outcome"], done.json()["result"]["duration"]) == ("Договорились", 5)
    assert step.done_at == clock.now()
    assert codes(client.post(f"{path}/complete", json={})) == {"done_at": "done"}
    assert codes(client.post(f"{path}/postpone", json={"due_at": "2030-01-01T00:00:00Z"})) == {"done_at": "done"}
    assert client.post(f"{path}/reopen", json={}).json()["result"]["done_at"] is None
    assert codes(client.post(f"{path}/reopen", json={})) == {"done_at": "open"}
    assert codes(client.post(f"{path}/postpone", json={"due_at": "2020-01-01T00:00:00Z"})) == {"due_at": "past"}
    assert client.post(f"{path}/postpone", json={"due_at": "2030-01-01T00:00:00Z"}).json()["result"]["due_at"].startswith("2030")
    assert codes(client.post(f"{path}/complete", json={"duration": -1})) == {"duration": "invalid"}
    client.act_as(BOB)
    assert client.post(f"{path}/complete", json={}).status_code == 404
    client.act_as(Actor(9, "r", ["reader"]))
    assert client.post(f"{path}/complete", json={}).status_code == 403


def test_what_is_overdue(client, uow, make, hers, clock):
    due = [make(Activity, kind="call", subject=f"{n}", due_at=uow.now + n * DAY, **uow.about(hers)) for n in (1, 3)]
    make(Activity, kind="call", subject="whenever", **uow.about(hers))
    clock.forward(days=2)
    assert uow.find(Activity).where(OVERDUE).ids() == [due[0].id]
    listed = client.get("/api/activities/activity", params={"filter": json.dumps(OVERDUE)})
    assert [r["subject"] for r in listed.json()["rows"]] == ["1"]
    client.post(f"/api/activities/activity/{due[0].id}/do/complete", json={})
    assert uow.find(Activity).where(OVERDUE).ids() == []


def test_kinds_of_the_settings_and_of_other_plugins(client, make, uow, hers):
    kinds = client.act_as(Actor(1, "b", ["boss"], language="ru")).get("/x/activities/kinds").json()["kinds"]
    assert {k["name"]: k["label"] for k in kinds} == {
        "call": "Звонок", "meeting": "Встреча", "letter": "Письмо", "message": "Сообщение", "todo": "Задача", "fitting": "Примерка", "demo": "Показ"}
    form = client.get("/activities/activity/new").text
    assert '<option value="demo" >Показ</option>' in form  # chosen by what people call it, not typed as it is stored
    body = {"kind": "dance", "subject": "a", **uow.about(hers)}
    assert codes(client.post("/api/activities/activity", json=body)) == {"kind": "unknown"}
    made = client.post("/api/activities/activity", json=body | {"kind": "demo"}).json()
    page = client.get(f"/activities/activity/{made['id']}").text
    assert re.search(r'class="prop-v ">Показ<', page)
    assert f'<a class="ref" href="/{uow.about(hers)["about_kind"].replace(".", "/")}/{hers.id}">' in page  # the way to what it is about
    assert "/do/reopen" not in page
    assert codes(client.patch(f"/api/activities/activity/{made['id']}", json={"kind": "dance"}, headers={"If-Match": "*"})) == {"kind": "unknown"}


# The timeline


def test_the_timeline_has_notes_files_and_activities(client, uow, make, hers, send, clock):
    make(Note, text="Remember", pinned=True, **uow.about(hers))
    clock.forward(hours=1)
    send(hers, "договор.pdf")
    clock.forward(hours=1)
    plan(uow, hers, "call", "Call back", uow.now + DAY)
    entries = client.get(f"/api/firm/client/{hers.id}/timeline").json()["entries"]
    added = [e for e in entries if e["kind"].startswith("activities.")]
    assert [(e["kind"], e["text"]) for e in added] == [
        ("activities.activity", "Call back"), ("activities.file", "договор.pdf"), ("activities.note", "Remember")]
    assert (added[0]["activity_kind"], added[1]["media_type"], added[2]["pinned"]) == ("call", "application/pdf", True)
    before = added[1]["at"]
    earlier = client.get(f"/api/firm/client/{hers.id}/timeline", params={"before": before}).json()["entries"]
    assert [e["text"] for e in earlier if e["kind"].startswith("activities.")] == ["Remember"]
    assert "key" not in json.dumps(entries)


def test_the_timeline_hides_what_the_actor_may_not_read(client, uow, make, hers):
    make(Note, text="Secret", owner_id=1, **uow.about(hers))
    for role, texts in (("blind", []), ("tidy", []), ("reader", [""]), ("boss", ["Secret"])):
        client.act_as(Actor(9, "x", [role]))
        entries = client.get(f"/api/firm/client/{hers.id}/timeline").json()["entries"]
        assert [e["text"] for e in entries if e["kind"] == "activities.note"] == texts, role


def test_the_live_stream_keeps_to_the_records(crm, notes, hers, his):
    """Whoever may not see the record is not told that there is a note about it."""
    tokens = {who.id: create_token(crm, who.name, who.roles, actor_id=who.id) for who in (BOB, BOSS)}
    topic = "activities.note"
    with serve(crm.app) as base, Stream(base, tokens[BOB.id], topic) as bob, Stream(base, tokens[BOSS.id], topic) as boss:
        assert bob.next()[0] == boss.next()[0] == "ready"
        made = []
        for client_ in (hers, his):
            with crm.uow() as uow:
                made.append(uow.add(Note(text="new", **uow.about(uow.get(Client, client_.id)))))
        assert [boss.next() for _note in made] == [("changed", (topic, note.id)) for note in made]
        assert bob.next() == ("changed", (topic, made[1].id))


def test_rights_of_one_s_own(crm, hers):
    with pytest.raises(Forbidden), crm.uow(Actor(9, "x", ["blind"])) as theirs:
        theirs.require("activities.note.create")
