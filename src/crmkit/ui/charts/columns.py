"""Charts over a row of labels, standing up: columns against a band and a norm, stacked and grouped columns."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from markupsafe import Markup

from ...core.text import Text, _
from .draw import chart, classes, color, legend, mark, nothing, percent, table, tag
from .judge import FACT, NORM, RANGE, STATES, Bounds, Good, range_words
from .numbers import NUMBER, Unit, Value, plain_number, real, say, spoken, unit_of, write
from .rows import NOTE, Bar
from .scale import Scale, is_whole, scale_of

LABEL, TOTAL = _("Label", ru="Подпись"), _("Total", ru="Итого")
TOP, UNDER, LETTER = 10, 8, 6.3
WIDEST = 14.0  # percent: a few columns do not become walls
WIDE, NARROW = 620, 300  # pixels for labels in a wide tile and on a phone
FEW = 8  # so many names are all shown, on several lines if need be
STRIDES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100)


@attrs.frozen
class Series:
    """Figures under one name, one for each label; None is a gap. `low` and `high`: the range each of them lies in.

    `color` is blue, amber, green, violet, red or gray. `hrefs` lead from each figure to what it is made of.
    """

    name: str | Text
    values: Sequence[Value]
    color: str = attrs.field(default="", kw_only=True)
    low: Sequence[Value] = attrs.field(default=(), kw_only=True)
    high: Sequence[Value] = attrs.field(default=(), kw_only=True)
    hrefs: Sequence[str | None] = attrs.field(default=(), kw_only=True)


def at(values: Sequence[Value], n: int, unit: Unit) -> float | None:
    """Return the figure under the label of that number; a series that is too short has gaps at its end."""
    return real(values[n], unit) if n < len(values) else None


# ---- the sheet all of them are drawn on ------------------------------------------------------------------------------
@attrs.frozen
class Sheet:
    """A field with labels below and a scale at the left; `height` in pixels, across in percent."""

    labels: tuple[str, ...]
    scale: Scale
    unit: Unit
    language: str
    height: int

    @property
    def bottom(self) -> int:
        """Where the lowest figure stands."""
        return self.height - UNDER

    def y(self, value: float) -> float:
        """Return how far from above a figure stands."""
        return self.scale.down(value, TOP, self.bottom)

    def slot(self, n: int) -> tuple[float, float]:
        """Return where the place of a label begins, and how wide it is, in percent."""
        width = 100 / len(self.labels)
        return n * width, width

    def wrap(self, *drawn: str) -> Markup:
        """Return what was drawn between its scale and its labels."""
        shown = [plain_number(tick, self.language, short=True) for tick in self.scale.ticks]
        width = round(max(len(s) for s in shown) * LETTER) + 10
        texts = [tag("text", s, x=width - 8, y=self.y(v) + 4, text_anchor="end") for s, v in zip(shown, self.scale.ticks, strict=True)]
        grid = [tag("line", x1=0, x2="100%", y1=self.y(v), y2=self.y(v), class_="zero" if v == 0 else "g") for v in self.scale.ticks]
        axis = tag("svg", *texts, width=width, height=self.height, class_="axis", aria_hidden="true")
        field = tag("svg", *grid, *drawn, width="100%", height=self.height, class_="field")
        return tag("div", axis, field, tag("span"), label_row(self.labels), class_="sheet")

    def held(self, bounds: Bounds) -> tuple[Markup, Markup]:
        """Return the band that lies under the figures and the norm that lies over them."""
        band, norm = Markup(), Markup()
        if bounds.low is not None and bounds.high is not None:
            top, bottom = self.y(bounds.high), self.y(bounds.low)
            band = tag("rect", x=0, width="100%", y=top, height=round(bottom - top, 2), class_="band")
        if bounds.norm is not None:
            norm = tag("line", x1=0, x2="100%", y1=self.y(bounds.norm), y2=self.y(bounds.norm), class_="ref")
        return band, norm


def stride(labels: Sequence[str], pixels: int) -> int:
    """Return how many labels apart two must stand to be read at this width; names may take two lines."""
    few = len(labels) <= FEW
    longest = max((len(part) for s in labels for part in (s.split() if few else [s])), default=0)
    need = min(longest, 7 if few else 14) * LETTER + (0 if few else 8)
    return next((s for s in STRIDES if s * pixels >= len(labels) * need), STRIDES[-1])


def label_row(labels: Sequence[str]) -> Markup:
    """Return the labels below a chart, each in the middle of its place; on a narrow screen fewer of them."""
    wide, narrow = stride(labels, WIDE), stride(labels, NARROW)
    narrow = next((s for s in STRIDES if s >= narrow and s % wide == 0), STRIDES[-1])
    places = []
    for n, words in enumerate(labels):
        if n % wide:
            places.append(tag("i"))
        else:
            places.append(tag("i", tag("span", words, class_="n" if n % narrow else None)))
    return tag("div", *places, class_=f"labels wide-{wide} narrow-{narrow}", aria_hidden="true")


def bounds_words(unit: Unit, norm: Value, low: Value, high: Value, language: str) -> list[str]:
    """Return the lines about norm and range for a tip."""
    usual = range_words(unit, low, high, language)
    told = [f"{NORM.to(language)}: {write(norm, unit, language)}"] if real(norm, unit) is not None else []
    return told + ([f"{RANGE.to(language)}: {usual}"] if usual else [])


# ---- columns -------------------------------------------------------------------------------------------------------
def columns(
    rows: Sequence[Bar], *, caption: str | Text, language: str | None = None, unit: Unit | str = NUMBER, norm: Value = None, low: Value = None,
    high: Value = None, good: Good = "low", height: int = 220, empty: str | Text = "",
) -> Markup:  # fmt: skip
    """Return columns, against the range from `low` to `high` and a norm where there are some: cycle time by day.

    Against a range or a norm columns are coloured by their worth; `good` says which way is better. `note` of a row is what
    its figure is called in full, where the label below is short.

    ```python
    days = [Bar("1", 31, note="1 March"), Bar("2", 52, note="2 March"), Bar("3", None, note="3 March")]
    columns(days, caption="Cycle time by day", unit="h", low=24, high=48, norm=36)
    ```
    """
    language = spoken(language)
    unit, title = unit_of(unit), say(caption, language)
    held, facts = Bounds.of(unit, norm, low, high, good), [real(r.value, unit) for r in rows]
    if all(fact is None for fact in facts):
        return nothing(title, language, empty)
    scale = scale_of([*facts, *held.known], whole=is_whole([r.value for r in rows]) and unit.per == 1)
    sheet = Sheet(tuple(say(r.label, language) for r in rows), scale, unit, language, height)
    around = bounds_words(unit, norm, low, high, language)
    band, line = sheet.held(held)
    drawn, said, worth = [band], [], set()
    for n, (r, fact) in enumerate(zip(rows, facts, strict=True)):
        name, shown = say(r.note, language) or say(r.label, language), write(r.value, unit, language)
        state = held.state(fact) if fact is not None and held.known else ""
        worth.add(state)
        told = [STATES[state].to(language)] if state else []
        tip = [name, f"{FACT.to(language)}: {shown}" if held.known else shown, *around, *told]
        drawn.append(_column(sheet, n, fact, state or color(r.color or "blue", 0), tip, r.href))
        said.append((name, shown, *([write(norm, unit, language), (told or ["—"])[0]] if held.known else [])))
    heads = [LABEL, FACT, *([NORM, NOTE] if held.known else [])]
    signs = _signs(held, around, worth, language)
    return chart("columns", title, signs, sheet.wrap(*drawn, line), table(title, [h.to(language) for h in heads], said))


def _signs(held: Bounds, around: Sequence[str], worth: set[str], language: str) -> Markup:
    if not held.known:
        return Markup()
    signs = ["lg-dash"] if held.norm is not None else []
    signs += ["lg-band"] if len(around) > len(signs) else []
    return legend([*zip(signs, around, strict=True), *[(f"lg-bar {s}", w.to(language)) for s, w in STATES.items() if s in worth]])


def _column(sheet: Sheet, n: int, value: float | None, name: str, tip: Sequence[str], href: str | None) -> Markup:
    left, width = sheet.slot(n)
    inside = [_hitbox(sheet, left, width)]
    if value is not None:
        own = min(width * 0.6, WIDEST)
        inside.append(standing(sheet, left + (width - own) / 2, own, 0.0, value, name))
    return mark("g", tip, *inside, class_="hit", href=href, first=n == 0, data_at=f"0,{n}")


def _hitbox(sheet: Sheet, left: float, width: float) -> Markup:
    return tag("rect", class_="hitbox", x=percent(left), width=percent(width), y=0, height=sheet.height - 2)


def standing(sheet: Sheet, left: float, width: float, start: float, end: float, name: str, rx: int = 3) -> Markup:
    """Return an upright bar from one figure to another; what is not nought shows at least a line."""
    top, bottom = sheet.y(max(start, end)), sheet.y(min(start, end))
    height = max(round(bottom - top, 2), 1.0 if start != end else 0.0)
    top = min(top, sheet.bottom - height)
    return tag("rect", x=percent(left), width=percent(width), y=round(top, 2), height=height, rx=rx, class_=classes("bar", name))


# ---- several series ------------------------------------------------------------------------------------------------
def stacked(
    labels: Sequence[str | Text], series: Sequence[Series], *, caption: str | Text, language: str | None = None, unit: Unit | str = NUMBER,
    height: int = 220, empty: str | Text = "",
) -> Markup:  # fmt: skip
    """Return columns made of several figures each, one upon the other: won deals by month and source.

    What is less than nought is stacked downwards.

    ```python
    stacked(["Jan", "Feb"], [Series("Site", [12, 18]), Series("Dealers", [7, 9])], caption="Won by month")
    ```
    """
    return _several(labels, series, True, say(caption, spoken(language)), spoken(language), unit_of(unit), height, empty)


def grouped(
    labels: Sequence[str | Text], series: Sequence[Series], *, caption: str | Text, language: str | None = None, unit: Unit | str = NUMBER,
    height: int = 220, empty: str | Text = "",
) -> Markup:  # fmt: skip
    """Return columns of several series side by side: plan and fact by month.

    ```python
    grouped(["Jan", "Feb"], [Series("Plan", [10, 10]), Series("Fact", [8, 12])], caption="Plan and fact")
    ```
    """
    return _several(labels, series, False, say(caption, spoken(language)), spoken(language), unit_of(unit), height, empty)


def _several(
    labels: Sequence[str | Text], series: Sequence[Series], stack: bool, title: str, language: str, unit: Unit, height: int, empty: str | Text
) -> Markup:
    names = tuple(say(label, language) for label in labels)
    values = [[at(s.values, n, unit) for n in range(len(names))] for s in series]
    if all(v is None for line in values for v in line):
        return nothing(title, language, empty)
    places = _piled(values) if stack else [[(0.0, v) if v is not None else None for v in line] for line in values]
    ends = [edge for line in places for pair in line if pair is not None for edge in pair]
    scale = scale_of(ends, whole=unit.per == 1 and is_whole([v for s in series for v in s.values]))
    sheet = Sheet(names, scale, unit, language, height)
    drawn: list[Markup] = []
    for m, s in enumerate(series):
        for n, pair in enumerate(places[m]):
            if pair is not None:
                drawn.append(_part(sheet, (m, n), 1 if stack else len(series), pair, s, not drawn))
    signs = legend([(f"lg-bar {color(s.color, m)}", say(s.name, language)) for m, s in enumerate(series)])
    return chart("columns", title, signs, sheet.wrap(*drawn), series_table(title, names, series, unit, language))


def _piled(values: Sequence[Sequence[float | None]]) -> list[list[tuple[float, float] | None]]:
    """Return where each part of a pile begins and ends: up from nought, and down from it."""
    width = max((len(line) for line in values), default=0)
    up, down, places = [0.0] * width, [0.0] * width, []
    for line in values:
        row: list[tuple[float, float] | None] = []
        for n, value in enumerate(line):
            if value is None:
                row.append(None)
                continue
            pile = up if value >= 0 else down
            row.append((pile[n], pile[n] + value))
            pile[n] += value
        places.append(row)
    return places


def _part(sheet: Sheet, place: tuple[int, int], groups: int, pair: tuple[float, float], s: Series, first: bool) -> Markup:
    m, n = place
    left, width = sheet.slot(n)
    own = min(width * 0.72 / groups, WIDEST if groups == 1 else WIDEST / 2)
    begin = left + (width - own * groups) / 2 + (own * m if groups > 1 else 0.0)
    tip = [sheet.labels[n], f"{say(s.name, sheet.language)}: {write(s.values[n], sheet.unit, sheet.language)}"]
    bar = standing(sheet, begin, own * (0.92 if groups > 1 else 1.0), *pair, color(s.color, m), rx=2)
    href = s.hrefs[n] if n < len(s.hrefs) else None
    return mark("g", tip, bar, class_="hit part", href=href, first=first, data_at=f"{m},{n}")


def series_table(title: str, names: Sequence[str], series: Sequence[Series], unit: Unit, language: str) -> Markup:
    """Return the table behind several series: a line for each label, a column for each series."""
    heads = [LABEL.to(language), *[say(s.name, language) for s in series]]
    rows = [(name, *[write(s.values[n] if n < len(s.values) else None, unit, language) for s in series]) for n, name in enumerate(names)]
    return table(title, heads, rows)
