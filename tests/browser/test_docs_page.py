"""The documentation of the API, as it is served."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from crmkit.core.compose import installed
from tests.browser.marks import in_both_languages, on_both_screens


@pytest.fixture
def crm_plugins():
    """A page about fewer entities is made of the same parts, and read in a tenth of the time."""
    return installed(["views"])


@in_both_languages
def test_everybody_can_read_the_documentation(page, axe, language):
    page.goto("/api/docs")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_text({"ru": "Виды", "en": "Views"}[language]).first).to_be_attached()
    axe(page)


@on_both_screens
def test_the_documentation_fits_the_screen(page, look):
    page.goto("/api/docs")
    look(page)
