"""The sidebar: who sees which lines, which one is the current, the numbers at them, and people's workspaces."""

from __future__ import annotations

import re

from crmkit import ANONYMOUS, Actor
from crmkit.ui.menu import Line, Section, _tabs

from . import rig
from .conftest import CASHIER, CLERK, RU, SKIPPER


def lines(text: str) -> dict[str, str]:
    """Return the sidebar's lines: address and label."""
    nav = text[text.index('<nav id="nav"') : text.index("</nav>")]
    return dict(re.findall(r'<a class="nav-a" href="([^"]+)".*?<span>(.*?)</span>', nav, re.S))


def current(text: str) -> list[str]:
    return re.findall(r'data-path="([^"]+)" aria-current="page"', text[text.index('<nav id="nav"') : text.index("</nav>")])


def test_people_see_the_lines_they_may(client, make):
    found = lines(client.act_as(SKIPPER).get("/search", headers=RU).text)
    assert found["/rig/rope"] == "Канат"
    assert found["/rig/boat"] == "Лодки"
    assert found["/rig/knots"] == "Узлы"
    assert "/rig/hidden" not in found
    assert "/rig/ashore" not in found
    fewer = lines(client.act_as(CLERK).get("/search").text)
    assert "/rig/rope" not in fewer
    assert fewer["/rig/boat"] == "Boats"


def test_sections_have_headings_and_the_person_a_menu(client):
    text = client.act_as(CLERK).get("/search", headers=RU).text
    assert ">Такелаж</div>" in text
    assert re.search(r'<form method="post" action="/rig/ashore"[^>]*><button>.*?<span>Сойти на берег', text, re.S)


def test_one_line_is_the_current_one(client, make):
    boat = make(rig.Boat, name="Чайка")
    client.act_as(CLERK)
    assert current(client.get("/search").text) == []
    client.act_as(Actor(9, "x", ("cashier",)))
    client.cookies.set("crmkit_workspace", "none")
    shown = client.act_as(Actor(5, "A", ("skipper",)))
    assert current(shown.get(f"/rig/boat/{boat.id}").text) == ["/rig/boat"]
    assert current(shown.get("/rig/rope/other").text) == ["/rig/rope"]
    assert current(shown.get("/rig/ropes").text) == []


def test_numbers_stand_at_lines_and_one_that_fails_costs_nothing(client, make, caplog):
    make(rig.Boat, name="A")
    make(rig.Boat, name="B")
    text = client.act_as(SKIPPER).get("/search").text
    assert re.search(r'data-badge="/rig/rope" >2<', text)
    assert re.search(r'data-badge="/rig/rope/splice" hidden>', text)
    assert "no number today" in caplog.text
    assert client.get("/_/badges").json() == {"/rig/rope": 2}
    assert client.act_as(CLERK).get("/_/badges").json() == {}


def test_a_person_with_several_workspaces_switches(client):
    text = client.act_as(SKIPPER).get("/search", headers=RU).text
    assert list(lines(text))[:3] == ["/", "/rig/knots", "/rig/boat?view=1"]
    assert 'popovertarget="workspaces"' in text
    answer = client.post("/_/workspace", data={"name": "desk"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/rig/rope"
    assert "crmkit_workspace=desk; Path=/;" in answer.headers["set-cookie"]
    assert "/rig/boat?view=1" not in lines(client.get("/search").text)
    assert client.post("/_/workspace", data={"name": "till"}).status_code == 422


def test_a_workspace_that_is_the_only_one_hides_the_rest(client):
    text = client.act_as(CASHIER).get("/search").text
    assert lines(text) == {"/": "Home", "/rig/knots": "Till"}
    assert "Go ashore" in text
    assert 'popovertarget="workspaces"' not in text


def test_the_bottom_bar_of_a_phone_has_home_the_first_lists_search_and_more(client):
    text = client.act_as(SKIPPER).get("/search", headers=RU).text
    bar = text[text.index('<nav class="tabbar"') :]
    bar = bar[: bar.index("</nav>")]
    assert re.findall(r"<span>(.*?)</span>", bar) == ["Главная", "Узлы", "Мои", "Поиск", "Ещё"]


def test_without_a_workspace_the_bottom_bar_has_what_each_section_begins_with_and_rare_lines_last():
    often, seldom = Line(label="Often", path="/often"), Line(label="Seldom", path="/seldom", order=80)
    lists = [Line(label=name, path=f"/{name}") for name in ("deals", "leads")]
    bar = lambda *sections: [line.path for line in _tabs(sections)]  # noqa: E731
    assert bar(Section("work", "", [often, seldom]), Section("records", "", lists)) == ["/often", "/deals"]
    assert bar(Section("work", "", [seldom]), Section("records", "", lists)) == ["/deals", "/leads"]
    assert bar(Section("work", "", [seldom])) == ["/seldom"]
    assert bar(Section("workspace", "", lists), Section("work", "", [often])) == ["/deals", "/leads"]


def test_nobody_is_shown_a_menu(client):
    answer = client.act_as(ANONYMOUS).get("/search")
    assert answer.status_code == 401
    assert '<nav id="nav"' not in answer.text
    assert 'id="palette"' not in answer.text


def test_preferences_are_kept_in_the_browser(client):
    answer = client.act_as(SKIPPER).post("/_/prefs", data={"theme": "dark"}, headers={"hx-request": "true"})
    assert answer.status_code == 204
    assert answer.headers["hx-refresh"] == "true"
    assert 'data-theme="dark"' in client.get("/search").text
    without = client.post("/_/prefs", data={"language": "ru"}, headers={"referer": "http://testserver/search?q=a"}, follow_redirects=False)
    assert without.headers["location"] == "/search?q=a"
    assert '<html lang="ru"' in client.get("/search", headers={"accept-language": "en"}).text
    assert client.post("/_/prefs", data={"theme": "pink"}).status_code == 422
    elsewhere = client.post("/_/prefs", data={"theme": "auto"}, headers={"referer": "https://evil.example/search"}, follow_redirects=False)
    assert elsewhere.headers["location"] == "/"
