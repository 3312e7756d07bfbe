"""Filter nodes to SQL, in one place: what every list, board, count, export and row rule goes through."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from .database import fold
from .filter import EVERYTHING, Been, Context, Group, Inside, Leaf, Node, looks_inside
from .kind import ExtensionKind, Kind, Link, Path
from .relative import leaf_values

Condition = sa.ColumnElement[t.Any]
Rule = Callable[[Kind], Node]
COMPARISONS: dict[str, Callable[[t.Any, t.Any], Condition]] = {
    "eq": lambda c, v: c == v, "ne": lambda c, v: c.is_distinct_from(v), "lt": lambda c, v: c < v, "lte": lambda c, v: c <= v,
    "gt": lambda c, v: c > v, "gte": lambda c, v: c >= v,
}  # fmt: skip


class Where:
    """Builds one statement's joins and conditions for one kind.

    Values become named parameters (``f0``, ``f1`` …), so that a statement depends only on the tree's shape; `parameters`
    gives the values of one run. Hops are outer joins, narrowed by the row rule of what they reach: a record the actor may
    not see looks empty. Only row rules themselves (`own_rule`) look through their hops as the system does: so a rule means
    the same wherever it is applied, and rules that reach each other's kinds do not go round in circles.
    """

    def __init__(self, kind: Kind, kinds: Mapping[str, Kind], dialect: Dialect, rule: Rule | None = None) -> None:
        self.kind, self.kinds, self.dialect, self.rule = kind, kinds, dialect, rule
        self.source: t.Any = kind.table
        self._joined: dict[str, t.Any] = {"": kind.table}
        self.names: set[str] = set()  # the parameters that are used
        self._free = False

    def column(self, path: Path) -> t.Any:
        """Return the SQL column of a path, joining what it hops over."""
        table, prefix, kind = self.kind.table, "rule." if self._free else "", self.kind
        for hop in path.hops:
            prefix = f"{prefix}{hop.name}."
            target = hop if isinstance(hop, ExtensionKind) else self.kinds[hop.target]
            if prefix not in self._joined:
                self._joined[prefix] = self._join(table, hop, target, prefix)
            table = self._joined[prefix]
            kind = target if isinstance(target, Kind) else kind
        return table.c[path.field.name]

    def _join(self, table: t.Any, hop: Link | ExtensionKind, target: Kind | ExtensionKind, prefix: str) -> t.Any:
        alias = target.table.alias(prefix.rstrip(".").replace(".", "__"))
        key = table.c.id if isinstance(hop, ExtensionKind) else table.c[hop.field.name]
        on = alias.c.id == key
        if isinstance(target, Kind) and self.rule is not None and not self._free:
            rule = self.rule(target)
            if rule is not EVERYTHING:
                on = sa.and_(on, self._visible(alias, target, rule))
        self.source = self.source.outerjoin(alias, on)
        return alias

    def _visible(self, alias: t.Any, target: Kind, rule: Node) -> Condition:
        """Restrict a joined table by its own row rule, which may need joins of its own."""
        inner = Where(target, self.kinds, self.dialect)
        condition = inner.node(rule, hop_prefix(target.key))
        self.names |= inner.names
        plain = not looks_inside(rule) and not any(leaf.operator == "below" for leaf in rule.leaves())  # these select on their own
        if inner.source is target.table and plain:
            return t.cast(Condition, _on_alias(condition, target.table, alias))
        return t.cast(Condition, alias.c.id.in_(sa.select(target.table.c.id).select_from(inner.source).where(condition)))

    def node(self, node: Node, prefix: str) -> Condition:
        """Return the condition of a tree whose parameters are named ``<prefix>0``, ``<prefix>1`` … in leaf order."""
        return self._node(node, prefix, iter(range(10_000)))

    def own_rule(self, rule: Node, prefix: str) -> Condition:
        """Return the condition of the row rule of the kind itself."""
        self._free = self.rule is not None
        try:
            return self.node(rule, prefix)
        finally:
            self._free = False

    def _node(self, node: Node, prefix: str, numbers: t.Iterator[int]) -> Condition:
        if isinstance(node, Leaf):
            name = f"{prefix}{next(numbers)}"
            self.names |= {name, f"{name}b"} if node.operator == "within" else {name}
            return self._leaf(node, name)
        if isinstance(node, Inside):
            return self._inside(node, prefix, numbers)
        if isinstance(node, Been):
            from .stays import been

            return t.cast(Condition, been(self, node, prefix, numbers))
        parts = [self._node(n, prefix, numbers) for n in node.nodes]
        if node.operator == "not":
            return parts[0].is_not(sa.true())
        if node.operator == "and":
            return sa.and_(sa.true(), *parts)
        return sa.or_(sa.false(), *parts)

    def _inside(self, node: Inside, prefix: str, numbers: t.Iterator[int]) -> Condition:
        inner = Where(node.kind, self.kinds, self.dialect)
        condition = inner._node(node.node, prefix, numbers)
        self.names |= inner.names
        here, there = self.kind.table, node.kind.table
        found = sa.select(sa.literal(1)).select_from(inner.source).where(there.c.id == here.c[node.field.name], condition)
        return t.cast(Condition, found.correlate(here).exists())

    def _leaf(self, leaf: Leaf, name: str) -> Condition:
        column = self.column(leaf.path)
        operator = leaf.operator
        if operator == "empty":
            return self._empty(leaf, column)
        if operator == "within":
            return sa.and_(column >= sa.bindparam(name, type_=column.type), column < sa.bindparam(f"{name}b", type_=column.type))
        if operator in ("in", "not_in", "below"):
            found = self._member(leaf, column, name)
            return sa.or_(column.is_(None), sa.not_(found)) if operator == "not_in" else found
        if operator in ("contains", "starts"):
            pattern = sa.bindparam(name, type_=sa.String())
            return fold(column).like(fold(pattern), escape="\\")
        if isinstance(leaf.value, Path):
            return COMPARISONS[operator](column, self.column(leaf.value))
        return COMPARISONS[operator](column, sa.bindparam(name, type_=column.type))

    def _empty(self, leaf: Leaf, column: t.Any) -> Condition:
        blank = sa.or_(column.is_(None), column == "") if leaf.path.field.type is str else column.is_(None)
        return blank if leaf.value else sa.not_(blank)

    def _member(self, leaf: Leaf, column: t.Any, name: str) -> Condition:
        """Return ``column IN (…)`` with the whole list as one parameter: the statement does not depend on its length."""
        values = self._list(column, name)
        to = leaf.path.field.to
        if leaf.operator != "below" or to is None or (parent := _parent_of(to)) is None:
            return t.cast(Condition, column.in_(values) if self.dialect.name == "sqlite" else column == values)
        table = to.__table__
        start = table.c.id.in_(values) if self.dialect.name == "sqlite" else table.c.id == values
        tree = sa.select(table.c.id).where(start).cte(recursive=True)  # unnamed: one rule may stand in a statement twice
        tree = tree.union(sa.select(table.c.id).join(tree, table.c[parent] == tree.c.id))
        return t.cast(Condition, column.in_(sa.select(tree.c.id)))

    def _list(self, column: t.Any, name: str) -> t.Any:
        if self.dialect.name == "sqlite":
            each = sa.func.json_each(sa.bindparam(name, type_=sa.String())).table_valued("value")
            return sa.select(each.c.value)
        from sqlalchemy.dialects.postgresql import ARRAY

        kind = column.type.load_dialect_impl(self.dialect) if isinstance(column.type, sa.types.TypeDecorator) else column.type
        return sa.any_(sa.bindparam(name, type_=ARRAY(kind)))


def hop_prefix(key: str) -> str:
    """Return how the parameters of a hopped-to kind's row rule begin."""
    return f"r_{key.replace('.', '__')}_"


def _parent_of(entity: t.Any) -> str | None:
    """Return the field by which an entity forms a tree (points to itself), if it does."""
    return next((f.name for f in entity.__fields__.values() if f.to is entity), None)


def _on_alias(condition: Condition, table: sa.Table, alias: t.Any) -> t.Any:
    from sqlalchemy.sql.util import ClauseAdapter

    return ClauseAdapter(alias).traverse(condition)


def hops_of(nodes: t.Iterable[Node], paths: t.Iterable[Path]) -> tuple[str, ...]:
    """Return the keys of the kinds that filters and paths reach over links, sorted: their row rules matter too."""
    every = [p for n in nodes for p in (leaf.path for leaf in n.leaves())] + list(paths)
    return tuple(sorted({h.target for p in every for h in p.hops if isinstance(h, Link)}))


def parameters(node: Node, prefix: str, context: Context, dialect: Dialect) -> dict[str, t.Any]:
    """Return the values of a tree's parameters for one run."""
    found: dict[str, t.Any] = {}
    for number, leaf in enumerate(node.leaves()):
        values = leaf_values(leaf, context)
        name = f"{prefix}{number}"
        if not values:
            continue
        if leaf.operator in ("in", "not_in", "below"):
            found[name] = _as_list(leaf, values[0], dialect)
        elif leaf.operator in ("contains", "starts"):
            escaped = values[0].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            found[name] = f"%{escaped}%" if leaf.operator == "contains" else f"{escaped}%"
        else:
            found[name] = values[0]
            if len(values) == 2:
                found[f"{name}b"] = values[1]
    return found


def _as_list(leaf: Leaf, values: t.Sequence[t.Any], dialect: Dialect) -> t.Any:
    kind = leaf.path.field.column.type
    binder = kind.dialect_impl(dialect).bind_processor(dialect)
    plain = [binder(v) for v in values] if binder else list(values)
    return orjson.dumps(plain, default=str).decode() if dialect.name == "sqlite" else plain


__all__ = ["EVERYTHING", "Group", "Where", "hop_prefix", "hops_of", "parameters"]
