"""Moving a record to another stage, from wherever: boards, a record's stepper, a menu. What a stage lacks is asked for."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

import attrs
import sqlalchemy as sa

from ...core import operations
from ...core.errors import Invalid, Problem, Refusal, Stale
from ...core.kind import Kind
from ...core.ledger import journal
from ...core.text import Text, translate
from ...web.problems import NoSuchPath
from .. import formats
from ..controls import Control, controls, flat, nested, typed
from ..results import Toast, View
from . import words
from .page import WORDS

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

OWN = frozenset({"stage", "pipeline", "version"})
HOPELESS = frozenset({"move", "archived", "pipeline", "unknown"})
"""Problems that no form can mend."""


def moved(visit: Visit, uow: Uow) -> Toast:
    """POST /sales/deal/5/move: `stage`, and if wanted `pipeline`, the `version` that was seen, and fields the stage needs."""
    kind, form = visit.kind, visit.form
    if not kind.staged:
        raise NoSuchPath()
    given = form.get("version", "")
    version = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    values = nested(kind, typed(visit, kind, _asked(kind, form), form))
    try:
        record = operations.move(uow, kind, visit.key, form.get("stage", ""), form.get("pipeline") or None, values, version)
    except Stale as stale:
        raise Stale(_who_changed(visit, uow, kind, stale), stale.current_version) from stale
    stage = uow.crm.pipelines[record.__dict__["pipeline"]].stages[record.__dict__["stage"]]
    return Toast(words.moved.format(stage=stage.label), undo=uow.tx, topics=(kind.key,))


def asked_again(visit: Visit, uow: Uow, refusal: Refusal) -> View:
    """Return the form that asks for what a stage needs; a refusal nobody can mend by filling something in stays one."""
    kind, form = visit.kind, visit.form
    if not isinstance(refusal, Invalid) or any(p.code in HOPELESS and p.path in ("", "stage", "pipeline") for p in refusal.problems):
        raise refusal
    record = uow.get(kind.cls, visit.key)
    stage = operations.find_stage(uow, kind, form.get("stage", ""), form.get("pipeline") or record.__dict__["pipeline"]).stage
    posted = _asked(kind, form)
    names = list(dict.fromkeys([*(n for n in stage.needs if n in posted), *posted, *_fillable(kind, (p.path for p in refusal.problems))]))
    held = flat(kind, operations.show(uow, kind, record)) | typed(visit, kind, posted, form)
    told = refusal.problems if posted else ()
    fields = [attrs.evolve(c, required=c.required or c.name in stage.needs) for c in controls(visit, uow, kind, names, held, told, prefix="need")]
    fillable = uow.crm.access.may(uow.actor, kind.permission("change"), record)
    wanted = [p.path for p in refusal.problems if p.path and p.path not in {c.name for c in fields}]
    if not fields or not fillable or any(path in names for path in wanted):
        raise _nobody(visit, kind, stage.label, refusal, wanted or [c.name for c in fields])
    rest = [p for p in refusal.problems if p.path not in {c.name for c in fields}]
    return View("ui/boards/needs.html", status=422, stage=stage, fields=fields, problems=rest, hidden=_hidden(visit), bw=WORDS, again=bool(posted))


def _asked(kind: Kind, form: t.Mapping[str, str]) -> list[str]:
    """Return the fields a form fills in."""
    return _fillable(kind, (n for n in form if n not in OWN))


def _fillable(kind: Kind, names: Iterable[str]) -> list[str]:
    """Return those names that are fields of the record or of its extensions."""
    found = []
    for name in names:
        stem, dot, last = name.partition(".")
        extension = kind.extensions.get(stem)
        if (not dot and name in kind.fields) or (extension is not None and last in extension.fields):
            found.append(name)
    return found


def _hidden(visit: Visit) -> list[tuple[str, str]]:
    return [(name, visit.form[name]) for name in ("stage", "pipeline", "version") if name in visit.form]


def _nobody(visit: Visit, kind: Kind, stage: Text, refusal: Invalid, paths: t.Sequence[str]) -> Refusal:
    """Return the refusal for fields that the actor may not fill in, by their labels."""
    labels = [translate(visit.site.shown(kind).path(p).field.label, visit.language) for p in _fillable(kind, paths)]
    if not labels:
        return refusal
    message = words.cannot_fill.format(stage=stage, fields=", ".join(dict.fromkeys(labels)))
    return Invalid(message, [Problem(p.path, p.code, message) for p in refusal.problems[:1]])


def _who_changed(visit: Visit, uow: Uow, kind: Kind, stale: Stale) -> str:
    c = journal.c
    statement = sa.select(c.actor, c.at).where(c.kind == kind.key, c.record_id == visit.key).order_by(c.id.desc()).limit(1)
    row = uow.connection.execute(statement).first()
    if row is None:
        return stale.message
    when = formats.near(row.at, visit.now, visit.language, visit.zone)
    return words.changed_by.format(who=row.actor, when=when[:1].lower() + when[1:])


__all__ = ["Control", "asked_again", "moved"]
