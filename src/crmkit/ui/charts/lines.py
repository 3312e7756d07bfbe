"""Lines: several series over labels, with gaps and ranges; and the sparkline that stands beside a figure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from markupsafe import Markup

from ...core.text import Text, _
from .columns import Series, Sheet, at, bounds_words, series_table
from .draw import chart, color, legend, mark, nothing, percent, safe, tag
from .judge import Bounds, range_words
from .numbers import NUMBER, Unit, Value, real, say, spoken, unit_of, write
from .scale import is_whole, scale_of

ACROSS, MANY = 1000, 31
SPARK = _("from {first} to {last}, lowest {low}, highest {high}", ru="от {first} до {last}, наименьшее {low}, наибольшее {high}")
Point = tuple[float, float]


def line(
    labels: Sequence[str | Text], series: Sequence[Series], *, caption: str | Text, language: str | None = None, unit: Unit | str = NUMBER,
    norm: Value = None, low: Value = None, high: Value = None, zero: bool = True, height: int = 220, empty: str | Text = "",
) -> Markup:  # fmt: skip
    """Return lines over labels: one for each series, broken where figures are missing, shaded from `low` to `high` of a series.

    Lines differ by dashes as well as by colour. `norm`, `low` and `high` are drawn across the whole chart. `zero=False`
    lets the scale begin where the figures do.

    ```python
    line(["Jan", "Feb", "Mar"], [Series("First answer", [14, None, 9], low=[8, None, 5], high=[30, None, 16])],
         caption="First answer by month", unit="min", norm=15)
    ```
    """
    language = spoken(language)
    unit, title = unit_of(unit), say(caption, language)
    names = tuple(say(label, language) for label in labels)
    values = [[at(s.values, n, unit) for n in range(len(names))] for s in series]
    if all(v is None for row in values for v in row):
        return nothing(title, language, empty)
    held = Bounds.of(unit, norm, low, high, "low")
    ranges = [at(given, n, unit) for s in series for given in (s.low, s.high) for n in range(len(names))]
    whole = unit.per == 1 and is_whole([v for s in series for v in s.values])
    sheet = Sheet(names, scale_of([*itertools.chain(*values), *ranges, *held.known], zero=zero, whole=whole), unit, language, height)
    band, ref = sheet.held(held)
    around = bounds_words(unit, norm, low, high, language)
    paths = [path for m, s in enumerate(series) for path in _paths(sheet, m, s, values[m])]
    canvas = tag("svg", *paths, viewBox=f"0 0 {ACROSS} {height}", preserveAspectRatio="none", width="100%", height=height, aria_hidden="true")
    dots = [dot for m, s in enumerate(series) for dot in _dots(sheet, m, s, values[m])]
    hits = [_hit(sheet, n, series, values, around) for n in range(len(names))]
    signs = [(f"lg-line {color(s.color, m)} dash-{m % 4}", say(s.name, language)) for m, s in enumerate(series)]
    signs += [(("lg-dash" if held.norm is not None and not n else "lg-band"), words) for n, words in enumerate(around)]
    return chart("lines", title, legend(signs), sheet.wrap(band, canvas, ref, *hits, *dots), series_table(title, names, series, unit, language))


def _across(sheet: Sheet, n: int) -> float:
    left, width = sheet.slot(n)
    return left + width / 2


def _runs(points: Sequence[Point | None]) -> list[list[Point]]:
    """Return the pieces between gaps."""
    runs: list[list[Point]] = []
    fresh = True
    for point in points:
        if point is None:
            fresh = True
        elif fresh:
            runs.append([point])
            fresh = False
        else:
            runs[-1].append(point)
    return runs


def _path(points: Sequence[Point], close: Sequence[Point] = ()) -> str:
    drawn = " L".join(f"{x:.2f} {y:.2f}" for x, y in [*points, *close])
    return f"M{drawn}Z" if close else f"M{drawn}"


def _paths(sheet: Sheet, m: int, s: Series, values: Sequence[float | None]) -> list[Markup]:
    name, found = color(s.color, m), []
    x = [_across(sheet, n) / 100 * ACROSS for n in range(len(values))]
    around: list[tuple[float, float] | None] = []
    for n in range(len(values)):
        low, high = at(s.low, n, sheet.unit), at(s.high, n, sheet.unit)
        around.append((min(low, high), max(low, high)) if low is not None and high is not None else None)
    upper = [(x[n], sheet.y(pair[1])) if pair else None for n, pair in enumerate(around)]
    lower = [(x[n], sheet.y(pair[0])) if pair else None for n, pair in enumerate(around)]
    for above, below in zip(_runs(upper), _runs(lower), strict=True):
        if len(above) > 1:
            found.append(tag("path", d=_path(above, below[::-1]), class_=f"area {name}"))
    for run in _runs([(x[n], sheet.y(v)) if v is not None else None for n, v in enumerate(values)]):
        if len(run) > 1:
            found.append(tag("path", d=_path(run), class_=f"line {name} dash-{m % 4}", vector_effect="non-scaling-stroke"))
    return found


def _dots(sheet: Sheet, m: int, s: Series, values: Sequence[float | None]) -> list[Markup]:
    """Return the points: all of a few, else those that stand alone; each that leads somewhere is a link."""
    found = []
    for n, value in enumerate(values):
        if value is None:
            continue
        alone = (n == 0 or values[n - 1] is None) and (n + 1 == len(values) or values[n + 1] is None)
        href = safe(s.hrefs[n]) if n < len(s.hrefs) else None
        if not (alone or href or len(values) <= MANY):
            continue
        at_x, at_y = percent(_across(sheet, n)), sheet.y(value)
        dot = tag("circle", cx=at_x, cy=at_y, r=3, class_=f"dot {color(s.color, m)}")
        if href is None:
            found.append(dot)
            continue
        tip = [sheet.labels[n], f"{say(s.name, sheet.language)}: {write(s.values[n], sheet.unit, sheet.language)}"]
        room = tag("circle", cx=at_x, cy=at_y, r=12, class_="hitbox")
        found.append(mark("g", tip, room, dot, class_="hit", href=href, data_at=f"{m + 1},{n}"))
    return found


def _hit(sheet: Sheet, n: int, series: Sequence[Series], values: Sequence[Sequence[float | None]], around: Sequence[str]) -> Markup:
    """Return the upright strip over a label: pointing at it tells all that stands there."""
    left, width = sheet.slot(n)
    tip = [sheet.labels[n]]
    for m, s in enumerate(series):
        shown = write(s.values[n] if n < len(s.values) else None, sheet.unit, sheet.language)
        pair = [given[n] if n < len(given) else None for given in (s.low, s.high)]
        usual = range_words(sheet.unit, pair[0], pair[1], sheet.language) if values[m][n] is not None else ""
        tip.append(f"{say(s.name, sheet.language)}: {shown}" + (f" ({usual})" if usual else ""))
    strip = tag("rect", class_="hitbox", x=percent(left), width=percent(width), y=0, height=sheet.height - 2)
    middle = percent(_across(sheet, n))
    rule = tag("line", x1=middle, x2=middle, y1=0, y2=sheet.height - 2, class_="rule")
    return mark("g", [*tip, *around], strip, rule, class_="hit", first=n == 0, data_at=f"0,{n}")


def sparkline(
    values: Sequence[Value], *, caption: str | Text = "", language: str | None = None, unit: Unit | str = NUMBER, color: str = ""
) -> Markup:
    """Return a small line without axes: which way a figure goes. Gaps break it; one figure is a point.

    With a caption it is told to screen readers in one sentence; without, it only decorates the figure it stands beside.

    ```python
    sparkline([12, 14, None, 16, 18], caption="Won by week")
    ```
    """
    language, unit = spoken(language), unit_of(unit)
    drawn = [real(v, unit) for v in values]
    known = [v for v in drawn if v is not None]
    if not known:
        return Markup()
    low, high = min(known), max(known)
    room = high - low
    last = len(drawn) - 1
    points = [
        None if v is None else (n / last * 100 if last else 50.0, 26 - (v - low) / room * 22 if room else 15.0) for n, v in enumerate(drawn)
    ]
    paths = []
    for run in _runs(points):
        run = run if len(run) > 1 else [(max(0.0, run[0][0] - 2), run[0][1]), (min(100.0, run[0][0] + 2), run[0][1])]
        paths.append(tag("path", d=_path(run, [(run[-1][0], 30.0), (run[0][0], 30.0)]), class_="area"))
        paths.append(tag("path", d=_path(run), class_="line", vector_effect="non-scaling-stroke"))
    ends = [v for v in values if real(v, unit) is not None]
    smallest, largest = _ends(ends, unit)
    said = {"first": ends[0], "last": ends[-1], "low": smallest, "high": largest}
    told = SPARK.format(**{name: write(v, unit, language) for name, v in said.items()})
    named = {"role": "img", "aria_label": f"{say(caption, language)}: {told.to(language)}"} if caption else {"aria_hidden": "true"}
    return tag("svg", *paths, viewBox="0 0 100 30", preserveAspectRatio="none", class_=f"spark {color}".strip(), **named)


def _ends(values: Sequence[Value], unit: Unit) -> tuple[Value, Value]:
    ordered = sorted(values, key=lambda v: real(v, unit) or 0.0)
    return ordered[0], ordered[-1]
