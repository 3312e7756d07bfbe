"""The first page and dashboards: tiles of plugins, each behind its permission and the boundary."""

from __future__ import annotations

import re

import pytest

from crmkit import Actor, Role
from crmkit.testing.client import ALMIGHTY

from . import tiles

CLERK = Actor(5, "Анна Орлова", ("clerk",))
RU = {"accept-language": "ru"}


@pytest.fixture
def crm_plugins():
    return [tiles.plugin]


@pytest.fixture
def crm_roles():
    return [Role("clerk", {"tiles.*": "all"}), Role("foreman", {"tiles.*": "all"}), Role("guest", {})]


def tile(text: str, name: str) -> str:
    found = re.search(rf'<section class="[^"]*" id="tile-tiles-{name}".*?</section>', text, re.S)
    return found[0] if found else ""


def test_home_shows_the_tiles_one_may_see(client, make):
    make(tiles.Thing, name="A")
    text = client.act_as(CLERK).get("/", headers=RU).text
    assert "<h1>Главная</h1>" in text
    assert "Анна Орлова" in text
    shown = tile(text, "things")
    assert ">Вещи</h2>" in shown
    assert 'class="tile w2"' in shown
    assert 'data-tip="all&#10;1"' in shown
    assert "Elsewhere" not in text
    guest = client.act_as(Actor(6, "Guest", ("guest",))).get("/").text
    assert not tile(guest, "things")
    assert tile(guest, "broken")


def test_a_tile_that_fails_costs_only_itself(client, caplog):
    text = client.act_as(CLERK).get("/", headers=RU).text
    assert "Эта часть не сработала" in tile(text, "broken")
    assert "oops" not in text
    assert "Сначала выберите воронку" in tile(text, "refused")
    assert tile(text, "things")
    assert not tile(text, "nothing")
    assert "broken of plugin tiles failed" in caplog.text


def test_a_lazy_tile_comes_afterwards_and_is_asked_what_its_page_was(client):
    waiting = tile(client.act_as(CLERK).get("/?period=30").text, "lazily")
    assert 'aria-busy="true"' in waiting
    assert 'hx-get="/_/widget/tiles/lazily?period=30"' in waiting
    assert 'hx-trigger="load"' in waiting
    assert 'data-live="things.counted" data-src="/_/widget/tiles/lazily?period=30"' in waiting
    assert 'class="tile w3"' in waiting
    found = client.get("/_/widget/tiles/lazily?period=30", headers={"hx-request": "true", "hx-request-type": "partial"})
    assert "period &lt;30&gt;" in found.text
    assert "aria-busy" not in found.text
    assert "<html" not in found.text
    assert found.text.strip().startswith("<section")


def test_a_tile_is_fetched_again_when_what_it_shows_has_changed(client, make):
    make(tiles.Thing, name="A")
    assert 'data-live="tiles.thing" data-src="/_/widget/tiles/things"' in tile(client.act_as(CLERK).get("/").text, "things")
    make(tiles.Thing, name="B")
    assert 'data-tip="all&#10;2"' in client.get("/_/widget/tiles/things").text


def test_a_tile_keeps_to_its_permission_when_fetched_alone(client):
    guest = client.act_as(Actor(6, "Guest", ("guest",)))
    assert guest.get("/_/widget/tiles/things").status_code == 404
    assert guest.get("/_/widget/tiles/nobody").status_code == 404
    assert guest.get("/_/widget/nobody/things").status_code == 404
    assert guest.get("/_/widget/tiles/nothing").text == ""


def test_dashboards_have_addresses_of_their_own(client):
    client.act_as(CLERK)
    assert "the factory" in client.get("/dashboards/factory").text
    assert "<h1>Factory</h1>" in client.get("/dashboards/factory").text
    assert "<h1>Home</h1>" in client.get("/dashboards/home").text
    assert client.get("/dashboards/nowhere").status_code == 404
    page = client.get("/tiles/overview", headers=RU).text
    assert "<h1>Фабрика</h1>" in page
    assert "the factory" in page
    assert "&lt;b&gt;" in page, "what is no markup stays words"


def test_who_has_a_workspace_begins_there(client):
    foreman = client.act_as(Actor(7, "Ivan", ("foreman",)))
    moved = foreman.get("/", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (303, "/tiles/overview")
    chosen = foreman.get("/", headers={"cookie": "crmkit_workspace=clerk"}, follow_redirects=False)
    assert chosen.status_code == 200
    assert client.act_as(CLERK).get("/", headers={"cookie": "crmkit_workspace=foreman"}, follow_redirects=False).status_code == 200
    assert client.act_as(ALMIGHTY).get("/", follow_redirects=False).status_code == 200


@pytest.mark.parametrize("hour, said", [(3, "Hello"), (8, "Good morning"), (13, "Good afternoon"), (21, "Good evening")])
def test_people_are_greeted_by_the_hour(client, clock, hour, said):
    import datetime as dt

    clock.set(dt.datetime(2027, 3, 1, hour, 30, tzinfo=dt.UTC))
    assert f"{said}, Анна Орлова" in client.act_as(CLERK).get("/").text


def test_where_there_is_nothing_the_page_says_so(client, monkeypatch):
    found = client.act_as(CLERK)
    monkeypatch.setattr("crmkit.ui.registry.Registry.widgets_of", lambda self, name: [])
    assert "Здесь пока ничего нет" in found.get("/", headers=RU).text


def test_charts_speak_the_visitor_s_language_and_know_where_the_crm_is_mounted(crm, make):
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.testclient import TestClient

    make(tiles.Thing, name="A")
    app = Starlette(routes=[Mount("/crm", app=crm.embedded(actor=lambda connection: CLERK))], lifespan=crm.lifespan())
    with TestClient(app) as client:
        shown = tile(client.get("/crm/", headers=RU).text, "things")
    assert 'href="/crm/tiles/thing"' in shown
    assert 'data-src="/crm/_/widget/tiles/things"' in shown
    assert "<caption>Вещи</caption>" in shown
    assert "Значение" in shown
