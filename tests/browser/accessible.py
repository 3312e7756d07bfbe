"""axe-core over a page: the rules of WCAG 2.2 AA and best practice, in both themes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import AXE, NO_AXE

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "([within, tags]) => axe.run(within ?? document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")


@functools.cache
def source() -> str:
    """The library, to be run in a page."""
    if not AXE.is_file():
        pytest.skip(NO_AXE)
    return AXE.read_text("utf-8")


def violations(page: Page, within: str | None = None, themes: Sequence[Theme] = THEMES) -> list[str]:
    """What axe-core has to say about a page, or the part of it that a selector names, light and dark."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(source())
    found = []
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        result = page.evaluate(RUN, [within, TAGS])
        assert result["passes"] or result["violations"], "axe-core found nothing to look at"
        found += [f"{theme}: {_shown(rule)}" for rule in result["violations"]]
    page.emulate_media(color_scheme="light")
    return found


def wider_than_the_screen(page: Page) -> list[str]:
    """By how much a page would have to be scrolled sideways, if at all."""
    wide = page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{page.url} scrolls {wide} pixels sideways"] if wide > 0 else []


def _shown(rule: dict[str, Any]) -> str:
    places = [f"    {node['target']}: {node['failureSummary'].splitlines()[-1].strip()}\n      {node['html'][:200]}" for node in rule["nodes"][:5]]
    more = len(rule["nodes"]) - len(places)
    return "\n".join([f"{rule['id']} ({rule['impact']}): {rule['help']}", *places, *([f"    and {more} more"] if more else [])])
