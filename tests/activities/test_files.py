"""Files: in by an upload, out by a download, and together with their records whatever happens."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from crmkit import Actor, Invalid
from crmkit.activities import DiskStore, File
from crmkit.activities.store import new_key
from tests.activities.world import ANN, BOB, PDF, Client, png
from tests.suite import forked

DAY = dt.timedelta(days=1)


def kept(folder: Path) -> list[str]:
    return sorted(DiskStore(folder).every()) if folder.exists() else []


def codes(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {p["path"]: p["code"] for p in answer.json()["problems"]}


# Uploads


def test_a_file_as_a_body_of_its_own(client, crm, uow, hers, send, folder):
    client.act_as(ANN)
    made = send(hers, "Договор №5.pdf")
    assert made.status_code == 201, made.text
    facts = {"name": "Договор №5.pdf", "size": len(PDF), "media_type": "application/pdf", "digest": hashlib.sha256(PDF).hexdigest()}
    assert made.json() == {"id": 1, "version": 1, "about_kind": "firm.client", "about_id": hers.id, **facts}
    assert made.headers["location"] == "/x/activities/files/1"
    file = uow.get(File, 1)
    assert (file.owner_id, file.team_id) == (ANN.id, 20)
    assert kept(folder) == [file.key]
    shown = client.get("/api/activities/file/1").json()
    assert facts.items() <= shown.items()
    assert "key" not in shown
    assert "key" not in client.get("/api/activities/file").json()["rows"][0]


def test_a_file_in_a_form(client, crm, hers, folder):
    big = PDF + b"\n%" + b"x" * 700_000
    fields = {"about_kind": "firm.client", "about_id": str(hers.id)}
    made = client.post("/x/activities/files", data=fields, files={"file": ("скан.pdf", io.BytesIO(big), "text/html")})
    assert made.status_code == 201, made.text
    assert (made.json()["name"], made.json()["media_type"], made.json()["size"]) == ("скан.pdf", "application/pdf", len(big))
    assert client.get("/x/activities/files/1").content == big


def multipart(*parts: str, boundary: str = "b", end: bool = True) -> bytes:
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + (f"--{boundary}--\r\n" if end else "")
    return body.encode()


FIELD = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}'
FILE = 'Content-Disposition: form-data; name="file"; filename="{}"\r\n\r\nhello'


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (multipart(FIELD.format("about_kind", "firm.client"), FIELD.format("about_id", "1")), {"form": "form"}),
        (multipart(FILE.format("a.txt"), FILE.format("b.txt")), {"form": "form"}),
        (multipart(FILE.format("a.txt"), end=False), {"form": "form"}),
        (multipart(FILE.format("a.txt"), boundary="other"), {"form": "form"}),
        (b"", {"form": "form"}), (b"nonsense", {"form": "form"}), (b"\xff" * 5000, {"form": "form"}),
        (multipart(*[FIELD.format(f"f{n}", "x") for n in range(20)]), {"form": "form"}),
        (multipart(FIELD.format("about_kind", "x" * 5000)), {"about_kind": "form"}),
        (multipart(FILE.format("a.txt").replace('"file"', '"other"')), {"form": "form"}),
        (multipart("X" * 100_000), {"form": "form"}),
        (multipart(FILE.format("a.txt")), {"about_kind": "required", "about_id": "required"}),
    ],
)  # fmt: skip
def test_forms_that_cannot_be_read(client, make, folder, body, wrong):
    make(Client)
    answer = client.post("/x/activities/files", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert codes(answer) == wrong
    no_boundary = client.post("/x/activities/files", content=body, headers={"Content-Type": "multipart/form-data"})
    assert codes(no_boundary) == {"form": "form"}
    assert kept(folder) == []


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("page.html", b"<html>", {"file": "type"}), ("a.png", b"<svg/>", {"file": "content"}), ("../../a.exe", b"MZ", {"file": "type"}),
        ("", PDF, {"name": "invalid"}), ("\u202e", PDF, {"name": "invalid"}), ("a.pdf", b"", {"file": "empty"}),
        ("a.pdf", PDF + b"x" * 1_000_000, {"file": "too-large"}), ("a.txt", b"<script>", {"file": "content"}),
    ],
)  # fmt: skip
def test_files_that_are_not_taken(client, send, hers, folder, name, content, wrong):
    assert codes(send(hers, name, content)) == wrong
    assert kept(folder) == []


def test_far_too_large_is_not_even_read(send, hers, folder):
    assert send(hers, "a.pdf", PDF + b"x" * 2_000_000).status_code == 413
    assert kept(folder) == []


@pytest.mark.parametrize(
    ("about", "wrong"), [(0, "invalid"), ("x", "invalid"), (10**30, "invalid"), (999, "reference"), (-1, "invalid"), ("", "required")]
)
def test_files_about_nothing(send, hers, folder, about, wrong):
    assert codes(send(about)) == {"about_id": wrong}
    assert kept(folder) == []


def test_who_may_attach_what(client, send, hers, his, folder):
    client.act_as(BOB)
    assert codes(send(hers)) == {"about_id": "reference"}
    client.act_as(Actor(9, "x", ["blind"]))
    assert send(hers).status_code == 403
    client.act_as(Actor(None, "anonymous"))
    assert send(hers).status_code == 401
    assert kept(folder) == []
    client.act_as(Actor(9, "x", ["tidy"]))
    assert send(hers).status_code == 201


def test_a_file_comes_by_an_upload_only(client, uow, hers, crm):
    body = {"name": "a.pdf", **uow.about(hers)}
    assert codes(client.post("/api/activities/file", json=body)) == {"": "upload"}
    assert codes(client.post("/api/activities/file", json=body | {"size": 5, "digest": "x", "media_type": "text/html"})) == {
        "size": "generated", "digest": "generated", "media_type": "generated"}
    assert codes(client.post("/api/activities/file", json=body | {"key": "x"})) == {"key": "generated"}
    with pytest.raises(Invalid), crm.uow() as inner:
        inner.add_many(File, [body])


def test_a_repeated_upload_attaches_once(client, crm, uow, hers, send):
    first, again = (send(hers, headers={"Idempotency-Key": "one"}) for _time in range(2))
    assert first.json() == again.json()
    assert uow.find(File).count() == 1


def test_renaming_keeps_the_type(client, hers, send):
    send(hers, "a.pdf")
    path, now = "/api/activities/file/1", {"If-Match": "*"}
    assert client.patch(path, json={"name": "Счёт.PDF"}, headers=now).json()["name"] == "Счёт.PDF"
    assert codes(client.patch(path, json={"name": "a.html"}, headers=now)) == {"name": "extension"}
    assert client.patch(path, json={"name": "../b.pdf"}, headers=now).json()["name"] == "b.pdf"


# Downloads


def test_a_download_is_locked_in(client, hers, send):
    send(hers, "Скан 1.pdf")
    got = client.get("/x/activities/files/1")
    assert (got.status_code, got.content) == (200, PDF)
    expected = {
        "content-type": "application/pdf", "x-content-type-options": "nosniff", "accept-ranges": "bytes",
        "etag": f'"{hashlib.sha256(PDF).hexdigest()}"',
        "content-length": str(len(PDF)), "cache-control": "private, no-cache", "cross-origin-resource-policy": "same-origin",
        "content-disposition": "attachment; filename=\"1.pdf\"; filename*=UTF-8''%D0%A1%D0%BA%D0%B0%D0%BD%201.pdf",
    }  # fmt: skip
    assert expected.items() <= dict(got.headers).items()
    assert got.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    head = client.head("/x/activities/files/1")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(PDF)))


def test_pictures_are_shown_and_saved_when_asked(client, hers, send):
    send(hers, "a.png", png())
    assert client.get("/x/activities/files/1").headers["content-disposition"].startswith("inline")
    assert client.get("/x/activities/files/1?download=1").headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("asked", "status", "expected", "where"),
    [
        ("bytes=0-3", 206, PDF[:4], "0-3"), ("bytes=5-", 206, PDF[5:], f"5-{len(PDF) - 1}"),
        ("bytes=-4", 206, PDF[-4:], f"{len(PDF) - 4}-{len(PDF) - 1}"),
        ("bytes=0-99999", 200, PDF, None), ("bytes=-99999", 200, PDF, None), ("bytes=3-1", 200, PDF, None), ("bytes=0-1,3-4", 200, PDF, None),
        ("lines=1-2", 200, PDF, None), ("bytes=-", 200, PDF, None), ("bytes=99999-", 416, b"", "*"), ("bytes=-0", 416, b"", "*"),
    ],
)  # fmt: skip
def test_parts_of_a_file(client, hers, send, asked, status, expected, where):
    send(hers)
    got = client.get("/x/activities/files/1", headers={"Range": asked})
    assert (got.status_code, got.content) == (status, expected)
    assert got.headers.get("content-range") == (None if where is None else f"bytes {where}/{len(PDF)}")


def test_what_the_caller_has_is_not_sent_again(client, hers, send):
    send(hers)
    tag = client.get("/x/activities/files/1").headers["etag"]
    for given in (tag, f'"x", W/{tag}', "*"):
        again = client.get("/x/activities/files/1", headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get("/x/activities/files/1", headers={"If-None-Match": '"x"'}).status_code == 200
    part = {"Range": "bytes=0-1"}
    assert client.get("/x/activities/files/1", headers={**part, "If-Range": tag}).status_code == 206
    assert client.get("/x/activities/files/1", headers={**part, "If-Range": '"old"'}).status_code == 200


def test_content_is_seen_by_those_who_see_the_record(client, uow, hers, send):
    send(hers)
    for actor, status in ((ANN, 200), (BOB, 404), (Actor(9, "x", ["blind"]), 403), (Actor(9, "x", ["tidy"]), 404), (Actor(None, ""), 401),
                          (Actor(9, "Tea", ["team"], [20]), 200)):
        client.act_as(actor)
        assert client.get("/x/activities/files/1").status_code == status, actor
    for number in ("2", "0", "x", "-1", str(10**30)):
        assert client.act_as(ANN).get(f"/x/activities/files/{number}").status_code == 404
    uow.get(Client, hers.id).owner_id = BOB.id
    uow.settle()
    assert client.get("/x/activities/files/1").status_code == 404


def test_archived_files_are_still_there(client, hers, send):
    send(hers)
    client.post("/api/activities/file/1/archive", headers={"If-Match": "*"})
    client.post(f"/api/firm/client/{hers.id}/archive", headers={"If-Match": "*"})
    assert client.act_as(ANN).get("/x/activities/files/1").content == PDF


def test_lost_content_is_said_to_be_lost(client, hers, send, folder, caplog):
    send(hers)
    (folder / kept(folder)[0]).unlink()
    got = client.get("/x/activities/files/1")
    assert got.status_code == 404
    assert "administrator" in got.json()["detail"]


# Keeping content and records together


def test_removing_for_good(client, uow, hers, send, folder, deliver):
    send(hers)
    client.act_as(Actor(9, "x", ["reader"]))
    assert client.post("/api/activities/file/1/do/remove").status_code == 403
    client.act_as(ANN)
    assert client.post("/api/activities/file/1/do/remove").status_code == 200
    assert len(kept(folder)) == 1  # the commit first
    assert client.get("/x/activities/files/1").status_code == 404
    deliver()
    assert kept(folder) == []
    assert client.post("/api/activities/file/1/do/remove").status_code == 409
    shown = client.get("/api/activities/file/1").json()
    assert (shown["removed_at"] is not None, shown["archived_at"] is not None, shown["name"]) == (True, True, "a.pdf")


def test_what_no_record_knows_is_swept_up_in_time(client, uow, hers, send, folder, deliver, clock):
    send(hers)
    known = kept(folder)
    store = DiskStore(folder)
    lost, half = new_key(clock.now()), f"{new_key(clock.now())}.part"
    store.put(lost, io.BytesIO(b"x"))
    folder.joinpath(half).write_bytes(b"half")
    folder.joinpath("readme.txt").write_bytes(b"not ours")
    deliver(until=6 * DAY)
    assert set(kept(folder)) == {*known, lost, half, "readme.txt"}
    clock.forward(days=1)
    store.put(fresh := new_key(clock.now()), io.BytesIO(b"x"))
    deliver(until=2 * DAY)
    assert set(kept(folder)) == {*known, fresh, "readme.txt"}
    assert client.get("/x/activities/files/1").content == PDF


def test_an_upload_that_is_refused_at_last_leaves_nothing(client, hers, send, folder):
    """The store has the content already when the scope of the role says no."""
    client.act_as(Actor(9, "Eve", ["picky"]))
    assert send(hers, "ok.pdf").status_code == 201
    assert send(hers, "no.pdf").status_code == 403
    assert len(kept(folder)) == 1


DYING = """
import io, os, sys
from crmkit import Crm
from crmkit.activities import plugin
from crmkit.activities.upload import put_away
import types, hashlib
url, folder, content = sys.argv[1], sys.argv[2], open(sys.argv[3], "rb").read()
from tests.activities.world import firm, Client
from crmkit import SYSTEM
crm = Crm(plugin, firm, database=url, settings={"activities": {"folder": folder}})
upload = types.SimpleNamespace(file=io.BytesIO(content), size=len(content))
state = types.SimpleNamespace(upload=upload, actor=SYSTEM)
query = {"about_kind": "firm.client", "about_id": sys.argv[4], "name": "a.pdf"}
kept = put_away(types.SimpleNamespace(state=state, query_params=query, headers={}), crm)
from crmkit.activities import File
import attrs
if sys.argv[5] == "after put":
    os._exit(9)
with crm.uow() as uow:
    uow.add(File(**attrs.asdict(kept)))
    uow.flush()
    if sys.argv[5] == "before commit":
        os._exit(9)
os._exit(9)
"""


@pytest.mark.parametrize(("moment", "records"), [("after put", 0), ("before commit", 0), ("after commit", 1)])
def test_a_process_that_dies_loses_nothing(crm, crm_kit, client, uow, hers, folder, deliver, clock, tmp_path, moment, records):
    (tmp_path / "content.pdf").write_bytes(PDF)
    crm_kit.pause()
    arguments = [crm_kit.url, str(folder), str(tmp_path / "content.pdf"), str(hers.id), moment]
    environment = {**os.environ, "PYTHONPATH": "."}
    died = forked.run(["-c", DYING, *arguments], env=environment)
    assert died.returncode == 9, died.stderr
    assert uow.find(File).count() == records
    assert len(kept(folder)) == 1  # a file without a record, never a record without its file
    for key in uow.find(File).ids():
        assert client.get(f"/x/activities/files/{key}").content == PDF
    day = kept(folder)[0][:10]
    clock.set(max(clock.now(), dt.datetime.fromisoformat(day.replace("/", "-") + "T00:00:00+00:00")) + 9 * DAY)
    deliver()
    assert len(kept(folder)) == records


def test_a_removal_that_dies_before_the_store_heard_of_it_is_asked_again(crm, client, hers, send, folder, deliver):
    send(hers)
    client.act_as(ANN).post("/api/activities/file/1/do/remove")
    key = kept(folder)[0]
    folder.joinpath(key).unlink()  # the store did it, and the process died before it could say so
    deliver()
    assert kept(folder) == []


def test_the_journal_and_the_jobs_know_no_keys(client, crm, hers, send, folder):
    send(hers)
    client.act_as(ANN).post("/api/activities/file/1/do/remove")
    client.act_as(Actor(1, "Boss", ["boss"]))
    key = kept(folder)[0]
    assert key not in json.dumps(client.get("/api/journal").json())
    assert key not in json.dumps(client.get("/api/jobs").json())
    with crm.read() as uow:
        assert key not in str(uow.connection.exec_driver_sql("SELECT args FROM crm_job").all())
