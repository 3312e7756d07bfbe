"""Row rules asked of a few records for many people at once: the records are read once, whoever listens.

A rule over a record's own numbers, words and links ("its owner is me", "its team is mine", "I see what it is about") says the same in
Python as in SQL; what it cannot say so (text, moments, hops, the past) is left to the database, person by person.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable

import attrs
import sqlalchemy as sa

from ...core.filter import Context, Group, Inside, Leaf, Node, Relative
from ...core.kind import Path
from ...core.relative import leaf_values
from ...core.types import Choice
from ...core.where import Where, parameters

if t.TYPE_CHECKING:
    from ...core.compose import Crm
    from ...core.kind import Kind
    from ...core.sql import Db

Row = tuple[t.Any, ...]
Test = Callable[[Row], bool]
CHUNK = 500
LONG = 150
ABOUT_ME = ("me", "mine", "my_teams", "my_teams_and_below")


class Beyond(Exception):
    """A rule asks what only the database can say."""


@attrs.frozen
class _Shape:
    """Which columns of a kind are read, and where each of them stands in a row."""

    columns: tuple[t.Any, ...]
    places: t.Mapping[str, int]


class Rows:
    """What rules look at of the records that were told about, and of those they hang on."""

    def __init__(self, crm: Crm, db: Db, now: Context) -> None:
        self.crm, self.db, self._now = crm, db, now
        self._found: dict[str, dict[int, Row]] = {}
        self._shapes: dict[str, _Shape] = {}

    def tell_apart(self, kind: Kind, ids: Iterable[int], rule: Node, whose: Context) -> set[int] | None:
        """Return those of `ids` a person's rule covers; None where only the database can tell."""
        wanted = list(ids)
        try:
            test = self._bound(kind, rule, whose)
            rows = self.rows(kind, wanted)
            return {key for key in wanted if (row := rows.get(key)) is not None and test(row)}
        except Beyond:
            return None

    def rows(self, kind: Kind, ids: Iterable[int]) -> dict[int, Row]:
        """Return rows of a kind by their keys, read unless they are here already."""
        here = self._found.setdefault(kind.key, {})
        missing = [key for key in dict.fromkeys(ids) if key not in here]
        for start in range(0, len(missing), CHUNK):
            some = missing[start : start + CHUNK]
            here.update(dict.fromkeys(some, ()))  # those there are none of are not asked for again
            here.update((row[0], row) for row in self._read(kind, some))
        return {key: row for key, row in here.items() if row}

    def _read(self, kind: Kind, ids: list[int]) -> list[Row]:
        these = Leaf(kind.path("id", self.crm.kinds), "in", tuple(ids))
        columns = self._shape(kind).columns

        def build() -> t.Any:
            where = Where(kind, self.crm.kinds, self.db.dialect)
            return sa.select(*columns).where(where.node(these, "k"))

        prepared = self.db.statements.get(("live", kind.key), build)
        return self.db.rows(prepared, parameters(these, "k", self._now, self.db.dialect))

    def _shape(self, kind: Kind) -> _Shape:
        found = self._shapes.get(kind.key)
        if found is None:
            names = ["id", *(name for name, field in kind.fields.items() if name != "id" and _is_exact(field))]
            columns = tuple(kind.table.c[name] for name in names)
            found = self._shapes[kind.key] = _Shape(columns, {name: place for place, name in enumerate(names)})
        return found

    # ---- rules -----------------------------------------------------------------------------------------------------
    def _bound(self, kind: Kind, node: Node, whose: Context) -> Test:
        """Return a rule as a question about a row, for one person."""
        if isinstance(node, Leaf):
            return self._leaf(kind, node, whose)
        if isinstance(node, Inside):
            return self._inside(kind, node, whose)
        if not isinstance(node, Group):
            raise Beyond
        parts = [self._bound(kind, part, whose) for part in node.nodes]
        if node.operator == "not":
            return lambda row: not parts[0](row)
        every = node.operator == "and"
        return (lambda row: all(part(row) for part in parts)) if every else (lambda row: any(part(row) for part in parts))

    def _inside(self, kind: Kind, node: Inside, whose: Context) -> Test:
        """Ask about the record a row hangs on. Mostly none of them is of this kind: what is asked of it is worked out when one is."""
        place, inner = self._shape(kind).places[node.field.name], list[Test]()

        def test(row: Row) -> bool:
            key = row[place]
            if key is None:
                return False
            if not inner:
                inner.append(self._bound(node.kind, node.node, whose))
                every = self._found[kind.key].values()
                self.rows(node.kind, (row[place] for row in every if row and row[place] is not None))
            found = self._found.get(node.kind.key, {}).get(key) or self.rows(node.kind, [key]).get(key)
            return bool(found) and inner[0](t.cast(Row, found))

        return test

    def _leaf(self, kind: Kind, leaf: Leaf, whose: Context) -> Test:
        place = None if leaf.path.hops else self._shape(kind).places.get(leaf.path.field.name)
        build = _OPERATORS.get(leaf.operator)
        relative = leaf.value.word if isinstance(leaf.value, Relative) else None
        by_tree = leaf.operator == "below" and leaf.path.field.to is not None
        if place is None or build is None or by_tree or isinstance(leaf.value, Path) or (relative is not None and relative not in ABOUT_ME):
            raise Beyond
        value = leaf.value if leaf.operator == "empty" else leaf_values(leaf, whose)[0]
        return build(place, value)


def _is_exact(field: t.Any) -> bool:
    """True for a column of which both databases and Python say alike whether two values are equal: numbers, flags, short words."""
    kind = field.column.type
    words = isinstance(kind, sa.String) and not isinstance(kind, sa.Text) and kind.collation is None and (kind.length or LONG) < LONG
    return not field.secret and (field.type in (int, bool) or (field.type is str and words) or isinstance(kind, Choice))


def _among(place: int, values: Iterable[t.Any]) -> Test:
    wanted = frozenset(values)
    return lambda row: row[place] in wanted


def _not_among(place: int, values: Iterable[t.Any]) -> Test:
    wanted = frozenset(values)
    return lambda row: row[place] not in wanted


def _empty(place: int, yes: t.Any) -> Test:
    return lambda row: (row[place] is None or row[place] == "") is bool(yes)


# A comparison with nothing is no match, as in SQL, and "not" of it is one, as the database is asked.
_OPERATORS: dict[str, Callable[[int, t.Any], Test]] = {
    "eq": lambda place, value: lambda row: row[place] is not None and row[place] == value,
    "ne": lambda place, value: lambda row: row[place] is None or row[place] != value,
    "in": _among, "below": _among, "not_in": _not_among, "empty": _empty,
}  # fmt: skip

__all__ = ["Rows"]
