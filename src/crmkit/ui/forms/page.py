"""Forms for a new record and for editing one: the API's own checks, its errors at their fields, nothing lost, nothing done twice."""

from __future__ import annotations

import re
import secrets
import typing as t

import attrs

from ...core import operations
from ...core.errors import Conflict, Invalid, NotFound, Problem, Refusal, Stale, Unavailable
from ...core.text import translate
from ...web.idempotency import once
from ..controls import flat, from_text, nested, typed
from ..results import Redirect, View
from ..shown import path_of
from . import about, words
from .conflicts import base_of, clashes, save
from .fields import grouped, names_of_form

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.kind import Kind
    from ...core.model import Entity
    from ...core.text import Text
    from ...core.uow import Uow
    from ...web.answer import Answer
    from ..results import Result
    from ..visit import Form, Visit

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
STAGED = ("stage", "pipeline")
HERE = (Invalid, Stale, Conflict, Unavailable)
"""What a form is shown again for; whoever may not, or not see, gets the page that says so."""


# ---- new --------------------------------------------------------------------------------------------------------------
def new(visit: Visit, uow: Uow) -> Result:
    """GET /sales/deal/new?company_id=5: an empty form, with what the address says filled in."""
    kind = visit.kind
    uow.require(kind.permission("create"))
    return _new_form(visit, uow, kind, preset(visit, uow, kind), (), None, secrets.token_urlsafe(12))


def create(visit: Visit, uow: Uow) -> Result | Answer:
    """POST /sales/deal/new: create a record from the form; the form comes back with what is wrong."""
    key = visit.form.get("_key", "")
    if not KEY.fullmatch(key):
        return _created(visit, uow)
    return once(uow, visit.call, f"form:{key}", lambda uow: visit.answer(_created(visit, uow)))


def new_again(visit: Visit, uow: Uow, refusal: Refusal) -> Result:
    """The form once more, with what is wrong at its fields."""
    if not isinstance(refusal, HERE):
        raise refusal
    kind, form, key = visit.kind, visit.form, visit.form.get("_key", "")
    problems = refusal.problems or (Problem("", refusal.code, refusal.message),)
    if any(p.code == "reused" for p in problems):
        problems, key = (Problem("", "reused", words.sent_before),), secrets.token_urlsafe(12)
    return _new_form(visit, uow, kind, {}, problems, form, key)


def preset(visit: Visit, uow: Uow, kind: Kind) -> dict[str, t.Any]:
    """Return the values an address presets: ``?company_id=5&title=…``; `_name` is what was typed into a chooser."""
    shown = visit.site.shown(kind)
    found = {n: from_text(visit, shown.path(n).field, visit.query[n]) for n in names_of_form(visit, uow, kind) if n in visit.query}
    if "_name" in visit.query and shown.title in kind.fields and not kind.fields[shown.title].generated:
        found.setdefault(shown.title, visit.query["_name"])
    return found


def ticked(kind: Kind) -> dict[str, bool]:
    """Return the boxes that are ticked on a new form: an empty box says no, and would undo a default of yes."""
    known = attrs.fields_dict(t.cast(t.Any, kind.cls))
    return {name: True for name, field in kind.fields.items() if field.type is bool and name in known and known[name].default is True}


def _created(visit: Visit, uow: Uow) -> Result:
    kind, form = visit.kind, visit.form
    given = typed(visit, kind, names_of_form(visit, uow, kind), form)
    look = visit.site.shown(kind).path
    values = nested(kind, {n: v for n, v in given.items() if form[n].strip() or look(n).field.type is bool})
    values |= {name: form[name] for name in STAGED if kind.staged and form.get(name)} | about.values(kind, form)
    record = operations.create(uow, kind, values)
    uow.settle()
    if form.get("_pick"):
        return View("ui/forms/picked.html", token=form["_pick"], id=record.id, name=_name(visit, uow, kind, record))
    return Redirect(_onward(visit, uow, kind, record), say=words.created)


def _name(visit: Visit, uow: Uow, kind: Kind, record: Entity) -> str:
    shown = operations.show(uow, kind, record)
    return str(shown.get(visit.site.shown(kind).title) or f"№ {record.id}")


def _onward(visit: Visit, uow: Uow, kind: Kind, record: Entity) -> str:
    """Return where to go on: where the form was asked to, else the record, or what it is a part of or is about."""
    asked = visit.form.get("_next", "")
    if asked.startswith("/") and not asked.startswith(("//", "/\\")):
        return asked
    if kind.whole is not None:
        return path_of(uow.crm.kinds[kind.whole.target], record.__dict__[kind.whole.field.name])
    for field in kind.abouts:
        other = uow.crm.kinds.get(record.__dict__[t.cast(str, field.about)])
        if other is not None:
            return path_of(other, record.__dict__[field.name])
    return path_of(kind, record.id)


def _new_form(
    visit: Visit, uow: Uow, kind: Kind, values: Mapping[str, t.Any], problems: t.Sequence[Problem], form: Form | None, key: str,
) -> View:  # fmt: skip
    source: Mapping[str, str] = form if form is not None else visit.query
    stage, pipeline = (source.get(n, "") for n in STAGED)
    needed = _needs(kind, stage, pipeline)
    groups = grouped(visit, uow, kind, {**ticked(kind), **values}, problems, more=visit.say(words.more_fields), prefix=_prefix(visit, "n"),
        typed=form, open_ones=frozenset({*values, *needed}))  # fmt: skip
    chooser = about.control(visit, uow, kind, source, problems, _prefix(visit, "n"))
    if chooser is not None:
        groups[0].controls.append(chooser)
        problems = about.renamed(kind, problems)
    hidden = {n: source.get(n, "") for n in ("_next", "_pick")} | {"_key": key, "stage": stage}
    pipelines = [(name, translate(p.label, visit.language)) for name, p in kind.pipelines.items()]
    if len(pipelines) < 2 or stage:
        hidden["pipeline"], pipelines = pipeline, []
    return View(
        "ui/forms/form.html", status=422 if problems else 200, f=words, kind=kind, icon_name=visit.site.shown(kind).icon, groups=groups,
        title=visit.say(words.new, kind=_within(kind.label, visit.language)), action=visit.url(f"{path_of(kind)}/new"),
        hidden={n: v for n, v in hidden.items() if v},
        wrong=_wrong(visit, groups, problems), pipelines=pipelines, pipeline=pipeline, stage=_stage_label(visit, kind, stage, pipeline),
        button=words.create, back=_back(visit, kind), record=None, clashes=[], list_path=path_of(kind),
    )  # fmt: skip


def _within(label: Text, language: str) -> str:
    """Return the name of an entity as it stands within an English title: "New point of sale", but "New SLA"."""
    said = translate(label, language)
    return said[:1].lower() + said[1:] if language == "en" and said[1:2].islower() else said


def _needs(kind: Kind, stage: str, pipeline: str) -> tuple[str, ...]:
    for one in kind.pipelines.values():
        if stage in one.stages and (not pipeline or one.name == pipeline):
            return one.stages[stage].needs
    return ()


def _stage_label(visit: Visit, kind: Kind, stage: str, pipeline: str) -> str:
    for one in kind.pipelines.values():
        if stage in one.stages and (not pipeline or one.name == pipeline):
            return translate(one.stages[stage].label, visit.language)
    return ""


# ---- edit -------------------------------------------------------------------------------------------------------------
def edit(visit: Visit, uow: Uow) -> Result:
    """GET /sales/deal/5/edit: the form for all fields of a record."""
    kind = visit.kind
    record = _held(visit, uow, kind)
    values = flat(kind, operations.show(uow, kind, record))
    return _edit_form(visit, uow, kind, record, values, (), None)


def change(visit: Visit, uow: Uow) -> Result:
    """POST /sales/deal/5/edit: what was changed in the form is saved, and nothing else."""
    kind = visit.kind
    record, changes = save(visit, uow, kind, visit.key, names_of_form(visit, uow, kind), visit.form)
    uow.settle()
    return Redirect(_onward(visit, uow, kind, record), say=words.saved if changes else words.nothing_changed)


def edit_again(visit: Visit, uow: Uow, refusal: Refusal) -> Result:
    """The form once more: with what is wrong, and with what was changed meanwhile, to choose from."""
    if not isinstance(refusal, HERE):
        raise refusal
    kind = visit.kind
    record = _held(visit, uow, kind)
    values = flat(kind, operations.show(uow, kind, record))
    problems = () if isinstance(refusal, Stale) else refusal.problems or (Problem("", refusal.code, refusal.message),)
    return _edit_form(visit, uow, kind, record, values, problems, visit.form)


def _held(visit: Visit, uow: Uow, kind: Kind) -> Entity:
    uow.require(kind.permission("read"))
    record = uow.get(kind.cls, visit.key)
    uow.require(kind.permission("change"), record)
    if record.archived_at is not None and operations.merged_into(uow, kind, record.id) is not None:
        raise NotFound()
    return record


def _edit_form(
    visit: Visit, uow: Uow, kind: Kind, record: Entity, values: Mapping[str, t.Any], problems: t.Sequence[Problem], form: Form | None,
) -> View:  # fmt: skip
    names = names_of_form(visit, uow, kind)
    found = clashes(visit, uow, kind, record, names, form) if form is not None else []
    # What only the other changed stands there as it is now; what both changed stands there as it was typed, with the choice.
    kept = None if form is None else {n: v for n, v in form.items() if n not in {c.name for c in found if not c.both}}
    groups = grouped(visit, uow, kind, values, problems, more=visit.say(words.more_fields), prefix=_prefix(visit, f"e{record.id}"), typed=kept,
        open_ones=frozenset(c.name for c in found))  # fmt: skip
    hidden = {"_version": str(record.version), "_was": base_of(visit, kind, [c.name for g in groups for c in g.controls], values),
        "_next": (form or visit.query).get("_next", "")}  # fmt: skip
    name = _name(visit, uow, kind, record)
    return View(
        "ui/forms/form.html", status=422 if form is not None else 200, f=words, kind=kind, icon_name=visit.site.shown(kind).icon, groups=groups,
        title=visit.say(words.edit, name=name), action=visit.url(f"{path_of(kind, record.id)}/edit"), hidden={n: v for n, v in hidden.items() if v},
        wrong=_wrong(visit, groups, problems), pipelines=[], pipeline="", stage="", button=words.save, back=path_of(kind, record.id),
        record=record, clashes=found, list_path=path_of(kind), name=name,
    )  # fmt: skip


# ---- both -------------------------------------------------------------------------------------------------------------
def _prefix(visit: Visit, word: str) -> str:
    """Keep the ids of two forms apart that are open beside each other."""
    return f"{visit.window_id or 'p'}-{word}"


def _back(visit: Visit, kind: Kind) -> str:
    asked = visit.query.get("_next", "") or visit.form.get("_next", "")
    return asked if asked.startswith("/") and not asked.startswith(("//", "/\\")) else path_of(kind)


def _wrong(visit: Visit, groups: t.Sequence[t.Any], problems: t.Sequence[Problem]) -> list[tuple[str, str, str]]:
    """Return the summary of what is wrong: the id and label of the control (nothing where there is none), and the message."""
    shown = {c.name: c for g in groups for c in g.controls}
    found = []
    for problem in problems:
        control = shown.get(problem.path)
        message = translate(problem.message, visit.language)
        found.append((control.id if control else "", control.label if control else "", message))
    return found


__all__ = ["change", "create", "edit", "edit_again", "new", "new_again", "preset"]
