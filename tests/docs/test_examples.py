"""Docs run: every example on every page is executed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.docs.runner import blocks, run

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if not {"decisions", "reference"} & set(p.parts)),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_works(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("CRMKIT_") and not n.startswith("CRMKIT_TEST")]:
        monkeypatch.delenv(name)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        run(page, tmp_path)
    finally:  # the next page has modules of the same names
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
                del sys.modules[name]


def code(page: Path) -> list[str]:
    return [b.text for b in blocks(page) if b.file == "feedback.py"]


def test_the_forty_lines_are_the_same_wherever_they_are_shown():
    readme, english, russian = (code(ROOT / name) for name in ("README.md", "docs/tutorial.md", "docs/ru/tutorial.md"))
    assert readme == english == russian
    lines = [line for line in english[0].splitlines() if line.strip()]
    assert 30 <= len(lines) <= 45, f"{len(lines)} lines"


def test_links_between_pages_lead_somewhere():
    import re

    for page in [*PAGES, *(ROOT / "docs" / "reference").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"
