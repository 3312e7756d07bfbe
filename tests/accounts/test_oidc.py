"""Signing in with an OpenID Connect provider, against a real one on this machine, honest and otherwise."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from crmkit import CompositionError, Crm
from crmkit.accounts import plugin
from tests.accounts.conftest import CHEAP, ORIGIN
from tests.accounts.provider import CLIENT, SECRET, Provider


@pytest.fixture
def provider(clock) -> Iterator[Provider]:
    made = Provider(clock)
    yield made
    made.close()


@pytest.fixture
def crm_settings(provider):
    ours = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, "label": "Our company", "link_by_email": True}
    strict = {**ours, "link_by_email": False}
    return {"accounts": {**CHEAP, "base_url": ORIGIN, "oidc": {"ours": ours, "strict": strict}}}


def go(page: Any, name: str = "ours", back: str = "/deals") -> str:
    """Go to the provider and return the address it sends the browser back to."""
    begun = page.get(f"/x/accounts/oidc/{name}/start?back={back}", follow_redirects=False)
    assert begun.status_code == 303, begun.text
    sent = httpx.get(begun.headers["location"])
    assert sent.status_code == 303, sent.text
    place = urlsplit(sent.headers["location"])
    assert f"{place.scheme}://{place.netloc}" == ORIGIN
    return f"{place.path}?{place.query}"


def come(page: Any, path: str) -> Any:
    return page.get(path, follow_redirects=False)


def sign_in(page: Any, name: str = "ours", **more: Any) -> Any:
    return come(page, go(page, name, **more))


def test_a_verified_address_is_linked_and_remembered(company, browser, provider):
    company.person("ann", company.seller_role)
    assert browser().get("/x/accounts/oidc").json()["providers"][0] == {
        "name": "ours", "label": "Our company", "start": "/x/accounts/oidc/ours/start"}  # fmt: skip
    page = browser()
    answer = sign_in(page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/deals")
    assert page.get("/api/me").json()["roles"] == ["seller"]
    provider.person = {"sub": "p-1", "email": "moved@example.com", "email_verified": False}
    again = browser()
    assert sign_in(again).status_code == 303
    assert again.get("/api/me").json()["name"] == "Ann"
    assert page.get("/x/accounts/sessions").json()["sessions"][0]["method"] == "oidc:ours"


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "p-1", "email": "ann@example.com", "email_verified": False},
        {"sub": "p-1", "email": "ann@example.com"},
        {"sub": "p-1", "email": "ann@example.com", "email_verified": "true"},
        {"sub": "p-1", "email": "stranger@example.com", "email_verified": True},
        {"sub": "p-1"},
    ],
)
def test_strangers_stay_outside(person, company, browser, provider):
    company.person("ann")
    provider.person = person
    page = browser()
    assert sign_in(page).status_code == 403
    assert page.get("/api/me").json()["signed_in"] is False


def test_nobody_is_linked_by_address_unless_the_settings_say_so(company, browser):
    company.person("ann")
    assert sign_in(browser(), "strict").status_code == 403


def test_whoever_may_not_sign_in_may_not_sign_in_here_either(company, browser):
    ann = company.person("ann")
    assert sign_in(browser()).status_code == 303
    ann.active = False
    assert sign_in(browser()).status_code == 403


def none_signed(claims: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}."


@pytest.mark.parametrize(
    "lies",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": [CLIENT, "another"]}},
        {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"exp": 1}},
        {"claims": {"exp": None}},
        {"claims": {"sub": None}},
        {"id_token": "rubbish"},
        {"id_token": none_signed({"sub": "p-1"})},
        {"other key": True},
    ],
    ids=str,
)
def test_an_answer_that_proves_nothing(lies, company, browser, provider):
    company.person("ann")
    provider.lies, provider.sign_with_other = lies, "other key" in lies
    page = browser()
    assert sign_in(page).status_code == 403
    assert page.get("/api/me").json()["signed_in"] is False
    provider.lies, provider.sign_with_other = {}, False
    assert sign_in(page).status_code == 303


@pytest.mark.parametrize("lie", [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": None}], ids=str)
def test_a_discovery_document_that_leads_elsewhere(lie, company, browser, provider):
    provider.lies = {"discovery": lie}
    assert browser().get("/x/accounts/oidc/ours/start", follow_redirects=False).status_code == 403


def test_the_way_back_is_good_once_and_in_one_browser(company, browser, clock):
    company.person("ann")
    page, thief = browser(), browser()
    back = go(page)
    assert come(thief, back).status_code == 403  # begun in another browser: nobody is signed into somebody else's account
    assert come(page, back).status_code == 303
    assert come(page, back).status_code == 403
    back = go(page)
    clock.forward(minutes=11)
    assert come(page, back).status_code == 403
    back = go(page)
    assert come(page, back.replace("/ours/", "/strict/")).status_code == 403
    assert come(page, "/x/accounts/oidc/ours/back?error=access_denied&state=x").status_code == 403
    assert come(page, "/x/accounts/oidc/nobody/back").status_code == 404


def test_people_are_told_on_the_sign_in_page(company, browser):
    page = browser(root="/crm")
    answer = page.get("/x/accounts/oidc/ours/back?state=x", headers={"accept": "text/html,*/*"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/crm/accounts/login?problem=again"
    assert "not begun here" in page.get("/accounts/login?problem=again").text
    assert 'href="/crm/x/accounts/oidc/ours/start?back=%2F"' in page.get("/accounts/login").text


@pytest.mark.parametrize(
    "back", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "%2F%2Fevil.example", "/a%0d%0ab"])  # fmt: skip
def test_it_goes_on_within_this_crm_only(back, company, browser):
    company.person("ann")
    assert sign_in(browser(), back=back).headers["location"] == "/"


def test_settings_that_would_not_work_are_refused_at_the_start():
    bad = {"accounts": {"oidc": {"ours": {"issuer": "http://login.example.com", "client_id": "x"}}}}
    with pytest.raises(CompositionError) as error:
        Crm(plugin, database="sqlite:///never.db", settings=bad)
    assert "https://" in str(error.value)
    assert "base_url" in str(error.value)
