"""Reasons of a loss: one of those for the pipeline, and the competitor where the reason asks for it."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from crmkit import LOST, Invalid, Problem, _

from .entities import LostReason

if t.TYPE_CHECKING:
    from crmkit import Entity, Uow

ANOTHER = _("«{reason}» is no reason in the pipeline «{pipeline}»", ru="«{reason}» не причина для воронки «{pipeline}»")
WHO = _("say to whom the client went", ru="укажите, к кому ушёл клиент")
WATCHED = ("stage", "pipeline", "lost_reason_id", "competitor")


def check_loss(cls: type[Entity], values: Mapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
    """Refuse a loss whose reason does not fit."""
    if before is not None and all(before.get(n) == values.get(n) for n in WATCHED):
        return
    pipeline, key = uow.crm.pipelines.get(values["pipeline"]), values.get("lost_reason_id")
    stage = pipeline.stages.get(values["stage"]) if pipeline is not None else None
    if pipeline is None or stage is None or stage.outcome is not LOST or key is None:
        return
    reason = uow.peek(LostReason, key)
    if reason is None:
        return  # the database says that there is no such record
    if reason.for_pipeline not in (None, pipeline.name, pipeline.like):
        raise Invalid(problems=[Problem("lost_reason_id", "invalid", ANOTHER.format(reason=reason.name, pipeline=pipeline.label))])
    if reason.asks_competitor and not values.get("competitor"):
        raise Invalid(problems=[Problem("competitor", "required", WHO)])
