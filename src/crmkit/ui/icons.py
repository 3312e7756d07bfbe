"""Icons of the Lucide set, drawn once and kept."""

from __future__ import annotations

import logging
from functools import lru_cache

from markupsafe import Markup

log = logging.getLogger("crmkit.ui")
UNKNOWN = "square-dashed"
STROKE = "1.75"


@lru_cache(maxsize=2048)
def icon(name: str, size: int = 16, cls: str = "") -> Markup:
    """Return an icon as SVG, hidden from screen readers: what it means stands beside it or in an `aria-label`.

    A name Lucide does not have (it renames icons between releases) gives a dashed square and a line in the log.
    """
    import lucide

    try:
        return _drawn(name, size, cls)
    except lucide.IconDoesNotExist:
        log.warning("there is no icon %r in Lucide", name)
        return _drawn(UNKNOWN, size, cls)


def _drawn(name: str, size: int, cls: str) -> Markup:
    from lucide.jinja import lucide as draw

    attributes = {"class": f"i {cls}".strip(), "stroke_width": STROKE, "aria_hidden": "true", "focusable": "false"}
    return Markup("".join(line.strip() for line in str(draw(name, size=size, **attributes)).splitlines()))


@lru_cache(maxsize=2048)
def icon_use(name: str, size: int = 16) -> Markup:
    """Return a reference to an icon of the page's `sprite`: two nodes instead of six, for icons repeated by the hundred."""
    return Markup(f'<svg class="i" width="{size}" height="{size}" aria-hidden="true"><use href="#i-{name}"/></svg>')


@lru_cache(maxsize=256)
def sprite(*names: str) -> Markup:
    """Return the icons `icon_use` refers to, once for a page."""
    symbols = []
    for name in names:
        drawn = str(icon(name))
        inner = drawn[drawn.index(">") + 1 : drawn.rindex("</svg>")]
        symbols.append(
            f'<symbol id="i-{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="{STROKE}" '
            f'stroke-linecap="round" stroke-linejoin="round">{inner}</symbol>'
        )
    return Markup('<svg width="0" height="0" class="vh" aria-hidden="true">' + "".join(symbols) + "</svg>")
