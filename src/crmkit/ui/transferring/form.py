"""The form of the columns: what is shown for each, and what was chosen."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

import attrs

from ...core.kind import Kind
from ...core.text import translate
from ...transfer.mapping import UPDATES
from ..cells import look_of
from ..controls import typed
from . import words
from .guess import finds, offered, options
from .sight import DELIMITERS, ENCODINGS, Sight, sight
from .store import Draft

if t.TYPE_CHECKING:
    from ...core.field import Field
    from ...core.uow import Uow
    from ..visit import Visit

CONVERTS = {
    "number": ("decimal ,", "decimal ."), "money": ("decimal ,", "decimal ."), "phone": ("phone RU", "phone US", "phone GB"),
    "day": ("date %d.%m.%Y", "date %d/%m/%Y", "date %m/%d/%Y", "date %d-%m-%Y", "date %m-%d-%Y", "date %d.%m.%y"),
    "moment": ("date %d.%m.%Y %H:%M", "date %d.%m.%Y", "date %d/%m/%Y", "date %m/%d/%Y"),
    "text": ("squeeze", "title", "upper", "lower", "digits", "cut 200"), "long": ("squeeze",), "email": ("lower",),
}  # fmt: skip
FINDING = ("record", "person", "team")


@attrs.frozen(kw_only=True)
class Row:
    """One column of the file, and what becomes of it."""

    place: int
    column: str
    samples: Sequence[str]
    field: str
    ways: Sequence[tuple[str, str]]
    """How it can be read, or by what the record is found: value and words."""
    way: str
    way_name: str
    missing: str
    """What is done when the record is not found; empty where nothing is looked for."""


def fields_by_group(visit: Visit, uow: Uow, kind: Kind) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what can be chosen, grouped by the extension it belongs to."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, field in offered(uow, kind).items():
        extension = name.rpartition(".")[0]
        label = visit.say(kind.extensions[extension].label) if extension else visit.say(words.fields_of)
        mark = " *" if field.required else ""
        groups.setdefault(label, []).append((name, translate(field.label, visit.language) + mark))
    return list(groups.items())


def rows_of(visit: Visit, uow: Uow, kind: Kind, draft: Draft, looked: Sight) -> dict[str, t.Any]:
    """Return the rows of the form, and what can be chosen in each."""
    fields = offered(uow, kind)
    rows = []
    for place, column in enumerate(looked.names):
        said = draft.columns.get(column, {})
        field = fields.get(said.get("field", ""))
        rows.append(_row(visit, uow, kind, place, column, looked.samples.get(column, ()), said, field))
    return {"rows": rows, "groups": fields_by_group(visit, uow, kind)}


def _row(
    visit: Visit, uow: Uow, kind: Kind, place: int, column: str, samples: Sequence[str], said: dict[str, str], field: Field | None
) -> Row:  # fmt: skip
    ways: list[tuple[str, str]] = []
    name, missing = "convert", ""
    if field is not None:
        how = look_of(field)
        if how in FINDING:
            name, missing = "find", said.get("missing") or "error"
            ways = [(way, visit.say(words.find_by, field=label)) for way, label in finds(uow, kind, field)]
        elif how in CONVERTS:
            known = [*CONVERTS[how], *([said["convert"]] if said.get("convert", "") not in ("", *CONVERTS[how]) else [])]
            ways = [("", visit.say(words.as_it_is)), *((way, visit.say(words.converts.get(way, way))) for way in known)]
    return Row(
        place=place, column=column, samples=samples, field=said.get("field", "") if field is not None else "", ways=ways, way=said.get(name, ""),
        way_name=name, missing=missing if ways else "",
    )  # fmt: skip


def missing_fields(uow: Uow, kind: Kind, draft: Draft) -> list[str]:
    """Return the fields a new record cannot do without and nothing was chosen for."""
    chosen = {c.get("field") for c in draft.columns.values()} | draft.values.keys()
    return [n for n, f in kind.fields.items() if f.required and not f.generated and n not in chosen]


def fill_in(visit: Visit, uow: Uow, kind: Kind, draft: Draft) -> None:
    """Take over what the form says; fields one may not write are not there."""
    form, fields = visit.form, offered(uow, kind)
    origin = {"encoding": ENCODINGS, "delimiter": tuple(DELIMITERS)}
    before = dict(draft.origin)
    draft.origin = {n: form[n] for n, known in origin.items() if form.get(n) in known} | ({"sheet": form["sheet"]} if form.get("sheet") else {})
    looked = sight(draft, draft.files[0])
    if draft.origin != before:  # other columns: begin with guesses once more
        draft.columns, draft.identity = {}, ""
        return
    columns: dict[str, dict[str, str]] = {}
    for place, column in enumerate(looked.names):
        name = form.get(f"field.{place}", "")
        if name not in fields:
            continue
        was = draft.columns.get(column, {})
        more = _ways(form, place) if was.get("field") == name else options(uow, kind, fields[name], looked.samples.get(column, ()), visit.language)
        columns[column] = {"field": name, **{n: v for n, v in more.items() if v}}
    draft.columns = columns
    taken = {c["field"] for c in columns.values()}
    wanted = [n for n in fields if n in form or n == form.get("add")]
    given = typed(visit, kind, [n for n in wanted if n in form], form)
    draft.values = {n: given.get(n) for n in wanted if n not in taken and (given.get(n) not in (None, "") or n == form.get("add"))}
    draft.identity = form.get("identity", "") if form.get("identity") in looked.names else ""
    draft.update = form["update"] if form.get("update") in UPDATES else "always"
    draft.source = form.get("source", "").strip()[:50]


def _ways(form: t.Mapping[str, str], place: int) -> dict[str, str]:
    return {n: form.get(f"{n}.{place}", "") for n in ("convert", "find", "missing")}
