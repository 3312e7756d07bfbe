"""Boards: every column's count, sums and first cards, in two statements however many columns and rows there are."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from . import wire
from .errors import Forbidden, Invalid, Problem
from .filter import EVERYTHING, Node, both, is_hidden, looks_inside, read_filter
from .kind import Kind, Path
from .ledger import tally
from .lists import ListRequest, Page, cursor, find_by_words, literal, make_plan, page, scaled, to_json
from .operations import UNKNOWN
from .pipeline import Pipeline
from .settle import scale_of
from .text import _
from .where import Where, hops_of

if t.TYPE_CHECKING:
    from .search.find import Match
    from .uow import Uow

ORDER = ("-stage_since", "-id")
"""The order of the cards in a column: who came last stands first."""
MAX_CARDS = 100
COUNTED_BY = frozenset({"owner_id", "team_id", "stage", "pipeline"})


def board(
    uow: Uow, kind: Kind, pipeline: str | None = None, *, cards: int = 20, filter: t.Any = None, fields: Sequence[str] | None = None,
    search: str | None = None, within: Sequence[str] | None = None, order: Sequence[str] = ORDER,
) -> dict[str, t.Any]:  # fmt: skip
    """Return a pipeline's columns: label, count, sums (decimals as text) and the first `cards` of each, in `order`: the newest.

    `fields` may hop over links (``company.name``). `search` keeps what answers a question, `within` fetches the cards of some
    stages only. Where a column has more cards, `next` is where they begin: for `column`.
    """
    chosen, node, match = _asked(uow, kind, pipeline, filter, search)
    by = [name.removeprefix("-") for name in order]
    names, paths = _fields(uow, kind, [*(fields or _card_fields(kind)), *by])
    totals = _totals(uow, kind, chosen, node, match)
    stages = tuple(s for s in chosen.stages if within is None or s in within)
    shown = _cards(uow, kind, chosen, (node, match), paths, stages, max(0, min(cards, MAX_CARDS)), order)
    hidden = uow.crm.access.hidden(uow.actor, kind)
    columns = []
    for stage in chosen.stages.values():
        count, sums = totals.get(stage.name, (0, {f.name: scaled(0, scale_of(f)) for f in kind.totals}))
        own = shown.get(stage.name, [])
        for card in own:
            card["rots_at"] = _rots_at(card.get("stage_since"), stage.rots_after)
        visible = {n: v for n, v in sums.items() if n not in hidden}
        last = cursor(order, [own[-1][name] for name in by]) if 0 < len(own) < count and {*by} <= {*names} else None
        columns.append({"stage": stage.name, "label": stage.label, "outcome": stage.outcome.value, "count": count, "sums": visible,
            "cards": own, "more": count > len(own), "next": last})
    return {"pipeline": chosen.name, "label": chosen.label, "exact": True, "as_of": wire.moment(uow.now), "columns": columns}


def column(
    uow: Uow, kind: Kind, pipeline: str, stage: str | None, *, filter: t.Any = None, fields: Sequence[str] | None = None, search: str | None = None,
    ids: Sequence[int] | None = None, after: str | None = None, limit: int = 20, order: Sequence[str] = ORDER,
) -> Page:  # fmt: skip
    """Return further cards of a column, or (with `ids`, and no `stage`) those cards of a board that are still on it."""
    chosen, _node, _match = _asked(uow, kind, pipeline, None, None)
    names, _paths = _fields(uow, kind, [*(fields or _card_fields(kind)), *(name.removeprefix("-") for name in order)])
    own: dict[str, t.Any] = {"pipeline": chosen.name} | ({"stage": stage} if stage is not None else {}) | ({"id": {"in": list(ids)}} if ids else {})
    tree = own if filter is None else {"and": [own, filter]}
    found = page(uow, kind, ListRequest(filter=tree, fields=names, sort=order, limit=limit, after=after, search=search))
    for card in found.rows:
        at = chosen.stages.get(card["stage"])
        card["rots_at"] = _rots_at(card.get("stage_since"), at.rots_after if at is not None else None)
    return found


def _asked(uow: Uow, kind: Kind, pipeline: str | None, filter: t.Any, search: str | None) -> tuple[Pipeline[t.Any], Node, Match | None]:
    uow.require(kind.permission("read"))
    if not kind.pipelines or (pipeline is not None and pipeline not in kind.pipelines):
        raise Invalid(problems=[Problem("pipeline", "unknown", UNKNOWN.format(near=" " + ", ".join(kind.pipelines)))])
    if uow.crm.access.hidden(uow.actor, kind) & {"pipeline", "stage"}:
        raise Forbidden(_("You may not see the stages of these records", ru="Стадии этих записей вам не видны"))
    problems: list[Problem] = []
    match = find_by_words(uow, kind, search, problems)
    if problems:
        raise Invalid(problems=problems)
    node = read_filter(filter, kind, uow.crm.kinds, lambda k: uow.crm.access.hidden(uow.actor, k))
    return kind.pipelines[pipeline] if pipeline else kind.first_pipeline, node, match


def _fields(uow: Uow, kind: Kind, fields: Sequence[str] | None) -> tuple[list[str], list[Path]]:
    """Return the fields of a card, and how they are reached; what every card needs is among them."""
    def hidden(k: Kind) -> frozenset[str]:
        return uow.crm.access.hidden(uow.actor, k)

    found: dict[str, Path] = {}
    for name in dict.fromkeys(["id", *(fields or _card_fields(kind)), "version", "stage", "stage_since"]):
        try:
            path = kind.path(name, uow.crm.kinds)
        except LookupError as error:
            raise Invalid(problems=[Problem("fields", "unknown", error.args[0])]) from None
        if not is_hidden(path, kind, uow.crm.kinds, hidden):
            found[name] = path
    return list(found), list(found.values())


def _card_fields(kind: Kind) -> list[str]:
    named = [n for n, f in kind.fields.items() if f.search] or list(kind.fields)[-3:]
    return [*named, *(f.name for f in kind.totals), *(["owner_id"] if kind.owned else [])]


def _rots_at(since: str | None, after: dt.timedelta | None) -> str | None:
    return None if since is None or after is None else wire.moment(dt.datetime.fromisoformat(since) + after)


# ---- counts and sums -------------------------------------------------------------------------------------------------
def _totals(uow: Uow, kind: Kind, pipeline: Pipeline[t.Any], node: Node, match: Match | None) -> dict[str, tuple[int, Mapping[str, str]]]:
    """Return count and sums by stage: from the running totals where owner, team and stage decide, else from the rows."""
    rule = uow.rule(kind)
    asked = both(node, rule)
    plain = match is None and not looks_inside(asked)
    kept = plain and all(leaf.path.dotted in COUNTED_BY and leaf.operator not in ("contains", "starts") for leaf in asked.leaves())
    hops = () if kept else hops_of((node, rule), ())
    asked_words = None if match is None else match.shape
    shape = ("totals", kept, kind.key, node.shape, rule.shape, asked_words, *[uow.rule(uow.crm.kinds[h]).shape for h in hops])
    prepared = uow.db.statements.get(shape, lambda: _kept(uow, kind, node, rule) if kept else _counted(uow, kind, node, rule, match))
    values = {"pipeline": pipeline.name, **_values(uow, node, rule, match), **uow.hop_values(hops)}
    found: dict[str, tuple[int, Mapping[str, str]]] = {}
    for stage, count, *sums in uow.db.run(prepared, values).fetchall():
        pairs = zip(kind.totals, sums, strict=True)
        found[stage] = (int(count), {f.name: scaled(int(v or 0), scale_of(f)) for f, v in pairs})
    return found


def _values(uow: Uow, node: Node, rule: Node, match: Match | None) -> dict[str, t.Any]:
    return {**uow.rule_values(node, "f"), **uow.rule_values(rule, "m"), **(match.values() if match is not None else {})}


def _conditions(where: Where, node: Node, rule: Node, match: Match | None) -> list[t.Any]:
    found = [build(n, p) for build, n, p in ((where.node, node, "f"), (where.own_rule, rule, "m")) if n is not EVERYTHING]
    return found if match is None else [*found, match.condition()]


def _kept(uow: Uow, kind: Kind, node: Node, rule: Node) -> t.Any:
    conditions = _conditions(_OnTally(kind, uow.crm.kinds, uow.db.dialect), node, rule, None)
    sums = [sa.func.sum(tally.c[f"t{i}"]) for i in range(len(kind.totals))]
    return (
        sa.select(tally.c.stage, sa.func.sum(tally.c.n), *sums)
        .where(tally.c.kind == sa.literal(kind.key), tally.c.pipeline == sa.bindparam("pipeline"), *conditions)
        .group_by(tally.c.stage)
    )


def _counted(uow: Uow, kind: Kind, node: Node, rule: Node, match: Match | None) -> t.Any:
    where = Where(kind, uow.crm.kinds, uow.db.dialect, uow.rule)
    conditions = _conditions(where, node, rule, match)
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
def _cards(
    uow: Uow, kind: Kind, pipeline: Pipeline[t.Any], asked: tuple[Node, Match | None], paths: Sequence[Path], stages: Sequence[str], limit: int,
    order: Sequence[str],
) -> dict[str, list[dict[str, t.Any]]]:  # fmt: skip
    if limit == 0 or not stages:
        return {}
    (node, match), rule = asked, uow.rule(kind)
    hops = hops_of((node, rule), paths)
    rules = tuple(uow.rule(uow.crm.kinds[h]).shape for h in hops)
    asked_words = None if match is None else match.shape
    shape = ("cards", kind.key, tuple(p.dotted for p in paths), len(stages), limit, tuple(order), node.shape, rule.shape, asked_words, rules)

    def build() -> t.Any:
        return make_plan(_cards_statement(uow, kind, (node, rule, match), paths, len(stages), limit, order), paths, uow.db.dialect, hops)

    plan = uow.crm.plans.get(shape, build)
    values = {"pipeline": pipeline.name, **{f"stage{i}": s for i, s in enumerate(stages)}, **_values(uow, node, rule, match), **uow.hop_values(hops)}
    found: dict[str, list[dict[str, t.Any]]] = {}
    for card in to_json(plan, uow.db.run(plan.prepared, values).fetchall()):
        found.setdefault(card["stage"], []).append(card)
    return found


def _cards_statement(uow: Uow, kind: Kind, asked: tuple[Node, Node, Match | None], paths: Sequence[Path], stages: int, limit: int,
                     order: Sequence[str]) -> t.Any:  # fmt: skip
    """One limited select per column, glued together: each walks its own stretch of an index and stops."""
    where = Where(kind, uow.crm.kinds, uow.db.dialect, uow.rule)
    columns = [where.column(p).label(p.dotted.replace(".", "__")) for p in paths]
    conditions = _conditions(where, *asked)
    table = kind.table
    by = [table.c[name[1:]].desc() if name.startswith("-") else table.c[name] for name in order]
    parts = []
    for i in range(stages):
        one = sa.select(*columns).select_from(where.source)
        one = one.where(table.c.pipeline == sa.bindparam("pipeline"), table.c.stage == sa.bindparam(f"stage{i}"),
            table.c.archived_at.is_(None), *conditions)
        one = one.order_by(*by).limit(literal(limit))
        parts.append(sa.select(one.subquery()))
    return sa.union_all(*parts) if len(parts) > 1 else parts[0]
