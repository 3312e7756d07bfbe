"""Charts that read as lists: steps against their norms, and bars. Names stand at the left, figures at the right."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

import attrs
from markupsafe import Markup

from ...core.text import Text, _
from .draw import chart, classes, color, legend, nothing, percent, row, table, tag
from .judge import AGAINST, FACT, NORM, RANGE, STATES, Bounds, Good, range_words
from .numbers import NUMBER, PERCENT, Unit, Value, plain_number, real, say, spoken, unit_of, write
from .scale import Scale, scale_of

NAME, VALUE, SHARE, NOTE = _("Name", ru="Название"), _("Value", ru="Значение"), _("Share", ru="Доля"), _("Note", ru="Примечание")
STEP_H, BAR_H = 36, 16


@attrs.frozen(kw_only=True)
class Step:
    """One line of `steps`: a fact, the norm it is held against, and the range from `low` to `high` it usually lies in."""

    label: str | Text
    fact: Value
    norm: Value = None
    low: Value = None
    high: Value = None
    note: str | Text = ""
    href: str | None = None


@attrs.frozen
class Bar:
    """A figure with a name: a bar, a column or a slice. `color` is blue, amber, green, violet, red or gray."""

    label: str | Text
    value: Value
    note: str | Text = attrs.field(default="", kw_only=True)
    href: str | None = attrs.field(default=None, kw_only=True)
    color: str = attrs.field(default="", kw_only=True)


# ---- steps ---------------------------------------------------------------------------------------------------------
def steps(
    rows: Sequence[Step], *, caption: str | Text, language: str | None = None, unit: Unit | str = NUMBER, good: Good = "low", empty: str | Text = ""
) -> Markup:
    """Return bars against a norm and a range: how long each stage takes, beside how long it should.

    A bar is coloured by its worth: within the norm, worse than it by a tenth, out of the range. `good` says which way is
    better. Figures are also told in words and in a table.

    ```python
    steps([Step(label="Offer", fact=13.2, norm=8, low=4, high=12, note="15 at work")], caption="Time in stage", unit="h")
    ```
    """
    language = spoken(language)
    unit, title = unit_of(unit), say(caption, language)
    held = [Bounds.of(unit, r.norm, r.low, r.high, good) for r in rows]
    facts = [real(r.fact, unit) for r in rows]
    if all(fact is None for fact in facts):
        return nothing(title, language, empty)
    scale = scale_of([*facts, *[v for b in held for v in b.known]])
    lines = [_step(r, b, f, scale, unit, language, n == 0) for n, (r, b, f) in enumerate(zip(rows, held, facts, strict=True))]
    said = [
        (say(r.label, language), write(r.fact, unit, language), write(r.norm, unit, language), range_words(unit, r.low, r.high, language) or "—",
         STATES[b.state(f)].to(language) if f is not None and b.known else "—", say(r.note, language))
        for r, b, f in zip(rows, held, facts, strict=True)
    ]  # fmt: skip
    heads = [w.to(language) for w in (NAME, FACT, NORM, RANGE, AGAINST, NOTE)]
    return chart("steps", title, _signs(held, facts, language), *lines, _axis(scale, unit, language), table(title, heads, said))


def _signs(held: Sequence[Bounds], facts: Sequence[float | None], language: str) -> Markup:
    worth = {b.state(f) for b, f in zip(held, facts, strict=True) if f is not None and b.known}
    signs = [("lg-band", RANGE)] if any(b.low is not None and b.high is not None for b in held) else []
    signs += [("lg-ref", NORM)] if any(b.norm is not None for b in held) else []
    signs += [(f"lg-bar {s}", STATES[s]) for s in STATES if s in worth]
    return legend([(sign, words.to(language)) for sign, words in signs]) if signs else Markup()


def _step(r: Step, held: Bounds, fact: float | None, scale: Scale, unit: Unit, language: str, first: bool) -> Markup:
    state = "none" if fact is None else held.state(fact)
    name, note = say(r.label, language), say(r.note, language)
    tip = [name, f"{FACT.to(language)}: {write(r.fact, unit, language)}"]
    tip += [f"{NORM.to(language)}: {write(r.norm, unit, language)}"] if held.norm is not None else []
    usual = range_words(unit, r.low, r.high, language)
    tip += [f"{RANGE.to(language)}: {usual}"] if usual else []
    tip += [STATES[state].to(language)] if fact is not None and held.known else []
    tip += [note] if note else []
    drawn = [line(scale, v, 0, STEP_H, "g") for v in scale.ticks]
    if held.low is not None and held.high is not None:
        drawn.append(rect(scale, held.low, held.high, 4, 28, "band", 5))
    if fact is not None:
        drawn.append(rect(scale, min(0.0, fact), max(0.0, fact), 12, 12, f"bar {state}", 3))
    if held.norm is not None:
        drawn.append(line(scale, held.norm, 4, 32, "ref"))
    off = "" if fact is None else held.deviation(fact, language)
    shown = tag("div", tag("b", write(r.fact, unit, language)), " ", tag("span", off, class_=f"delta {state}"), class_="row-val num")
    picture = tag("svg", *drawn, width="100%", height=STEP_H, class_="row-svg", aria_hidden="true")
    title = tag("div", tag("span", name), " ", tag("small", note) if note else "", class_="row-name")
    more = tip[2:-1] if note else tip[2:]  # the name, the fact and the note are there to be seen
    return row(tip, title, " ", picture, shown, class_="row", href=r.href, first=first, more=more)


def _axis(scale: Scale, unit: Unit, language: str) -> Markup:
    last = len(scale.ticks) - 1
    texts = []
    for n, tick in enumerate(scale.ticks):
        anchor = "start" if n == 0 else "end" if n == last else "middle"
        words = plain_number(tick, language, short=True)
        texts.append(tag("text", words, x=percent(scale.percent(tick)), y=12, text_anchor=anchor))
    axis = tag("svg", *texts, width="100%", height=16, class_="row-svg")
    return tag("div", tag("span"), axis, tag("span", unit.after(language).strip()), class_="row row-axis", aria_hidden="true")


def line(scale: Scale, value: float, top: int, bottom: int, name: str) -> Markup:
    """Return an upright line at a figure."""
    at = percent(scale.percent(value))
    return tag("line", x1=at, x2=at, y1=top, y2=bottom, class_=name)


def rect(scale: Scale, low: float, high: float, y: int, height: int, name: str, rx: int) -> Markup:
    """Return a lying bar between two figures."""
    left, right = scale.percent(low), scale.percent(high)
    return tag("rect", x=percent(left), width=percent(max(right - left, 0.0)), y=y, height=height, rx=rx, class_=name)


# ---- bars ----------------------------------------------------------------------------------------------------------
def bars(
    rows: Sequence[Bar], *, caption: str | Text, language: str | None = None, unit: Unit | str = NUMBER, share: bool = False, empty: str | Text = ""
) -> Markup:
    """Return lying bars, one to a line: sources by won amount, managers by deals. Long names have room here.

    `share` adds each one's part of the whole. What is less than nought goes to the left.

    ```python
    bars([Bar("Site", 1200), Bar("Dealers", 800, href="/deals?source=2")], caption="Won by source", unit="₽", share=True)
    ```
    """
    language = spoken(language)
    unit, title = unit_of(unit), say(caption, language)
    values = [real(r.value, unit) for r in rows]
    if all(v is None for v in values):
        return nothing(title, language, empty)
    known = [v for v in values if v is not None]
    low, high = min(0.0, *known), max(0.0, *known)
    scale, whole = Scale(low, high if high > low else 1.0, ()), sum(v for v in known if v > 0)
    lines, said = [], []
    for n, (r, value) in enumerate(zip(rows, values, strict=True)):
        name, note, shown = say(r.label, language), say(r.note, language), write(r.value, unit, language)
        part = write(value / whole, PERCENT, language) if share and value is not None and value >= 0 and whole else ""
        drawn = [line(scale, 0.0, 0, BAR_H, "zero")] if scale.low < 0 else []
        if value is not None:
            drawn.append(rect(scale, min(0.0, value), max(0.0, value), 2, 12, f"bar {color(r.color or 'blue', n)}", 3))
        said.append((name, shown, *([part or "—"] if share else []), note))
        tip = [name, shown, *([f"{SHARE.to(language)}: {part}"] if part else []), *([note] if note else [])]
        lines.append(row(
            tip, tag("div", tag("span", name), " ", tag("small", note) if note else "", class_="row-name"), " ",
            tag("svg", *drawn, width="100%", height=BAR_H, class_="row-svg", aria_hidden="true"),
            tag("div", tag("b", write(r.value, unit, language, short=True)), " ", tag("span", part) if share else "", class_="row-val num"),
            class_="row", href=r.href, first=n == 0,
        ))  # fmt: skip
    heads = [w.to(language) for w in (NAME, VALUE, *([SHARE] if share else []), NOTE)]
    return chart(t.cast(str, classes("bars", "with-share" if share else "")), title, *lines, table(title, heads, said))
