"""What somebody types runs in nobody's browser: on boards, in lists, choosers, the palette, windows and toasts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crmkit_sales import Deal

EVIL = "\"><img src=/x onerror=\"window.evil=1\"><b data-evil>bold</b>'<script>window.evil=1</script>"


@pytest.fixture
def deal(served) -> int:
    with served.uow() as uow:
        made = uow.add(Deal(title=EVIL, owner_id=None))
        uow.flush()
        return made.id


def harmless(page: Page) -> None:
    assert page.evaluate("window.evil") is None
    assert page.locator("[data-evil]").count() == 0


def test_a_title_full_of_markup(page, sign_in, deal):
    sign_in("admin")
    for path in (f"/sales/deal/{deal}", f"/sales/deal/{deal}/history", "/sales/deal", "/sales/deal/board"):
        page.goto(path)
        expect(page.locator("#main")).to_contain_text("window.evil=1")
        harmless(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("window.evil")
    expect(page.locator("dialog[open]")).to_contain_text("window.evil")
    harmless(page)
    page.goto(f"/sales/deal/{deal}")
    page.evaluate("url => document.querySelector('crm-desk').open({ url, title: document.title, kind: 'record' })", f"/sales/deal/{deal}")
    expect(page.get_by_role("dialog").last).to_contain_text("window.evil=1")
    page.evaluate("text => document.body.dispatchEvent(new CustomEvent('crm:toast', { detail: { text } }))", EVIL)
    expect(page.locator("#toasts")).to_contain_text("window.evil=1")
    harmless(page)
