# ruff: noqa: RUF009  (figure() declares a field, as attrs.field does)
"""The forecast: open deals by the month they are expected to close, weighted by probability, beside what was won already."""

from __future__ import annotations

import decimal
import typing as t
from collections.abc import Mapping

import attrs
import sqlalchemy as sa

from crmkit import OPEN, WON, Pipeline, Uow, _

from ..entities import Deal
from .ask import Ask, Month, usual
from .frame import Frame, Tree, entity_of, pipeline_of
from .sql import month_of, ones, scale_of, total, units
from .table import Report, Row, drill_of, figure, keys_of, money, money_of, ordered, report

BEFORE, LATER, UNDATED = "before", "later", "undated"
NAMES = {
    BEFORE: _("Before the period", ru="До периода"), LATER: _("Later", ru="Позже"), UNDATED: _("No date", ru="Без даты"),
}  # fmt: skip


@attrs.frozen(kw_only=True)
class ForecastRow(Row):
    """One month: open deals expected to close in it, and what was won in it. `before`, `later` and `undated` come beside the months.

    `expected` is what was won and the weighted amount of what is open.
    """

    month: str = figure(_("Month", ru="Месяц"))
    label: str = figure(_("Name", ru="Название"))
    open: int = figure(_("Open", ru="Открыто"), 0)
    amount: decimal.Decimal | None = figure(_("Amount", ru="Сумма"), None, money=True)
    weighted: decimal.Decimal | None = figure(_("Weighted", ru="С учётом вероятности"), None, money=True)
    won: int = figure(_("Won", ru="Выиграно"), 0)
    won_amount: decimal.Decimal | None = figure(_("Won, amount", ru="Выиграно, сумма"), None, money=True)
    expected: decimal.Decimal | None = figure(_("Expected in all", ru="Всего ожидается"), None, money=True)


def forecast(uow: Uow, ask: Ask | None = None) -> Report[ForecastRow]:
    """Return what open deals promise, by month, from this one to the fifth after it unless asked otherwise.

    The weighted amount is the sum of the deals' `expected_amount`: each by its own probability, else by its stage's.
    """
    ask = ask or Ask()
    period = usual(ask, uow.now.astimezone(uow.crm.zone).date(), uow.crm.zone, ahead=5)
    frame = Frame(uow, entity_of(uow, ask, Deal), ask, period, needs=("pipeline", "stage", "stage_since", "closes_on"))
    return _Forecast(frame, pipeline_of(frame)).report()


class _Forecast:
    def __init__(self, frame: Frame, pipeline: Pipeline[t.Any]) -> None:
        self.frame, self.pipeline = frame, pipeline
        self.open, self.won = ([s.name for s in pipeline.stages.values() if s.outcome is o] for o in (OPEN, WON))
        self.closes, self.there = frame.table.c.closes_on, frame.table.c.pipeline == pipeline.name
        self.amount = frame.table.c.amount if frame.sees("amount") else None
        self.weighs = self.amount is not None and frame.sees("expected_amount")

    def report(self) -> Report[ForecastRow]:
        frame = self.frame
        found: dict[tuple[t.Any, ...], dict[str, t.Any]] = {}
        for statement, figures in (self._expected(), self._closed()):
            for row in frame.uow.connection.execute(statement):
                key, values = tuple(row[: -len(figures)]), row[-len(figures) :]
                found.setdefault(key, {}).update(zip(figures, values, strict=True))
        groups = {key[:-1]: keys_of(frame.splits, key[:-1]) for key in found}
        months = [(m.name, m.name, m) for m in frame.period.months]
        beside: dict[str, tuple[str, str, Month | None]] = {name: (name, label, None) for name, label in NAMES.items()}
        places = [beside[BEFORE], *months, beside[LATER], beside[UNDATED]]
        rows = [
            self._row(keys, name, label, month, found.get((*group, name), {}))
            for group, keys in sorted(groups.items(), key=lambda g: ordered(g[1])) for name, label, month in places
            if month is not None or (*group, name) in found
        ]  # fmt: skip
        without = frozenset[str]() if self.weighs else money_of(ForecastRow) if self.amount is None else frozenset({"weighted", "expected"})
        stages = [self.there, frame.table.c.stage.in_(self.open)]
        return report("forecast", ForecastRow, frame, rows, pipeline=self.pipeline.name, left_out=frame.left_out(*stages), without=without)

    # ---- statements --------------------------------------------------------------------------------------------
    def _expected(self) -> tuple[t.Any, list[str]]:
        """Open deals, by the month they are expected to close."""
        frame, period = self.frame, self.frame.period
        bucket = sa.case(
            (self.closes.is_(None), UNDATED), (self.closes < period.since, BEFORE), (self.closes > period.until, LATER),
            else_=month_of(self.closes, period, period.months),
        ).label("bucket")  # fmt: skip
        figures: dict[str, t.Any] = {"open": sa.func.count()}
        if self.amount is not None:
            figures["amount"] = total(sa.true(), units(frame.uow, self.amount))
        if self.weighs:
            figures["weighted"] = total(sa.true(), units(frame.uow, frame.table.c.expected_amount))
        statement = frame.select(bucket, *figures.values()).where(self.there, frame.table.c.stage.in_(self.open))
        return statement.group_by(*frame.keys, bucket), list(figures)

    def _closed(self) -> tuple[t.Any, list[str]]:
        """Deals won in the period, by month."""
        frame, period, since = self.frame, self.frame.period, self.frame.table.c.stage_since
        bucket = month_of(since, period, period.months).label("bucket")
        figures: dict[str, t.Any] = {"won": ones(sa.true())}
        if self.amount is not None:
            figures["won_amount"] = total(sa.true(), units(frame.uow, self.amount))
        inside = [self.there, frame.table.c.stage.in_(self.won), since >= period.start, since < period.end]
        return frame.select(bucket, *figures.values()).where(*inside).group_by(*frame.keys, bucket), list(figures)

    # ---- rows --------------------------------------------------------------------------------------------------
    def _row(self, keys: t.Any, name: str, label: str, month: Month | None, found: Mapping[str, t.Any]) -> ForecastRow:
        facts: dict[str, t.Any] = {"open": found.get("open", 0), "won": found.get("won", 0)}
        if self.amount is not None:
            scale = scale_of(self.amount)
            facts |= {n: money(found.get(n, 0), scale) for n in ("amount", "won_amount")}
            if self.weighs:
                facts["weighted"] = money(found.get("weighted", 0), scale_of(self.frame.table.c.expected_amount))
                facts["expected"] = facts["won_amount"] + facts["weighted"]
        return ForecastRow(by=keys, month=name, label=label, drill=self._drill(keys, name, month), **facts)

    def _drill(self, keys: t.Any, name: str, month: Month | None) -> dict[str, Tree]:
        frame, period = self.frame, self.frame.period
        own = [*drill_of(frame.splits, keys), {"pipeline": self.pipeline.name}]
        beside: dict[str, Tree] = {BEFORE: {"lt": period.since.isoformat()}, LATER: {"gt": period.until.isoformat()}, UNDATED: {"empty": True}}
        days = beside.get(name) or period.days(month)
        trees: dict[str, Tree] = {"open": frame.drill(*own, {"stage": {"in": self.open}, "closes_on": days})}
        if month is not None:
            trees["won"] = frame.drill(*own, {"stage": {"in": self.won}, "stage_since": period.within(month)})
        return trees
