"""One cell, edited where it stands: its control, and saving it against the version that was seen."""

from __future__ import annotations

import typing as t

import attrs

from ...core import operations
from ...core.errors import Invalid, Problem, Refusal
from ...core.kind import Path
from ..controls import Control, controls, flat, nested, typed
from ..results import View
from . import words
from .asked import of_pairs
from .bar import stages_of
from .columns import may_edit, visible_path
from .page import ListOf, context
from .words import WORDS

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.model import Entity
    from ...core.uow import Uow
    from ..visit import Visit


def cell(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/5/cell?field=amount: the control of one field, with the value there is now."""
    path = _path(visit, uow, visit.query.get("field", ""))
    record = uow.get(visit.kind.cls, visit.key, action="move" if path.dotted == "stage" else "change")
    shown = flat(visit.kind, operations.show(uow, visit.kind, record))
    return _form(visit, uow, path, record, shown, ())


def save(visit: Visit, uow: Uow) -> View:
    """POST /sales/deal/5/cell: write one field; the row comes back as it is now, in the columns of the list."""
    kind, form = visit.kind, visit.form
    path = _path(visit, uow, form.get("field", ""))
    given = form.get("version", "")
    version = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    if path.dotted == "stage":
        operations.move(uow, kind, visit.key, form.get("stage", ""), version=version)
    else:
        operations.change(uow, kind, visit.key, nested(kind, typed(visit, kind, [path.dotted], form)), version)
    uow.settle()
    found = ListOf(visit, uow, kind, of_pairs(form))
    page = uow.page(kind.cls, found.request(filter={"id": visit.key}, after=None, archived=None, search=None, limit=1, sort=()))
    found.rows = page.rows
    found.columns.load(found.rows)
    return View("ui/lists/rows.html", **context(found))


def again(visit: Visit, uow: Uow, refusal: Refusal) -> View:
    """Return the control with what is wrong; somebody else's newer value and a lack of rights are told as they are."""
    if not isinstance(refusal, Invalid):
        raise refusal
    path = _path(visit, uow, visit.form.get("field", ""))
    record = uow.get(visit.kind.cls, visit.key)
    if path.dotted == "stage":
        return _form(visit, uow, path, record, {"stage": visit.form.get("stage"), "id": visit.key}, [
            attrs.evolve(p, path="stage", message=_named(visit, p)) for p in refusal.problems])  # fmt: skip
    shown = flat(visit.kind, operations.show(uow, visit.kind, record)) | typed(visit, visit.kind, [path.dotted], visit.form)
    return _form(visit, uow, path, record, shown, refusal.problems)


def _named(visit: Visit, problem: Problem) -> str:
    """Return what a stage lacks, with the field's name in front of it."""
    field = visit.kind.fields.get(problem.path)
    said = visit.say(problem.message)
    return f"{visit.say(field.label)}: {said}" if field is not None and problem.path != "stage" else said


def _path(visit: Visit, uow: Uow, name: str) -> Path:
    path = visible_path(uow, visit.kind, name)
    if path is None or not may_edit(visit, uow, visit.kind, path):
        raise Invalid(problems=[Problem(name, "read-only", words.not_here)])
    return path


def _form(visit: Visit, uow: Uow, path: Path, record: Entity, shown: Mapping[str, t.Any], problems: t.Iterable[Problem]) -> View:
    name = path.dotted
    problems = list(problems)
    if name == "stage":
        stages = [(s.name, visit.say(s.label)) for s in visit.kind.pipelines[record.__dict__["pipeline"]].stages.values()]
        said = "; ".join(visit.say(p.message) for p in problems)
        control = Control(
            name="stage", how="choice", label=visit.say(path.field.label), id="cell-stage", value=str(shown.get("stage")), required=True,
            choices=stages or stages_of(visit.kind, visit.language), problem=said,
        )  # fmt: skip
    else:
        made = controls(visit, uow, visit.kind, [name], {**shown, "id": record.id}, problems, prefix="cell")
        if not made:
            raise Invalid(problems=[Problem(name, "read-only", words.not_here)])
        control = made[0]
        rest = [visit.say(p.message) for p in problems if p.path != name]
        if rest:
            control = attrs.evolve(control, problem="; ".join(filter(None, [control.problem, *rest])))
    title = visit.site.shown(visit.kind).title
    named = "" if title in uow.crm.access.hidden(uow.actor, visit.kind) else record.__dict__.get(title)
    label = visit.say(words.edit_cell, field=control.label, name=str(named or f"№ {record.id}"))
    return View("ui/lists/cell.html", c=control, key=record.id, version=record.version, label=label, lw=WORDS, kind=visit.kind,
        status=422 if problems else 200)
