"""Stage rules, the same for code, API, bulk and import: what a move needs, and what it leaves behind."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

from .errors import Invalid, Misuse, Problem
from .field import REQUIRED
from .kind import Kind
from .model import Entity, Staged
from .pipeline import Pipeline, Stage, StageOf, Verdict
from .text import _

if t.TYPE_CHECKING:
    from .records import Fact
    from .uow import Uow

S = t.TypeVar("S", bound=Staged)
BY_MOVE_ONLY = ("pipeline", "stage", "stage_since")
NOT_ALLOWED = _("a record in «{source}» cannot go to «{target}»", ru="из «{source}» нельзя перейти в «{target}»")
ALREADY = _("the record is already in «{target}»", ru="запись уже на стадии «{target}»")
ARCHIVED = _("the record is archived; restore it first", ru="запись в архиве; сначала восстановите её")
ANOTHER = _("pipeline «{pipeline}» is not for this record", ru="воронка «{pipeline}» не для этой записи")


def start(uow: Uow, kind: Kind, record: Staged, into: StageOf[t.Any] | None) -> None:
    """Put a new record into its first stage; a stage's needs hold here too."""
    if into is not None:
        pipeline, stage = uow.crm.stage(into)
    elif not kind.pipelines:
        raise Misuse(f"{kind.key} has no pipeline: declare Pipeline(..., of={kind.cls.__name__}) in its plugin, or add one in the settings")
    else:
        pipeline, stage = kind.first_pipeline, kind.first_pipeline.first
    if pipeline.of is not kind.cls:
        raise Misuse(f"{pipeline.name!r} is a pipeline of {pipeline.of.__name__}, not of {kind.cls.__name__}")
    record.__dict__.update(pipeline=pipeline.name, stage=stage.name, stage_since=uow.now)
    problems = [*_needs(uow, kind, record, stage, {}), *_guards(uow, record, pipeline, stage)] if into is not None else ()
    if problems:
        raise Invalid(problems=problems)


def can_move(uow: Uow, record: Staged, to: StageOf[t.Any], values: Mapping[str, t.Any]) -> Verdict:
    """Collect everything that stands between a record and a stage. Guards see the record as it is, without `values`."""
    found = _plainly(uow, record, to, values)
    return Verdict(found if found else tuple(_guards(uow, record, *uow.crm.stage(to))))


def _plainly(uow: Uow, record: Staged, to: StageOf[t.Any], values: Mapping[str, t.Any]) -> tuple[Problem, ...]:
    """Return what stands in the way by the pipeline itself: nobody needs to be asked."""
    kind = uow.crm.kind(type(record))
    pipeline, stage = uow.crm.stage(to)
    problems: list[Problem] = []
    if record.__dict__.get("archived_at") is not None:
        problems.append(Problem("", "archived", ARCHIVED))
    if pipeline.of is not kind.cls:
        return (Problem("", "pipeline", ANOTHER.format(pipeline=pipeline.label)),)
    current = uow.crm.pipelines.get(record.pipeline)
    if pipeline.name == record.pipeline:
        source = pipeline.stages.get(record.stage)
        if source is not None and not pipeline.allows(record.stage, stage.name):
            refused = ALREADY if source is stage else NOT_ALLOWED
            problems.append(Problem("", "move", refused.format(source=source.label, target=stage.label)))
    elif current is not None and pipeline.moves is not None and stage.name != pipeline.first.name and record.stage not in pipeline.stages:
        problems.append(Problem("", "move", NOT_ALLOWED.format(source=record.stage, target=stage.label)))
    problems += _accepted(kind, values)
    problems += _needs(uow, kind, record, stage, values)
    return tuple(problems)


def _accepted(kind: Kind, values: Mapping[str, t.Any]) -> Iterator[Problem]:
    for name, value in values.items():
        field = kind.fields.get(name)
        if field is None or field.generated:
            raise Misuse(f"{kind.key} has no field {name!r} that a move can fill in")
        try:
            field.accept(value)
        except Invalid as refusal:
            yield from refusal.problems


def _needs(uow: Uow, kind: Kind, record: Staged, stage: Stage, values: Mapping[str, t.Any]) -> Iterator[Problem]:
    for name in stage.needs:
        if name in values:
            value = values[name]
        elif name in kind.fields:
            value = record.__dict__.get("_waiting", {}).get(name, record.__dict__.get(name))  # a link to a new record has no key yet
        else:
            extension, _dot, own = name.partition(".")
            held = record.get(kind.extensions[extension].cls)
            value = held.__dict__.get(own) if held is not None else None
        if value is None or value == "":
            yield Problem(name, "required", REQUIRED, {"stage": stage.name})


def stage_needs(needs: t.Sequence[str], values: Mapping[str, t.Any]) -> Iterator[Problem]:
    """Return what a stage needs and plain values lack."""
    return (Problem(name, "required", REQUIRED) for name in needs if values.get(name) in (None, ""))


def _guards(uow: Uow, record: Staged, pipeline: Pipeline[t.Any], stage: Stage) -> Iterator[Problem]:
    for guard in stage.guards:
        reason = guard(record, uow)
        if reason:
            yield Problem("", "guard", reason)
    if "crm_can_move" in uow.crm.hooked:
        for answer in uow.crm.hook.crm_can_move(record=record, stage=StageOf(pipeline, stage), uow=uow):
            yield from answer or ()


def move(uow: Uow, record: S, to: StageOf[t.Any], values: Mapping[str, t.Any], kept: Mapping[str, t.Any] | None = None) -> S:
    """Move a record, or refuse with what `can_move` says. Guards see what is filled in with the move.

    `kept` are values of fields that nobody else writes (``generated=True``).
    """
    uow.flush()
    pipeline, stage = uow.crm.stage(to)
    problems = _plainly(uow, record, to, values)
    if not problems:
        held = {name: record.__dict__.get(name) for name in values}
        for name, value in values.items():
            setattr(record, name, value)
        problems = tuple(_guards(uow, record, pipeline, stage))
        if problems:
            record.__dict__.update(held)
    if problems:
        raise Invalid(_("The move is not possible", ru="Перевод невозможен"), problems)
    record.__dict__.update(kept or {}, pipeline=pipeline.name, stage=stage.name, stage_since=uow.now, _moved=True)
    uow.records.touch(record)
    uow.flush()
    return record


def direct_edits(fact: Fact) -> Iterator[Problem]:
    """Catch a required field emptied behind the field's back (``record.__dict__``), and rows without what they must have."""
    values = fact.record.__dict__
    for name, (_old, new) in fact.changes.items():
        field = fact.kind.fields.get(name)
        if field is not None and new is None and not field.nullable and not field.generated:
            yield Problem(name, "required", REQUIRED)
    if fact.before is None:
        for field in fact.kind.fields.values():
            if not field.nullable and not field.generated and field.name != "id" and values.get(field.name) is None:
                yield Problem(field.name, "required", REQUIRED)


def is_move(record: Entity) -> bool:
    """Tell, once, whether the last flush of a record was a move."""
    return bool(record.__dict__.pop("_moved", False))
