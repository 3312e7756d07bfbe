"""Properties of a record: what is shown, what is folded away, and changing one in its place."""

from __future__ import annotations

import json
import typing as t

import attrs
from markupsafe import Markup

from ...core import operations
from ...core.errors import Conflict, Invalid, NotFound, Refusal, Stale, Unavailable
from ...core.text import translate
from ...web.problems import NoSuchPath
from ..cells import Cells, look_of
from ..controls import controls, flat
from ..forms.conflicts import base_of, clashes, save
from ..forms.fields import OWNERSHIP
from ..forms.ids import id_of
from ..results import View
from ..shown import path_of
from . import words
from .rights import Rights

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...core.kind import Kind
    from ...core.model import Entity
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

NOT_SHOWN = frozenset({"id", "version", "stage", "archived_at"})
LAST = ("pipeline", "stage_since", "created_at", "updated_at")
MOST_OPEN = 12


@attrs.frozen(kw_only=True)
class Prop:
    """One property. `edit` is the address where it is changed, empty where it may not be."""

    name: str
    id: str
    label: str
    html: Markup
    edit: str
    long: bool = False
    numeric: bool = False


@attrs.frozen(kw_only=True)
class PropGroup:
    """Properties that stand together; those of `rest` are folded away."""

    label: str
    props: Sequence[Prop]
    rest: Sequence[Prop] = ()


class Props:
    """The properties of one record, for one visitor."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind, rights: Rights) -> None:
        self.visit, self.uow, self.kind, self.rights = visit, uow, kind, rights
        shown = visit.site.shown(kind)
        self.fields = {n: f for n, f in shown.fields(uow.crm, uow.actor) if n not in NOT_SHOWN and look_of(f) != "none"}
        self.fixed = uow.crm.access.read_only(uow.actor, kind) if not uow.elevated else frozenset()

    @property
    def names(self) -> list[str]:
        """What is to be fetched."""
        return list(self.fields)

    def one(self, cells: Cells, row: Mapping[str, t.Any], name: str) -> Prop:
        """Return one property."""
        field = self.fields[name]
        free = not field.generated and name not in self.fixed and field.about is None and row.get("archived_at") is None
        edit = f"{path_of(self.kind, int(row['id']))}/field?name={name}" if free and self.rights.can("change") else ""
        return Prop(
            name=name, id=id_of(self.visit, self.kind.key, row["id"], name), label=cells.label(name),
            html=cells.html(name, row), edit=self.visit.url(edit) if edit else "",
            long=look_of(field) in ("long", "json") and row.get(name) not in (None, "", {}), numeric=cells.numeric(name),
        )  # fmt: skip

    def groups(self, cells: Cells, row: Mapping[str, t.Any]) -> list[PropGroup]:
        """Return the properties in groups: what matters, what extensions add; what is empty and of no importance is folded away."""
        shown = self.visit.site.shown(self.kind)
        own = [n for n in self.fields if "." not in n]
        wanted = dict.fromkeys(n for n in (*shown.form, *shown.columns, *OWNERSHIP) if n in self.fields and n != shown.title)
        filled = [n for n in own if n not in wanted and n not in LAST and n != shown.title and row.get(n) not in (None, "", [], {}, False)]
        first = [*wanted, *filled[: max(0, MOST_OPEN - len(wanted))]]
        first = [n for n in first if n not in OWNERSHIP] + [n for n in first if n in OWNERSHIP]
        rest = [n for n in own if n not in first and n not in LAST] + [n for n in LAST if n in self.fields and n not in first]
        groups = [PropGroup(label="", props=[self.one(cells, row, n) for n in first], rest=[self.one(cells, row, n) for n in rest])]
        for name, extension in self.kind.extensions.items():
            mine = [self.one(cells, row, n) for n in self.fields if n.startswith(f"{name}.")]
            if mine:
                groups.append(PropGroup(label=translate(extension.label, self.visit.language), props=mine))
        return [g for g in groups if g.props or g.rest]


# ---- changing one -----------------------------------------------------------------------------------------------------
def field(visit: Visit, uow: Uow) -> Result:
    """GET /sales/deal/5/field?name=amount: the control of one property, in its place; with `shown` its value."""
    props, record, name = _asked(visit, uow)
    if "shown" in visit.query or record.archived_at is not None or not props.rights.can("change"):
        return _value(visit, uow, props, name)
    return _editor(visit, uow, props, record, name, None)


def keep(visit: Visit, uow: Uow) -> Result:
    """POST /sales/deal/5/field?name=amount: save one property and show its value."""
    props, _record, name = _asked(visit, uow)
    _saved, changes = save(visit, uow, visit.kind, visit.key, [name], visit.form)
    uow.settle()
    shown = _value(visit, uow, props, name)
    if not changes:
        return shown
    told = {"crm:toast": {"text": visit.say(words.saved), "undo": uow.tx}, f"crm:{visit.kind.key}": {"own": True, "id": visit.key}}
    return View(shown.template, headers=[("HX-Trigger", json.dumps(told))], **shown.context)


def keep_again(visit: Visit, uow: Uow, refusal: Refusal) -> Result:
    """The control once more: with what is wrong, or with what somebody else made of it meanwhile."""
    if not isinstance(refusal, Invalid | Stale | Conflict | Unavailable):
        raise refusal
    props, record, name = _asked(visit, uow)
    return _editor(visit, uow, props, record, name, refusal)


def _asked(visit: Visit, uow: Uow) -> tuple[Props, Entity, str]:
    kind, name = visit.kind, visit.query.get("name", "")
    uow.require(kind.permission("read"))
    record = uow.get(kind.cls, visit.key)
    props = Props(visit, uow, kind, Rights(uow, kind, record))
    if name not in props.fields:
        raise NoSuchPath()
    return props, record, name


def _value(visit: Visit, uow: Uow, props: Props, name: str) -> View:
    row, cells = fetched(visit, uow, visit.kind, visit.key, [name])
    return View("ui/records/prop.html", p=props.one(cells, row, name), r=words, focus=True)


def _editor(visit: Visit, uow: Uow, props: Props, record: Entity, name: str, refusal: Refusal | None) -> View:
    kind, form = visit.kind, visit.form if refusal is not None else None
    values = flat(kind, operations.show(uow, kind, record))
    found = clashes(visit, uow, kind, record, [name], form) if form is not None and isinstance(refusal, Stale) else []
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    made = controls(visit, uow, kind, [name], values, problems, prefix=id_of(visit, "edit", kind.key, record.id), typed=form)
    if not made:
        raise NotFound()
    other = [translate(p.message, visit.language) for p in problems if p.path != name]
    if refusal is not None and not problems and not found:
        other.append(translate(refusal.message, visit.language))
    return View(
        "ui/records/prop_edit.html", status=200 if refusal is None else 422, r=words, c=made[0], clash=found[0] if found else None, other=other,
        action=visit.url(f"{path_of(kind, record.id)}/field?name={name}"), version=record.version, base=base_of(visit, kind, [name], values),
        long=made[0].how in ("long", "json", "list"),
    )  # fmt: skip


def fetched(visit: Visit, uow: Uow, kind: Kind, key: int, names: Sequence[str]) -> tuple[dict[str, t.Any], Cells]:
    """Return a record as a row of its list, with the names of what it points to: one statement."""
    from ...core.lists import ListRequest

    more = [n for n in ("stage", "pipeline") if kind.staged]
    cells = Cells(visit, uow, kind, [*names, *more])
    fields = [*cells.wanted, "archived_at", "version"]
    rows = uow.page(kind.cls, ListRequest(filter={"id": key}, fields=list(dict.fromkeys(fields)), limit=1, archived=None)).rows
    if not rows:
        raise NotFound()
    cells.load(rows)
    return rows[0], cells


__all__ = ["Prop", "PropGroup", "Props", "fetched", "field", "keep", "keep_again"]
