"""Elements of a chart: every word and every attribute is escaped in this one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from ...core.text import Text, _
from ..here import HERE
from .numbers import say

NOTHING = _("No data yet", ru="Данных пока нет")
COLORS = ("blue", "amber", "green", "violet", "red", "gray")
SCHEMES = ("", "http", "https", "mailto", "tel")


def tag(name: str, *inside: str, **attributes: object) -> Markup:
    """Return an element. Words are escaped, markup stays; ``class_``, ``data_tip`` become ``class``, ``data-tip``; None is left out.

    ```python
    tag("text", "A & B", x="50%", class_="label")  # <text x="50%" class="label">A &amp; B</text>
    ```
    """
    given = "".join(f' {k.rstrip("_").replace("_", "-")}="{_attribute(v)}"' for k, v in attributes.items() if v is not None)
    return Markup(f"<{name}{given}>" + "".join(escape(part) for part in inside) + f"</{name}>")


def _attribute(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") or "0"
    return str(escape(str(value))).replace("\n", "&#10;")


def percent(value: float) -> str:
    """Return a place across: ``12.5%``."""
    return f"{_attribute(float(value))}%"


def classes(*names: str) -> str | None:
    """Return class names, without the empty ones."""
    return " ".join(n for n in names if n) or None


def safe(href: str | None) -> str | None:
    """Return an address a figure may lead to; a script is none."""
    if not href:
        return None
    try:
        return href if urlsplit(href.strip()).scheme.lower() in SCHEMES else None
    except ValueError:
        return None


def leads(href: str | None) -> str | None:
    """Return the address as a page needs it: one within the CRM (``/sales/deal``) gets the path the CRM is mounted at."""
    href = safe(href)
    return f"{HERE.get().root}{href}" if href is not None and href.startswith("/") and not href.startswith("//") else href


def color(given: str, number: int) -> str:
    """Return the class that colours a row or series: the one it asks for, or the next of the six."""
    return given if given in COLORS else COLORS[number % len(COLORS)]


def mark(name: str, tip: Sequence[str], *inside: str, class_: str, href: str | None = None, first: bool = False, **attributes: object) -> Markup:
    """Return something one can point at: `tip` lines for sighted readers, the same as its name for others.

    The first mark of a chart takes the focus and arrows go on from there; one that leads somewhere is a link.
    """
    href = leads(href)
    kind: dict[str, object] = {"role": "img"} if href is None else {"href": href}
    named = {"data_tip": "\n".join(tip), "aria_label": ", ".join(line for line in tip if line)}
    return tag(name if href is None else "a", *inside, class_=class_, tabindex=0 if first else -1, **kind, **named, **attributes)


def row(tip: Sequence[str], *inside: str, class_: str, href: str | None = None, first: bool = False, more: Sequence[str] = ()) -> Markup:
    """Return a mark that reads as a line of a list. One that leads somewhere is a link as any other, called what it says, and `more`."""
    href = leads(href)
    if href is None:
        return mark("div", tip, *inside, class_=class_, first=first)
    rest = tag("span", ", ".join(["", *more]), class_="vh") if more else Markup()
    return tag("a", *inside, rest, class_=class_, href=href, tabindex=0, data_tip="\n".join(tip))


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return the figures as a table for who does not see the picture."""
    top = tag("tr", *[tag("th", h, scope="col") for h in head])
    body = [tag("tr", tag("th", row[0], scope="row"), *[tag("td", cell) for cell in row[1:]]) for row in rows]
    return tag("div", tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body)), class_="vh")


def chart(kind: str, caption: str, *inside: str) -> Markup:
    """Return a whole chart: a group with a name, brought to life by ``<crm-chart>``."""
    return tag("crm-chart", *inside, class_=f"chart {kind}", role="group", aria_label=caption)


def nothing(caption: str, language: str, words: str | Text = "") -> Markup:
    """Return what stands where there is nothing to draw."""
    shown = tag("p", say(words or NOTHING, language))
    return tag("div", shown, class_="chart chart-empty", role="group", aria_label=caption)


def legend(items: Iterable[tuple[str, str]]) -> Markup:
    """Return what signs mean: (class of the sign, words). Readers of the table need none."""
    return tag("ul", *[tag("li", tag("i", class_=sign), words) for sign, words in items], class_="legend", aria_hidden="true")
