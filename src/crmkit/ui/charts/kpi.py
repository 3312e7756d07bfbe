"""A figure that matters, large, with how it changed: the tile at the top of a dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ...core.text import Text, _
from .draw import classes, leads, tag
from .judge import Good, change
from .lines import sparkline
from .numbers import NBSP, NUMBER, Unit, Value, plain_number, real, say, spoken, unit_of, write

BEFORE = _("than in the period before", ru="к прошлому периоду")
POINTS = _("pp", ru="п. п.")
BETTER, WORSE, SAME = _("better", ru="лучше"), _("worse", ru="хуже"), _("no change", ru="без изменений")


def kpi(
    label: str | Text, value: Value | str | Text, *, language: str | None = None, unit: Unit | str = NUMBER, before: Value = None,
    good: Good | None = "high", spark: Sequence[Value] = (), note: str | Text | None = None, href: str | None = None, level: int = 2,
) -> Markup:  # fmt: skip
    """Return a tile with one figure: how much, how it changed since `before`, and which way it has gone (`spark`).

    `good` says whether more or less is better; None leaves the change without a judgement. `note` stands beside the change,
    by itself "than in the period before". `href` leads to the records the figure is made of. `level` is that of its heading: 3 in a
    widget, which has a title of its own.

    ```python
    kpi("Won this month", 184, before=164, spark=[12, 14, 11, 16, 18], href="/deals?stage=won")
    ```
    """
    language, unit, href = spoken(language), unit_of(unit), leads(href)
    shown = say(value, language) if isinstance(value, str) else write(value, unit, language, short=True)
    exact = None if isinstance(value, str) else write(value, unit, language)
    now, then = None if isinstance(value, str) else real(value, unit), real(before, unit)
    delta, state = ("", "") if now is None or then is None else (difference(now, then, unit, language), _state(now, then, good))
    title = say(label, language)
    words = say(note, language) if note is not None else BEFORE.to(language) if delta else ""
    judged = {"ok": BETTER, "bad": WORSE}.get(state)
    told = tag("span", f" ({judged.to(language)})", class_="vh") if judged else Markup()
    below = [tag("span", delta, told, class_=classes("delta", state))] if delta else []
    below += [tag("small", words)] if words else []
    line = tag("div", sparkline(spark), class_=classes("kpi-s", state or "ok")) if any(real(v) is not None for v in spark) else Markup()
    head = tag(f"h{level}", title if href is None else tag("a", title, href=href, class_="kpi-a"))
    figure = tag("div", shown, class_="kpi-v num", title=exact if exact != shown else None)
    change_line = tag("div", *below, class_="kpi-d") if below else Markup()
    return tag("section", head, figure, change_line, line, class_=classes("tile", "kpi", "with-spark" if line else ""))


def difference(now: float, before: float, unit: Unit, language: str) -> str:
    """Return how a figure changed: in percent; shares in points; from nought, by how much."""
    if now == before:
        return SAME.to(language)
    if unit.percent:
        moved = round(now - before, 1)
        return f"{'+' if moved > 0 else ''}{plain_number(moved, language)}{NBSP}{POINTS.to(language)}"
    return change(now, before, language) or f"{'+' if now > before else ''}{plain_number(now - before, language, short=True)}"


def _state(now: float, before: float, good: Good | None) -> str:
    if good is None or now == before:
        return ""
    return "ok" if (now > before) == (good == "high") else "bad"
