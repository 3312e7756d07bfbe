"""Inside somebody else's application, at /crm, where the host says who comes: pages, scripts, moves and live changes stay within."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from crmkit import ANONYMOUS, Actor
from crmkit.accounts.entities import User
from crmkit_sales import Company
from tests.browser import world
from tests.web.served import serve

HOST = '<!doctype html><html lang="ru"><link rel="icon" href="data:,"><title>Хозяин</title><h1>Вход у хозяина</h1></html>'


@pytest.fixture
def served(crm_kit):
    """The host's server: whoever has the host's cookie is the director of the demo."""
    with crm_kit.crm.uow() as uow:
        director = uow.find(User).where(User.login == world.login("director")).one().id

    def who(connection):
        return Actor(director, roles=["director"]) if connection.cookies.get("host") == "known" else ANONYMOUS

    inner = crm_kit.crm.embedded(actor=who, login="/login")
    routes = [Route("/login", lambda request: HTMLResponse(HOST)), Mount("/crm", app=inner)]
    crm_kit.pause()
    with serve(Starlette(routes=routes, lifespan=crm_kit.crm.lifespan())) as url:
        yield world.Served(url, crm_kit)


def test_the_crm_within_a_host(page, context, served, watch):
    watch.expect("status of 401")
    page.goto("/crm/sales/company")
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fcrm%2Fsales%2Fcompany$"))
    expect(page.get_by_role("heading")).to_have_text("Вход у хозяина")

    context.add_cookies([{"name": "host", "value": "known", "url": served.url}, {"name": "crmkit_language", "value": "ru", "url": served.url}])
    page.goto("/crm/sales/company")
    expect(page.locator("html")).to_have_attribute("data-stream", "live")
    page.evaluate("window.loaded = 1")
    page.get_by_role("navigation", name="Меню").get_by_role("link", name="Контакты", exact=True).click()
    expect(page).to_have_url(re.compile("/crm/sales/contact"))
    page.keyboard.press("Control+k")
    page.keyboard.type("компании")
    expect(page.get_by_role("option", name="Компании", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/crm/sales/company"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Компании")
    assert page.evaluate("window.loaded") == 1

    page.goto("/crm/sales/company/new")
    page.locator("#main input[name=name]").fill("Хозяйство")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/crm/sales/company/\d+$"))
    with served.uow() as uow:
        uow.find(Company).where(Company.name == "Хозяйство").one().name = "Подворье"
    expect(page.locator("#main").get_by_role("heading", name="Подворье")).to_be_visible()

    context.clear_cookies(name="host")
    page.get_by_role("navigation", name="Меню").get_by_role("link", name="Контакты", exact=True).click()
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fcrm%2Fsales%2F(contact|company%2F\d+)"))
