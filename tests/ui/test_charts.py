"""Charts: what is drawn is well-formed, in range, told in words and in a table, and says nothing a hostile label wants."""

from __future__ import annotations

import datetime as dt
import decimal
import inspect
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import _
from crmkit.ui import charts
from crmkit.ui.charts import Bar, Level, Series, Step, Unit
from crmkit.ui.charts.scale import scale_of

HOSTILE = "<script>alert(1)</script>\" onload='x' & \x00\x1b\n]]>"
STATIC = Path(charts.__file__).parents[1] / "static"
SPACE = "\u00a0"


def parse(markup: str) -> ET.Element:
    return ET.fromstring(f"<root>{markup}</root>")


def rows(markup: str) -> list[list[str]]:
    """Return the cells of the hidden table, without its heads."""
    return [["".join(cell.itertext()) for cell in row] for row in parse(markup).findall(".//tbody/tr")]


def marks(markup: str) -> list[ET.Element]:
    return [e for e in parse(markup).iter() if e.get("tabindex") is not None]


def drawn(labels: list[str], values: list[Any], *, language: str = "en", unit: str = "h") -> list[str]:
    """Every chart there is, of the same figures."""
    common: dict[str, Any] = {"caption": labels[0] if labels else "Nothing", "language": language, "unit": unit}
    pairs = list(zip(labels, values, strict=True))
    turned = list(reversed(values))
    return [
        charts.steps([Step(label=name, fact=v, norm=w, low=v, high=w, note=name) for (name, v), w in zip(pairs, turned, strict=True)], **common),
        charts.bars([Bar(name, v, note=name) for name, v in pairs], share=True, **common),
        charts.columns([Bar(name, v) for name, v in pairs], norm=next(iter(values), None), low=turned[0] if turned else None, high=5, **common),
        charts.stacked(labels, [Series("a", values), Series("b", turned)], **common),
        charts.grouped(labels, [Series("a", values), Series("b", turned[1:])], **common),
        charts.line(labels, [Series("a", values, low=turned, high=values), Series("b", turned, hrefs=["/x"] * len(labels))], **common),
        charts.line(labels, [Series("a", values)], zero=False, **common),
        charts.heat(labels, [Series(labels[0] if labels else "", values), Series("b", turned)], **common),
        charts.funnel([Level(name, v, lost=v, lost_href="/lost") for name, v in pairs], **common),
        charts.donut([Bar(name, v) for name, v in pairs], **common),
        charts.kpi(common["caption"], next(iter(values), None), before=next(iter(turned), None), spark=values, language=language, unit=unit),
        charts.sparkline(values, caption="Trend", language=language),
    ]  # fmt: skip


NUMBERS = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height")


def check(markup: str) -> None:
    """Well-formed, no style, every coordinate a number on the paper, every mark with a name."""
    assert not [e for e in parse(markup).iter() if "style" in e.attrib]
    for element in parse(markup).iter():
        for name in NUMBERS:
            if (given_ := element.get(name)) is not None:
                number = float(given_.removesuffix("%"))
                assert math.isfinite(number), (name, given_)
                assert -0.01 <= number <= (100.01 if given_.endswith("%") else 2000), (name, given_)
                if name in ("width", "height"):
                    assert number >= 0
        for name in ("d", "points"):
            assert not re.search("nan|inf|e", element.get(name, ""))
            for number in re.findall(r"-?[\d.]+(?:e[+-]?\d+)?|nan|inf", element.get(name, "")):
                assert -0.01 <= float(number) <= 1000.01, element.get(name)
        if element.get("data-tip") is not None and element.get("class", "").split()[0] != "arc":
            assert element.get("aria-label", "").strip() or "".join(element.itertext()).strip()
            assert (element.get("role") == "img") is (element.get("href") is None)
    stops = [m for m in marks(markup) if m.get("tabindex") == "0"]
    assert not marks(markup) or stops, "nothing takes the focus"


# ---- any figures at all -------------------------------------------------------------------------------------------
figures = st.one_of(
    st.none(), st.integers(-(10**30), 10**30), st.floats(allow_nan=True, allow_infinity=True), st.just(0), st.floats(-1e-300, 1e-300),
    st.decimals(allow_nan=True, allow_infinity=True), st.timedeltas(), st.integers(0, 500), st.just(10**400),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), figures), max_size=30), st.sampled_from(["ru", "en", "tlh"]))
def test_any_figures_are_drawn_on_the_paper(pairs, language):
    for markup in drawn([p[0] for p in pairs], [p[1] for p in pairs], language=language):
        if markup:
            check(markup)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-1e300, 1e300), max_size=20), st.booleans(), st.booleans())
def test_a_scale_holds_its_figures_with_few_ticks_in_order(values, zero, whole):
    scale = scale_of(values, zero=zero, whole=whole)
    assert scale.low < scale.high
    assert list(scale.ticks) == sorted(set(scale.ticks))
    assert 2 <= len(scale.ticks) <= 12
    for value in values:
        assert scale.low <= value <= scale.high
        assert 0 <= scale.part(value) <= 1
    if zero:
        assert scale.low <= 0 <= scale.high


@pytest.mark.parametrize("count", [1, 2, 31, 100])
def test_charts_take_from_one_to_a_hundred_points(count):
    labels, values = [f"{n + 1} ноября" for n in range(count)], [float(n % 7) for n in range(count)]
    for markup in drawn(labels, values, language="ru"):
        check(markup)
    assert len(rows(charts.columns([Bar(label, v) for label, v in zip(labels, values, strict=True)], caption="c"))) == count


# ---- words --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["ru", "en"])
def test_hostile_labels_stay_words(language):
    for markup in drawn([HOSTILE, "b"], [3, 5], language=language, unit=HOSTILE):
        check(markup)
        assert "<script" not in markup
        assert "\x00" not in markup
        names = {e.tag for e in parse(markup).iter()}
        assert not names & {"script", "style", "foreignObject", "iframe", "image"}
        assert not any(name.startswith("on") or name == "style" for e in parse(markup).iter() for name in e.attrib)


@pytest.mark.parametrize("href", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:x", "data:text/html,x", "http://[", "vbscript:x"])
def test_a_script_is_no_address(href):
    made = [
        charts.bars([Bar("a", 1, href=href)], caption="c"),
        charts.columns([Bar("a", 1, href=href)], caption="c"),
        charts.line(["a"], [Series("s", [1], hrefs=[href])], caption="c"),
        charts.funnel([Level("a", 2, href=href, lost=1, lost_href=href), Level("b", 1)], caption="c"),
        charts.kpi("a", 1, href=href),
    ]
    for markup in made:
        assert not parse(markup).findall(".//a")


def test_figures_lead_to_what_they_are_made_of():
    href = '/sales/deal?filter={"stage":"won"}&x=1'
    made = [
        charts.steps([Step(label="a", fact=1, href=href)], caption="c"),
        charts.bars([Bar("a", 1, href=href)], caption="c"),
        charts.columns([Bar("a", 1, href=href)], caption="c"),
        charts.stacked(["a"], [Series("s", [1], hrefs=[href])], caption="c"),
        charts.grouped(["a"], [Series("s", [1], hrefs=[href])], caption="c"),
        charts.line(["a"], [Series("s", [1], hrefs=[href])], caption="c"),
        charts.heat(["a"], [Series("s", [1], hrefs=[href])], caption="c"),
        charts.funnel([Level("a", 1, href=href)], caption="c"),
        charts.donut([Bar("a", 1, href=href)], caption="c"),
        charts.kpi("a", 1, href=href),
    ]
    for markup in made:
        link = next(iter(parse(markup).iter("a")))
        assert link.get("href") == href
        assert link.get("aria-label") or "".join(link.itertext())


def test_words_are_told_in_the_language_asked_for():
    label = _("Offer", ru="Предложение")
    step = Step(label=label, fact=13.25, norm=8, low=4, high=12)
    english = charts.steps([step], caption=_("Time in stage", ru="Время в стадии"), unit=charts.HOURS.name)
    russian = charts.steps([step], caption=_("Time in stage", ru="Время в стадии"), unit=charts.HOURS.name, language="ru")
    assert marks(english)[0].get("aria-label") == f"Offer, Fact: 13.25{SPACE}h, Norm: 8{SPACE}h, Usual range: 4–12{SPACE}h, out of the range"
    assert marks(russian)[0].get("aria-label") == f"Предложение, Факт: 13,25{SPACE}ч, Норма: 8{SPACE}ч, Обычно: 4–12{SPACE}ч, за пределами"
    assert parse(russian).find("crm-chart").get("aria-label") == "Время в стадии"  # type: ignore[union-attr]
    assert "+66%" in english
    assert f"+66{SPACE}%" in russian


def test_where_nothing_is_known_a_chart_says_so():
    for markup in [*drawn([], []), *drawn(["a", "b"], [None, float("nan")])]:
        if "crm-chart" in markup:
            raise AssertionError(markup)
        if "kpi" not in markup:
            assert not markup or "No data yet" in markup
    assert "Сделок за неделю не было" in charts.columns([], caption="c", empty="Сделок за неделю не было", language="ru")
    assert "crm-chart" in charts.columns([Bar("a", 0)], caption="c"), "nought is something"


# ---- tables -------------------------------------------------------------------------------------------------------
def test_the_table_of_columns_is_what_was_given():
    made = charts.columns([Bar("1", 31, note="1 March"), Bar("2", None), Bar("3", 52.126)], caption="Cycle time", unit="h", norm=36, low=24, high=48)
    assert rows(made) == [
        ["1 March", f"31{SPACE}h", f"36{SPACE}h", "within the norm"],
        ["2", "—", f"36{SPACE}h", "—"],
        ["3", f"52.13{SPACE}h", f"36{SPACE}h", "out of the range"],
    ]
    assert [e.text for e in parse(made).findall(".//caption")] == ["Cycle time"]


def test_the_table_of_several_series_has_a_column_for_each():
    for kind in (charts.stacked, charts.grouped, charts.line, charts.heat):
        made = kind(["Jan", "Feb"], [Series("Site", [1, None]), Series("Dealers", [2])], caption="c")
        assert rows(made) == [["Jan", "1", "2"], ["Feb", "—", "—"]]


def test_a_funnel_tells_who_went_on():
    made = charts.funnel([Level("New", 120, lost=40), Level("Offer", 80, lost=0), Level("Won", 0)], caption="c")
    assert rows(made) == [["New", "120", "66.7%", "—", "40"], ["Offer", "80", "0%", "66.7%", "0"], ["Won", "0", "—", "0%", "—"]]
    assert "40 lost" in made
    assert rows(charts.funnel([Level("a", None), Level("b", 5)], caption="c"))[1][3] == "—"


def test_a_donut_names_every_part_in_its_table_and_joins_small_ones_in_its_ring():
    made = charts.donut([Bar(f"s{n}", 10 - n) for n in range(9)], caption="c")
    assert [r[0] for r in rows(made)] == [f"s{n}" for n in range(9)]
    assert rows(made)[0][1:] == ["10", "18.5%"]
    assert "Others (4)" in made
    arcs = [e.get("d", "") for e in parse(made).iter("path")]
    assert len(arcs) == 6
    assert arcs[0].startswith("M74.00 4.00 ")
    ends = [re.findall(r"A70 70 0 0 1 ([\d.]+ [\d.]+)", d)[-1] for d in arcs]
    assert [d[1:].split(" A")[0] for d in arcs] == ["74.00 4.00", *ends[:-1]], "each begins where the one before ended"
    assert ends[-1] == "74.00 4.00"


def test_bars_share_the_whole_and_go_left_below_nought():
    made = charts.bars([Bar("a", 30), Bar("b", -10), Bar("c", 10)], caption="c", share=True)
    assert [r[2] for r in rows(made)] == ["75%", "—", "25%"]
    left, width = zip(*[(float(e.get("x", "")[:-1]), float(e.get("width", "")[:-1])) for e in parse(made).iter("rect")], strict=True)
    assert left == (25, 0, 25)
    assert width == (75, 25, 25)


# ---- judgement and change --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fact, good, state",
    [
        (8, "low", "ok"), (8.7, "low", "ok"), (8.9, "low", "warn"), (12.1, "low", "bad"), (1, "low", "ok"),
        (7.1, "high", "warn"), (3, "high", "bad"), (99, "high", "ok"),
    ],
)  # fmt: skip
def test_a_figure_is_judged_by_norm_and_range(fact, good, state):
    made = charts.steps([Step(label="a", fact=fact, norm=8, low=12, high=4)], caption="c", good=good)  # a range the wrong way round is turned
    assert f'class="bar {state}"' in made


@pytest.mark.parametrize(
    "now, before, unit, said",
    [
        (184, 164, "", "+12%"), (10, 20, "", "−50%"), (5, 0, "", "+5"), (5, 5, "", "no change"),
        (0.914, 0.893, charts.PERCENT, f"+2.1{SPACE}pp"), (None, 5, "", None), (5, None, "", None), (1e18, 1e-3, "", "+1E18"),
    ],
)  # fmt: skip
def test_a_tile_tells_what_changed(now, before, unit, said):
    made = charts.kpi("Won", now, before=before, unit=unit)
    delta = next((e for e in parse(made).iter("span") if "delta" in (e.get("class") or "")), None)
    assert (delta is not None and delta.text) == (said or False)


def test_a_change_is_better_or_worse_in_words_too():
    assert "(worse)" in charts.kpi("Overdue", 6, before=4, good="low")
    assert "(better)" in charts.kpi("Won", 6, before=4)
    neither = charts.kpi("Deals", 6, before=4, good=None)
    assert "worse" not in neither
    assert "better" not in neither


# ---- numbers ----------------------------------------------------------------------------------------------------------
RUB = Unit(currency="RUB")


@pytest.mark.parametrize(
    "value, unit, language, said",
    [
        (1234567.891, charts.NUMBER, "ru", "1 234 567,89"), (1234567, charts.NUMBER, "en", "1,234,567"), (-3, charts.NUMBER, "ru", "−3"),
        (0.00012345, charts.NUMBER, "en", "0.000123"), (1.5e-9, charts.NUMBER, "en", "1.5E−9"), (10**20, charts.NUMBER, "en", "1E20"),
        (0.1 + 0.2, charts.NUMBER, "ru", "0,3"), (-0.0001, Unit(digits=1), "en", "0"), (None, RUB, "ru", "—"), (float("inf"), RUB, "ru", "—"),
        (decimal.Decimal("1250000.50"), RUB, "ru", "1 250 000,50 ₽"), (decimal.Decimal("1250000.00"), RUB, "en", "1,250,000 ₽"),
        (0.256, charts.PERCENT, "ru", "25,6 %"), (0.256, charts.PERCENT, "en", "25.6%"),
        (dt.timedelta(minutes=90), charts.HOURS, "en", "1.5 h"), (dt.timedelta(days=2, hours=12), charts.DAYS, "ru", "2,5 дн"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_people_write_them(value, unit, language, said):
    assert charts.write(value, unit, language).replace(SPACE, " ") == said


def test_long_amounts_are_short_where_room_is_short():
    assert charts.write(28_530_000, RUB, "ru", short=True).replace(SPACE, " ") == "28,5 млн ₽"
    assert charts.write(9_999, RUB, "en", short=True) == f"9,999{SPACE}₽"


def test_times_get_the_unit_they_read_best_in():
    assert charts.time_unit([dt.timedelta(minutes=40), None]) is charts.MINUTES
    assert charts.time_unit([dt.timedelta(hours=30)]) is charts.HOURS
    assert charts.time_unit([dt.timedelta(days=4)]) is charts.DAYS


# ---- the room -------------------------------------------------------------------------------------------------------------
FUNCTIONS = [f for n in charts.__all__ if inspect.isfunction(f := getattr(charts, n)) and "```python" in (f.__doc__ or "")]


@pytest.mark.parametrize("function", [*FUNCTIONS, charts.Unit], ids=lambda f: f.__name__)
def test_examples_in_docstrings_run(function):
    names = {**vars(charts), "dt": dt}
    code = re.search(r"```python\n(.*?)```", inspect.getdoc(function) or "", re.S)[1]  # type: ignore[index]
    for expression in re.split(r"\n(?=\S)", code.strip()):
        exec(compile(expression, function.__name__, "exec"), names)


def test_every_chart_shows_an_example():
    drawing = {n for n in charts.__all__ if inspect.isfunction(f := getattr(charts, n)) and "caption" in inspect.signature(f).parameters}
    assert drawing | {"kpi"} <= {f.__name__ for f in FUNCTIONS}


def test_every_class_of_a_chart_is_known_to_the_stylesheet():
    css = (STATIC / "css" / "charts.css").read_text("utf-8") + (STATIC / "css" / "base.css").read_text("utf-8")
    known = set(re.findall(r"\.([a-z][\w-]*)", css))
    used = set()
    for markup in [*drawn(["a", "b", "c"], [5, -3, None]), *drawn(["a", "b"], [1, 2]), charts.kpi("a", 2, before=1, spark=[1, 2], href="/x")]:
        used |= {name for e in parse(markup).iter() for name in (e.get("class") or "").split()}
    assert not {n for n in used - known if not re.fullmatch(r"(wide|narrow)-\d+|dash-0|none|d0|axis|field|columns", n)}
