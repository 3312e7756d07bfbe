"""Won and lost: how many, for how much, and at what rate, by source, dealer, city, manager, reason or month."""

# ruff: noqa: RUF009  (figure() declares a field, as attrs.field does)
from __future__ import annotations

import decimal
import typing as t

import attrs

from crmkit import LOST, WON, Uow, _

from ..entities import Deal
from .ask import Ask, usual
from .frame import Frame, entity_of, pipeline_of
from .sql import ones, scale_of, total, units
from .table import Report, Row, drill_of, figure, keys_of, money, money_of, ordered, part, report


@attrs.frozen(kw_only=True)
class OutcomeRow(Row):
    """What was closed: won and lost, with amounts. `rate` is the share that was won."""

    won: int = figure(_("Won", ru="Выиграно"))
    won_amount: decimal.Decimal | None = figure(_("Won, amount", ru="Выиграно, сумма"), None, money=True)
    lost: int = figure(_("Lost", ru="Потеряно"))
    lost_amount: decimal.Decimal | None = figure(_("Lost, amount", ru="Потеряно, сумма"), None, money=True)
    rate: float | None = figure(_("Share won", ru="Доля выигранных"))


def won_lost(uow: Uow, ask: Ask | None = None) -> Report[OutcomeRow]:
    """Return what came to an end in the period and stands so now: a deal that was reopened since is neither won nor lost."""
    ask = ask or Ask()
    period = usual(ask, uow.now.astimezone(uow.crm.zone).date(), uow.crm.zone)
    frame = Frame(uow, entity_of(uow, ask, Deal), ask, period, needs=("pipeline", "stage", "stage_since"), month="stage_since")
    pipeline = pipeline_of(frame)
    won, lost = ([s.name for s in pipeline.stages.values() if s.outcome is outcome] for outcome in (WON, LOST))
    table = frame.table.c
    amount = table.amount if frame.sees("amount") else None
    closed = [table.pipeline == pipeline.name, table.stage.in_([*won, *lost]), table.stage_since >= period.start, table.stage_since < period.end]
    figures = [ones(table.stage.in_(won)), ones(table.stage.in_(lost))]
    if amount is not None:
        figures += [total(table.stage.in_(stages), units(uow, amount)) for stages in (won, lost)]
    width, keys = len(frame.keys), frame.keys
    statement = frame.select(*figures).where(*closed).group_by(*keys)
    rows = []
    for row in uow.connection.execute(statement):
        found = keys_of(frame.splits, row[:width])
        own = [*drill_of(frame.splits, found), {"pipeline": pipeline.name, "stage_since": period.within()}]
        sums = [money(value, scale_of(amount)) for value in row[width + 2 :]]
        amounts: dict[str, t.Any] = {"won_amount": sums[0], "lost_amount": sums[1]} if sums else {}
        counts: dict[str, t.Any] = {"won": row[width], "lost": row[width + 1], "rate": part(row[width], row[width] + row[width + 1])}
        rows.append(OutcomeRow(
            by=found, **counts, **amounts,
            drill={name: frame.drill(*own, {"stage": {"in": stages}}) for name, stages in (("won", won), ("lost", lost))},
        ))  # fmt: skip
    rows.sort(key=lambda r: ordered(r.by))
    without = frozenset[str]() if amount is not None else money_of(OutcomeRow)
    return report("outcomes", OutcomeRow, frame, rows, pipeline=pipeline.name, left_out=frame.left_out(*closed), without=without)

