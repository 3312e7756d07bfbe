"""Values of records as people read them: in lists, on cards, on a record's page."""

from __future__ import annotations

import datetime as dt
import json
import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from ..core import types
from ..core.field import Field
from ..core.kind import Kind, Link
from ..core.pipeline import LOST, WON
from ..core.text import Text, translate
from . import formats, words
from .icons import icon
from .shown import path_of

if t.TYPE_CHECKING:
    from ..core.uow import Uow
    from .visit import Visit

Row = Mapping[str, t.Any]
STAGE_COLORS = ("blue", "violet", "amber")
PEOPLE = {"owner_id": "person", "team_id": "team"}
NUMBERS = frozenset({"int", "float", "Decimal"})
NO_VALUE = Markup('<span class="none" aria-hidden="true">—</span>')
LONG = 300
PHONE_BUTTON = Markup(
    '<button type="button" class="btn icon xs ghost tel-b" hx-post="{}" hx-vals="{}" hx-swap="none" aria-label="{}" title="{}">{}</button>'
)
PHONE = re.compile(r"\+[1-9][0-9]{7,14}")  # in a plain text it is one too: nothing else is written like that


def look_of(field: Field) -> str:
    """Return how a field's values are shown and asked for: one word (``text``, ``phone``, ``money``, ``choice``, ``record`` …)."""
    kind = field.column.type
    if field.name in PEOPLE:
        return PEOPLE[field.name]
    if field.to is not None:
        return "record"
    if field.choices:
        return "choice"
    for cls, word in ((types.Phone, "phone"), (types.Email, "email"), (types.Money, "money"), (types.Exact, "number")):
        if isinstance(kind, cls):
            return word
    plain = {bool: "check", int: "number", float: "number", dt.date: "day", dt.datetime: "moment", dict: "json", list: "list", bytes: "none"}
    if field.type in plain:
        return plain[field.type]
    if field.type.__name__ == "Decimal":
        return "number"
    length = getattr(kind, "length", None)
    return "text" if length is not None and length <= 400 else "long"


class Cells:
    """Shows JSON rows of one kind to one visitor. Ask for `wanted` fields, `load` the rows, then take `html` of each cell.

    Names of linked records come along in the same statement; names of people and teams are asked for once for all rows.
    """

    def __init__(self, visit: Visit, uow: Uow, kind: Kind, names: Iterable[str]) -> None:
        self.visit, self.uow, self.kind, self.site = visit, uow, kind, visit.site
        crm = uow.crm
        hidden = crm.access.hidden(uow.actor, kind)
        self.names = [n for n in dict.fromkeys(names) if n not in hidden and n.partition(".")[0] not in hidden]
        self.fields: dict[str, Field] = {n: visit.site.shown(kind).path(n).field for n in self.names}
        self._linked: dict[str, tuple[str, Kind]] = {}
        for name in self.names:
            target = self._target(name)
            if target is not None:
                self._linked[name] = target
        self._people: dict[tuple[str, int], str] = {}

    def _target(self, name: str) -> tuple[str, Kind] | None:
        """Return where the name of what a field points to is found: ``company.name``."""
        path = self.site.shown(self.kind).path(name)
        if path.field.to is None:
            return None
        crm, stem = self.uow.crm, name.rpartition(".")[0]
        holder = self.kind
        for hop in path.hops:
            if not isinstance(hop, Link):
                return None
            holder = crm.kinds[hop.target]
        link = next((k for k in holder.links.values() if k.field is path.field), None)
        if link is None:
            return None
        target = crm.kinds[link.target]
        title = self.site.shown(target).title
        if title == "id" or title in crm.access.hidden(self.uow.actor, target) or not self.uow.may(target.permission("read")):
            return None
        return f"{stem}.{link.name}.{title}" if stem else f"{link.name}.{title}", target

    @property
    def wanted(self) -> list[str]:
        """The fields to ask a list for."""
        return list(dict.fromkeys(["id", *self.names, *(dotted for dotted, _target in self._linked.values())]))

    def load(self, rows: Sequence[Row], *, claimed: bool = False) -> None:
        """Look up the names of people and teams in these rows, one question for each.

        What was only `claimed`, in a form or an address, is named as far as the visitor may see the person or the team.
        """
        wanted: dict[str, set[int]] = {}
        for name, field in self.fields.items():
            of = PEOPLE.get(field.name)
            if of is not None:
                wanted.setdefault(of, set()).update(int(r[name]) for r in rows if r.get(name) is not None)
        for of, ids in wanted.items():
            found = (names_seen if claimed else names_of)(self.uow, of, sorted(ids))
            self._people |= {(of, key): found.get(key, f"№ {key}") for key in ids}

    def look_up(self, rows: Sequence[dict[str, t.Any]], *, claimed: bool = False) -> None:
        """Put the names of linked records into rows that come from no list (both sides of a change, or of a merge), and `load` them."""
        wanted: dict[str, set[int]] = {}
        for name, (_dotted, target) in self._linked.items():
            wanted.setdefault(target.key, set()).update(int(r[name]) for r in rows if r.get(name) is not None)
        named = Names(self.visit, self.uow)
        for key, ids in wanted.items():
            named.want(key, ids)
        for name, (dotted, target) in self._linked.items():
            for row in rows:
                if row.get(name) is not None:
                    row[dotted] = named.text(target.key, int(row[name]))
        self.load(rows, claimed=claimed)

    def label(self, name: str) -> str:
        """Return a field's label, with the record it belongs to where it is another's: ``Company: city``."""
        path = self.site.shown(self.kind).path(name)
        said = translate(path.field.label, self.visit.language)
        if path.hops and isinstance(path.hops[-1], Link):
            hop = path.hops[-1]
            return f"{translate(hop.field.label, self.visit.language)}: {said[:1].lower()}{said[1:]}"
        return said

    def target(self, name: str) -> tuple[str, Kind] | None:
        """Return where the name stands of what a field points to (``company.name``) and the kind it is of; None for other fields."""
        return self._linked.get(name)

    def color(self, name: str, row: Row) -> str:
        """Return the colour a choice has by itself."""
        return _choice_color(self.fields[name], row.get(name))

    def numeric(self, name: str) -> bool:
        """True for what stands to the right: numbers and amounts."""
        return look_of(self.fields[name]) in ("number", "money")

    def text(self, name: str, row: Row) -> str:
        """Return a value as plain text, empty for none."""
        value = row.get(name)
        if value is None:
            return ""
        return str(self._text(name, self.fields[name], value, row))

    def html(self, name: str, row: Row, *, link: bool = True) -> Markup:
        """Return a value as HTML; a dash for none. `link` False for places that are inside a link already."""
        value = row.get(name)
        if value is None or value == "":
            return NO_VALUE
        field = self.fields[name]
        how = look_of(field)
        text = self._text(name, field, value, row)
        if name == "stage":
            return self._stage(row, text)
        if how == "check":
            said = words.yes if value else words.no
            return Markup('<span class="check {}">{}<span class="vh">{}</span></span>').format(
                "on" if value else "", icon("check" if value else "minus", 14), self.visit.say(said))
        if how == "person":
            return Markup('<span class="who"><span class="av {} xs" aria-hidden="true">{}</span>{}</span>').format(
                formats.color_of(int(value)), formats.initials(text), text)
        if how == "choice":
            return Markup('<span class="chip {}">{}</span>').format(_choice_color(field, value), text)
        if how == "text" and self.site.shown(self.kind).choices(name, self.visit.crm) is not None:
            return escape(text)
        if not link:
            return escape(text)
        return self._linked_html(how, name, row, text)

    def _linked_html(self, how: str, name: str, row: Row, text: str) -> Markup:
        value = row[name]
        if how == "record" and name in self._linked and row.get(self._linked[name][0]) is not None:  # what one may not see leads nowhere
            return Markup('<a class="ref" href="{}">{}</a>').format(self.visit.url(path_of(self._linked[name][1], int(value))), text)
        if how == "phone" or (how == "text" and PHONE.fullmatch(str(value))):
            number = Markup('<a class="ref tel" href="tel:{}" data-phone="{}">{}</a>').format(value, value, text)
            return number + phone_buttons(self.visit, str(value), self.kind.key, row.get("id"))
        if how == "email":
            return Markup('<a class="ref" href="mailto:{}">{}</a>').format(value, text)
        if how == "text" and re.match(r"https?://[^\s]+$", text) and urlsplit(text).hostname:
            return Markup('<a class="ref" href="{}" rel="noopener noreferrer" target="_blank">{}</a>').format(text, text)
        return escape(text)

    def _stage(self, row: Row, text: str) -> Markup:
        color, mark = stage_color(self.kind, row), icon_of_stage(self.kind, row)
        if mark:
            return Markup('<span class="chip {}">{}{}</span>').format(color, icon(mark, 12), text)
        return Markup('<span class="chip {}"><i class="dot {}"></i>{}</span>').format(color, color, text)

    def _text(self, name: str, field: Field, value: t.Any, row: Row) -> str:
        visit, language = self.visit, self.visit.language
        how = look_of(field)
        if name == "stage":
            return stage_label(self.kind, row, language)
        if name == "pipeline":
            found = self.kind.pipelines.get(value)
            return translate(found.label, language) if found is not None else str(value)
        if how in ("person", "team"):
            return self._people.get((how, int(value)), f"№ {value}")
        if how == "record":
            dotted = self._linked.get(name)
            known = row.get(dotted[0]) if dotted is not None else None
            if dotted is None or not known:
                return f"№ {value}"
            target = self.site.shown(dotted[1])
            return target.said(target.title, self.uow, str(known))
        if how == "choice":
            return choice_text(field, value, language)
        if how == "phone":
            return formats.phone(value)
        if how == "money":
            return formats.money(value, language)
        if how == "number":
            return formats.number(value, language)
        if how == "check":
            return visit.say(words.yes if value else words.no)
        if how == "day":
            return formats.near_day(dt.date.fromisoformat(value), visit.now.astimezone(visit.zone).date(), language)
        if how == "moment":
            return formats.near(dt.datetime.fromisoformat(value), visit.now, language, visit.zone)
        if how == "json":
            return json.dumps(value, ensure_ascii=False)[:LONG]
        if how == "list":
            return ", ".join(map(str, value))[:LONG]
        labels = self.site.shown(self.kind).choices(name, visit.crm) if how == "text" else None
        if labels is not None and value in labels:
            return translate(labels[value], language)
        if how == "text" and PHONE.fullmatch(str(value)):
            return formats.phone(value)
        return self.site.shown(self.kind).said(name, self.uow, str(value))


class Names:
    """Names of records of any kind, as far as the visitor may see them: say which are wanted, then ask for them; one question for each kind."""

    def __init__(self, visit: Visit, uow: Uow) -> None:
        self.visit, self.uow = visit, uow
        self._wanted: dict[str, set[int]] = {}
        self._found: dict[str, dict[int, str]] = {}

    def want(self, kind: str, ids: Iterable[int]) -> None:
        """Say whose names will be asked for."""
        known = self._found.get(kind, {})
        self._wanted.setdefault(kind, set()).update(i for i in ids if i not in known)

    def seen(self, kind: str, key: int) -> bool:
        """True when the visitor may see the record."""
        self._load(kind, key)
        return bool(self._found[kind][key])

    def text(self, kind: str, key: int) -> str:
        """Return a record's name, or its number where it has none or cannot be seen."""
        self._load(kind, key)
        return self._found[kind][key] or f"№ {key}"

    def html(self, kind: str, key: int) -> Markup:
        """Return a record's name as a link; without one where it cannot be seen."""
        if not self.seen(kind, key):
            return escape(f"№ {key}")
        address = self.visit.url(path_of(self.uow.crm.kinds[kind], key))
        return Markup('<a class="ref" href="{}">{}</a>').format(address, self.text(kind, key))

    def _load(self, kind: str, key: int) -> None:
        from ..core.lists import MAX_LIMIT, ListRequest

        here = self._found.setdefault(kind, {})
        if key in here:
            return
        ids = sorted({*self._wanted.pop(kind, ()), key} - here.keys())
        here.update(dict.fromkeys(ids, ""))
        found = self.uow.crm.kinds.get(kind)
        if found is None or not self.uow.may(found.permission("read")):
            return
        shown = self.visit.site.shown(found)
        title = shown.title
        fields = ["id"] if title in self.uow.crm.access.hidden(self.uow.actor, found) else list(dict.fromkeys(("id", title)))
        for start in range(0, len(ids), MAX_LIMIT):
            asked = ListRequest(filter={"id": {"in": ids[start : start + MAX_LIMIT]}}, fields=fields, limit=MAX_LIMIT, archived=None)
            for row in self.uow.page(found.cls, asked).rows:
                name = row[fields[1]] if len(fields) > 1 else None
                here[row["id"]] = shown.said(title, self.uow, str(name)) if name else f"№ {row['id']}"


def phone_buttons(visit: Visit, number: str, kind: str, key: t.Any) -> Markup:
    """Return what plugins put beside a telephone number: buttons that post the number and the record it stands at."""
    made = Markup("")
    for button in visit.phone_buttons:
        said = f"{visit.say(button.label)} {formats.phone(number)}"
        made += PHONE_BUTTON.format(
            visit.url(button.path), json.dumps({"number": number, "kind": kind, "id": key}), said, said, icon(button.icon, 13))
    return made


def names_of(uow: Uow, of: str, ids: Sequence[int]) -> Mapping[int, str]:
    """Return the names of people or teams, as far as somebody knows them (`crm_names`)."""
    crm = uow.crm
    if not ids or "crm_names" not in crm.hooked:
        return {}
    return t.cast("Mapping[int, str] | None", crm.hook.crm_names(crm=crm, of=of, ids=list(ids))) or {}


def names_seen(uow: Uow, of: str, ids: Sequence[int]) -> Mapping[int, str]:
    """Return the names of those people or teams the actor may see (`crm_pick`): for ids that somebody only claims; one's own is known."""
    crm = uow.crm
    asked = [key for key in dict.fromkeys(ids) if 0 < key < 2**63]
    if not asked:
        return {}
    found = dict(crm.hook.crm_pick(crm=crm, uow=uow, of=of, question="", ids=asked) or ()) if "crm_pick" in crm.hooked else {}
    own = names_of(uow, of, [uow.actor.id]) if of == "person" and uow.actor.id in asked and uow.actor.id is not None else {}
    return {key: found[key] for key in asked if key in found} | dict(own)


def choice_text(field: Field, value: t.Any, language: str) -> str:
    """Return the label of a choice by its value."""
    for member in field.choices:
        if member.value == value or member is value:
            label: t.Any = getattr(member, "label", None)
            return translate(label, language) if isinstance(label, Text | str) else member.name.replace("_", " ").capitalize()
    return str(value)


def _choice_color(field: Field, value: t.Any) -> str:
    for member in field.choices:
        if member.value == value:
            return str(getattr(member, "color", "gray"))
    return "gray"


def stage_label(kind: Kind, row: Row, language: str) -> str:
    """Return the label of the stage a row is in."""
    name = row.get("stage")
    for pipeline in _pipelines(kind, row):
        if name in pipeline.stages:
            return translate(pipeline.stages[name].label, language)
    return str(name)


def stage_color(kind: Kind, row: Row) -> str:
    """Return the colour of the stage a row is in: green won, red lost, the others in turn."""
    name = row.get("stage")
    for pipeline in _pipelines(kind, row):
        if name in pipeline.stages:
            return color_of_stage(pipeline, str(name))
    return "gray"


def icon_of_stage(kind: Kind, row: Row) -> str:
    """Return the icon of the stage a row is in; most have none."""
    found = (p.stages[row["stage"]].icon for p in _pipelines(kind, row) if row.get("stage") in p.stages)
    return next(found, "")


def color_of_stage(pipeline: t.Any, name: str) -> str:
    """Return the colour of a stage."""
    stage = pipeline.stages[name]
    if stage.color:
        return str(stage.color)
    if stage.outcome is WON or stage.outcome is LOST:
        return "green" if stage.outcome is WON else "red"
    return STAGE_COLORS[list(pipeline.stages).index(name) % len(STAGE_COLORS)]


def _pipelines(kind: Kind, row: Row) -> list[t.Any]:
    named = kind.pipelines.get(str(row.get("pipeline")))
    return [named] if named is not None else list(kind.pipelines.values())


__all__ = ["Cells", "Names", "choice_text", "color_of_stage", "icon_of_stage", "look_of", "names_of", "names_seen", "phone_buttons", "stage_color",
    "stage_label",
]
