"""What all reports share: rights, row rules, the records that count, what they are split by, and the lists behind figures."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from crmkit import Forbidden, Invalid, Kind, Permission, Pipeline, Problem, Staged, Uow, _

from ..entities import Assignee
from .ask import Ask, Period
from .sql import month_of

READ = Permission("sales.reports.read", _("See sales reports", ru="Видеть отчёты по продажам"))
HIDDEN = _("You may not see what this report is made of: {names}", ru="Вам не видно то, из чего складывается этот отчёт: {names}")
CHOOSE = _("choose one of: {known}", ru="выберите одно из: {known}")
TWICE = _("named twice", ru="указано дважды")
NO_FIELD = _("these records have no {name} that you may see", ru="у этих записей нет поля «{name}», которое вам видно")
MOST = 3
# What figures may be split by: the fields it may be, the first one that the records have.
SPLITS: dict[str, tuple[str, ...]] = {
    "owner": ("owner_id",), "team": ("team_id",), "source": ("source_id", "source"), "channel": ("channel",), "dealer": ("dealer_id",),
    "point_of_sale": ("point_of_sale_id",), "city": ("city", "dealer.city", "point_of_sale.city"),
    "lost_reason": ("lost_reason_id", "lost_reason"), "stage": ("stage",), "category": ("category", "forecast_category"),
}  # fmt: skip
LABELS = {
    "owner": _("Manager", ru="Менеджер"), "team": _("Team", ru="Команда"), "source": _("Source", ru="Источник"),
    "channel": _("Channel", ru="Канал"), "dealer": _("Dealer", ru="Дилер"), "point_of_sale": _("Point of sale", ru="Точка продаж"),
    "city": _("City", ru="Город"), "lost_reason": _("Lost because", ru="Причина отказа"), "stage": _("Stage", ru="Стадия"),
    "category": _("Category", ru="Категория"), "month": _("Month", ru="Месяц"),
}  # fmt: skip
Tree = dict[str, t.Any]


class Split:
    """One thing figures are split by: a column of the statement, with the name of what it points to where there is one."""

    def __init__(self, name: str, field: str, key: t.Any, shown: t.Any = None, period: Period | None = None) -> None:
        self.name, self.field, self.period = name, field, period
        self.columns = [key.label(f"k_{name}"), *([shown.label(f"n_{name}")] if shown is not None else [])]

    def drill(self, value: t.Any) -> Tree:
        """Return the filter of the records with this value."""
        if self.period is not None:
            month = next((m for m in self.period.months if m.name == value), None)
            return {self.field: self.period.within(month)}
        plain = getattr(value, "value", value)
        return {self.field: {"empty": True} if plain is None else plain}


class Frame:
    """One report's records: of one kind, under the actor's row rules, as asked.

    `source` and `conditions` make a select of them; `keys` are the columns they are split by. `tree` is the filter that
    makes a list of the same records, and `drill` adds a figure's own.
    """

    def __init__(self, uow: Uow, of: type[Staged], ask: Ask, period: Period, *, needs: Iterable[str] = (), month: str | None = None) -> None:
        uow.require(READ)
        self.uow, self.ask, self.period, self.kind = uow, ask, period, uow.crm.kind(of)
        uow.require(self.kind.permission("read"))
        self._hides: dict[str, frozenset[str]] = {}
        unseen = sorted(n for n in needs if not self.sees(n))
        if unseen:
            raise Forbidden(HIDDEN.format(names=", ".join(str(self.kind.fields[n].label) for n in unseen)))
        self.table, self.source = self.kind.table, t.cast(t.Any, self.kind.table)
        self.tree = self._tree()
        self.seen = uow.visible(of, filter=self.tree or None)
        self._joined: dict[str, t.Any] = {}
        self.splits = self._splits(month)

    # ---- rights ------------------------------------------------------------------------------------------------
    def hidden(self, kind: Kind) -> frozenset[str]:
        """Return the fields of a kind that the actor does not see."""
        if self.uow.elevated:
            return frozenset()
        if kind.key not in self._hides:
            self._hides[kind.key] = self.uow.crm.access.hidden(self.uow.actor, kind)
        return self._hides[kind.key]

    def sees(self, dotted: str) -> bool:
        """True when the records have a field, reached over one link at most, and the actor may see it."""
        try:
            path = self.kind.path(dotted, self.uow.crm.kinds)
        except LookupError:
            return False
        here = self.kind
        for hop in path.hops:
            link = here.links.get(hop.name)
            if link is None or link.field.name in self.hidden(here):
                return False
            here = self.uow.crm.kinds[link.target]
            if not self.uow.may(here.permission("read")):
                return False
        return path.field.name not in self.hidden(here)

    # ---- which records -----------------------------------------------------------------------------------------
    def _tree(self) -> Tree:
        ask, parts = self.ask, []
        for name, field, given, below in (
            ("owner", "owner_id", ask.owner, False), ("team", "team_id", ask.team, True), ("dealer", "dealer_id", ask.dealer, True),
        ):  # fmt: skip
            if given is not None:
                if not self.sees(field):
                    raise Invalid(problems=[Problem(name, "unknown", NO_FIELD.format(name=LABELS[name]))])
                parts.append({field: {"below": [given]} if below else given})
        if ask.filter:
            parts.append(dict(ask.filter))
        return {"and": parts} if parts else {}

    @property
    def conditions(self) -> list[t.Any]:
        """What a record must be to count."""
        return [self.table.c.id.in_(self.seen), *self._archived(self.ask.archived)]

    def _archived(self, archived: bool | None) -> list[t.Any]:
        column = self.table.c.archived_at
        return [] if archived is None else [column.is_not(None) if archived else column.is_(None)]

    def left_out(self, *conditions: t.Any) -> int:
        """Return how many archived records would have counted too."""
        if self.ask.archived is not False:
            return 0
        statement = sa.select(sa.func.count()).select_from(self.table)
        statement = statement.where(self.table.c.id.in_(self.seen), *self._archived(True), *conditions)
        return self.uow.connection.execute(statement).scalar_one()

    def drill(self, *trees: Mapping[str, t.Any]) -> Tree:
        """Return the filter of the list that makes up a figure; `archived` of the report belongs to it."""
        return {"and": [part for part in (self.tree, *trees) if part]}

    # ---- split by ----------------------------------------------------------------------------------------------
    def _splits(self, month: str | None) -> list[Split]:
        known = [name for name, fields in SPLITS.items() if name != "stage" and any(self.sees(f) for f in fields)] + (["month"] if month else [])
        wrong = CHOOSE.format(known=", ".join(known))
        problems = [Problem("by", "unknown", wrong) for name in self.ask.by if name not in known]
        if len(set(self.ask.by)) != len(self.ask.by):
            problems.append(Problem("by", "repeated", TWICE))
        if len(self.ask.by) > MOST:
            problems.append(Problem("by", "invalid", _("at most {most}", ru="не больше {most}").format(most=MOST)))
        if problems:
            raise Invalid(problems=problems)
        return [self._split(name, month) for name in self.ask.by]

    def _split(self, name: str, month: str | None) -> Split:
        if name == "month":
            field = t.cast(str, month)
            return Split(name, field, month_of(self.table.c[field], self.period, self.period.months), period=self.period)
        field = next(f for f in SPLITS[name] if self.sees(f))
        if name == "owner":
            return Split(name, field, self.table.c[field], self._person(field))
        link, _dot, last = field.rpartition(".")
        if link:
            return Split(name, field, self.join(link).c[last])
        pointed = next((one for one in self.kind.links.values() if one.field.name == field), None)
        name_of = None if pointed is None else self._name_of(pointed.target)
        if pointed is None or name_of is None:
            return Split(name, field, self.table.c[field])
        return Split(name, field, self.table.c[field], self.join(pointed.name).c[name_of])

    def _person(self, field: str) -> t.Any:
        """Return the name of an owner, as those who give out leads know it."""
        kind = self.uow.crm.kind(Assignee)
        if not self.uow.may(kind.permission("read")) or self.hidden(kind) & {"name", "user_id"}:
            return None
        alias = kind.table.alias("j_person")
        on = sa.and_(alias.c.user_id == self.table.c[field], alias.c.id.in_(self.uow.visible(Assignee)))
        self.source = self.source.outerjoin(alias, on)
        return alias.c.name

    def _name_of(self, key: str) -> str | None:
        """Return the field by which records of a kind are called, where the actor sees it."""
        kind = self.uow.crm.kinds[key]
        hidden = self.hidden(kind)
        if not self.uow.may(kind.permission("read")):
            return None
        return next((n for n in ("name", "title", "label") if n in kind.fields and n not in hidden), None)

    def join(self, link: str) -> t.Any:
        """Return what a link leads to; a record the actor may not see looks empty."""
        if link not in self._joined:
            target = self.uow.crm.kinds[self.kind.links[link].target]
            alias = target.table.alias(f"j_{link}")
            on = alias.c.id == self.table.c[self.kind.links[link].field.name]
            self.source = self.source.outerjoin(alias, sa.and_(on, alias.c.id.in_(self.uow.visible(target.cls))))
            self._joined[link] = alias
        return self._joined[link]

    @property
    def keys(self) -> list[t.Any]:
        """The columns records are split by, with their names."""
        return [column for split in self.splits for column in split.columns]

    def select(self, *columns: t.Any) -> sa.Select[t.Any]:
        """Return a select over the records that count, with the columns they are split by."""
        return sa.select(*self.keys, *columns).select_from(self.source).where(*self.conditions)


def entity_of(uow: Uow, ask: Ask, usual: type[Staged]) -> type[Staged]:
    """Return whose pipeline is asked for: any plugin's, in the CRM."""
    if ask.pipeline is None:
        return usual
    found = uow.crm.pipelines.get(ask.pipeline)
    if found is None:
        known = [p.name for p in uow.crm.pipelines.values() if uow.may(uow.crm.kind(p.of).permission("read"))]
        raise Invalid(problems=[Problem("pipeline", "unknown", CHOOSE.format(known=", ".join(known)))])
    return t.cast("type[Staged]", found.of)


def pipeline_of(frame: Frame) -> Pipeline[t.Any]:
    """Return the pipeline asked for, or the first one of the records."""
    known = frame.kind.pipelines
    asked = frame.ask.pipeline
    if asked is not None and asked not in known:
        raise Invalid(problems=[Problem("pipeline", "unknown", CHOOSE.format(known=", ".join(known)))])
    return known[asked] if asked else frame.kind.first_pipeline


def names(frame: Frame) -> list[str]:
    """Return the names of the key columns, for grouping in an outer select."""
    return [column.name for column in frame.keys]
