"""Time in stage: how long records stayed in each stage, and how long those have been there that are there now."""

# ruff: noqa: RUF009  (figure() declares a field, as attrs.field does)
from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Pipeline, Uow, _

from ..entities import Deal
from .ask import Ask, usual
from .frame import Frame, Tree, entity_of, names, pipeline_of
from .hours import Hours, worked
from .sql import Spread, at, history, micros, spread
from .table import Key, Report, Row, drill_of, figure, keys_of, ordered, report


@attrs.frozen(kw_only=True)
class StageTimeRow(Row):
    """One stage: the stays that ended in the period, and the records that are there now with the age of their stay."""

    stage: str = figure(_("Stage", ru="Стадия"))
    label: str = figure(_("Name of the stage", ru="Название стадии"))
    stays: int = figure(_("Stays that ended", ru="Завершённых пребываний"), 0)
    records: int = figure(_("Records", ru="Записей"), 0)
    mean: dt.timedelta | None = figure(_("Mean", ru="В среднем"), None)
    median: dt.timedelta | None = figure(_("Median", ru="Медиана"), None)
    p75: dt.timedelta | None = figure(_("Three of four within", ru="75% не дольше"), None)
    p90: dt.timedelta | None = figure(_("Nine of ten within", ru="90% не дольше"), None)
    now: int = figure(_("There now", ru="Там сейчас"), 0)
    now_mean: dt.timedelta | None = figure(_("Now: mean", ru="Сейчас: в среднем"), None)
    now_median: dt.timedelta | None = figure(_("Now: median", ru="Сейчас: медиана"), None)
    now_p90: dt.timedelta | None = figure(_("Now: nine of ten within", ru="Сейчас: 90% не дольше"), None)


def time_in_stage(uow: Uow, ask: Ask | None = None, hours: Hours | None = None) -> Report[StageTimeRow]:
    """Return how long stays lasted that ended in the period, by stage; the present ones beside them, by their age.

    Calendar time; with `hours` only working time counts.
    """
    ask = ask or Ask()
    period = usual(ask, uow.now.astimezone(uow.crm.zone).date(), uow.crm.zone)
    frame = Frame(uow, entity_of(uow, ask, Deal), ask, period, needs=("pipeline", "stage", "stage_since"))
    pipeline = pipeline_of(frame)
    table, past = frame.table.c, history(uow)
    base = frame.select(table.id, table.pipeline, table.stage, table.stage_since).cte("base")
    keys = [base.c[name] for name in names(frame)]
    mine = past.c.kind == frame.kind.key, past.c.pipeline == pipeline.name, past.c.left_at >= period.start, past.c.left_at < period.end
    began, ended = micros(uow, past.c.entered_at), micros(uow, past.c.left_at)
    ended_stays = sa.select(*keys, past.c.stage.label("stage"), base.c.id, began.label("began"), ended.label("ended"))
    ended_stays = ended_stays.join_from(base, past, past.c.record_id == base.c.id).where(*mine)
    until = sa.literal_column(str(at(uow.now)), sa.BigInteger)
    here = sa.select(*keys, base.c.stage.label("stage"), base.c.id, micros(uow, base.c.stage_since).label("began"), until.label("ended"))
    here = here.where(base.c.pipeline == pipeline.name)
    by = [*names(frame), "stage"]
    done, going = (spread(uow, _lasted(uow, rows, by, hours), by) for rows in (ended_stays, here))
    rows = _rows(frame, pipeline, done, going)
    return report("stages", StageTimeRow, frame, rows, pipeline=pipeline.name, left_out=frame.left_out(frame.table.c.pipeline == pipeline.name))


def _lasted(uow: Uow, rows: t.Any, by: list[str], hours: Hours | None) -> t.Any:
    """Return rows with `value`: how long each stay lasted."""
    if hours is not None:
        return worked(uow, rows, by, hours)
    inner = rows.subquery()
    return sa.select(*[inner.c[name] for name in (*by, "id")], (inner.c.ended - inner.c.began).label("value"))


def _rows(frame: Frame, pipeline: Pipeline[t.Any], done: dict[t.Any, Spread], going: dict[t.Any, Spread]) -> list[StageTimeRow]:
    groups = dict.fromkeys(key[:-1] for key in (*done, *going))
    named = sorted(((keys_of(frame.splits, key), key) for key in groups), key=lambda g: ordered(g[0]))
    rows = []
    for keys, key in named:
        for stage in pipeline.stages.values():
            past, now = done.get((*key, stage.name)), going.get((*key, stage.name))
            facts: dict[str, t.Any] = {}
            if past is not None:
                facts = {"stays": past.count, "records": past.records, "mean": past.mean, "median": past.median, "p75": past.p75, "p90": past.p90}
            if now is not None:
                facts |= {"now": now.count, "now_mean": now.mean, "now_median": now.median, "now_p90": now.p90}
            rows.append(StageTimeRow(by=keys, stage=stage.name, label=stage.label, drill=_drill(frame, pipeline, keys, stage.name), **facts))
    return rows


def _drill(frame: Frame, pipeline: Pipeline[t.Any], keys: tuple[Key, ...], stage: str) -> dict[str, Tree]:
    own = drill_of(frame.splits, keys)
    been = {"pipeline": pipeline.name, "stage": stage, "left_at": frame.period.within()}
    return {"records": frame.drill(*own, {"been": been}), "now": frame.drill(*own, {"pipeline": pipeline.name, "stage": stage})}
