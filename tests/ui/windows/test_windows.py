"""Windows as the server sees them: pages without the shell, redirects that stay, refusals in place, windows that open by themselves."""

from __future__ import annotations

import json

import pytest

from crmkit import Actor, Role
from tests.ui.windows import bells

ANN, BOB, GUEST = Actor(5, "Анна", ("ringer",)), Actor(6, "Bob", ("ringer",)), Actor(7, "Guest", ("guest",))
RU, EN = {"accept-language": "ru"}, {"accept-language": "en"}
WINDOW = {"hx-request": "true", "hx-request-type": "partial", "hx-target": "div#win-3", "crm-window": "win-3"}


@pytest.fixture
def crm_plugins():
    return [bells.plugin]


@pytest.fixture
def crm_roles():
    return [Role("ringer", {"bells.hear": "all", "bells.bell.*": "own"}), Role("guest", {"bells.hear": "all"})]


@pytest.mark.parametrize("asked", [{"headers": WINDOW}, {"params": {"view": "window"}}])
def test_a_page_comes_to_a_window_without_the_shell_and_with_its_name(client, asked):
    text = client.act_as(ANN).get("/bells/tower", **asked).text
    assert "<html" not in text
    assert text.strip().startswith('<div class="in-win" data-title="')
    assert 'id="nav"' not in text


def test_a_part_of_a_page_comes_without_a_window_around_it(client):
    text = client.act_as(ANN).get("/bells/tower", headers={"hx-request": "true", "hx-request-type": "partial"}).text
    assert "in-win" not in text
    assert "<html" not in text


def test_a_redirect_stays_in_its_window(client):
    person = client.act_as(ANN)
    given = person.post("/bells/tower", headers=WINDOW | RU)
    assert json.loads(given.headers["hx-location"]) == {
        "path": "/bells/tower", "target": "#win-3", "source": "#win-3", "swap": "innerHTML", "push": "false", "headers": {"CRM-Window": "win-3"},
    }  # fmt: skip
    assert json.loads(given.headers["hx-trigger"])["crm:toast"]["text"] == "Прозвонили"
    elsewhere = person.post("/bells/tower", headers={"hx-request": "true", "crm-window": "x'><"})
    assert json.loads(elsewhere.headers["hx-location"])["target"] == "#main"


def test_what_is_not_there_is_told_in_the_place_of_the_page(client):
    person = client.act_as(ANN)
    page = person.get("/bells/bell/999", headers={"hx-request": "true", "hx-request-type": "full", "hx-target": "main#main"} | EN)
    assert (page.status_code, '<main id="main"' in page.text) == (404, True)
    window = person.get("/bells/bell/999", headers=WINDOW | EN)
    assert window.status_code == 404
    assert "<html" not in window.text
    assert "in-win" in window.text
    part = person.get("/bells/bell/999", headers=WINDOW | {"hx-target": "div#panel"})
    assert (part.status_code, part.headers["content-type"]) == (404, "application/problem+json")


def test_a_page_of_one_person_asks_nothing_in_the_name_of_another(client):
    shown = client.act_as(ANN).get("/bells/tower").text
    assert 'data-who="5"' in shown
    other = client.act_as(BOB)
    asked = other.post("/bells/tower", headers={"hx-request": "true", "crm-who": "5"})
    assert (asked.status_code, asked.headers["hx-refresh"], asked.content) == (409, "true", b"")
    assert other.post("/bells/tower", headers={"hx-request": "true", "crm-who": "6"}).status_code == 200


def test_the_stream_says_whose_it_is(client):
    assert client.act_as(ANN).request("HEAD", "/api/live").headers["live-who"] == "5"


def test_a_window_opens_for_whoever_may_see_the_record(client, make):
    bell = make(bells.Bell, name="big", owner_id=5)
    asked = f"/_/pop/bells.rung/{bell.id}"
    found = client.act_as(ANN).get(asked, headers=RU)
    assert found.json() == {"windows": [{"url": f"/bells/bell/{bell.id}", "title": "Звонят", "kind": "call", "urgent": True}]}
    assert found.headers["cache-control"] == "no-store"
    assert client.act_as(BOB).get(asked).status_code == 204  # not his
    assert client.act_as(GUEST).get(asked).status_code == 204  # may not read bells at all
    assert client.act_as(ANN).get("/_/pop/bells.rung/999").status_code == 204
    assert client.act_as(ANN).get("/_/pop/no.such/1").status_code == 204


def test_no_window_opens_when_there_is_none_any_more(client, make):
    bell = make(bells.Bell, name="still", owner_id=5)
    given = client.act_as(ANN).get(f"/_/pop/bells.rung/{bell.id}")
    assert (given.status_code, given.content) == (204, b"")


def test_a_topic_without_a_record_may_open_one_too(client):
    assert client.act_as(ANN).get("/_/pop/bells.alarm", headers=EN).json()["windows"][0] == {
        "url": "/bells/tower?floor=2", "title": "Alarm", "kind": "record", "urgent": False,
    }  # fmt: skip
    assert client.act_as(ANN).get("/_/pop/bells.alarm/4").status_code == 204


def test_several_windows_open_at_once_and_one_only_stays(client, make):
    assert client.act_as(ANN).get("/_/pop/bells.chime").status_code == 204
    first, second = make(bells.Bell, name="big", owner_id=5), make(bells.Bell, name="still", owner_id=5)
    assert client.act_as(ANN).get("/_/pop/bells.chime", headers=EN).json()["windows"] == [
        {"url": f"/bells/bell/{first.id}", "title": "big", "kind": "record", "urgent": False},
        {"url": f"/bells/bell/{second.id}", "title": "still", "kind": "record", "urgent": False, "opens": False},
    ]


def test_one_that_fails_does_not_keep_the_others_from_opening(client, make, caplog):
    bell = make(bells.Bell, name="cracked", owner_id=5)
    assert len(client.act_as(ANN).get(f"/_/pop/bells.rung/{bell.id}").json()["windows"]) == 1
    assert "also of plugin bells failed" in caplog.text


def test_the_desk_knows_what_may_open_windows(client):
    assert 'data-pops="bells.rung bells.alarm bells.chime"' in client.act_as(ANN).get("/bells/tower").text
