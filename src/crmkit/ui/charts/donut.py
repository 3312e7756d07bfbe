"""A whole and its parts: the donut, with every part told beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs
from markupsafe import Markup

from ...core.text import Text, _
from .draw import COLORS, chart, color, nothing, row, table, tag
from .numbers import GAP, NUMBER, PERCENT, Unit, real, say, spoken, unit_of, write
from .rows import NAME, SHARE, VALUE, Bar

OTHERS = _("Others ({count})", ru="Прочие ({count})")
AROUND, SIDE, OUTER, INNER, MOST = 100.0, 148, 70, 50, len(COLORS)


@attrs.frozen
class _Slice:
    name: str
    shown: str
    number: float
    color: str
    href: str | None = None
    note: str = ""


def donut(
    rows: Sequence[Bar], *, caption: str | Text, language: str | None = None, unit: Unit | str = NUMBER, center: str | Text | None = None,
    empty: str | Text = "",
) -> Markup:  # fmt: skip
    """Return a ring of shares with its legend: what the won amount is made of. More than six parts: the smallest become one.

    `center` stands in the middle, the sum of the parts by itself. What is less than nought has no place in a ring: it
    stands in the legend without a share.

    ```python
    donut([Bar("Site", 1200), Bar("Dealers", 800, href="/deals?source=2")], caption="Won by source")
    ```
    """
    language = spoken(language)
    unit, title = unit_of(unit), say(caption, language)
    values = [real(r.value, unit) for r in rows]
    whole = sum(v for v in values if v is not None and v > 0)
    if not whole:
        return nothing(title, language, empty)
    slices = _slices(rows, values, unit, language)
    arcs, begin = [], 0.0
    for one in slices:
        if (share := max(0.0, one.number) / whole * AROUND) > 0:
            arcs.append(_arc(begin, share, one, language))
            begin += share
    words = say(center, language) if center is not None else write(whole * unit.per, unit, language, short=True)
    text = tag("text", words, x="50%", y="50%", dy="0.35em", text_anchor="middle", class_="donut-t num" + (" long" if len(words) > 9 else ""))
    ring = tag("svg", *arcs, text, viewBox=f"0 0 {SIDE} {SIDE}", width=SIDE, height=SIDE, class_="ring", aria_hidden="true")
    lines = [_line(one, whole, language, n == 0) for n, one in enumerate(slices)]
    said = [(say(r.label, language), write(r.value, unit, language), _share(v, whole, language) or GAP) for r, v in zip(rows, values, strict=True)]
    heads = [w.to(language) for w in (NAME, VALUE, SHARE)]
    return chart("donut", title, ring, tag("div", *lines, class_="slices"), table(title, heads, said))


def _share(value: float | None, whole: float, language: str) -> str:
    return "" if value is None or value < 0 else write(value / whole, PERCENT, language)


def _slices(rows: Sequence[Bar], values: Sequence[float | None], unit: Unit, language: str) -> list[_Slice]:
    """Return the parts in the order given; of more than there are colours, the smallest as one at the end."""
    largest = sorted(range(len(rows)), key=lambda n: -(values[n] or 0.0))
    kept = sorted(largest[: MOST - 1]) if len(rows) > MOST else list(range(len(rows)))
    found = [
        _Slice(
            say(rows[n].label, language), write(rows[n].value, unit, language, short=True), values[n] or 0.0, color(rows[n].color, m),
            rows[n].href, say(rows[n].note, language),
        )
        for m, n in enumerate(kept)
    ]  # fmt: skip
    rest = [n for n in range(len(rows)) if n not in kept]
    if rest:
        number = sum(max(0.0, values[n] or 0.0) for n in rest)
        name = OTHERS.format(count=len(rest)).to(language)
        found.append(_Slice(name, write(number * unit.per, unit, language, short=True), number, COLORS[-1]))
    return found


def _arc(begin: float, share: float, one: _Slice, language: str) -> Markup:
    """Return a piece of the ring, clockwise from the top; a whole one in two halves, as an arc cannot end where it began."""
    tip = "\n".join([one.name, f"{one.shown} · {write(share / AROUND, PERCENT, language)}"])
    end, middle = begin + share, begin + share / 2
    large = int(share / 2 > AROUND / 2)
    outer = " ".join(f"A{OUTER} {OUTER} 0 {large} 1 {_at(p, OUTER)}" for p in (middle, end))
    inner = " ".join(f"A{INNER} {INNER} 0 {large} 0 {_at(p, INNER)}" for p in (middle, begin))
    return tag("path", d=f"M{_at(begin, OUTER)} {outer} L{_at(end, INNER)} {inner}Z", class_=f"arc {one.color}", data_tip=tip)


def _at(part: float, radius: int) -> str:
    angle = part / AROUND * math.tau
    return f"{SIDE / 2 + radius * math.sin(angle):.2f} {SIDE / 2 - radius * math.cos(angle):.2f}"


def _line(one: _Slice, whole: float, language: str, first: bool) -> Markup:
    share = _share(one.number, whole, language) if one.shown != GAP and one.number >= 0 else GAP
    tip = [one.name, f"{one.shown} · {share}", *([one.note] if one.note else [])]
    parts = [tag("i", class_=f"lg-bar {one.color}"), tag("span", one.name, class_="slice-n"), " ", tag("b", one.shown, class_="num"), " "]
    return row(tip, *parts, tag("small", share, class_="num"), class_="slice", href=one.href, first=first)
