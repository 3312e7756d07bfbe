"""The heat map: a table whose cells are the darker the more there is."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ...core.text import Text
from .columns import Series, at, label_row, series_table
from .draw import chart, mark, nothing, percent, tag
from .numbers import NUMBER, Unit, say, spoken, unit_of, write

ROW, ROOMY, DEPTHS = 30, 14, 9


def heat(
    labels: Sequence[str | Text], rows: Sequence[Series], *, caption: str | Text, language: str | None = None, unit: Unit | str = NUMBER,
    empty: str | Text = "",
) -> Markup:  # fmt: skip
    """Return a grid of figures by shade: calls by weekday and hour, or how many of a month's inquiries became deals, month by month.

    A series is a row. Up to 14 columns the figures stand in the cells. Nought is pale; nothing is blank. Less than nought
    has its own colour.

    ```python
    heat(["Mon", "Tue"], [Series("9:00", [4, 7]), Series("10:00", [9, None])], caption="Calls by weekday and hour")
    ```
    """
    language = spoken(language)
    unit, title = unit_of(unit), say(caption, language)
    names = tuple(say(label, language) for label in labels)
    values = [[at(s.values, n, unit) for n in range(len(names))] for s in rows]
    known = [v for line in values for v in line if v is not None]
    if not known:
        return nothing(title, language, empty)
    most = max(abs(v) for v in known)
    shown = len(names) <= ROOMY
    lines = [_row(m, s, names, values[m], most, unit, language, shown) for m, s in enumerate(rows)]
    head = tag("div", tag("span"), label_row(names), class_="heat-row heat-head")
    return chart("heat", title, *lines, head, series_table(title, names, rows, unit, language))


def _row(m: int, s: Series, names: Sequence[str], values: Sequence[float | None], most: float, unit: Unit, language: str, shown: bool) -> Markup:
    width, cells, name = 100 / len(names), [], say(s.name, language)
    for n, value in enumerate(values):
        given = s.values[n] if n < len(s.values) else None
        box = tag("rect", x=percent(n * width), width=percent(width), y=1, height=ROW - 2, rx=4, class_=f"cell {depth(value, most)}")
        inside = [box]
        if shown and value is not None:
            words = write(given, unit, language, short=True)
            inside.append(tag("text", words, x=percent((n + 0.5) * width), y=ROW / 2, dy="0.35em", text_anchor="middle", class_="cell-t"))
        href = s.hrefs[n] if n < len(s.hrefs) else None
        tip = [f"{name}, {names[n]}" if name else names[n], write(given, unit, language)]
        cells.append(mark("g", tip, *inside, class_="hit", href=href, first=m == 0 and n == 0, data_at=f"{m},{n}"))
    field = tag("svg", *cells, width="100%", height=ROW, class_="field")
    return tag("div", tag("span", name, class_="heat-n", aria_hidden="true"), field, class_="heat-row")


def depth(value: float | None, most: float) -> str:
    """Return the class of a shade: ``none``, ``d0`` for nought to ``d9`` for the most; ``minus`` with it for less than nought."""
    if value is None:
        return "none"
    if not value:
        return "d0"
    step = 1 + round(abs(value) / most * (DEPTHS - 1))
    return f"d{min(step, DEPTHS)}" + (" minus" if value < 0 else "")
