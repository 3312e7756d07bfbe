"""The doors: guessing is as slow by the page as by the API, sessions are new at each sign-in and over at sign-out, secrets stand in no address."""

from __future__ import annotations

import logging

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from crmkit.accounts import User
from crmkit.accounts.passwords import passwords_of

from .conftest import SAME, SITE

PASSWORD = "тёплый плед на кухне"


@pytest.fixture
def crm_roles():
    return []


@pytest.fixture
def ann(crm, make):
    return make(User, login="ann@example.com", name="Ann", password_hash=passwords_of(crm).hash(PASSWORD))


@pytest.fixture
def browser(crm):
    app = Starlette(routes=[Mount("/", app=crm.embedded())], lifespan=crm.lifespan())
    with TestClient(app, base_url=SITE, headers={**SAME, "accept-language": "en"}, follow_redirects=False) as client:
        yield client


def sign_in(browser, password=PASSWORD, login="ann@example.com", **more):
    return browser.post("/accounts/login", data={"login": login, "password": password, **more})


def test_guesses_by_the_page_and_by_the_api_are_counted_together(browser, ann):
    for n in range(4):
        sign_in(browser, f"wrong {n}")
        browser.post("/x/accounts/login", json={"login": "ann@example.com", "password": f"wrong {n}"})
    assert sign_in(browser).status_code == 429
    assert browser.post("/x/accounts/login", json={"login": "ann@example.com", "password": PASSWORD}).status_code == 429
    other = {"x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9", "hx-request": "true"}
    assert browser.post("/accounts/login", data={"login": " ANN@example.com ", "password": PASSWORD}, headers=other).status_code == 429


def test_nobody_learns_who_there_is(browser, ann):
    known, unknown = sign_in(browser, "wrong"), sign_in(browser, "wrong", "bob@example.com")
    assert known.status_code == unknown.status_code == 401
    assert len(known.text) == len(unknown.text)
    assert "Login or password is wrong" in known.text
    assert "Login or password is wrong" in unknown.text
    answers = [browser.post("/accounts/forgot", data={"login": login}) for login in ("ann@example.com", "bob@example.com")]
    assert len({a.status_code for a in answers}) == 1


def test_a_session_is_new_at_each_sign_in_and_over_at_sign_out(browser, ann, crm):
    browser.cookies.set("crmkit_session", "chosen by somebody else", domain="crm.example")
    answer = sign_in(browser)
    assert answer.status_code == 303, answer.text
    cookie = next(v for v in answer.headers.get_list("set-cookie") if PASSWORD not in v)
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    assert "SameSite=Lax" in cookie
    name, _equals, value = cookie.partition(";")[0].partition("=")
    assert len(value) > 20
    browser.cookies.clear()
    old = {"cookie": f"{name}={value}"}
    assert browser.get("/accounts/profile", headers=old).status_code == 200
    gone = browser.post("/accounts/sign-out", headers=old)
    assert gone.status_code == 303
    assert "Max-Age=0" in gone.headers["set-cookie"]
    browser.cookies.clear()
    assert browser.get("/accounts/profile", headers=old).status_code in (303, 401)
    assert browser.get("/accounts/sign-out", headers=old).status_code == 405


def test_secrets_of_links_are_taken_from_forms_only_and_logged_nowhere(browser, ann, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "a-very-secret-token-of-a-link"
    page = browser.get("/accounts/enter", params={"token": secret})
    assert secret not in page.text
    assert page.headers["referrer-policy"] in ("same-origin", "no-referrer")
    for given in (secret, "x; Path=/", "x\r\nSet-Cookie: a=b", "", "#", secret * 1000):
        answer = browser.post("/accounts/enter", data={"token": given})
        assert answer.status_code == 404
        assert "set-cookie" not in answer.headers
    sign_in(browser, "my secret password")
    assert browser.get("/accounts/password").status_code == 404
    assert browser.post("/accounts/password", data={"password": PASSWORD}).status_code == 404
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert secret not in said
    assert "my secret password" not in said


def test_the_code_page_is_for_nobody_without_a_password_before(browser, ann):
    assert browser.get("/accounts/code").headers["location"].startswith("/accounts/login")
    answer = browser.post("/accounts/code", data={"code": "123456"}, headers={"cookie": "crmkit_pending=guess"})
    assert answer.headers["location"].startswith("/accounts/login")


def test_another_person_in_the_same_browser_is_no_mistake(browser, ann):
    sign_in(browser)
    for method, path in (("GET", "/"), ("POST", "/_/workspace"), ("GET", "/accounts/profile"), ("POST", "/accounts/profile")):
        answer = browser.request(method, path, headers={"crm-who": "99", "hx-request": "true"})
        assert (answer.status_code, answer.headers.get("hx-refresh")) == (409, "true"), path
