"""The funnel: how many reached each stage, and between the stages how many went on."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from markupsafe import Markup

from ...core.text import Text, _
from .draw import chart, leads, nothing, row, table, tag
from .numbers import GAP, NUMBER, PERCENT, Unit, Value, real, say, spoken, unit_of, write
from .rows import rect
from .scale import Scale

STAGE, REACHED, LOST = _("Stage", ru="Стадия"), _("Reached", ru="Дошли"), _("Lost from here", ru="Потеряны отсюда")
TO_NEXT, OF_FIRST = _("To the next stage", ru="В следующую стадию"), _("Of the first stage", ru="От первой стадии")
LOST_COUNT = _("{count} lost", ru="потеряно: {count}")
BAR, LINK = 30, 24


@attrs.frozen
class Level:
    """One stage of a funnel: how many reached it, and how many of them were lost there (None: nobody counted)."""

    label: str | Text
    value: Value
    lost: Value = attrs.field(default=None, kw_only=True)
    href: str | None = attrs.field(default=None, kw_only=True)
    lost_href: str | None = attrs.field(default=None, kw_only=True)


def funnel(
    levels: Sequence[Level], *, caption: str | Text, language: str | None = None, unit: Unit | str = NUMBER, empty: str | Text = ""
) -> Markup:
    """Return a funnel: a bar for every stage, and between two of them the share that went on.

    `href` of a level leads to the records that reached it, `lost_href` to those lost there.

    ```python
    funnel([Level("New", 120, lost=40), Level("Offer", 80), Level("Won", 24)], caption="Deals of this quarter")
    ```
    """
    language = spoken(language)
    unit, title = unit_of(unit), say(caption, language)
    values = [real(level.value, unit) for level in levels]
    known = [v for v in values if v is not None and v > 0]
    if not known:
        return nothing(title, language, empty)
    scale, lines, said = Scale(0.0, max(known), ()), [], []
    for n, (level, value) in enumerate(zip(levels, values, strict=True)):
        after = values[n + 1] if n + 1 < len(values) else None
        went, whole = _share(after, value, language), _share(value, values[0], language) if n else ""
        lines.append(_level(level, value, whole, scale, unit, language, n == 0))
        if n + 1 < len(levels):
            lines.append(_link(level, (value or 0.0, after or 0.0), went, scale, unit, language))
        lost = write(level.lost, unit, language)
        said.append((say(level.label, language), write(level.value, unit, language), went or GAP, whole or GAP, lost))
    heads = [w.to(language) for w in (STAGE, REACHED, TO_NEXT, OF_FIRST, LOST)]
    return chart("funnel", title, *lines, table(title, heads, said))


def _share(part: float | None, whole: float | None, language: str) -> str:
    return "" if part is None or not whole or whole < 0 or part < 0 else write(part / whole, PERCENT, language)


def _level(level: Level, value: float | None, whole: str, scale: Scale, unit: Unit, language: str, first: bool) -> Markup:
    name, shown = say(level.label, language), write(level.value, unit, language)
    bar = rect(scale, 0.0, value, 0, BAR, "bar blue", 5) if value is not None else Markup()
    picture = tag("svg", bar, width="100%", height=BAR, class_="row-svg", aria_hidden="true")
    tip = [name, f"{REACHED.to(language)}: {shown}", *([f"{OF_FIRST.to(language)}: {whole}"] if whole else [])]
    figures = tag("div", tag("b", write(level.value, unit, language, short=True)), " ", tag("span", whole), class_="row-val num")
    title = tag("div", tag("span", name), class_="row-name")
    return row(tip, title, " ", picture, figures, class_="row", href=level.href, first=first)


def _link(level: Level, values: tuple[float, float], went: str, scale: Scale, unit: Unit, language: str) -> Markup:
    """Return what joins two bars: how much narrower it gets, and how many were lost on the way."""
    left, right = (scale.percent(max(0.0, v)) for v in values)
    shade = tag("polygon", points=f"0,0 {left:g},0 {right:g},{LINK} 0,{LINK}", class_="flow")
    flow = tag("svg", shade, viewBox=f"0 0 100 {LINK}", preserveAspectRatio="none", width="100%", height=LINK)
    words = tag("text", f"↓ {went}", x=10, y=16, class_="flow-t") if went else Markup()
    picture = tag("svg", flow, words, width="100%", height=LINK, class_="row-svg", aria_hidden="true")
    lost, href = Markup(), leads(level.lost_href)
    if level.lost is not None:
        told = LOST_COUNT.format(count=write(level.lost, unit, language)).to(language)
        named = f"{say(level.label, language)}: {told}"
        lost = tag("span", told, aria_hidden="true") if href is None else tag("a", told, href=href, aria_label=named)
    return tag("div", tag("span"), picture, tag("div", lost, class_="row-lost num"), class_="row row-flow")
