"""A manager's day without a mouse: from signing in to signing out, and at each step one sees where one is."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from crmkit.accounts.entities import User
from crmkit_sales import Deal
from tests.browser import world

SEEN = """() => {
    const drawn = (el) => (({ outlineStyle, outlineWidth, boxShadow }) =>
        outlineStyle !== 'none' && parseFloat(outlineWidth) > 0 || boxShadow !== 'none')(getComputedStyle(el));
    const el = document.activeElement;
    const box = el.getBoundingClientRect();
    const there = box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    return el !== document.body && there && (drawn(el) || drawn(el.closest('.composer') ?? el.parentElement) || el.matches('main, .win-h, h1'));
}"""


@pytest.fixture
def deals(served) -> dict[str, int]:
    """Two deals of the manager's: one to work on, one that has no amount yet."""
    with served.uow() as uow:
        manager = uow.find(User).where(User.login == world.login("manager")).one()
        amounts = {"A": Decimal(700), "Б": None}
        made = {name: uow.add(Deal(title=f"Клавиша {name}", owner_id=manager.id, amount=amount)) for name, amount in amounts.items()}
        uow.flush()
        return {name: deal.id for name, deal in made.items()}


def here(page: Page, place: Locator) -> None:
    """The focus is there, and to be seen."""
    expect(place).to_be_focused()
    assert page.evaluate(SEEN), f"one does not see that the focus is at {page.evaluate('document.activeElement.outerHTML.slice(0, 200)')}"


def tab_to(page: Page, place: Locator, *, key: str = "Tab", most: int = 70) -> None:
    """Press a key until the focus is there; wherever it stands on the way can be seen."""
    expect(place).to_be_visible()
    for _press in range(most):
        page.keyboard.press(key)
        if place.evaluate("el => el === document.activeElement"):
            return here(page, place)
    pytest.fail(f"{place} is not reached by {key}")


def palette(page: Page, words: str, option: str | re.Pattern[str]) -> None:
    """Find a line of the palette and take it."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Поиск или команда")).to_be_focused()
    page.keyboard.type(words)
    wanted = page.get_by_role("option", name=option, exact=True)
    expect(wanted).to_be_visible()
    for _press in range(20):
        if wanted.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_hidden()


def test_a_manager_s_day(page: Page, served, deals, watch):
    watch.expect("status of 422")  # the stage that wants an amount
    keys = page.keyboard
    main = page.locator("#main")

    # in
    page.goto("/")
    here(page, page.get_by_label("Электронная почта"))
    keys.type(world.login("manager"))
    tab_to(page, page.get_by_label("Пароль", exact=True), most=3)
    keys.type(world.PASSWORD)
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile("/$"))

    # to a list, narrowed twice
    palette(page, "сделки", "Сделки")
    expect(page.get_by_role("heading", level=1)).to_have_text("Сделки")
    expect(main).to_be_focused()
    tab_to(page, page.locator("#list-q"))
    keys.type("Клавиша")
    expect(page.locator("tbody tr[data-id]")).to_have_count(2)
    tab_to(page, page.locator("#add-filter"))
    keys.press("Enter")
    here(page, page.locator(".narrow"))
    keys.type("Сумма")
    tab_to(page, page.locator("#filter-fields .pop-i", has_text=re.compile(r"^\s*Сумма\s*$")), most=5)
    keys.press("Enter")
    here(page, page.locator("#filter-form input[name=v]"))
    keys.type("500")
    keys.press("Enter")
    expect(page.locator("tbody tr[data-id]")).to_have_count(1)
    here(page, page.locator("#add-filter"))

    # a deal: its window, its page, a value where it stands, a note
    tab_to(page, page.locator(f"#row-{deals['A']} [tabindex='0']"))
    keys.press("Home")
    keys.press("ArrowRight")
    here(page, page.locator(f"#row-{deals['A']} th"))
    keys.press("Enter")
    window = page.get_by_role("dialog", name="Клавиша A")
    here(page, window.get_by_role("group", name="Клавиша A"))
    tab_to(page, window.get_by_role("button", name="Открыть страницей"), most=6)
    keys.press("Enter")
    expect(page).to_have_url(re.compile(f"/sales/deal/{deals['A']}$"))
    expect(main).to_be_focused()
    amount = page.locator(".rec-side .prop", has=page.get_by_text("Сумма", exact=True))
    tab_to(page, amount.get_by_role("button"))
    keys.press("Enter")
    here(page, page.get_by_label("Сумма", exact=True))
    keys.type("950")  # in the place of what was there
    keys.press("Enter")
    expect(amount).to_contain_text("950")
    here(page, amount.get_by_role("button"))
    tab_to(page, page.get_by_role("textbox", name="Заметка"), key="Shift+Tab")
    keys.type("Позвонил, ждут счёт")
    tab_to(page, page.get_by_role("tabpanel").get_by_role("button", name="Добавить"), most=8)
    keys.press("Enter")
    expect(page.locator(".feed-all")).to_contain_text("Позвонил, ждут счёт")

    # what was changed is taken back
    tab_to(page, page.get_by_role("button", name="Ещё действия"), key="Shift+Tab")
    keys.press("Enter")
    tab_to(page, page.locator("main a[href$='/history']:visible").first, most=5)
    keys.press("Enter")
    expect(page).to_have_url(re.compile("/history$"))
    expect(main).to_be_focused()
    tab_to(page, page.locator(".hist-i", has_text="950").locator(".hist-u a"))
    keys.press("Enter")
    undo = page.get_by_role("button", name="Отменить это")
    tab_to(page, undo)
    keys.press("Enter")
    expect(page).to_have_url(re.compile(r"/operations/\d+$"))
    with served.uow() as uow:
        assert uow.get(Deal, deals["A"]).amount == 700

    # the board: a card taken, carried, refused until the amount is there
    palette(page, "сделки", "Сделки")
    tab_to(page, page.locator("#list-layouts").get_by_role("link", name="Доска"))
    keys.press("Enter")
    card = page.locator(f'.card[data-id="{deals["Б"]}"]:not(.fly)')
    expect(card).to_be_visible()
    expect(main).to_be_focused()
    tab_to(page, card)
    keys.press("Space")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    here(page, card)
    keys.press("Space")
    dialog = page.locator(".needs-dialog")
    here(page, dialog.locator("[name=amount]"))
    keys.press("Enter")
    expect(dialog.locator(".fld-bad")).to_be_visible()
    keys.type("1500")
    keys.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator('.col[data-col="offer"]').locator(card)).to_be_visible()
    here(page, card)
    with served.uow() as uow:
        moved = uow.get(Deal, deals["Б"])
        assert (moved.stage, moved.amount) == ("offer", 1500)

    # and taken back at once, as the line of text offers
    keys.press("Control+z")
    expect(page.locator('.col[data-col="new"]').locator(card)).to_be_visible()

    # somebody new
    palette(page, "контакт", "Контакт")
    here(page, page.locator("#main input[name=name]"))
    keys.type("Зоя Клавишная")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Зоя Клавишная")).to_be_visible()

    # out
    tab_to(page, page.locator(".nav-user"), key="Shift+Tab")
    keys.press("Enter")
    tab_to(page, page.get_by_role("button", name="Выйти"), most=20)
    keys.press("Enter")
    expect(page).to_have_url(re.compile("/accounts/login"))
    here(page, page.get_by_label("Электронная почта"))
