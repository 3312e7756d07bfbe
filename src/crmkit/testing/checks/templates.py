"""Templates that hold under the content security policy: no script, style or handler written into a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from crmkit.core.plugin import Plugin
from crmkit.core.text import Text, _

from .files import folder_of, shown

INLINE = _(
    "{place} has {what}, which the content security policy stops: put it into a file of its own",
    ru="{place}: {what} — политика безопасности содержимого это не пропустит; вынесите в отдельный файл",
)
ENDINGS = (".html", ".jinja", ".j2", ".htm")
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
PATTERNS = {
    # what bears the page's nonce is let through: the import map
    re.compile(r"<script(?![^>]*\b(?:src|nonce)\s*=)[^>]*>\s*\S", re.IGNORECASE): _(
        "an inline script", ru="скрипт внутри страницы"
    ),
    re.compile(r"<style[\s>]", re.IGNORECASE): _("an inline style sheet", ru="стили внутри страницы"),
    re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE): _(
        "an event handler in an attribute", ru="обработчик события в атрибуте"
    ),
    re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE): _("a style attribute", ru="атрибут style"),
    re.compile(r"(?:href|src|action)\s*=\s*[\"']?\s*javascript:", re.IGNORECASE): _(
        "a javascript: address", ru="адрес javascript:"
    ),
    re.compile(r"\s(?:data-)?hx-on[:a-z-]*\s*=", re.IGNORECASE): _("an hx-on handler", ru="обработчик hx-on"),
    re.compile(r"\s(?:data-)?hx-[a-z:-]+\s*=\s*[\"']?\s*(?:js|javascript):", re.IGNORECASE): _(
        "an hx attribute that begins with js:", ru="атрибут hx, начинающийся с js:"
    ),
    re.compile(r"\s(?:data-)?hx-trigger[:a-z]*\s*=\s*(?:\"[^\"]*\[|'[^']*\[)", re.IGNORECASE): _(
        "a filter in hx-trigger", ru="фильтр в hx-trigger"
    ),
}


def problems(plugin: Plugin) -> list[Text]:
    """Return a sentence for every place in a plugin's templates that the policy would stop."""
    folder = folder_of(plugin)
    return [] if folder is None else problems_in(folder, lambda file: shown(plugin, file))


def problems_in(folder: Path, name: Callable[[Path], str] = str) -> list[Text]:
    """Return a sentence for every place in the templates below a folder that the policy would stop."""
    found: list[Text] = []
    for file in sorted(folder.rglob("*")):
        if file.suffix in ENDINGS and file.is_file():
            plain = JINJA.sub(_blank, file.read_text("utf-8"))
            for pattern, what in PATTERNS.items():
                for match in pattern.finditer(plain):
                    line = plain.count("\n", 0, match.start()) + 1
                    found.append(INLINE.format(place=f"{name(file)}:{line}", what=what))
    return found


def template_problems(folder: str | Path) -> list[str]:
    """Return what the content security policy would stop in the templates below a folder, a sentence each.

    No ``style=``, ``<style>``, inline script, ``onclick=``, ``hx-on``, ``hx-vals="js:…"`` or ``hx-trigger="click[…]"``: pages
    do without them. `check_plugin` asks this of a plugin's own templates.
    """
    return [str(problem) for problem in problems_in(Path(folder))]


def _blank(match: re.Match[str]) -> str:
    """What Jinja says is no HTML: a list's index in it is no filter. Lines stay where they are."""
    return re.sub(r"[^\n]", " ", match.group())
