"""Everybody of the forty asks every endpoint; a plain-Python oracle knows what they must get."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

import pytest
from starlette.testclient import TestClient

from crmkit import Forbidden
from crmkit.accounts import actor_of
from crmkit.core.live import Message
from crmkit.web.live import scope
from crmkit.web.live.client import Client
from crmkit.web.live.marks import Mark

from .conftest import Scene

pytestmark = pytest.mark.slow
ASKED = (
    "sales.company", "sales.contact", "sales.contact_point", "sales.inquiry", "sales.lead", "sales.deal", "sales.deal_line", "sales.dealer",
    "sales.point_of_sale", "sales.registration", "sales.source", "activities.note", "activities.activity", "activities.file", "views.view",
    "accounts.user", "accounts.team", "accounts.role", "accounts.membership", "accounts.delegation",
)  # fmt: skip


def pages(browser: TestClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Return every row of a list, page after page."""
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        answer = browser.get(path, params={**asked, "limit": 47, **({"after": after} if after else {})})
        assert answer.status_code == 200, answer.text
        rows += answer.json()["rows"]
        after = answer.json()["next"]
        if after is None:
            return rows


def path_of(kind: str) -> str:
    return "/api/" + kind.replace(".", "/")


def test_there_are_forty_with_every_role(scene: Scene) -> None:
    held = {role for person in scene.people for role in person.roles}
    assert len(scene.people) == 40
    assert held == {row["name"] for row in scene.world.rows["accounts.role"]}
    shares = {kind: [len(scene.world.visible(p, kind)) for p in scene.people] for kind in ASKED}
    for kind in ("sales.contact", "sales.deal", "sales.lead", "activities.note", "sales.deal_line"):
        assert len(set(shares[kind])) > 6, f"{kind}: everybody sees alike, so nothing is tested: {shares[kind]}"


def test_lists_counts_and_single_records(scene: Scene) -> None:
    for person in scene.asked:
        browser = scene.browser(person)
        for kind in ASKED:
            path, expected = path_of(kind), scene.world.visible(person, kind)
            if not scene.may(person, kind):
                assert browser.get(path).status_code == 403, (person, kind)
                continue
            assert {row["id"] for row in pages(browser, path)} == expected, (person, kind)
            counted = browser.get(path, params={"count": 1000, "limit": 1}).json()
            assert counted["total"] == len(expected), (person, kind)
            for row in scene.world.rows[kind][person.id % 37 :: 37]:  # every record is asked for by somebody
                for more in ("", "/timeline"):
                    answer = browser.get(f"{path}/{row['id']}{more}")
                    assert answer.status_code == (200 if row["id"] in expected else 404), (person, kind, row["id"], more)


def test_boards(scene: Scene) -> None:
    for person in scene.asked:
        browser = scene.browser(person)
        for kind in ("sales.inquiry", "sales.lead", "sales.deal", "sales.registration"):
            answer = browser.get(f"{path_of(kind)}/board", params={"cards": 100})
            if not scene.may(person, kind):
                assert answer.status_code == 403
                continue
            expected = scene.world.visible(person, kind)
            columns = answer.json()["columns"]
            cards = {card["id"] for column in columns for card in column["cards"]}
            assert cards == expected, (person, kind)
            for column in columns:
                rows = [r for r in scene.world.rows[kind] if r["id"] in expected and r["stage"] == column["stage"]]
                assert column["count"] == len(rows), (person, kind, column["stage"])
                if "amount" in column["sums"]:
                    assert float(column["sums"]["amount"]) == float(sum(r["amount"] or 0 for r in rows)), (person, kind)


def test_exports(scene: Scene) -> None:
    for person in scene.asked:
        browser = scene.browser(person)
        for kind in ASKED:
            if not scene.may(person, kind):
                assert browser.get(f"{path_of(kind)}/export", params={"format": "csv"}).status_code == 403
                continue
            answer = browser.get(f"{path_of(kind)}/export", params={"format": "csv"})
            if answer.status_code == 403:  # a right of its own, beside that to read
                assert not any("export" in p or p in ("*", "crmkit.*") for r in person.roles for p in scene.world.grants[r]), (person, kind)
                continue
            rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
            assert {int(row["id"]) for row in rows} == scene.world.visible(person, kind), (person, kind)


def test_search(scene: Scene) -> None:
    """A hit is a record the person sees, and every record they see is hit by the words in it."""
    for person in scene.asked:
        browser = scene.browser(person)
        for word, kind, field in (("Щукина", "sales.contact", "name"), ("Кухня", "sales.deal", "title"), ("заметка", "activities.note", "text")):
            answer = browser.get("/api/search", params={"q": word, "kind": kind, "limit": 100})
            if not scene.may(person, kind):
                assert answer.status_code in (200, 403)
                assert answer.status_code == 403 or answer.json()["hits"] == []
                continue
            expected = {r["id"] for r in scene.world.rows[kind] if word in r[field]} & scene.world.visible(person, kind)
            assert {h["id"] for h in answer.json()["hits"]} == expected, (person, kind)
            listed = pages(browser, path_of(kind), q=word)
            assert {row["id"] for row in listed} == expected, (person, kind)


def test_what_is_said_about_a_record_is_told_with_it(scene: Scene) -> None:
    """The timeline holds exactly the notes a person sees."""
    notes = scene.world.rows["activities.note"]
    for person in scene.people[::3]:
        browser = scene.browser(person)
        seen = scene.world.visible(person, "activities.note")
        for deal in sorted(scene.world.visible(person, "sales.deal"))[:8]:
            told = browser.get(f"/api/sales/deal/{deal}/timeline", params={"limit": 200}).json()
            texts = {e["text"] for e in told["entries"] if e["kind"] == "activities.note"}
            expected = {n["text"] for n in notes if (n["about_kind"], n["about_id"]) == ("sales.deal", deal) and n["id"] in seen}
            assert texts == expected, (person, deal)


def test_live_streams(scene: Scene) -> None:
    """Everybody listens to everything; each is told of exactly the records they see."""
    crm = scene.crm
    messages = [Message(kind, row["id"]) for kind in ASKED for row in scene.world.rows[kind]]

    async def listen() -> dict[int, set[Message]]:
        clients = {}
        for person in scene.people:
            actor = actor_of(crm, person.id)
            assert actor is not None
            with crm.read(actor) as uow:
                try:
                    clients[person.id] = Client(actor, scope.topics_of(uow, None))
                except Forbidden:  # who may see nothing has nothing to listen to
                    clients[person.id] = Client(actor, {})
        with crm.database.read() as db:
            scope.deliver(crm, db, clients.values(), messages, Mark(0, 0))
        return {key: told_to(client) for key, client in clients.items()}

    heard = asyncio.run(listen())
    for person in scene.people:
        expected = {Message(kind, key) for kind in ASKED for key in scene.world.visible(person, kind)}
        assert heard[person.id] == expected, person


def told_to(client: Client) -> set[Message]:
    return {message for _name, message, _mark in client._waiting if message is not None}


def test_changing(scene: Scene) -> None:
    """Whoever may not change a record is refused, whoever may is only told that the version is an old one: nothing is changed."""
    for person in scene.asked[::2]:
        browser = scene.browser(person)
        for kind, field in (("sales.deal", "title"), ("sales.contact", "name"), ("sales.deal_line", "title"), ("activities.note", "text")):
            seen, allowed = scene.world.visible(person, kind), scene.world.visible(person, kind, "change")
            for row in scene.world.rows[kind][::9]:
                answer = browser.patch(f"{path_of(kind)}/{row['id']}", json={field: "changed"}, headers={"if-match": '"999"'})
                expected = 412 if row["id"] in seen & allowed else 403 if row["id"] in seen else 404
                assert answer.status_code == expected, (person, kind, row, answer.text)
