"""The browser tests' own promises: what they let no page do, and what they leave to others."""

from __future__ import annotations

import asyncio

import pytest

from crmkit_sales import Company
from tests.browser.marks import on_both_databases


@pytest.fixture
def docs(page):
    page.goto("/api/docs")
    return page


def refused(watch, words: str) -> None:
    """The watch complains, and is content afterwards."""
    with pytest.raises(AssertionError, match=words):
        watch.check()
    watch.problems.clear()
    watch.outside.wanted.clear()


def test_a_script_that_fails_is_noticed(docs, watch):
    with docs.expect_event("pageerror"):
        docs.evaluate("setTimeout(() => { throw new Error('broken') })")
    refused(watch, "script error: Error: broken")


def test_what_the_security_policy_stops_is_noticed(docs, watch):
    with docs.expect_console_message():
        docs.evaluate("document.body.insertAdjacentHTML('beforeend', '<b style=color:red onclick=go()>red</b>')")
    refused(watch, "Content Security Policy")


def test_a_request_that_leaves_the_server_is_noticed(docs, watch, new_context):
    docs.evaluate("fetch('http://192.0.2.7/').catch(() => 0)")
    refused(watch, "Content Security Policy")
    free = new_context(bypass_csp=True).new_page()
    free.goto("/api/docs")
    for address in ("http://192.0.2.7/font.woff2", "https://fonts.example/a.css"):
        free.evaluate("address => fetch(address).catch(() => 0)", address)
    assert watch.outside.wanted == ["GET http://192.0.2.7/font.woff2", "CONNECT fonts.example:443"]
    assert "a page asked another address: GET http://192.0.2.7/font.woff2" in watch.problems
    watch.problems.clear()
    refused(watch, "the browser wanted to leave this machine: CONNECT fonts.example:443")


def test_an_error_that_belongs_to_the_test_may_happen_and_must(page, watch):
    watch.expect("status of 404")
    with pytest.raises(AssertionError, match="did not come: status of 404"):
        watch.check()
    page.goto("/api/no/such")
    watch.check()


def test_axe_finds_what_is_wrong_in_either_theme(docs, axe):
    docs.evaluate("document.querySelector('main').replaceChildren(document.querySelector('h1'))")
    axe(docs)
    docs.evaluate("document.querySelector('h1').append(new Image())")
    with pytest.raises(AssertionError, match=r"(?s)light: image-alt.*dark: image-alt"):
        axe(docs)


def test_nobody_waits_for_the_time_to_pass(page):
    with pytest.raises(pytest.fail.Exception, match="wait for what should be seen"):
        page.wait_for_timeout(10)


def test_people_have_browsers_of_their_own(page, sign_in, colleague):
    sign_in("manager")
    owen = colleague("owen", language="en")
    assert page.request.get("/api/me").json()["name"] == "Юлия Зимина"
    assert owen.request.get("/api/me").json()["name"] == "Owen Blake"
    assert (page.evaluate("navigator.language"), owen.evaluate("navigator.language")) == ("ru-RU", "en-GB")


@on_both_databases
@pytest.mark.parametrize("again", [1, 2])
def test_every_test_has_the_demo_s_data_as_they_were(page, sign_in, served, again):
    sign_in("director")
    with served.uow() as uow:
        assert not uow.find(Company).where(Company.name == "Only here").exists()
        uow.add(Company(name="Only here", owner_id=1))
    assert "Only here" in page.request.get("/api/search?q=only+here").text()


@pytest.mark.parametrize("again", [1, 2])
def test_a_browser_test_leaves_the_event_loop_to_others(request, again):
    async def answer() -> int:
        return 42

    request.getfixturevalue("_launched")
    assert asyncio.run(answer()) == 42
    request.getfixturevalue("page").goto("/api/docs")
