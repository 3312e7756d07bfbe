"""Templates that hold under the content security policy: no script, style or handler written into a page."""

from __future__ import annotations

import re

from crmkit.core.plugin import Plugin
from crmkit.core.text import Text, _

from .files import folder_of, shown

INLINE = _(
    "{place} has {what}, which the content security policy stops: put it into a file of its own",
    ru="{place}: {what} — политика безопасности содержимого это не пропустит; вынесите в отдельный файл",
)
ENDINGS = (".html", ".jinja", ".j2", ".htm")
PATTERNS = {
    re.compile(r"<script(?![^>]*\bsrc\s*=)[^>]*>\s*\S", re.IGNORECASE): _(
        "an inline script", ru="скрипт внутри страницы"
    ),
    re.compile(r"<style[\s>]", re.IGNORECASE): _("an inline style sheet", ru="стили внутри страницы"),
    re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE): _(
        "an event handler in an attribute", ru="обработчик события в атрибуте"
    ),
    re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE): _("a style attribute", ru="атрибут style"),
    re.compile(r"(?:href|src)\s*=\s*[\"']?\s*javascript:", re.IGNORECASE): _(
        "a javascript: address", ru="адрес javascript:"
    ),
}


def problems(plugin: Plugin) -> list[Text]:
    """Return a sentence for every place in a template that the policy would stop."""
    folder = folder_of(plugin)
    found: list[Text] = []
    for file in sorted(folder.rglob("*")) if folder is not None else ():
        if file.suffix not in ENDINGS:
            continue
        text = file.read_text("utf-8")
        for pattern, what in PATTERNS.items():
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(INLINE.format(place=f"{shown(plugin, file)}:{line}", what=what))
    return found
