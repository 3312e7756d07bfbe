"""The editor of one condition: choose a field, a way of comparing, a value. Drawn by the server at each step."""

from __future__ import annotations

import datetime as dt
import re
import typing as t
from collections.abc import Mapping, Sequence

import attrs

from ...core.errors import Invalid, Problem
from ...core.kind import Kind
from ...core.lists import ListRequest
from ...core.text import translate
from ...web.call import parse_json
from ..cells import choice_text
from ..controls import as_typed, from_text
from ..results import Redirect, Result, View
from ..shown import path_of
from . import conditions as c
from . import words
from .asked import of_pairs
from .bar import STEP, Bar, names_in, stages_of
from .conditions import BEEN, ROTTEN, Condition, Group
from .offered import Offered, fields_of, find, ways_for
from .ways import MOMENTS, PERIODS, SET, UNITS, label_of, way_of
from .words import WORDS

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Form, Visit

LAYOUTS = ("", "board", "calendar")
LAST_N = "last_n"


@attrs.frozen(kw_only=True)
class Value:
    """The control of a value: what sort it is, and what it holds."""

    sort: str
    """``none``, ``text``, ``number``, ``period``, ``moment``, ``choices`` or ``picks``."""
    text: str = ""
    moment: str = "exact"
    count: str = "7"
    unit: str = "d"
    input: str = "date"
    chosen: tuple[str, ...] = ()
    choices: Sequence[tuple[str, str]] = ()
    picked: Sequence[tuple[str, str]] = ()
    source: str = ""


def bar_of(visit: Visit, uow: Uow, given: Mapping[str, str] | None = None) -> Bar:
    """Return the bar a tool was opened from, by the state that came with it."""
    uow.require(visit.kind.permission("read"))
    given = visit.query if given is None else given
    layout = given.get("layout", "")
    return Bar(visit, uow, visit.kind, of_pairs(given), layout if layout in LAYOUTS else "")


def editor(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/filter: the fields to choose from, or the editor of one condition."""
    bar = bar_of(visit, uow)
    if visit.query.get("json") or (bar.group is None and not visit.query.get("field")):
        return View("ui/lists/filter_json.html", bar=bar, lw=WORDS, text=bar.advanced or _pretty(bar), problems=bar.problems)
    at = visit.query.get("at", "+")
    name = visit.query.get("field", "")
    condition = bar.group.at(at) if bar.group is not None else None
    if not name and (condition is None or visit.query.get("fields")):
        return View("ui/lists/filter_fields.html", bar=bar, lw=WORDS, at=at, groups=grouped(fields_of(visit, uow, visit.kind, filters=True)))
    name = name or t.cast(Condition, condition).field
    offered = find_any(visit, uow, visit.kind, name)
    if offered is None:
        return View("ui/lists/filter_fields.html", bar=bar, lw=WORDS, at=at, groups=grouped(fields_of(visit, uow, visit.kind, filters=True)))
    if "way" in visit.query or condition is None or condition.field != name:
        ways = ways_for(offered)
        way = visit.query.get("way", "")
        condition, _problem = condition_of(visit, offered, way if way in ways or way in SET else ways[0], visit.query)
    return _form(visit, uow, bar, offered, condition, at, "")


def apply(visit: Visit, uow: Uow) -> Result:
    """GET /sales/deal/filter/apply: back to the list with the condition put in place, or the editor with what is wrong."""
    bar, query = bar_of(visit, uow), visit.query
    if query.get("do") == "json":
        return _apply_json(visit, uow, bar, query.get("json", ""))
    at = query.get("at", "+")
    offered = find_any(visit, uow, visit.kind, query.get("field", ""))
    if offered is None or bar.group is None:
        return Redirect(within(visit, bar.url()))
    condition, problem = condition_of(visit, offered, query.get("way", ""), query)
    if not problem:
        tree = c.write(Group(False, (condition,)))
        wrong = uow.page_problems(visit.kind.cls, ListRequest(filter=tree, fields=("id",)))
        problem = visit.say(wrong[0].message) if wrong else ""
    if problem:
        return _form(visit, uow, bar, offered, condition, at, problem, status=422)
    return Redirect(within(visit, bar.url(filter=c.write(bar.group.put(at, condition)))))


def _apply_json(visit: Visit, uow: Uow, bar: Bar, text: str) -> Result:
    problems: list[Problem] = []
    try:
        tree = parse_json(text or "{}", "filter")
        problems = uow.page_problems(visit.kind.cls, ListRequest(filter=tree, fields=("id",)))
    except Invalid as refusal:
        problems = list(refusal.problems)
        tree = None
    if problems:
        return View("ui/lists/filter_json.html", bar=bar, lw=WORDS, text=text, problems=problems, status=422)
    return Redirect(within(visit, bar.url(filter=tree)))


def within(visit: Visit, url: str) -> str:
    """Return an address of a page as one within the CRM, as `Redirect` takes it."""
    return url.removeprefix(visit.call.root)


def _pretty(bar: Bar) -> str:
    import json

    return json.dumps(bar.state.filter or {}, ensure_ascii=False, indent=1)


def _form(visit: Visit, uow: Uow, bar: Bar, offered: Offered, condition: Condition, at: str, problem: str, status: int = 200) -> View:
    way = way_of(condition.way, condition.value)
    ways = list(dict.fromkeys((*ways_for(offered), way)))
    return View(
        "ui/lists/filter_edit.html", bar=bar, lw=WORDS, at=at, field=offered, way=way, problem=problem, status=status,
        ways=[(w, visit.say(label_of(w, offered.how))) for w in ways], value=value_of(visit, uow, visit.kind, offered, condition),
        periods=[(name, visit.say(word)) for name, word in PERIODS.items()], units=[(u, visit.say(w)) for u, w in UNITS.items()],
        moments=[(m, visit.say(w)) for m, w in MOMENTS.items() if m != "now" or offered.how == "moment"], last_n=LAST_N,
    )  # fmt: skip


def find_any(visit: Visit, uow: Uow, kind: Kind, name: str) -> Offered | None:
    """Return a field that can be filtered by, what stages tell included."""
    return find(visit, uow, kind, name) if name else None


def grouped(fields: Sequence[Offered]) -> list[tuple[str, list[Offered]]]:
    """Return fields by group, in order."""
    found: dict[str, list[Offered]] = {}
    for field in fields:
        found.setdefault(field.group, []).append(field)
    return list(found.items())


# ---- from a condition to its control, and back -----------------------------------------------------------------------
def value_of(visit: Visit, uow: Uow, kind: Kind, offered: Offered, condition: Condition) -> Value:
    """Return the control for a condition's value."""
    way, value, how = way_of(condition.way, condition.value), condition.value, offered.how
    if way in SET:
        return Value(sort="none")
    if how in ("stage", "been", "choice"):
        chosen = tuple(map(str, value if isinstance(value, list) else [] if value is None else [value]))
        return Value(sort="choices", chosen=chosen, choices=_choices(visit, kind, offered))
    if how in ("record", "person", "team"):
        keys = value if isinstance(value, list) else [value] if type(value) is int else []
        names = {key: name for (_space, key), name in names_in(visit, uow, [(offered, condition)]).items()}
        return Value(sort="picks", picked=[(str(k), names.get(k, f"№ {k}")) for k in keys], source=_source(visit, uow, offered))
    if condition.way == "within":
        match = re.fullmatch(r"last_([1-9]\d{0,3})_days", str(value))
        if value == LAST_N or (match and value not in PERIODS):
            return Value(sort="period", text=LAST_N, count=match[1] if match else "14")
        return Value(sort="period", text=str(value or "this_month"))
    if how in ("day", "moment"):
        return _moment(visit, how, value)
    return Value(sort="number" if how in ("number", "money") else "text", text=as_typed(visit, how, value))


def _moment(visit: Visit, how: str, value: t.Any) -> Value:
    shape = "date" if how == "day" else "datetime-local"
    if isinstance(value, Mapping):
        word = str(value.get("relative"))
        match = STEP.fullmatch(word)
        if match:
            return Value(sort="moment", input=shape, moment="ago" if match[1] == "-" else "ahead", count=match[2], unit=match[3])
        return Value(sort="moment", input=shape, moment=word if word in ("today", "now") else "exact")
    return Value(sort="moment", input=shape, text=as_typed(visit, how, value))


def _choices(visit: Visit, kind: Kind, offered: Offered) -> list[tuple[str, str]]:
    if offered.how in ("stage", "been"):
        return stages_of(kind, visit.language, offered.name)
    assert offered.path is not None
    return [(str(member.value), choice_text(offered.path.field, member.value, visit.language)) for member in offered.path.field.choices]


def _source(visit: Visit, uow: Uow, offered: Offered) -> str:
    if offered.how in ("person", "team"):
        return visit.url(f"/_/pick/{offered.how}")
    assert offered.path is not None
    to = offered.path.field.to
    target = next((k for k in uow.crm.kinds.values() if k.cls is to), None)
    return visit.url(f"{path_of(target)}/pick") if target is not None and uow.may(target.permission("read")) else ""


def condition_of(visit: Visit, offered: Offered, way: str, form: Form) -> tuple[Condition, str]:
    """Return the condition a form says, and what is missing for it to be one."""
    if way in SET:
        operator, fixed = SET[way]
        return Condition(offered.name, operator, fixed), ""
    if way not in ways_for(offered) and way not in ("eq", "ne", "in", "not_in", "below", "lt", "lte", "gt", "gte", "contains", "starts", "within"):
        way = ways_for(offered)[0]
    value = _typed(visit, offered, way, form)
    missing = value is None or value in ("", [])
    return Condition(offered.name, way, value), visit.say(words.needs_value) if missing else ""


def _typed(visit: Visit, offered: Offered, way: str, form: Form) -> t.Any:
    given = [v for v in form.all("v") if v.strip()]
    last = given[-1] if given else ""
    if offered.name in (BEEN, ROTTEN) or offered.how == "stage":
        return given if way in ("in", "not_in") else last
    assert offered.path is not None
    field = offered.path.field
    if way in ("in", "not_in", "below"):
        return list(dict.fromkeys(from_text(visit, field, v) for v in given))
    if way == "within":
        count = form.get("n", "").strip()
        return f"last_{count}_days" if last == LAST_N and re.fullmatch(r"[1-9]\d{0,3}", count) else last
    if offered.how in ("day", "moment"):
        return _typed_moment(visit, offered, form, last)
    return from_text(visit, field, last) if last else None


def _typed_moment(visit: Visit, offered: Offered, form: Form, last: str) -> t.Any:
    moment, count = form.get("rel", "exact"), form.get("n", "").strip()
    if moment in ("today", "now"):
        return {"relative": moment}
    if moment in ("ago", "ahead"):
        unit = form.get("unit", "d")
        good = re.fullmatch(r"\d{1,7}", count) and unit in UNITS
        return {"relative": f"{'-' if moment == 'ago' else '+'}{int(count)}{unit}"} if good else None
    if not last or offered.path is None:
        return None
    if offered.how == "day":
        try:
            return dt.date.fromisoformat(last).isoformat()
        except ValueError:
            return last
    return from_text(visit, offered.path.field, last)


__all__ = ["apply", "bar_of", "condition_of", "editor", "translate", "value_of"]
