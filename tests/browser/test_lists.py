"""Lists in a browser: sorting, filters, scrolling, editing in a cell, many rows at once, all of it by keyboard too."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from crmkit_sales import Deal
from tests.browser.marks import in_every_look

LIST = "/sales/deal"


@pytest.fixture
def deals(served):
    """Sixty deals of one owner, 1000, 2000 … roubles, in the order of their titles."""
    with served.uow() as uow:
        owner = uow.find(Deal).where(Deal.owner_id.is_not(None)).first().owner_id
        made = [uow.add(Deal(title=f"Row {n:02}", owner_id=owner, amount=Decimal(n * 1000))) for n in range(1, 61)]
        uow.flush()
        return [deal.id for deal in made]


@pytest.fixture
def rows(page, sign_in, deals):
    """The list of these deals."""
    sign_in("director")
    page.goto(f"{LIST}?q=Row&sort=title&columns=title,amount,stage,company_id,closes_on,owner_id")
    expect(page.locator("tbody tr[data-id]").first).to_be_visible()
    return page


def row(page: Page, key: int):
    return page.locator(f"#row-{key}")


def test_headings_sort_and_back_undoes_it(rows, deals):
    heading = rows.locator("#c-amount")
    heading.locator("a").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    heading.locator("a").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(rows.locator("tbody .row-a").first).to_have_text("Row 60")
    expect(heading.locator("a")).to_be_focused()
    rows.locator("#c-stage a").click(modifiers=["Shift"])
    expect(rows).to_have_url(re.compile(r"sort=-amount%2Cstage"))
    rows.go_back()
    expect(rows).to_have_url(re.compile(r"sort=-amount(&|$)"))
    expect(rows.locator("#c-amount")).to_have_attribute("aria-sort", "descending")


def test_scrolling_brings_the_next_rows(rows, deals):
    expect(rows.locator("tbody tr[data-id]")).to_have_count(50)
    rows.locator(".more-rows").scroll_into_view_if_needed()
    expect(rows.locator("tbody tr[data-id]")).to_have_count(60)
    expect(rows.locator(".more-rows")).to_have_count(0)


def test_a_filter_is_put_together_by_keyboard(rows):
    rows.locator("#add-filter").focus()
    rows.keyboard.press("Enter")
    expect(rows.locator(".narrow")).to_be_focused()
    rows.locator("#filter-fields .pop-i", has_text=re.compile(r"^\s*Сумма\s*$")).press("Enter")
    expect(rows.locator("#filter-form input[name=v]")).to_be_focused()
    rows.keyboard.type("58 000")
    rows.keyboard.press("Enter")
    expect(rows.locator(".fchip-b")).to_contain_text("58\u00a0000")
    expect(rows.locator("tbody tr[data-id]")).to_have_count(2)
    expect(rows.locator("#add-filter")).to_be_focused()
    rows.reload()
    expect(rows.locator("tbody tr[data-id]")).to_have_count(2)
    rows.locator(".fchip-x").press("Enter")
    expect(rows.locator("tbody tr[data-id]")).to_have_count(50)


def test_typing_searches_and_keeps_the_place(rows):
    rows.locator("#list-q").fill("Row 07")
    expect(rows.locator("tbody tr[data-id]")).to_have_count(1)
    expect(rows.locator("#list-q")).to_be_focused()
    expect(rows).to_have_url(re.compile(r"q=Row\+07"))


def test_a_cell_is_edited_by_keyboard(rows, deals, served):
    rows.locator(f"#row-{deals[0]} th").focus()
    rows.keyboard.press("ArrowRight")
    with rows.expect_request("**/cell?*") as asked:
        rows.keyboard.press("F2")
    assert asked.value.headers["crm-who"], "another person who signs in meanwhile must not be answered as if they had opened this page"
    field = rows.locator("[data-cell] input[name=amount]")
    expect(field).to_be_focused()
    rows.keyboard.type("4321")
    rows.keyboard.press("Enter")
    cell = row(rows, deals[0]).locator("td.num")
    expect(cell).to_have_text("4\u00a0321")
    expect(cell).to_be_focused()
    rows.keyboard.press("F2")
    expect(field).to_be_focused()
    rows.keyboard.type("99")
    rows.keyboard.press("Escape")
    expect(cell).to_have_text("4\u00a0321")
    with served.uow() as uow:
        assert uow.get(Deal, deals[0]).amount == 4321


def test_what_a_cell_may_not_hold_is_told_there(rows, deals, watch):
    watch.expect("status of 422")
    row(rows, deals[0]).locator("td.num").dblclick()
    expect(rows.locator("[data-cell] input[name=amount]")).to_be_focused()
    rows.keyboard.type("much")
    rows.keyboard.press("Enter")
    expect(rows.locator("[data-cell] .fld-bad")).to_be_visible()
    rows.keyboard.press("Escape")
    expect(rows.locator("[data-cell]")).to_have_count(0)


def test_a_stage_in_a_cell_asks_for_what_it_needs_and_is_taken_back_from_the_toast(rows, deals, served, watch):
    watch.expect("status of 422")
    with served.uow() as uow:
        uow.get(Deal, deals[0]).amount = None
    expect(row(rows, deals[0]).locator("td.k1")).to_have_text("—")
    cell = row(rows, deals[0]).locator("td.k2")
    before = cell.inner_text()
    row(rows, deals[0]).locator("th").focus()
    rows.keyboard.press("ArrowRight")
    rows.keyboard.press("ArrowRight")
    rows.keyboard.press("Enter")
    rows.locator("[data-cell] select").select_option("offer")
    rows.keyboard.press("Enter")
    form = rows.locator(".needs-dialog form")
    expect(form).to_be_visible()
    rows.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(cell).to_have_text(before)
    expect(cell).to_be_focused()
    rows.keyboard.press("Enter")
    rows.locator("[data-cell] select").select_option("offer")
    rows.keyboard.press("Tab")
    expect(form).to_be_visible()
    expect(form.locator("[name=amount]")).to_be_focused()
    rows.keyboard.type("1500")
    rows.keyboard.press("Enter")
    expect(cell).not_to_have_text(before)
    with served.uow() as uow:
        assert uow.get(Deal, deals[0]).stage == "offer"
    rows.locator("#toasts .toast button").first.click()
    expect(cell).to_have_text(before)


def test_a_list_in_a_window_works_as_on_its_page(rows, deals):
    rows.evaluate("document.getElementById('desk').open({ url: '/sales/deal?q=Row&sort=title&columns=title,amount', title: 'Rows' })")
    window = rows.locator(".win")
    own = window.locator("tbody tr[data-id]")
    expect(own).to_have_count(50)
    window.locator("thead a").nth(1).click()
    window.locator("thead [aria-sort=ascending] a").click()
    expect(own.first.locator(".row-a")).to_have_text("Row 60")
    expect(rows.locator("main tbody .row-a").first).to_have_text("Row 01")
    expect(rows).to_have_url(re.compile("sort=title"))
    own.first.locator("td.num").dblclick()
    window.locator("[data-cell] input[name=amount]").fill("77")
    rows.keyboard.press("Escape")
    expect(window.locator("[data-cell]")).to_have_count(0)
    own.first.locator("input").click()
    expect(window.locator("[data-chosen]")).to_have_text("Выбрано: 1")
    expect(rows.locator("main input:checked")).to_have_count(0)
    window.locator("[data-do=archive]").click()
    expect(window.locator("[data-bulk-form] .btn.primary")).to_be_visible()
    rows.keyboard.press("Escape")
    window.locator("[data-list-q] input[type=search]").fill("Row 07")
    expect(own).to_have_count(1)
    window.locator("[id$=add-filter]").click()
    window.locator("[data-narrow]").fill("сум")
    window.locator(".list-pop .pop-i:visible").first.click()
    window.locator(".list-pop input[name=v]").fill("5")
    rows.keyboard.press("Enter")
    expect(window.locator(".fchip")).to_have_count(1)
    expect(own).to_have_count(1)
    expect(rows.locator("main .fchip")).to_have_count(0)


def test_many_rows_are_archived_and_taken_back(rows, deals):
    row(rows, deals[0]).locator("input").click()
    row(rows, deals[3]).locator("input").click(modifiers=["Shift"])
    expect(rows.locator("[data-chosen]")).to_have_text("Выбрано: 4")
    rows.locator("#list-bulk [data-do=archive]").click()
    rows.locator("[data-bulk-form] .btn.primary").click()
    expect(rows.locator("tr.gone")).to_have_count(4)
    expect(rows.locator("#list-bulk")).to_be_hidden()
    rows.locator("#toasts .toast button").first.click()
    expect(rows.locator("tr.gone")).to_have_count(0)


def test_a_row_somebody_else_changes_is_shown_as_it_is_now(rows, deals, served):
    row(rows, deals[1]).locator("input").click()
    with served.uow() as uow:
        uow.get(Deal, deals[1]).title = "Row 02 renamed"
    expect(row(rows, deals[1]).locator(".row-a")).to_have_text("Row 02 renamed")
    expect(row(rows, deals[1]).locator("input")).to_be_checked()


@in_every_look
def test_what_opens_above_a_list_can_be_used_by_everybody(page, sign_in, served, deals, axe, look, language):
    sign_in("director")
    page.context.add_cookies([{"name": "crmkit_language", "value": language, "url": served.url}])
    page.goto(f'{LIST}?filter={{"amount":{{"gt":"5000"}},"nonsense":1}}')
    expect(page.locator(".fchip.bad")).to_be_visible()
    axe(page, "#main")
    look(page, "broken")
    page.goto(f'{LIST}?filter={{"amount":{{"gt":"5000"}}}}')
    page.locator("tbody input[name=id]").first.click()
    expect(page.locator("[data-chosen]")).to_be_visible()
    page.locator("#list-bulk [data-do=change]").click()
    expect(page.locator("#bulk-field")).to_be_visible()
    axe(page, "#list-bulk")
    look(page, "bulk")
    for tool in ("#add-filter", "#list-views", "#list-tools [popovertarget]"):
        page.keyboard.press("Escape")
        page.locator(tool).first.click()
        expect(page.locator("#list-pop #pop-title")).to_be_attached()
        axe(page, "#list-pop")
        look(page, tool.strip("#").split()[0])
