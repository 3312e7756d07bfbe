"""The first page and the sales dashboard in a real browser: figures by keyboard and pointer, tiles that come and change by themselves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from crmkit_sales import Deal
from tests.browser.marks import in_both_languages

TITLES = {"ru": ("Главная", "Панель продаж", "Мои сделки"), "en": ("Home", "Sales dashboard", "My deals")}


@pytest.fixture
def page(page, context, served, language):
    """A page in the test's language, whatever the demo's people speak."""
    context.add_cookies([{"name": "crmkit_language", "value": language, "url": served.url}])
    return page


@pytest.fixture
def dashboard(page, sign_in):
    """The sales dashboard of the director, all tiles there."""
    sign_in("director")
    page.goto("/sales/dashboard?period=year")
    expect(page.locator(".dash > .tile")).to_have_count(9)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return page


@in_both_languages
def test_the_first_page_shows_what_there_is_to_do(page, sign_in, language):
    sign_in("manager")
    page.goto("/")
    home, _sales, deals = TITLES[language]
    expect(page.get_by_role("heading", level=1)).to_have_text(home)
    expect(page.get_by_role("region", name=deals)).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def test_the_period_is_switched_without_leaving(dashboard, language):
    expect(dashboard.get_by_role("heading", level=1)).to_have_text(TITLES[language][1])
    expect(dashboard.locator(".broken")).to_have_count(0)
    link = dashboard.get_by_role("navigation", name="Период").get_by_role("link", name="30 дней")
    link.click()
    dashboard.wait_for_url("**/sales/dashboard?period=month*")
    expect(link).to_have_attribute("aria-current", "true")
    expect(dashboard.locator("[aria-busy=true]")).to_have_count(0)
    expect(dashboard.locator("#tile-sales-conversion crm-chart, #tile-sales-conversion .chart-empty")).to_be_visible()


def test_a_figure_leads_to_its_list(dashboard):
    won = dashboard.locator("#tile-sales-conversion a.row").last
    count = won.locator("b").inner_text()
    won.click()
    dashboard.wait_for_url(re.compile(r"/sales/deal\?filter="))
    expect(dashboard.locator("#main table tbody tr[data-id], #main [role=row][data-id]")).to_have_count(int(count))


def test_a_chart_is_one_stop_of_the_tab_key_and_arrows_go_on(dashboard):
    chart = dashboard.locator("#tile-sales-months crm-chart")
    marks = chart.locator("[data-at]")
    marks.first.focus()
    dashboard.keyboard.press("ArrowRight")
    second = chart.locator('[data-at="0,1"]')
    expect(second).to_be_focused()
    tip = dashboard.locator(".tip")
    expect(tip).to_contain_text("Выиграно")
    dashboard.keyboard.press("ArrowDown")
    expect(chart.locator('[data-at="1,1"]')).to_be_focused()
    expect(tip).to_contain_text("Потеряно")
    dashboard.keyboard.press("End")
    expect(marks.last).to_be_focused()
    dashboard.keyboard.press("Escape")
    expect(tip).to_have_count(0)
    assert chart.locator("[tabindex='0']").count() == 1
    dashboard.keyboard.press("Tab")
    assert chart.evaluate("chart => !chart.contains(document.activeElement)")


def test_the_pointer_finds_the_same(dashboard):
    dashboard.locator("#tile-sales-months [data-at='0,0']").hover()
    expect(dashboard.locator(".tip")).to_contain_text("Выиграно")
    dashboard.locator("h1").hover()
    expect(dashboard.locator(".tip")).to_have_count(0)


def test_a_tile_changes_by_itself_when_a_colleague_works(page, sign_in, served):
    sign_in("manager")
    page.goto("/")
    me = page.request.get("/api/me").json()["id"]
    with served.uow() as uow:
        before = uow.find(Deal).where(Deal.owner_id == me, Deal.stage == "new").count()
        uow.add(Deal(title="One more", owner_id=me))
    new = page.locator("#tile-sales-my_deals a.row").filter(has_text="Новая")
    expect(new.locator("b")).to_have_text(str(before + 1))


def test_paper_is_white_whatever_the_screen_is(dashboard):
    dashboard.evaluate("document.documentElement.dataset.theme = 'dark'")
    shade = "getComputedStyle(document.querySelector('.dash > .tile h2')).color"
    on_screen = dashboard.evaluate(shade)
    dashboard.emulate_media(media="print")
    assert dashboard.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert dashboard.evaluate(shade) != on_screen
    dashboard.emulate_media(media="screen")
