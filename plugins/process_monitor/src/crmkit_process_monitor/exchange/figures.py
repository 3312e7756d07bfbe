"""What an imported log says: per step and per employee how often, how long on average and in the middle."""

from __future__ import annotations

import collections
import statistics
import typing as t

import sqlalchemy as sa

from crmkit import Uow

from ..entities import Step, Worker
from ..tables import work

_step, _worker = Step.__table__, Worker.__table__


def figures(uow: Uow, log: int) -> dict[str, t.Any]:
    """Return the figures of a log: of each interval, as other tools count, and of each case, as norms are held against."""
    from .stored import stored_intervals

    names = {row[0]: row[1] for row in uow.connection.execute(sa.select(_step.c.id, _step.c.name).where(_step.c.log_id == log))}
    people = {row[0]: row[1] for row in uow.connection.execute(sa.select(_worker.c.id, _worker.c.name).where(_worker.c.log_id == log))}
    spans: dict[tuple[str, str | None], list[int]] = collections.defaultdict(list)
    for _case, _kind, found in stored_intervals(uow, log):
        for one in found:
            spans["step", names.get(one.step or 0)].append(one.took)
            spans["worker", people.get(one.worker)].append(one.took)
    cases: dict[tuple[str, str | None], set[int]] = collections.defaultdict(set)
    took: dict[tuple[str, str | None], list[int]] = collections.defaultdict(list)
    for case, step, worker, lasted in uow.connection.execute(
        sa.select(work.c.case_id, work.c.step_id, work.c.worker_id, work.c.took).where(work.c.log_id == log)
    ):
        for key in (("step", names[step]), ("worker", people.get(worker))):
            cases[key].add(case)
            took[key].append(lasted)
    told: dict[str, t.Any] = {"steps": {}, "workers": {}}
    for (what, name), values in spans.items():
        key = (what, name)
        told["steps" if what == "step" else "workers"][name or ""] = {
            "n": len(values), "mean_s": _mean(values), "median_s": statistics.median(values) / 1000, "cases": len(cases[key]),
            "mean_case_s": _mean(took[key]), "median_case_s": statistics.median(took[key]) / 1000 if took[key] else None,
        }  # fmt: skip
    return told


def _mean(values: list[int]) -> float | None:
    return sum(values) / len(values) / 1000 if values else None


__all__ = ["figures"]
