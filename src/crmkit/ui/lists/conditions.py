"""Filter trees as people build them: conditions in a row, all or any of them, with groups one level deep.

`read` says of a tree how it looks as conditions, or None when it says more than that; `write` is the way back.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import attrs

from ...core.filter import OPERATORS
from ...core.nesting import too_deep

BEEN, ROTTEN = "been", "rotten"
MOST = 50
DEEPEST = 40


@attrs.frozen
class Condition:
    """One comparison: a field by its dotted name, a way of comparing, and a value as it stands in the tree."""

    field: str
    way: str
    value: t.Any = None


@attrs.frozen
class Group:
    """Conditions of which all, or any, must hold."""

    any: bool = False
    items: tuple[Condition | Group, ...] = ()

    def put(self, at: str, item: Condition | None) -> Group:
        """Return the group with a condition put at a place (``"2"``, ``"2.1"``, ``"2.+"``, ``"+"``), or taken from there (None)."""
        first, _dot, rest = at.partition(".")
        items = list(self.items)
        place = int(first) if first.isascii() and first.isdigit() else len(items)
        if rest and place < len(items):
            inner = items[place]
            within = inner if isinstance(inner, Group) else Group(not self.any, (inner,))
            items[place] = within.put(rest, item)
        elif item is None:
            del items[place : place + 1]
        elif place < len(items):
            items[place] = item
        else:
            items.append(item)
        return attrs.evolve(self, items=tuple(items)).tidied()

    def at(self, at: str) -> Condition | None:
        """Return the condition at a place."""
        here: Condition | Group = self
        for part in at.split("."):
            if not isinstance(here, Group) or not (part.isascii() and part.isdigit()) or int(part) >= len(here.items):
                return None
            here = here.items[int(part)]
        return here if isinstance(here, Condition) else None

    def tidied(self) -> Group:
        """Return the same without empty groups, and without a group around a single condition."""
        items: list[Condition | Group] = []
        for item in self.items:
            if isinstance(item, Condition):
                items.append(item)
            elif len(item.items) == 1:
                items.append(item.items[0])
            elif item.items:
                items.append(item)
        return attrs.evolve(self, items=tuple(items))


class _Beyond(Exception):
    """A tree says more than conditions can."""


def read(tree: t.Any) -> Group | None:
    """Return a tree as conditions; None for one that says more, or is no tree."""
    if tree is None:
        return Group()
    if too_deep(tree, DEEPEST):  # refused by the filter itself; nothing here walks through it
        return None
    try:
        found = _top(tree)
    except _Beyond:
        return None
    return found.tidied() if sum(1 for _c in every(found)) <= MOST else None


def every(group: Group) -> t.Iterator[Condition]:
    """Yield the conditions of a group and of those within it."""
    for item in group.items:
        if isinstance(item, Condition):
            yield item
        else:
            yield from every(item)


def _top(tree: t.Any) -> Group:
    if not isinstance(tree, Mapping):
        raise _Beyond
    if len(tree) == 1 and isinstance(tree.get("or"), list):
        return Group(True, tuple(_one_of(part) for part in _parts(tree["or"])))
    return Group(False, tuple(_all(tree)))


def _parts(given: t.Any) -> Sequence[t.Any]:
    if not isinstance(given, list) or not given:
        raise _Beyond  # an empty "or" is never true: no list of conditions says so
    return given


def _all(tree: t.Any) -> t.Iterator[Condition | Group]:
    """Yield what must hold, all of it."""
    if not isinstance(tree, Mapping):
        raise _Beyond
    for key, value in tree.items():
        if key == "and":
            if not isinstance(value, list):
                raise _Beyond
            for part in value:
                yield from _all(part)
        elif key == "or":
            yield Group(True, tuple(_single(part) for part in _parts(value)))
        else:
            yield from _entry(key, value)


def _one_of(tree: t.Any) -> Condition | Group:
    """Return one of those of which any must hold: a condition, or several that belong together."""
    found = list(_all(tree))
    if not found or any(isinstance(item, Group) for item in found):
        raise _Beyond
    return found[0] if len(found) == 1 else Group(False, tuple(found))


def _single(tree: t.Any) -> Condition:
    found = _one_of(tree)
    if isinstance(found, Group):
        raise _Beyond
    return found


def _entry(key: str, value: t.Any) -> t.Iterator[Condition]:
    if key == "not":
        raise _Beyond
    if key == BEEN:
        yield Condition(BEEN, "in", _been(value))
        return
    if key == ROTTEN:
        if not isinstance(value, bool):
            raise _Beyond
        yield Condition(ROTTEN, "eq", value)
        return
    asked = value if isinstance(value, Mapping) and "relative" not in value else {"eq": value}
    for operator, given in asked.items():
        yield _condition(key, operator, given)


def _condition(field: str, operator: str, given: t.Any) -> Condition:
    if operator not in OPERATORS or (isinstance(given, Mapping) and "relative" not in given):
        raise _Beyond
    if operator == "empty":
        if not isinstance(given, bool):
            raise _Beyond
        return Condition(field, "empty" if given else "filled")
    if given is None and operator in ("eq", "ne"):
        return Condition(field, "empty" if operator == "eq" else "filled")
    return Condition(field, operator, given)


def _been(value: t.Any) -> list[str]:
    """Return the stages a record was in one of; more cannot be said by choosing."""
    stage = value.get("stage") if isinstance(value, Mapping) and len(value) == 1 else None
    if isinstance(stage, Mapping) and len(stage) == 1:
        stage = stage["in"] if "in" in stage else [stage.get("eq")]
    stages = stage if isinstance(stage, list) else [stage]
    if not stages or not all(isinstance(s, str) for s in stages):
        raise _Beyond
    return t.cast("list[str]", stages)


def write(group: Group) -> dict[str, t.Any]:
    """Return conditions as a tree."""
    group = group.tidied()
    if group.any and group.items:
        return {"or": [_tree(item) for item in group.items]}
    return _together([_tree(item) for item in group.items])


def _together(trees: Sequence[dict[str, t.Any]]) -> dict[str, t.Any]:
    """Return the tree of which all parts must hold: one object where no key stands twice."""
    keys = [key for tree in trees for key in tree]
    if len(keys) == len(set(keys)) and (len(trees) != 1 or keys != ["or"]):
        return {key: value for tree in trees for key, value in tree.items()}
    return {"and": list(trees)}


def _tree(item: Condition | Group) -> dict[str, t.Any]:
    if isinstance(item, Group):
        inner = [_tree(i) for i in item.items]
        return {"or": inner} if item.any else _together(inner)
    if item.field == BEEN:
        return {BEEN: {"stage": {"in": item.value}}}
    if item.field == ROTTEN:
        return {ROTTEN: bool(item.value)}
    if item.way in ("empty", "filled"):
        return {item.field: {"empty": item.way == "empty"}}
    if item.way == "eq":
        return {item.field: item.value if not isinstance(item.value, Mapping | list) or "relative" in item.value else {"eq": item.value}}
    return {item.field: {item.way: item.value}}
