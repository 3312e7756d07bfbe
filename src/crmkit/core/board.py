"""Boards: every column's count, sums and first cards, in two statements however many columns and rows there are."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from . import wire
from .errors import Forbidden, Invalid, Problem
from .filter import EVERYTHING, Node, both, looks_inside, read_filter
from .kind import Kind, Path
from .ledger import tally
from .lists import literal, make_plan, scaled, to_json
from .operations import UNKNOWN
from .pipeline import Pipeline
from .settle import scale_of
from .text import _
from .where import Where, hops_of

if t.TYPE_CHECKING:
    from .uow import Uow

MAX_CARDS = 100
COUNTED_BY = frozenset({"owner_id", "team_id", "stage", "pipeline"})


def board(
    uow: Uow, kind: Kind, pipeline: str | None = None, *, cards: int = 20, filter: t.Any = None, fields: Sequence[str] | None = None,
) -> dict[str, t.Any]:  # fmt: skip
    """Return a pipeline's columns: label, count, sums (decimals as text) and the newest `cards` of each."""
    uow.require(kind.permission("read"))
    if not kind.pipelines or (pipeline is not None and pipeline not in kind.pipelines):
        raise Invalid(problems=[Problem("pipeline", "unknown", UNKNOWN.format(near=" " + ", ".join(kind.pipelines)))])
    chosen = kind.pipelines[pipeline] if pipeline else kind.first_pipeline
    hidden = uow.crm.access.hidden(uow.actor, kind)
    if hidden & {"pipeline", "stage"}:
        raise Forbidden(_("You may not see the stages of these records", ru="Стадии этих записей вам не видны"))
    node = read_filter(filter, kind, uow.crm.kinds, lambda k: uow.crm.access.hidden(uow.actor, k))
    names = list(dict.fromkeys(["id", *(fields or _card_fields(kind)), "version", "stage", "stage_since"]))
    names = [n for n in names if n not in hidden]
    unknown = [n for n in names if n not in kind.fields]
    if unknown:
        raise Invalid(problems=[Problem("fields", "unknown", UNKNOWN.format(near=f" {n}")) for n in unknown])
    totals = _totals(uow, kind, chosen, node)
    shown = _cards(uow, kind, chosen, node, names, max(0, min(cards, MAX_CARDS)))
    columns = []
    for stage in chosen.stages.values():
        count, sums = totals.get(stage.name, (0, {f.name: scaled(0, scale_of(f)) for f in kind.totals}))
        own = shown.get(stage.name, [])
        for card in own:
            card["rots_at"] = _rots_at(card.get("stage_since"), stage.rots_after)
        visible = {n: v for n, v in sums.items() if n not in hidden}
        columns.append({"stage": stage.name, "label": stage.label, "outcome": stage.outcome.value, "count": count, "sums": visible,
            "cards": own, "more": count > len(own)})
    return {"pipeline": chosen.name, "label": chosen.label, "exact": True, "as_of": wire.moment(uow.now), "columns": columns}


def _card_fields(kind: Kind) -> list[str]:
    named = [n for n, f in kind.fields.items() if f.search] or list(kind.fields)[-3:]
    return [*named, *(f.name for f in kind.totals), *(["owner_id"] if kind.owned else [])]


def _rots_at(since: str | None, after: dt.timedelta | None) -> str | None:
    return None if since is None or after is None else wire.moment(dt.datetime.fromisoformat(since) + after)


# ---- counts and sums -------------------------------------------------------------------------------------------------
def _totals(uow: Uow, kind: Kind, pipeline: Pipeline[t.Any], node: Node) -> dict[str, tuple[int, Mapping[str, str]]]:
    """Return count and sums by stage: from the running totals where owner, team and stage decide, else from the rows."""
    rule = uow.rule(kind)
    asked = both(node, rule)
    kept = not looks_inside(asked) and all(leaf.path.dotted in COUNTED_BY and leaf.operator not in ("contains", "starts") for leaf in asked.leaves())
    hops = () if kept else hops_of((node, rule), ())
    shape = ("totals", kept, kind.key, node.shape, rule.shape, *[uow.rule(uow.crm.kinds[h]).shape for h in hops])
    prepared = uow.db.statements.get(shape, lambda: _kept(uow, kind, node, rule) if kept else _counted(uow, kind, node, rule))
    values = {"pipeline": pipeline.name, **uow.rule_values(node, "f"), **uow.rule_values(rule, "m"), **uow.hop_values(hops)}
    found: dict[str, tuple[int, Mapping[str, str]]] = {}
    for stage, count, *sums in uow.db.run(prepared, values).fetchall():
        pairs = zip(kind.totals, sums, strict=True)
        found[stage] = (int(count), {f.name: scaled(int(v or 0), scale_of(f)) for f, v in pairs})
    return found


def _kept(uow: Uow, kind: Kind, node: Node, rule: Node) -> t.Any:
    where = _OnTally(kind, uow.crm.kinds, uow.db.dialect)
    conditions = [build(n, p) for build, n, p in ((where.node, node, "f"), (where.own_rule, rule, "m")) if n is not EVERYTHING]
    sums = [sa.func.sum(tally.c[f"t{i}"]) for i in range(len(kind.totals))]
    return (
        sa.select(tally.c.stage, sa.func.sum(tally.c.n), *sums)
        .where(tally.c.kind == sa.literal(kind.key), tally.c.pipeline == sa.bindparam("pipeline"), *conditions)
        .group_by(tally.c.stage)
    )


def _counted(uow: Uow, kind: Kind, node: Node, rule: Node) -> t.Any:
    where = Where(kind, uow.crm.kinds, uow.db.dialect, uow.rule)
    conditions = [build(n, p) for build, n, p in ((where.node, node, "f"), (where.own_rule, rule, "m")) if n is not EVERYTHING]
    table = kind.table
    # Sums in the smallest unit, as the running totals keep them. SQLite stores exact decimals that way already.
    sums = [sa.func.sum(sa.type_coerce(table.c[f.name], sa.BigInteger) if not uow.db.postgres else table.c[f.name] * 10 ** scale_of(
        f)) for f in kind.totals]
    statement = sa.select(table.c.stage, sa.func.count(), *sums).select_from(where.source)
    return statement.where(table.c.pipeline == sa.bindparam("pipeline"), table.c.archived_at.is_(None), *conditions).group_by(table.c.stage)


class _OnTally(Where):
    """Reads conditions on owner, team, stage and pipeline against the running totals, where 0 stands for nobody."""

    def column(self, path: Path) -> t.Any:
        column = tally.c[path.field.name]
        return sa.func.nullif(column, 0, type_=column.type) if path.field.type is int else column


# ---- cards -----------------------------------------------------------------------------------------------------------
def _cards(uow: Uow, kind: Kind, pipeline: Pipeline[t.Any], node: Node, names: list[str], limit: int) -> dict[str, list[dict[str, t.Any]]]:
    if limit == 0:
        return {}
    rule = uow.rule(kind)
    hops = hops_of((node, rule), ())
    stages = tuple(pipeline.stages)
    shape = ("cards", kind.key, tuple(names), len(stages), limit, node.shape, rule.shape, tuple(uow.rule(uow.crm.kinds[h]).shape for h in hops))

    def build() -> t.Any:
        paths = [kind.path(n, uow.crm.kinds) for n in names]
        return make_plan(_cards_statement(uow, kind, node, rule, names, len(stages), limit), paths, uow.db.dialect, hops)

    plan = uow.crm.plans.get(shape, build)
    values = {"pipeline": pipeline.name, **{f"stage{i}": s for i, s in enumerate(stages)}}
    values |= {**uow.rule_values(node, "f"), **uow.rule_values(rule, "m"), **uow.hop_values(hops)}
    found: dict[str, list[dict[str, t.Any]]] = {}
    for card in to_json(plan, uow.db.run(plan.prepared, values).fetchall()):
        found.setdefault(card["stage"], []).append(card)
    return found


def _cards_statement(uow: Uow, kind: Kind, node: Node, rule: Node, names: list[str], stages: int, limit: int) -> t.Any:
    """One limited select per column, glued together: each walks its own stretch of an index and stops."""
    where = Where(kind, uow.crm.kinds, uow.db.dialect, uow.rule)
    conditions = [build(n, p) for build, n, p in ((where.node, node, "f"), (where.own_rule, rule, "m")) if n is not EVERYTHING]
    table = kind.table
    parts = []
    for i in range(stages):
        one = sa.select(*[table.c[n] for n in names]).select_from(where.source)
        one = one.where(table.c.pipeline == sa.bindparam("pipeline"), table.c.stage == sa.bindparam(f"stage{i}"),
            table.c.archived_at.is_(None), *conditions)
        one = one.order_by(table.c.stage_since.desc(), table.c.id.desc()).limit(literal(limit))
        parts.append(sa.select(one.subquery()))
    return sa.union_all(*parts) if len(parts) > 1 else parts[0]
