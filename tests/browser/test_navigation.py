"""Going from page to page without loading them anew: focus, scroll, errors in their place, and doors that lead out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import phone, world


@pytest.fixture
def crm_plugins():
    return [*world.plugins(), phone.plugin]


@pytest.fixture
def calls(page, sign_in, served) -> Page:
    with served.uow() as uow:
        phone.allow(uow)
        uow.add_many(phone.Ring, [{"who": f"Звонок {n}", "state": "rings", "note": ""} for n in range(60)])
    sign_in("manager")
    page.goto("/phone/calls")
    page.evaluate("window.loaded = 1")
    return page


def stayed(page: Page) -> bool:
    """True when the page was not loaded anew."""
    return bool(page.evaluate("window.loaded === 1"))


def test_the_new_page_is_named_focused_and_current(calls):
    calls.evaluate("document.body.addEventListener('crm:navigated', (e) => { window.went = e.detail.path })")
    calls.get_by_role("navigation", name="Меню").get_by_role("link", name="Сделки", exact=True).click()
    expect(calls).to_have_url(re.compile("/sales/deal$"))
    expect(calls.locator("#main")).to_be_focused()
    expect(calls).to_have_title(re.compile("Сделки"))
    expect(calls.locator("#live-say")).to_contain_text("Сделки")
    expect(calls.get_by_role("navigation", name="Меню").locator("[aria-current=page]")).to_have_text(re.compile("Сделки"))
    assert calls.evaluate("window.went") == "/sales/deal"
    assert stayed(calls)
    assert calls.evaluate("localStorage.length") == 0


def test_back_brings_back_the_place_on_the_page(calls):
    calls.locator(".scroll").evaluate("el => { el.scrollTop = 700 }")
    calls.get_by_role("link", name="Звонок 30", exact=True).click()
    expect(calls.locator("#state")).to_be_visible()
    calls.go_back()
    expect(calls.locator("#calls")).to_be_visible()
    calls.wait_for_function("document.querySelector('.scroll').scrollTop > 650")
    calls.go_forward()
    expect(calls.locator("#state")).to_be_visible()
    assert stayed(calls)


def test_a_page_that_is_not_there_is_told_in_its_place(calls, watch):
    watch.expect("status of 404")
    calls.get_by_role("link", name="Нет такого").click()
    expect(calls.locator("#main .empty h2")).to_be_visible()
    expect(calls).to_have_url(re.compile("/phone/calls/99999$"))
    expect(calls.locator(".toast")).to_have_count(0)
    assert stayed(calls)


def test_what_is_no_page_of_ours_is_loaded_by_the_browser(calls):
    calls.get_by_role("link", name="API", exact=True).click()
    expect(calls).to_have_url(re.compile("/api/docs$"))
    expect(calls.locator("crm-desk")).to_have_count(0)


def test_of_two_clicks_the_last_wins(calls):
    calls.evaluate("""() => {
        for (const name of ['Контакты', 'Компании']) [...document.querySelectorAll('#nav a')].find(a => a.textContent.trim() === name).click();
    }""")
    expect(calls).to_have_url(re.compile("/sales/company$"))
    expect(calls).to_have_title(re.compile("^Компании"))
    expect(calls.locator("#main")).not_to_have_attribute("aria-busy", "true")
    expect(calls.locator(".toast")).to_have_count(0)


def test_a_slow_page_shows_that_it_is_coming(calls):
    def slow(route):
        expect(calls.locator("#progress")).to_be_visible()
        expect(calls.locator("#main")).to_have_attribute("aria-busy", "true")
        route.continue_()

    calls.route("**/sales/contact", slow)
    calls.get_by_role("navigation", name="Меню").get_by_role("link", name="Контакты").click()
    expect(calls).to_have_title(re.compile("^Контакты"))
    expect(calls.locator("#progress")).to_be_hidden()


def test_unsaved_words_are_not_left_without_a_question(calls):
    asked: list[str] = []
    calls.get_by_role("link", name="Заметка 60", exact=True).evaluate("el => el.removeAttribute('data-window')")
    calls.get_by_role("link", name="Заметка 60", exact=True).click()
    calls.get_by_label("Что сказали").press_sequentially("важное")
    calls.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    calls.get_by_role("navigation", name="Меню").get_by_role("link", name="Сделки", exact=True).click()
    expect(calls.get_by_label("Что сказали")).to_have_value("важное")
    assert asked == ["Введённое не сохранено. Уйти без сохранения?"]
    calls.get_by_role("button", name="Записать и показать").click()
    expect(calls.locator("#state")).to_contain_text("важное")
    calls.get_by_role("navigation", name="Меню").get_by_role("link", name="Сделки", exact=True).click()
    expect(calls).to_have_url(re.compile("/sales/deal$"))
    assert len(asked) == 1
