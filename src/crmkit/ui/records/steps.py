"""The stages of a record: those it passed, the one it is in, those to come."""

from __future__ import annotations

import typing as t

import attrs

from ...core.pipeline import OPEN, WON
from ...core.text import translate
from ..cells import color_of_stage
from ..forms.ids import id_of
from ..shown import path_of

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.model import Entity
    from ..visit import Visit
    from .rights import Rights


@attrs.frozen(kw_only=True)
class Step:
    """One stage. `state` is ``past``, ``now`` or ``ahead``; `outcome` ``open``, ``won`` or ``lost``; `allowed` that one may go there."""

    name: str
    label: str
    state: str
    outcome: str
    allowed: bool
    color: str


@attrs.frozen(kw_only=True)
class Steps:
    """The stepper of a record."""

    id: str
    pipeline: str
    label: str
    steps: list[Step]
    move: str
    version: int
    since: t.Any


def steps_of(visit: Visit, kind: Kind, record: Entity, rights: Rights) -> Steps | None:
    """Return the stepper of a record; None for kinds without stages."""
    if not kind.staged:
        return None
    held = record.__dict__
    pipeline = kind.pipelines.get(held["pipeline"])
    if pipeline is None:
        return None
    now, names = held["stage"], list(pipeline.stages)
    at = names.index(now) if now in names else -1
    closed = at >= 0 and pipeline.stages[now].outcome is not OPEN
    steps = []
    for number, (name, stage) in enumerate(pipeline.stages.items()):
        passed = number < at and stage.outcome is OPEN and (not closed or pipeline.stages[now].outcome is WON)
        state = "now" if name == now else "past" if passed else "ahead"
        steps.append(Step(name=name, label=translate(stage.label, visit.language), state=state, outcome=stage.outcome.value,
            allowed=name != now and pipeline.allows(now, name), color=color_of_stage(pipeline, name)))  # fmt: skip
    may = record.archived_at is None and rights.can("move")
    return Steps(
        id=id_of(visit, "steps", kind.key, record.id), pipeline=pipeline.name,
        label=translate(pipeline.label, visit.language), steps=steps, version=record.version, since=held.get("stage_since"),
        move=visit.url(f"{path_of(kind, record.id)}/move") if may else "",
    )  # fmt: skip


__all__ = ["Step", "Steps", "steps_of"]
