"""What is said about records stays with them when they are merged, and comes back when that, or anything, is undone."""

from __future__ import annotations

import datetime as dt

from crmkit.activities import Activity, DiskStore, File, Note, next_step, plan
from crmkit.core import merge, undo
from tests.activities.world import ANN, BOB, PDF, Client

DAY = dt.timedelta(days=1)


def test_a_merge_takes_everything_along_and_gives_it_back(crm, client, uow, make, hers, his, send):
    make(Note, text="about hers", **uow.about(hers))
    send(hers, "hers.pdf")
    plan(uow, hers, "call", "Call", uow.now + DAY)
    uow.settle()
    for cls in (Note, File, Activity):
        assert uow.find(cls).one().about_id == hers.id
    with crm.uow() as theirs:
        done = merge.merge(theirs, crm.kind(Client), his.id, hers.id)
    for cls in (Note, File, Activity):
        assert uow.find(cls).one().about_id == his.id
    assert next_step(uow, his) is not None
    client.act_as(BOB)
    assert client.get("/x/activities/files/1").content == PDF
    client.act_as(ANN)
    assert client.get("/x/activities/files/1").status_code == 404
    with crm.uow() as theirs:
        undo.undo(theirs, operation=done.operation)
    for cls in (Note, File, Activity):
        assert uow.find(cls).one().about_id == hers.id
    assert client.get("/x/activities/files/1").content == PDF


def test_an_upload_that_is_undone_leaves_its_content_for_a_while(crm, client, uow, hers, send, folder, deliver, clock):
    send(hers)
    clock.set(max(clock.now(), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    entry = next(e for e in client.get("/api/journal").json()["entries"] if e["kind"] == "activities.file")
    with crm.uow() as theirs:
        undo.undo(theirs, tx=entry["tx"])
    assert uow.find(File).archived(only=False).count() == 0
    assert client.get("/x/activities/files/1").status_code == 404
    deliver(until=3 * DAY)
    assert len(list(DiskStore(folder).every())) == 1
    deliver(until=6 * DAY)
    assert list(DiskStore(folder).every()) == []


def test_a_note_that_is_undone(crm, client, uow, make, hers):
    note = make(Note, text="first", **uow.about(hers))
    client.patch(f"/api/activities/note/{note.id}", json={"text": "second"}, headers={"If-Match": "*"})
    entry = client.get("/api/journal").json()["entries"][0]
    with crm.uow() as theirs:
        undo.undo(theirs, tx=entry["tx"])
    assert uow.find(Note).one().text == "first"
