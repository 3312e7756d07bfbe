"""What stands above the rows of a list, a board or a calendar: views, search, the filter as chips. One for all three."""

from __future__ import annotations

import datetime as dt
import re
import typing as t
from collections.abc import Iterable, Mapping

import attrs

from ...core.errors import Problem
from ...core.kind import Kind
from ...core.lists import ListRequest
from ...core.text import _, translate
from .. import formats
from ..cells import choice_text, names_seen
from ..shown import path_of
from . import conditions as c
from . import words
from .asked import Asked, compact
from .conditions import BEEN, Condition, Group
from .offered import Offered, fields_of, find
from .saved import Saved, State, state_of
from .ways import PERIODS, SET, SHORT, UNITS, label_of, way_of

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

EXTRA = ("pipeline", "mine", "month", "day", "by", "scale")
LAST_DAYS = _("last {count} days", ru="последние {count} дн.")
AGO, AHEAD = _("{count} {unit} ago", ru="{count} {unit} назад"), _("in {count} {unit}", ru="через {count} {unit}")
GONE = _("no such field", ru="нет такого поля")
STEP = re.compile(r"([+-])(\d+)(min|h|d|w|mo|y)")
MOST_NAMES = 3


@attrs.frozen(kw_only=True)
class Chip:
    """One condition, as it is read; `at` is its place."""

    at: str
    label: str
    way: str
    value: str
    problem: str = ""


@attrs.frozen(kw_only=True)
class ChipGroup:
    """Conditions within a group."""

    at: str
    any: bool
    chips: tuple[Chip, ...]


class Bar:
    """The bar of one list, board or calendar (`layout`), for one visitor. `filter` is what is to be asked of the database."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind, asked: Asked, layout: str = "") -> None:
        self.visit, self.uow, self.kind, self.layout = visit, uow, kind, layout
        self.shown = visit.site.shown(kind)
        self.path = path_of(kind)
        self.state: State = state_of(visit, uow, kind, asked, layout)
        self.asked = self.state.asked
        self.extra = {name: value for name in EXTRA if (value := visit.query.get(name) or visit.form.get(name))}
        self.group = None if self.asked.raw else c.read(self.state.filter)

    @property
    def filter(self) -> t.Any:
        """The filter tree, the saved view's included; None for none."""
        return self.state.filter or None

    @property
    def view(self) -> Saved | None:
        """The saved view that is looked at."""
        return self.state.view

    # ---- addresses ---------------------------------------------------------------------------------------------
    def url(self, layout: str | None = None, **changes: t.Any) -> str:
        """Return the address of what is shown, or of another layout of it, with the state changed as said."""
        where = self.layout if layout is None else layout
        more = self.extra if where == self.layout else {}
        return self.visit.url(self.path + (f"/{where}" if where else ""), **self.asked.query(**changes), **more)

    def tool(self, verb: str, **more: t.Any) -> str:
        """Return the address of a tool (the filter's editor, the columns …), which knows what it is used on."""
        known = {**self.asked.query(), **self.extra, **({"layout": self.layout} if self.layout else {}), **more}
        return self.visit.url(f"{self.path}/{verb}", **known)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The state as hidden fields of a form."""
        return [*self.asked.query().items(), *self.extra.items(), *([("layout", self.layout)] if self.layout else [])]

    def without(self, at: str) -> str:
        """Return the address without the condition at a place."""
        assert self.group is not None
        return self.url(filter=c.write(self.group.put(at, None)))

    def switched(self) -> str:
        """Return the address with "all of" and "any of" exchanged."""
        assert self.group is not None
        return self.url(filter=c.write(attrs.evolve(self.group, any=not self.group.any)))

    @property
    def layouts(self) -> list[tuple[str, str, str]]:
        """The layouts there are for this entity: verb, word, icon."""
        found = [("", self.visit.say(words.list_), "list")]
        if self.kind.pipelines:
            found.append(("board", self.visit.say(words.board), "square-kanban"))
        if self.shown.day:
            found.append(("calendar", self.visit.say(words.calendar), "calendar"))
        return found

    # ---- chips -------------------------------------------------------------------------------------------------
    @property
    def chips(self) -> list[Chip | ChipGroup]:
        """The filter as chips; none when it says more than chips can."""
        if self.group is None:
            return []
        made = Chips(self.visit, self.uow, self.kind, list(c.every(self.group)))
        found: list[Chip | ChipGroup] = []
        for i, item in enumerate(self.group.items):
            if isinstance(item, Condition):
                found.append(made.chip(item, str(i)))
            else:
                inner = [made.chip(x, f"{i}.{j}") for j, x in enumerate(item.items) if isinstance(x, Condition)]
                found.append(ChipGroup(at=str(i), any=item.any, chips=tuple(inner)))
        return found

    @property
    def advanced(self) -> str:
        """The filter as JSON when chips cannot show it."""
        return (self.asked.raw or compact(self.state.filter)) if self.group is None else ""

    @property
    def problems(self) -> list[Problem]:
        """What the database would refuse of the filter."""
        if self.asked.raw:
            return [Problem("filter", "json", words.broken_filter)]
        return self.uow.page_problems(self.kind.cls, ListRequest(filter=self.filter, fields=("id",)))


class Chips:
    """Puts conditions into words. Names of the records and people in them are asked for once, whatever their number."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind, given: Iterable[Condition]) -> None:
        self.visit, self.uow, self.kind = visit, uow, kind
        offered = {f.name: f for f in fields_of(visit, uow, kind, filters=True)}
        given = list(given)
        self.fields: dict[str, Offered | None] = {x.field: offered.get(x.field) or find(visit, uow, kind, x.field) for x in given}
        self.names = names_in(visit, uow, [(self.fields[x.field], x) for x in given])

    def chip(self, condition: Condition, at: str) -> Chip:
        """Return a condition as a chip."""
        offered, say = self.fields[condition.field], self.visit.say
        if offered is None:
            return Chip(at=at, label=condition.field, way="", value="", problem=say(GONE))
        wrong = self.uow.page_problems(self.kind.cls, ListRequest(filter=c.write(Group(False, (condition,))), fields=("id",)))
        way = way_of(condition.way, condition.value)
        said = say(SHORT[way]) if way in SHORT and not (way == "in" and isinstance(condition.value, Mapping)) else say(label_of(way, offered.how))
        value = "" if way in SET else self.value(offered, condition)
        of = f"{offered.group}: " if offered.path is not None and offered.path.hops else ""
        return Chip(at=at, label=of + offered.label, way=said, value=value, problem=say(wrong[0].message) if wrong else "")

    def value(self, offered: Offered, condition: Condition) -> str:
        """Return a condition's value in words."""
        value = condition.value
        if isinstance(value, list):
            said = [self._one(offered, v) for v in value]
            return ", ".join(said[:MOST_NAMES]) + (f" +{len(said) - MOST_NAMES}" if len(said) > MOST_NAMES else "")
        return self._one(offered, value)

    def _one(self, offered: Offered, value: t.Any) -> str:
        language = self.visit.language
        if isinstance(value, Mapping):
            return moment_words(str(value.get("relative")), language)
        if isinstance(value, str) and offered.how in ("day", "moment"):
            return period_words(value, language) or _day(value, offered.how, self.visit)
        if offered.how in ("stage", "been"):
            return dict(stages_of(self.kind, language, offered.name)).get(str(value), str(value))
        if offered.how == "choice" and offered.path is not None:
            return choice_text(offered.path.field, value, language)
        if offered.how in ("record", "person", "team"):
            return self.names.get((_space(self.uow, offered), value), f"№ {value}")
        if offered.how in ("number", "money"):
            try:
                return formats.number(value, language)
            except ArithmeticError:
                return str(value)
        return str(value)


def names_in(visit: Visit, uow: Uow, pairs: Iterable[tuple[Offered | None, Condition]]) -> dict[tuple[str, t.Any], str]:
    """Return the names of all records, people and teams that conditions speak of: one question for each kind of them."""
    wanted: dict[str, set[int]] = {}
    for offered, condition in pairs:
        if offered is not None and offered.how in ("record", "person", "team"):
            given = condition.value if isinstance(condition.value, list) else [condition.value]
            wanted.setdefault(_space(uow, offered), set()).update(v for v in given if type(v) is int and 0 < v < 2**63)
    found: dict[tuple[str, t.Any], str] = {}
    for space, ids in wanted.items():
        if not ids:
            continue
        names = names_seen(uow, space, sorted(ids)) if space in ("person", "team") else titles(visit, uow, uow.crm.kinds[space], ids)
        found |= {(space, key): name for key, name in names.items()}
    return found


def titles(visit: Visit, uow: Uow, kind: Kind, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of records by key, as far as the actor may see them, in one question."""
    title = visit.site.shown(kind).title
    if not uow.may(kind.permission("read")) or title == "id" or title in uow.crm.access.hidden(uow.actor, kind):
        return {}
    rows = uow.page(kind.cls, ListRequest(filter={"id": {"in": sorted(ids)[:500]}}, fields=[title], limit=500, archived=None)).rows
    return {int(r["id"]): str(r[title] or f"№ {r['id']}") for r in rows}


def _space(uow: Uow, offered: Offered) -> str:
    if offered.how in ("person", "team") or offered.path is None:
        return offered.how
    to = offered.path.field.to
    return next((k.key for k in uow.crm.kinds.values() if k.cls is to), offered.how)


def stages_of(kind: Kind, language: str, field: str = BEEN) -> list[tuple[str, str]]:
    """Return the stages of all pipelines (or the pipelines themselves), each with its label."""
    if field == "pipeline":
        return [(p.name, translate(p.label, language)) for p in kind.pipelines.values()]
    found: dict[str, str] = {}
    for pipeline in kind.pipelines.values():
        for stage in pipeline.stages.values():
            found.setdefault(stage.name, translate(stage.label, language))
    return list(found.items())


def period_words(name: str, language: str) -> str:
    """Return a named period in words; empty for what is none."""
    if name in PERIODS:
        return translate(PERIODS[name], language)
    match = re.fullmatch(r"last_([1-9]\d{0,3})_days", name)
    return translate(LAST_DAYS.format(count=match[1]), language) if match else ""


def moment_words(word: str, language: str) -> str:
    """Return a relative moment in words: ``7 days ago``."""
    match = STEP.fullmatch(word)
    if match is None:
        return translate({"today": words.today, "now": words.now}.get(word, word), language)
    text = AGO if match[1] == "-" else AHEAD
    return translate(text.format(count=match[2], unit=UNITS[match[3]]), language)


def _day(value: str, how: str, visit: Visit) -> str:
    try:
        if how == "day":
            return formats.day(dt.date.fromisoformat(value), visit.language)
        return formats.moment(dt.datetime.fromisoformat(value), visit.language, visit.zone)
    except ValueError:
        return value
