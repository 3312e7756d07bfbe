"""Cohorts: of what came in a month, how much became a lead, a deal, a won deal after so many months."""

from __future__ import annotations

import collections
import itertools
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import WON, Kind, Staged, Uow, _

from ..entities import Deal, Inquiry, Lead
from .ask import Ask, Month, Period, iso, next_month, usual
from .frame import Frame, Tree, names
from .sql import number_of
from .table import Key, Report, Row, drill_of, figure, keys_of, ordered, part, report

CHAIN: tuple[type[Staged], ...] = (Inquiry, Lead, Deal)
WAS_WON = _("Won", ru="Выиграно")


@attrs.frozen(kw_only=True)
class CohortRow(Row):
    """Of `size` records created in `month`: how many had reached `step` by the end of the month so many `months` later."""

    month: str = figure(_("Month", ru="Месяц"))
    size: int = figure(_("Came", ru="Поступило"))
    step: str = figure(_("Step", ru="Шаг"))
    label: str = figure(_("Name of the step", ru="Название шага"))
    months: int = figure(_("Months later", ru="Месяцев спустя"))
    converted: int = figure(_("Converted", ru="Превращены"))
    share: float | None = figure(_("Share", ru="Доля"))


@attrs.frozen
class _Step:
    """A step of the chain: a kind, how the one before leads to it, and the path from the first; ``won`` has none of its own."""

    name: str
    label: str
    moment: t.Any
    path: str | None
    won: tuple[str, ...] = ()


def cohorts(uow: Uow, ask: Ask | None = None, chain: tuple[type[Staged], ...] = CHAIN) -> Report[CohortRow]:
    """Return, by month of creation, the share that became something further by the end of each month since.

    `chain` are kinds of records one of which becomes the next, linked either way: inquiry, lead, deal. The last step is won.
    """
    ask = ask or Ask()
    period = usual(ask, uow.now.astimezone(uow.crm.zone).date(), uow.crm.zone)
    frame = Frame(uow, chain[0], ask, period, needs=("created_at",))
    return _Cohorts(frame, [uow.crm.kind(c) for c in chain]).report()


class _Cohorts:
    def __init__(self, frame: Frame, kinds: list[Kind]) -> None:
        self.frame = frame
        today = max(frame.period.until, frame.uow.now.astimezone(frame.period.zone).date())
        self.months = Period(frame.period.since, today, frame.period.zone).months
        created = frame.table.c.created_at
        inside = [created >= frame.period.start, created < frame.period.end]
        born = number_of(created, frame.period, self.months).label("born")
        links = [frame.table.c[f.name] for f in frame.kind.fields.values() if f.to is not None]
        self.inside, self.base = inside, frame.select(frame.table.c.id, born, *links).where(*inside).cte("base")
        self.source: t.Any = self.base
        self.steps: list[_Step] = []
        self._follow(kinds)

    def _follow(self, kinds: list[Kind]) -> None:
        """Join each kind to the one before it, as far as the actor sees; what they may not see did not happen for them."""
        uow, here, path = self.frame.uow, t.cast(t.Any, self.base), t.cast("str | None", "")
        for before, kind in itertools.pairwise(kinds):
            hidden = self.frame.hidden(kind)
            link = _link(before, kind)
            if link is None or not uow.may(kind.permission("read")) or "created_at" in hidden or link[1] in self.frame.hidden(link[0]):
                break
            table = kind.table.alias(f"step_{len(self.steps)}")
            own, field, name = link
            on = table.c.id == here.c[field] if own is before else table.c[field] == here.c.id
            self.source = self.source.outerjoin(table, sa.and_(on, table.c.id.in_(uow.visible(kind.cls))))
            path = f"{path}{name}." if path is not None and own is before else None
            here = table
            self.steps.append(_Step(kind.key.partition(".")[2], kind.label, table.c.created_at, path and f"{path}created_at"))
            won = tuple(s.name for p in kind.pipelines.values() for s in p.stages.values() if s.outcome is WON)
            if kind is kinds[-1] and won and not {"stage", "stage_since", "pipeline"} & hidden:
                self._won(kind, table, path)

    def _won(self, kind: Kind, table: t.Any, path: str | None) -> None:
        pairs = [(p.name, [s.name for s in p.stages.values() if s.outcome is WON]) for p in kind.pipelines.values()]
        is_won = sa.or_(*[sa.and_(table.c.pipeline == name, table.c.stage.in_(stages)) for name, stages in pairs if stages])
        self.won = [{f"{path}pipeline": name, f"{path}stage": {"in": stages}} for name, stages in pairs if stages]
        self.steps.append(_Step("won", WAS_WON, sa.case((is_won, table.c.stage_since)), path and f"{path}stage_since", ("won",)))

    # ---- statement ---------------------------------------------------------------------------------------------
    def _statement(self) -> t.Any:
        """Count, by group and month of creation: all, and for each step those who got there so many months later."""
        keys = [self.base.c[name] for name in names(self.frame)]
        reached = [sa.func.min(s.moment).label(f"at{n}") for n, s in enumerate(self.steps)]
        by = [*keys, self.base.c.born, self.base.c.id]
        first = sa.select(*by, *reached).select_from(self.source).group_by(*by).cte("first")
        own = [first.c[name] for name in names(self.frame)]
        all_of_them = sa.select(*own, first.c.born, sa.literal(-1).label("step"), sa.literal(0).label("lag"), sa.func.count())
        parts = [all_of_them.group_by(*own, first.c.born)]
        for n in range(len(self.steps)):
            moment = sa.type_coerce(first.c[f"at{n}"], self.frame.table.c.created_at.type)
            number = number_of(moment, self.frame.period, self.months)
            lag = sa.case((moment < self.frame.period.moment(self.months[0].first), 0), (number < first.c.born, 0), else_=number - first.c.born)
            one = sa.select(*own, first.c.born, sa.literal(n), lag.label("lag"), sa.func.count()).where(moment.is_not(None))
            parts.append(one.group_by(*own, first.c.born, lag))
        return sa.union_all(*parts)

    def report(self) -> Report[CohortRow]:
        frame, width = self.frame, len(self.frame.keys)
        sizes: dict[tuple[t.Any, ...], int] = {}
        counts: dict[tuple[t.Any, ...], collections.Counter[int]] = collections.defaultdict(collections.Counter)
        for row in frame.uow.connection.execute(self._statement()):
            group, (born, step, lag, count) = tuple(row[:width]), row[width:]
            if step < 0:
                sizes[(*group, born)] = count
            else:
                counts[(*group, born, step)][lag] += count
        named = sorted(((keys_of(frame.splits, key[:-1]), key) for key in sizes), key=lambda g: (ordered(g[0]), g[1][-1]))
        rows = [row for keys, key in named for n in range(len(self.steps)) for row in self._rows(keys, key[-1], n, sizes[key], counts[(*key, n)])]
        return report("cohorts", CohortRow, frame, rows, left_out=frame.left_out(*self.inside))

    def _rows(self, keys: tuple[Key, ...], born: int, number: int, size: int, counts: collections.Counter[int]) -> list[CohortRow]:
        step, month, done, rows = self.steps[number], self.months[born], 0, []
        for lag in range(len(self.months) - born):
            done += counts[lag]
            rows.append(CohortRow(
                by=keys, month=month.name, size=size, step=step.name, label=step.label, months=lag, converted=done, share=part(done, size),
                drill=self._drill(keys, month, step, lag),
            ))  # fmt: skip
        return rows

    def _drill(self, keys: tuple[Key, ...], month: Month, step: _Step, lag: int) -> dict[str, Tree]:
        frame = self.frame
        own = [*drill_of(frame.splits, keys), {"created_at": frame.period.within(month)}]
        trees = {"size": frame.drill(*own)}
        if step.path is not None:
            until = {step.path: {"lt": iso(frame.period.moment(next_month(month.first, lag + 1)))}}
            trees["converted"] = frame.drill(*own, until, {"or": self.won} if step.won else {})
        return trees


def _link(before: Kind, after: Kind) -> tuple[Kind, str, str] | None:
    """Return which of two kinds names the other, by which field, and the name of the hop."""
    for own, other in ((before, after), (after, before)):
        for link in own.links.values():
            if link.target == other.key:
                return own, link.field.name, link.name
    return None
