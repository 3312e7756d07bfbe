"""The funnel: how many records reached each stage, how many went on, where they were lost from."""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import LOST, OPEN, WON, Pipeline, Uow, _

from ..entities import Deal
from .ask import Ask, iso, usual
from .frame import Frame, Tree, entity_of, names, pipeline_of
from .sql import history
from .table import Key, Report, Row, drill_of, figure, keys_of, ordered, part, report

CREATED, ENTERED = "created", "entered"
BASES = (CREATED, ENTERED)


@attrs.frozen(kw_only=True)
class FunnelRow(Row):
    """One stage of a funnel."""

    stage: str = figure(_("Stage", ru="Стадия"))
    label: str = figure(_("Name of the stage", ru="Название стадии"))
    outcome: str = figure(_("Outcome", ru="Исход"))
    reached: int = figure(_("Reached", ru="Дошли"))
    to_next: float | None = figure(_("To the next stage", ru="В следующую стадию"))
    to_won: float | None = figure(_("To won", ru="До успеха"))
    here: int = figure(_("Are here", ru="Сейчас здесь"))
    lost: int = figure(_("Lost from here", ru="Потеряны отсюда"))


@attrs.frozen
class _Level:
    """One row of the funnel: being in one of `stages` means that it was reached."""

    name: str
    label: str
    outcome: str
    stages: tuple[str, ...]


def levels(pipeline: Pipeline[t.Any]) -> list[_Level]:
    """Return the steps of a funnel: open stages in order, then those that are won.

    A stage counts as reached by whoever was in it or in any later one: who went from the first call straight to the offer
    has passed the qualification between them, and a funnel never widens.
    """
    inside = [s for s in pipeline.stages.values() if s.outcome is OPEN]
    won = tuple(s.name for s in pipeline.stages.values() if s.outcome is WON)
    steps = [_Level(s.name, s.label, "open", (*(x.name for x in inside[n:]), *won)) for n, s in enumerate(inside)]
    return steps + [_Level(name, pipeline.stages[name].label, "won", (name,)) for name in won]


def funnel(uow: Uow, ask: Ask | None = None, basis: str = CREATED) -> Report[FunnelRow]:
    """Return how the records of a pipeline went through its stages.

    `basis` ``created``: those created in the period, wherever they got to by now. ``entered``: for each stage those who
    reached it, or any later one, for the first time in the period; then rates compare different records, as a flow does.
    """
    ask = ask or Ask()
    period = usual(ask, uow.now.astimezone(uow.crm.zone).date(), uow.crm.zone)
    frame = Frame(uow, entity_of(uow, ask, Deal), ask, period, needs=("pipeline", "stage", "stage_since", "created_at"), month="created_at")
    return _Funnel(frame, pipeline_of(frame), basis).report()


class _Funnel:
    def __init__(self, frame: Frame, pipeline: Pipeline[t.Any], basis: str) -> None:
        self.frame, self.pipeline, self.basis, self.levels = frame, pipeline, basis, levels(pipeline)
        self.lost = tuple(s.name for s in pipeline.stages.values() if s.outcome is LOST)
        self.won = tuple(s.name for s in pipeline.stages.values() if s.outcome is WON)

    def report(self) -> Report[FunnelRow]:
        frame = self.frame
        created = frame.table.c.created_at
        cohort = [created >= frame.period.start, created < frame.period.end] if self.basis == CREATED else []
        table = frame.table.c
        base = frame.select(table.id, table.pipeline, table.stage, table.stage_since).where(*cohort).cte("base")
        width = len(frame.keys)
        reached = {tuple(row[:width]): tuple(row[width:]) for row in frame.uow.connection.execute(self._reached(base))}
        here, lost = self._present(base, width)
        groups = [(keys_of(frame.splits, key), key) for key in reached]
        rows = [row for keys, key in sorted(groups, key=lambda g: ordered(g[0])) for row in self._rows(keys, reached[key], here[key], lost[key])]
        return report("funnel", FunnelRow, frame, rows, pipeline=self.pipeline.name, left_out=frame.left_out(*cohort))

    # ---- statements --------------------------------------------------------------------------------------------
    def _reached(self, base: t.Any) -> t.Any:
        """Count, by group, those whose first stay at or past each level counts."""
        frame, past = self.frame, history(self.frame.uow)
        mine = past.c.kind == frame.kind.key, past.c.pipeline == self.pipeline.name
        before = sa.select(past.c.record_id.label("id"), past.c.stage, past.c.entered_at).join(base, base.c.id == past.c.record_id).where(*mine)
        now = sa.select(base.c.id, base.c.stage, base.c.stage_since).where(base.c.pipeline == self.pipeline.name)
        stays = sa.union_all(before, now).subquery("stays")
        sets = [*(level.stages for level in self.levels), self.won]
        firsts = [sa.func.min(sa.case((stays.c.stage.in_(stages), stays.c.entered_at))).label(f"r{n}") for n, stages in enumerate(sets)]
        first = sa.select(stays.c.id, *firsts).group_by(stays.c.id).subquery("first")
        counts = [sa.func.count(self._counts(first.c[f"r{n}"])) for n in range(len(sets))]
        keys = [base.c[name] for name in names(frame)]
        return sa.select(*keys, *counts).select_from(base.join(first, first.c.id == base.c.id)).group_by(*keys)

    def _counts(self, moment: t.Any) -> t.Any:
        if self.basis == CREATED:
            return moment
        return sa.case((sa.and_(moment >= self.frame.period.start, moment < self.frame.period.end), 1))

    def _present(self, base: t.Any, width: int) -> tuple[t.Any, t.Any]:
        """Count, by group, who is in each stage, and from which stage those came who are lost."""
        frame, past = self.frame, history(self.frame.uow)
        came = sa.and_(
            past.c.kind == frame.kind.key, past.c.record_id == base.c.id, past.c.left_at == base.c.stage_since, past.c.pipeline == self.pipeline.name,
            past.c.to_pipeline == base.c.pipeline, past.c.to_stage == base.c.stage, base.c.stage.in_(self.lost),
        )  # fmt: skip
        keys = [base.c[name] for name in names(frame)]
        statement = sa.select(*keys, base.c.stage, past.c.stage, sa.func.count(base.c.id.distinct()))
        statement = statement.select_from(base.outerjoin(past, came)).where(base.c.pipeline == self.pipeline.name)
        if self.basis == ENTERED:
            statement = statement.where(base.c.stage_since >= frame.period.start, base.c.stage_since < frame.period.end)
        here: t.Any = collections.defaultdict(collections.Counter)
        lost: t.Any = collections.defaultdict(collections.Counter)
        for *key, stage, origin, count in frame.uow.connection.execute(statement.group_by(*keys, base.c.stage, past.c.stage)):
            if stage in self.lost:
                lost[tuple(key[:width])][origin] += count
            else:
                here[tuple(key[:width])][stage] += count
        return here, lost

    # ---- rows --------------------------------------------------------------------------------------------------
    def _rows(self, keys: tuple[Key, ...], reached: Sequence[int], here: t.Any, lost: t.Any) -> list[FunnelRow]:
        won, rows = reached[-1], []
        inside = sum(level.outcome == "open" for level in self.levels)
        for n, level in enumerate(self.levels):
            following = reached[n + 1] if n + 1 < inside else won
            rates = (part(following, reached[n]), part(won, reached[n])) if level.outcome == "open" else (None, None)
            rows.append(FunnelRow(
                by=keys, stage=level.name, label=level.label, outcome=level.outcome, reached=reached[n], to_next=rates[0], to_won=rates[1],
                here=here[level.name], lost=lost[level.name], drill=self._drill(keys, level),
            ))  # fmt: skip
        return rows

    def _drill(self, keys: tuple[Key, ...], level: _Level) -> dict[str, Tree]:
        frame, name, within = self.frame, self.pipeline.name, self.frame.period.within()
        cohort: Tree = {"created_at": within} if self.basis == CREATED else {}
        own = [*drill_of(frame.splits, keys), cohort]
        stays: Tree = {"pipeline": name, "stage": {"in": list(level.stages)}}
        first: Tree = {}
        if self.basis == ENTERED:
            first = {"not": {"been": {**stays, "entered_at": {"lt": iso(frame.period.start)}}}}
            stays["entered_at"] = within
        since: Tree = {"stage_since": within} if self.basis == ENTERED else {}
        came = {"pipeline": name, "stage": level.name, "to_stage": {"in": list(self.lost)}, "last": True}
        return {
            "reached": frame.drill(*own, {"been": stays}, first),
            "here": frame.drill(*own, since, {"pipeline": name, "stage": level.name}),
            "lost": frame.drill(*own, since, {"pipeline": name, "stage": {"in": list(self.lost)}, "been": came}),
        }
