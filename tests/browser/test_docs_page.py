"""The documentation of the API, as it is served."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.marks import in_both_languages, on_both_screens


@in_both_languages
def test_everybody_can_read_the_documentation(page, axe, language):
    page.goto("/api/docs")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_text({"ru": "Сделка", "en": "Deal"}[language]).first).to_be_attached()
    axe(page)


@on_both_screens
def test_the_documentation_fits_the_screen(page, look):
    page.goto("/api/docs")
    look(page)
