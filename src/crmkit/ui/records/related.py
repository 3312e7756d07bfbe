"""Records of other kinds on a record's page: its parts as small tables that are edited in place, and what points to it."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from ...core import operations, wire
from ...core.errors import Conflict, Invalid, NotFound, Problem, Refusal, Stale, Unavailable
from ...core.lists import ListRequest
from ...core.text import translate
from ...web.call import as_id
from ...web.problems import NoSuchPath
from ..cells import Cells, look_of
from ..controls import Control, controls, flat, nested, typed
from ..forms.conflicts import VERSION
from ..forms.ids import id_of
from ..results import View
from ..shown import path_of
from . import words
from .rights import Rights

if t.TYPE_CHECKING:
    from ...core.field import Field
    from ...core.kind import Kind
    from ...core.model import Entity
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

SHOWN, MOST_PARTS, COUNTED = 20, 200, 100
MOST_COLUMNS = 5


@attrs.frozen
class Pointing:
    """A kind one of whose fields points to the record at hand."""

    kind: Kind
    field: Field

    @property
    def key(self) -> str:
        """How addresses name it: ``sales.deal_line.deal_id``."""
        return f"{self.kind.key}.{self.field.name}"

    @property
    def part(self) -> bool:
        """True for parts of the record."""
        return self.field.part


@attrs.frozen(kw_only=True)
class Tab:
    """A tab of the page: `count` is empty where nothing is counted, `source` where its content comes from."""

    key: str
    label: str
    source: str
    count: str = ""
    icon: str = ""


def pointing(visit: Visit, uow: Uow, kind: Kind) -> list[Pointing]:
    """Return what points to records of this kind, as far as the visitor may read it; parts come first."""
    found = []
    for other in uow.crm.kinds.values():
        if not uow.may(other.permission("read")):
            continue
        hidden = uow.crm.access.hidden(uow.actor, other) | visit.site.shown(other).hidden
        found += [Pointing(other, link.field) for link in other.links.values() if link.target == kind.key and link.field.name not in hidden]
    return sorted(found, key=lambda p: (not p.part, p.kind is kind))


def tabs(visit: Visit, uow: Uow, kind: Kind, key: int) -> list[Tab]:
    """Return the tabs of related records with their counts, all counted in one statement."""
    found = pointing(visit, uow, kind)
    counts = _counts(uow, found, key)
    names = [p.kind.key for p in found]
    made = []
    for one, count in zip(found, counts, strict=True):
        label = translate(one.kind.plural, visit.language)
        if names.count(one.kind.key) > 1:
            label = f"{label} ({translate(one.field.label, visit.language).lower()})"
        said = f"{COUNTED}+" if count > COUNTED else str(count) if count else ""
        verb = "parts" if one.part else "related"
        made.append(Tab(key=one.key, label=label, count=said, source=visit.url(f"{path_of(kind, key)}/{verb}", of=one.key),
            icon=visit.site.shown(one.kind).icon))  # fmt: skip
    return made


def _counts(uow: Uow, found: Sequence[Pointing], key: int) -> list[int]:
    if not found:
        return []
    some: list[t.Any] = []
    for number, one in enumerate(found):
        seen = uow.visible(one.kind.cls, filter={one.field.name: key, "archived_at": {"empty": True}}).limit(COUNTED + 1).subquery()
        some.append(sa.select(sa.literal_column(str(number)).label("which"), sa.func.count().label("many")).select_from(seen))
    counted = {row.which: row.many for row in uow.connection.execute(sa.union_all(*some))}
    return [int(counted.get(number, 0)) for number in range(len(found))]


def _named(visit: Visit, uow: Uow, part: bool) -> tuple[Pointing, Entity]:
    """Return what the address names, and the record it is about."""
    kind = visit.kind
    uow.require(kind.permission("read"))
    one = next((p for p in pointing(visit, uow, kind) if p.key == visit.query.get("of", "") and p.part is part), None)
    if one is None:
        raise NoSuchPath()
    return one, uow.get(kind.cls, visit.key)


# ---- what points here -------------------------------------------------------------------------------------------------
def related(visit: Visit, uow: Uow) -> Result:
    """GET /sales/company/5/related?of=sales.deal.company_id: the first rows, and the way to the whole list."""
    one, record = _named(visit, uow, False)
    kind, shown = one.kind, visit.site.shown(one.kind)
    names = [n for n in shown.columns if n != one.field.name and ":" not in n][: MOST_COLUMNS + 1]
    cells = Cells(visit, uow, kind, names)
    asked = ListRequest(filter={one.field.name: record.id}, fields=[*cells.wanted, *(["pipeline"] if kind.staged else [])], sort=[shown.sort],
        limit=SHOWN, count=COUNTED)  # fmt: skip
    page = uow.page(kind.cls, asked)
    cells.load(page.rows)
    here = path_of(visit.kind, record.id)
    new = visit.url(f"{path_of(kind)}/new", **{one.field.name: record.id, "_next": here}) if uow.may(kind.permission("create")) else ""
    return View(
        "ui/records/related.html", r=words, cells=cells, rows=page.rows, kind=kind, title=shown.title, icon_name=shown.icon, new=new,
        path=path_of(kind), more=page.next is not None, total=f"{page.total}+" if page.total_is_capped else page.total,
        whole=visit.url(path_of(kind), filter=json.dumps({one.field.name: record.id}, separators=(",", ":"))),
        live=kind.key, source=visit.url(f"{here}/related", of=one.key), id=_id(visit, one, record),
    )  # fmt: skip


def _id(visit: Visit, one: Pointing, record: Entity) -> str:
    return id_of(visit, one.key, record.id)


# ---- parts ------------------------------------------------------------------------------------------------------------
def parts(visit: Visit, uow: Uow) -> Result:
    """GET /sales/deal/5/parts?of=sales.deal_line.deal_id&edit=7: the table of parts; one row, or a new one, as a form."""
    one, record = _named(visit, uow, True)
    return _table(visit, uow, one, record, visit.query.get("edit", ""), None)


def keep_part(visit: Visit, uow: Uow) -> Result:
    """POST the same address: save a row, add one, or take one away."""
    one, record = _named(visit, uow, True)
    kind, form = one.kind, visit.form
    names = _editable(visit, uow, one)
    given = typed(visit, kind, names, form)
    key, version = as_id(form.get("_part", "")), as_id(form.get(VERSION, ""))
    if form.get("_do") == "remove" and key is not None:
        operations.archive(uow, kind, _mine(uow, one, record, key), version)
        said = words.removed
    elif key is not None:
        operations.change(uow, kind, _mine(uow, one, record, key), nested(kind, given, new=False), version)
        said = words.saved
    else:
        filled = {n: v for n, v in given.items() if form[n].strip() or kind.fields[n].type is bool}
        operations.create(uow, kind, nested(kind, {one.field.name: record.id, **filled}))
        said = words.added
    uow.settle()
    told = {"crm:toast": {"text": visit.say(said), "undo": uow.tx}, f"crm:{visit.kind.key}": {"own": True, "id": record.id}}
    again = "new" if key is None and form.get("_do") == "another" else ""
    shown = _table(visit, uow, one, record, again, None)
    return View(shown.template, headers=[("HX-Trigger", json.dumps(told))], **shown.context)


def keep_part_again(visit: Visit, uow: Uow, refusal: Refusal) -> Result:
    """The table once more, with what is wrong at the fields of the row."""
    if not isinstance(refusal, Invalid | Stale | Conflict | Unavailable):
        raise refusal
    one, record = _named(visit, uow, True)
    return _table(visit, uow, one, record, visit.form.get("_part", "") or "new", refusal)


def _mine(uow: Uow, one: Pointing, record: Entity, key: int) -> int:
    """Return the key of a part, when it is a part of this record."""
    part = uow.get(one.kind.cls, key)
    if part.__dict__[one.field.name] != record.id:
        raise NotFound()
    return key


def _editable(visit: Visit, uow: Uow, one: Pointing) -> list[str]:
    shown = visit.site.shown(one.kind)
    own = [n for n in one.kind.fields if n in dict(shown.fields(uow.crm, uow.actor))]
    plain = [n for n in own if not one.kind.fields[n].generated and n != one.field.name and look_of(one.kind.fields[n]) not in ("json", "none")]
    return list(dict.fromkeys([*(n for n in shown.form if n in plain), *plain]))


def _table(visit: Visit, uow: Uow, one: Pointing, record: Entity, edited: str, refusal: Refusal | None) -> View:
    kind, shown = one.kind, visit.site.shown(one.kind)
    left_out = (one.field.name, "created_at", "owner_id")
    names = [n for n in dict.fromkeys((*shown.columns, *_editable(visit, uow, one))) if n not in left_out and ":" not in n]
    cells = Cells(visit, uow, kind, names)
    rows = uow.page(kind.cls, ListRequest(filter={one.field.name: record.id}, fields=[*cells.wanted, "version"], sort=["id"], limit=MOST_PARTS)).rows
    cells.load(rows)
    columns = [n for n in cells.names if n == shown.title or any(r.get(n) not in (None, "", False) for r in rows) or not rows][:7]
    may = Rights(uow, visit.kind, record).can("change") and record.archived_at is None
    form = _row_form(visit, uow, one, edited, refusal) if may and edited else None
    return View(
        "ui/records/parts.html", status=422 if refusal is not None else 200, r=words, cells=cells, columns=columns, rows=rows, kind=kind, may=may,
        source=visit.url(f"{path_of(visit.kind, record.id)}/parts", of=one.key), edited=edited if form else "", form=form, id=_id(visit, one, record),
        live=f"{kind.key} {visit.kind.key}:{record.id}", wrong=_wrong(visit, form, refusal), icon_name=shown.icon,
    )  # fmt: skip


def _row_form(visit: Visit, uow: Uow, one: Pointing, edited: str, refusal: Refusal | None) -> tuple[list[Control], str]:
    kind, key = one.kind, as_id(edited)
    names = _editable(visit, uow, one)
    values: dict[str, t.Any] = {}
    version = ""
    if key is not None:
        part = uow.get(kind.cls, key)
        values, version = flat(kind, operations.show(uow, kind, part)), str(part.version)
    else:
        values = {n: wire.dump(default) for n in names if (default := _default(kind.fields[n])) is not None}
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    typed_in = visit.form if refusal is not None else None
    made = controls(visit, uow, kind, names, values, problems, prefix=id_of(visit, kind.key, edited), typed=typed_in)
    return made, version


def _default(field: Field) -> t.Any:
    """Return the value a field has when nothing is said, where that is a plain one."""
    return getattr(field.column.default, "arg", None) if getattr(field.column.default, "is_scalar", False) else None


def _wrong(visit: Visit, form: tuple[list[Control], str] | None, refusal: Refusal | None) -> list[str]:
    if refusal is None:
        return []
    shown = {c.name for c in form[0]} if form is not None else set()
    problems = refusal.problems or (Problem("", refusal.code, refusal.message),)
    return [translate(p.message, visit.language) for p in problems if p.path not in shown]


__all__ = ["Pointing", "Tab", "keep_part", "keep_part_again", "parts", "pointing", "related", "tabs"]
