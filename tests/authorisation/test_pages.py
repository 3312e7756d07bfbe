"""Some of the forty go through the pages: what stands in lists, boards, calendars, choosers and searches is what the oracle says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from .conftest import Scene

pytestmark = pytest.mark.slow
PART = {"hx-request": "true", "hx-request-type": "partial", "accept-language": "en"}
LISTED = ("sales.company", "sales.contact", "sales.inquiry", "sales.lead", "sales.deal", "activities.note", "activities.activity", "accounts.user")
BOARDS = ("sales.inquiry", "sales.lead", "sales.deal", "sales.registration")


def path_of(kind: str) -> str:
    return "/" + kind.replace(".", "/", 1)


def rows_in(text: str) -> set[int]:
    return {int(key) for key in re.findall(r'<tr[^>]*\sdata-id="(\d+)"', text)}


def linked(text: str, kind: str) -> set[int]:
    return {int(key) for key in re.findall(rf'="{path_of(kind)}/(\d+)["/?]', text)}


def all_rows(browser: TestClient, kind: str, **asked: Any) -> set[int]:
    """Return the keys of every row of a list, going on as its last row says."""
    found: set[int] = set()
    answer = browser.get(path_of(kind), params=asked)
    assert answer.status_code == 200, answer.text
    text = answer.text
    while True:
        found |= rows_in(text)
        more = re.search(r'class="more-rows" hx-get="([^"]+)"', text)
        if more is None:
            return found
        text = browser.get(more[1].replace("&amp;", "&"), headers=PART).text


def test_lists(scene: Scene) -> None:
    for person in scene.asked[::2]:
        browser = scene.browser(person)
        for kind in LISTED:
            if not scene.may(person, kind):
                assert browser.get(path_of(kind)).status_code == 403, (person, kind)
                continue
            expected = scene.world.visible(person, kind)
            assert all_rows(browser, kind, archived="all") == expected, (person, kind)
            everybody = ",".join(str(row["id"]) for row in scene.world.rows[kind][:200])
            asked = browser.get(f"{path_of(kind)}/rows", params={"ids": everybody, "archived": "all"}, headers=PART)
            assert rows_in(asked.text) <= expected, (person, kind)


def test_boards_with_their_counts_and_sums(scene: Scene) -> None:
    for person in scene.asked[::3]:
        browser = scene.browser(person)
        for kind in BOARDS:
            answer = browser.get(f"{path_of(kind)}/board", headers={"accept-language": "en"})
            if not scene.may(person, kind):
                assert answer.status_code == 403
                continue
            expected = scene.world.visible(person, kind)
            shown = linked(answer.text.partition("<main")[2], kind)
            assert shown <= expected, (person, kind)
            assert bool(shown) == bool(expected), (person, kind)
            counts = [int(n.replace(",", "")) for n in re.findall(r'class="[^"]*\bcol-n\b[^"]*"[^>]*>([\d,]+)<', answer.text)]
            assert sum(counts) == len(expected), (person, kind, counts)
            ids = ",".join(str(row["id"]) for row in scene.world.rows[kind][:200])
            changes = browser.get(f"{path_of(kind)}/board/changes", params={"ids": ids}, headers=PART)
            assert linked(changes.text, kind) <= expected, (person, kind)


def test_calendars_show_nobody_else_s_days(scene: Scene) -> None:
    kind = "activities.activity"
    month = scene.crm.clock.now().strftime("%Y-%m")
    for person in scene.asked[::2]:
        answer = scene.browser(person).get(f"{path_of(kind)}/calendar", params={"month": month, "by": "due_at"})
        if not scene.may(person, kind):
            assert answer.status_code == 403
            continue
        here = linked(answer.text.partition("<main")[2], kind)
        expected = {row["id"] for row in scene.world.rows[kind] if row["id"] in scene.world.visible(person, kind)}
        assert here <= expected, person
        assert bool(here) == any(r["due_at"].strftime("%Y-%m") == month for r in scene.world.rows[kind] if r["id"] in expected), person


def test_choosers_and_searches(scene: Scene) -> None:
    for person in scene.asked[::2]:
        browser = scene.browser(person)
        for kind in ("sales.company", "sales.contact", "sales.deal"):
            everybody = ",".join(str(row["id"]) for row in scene.world.rows[kind])
            for asked in ({}, {"q": "Окна"}, {"q": "Анна"}, {"recent": everybody}):
                answer = browser.get(f"{path_of(kind)}/pick", params=asked, headers=PART)
                if not scene.may(person, kind):
                    assert answer.status_code == 403
                    continue
                chosen = {int(key) for key in re.findall(r'data-(?:value|id)="(\d+)"', answer.text)}
                assert chosen <= scene.world.visible(person, kind), (person, kind, asked)
        for path in ("/search?q=Окна", "/_/palette?q=Окна"):
            text = browser.get(path, headers=PART).text
            for kind in ("sales.company", "sales.lead", "sales.deal", "sales.inquiry"):
                assert linked(text, kind) <= scene.world.visible(person, kind), (person, kind, path)


def test_records_and_what_hangs_on_them(scene: Scene) -> None:
    """A record one may not see has no page of any sort, by any of its addresses; those one may see name no others."""
    for person in scene.asked[::5]:
        browser = scene.browser(person)
        seen = scene.world.visible(person, "sales.deal")
        for row in scene.world.rows["sales.deal"][person.id % 5 :: 12]:
            at = f"/sales/deal/{row['id']}"
            wanted = (200,) if row["id"] in seen else (403, 404)
            for verb in ("", "/timeline", "/history", "?part=head", "?part=props", "/field?name=title&shown=1"):
                assert browser.get(at + verb, headers=PART).status_code in wanted, (person, row["id"], verb)
            for verb in ("/edit", "/cell?field=title", "/merge"):
                status = browser.get(at + verb, headers=PART).status_code
                assert status in ((200, 403, 422) if row["id"] in seen else (*wanted, 422)), (person, row["id"], verb, status)
        notes = scene.world.visible(person, "activities.note")
        for key in sorted(seen)[:6]:
            text = browser.get(f"/sales/deal/{key}").text
            for note in scene.world.rows["activities.note"]:
                if note["id"] not in notes or (note["about_kind"], note["about_id"]) != ("sales.deal", key):
                    assert f">{note['text']}<" not in text, (person, key, note)
        contacts = scene.world.visible(person, "sales.contact")
        for key in sorted(contacts)[:6]:
            related = browser.get(f"/sales/contact/{key}/related", params={"of": "sales.deal.contact_id"}, headers=PART)
            if related.status_code == 200:
                mine = {r["id"] for r in scene.world.rows["sales.deal"] if r["contact_id"] == key} & seen
                assert linked(related.text, "sales.deal") == mine, (person, key)


def test_writing(scene: Scene) -> None:
    """Whoever may not change a record changes it by no form: nothing is different afterwards."""
    before = {row["id"]: row["title"] for row in scene.world.rows["sales.deal"]}
    for person in scene.asked[::4]:
        browser = scene.browser(person)
        allowed = scene.world.visible(person, "sales.deal", "change") & scene.world.visible(person, "sales.deal")
        for row in [r for r in scene.world.rows["sales.deal"] if r["id"] not in allowed][::8]:
            at, was = f"/sales/deal/{row['id']}", json.dumps({"title": row["title"]})
            sent = {"title": "changed", "version": row["version"], "_version": row["version"], "_was": was, "field": "title", "stage": row["stage"]}
            for verb in ("/edit", "/cell", "/field?name=title"):
                answer = browser.post(at + verb, data=sent, headers=PART)
                assert answer.status_code in (403, 404, 422), (person, row["id"], verb)
            many = browser.post("/sales/deal/bulk", data={"do": "change", "ids": row["id"], "field": "title", "title": "changed"}, headers=PART)
            assert many.status_code in (403, 404, 409, 422), (person, row["id"])
    with scene.crm.read() as uow:
        table = uow.crm.kinds["sales.deal"].table
        assert {r.id: r.title for r in uow.connection.execute(table.select())} == before
