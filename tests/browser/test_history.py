"""Edit and undo, merge and take it apart again, and two records that may be one: as people do it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from crmkit_sales import Contact, Deal
from tests.browser.marks import PHONE, in_both_languages

WORDS = {
    "ru": {"undo": "Отменить это", "redo": "Вернуть", "merge": "Объединить", "in_the_way": "Мешает более новое", "undone": "отменено"},
    "en": {"undo": "Undo this", "redo": "Redo", "merge": "Merge", "in_the_way": "Something newer is in the way", "undone": "undone"},
}


@pytest.fixture
def enter(sign_in, context, served, language):
    """Sign in as somebody who may do it all, in the language of the test."""

    def enter():
        sign_in("admin")
        context.add_cookies([{"name": "crmkit_language", "value": language, "url": served.url}])

    return enter


@pytest.fixture
def deal(served):
    with served.uow() as uow:
        return uow.find(Deal).order_by(Deal.id).first().id


@pytest.fixture
def twins(served, deliver, clock):
    with served.uow() as uow:
        one = uow.add(Contact(name="Варвара Крылова", phone="+79130001122", city="Томск", owner_id=1, team_id=1))
        two = uow.add(Contact(name="Крылова Варвара", phone="+79130001122", email="kv@example.ru", city="Омск", owner_id=1, team_id=1))
        uow.flush()
        keys = one.id, two.id
    clock.forward(seconds=30)
    deliver()
    return keys


def edit(served, deal: int, amount: int) -> None:
    with served.crm.uow() as uow:
        uow.get(Deal, deal).title = f"Сделка на {amount}"


def test_an_edit_is_read_and_taken_back_and_done_again(page, enter, served, deal, language):
    said = WORDS[language]
    edit(served, deal, 5)
    enter()
    page.goto(f"/sales/deal/{deal}/history")
    page.locator(".hist-i").first.locator(".hist-u a").click()
    expect(page.get_by_role("button", name=said["undo"])).to_be_visible()
    page.get_by_role("button", name=said["undo"]).press("Enter")
    expect(page).to_have_url(re.compile(r"/operations/\d+$"))
    with served.uow() as uow:
        assert uow.get(Deal, deal).title != "Сделка на 5"
    page.get_by_role("link", name=said["redo"]).click()
    expect(page).to_have_url(re.compile("/undo"))
    page.locator(".foot-bar .primary").click()
    expect(page).to_have_url(re.compile(r"/operations/\d+$"))
    with served.uow() as uow:
        assert uow.get(Deal, deal).title == "Сделка на 5"


@pytest.mark.parametrize("screen", [PHONE], ids=["phone"])
def test_what_is_in_the_way_is_named_and_can_be_looked_at(page, enter, served, deal, axe, look, language):
    edit(served, deal, 5)
    edit(served, deal, 6)
    enter()
    page.goto(f"/sales/deal/{deal}/history")
    page.locator(".hist-i").nth(1).locator(".hist-u a").click()
    expect(page.get_by_role("alert")).to_contain_text(WORDS[language]["in_the_way"])
    axe(page)
    look(page)
    page.locator(".clsh a.btn").first.click()
    page.get_by_role("button", name=WORDS[language]["undo"]).click()
    expect(page).to_have_url(re.compile(r"/operations/\d+$"))
    with served.uow() as uow:
        assert uow.get(Deal, deal).title == "Сделка на 5"


@in_both_languages
def test_two_are_made_one_and_two_again(page, enter, served, twins, axe, look, language):
    one, two = twins
    enter()
    page.goto(f"/sales/contact/{one}/merge?with={two}")
    axe(page)
    look(page, "merge")
    page.get_by_role("radio", name=re.compile("^Омск")).check()
    page.get_by_role("button", name=WORDS[language]["merge"]).click()
    expect(page).to_have_url(re.compile(rf"/sales/contact/{one}$"))
    with served.uow() as uow:
        assert (uow.get(Contact, one).city, uow.get(Contact, one).email) == ("Омск", "kv@example.ru")
        assert uow.get(Contact, two).archived_at is not None
    page.locator("#toasts button").first.click()
    expect(page.locator("#toasts")).to_contain_text({"ru": "Отменено", "en": "Undone"}[language])
    with served.uow() as uow:
        assert uow.get(Contact, one).city == "Томск"
        assert uow.get(Contact, two).archived_at is None


def test_a_merge_is_taken_apart_from_the_archived_record(page, enter, served, twins):
    one, two = twins
    enter()
    page.goto(f"/sales/contact/{one}/merge?with={two}")
    page.locator(".foot-bar .primary").click()
    expect(page).to_have_url(re.compile(rf"/sales/contact/{one}$"))
    page.goto(f"/sales/contact/{two}/history")
    page.locator(".note a.btn").click()
    expect(page).to_have_url(re.compile("/undo"))
    page.locator(".foot-bar .primary").click()
    expect(page).to_have_url(re.compile(r"/operations/\d+$"))
    with served.uow() as uow:
        assert uow.get(Contact, two).archived_at is None


def test_pairs_are_gone_through_by_keys(page, enter, twins):
    enter()
    page.goto("/duplicates/review?kind=sales.contact")
    pairs = page.locator("[data-dup]")
    count = pairs.count()
    assert count > 1
    page.keyboard.press("j")
    expect(pairs.first).to_be_focused()
    page.keyboard.press("j")
    expect(pairs.nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("d")
    expect(page.locator(".dup.done")).to_have_count(1)
    page.locator(".dup.done button").click()
    expect(page.locator(".dup.done")).to_have_count(0)
    pairs.first.focus()
    page.keyboard.press("m")
    expect(page).to_have_url(re.compile(r"/merge\?with=\d+$"))


@pytest.mark.parametrize("screen", [PHONE], ids=["phone"])
def test_while_typing_one_sees_who_is_here_already(page, enter, twins, axe, look):
    enter()
    page.goto("/sales/contact/new")
    page.locator("input[name=name]").fill("Варвара Крылова")
    page.locator("input[name=phone]").fill("8 913 000-11-22")
    expect(page.locator(".dup-n")).to_contain_text("Варвара Крылова")
    axe(page)
    look(page)
    page.locator("input[name=phone]").fill("")
    page.locator("input[name=name]").fill("Зу")
    expect(page.locator(".dup-n")).to_have_count(0)


def test_what_was_done_is_listed(page, enter, served, deal):
    edit(served, deal, 5)
    enter()
    page.goto("/operations?whose=all&show=changes")
    expect(page.locator(".op").first).to_be_visible()
