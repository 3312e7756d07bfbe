"""A file becomes records: sent, its columns chosen, checked, imported, and taken back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from crmkit_sales import Company
from tests.browser.marks import in_every_look

ROWS = "\n".join(f"{n};Фирма «Лютик № {n}»;Пермь;строка;{'сто' if n == 7 else n * 1000}" for n in range(1, 31))
FILE = f"Код;Название;Город;Пометка;Сотрудников\n{ROWS}\n"
IN_THE_BACKGROUND = """async () => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    const run = document.querySelector(".wiz-run");
    await htmx.ajax("GET", run.getAttribute("hx-get"), { source: run, target: run });
}"""
GO = {
    "ru": {"check": "Проверить", "run": "Загрузить", "undo": "Отменить загрузку"},
    "en": {"check": "Check", "run": "Import", "undo": "Take the import back"},
}


@pytest.fixture
def enter(sign_in, context, served, language):
    """Sign in as somebody who may do it all, in the language of the test."""

    def enter():
        sign_in("admin")
        context.add_cookies([{"name": "crmkit_language", "value": language, "url": served.url}])

    return enter


@pytest.fixture
def file(tmp_path):
    place = tmp_path / "firms.csv"
    place.write_bytes(FILE.encode("cp1251"))
    return place


def count(served) -> int:
    with served.uow() as uow:
        return uow.find(Company).where(Company.name.like("%Лютик%")).count()


@in_every_look
def test_a_file_is_checked_imported_and_taken_back(page, enter, served, deliver, file, axe, look, language):
    go = GO[language]
    enter()
    page.goto("/sales/company/import")
    page.set_input_files("crm-drop input[type=file]", file)
    expect(page).to_have_url(re.compile(r"/import/[0-9a-f]{20}$"))
    expect(page.locator(".map-r")).to_have_count(5)
    axe(page)
    look(page, "2-columns")
    expect(page.locator("select[name='field.1']")).to_have_value("name")
    page.locator("select[name='field.4']").select_option("")
    page.get_by_role("button", name=go["check"]).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    axe(page)
    look(page, "3-waiting")
    page.reload()  # the work is nobody's page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/progress" in request.url else None)
    page.evaluate(IN_THE_BACKGROUND)
    assert not asked
    page.evaluate("delete document.hidden")
    deliver()
    expect(page.get_by_role("button", name=go["run"])).to_contain_text("30")
    assert count(served) == 0
    axe(page)
    look(page, "4-checked")
    page.get_by_role("button", name=go["run"]).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    deliver()
    expect(page.get_by_role("link", name=go["undo"])).to_be_visible()
    assert count(served) == 30
    axe(page)
    look(page, "5-done")
    page.get_by_role("link", name=go["undo"]).click()
    expect(page).to_have_url(re.compile("/undo"))
    page.locator(".foot-bar .primary").click()
    expect(page).to_have_url(re.compile(r"/operations/\d+$"))
    assert count(served) == 0


def test_a_choice_is_kept_at_once_and_asks_what_goes_with_it(page, enter, file, axe, look):
    enter()
    page.goto("/sales/company/import")
    page.set_input_files("crm-drop input[type=file]", file)
    expect(page.locator(".map-r")).to_have_count(5)
    with page.expect_response(re.compile("/import/")):
        page.locator("select[name='field.2']").select_option("owner_id")
    expect(page.locator("select[name='find.2']")).to_be_visible()
    expect(page.locator("select[name='missing.2']")).to_be_visible()
    page.reload()
    expect(page.locator("select[name='field.2']")).to_have_value("owner_id")
    axe(page)
    with page.expect_response(re.compile("/import/")):
        page.locator("select[name=add]").select_option("country")
    expect(page.locator("[name=country]")).to_be_visible()
    look(page)


def test_what_is_wrong_is_named_row_by_row_and_the_rows_can_be_taken_away(page, enter, deliver, file, axe, look):
    enter()
    page.goto("/sales/company/import")
    page.set_input_files("crm-drop input[type=file]", file)
    with page.expect_response(re.compile("/import/")):
        page.locator("select[name='field.2']").select_option("owner_id")
    page.locator("button[name=go]").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    deliver()
    expect(page.locator(".why-c").first).to_contain_text("Ответственный")
    axe(page)
    look(page)
    with page.expect_download() as taken:
        page.locator("a[download]").first.click()
    assert "Пермь" in taken.value.path().read_text("utf-8-sig")
    page.get_by_role("button", name="Назад к столбцам").click()
    expect(page.locator(".map-r")).to_have_count(5)


def test_a_file_that_cannot_be_read_says_so_where_it_was_dropped(page, enter, tmp_path, watch, axe):
    watch.expect("status of 422")
    enter()
    bad = tmp_path / "photo.png"
    bad.write_bytes(b"\x89PNG")
    page.goto("/import")
    page.set_input_files("crm-drop input[type=file]", bad)
    expect(page.locator(".drop-e")).to_contain_text("CSV, XLSX")
    axe(page)


def test_a_file_without_a_kind_asks_what_it_holds(page, enter, file, axe, look):
    enter()
    page.goto("/import")
    page.set_input_files("crm-drop input[type=file]", file)
    page.locator("#imp-kind").select_option("sales.company")
    axe(page)
    look(page)
    page.locator(".foot-bar .primary").click()
    expect(page.locator(".map-r")).to_have_count(5)
