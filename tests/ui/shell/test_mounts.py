"""The same pages at the root, mounted in a host, behind a proxy, and both; nothing in them leads out of the CRM."""

from __future__ import annotations

import base64
import re

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from crmkit import ANONYMOUS

from .conftest import SKIPPER

ADDRESS = re.compile(r'\s(?:href|src|action|hx-[a-z]+|data-(?:go|post|window|base|source))="(/[^"]*)"')
# Where it is mounted, and what uvicorn --root-path says: each with where the browser finds it.
PLACES = [("", "", ""), ("/crm", "", "/crm"), ("", "/apps", "/apps"), ("/crm", "/apps", "/apps/crm")]
PAGES = ["/search?q=a", "/_/palette", "/rig/boat", "/nowhere/at/all"]


@pytest.fixture(params=PLACES, ids=["root", "mounted", "proxied", "mounted-and-proxied"])
def place(request, crm_kit):
    mounted, told, seen = request.param
    who = {"actor": SKIPPER}
    inner = crm_kit.crm.embedded(actor=lambda connection: who["actor"], login="https://host.example/login" if mounted else f"{told}/login")
    routes = [Route("/login", lambda request: PlainTextResponse("host")), Mount(mounted or "/", app=inner)]
    crm_kit.pause()
    with TestClient(Starlette(routes=routes, lifespan=crm_kit.crm.lifespan()), root_path=told) as client:
        yield client, seen, seen, who  # uvicorn puts what it is told before every path


@pytest.mark.parametrize("page", PAGES)
def test_every_address_on_a_page_begins_where_the_crm_is(place, make, page):
    client, mounted, seen, _who = place
    text = client.get(mounted + page).text
    found = ADDRESS.findall(text)
    assert found
    wrong = [a for a in found if not (a == seen or a.startswith(f"{seen}/"))]
    assert not wrong
    if "<html" in text:
        assert f'data-base="{seen}"' in text
        assert f'"crm":"{seen}/static/' in text


def test_files_are_there_and_kept_for_ever(place):
    client, mounted, seen, _who = place
    text = client.get(mounted + "/search").text
    for address in {*re.findall(r'(?:href|src)="([^"]+\.(?:css|js|svg|woff2)[^"]*)"', text)}:
        answer = client.get(mounted + address.removeprefix(seen))
        assert answer.status_code == 200, address
        if "/static/" in address:
            assert "immutable" in answer.headers["cache-control"]


def test_cookies_go_to_this_crm_alone(place):
    client, mounted, seen, _who = place
    answer = client.post(f"{mounted}/_/prefs", data={"theme": "dark"}, headers={"hx-request": "true"})
    assert f"Path={seen}/;" in answer.headers["set-cookie"]
    assert "SameSite=Lax" in answer.headers["set-cookie"]


def test_redirects_stay_within(place):
    client, mounted, seen, _who = place
    answer = client.post(f"{mounted}/_/workspace", data={"name": "desk"}, follow_redirects=False)
    assert answer.headers["location"] == f"{seen}/rig/rope"
    boosted = client.post(f"{mounted}/_/workspace", data={"name": "desk"}, headers={"hx-request": "true"})
    assert f'"path": "{seen}/rig/rope"' in boosted.headers["hx-location"]


def test_what_was_done_is_said_once_also_without_scripts(place):
    client, mounted, seen, _who = place
    made = client.post(f"{mounted}/rig/boat/new", data={"name": "Ладья"}, follow_redirects=False)
    cookie = next(v for v in made.headers.get_list("set-cookie") if v.startswith("crmkit_said="))
    assert f"Path={seen}/; Max-Age=60; SameSite=Lax; HttpOnly" in cookie
    assert "?" not in made.headers["location"]
    shown = client.get(made.headers["location"].replace(seen, mounted, 1), headers={"cookie": cookie.partition(";")[0]})
    assert 'data-said=""' in shown.text
    assert "crmkit_said=; " in shown.headers["set-cookie"]
    client.cookies.clear()
    kept = cookie.partition(";")[0].partition("=")[2]
    for value in ("", "x", "W10", kept[4:], base64.urlsafe_b64encode(b'["somebody else", "Hello", null]').decode()):
        assert "data-said" not in client.get(f"{mounted}/rig/boat", headers={"cookie": f"crmkit_said={value}"}).text


def test_who_is_nobody_goes_to_the_hosts_login_and_comes_back(place):
    client, mounted, seen, who = place
    who["actor"] = ANONYMOUS
    answer = client.get(f"{mounted}/rig/boat?sort=name", follow_redirects=False)
    assert answer.status_code == 303
    quoted = seen.replace("/", "%2F")
    assert answer.headers["location"].endswith(f"/login?next={quoted}%2Frig%2Fboat%3Fsort%3Dname")
    host = client.base_url
    part = client.get(f"{mounted}/_/palette", headers={"hx-request": "true", "hx-current-url": f"{host}{seen}/rig/rope?a=1"})
    assert part.status_code == 401
    assert part.headers["hx-redirect"].endswith(f"next={quoted}%2Frig%2Frope%3Fa%3D1")
    away = client.get(f"{mounted}/_/palette", headers={"hx-request": "true", "hx-current-url": "https://evil.example/rig/rope"})
    assert away.headers["hx-redirect"].endswith(f"next={quoted}%2F")


@pytest.mark.parametrize("page", [*PAGES, "/rig/rope"])
def test_every_page_has_the_policy_and_is_kept_nowhere(client, page):
    answer = client.act_as(SKIPPER).get(page)
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_a_page_that_fails_has_it_too(client, monkeypatch, caplog):
    def broken(*args: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr("crmkit.ui.shell.finding._records", broken)
    answer = client.act_as(SKIPPER).get("/search?q=a")
    assert answer.status_code == 500
    assert "content-security-policy" in answer.headers
    assert "secret words" not in answer.text
    assert "Something went wrong" in answer.text


def test_another_sites_page_changes_nothing(client):
    client.act_as(SKIPPER)
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        answer = client.post("/_/prefs", data={"theme": "dark"}, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    page = client.post("/_/prefs", data={"theme": "dark"}, headers={"origin": "null", "accept": "text/html,*/*"})
    assert (page.status_code, "A page of another site" in page.text, "<main" in page.text) == (403, True, True)
    assert client.post("/_/prefs", data={"theme": "dark"}, headers={"origin": "http://testserver"}, follow_redirects=False).status_code == 303
