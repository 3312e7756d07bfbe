"""Every page there is, for everybody: no violation of WCAG 2.2 AA, light and dark, in both languages, and nothing wider than a phone.

Day by day every page is looked at in one of two ways, the pages in turn: in Russian, light, on a desk, or in English, dark, on
a phone. CRMKIT_TEST_LONG=1 looks at each page of each entity in both languages, light and dark.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import accessible
from tests.browser.marks import DESKTOP, PHONE
from tests.browser.places import ELSEWHERE, OUTSIDE, Places

LONG = bool(os.environ.get("CRMKIT_TEST_LONG"))
PARTS = 4  # so that several processes share them
LONG_PHONE = {**PHONE, "viewport": {"width": 390, "height": 2400}}  # the bar at the bottom of a form covers nothing
LOOKS: tuple[tuple[str, dict[str, Any], tuple[accessible.Theme, ...]], ...] = (("ru", DESKTOP, ("light",)), ("en", LONG_PHONE, ("dark",)))


@pytest.fixture
def crm_settings(crm_settings):
    return {**crm_settings, "ui": {**crm_settings.get("ui", {}), "demo": True}}


@pytest.mark.timeout(1800 if LONG else 300)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_can_be_used_by_everybody(new_context, served, sign_in, part):
    places = Places(served)
    pages = {}
    for language, screen, _themes in LOOKS:
        for outside in (False, True):
            context = new_context(language=language, **screen)
            context.add_cookies([{"name": "crmkit_language", "value": language, "url": served.url}])
            if not outside:
                sign_in("admin", context)
            pages[language, outside] = context.new_page()
    found = []
    for number, place in enumerate(places.all() if LONG else places.everyday()):
        if number % PARTS != part:
            continue
        for language, _screen, themes in LOOKS if LONG else [LOOKS[number // PARTS % 2]]:
            page = pages[language, place.address in OUTSIDE]
            answer = page.goto(place.path)
            assert answer is not None
            assert answer.ok, f"{place.path}: {answer.status}"
            expect(page.locator("[aria-busy=true]:visible")).to_have_count(0)
            wrong = accessible.violations(page, themes=accessible.THEMES if LONG else themes)
            wrong += accessible.wider_than_the_screen(page)
            found += [f"{place.path} in {language}: {one}" for one in wrong]
    assert not found, "\n".join(found)


def test_no_page_is_left_out(served):
    """An address that is new is walked by itself; one that cannot be has its line in `ELSEWHERE`, and none stands there for nothing."""
    places = Places(served)
    there = set(places.addresses())
    assert {place.address for place in places.all()} == {place.address for place in places.everyday()} == there - set(ELSEWHERE)
    assert set(ELSEWHERE) <= there
    assert {place.kind for place in places.everyday() if place.kind} == set(served.crm.kinds)
