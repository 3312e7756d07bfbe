"""Boards in a browser: cards are moved by mouse, finger and keyboard, and everybody sees it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import CDPSession, Page, expect

from crmkit_sales import SALES, Deal
from tests.browser.marks import PHONE

BOARD = "/sales/deal/board"


@pytest.fixture
def deals(served):
    """Deals of the demo's manager, without an amount but one: `deals["new"]`, `deals["rich"]`."""
    with served.uow() as uow:
        owner = uow.find(Deal).where(Deal.owner_id.is_not(None)).first().owner_id
        amounts = {"new": None, "rich": Decimal(120000)}
        made = {name: uow.add(Deal(title=f"Deal {name}", owner_id=owner, amount=amount)) for name, amount in amounts.items()}
        uow.flush()
        return {name: deal.id for name, deal in made.items()}


@pytest.fixture
def board(page, sign_in, deals):
    sign_in("director")
    page.goto(BOARD)
    return page


def card(page: Page, key: int):
    return page.locator(f'.card[data-id="{key}"]:not(.fly)')


def column(page: Page, key: str):
    return page.locator(f'.col[data-col="{key}"]')


def count(page: Page, key: str) -> int:
    return int(re.findall(r"\d+", column(page, key).locator("[data-count]").inner_text())[0])


def stage(served, key: int) -> str:
    with served.crm.read() as uow:
        return str(uow.get(Deal, key).stage)


def drag(page: Page, key: int, to: str, *, drop: bool = True) -> None:
    """Carry a card with the mouse over a column."""
    home, there = card(page, key).bounding_box(), column(page, to).bounding_box()
    page.mouse.move(home["x"] + 60, home["y"] + 14)
    page.mouse.down()
    page.mouse.move(home["x"] + 75, home["y"] + 22, steps=3)
    page.mouse.move(there["x"] + there["width"] / 2, there["y"] + 200, steps=8)
    expect(column(page, to)).to_have_class(re.compile("over"))
    if drop:
        page.mouse.up()


def touch(cdp: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    """Send what a finger does."""
    cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})


def test_a_card_is_dragged_and_the_move_taken_back_from_the_toast(board, deals, served):
    before = count(board, "new"), count(board, "qualified")
    drag(board, deals["rich"], "qualified")
    expect(column(board, "qualified").locator(".card").first).to_contain_text("Deal rich")
    expect(board.locator(".toast")).to_contain_text("Перемещено в «Квалификация»")
    expect(column(board, "qualified").locator("[data-count]")).to_contain_text(str(before[1] + 1))
    assert count(board, "new") == before[0] - 1
    assert stage(served, deals["rich"]) == "qualified"
    board.locator(".toast button", has_text="Отменить").click()
    expect(column(board, "new").locator(f'.card[data-id="{deals["rich"]}"]')).to_be_visible()
    expect(column(board, "new").locator("[data-count]")).to_contain_text(str(before[0]))
    assert stage(served, deals["rich"]) == "new"


def test_what_a_stage_needs_is_asked_for_beside_the_card(board, deals, served, watch, axe):
    watch.expect("status of 422")
    drag(board, deals["new"], "offer")
    dialog = board.locator(".needs-dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Перевод в «Предложение»")
    expect(dialog.locator("[name=amount]")).to_be_focused()
    axe(board, ".needs-dialog")
    board.keyboard.press("Enter")
    expect(dialog.locator(".fld-bad")).to_contain_text("обязательное поле")
    board.keyboard.type("1 500")
    board.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(column(board, "offer").locator(f'.card[data-id="{deals["new"]}"]')).to_contain_text("1,5")
    assert stage(served, deals["new"]) == "offer"


def test_escape_takes_the_card_back_while_it_flies_and_from_the_form(board, deals, served, watch):
    watch.expect("status of 422")
    before = count(board, "new")
    drag(board, deals["new"], "offer", drop=False)
    board.keyboard.press("Escape")
    board.mouse.up()
    expect(column(board, "new").locator(f'.card[data-id="{deals["new"]}"]')).to_be_visible()
    expect(board.locator(".needs-dialog")).to_have_count(0)
    drag(board, deals["new"], "offer")
    expect(board.locator(".needs-dialog")).to_be_visible()
    assert count(board, "new") == before - 1
    board.keyboard.press("Escape")
    expect(column(board, "new").locator(f'.card[data-id="{deals["new"]}"]')).to_be_visible()
    assert count(board, "new") == before
    assert stage(served, deals["new"]) == "new"


def test_columns_it_may_not_go_to_are_shown_and_refuse_it(board, deals, served):
    drag(board, deals["rich"], "negotiation", drop=False)
    expect(column(board, "negotiation")).to_have_class(re.compile("off"))
    expect(column(board, "offer")).not_to_have_class(re.compile("off"))
    board.mouse.up()
    expect(board.locator(".toast.bad")).to_contain_text("Из «Новая» нельзя перейти в «Переговоры»")
    expect(column(board, "new").locator(f'.card[data-id="{deals["rich"]}"]')).to_be_visible()
    assert stage(served, deals["rich"]) == "new"


def test_the_keyboard_does_it_all(board, deals, served):
    said = board.locator("#live-say")
    card(board, deals["rich"]).focus()
    board.keyboard.press(" ")
    expect(said).to_contain_text("Взято: Deal rich")
    board.keyboard.press("ArrowRight")
    expect(said).to_contain_text("Квалификация, 1 из")
    expect(card(board, deals["rich"])).to_be_focused()
    board.keyboard.press("Escape")
    expect(said).to_contain_text("Возвращено: Новая")
    assert stage(served, deals["rich"]) == "new"
    board.keyboard.press(" ")
    board.keyboard.press("ArrowRight")
    board.keyboard.press("ArrowRight")
    board.keyboard.press(" ")
    expect(board.locator(".toast")).to_contain_text("Предложение")
    expect(card(board, deals["rich"])).to_be_focused()
    assert stage(served, deals["rich"]) == "offer"
    board.keyboard.press("ArrowLeft")
    assert board.evaluate("document.activeElement.closest('.col').dataset.col") == "qualified"
    board.keyboard.press("End")
    assert board.evaluate("document.activeElement.nextElementSibling?.matches('.card') ?? false") is False


def test_the_menu_of_a_card_moves_it_and_opens_it_in_a_window(board, deals, served):
    card(board, deals["rich"]).focus()
    board.keyboard.press("m")
    menu = board.get_by_role("menu")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    expect(menu.get_by_role("menuitem", name="Переговоры")).to_have_attribute("aria-disabled", "true")
    board.keyboard.press("Escape")
    expect(card(board, deals["rich"])).to_be_focused()
    card(board, deals["rich"]).locator(".card-m").click()
    menu.get_by_role("menuitem", name="Квалификация").click()
    expect(column(board, "qualified").locator(f'.card[data-id="{deals["rich"]}"]')).to_be_visible()
    expect(board.locator(".toast")).to_contain_text("Квалификация")
    assert stage(served, deals["rich"]) == "qualified"
    card(board, deals["rich"]).locator(".card-m").click()
    menu.get_by_role("menuitem", name="Открыть в окне").click()
    expect(board.locator("#desk .win")).to_contain_text("Deal rich")


def test_everybody_sees_a_move_at_once_but_not_in_the_middle_of_their_own(board, deals, served, colleague):
    other = colleague("director")
    other.goto(BOARD)
    expect(card(other, deals["rich"])).to_be_visible()
    drag(board, deals["new"], "qualified", drop=False)
    drag(other, deals["rich"], "qualified")
    expect(column(other, "qualified").locator(".card").first).to_contain_text("Deal rich")
    board.mouse.move(400, 400)
    assert column(board, "new").locator(f'.card[data-id="{deals["rich"]}"]').count() == 1  # the drag is not disturbed
    board.keyboard.press("Escape")
    board.mouse.up()
    expect(column(board, "qualified").locator(f'.card[data-id="{deals["rich"]}"]')).to_be_visible()
    with served.uow() as uow:
        deal = uow.get(Deal, deals["new"])
        deal.title, deal.amount = "Renamed", 5000
        added = uow.add(Deal(title="Just added", amount=Decimal(1), owner_id=deal.owner_id), into=SALES["qualified"])
        gone = uow.get(Deal, deals["rich"])
        uow.archive(gone)
        uow.flush()
        key = added.id
    for page in (board, other):
        expect(card(page, deals["new"])).to_contain_text("Renamed")
        expect(column(page, "qualified").locator(".card").first).to_have_attribute("data-id", str(key))
        expect(card(page, deals["rich"])).to_have_count(0)


def test_who_was_too_late_is_told_who_was_first(board, deals, served, watch):
    watch.expect("status of 412")
    board.evaluate("document.querySelector('crm-board').later = () => {}")  # a browser that has not heard of it yet
    with served.uow() as uow:
        uow.get(Deal, deals["rich"]).amount = 5
    drag(board, deals["rich"], "qualified")
    expect(board.locator(".toast.bad")).to_contain_text("Запись тем временем изменена")
    expect(column(board, "new").locator(f'.card[data-id="{deals["rich"]}"]')).to_be_visible()
    assert stage(served, deals["rich"]) == "new"


def test_columns_fold_and_stay_folded(board, deals):
    expect(column(board, "won")).to_have_class(re.compile("folded"))
    column(board, "won").locator(".col-fold").click()
    expect(column(board, "won").locator(".card").first).to_be_visible()
    with board.expect_response(re.compile("/board/fold")):
        column(board, "new").get_by_role("button", name="Свернуть «Новая»").click()
    board.reload()
    expect(column(board, "new")).to_have_class(re.compile("folded"))
    expect(column(board, "won")).not_to_have_class(re.compile("folded"))
    column(board, "new").click()
    expect(card(board, deals["rich"])).to_be_visible()


def test_a_card_dropped_into_a_folded_column_vanishes_into_it(board, deals, served, watch):
    with served.uow() as uow:
        uow.move(uow.get(Deal, deals["rich"]), SALES["offer"])
    board.reload()
    before = count(board, "won")
    drag(board, deals["rich"], "won")
    expect(board.locator(".toast")).to_contain_text("Успех")
    expect(column(board, "won").locator("[data-count]")).to_contain_text(str(before + 1))
    expect(card(board, deals["rich"])).not_to_be_visible()
    assert stage(served, deals["rich"]) == "won"


@pytest.mark.parametrize("screen", [PHONE])
def test_a_finger_holds_a_card_and_carries_it(board, deals, served, context):
    cdp = context.new_cdp_session(board)
    home = card(board, deals["rich"]).bounding_box()
    x, y = home["x"] + 60, home["y"] + 20

    touch(cdp, "touchStart", (x, y))
    expect(board.locator(".card.fly")).to_be_visible()  # after a moment's hold
    for step in range(1, 13):
        touch(cdp, "touchMove", (x + step * 24, y + step * 4))
    expect(column(board, "qualified")).to_have_class(re.compile("over"))  # the board scrolled by itself
    touch(cdp, "touchEnd")
    expect(board.locator(".toast")).to_contain_text("Квалификация")
    assert stage(served, deals["rich"]) == "qualified"


@pytest.mark.parametrize("screen", [PHONE])
def test_a_swipe_scrolls_and_moves_nothing(board, deals, served, context):
    cdp = context.new_cdp_session(board)
    home = card(board, deals["rich"]).bounding_box()
    x, y = home["x"] + 250, home["y"] + 20
    touch(cdp, "touchStart", (x, y))
    for step in range(1, 16):
        touch(cdp, "touchMove", (x - step * 14, y))
        board.evaluate("new Promise(requestAnimationFrame)")  # as fast as a finger, not faster than the screen
    assert board.locator("crm-board").evaluate("board => board.scrollLeft") > 50
    touch(cdp, "touchEnd")
    assert board.locator(".card.fly").count() == 0
    assert stage(served, deals["rich"]) == "new"


def test_further_cards_come_when_a_column_is_scrolled(board, served):
    with served.uow() as uow:
        uow.add_many(Deal, [{"title": f"One of many {n}", "amount": n} for n in range(80)])
    board.reload()
    assert column(board, "new").locator(".card").count() == 25
    board.mouse.move(*[column(board, "new").bounding_box()[k] + 100 for k in ("x", "y")])
    for wanted in (50, 75):
        column(board, "new").locator(".col-list").evaluate("list => list.scrollTo(0, list.scrollHeight)")
        expect(column(board, "new").locator(".card")).to_have_count(wanted)
    ids = column(board, "new").locator(".card").evaluate_all("cards => cards.map(c => +c.dataset.id)")
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("screen", [PHONE])
def test_a_board_without_cards_says_so(board, axe, look):
    board.goto(f"{BOARD}?q=nothing+like+this")
    expect(board.locator(".board-none")).to_be_visible()
    axe(board)
    look(board, "empty")
