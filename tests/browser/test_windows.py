"""Windows beside the page: they outlive navigation and reload, hold forms, and are reached by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import phone, world
from tests.browser.marks import PHONE

LENA, OLEG = "Елена Соколова", "Олег Жуков"


@pytest.fixture
def crm_plugins():
    return [*world.plugins(), phone.plugin]


@pytest.fixture
def calls(served) -> tuple[int, int]:
    with served.uow() as uow:
        phone.allow(uow)
        return phone.ring(uow, LENA), phone.ring(uow, OLEG)


@pytest.fixture
def desk(page, sign_in, calls) -> Page:
    sign_in("manager")
    page.goto("/phone/calls")
    expect(page.locator("html")).to_have_attribute("data-stream", "live")
    return page


def window(page: Page, name: str):
    return page.get_by_role("dialog", name=name)


def test_two_windows_stay_through_navigation_back_and_reload(desk, calls):
    first, second = calls
    desk.get_by_text(f"В окне {first}").click()
    desk.get_by_text(f"В окне {second}").click()
    expect(window(desk, LENA).get_by_text("rings:")).to_be_visible()
    expect(window(desk, OLEG).get_by_text("rings:")).to_be_visible()
    window(desk, LENA).get_by_label("Памятка").fill("спросить о договоре")
    desk.get_by_role("navigation", name="Меню").get_by_role("link", name="Сделки", exact=True).click()
    expect(desk).to_have_url(re.compile("/sales/deal$"))
    expect(window(desk, LENA).get_by_label("Памятка")).to_have_value("спросить о договоре")
    desk.go_back()
    expect(desk.locator("#calls")).to_be_visible()
    expect(window(desk, LENA).get_by_label("Памятка")).to_have_value("спросить о договоре")
    before = window(desk, LENA).bounding_box()
    desk.reload()
    expect(window(desk, LENA).get_by_text("rings:")).to_be_visible()
    expect(window(desk, OLEG)).to_be_visible()
    assert window(desk, LENA).bounding_box() == before
    kept = desk.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")
    assert "спросить" not in kept
    assert "rings" not in kept


def test_a_form_is_filled_in_beside_the_card_of_a_call(desk, calls, served, watch):
    watch.expect("status of 422")
    first, second = calls
    desk.get_by_text(f"В окне {first}").click()
    desk.get_by_text(f"Заметка {second}").click()
    form = window(desk, f"Заметка: {OLEG}")
    expect(form.get_by_label("Что сказали")).to_be_visible()
    form.get_by_role("button", name="Записать", exact=True).click()
    expect(form.get_by_text("Напишите хоть слово")).to_be_visible()  # it comes back in its window
    expect(form.get_by_label("Что сказали")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Что сказали").fill("ждёт счёт")
    with served.uow() as uow:
        phone.settle(uow, first, "talks")
    expect(window(desk, LENA).get_by_text("talks:")).to_be_visible()  # the card goes on living
    expect(form.get_by_label("Что сказали")).to_have_value("ждёт счёт")
    form.get_by_role("button", name="Записать", exact=True).click()
    expect(form).to_have_count(0)  # HX-Trigger: crm:close
    with served.uow() as uow:
        assert uow.get(phone.Ring, second).note == "ждёт счёт"


def test_links_forms_and_redirects_of_a_window_stay_in_it(desk, calls):
    first, _second = calls
    desk.get_by_text(f"В окне {first}").click()
    window(desk, LENA).get_by_role("link", name="Записать").click()
    form = window(desk, f"Заметка: {LENA}")
    form.get_by_label("Что сказали").fill("перезвонить")
    form.get_by_role("button", name="Записать и показать").click()
    expect(window(desk, LENA).get_by_text("rings: перезвонить")).to_be_visible()
    expect(desk.locator("#toasts")).to_contain_text("Записано")
    expect(desk).to_have_url(re.compile("/phone/calls$"))
    window(desk, LENA).get_by_role("button", name="Открыть страницей").click()
    expect(desk).to_have_url(re.compile(f"/phone/calls/{first}$"))
    expect(desk.locator("#main").get_by_text("rings: перезвонить")).to_be_visible()
    expect(window(desk, LENA)).to_have_count(0)


def test_the_same_page_may_be_open_beside_its_window(desk, calls):
    first, _second = calls
    desk.get_by_text(f"В окне {first}").click()
    desk.get_by_role("link", name=LENA, exact=True).first.click()
    expect(desk.locator("#main #memo")).to_be_visible()
    ids = desk.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    window(desk, LENA).get_by_label("Памятка").fill("в окне")
    desk.locator("#main").get_by_label("Памятка").fill("на странице")
    expect(window(desk, LENA).get_by_label("Памятка")).to_have_value("в окне")


def test_windows_are_moved_sized_and_closed_by_keyboard(desk, calls):
    first, second = calls
    opener = desk.get_by_text(f"В окне {first}")
    opener.focus()
    desk.keyboard.press("Enter")
    header = window(desk, LENA).get_by_role("group", name=LENA)
    expect(header).to_be_focused()
    before = window(desk, LENA).bounding_box()
    desk.keyboard.press("ArrowLeft")
    desk.keyboard.press("Shift+ArrowRight")
    after = window(desk, LENA).bounding_box()
    assert (after["x"], after["width"]) == (before["x"] - 24, before["width"] + 24)
    desk.keyboard.press("Home")
    assert window(desk, LENA).bounding_box() == {"x": 12, "y": 12, "width": 622, "height": 776}
    desk.keyboard.press("Enter")
    desk.keyboard.press("Enter")
    desk.get_by_text(f"В окне {second}").press("Enter")
    expect(window(desk, OLEG).get_by_role("group", name=OLEG)).to_be_focused()
    desk.keyboard.press("F6")
    expect(desk.locator("#main")).to_be_focused()
    desk.keyboard.press("F6")
    expect(header).to_be_focused()
    window(desk, LENA).get_by_role("button", name="Свернуть").click()
    expect(window(desk, LENA)).to_have_count(0)
    desk.get_by_role("navigation", name="Свёрнутые окна").get_by_role("button", name=LENA).press("Enter")
    expect(header).to_be_focused()
    desk.keyboard.press("Escape")
    expect(window(desk, LENA)).to_have_count(0)
    expect(opener).to_be_focused()


def test_windows_snap_to_a_side_and_stand_side_by_side(desk, calls):
    first, second = calls
    desk.get_by_text(f"В окне {first}").click()
    box = window(desk, LENA).bounding_box()
    desk.mouse.move(box["x"] + 80, box["y"] + 20)
    desk.mouse.down()
    desk.mouse.move(400, 300, steps=3)
    desk.mouse.move(2, 300)
    desk.mouse.up()
    assert window(desk, LENA).bounding_box() == {"x": 12, "y": 12, "width": 622, "height": 776}
    desk.evaluate(f"document.querySelector('#desk').open({{url: '/phone/calls/{second}', title: 'Олег'}})")
    window(desk, OLEG).get_by_role("button", name="Расположение окна").click()
    desk.get_by_role("button", name="Все рядом").click()
    expect(desk.locator(".win")).to_have_count(2)
    boxes = sorted((b.bounding_box() for b in desk.locator(".win").all()), key=lambda b: b["x"])
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    assert boxes[1]["x"] + boxes[1]["width"] <= 1280


def test_what_is_not_saved_is_not_lost_without_a_question(desk, calls):
    first, _second = calls
    asked: list[str] = []
    desk.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    desk.get_by_text(f"Заметка {first}").click()
    form = window(desk, f"Заметка: {LENA}")
    form.get_by_label("Что сказали").press_sequentially("не")
    desk.keyboard.press("Escape")
    form.get_by_role("button", name="Закрыть").click()
    expect(form.get_by_label("Что сказали")).to_have_value("не")
    assert asked == ["confirm", "confirm"]
    desk.close(run_before_unload=True)
    expect(form).to_be_visible()
    assert asked == ["confirm", "confirm", "beforeunload"]


def test_a_window_shows_why_there_is_nothing(desk, watch):
    watch.expect("status of 404")
    desk.evaluate("document.querySelector('#desk').open({url: '/phone/calls/99999', title: '?'})")
    expect(desk.locator(".win .empty h2")).to_be_visible()
    expect(desk.get_by_role("dialog")).not_to_have_accessible_name("?")


def test_a_double_click_sends_a_form_once(desk, calls, served):
    first, _second = calls
    desk.get_by_text(f"Заметка {first}").click()
    form = window(desk, f"Заметка: {LENA}")
    form.get_by_label("Что сказали").fill("раз")
    form.get_by_role("button", name="Записать и показать").dblclick()
    expect(window(desk, LENA).get_by_text("rings: раз")).to_be_visible()
    with served.uow() as uow:
        assert uow.get(phone.Ring, first).version == 2


def test_windows_can_be_used_by_everybody(desk, calls, axe, look):
    first, second = calls
    desk.evaluate(f"document.querySelector('#desk').open({{url: '/phone/calls/{first}', title: 'А', kind: 'call'}})")
    desk.evaluate(f"document.querySelector('#desk').open({{url: '/phone/calls/{second}/note', title: 'Б', kind: 'form'}})")
    expect(desk.locator(".win textarea")).to_be_visible()
    expect(desk.locator(".win .call-who")).to_be_visible()
    look(desk, "open")
    axe(desk, "body")
    desk.locator(".win.front .b-lay").click()
    axe(desk, "body")
    desk.keyboard.press("Escape")
    desk.locator(".win.front .b-min").click()
    look(desk, "dock")
    axe(desk, "body")


@pytest.mark.parametrize("screen", [PHONE], ids=["phone"])
def test_on_a_phone_a_window_is_a_sheet(desk, calls, axe, look):
    first, second = calls
    desk.get_by_text(f"В окне {first}").tap()
    desk.evaluate(f"document.querySelector('#desk').open({{url: '/phone/calls/{second}', title: 'А'}})")
    expect(window(desk, OLEG)).to_be_visible()
    expect(window(desk, LENA)).not_to_be_visible()
    box = window(desk, OLEG).bounding_box()
    assert (box["x"], box["width"], round(box["y"] + box["height"])) == (0, 390, 844)
    look(desk)
    axe(desk, "body")
    window(desk, OLEG).get_by_role("button", name="Закрыть").tap()
    expect(window(desk, LENA)).to_be_visible()
