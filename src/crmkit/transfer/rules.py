"""What a mapping says of one field, at work: from the cells of a row to a value."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping

import attrs

from ..core.text import _
from .coerce import as_text, is_empty
from .converters import Convert

Cells = Mapping[str, t.Any]
Get = Callable[[Cells], t.Any]
HOLE = re.compile(r"\{([^{}]+)\}")
NOT_MAPPED = _("{given!r} is not in the map.{near}", ru="значения {given!r} нет в соответствиях.{near}")
NO_ELSE: t.Any = object()
SAME = "="  # what `else = "="` says: leave the value as it is


def getter(column: str) -> Get:
    """Return what reads a column; dots reach into what is nested."""
    steps = column.split(".")

    def get(cells: Cells) -> t.Any:
        if column in cells:
            value = cells[column]
        else:
            value = cells
            for step in steps:
                value = value.get(step) if isinstance(value, Mapping) else None
        return None if value == "" else value

    return get


def template(text: str) -> Get:
    """Return what fills ``"{first} {last}"``; blanks around empty parts go, and without any part nothing is left."""
    parts = HOLE.split(text)
    getters = [getter(c) for c in parts[1::2]]
    fixed = parts[::2]

    def get(cells: Cells) -> t.Any:
        values = [as_text(g(cells)) for g in getters]
        if not any(values):
            return None
        made = fixed[0] + "".join(v + f for v, f in zip(values, fixed[1:], strict=True))
        return " ".join(made.split()) or None

    return get


def first_of(columns: t.Sequence[str]) -> Get:
    """Return what reads the first of several columns that is not empty."""
    getters = [getter(c) for c in columns]
    return lambda cells: next((v for g in getters if (v := g(cells)) is not None), None)


@attrs.frozen
class When:
    """One condition on a column: among values, not among them, empty or not, or matching a pattern."""

    column: str
    get: Get
    test: Callable[[t.Any], bool]


def holds(conditions: t.Sequence[When], cells: Cells) -> bool:
    """True when every condition holds."""
    return all(c.test(c.get(cells)) for c in conditions)


@attrs.frozen(kw_only=True)
class Rule:
    """How one field gets its value. `columns` are the columns it reads."""

    target: str
    path: str
    columns: tuple[str, ...]
    get: Get
    map: Mapping[str, t.Any] | None = None
    otherwise: t.Any = NO_ELSE
    convert: tuple[Convert, ...] = ()
    default: t.Any = None
    when: tuple[When, ...] = ()
    lenient: bool = False  # what cannot be made sense of is left empty

    def value(self, cells: Cells) -> t.Any:
        """Return the value, or None; `ValueError` says why there is none."""
        if self.when and not holds(self.when, cells):
            return self.default
        value = self.get(cells)
        if value is not None and self.map is not None:
            value = self._mapped(value)
        for convert in self.convert:
            if is_empty(value):
                break
            value = convert(value)
        return self.default if is_empty(value) else value

    def _mapped(self, value: t.Any) -> t.Any:
        from ..core.errors import closest

        assert self.map is not None
        word = as_text(value)
        if word in self.map:
            return self.map[word]
        if self.otherwise is NO_ELSE:
            raise ValueError(NOT_MAPPED.format(given=word[:60], near=closest(word, self.map)))
        return value if self.otherwise == SAME else self.otherwise


@attrs.frozen(kw_only=True)
class Reference:
    """A field that names another record, by its id in another system (`source`) or by one of its fields (`by`).

    With `which` every row says itself in which import the record is: the cell holds its name, which is that of the kind.
    """

    rule: Rule
    field: str
    kind: str
    source: str = ""
    by: str = ""
    optional: bool = False
    which: Rule | None = None


@attrs.frozen(kw_only=True)
class Each:
    """Several records from one row: one for each filled column, or for each part of a column."""

    columns: tuple[str, ...]
    split: Convert | None = None

    def cells(self, cells: Cells) -> t.Iterator[dict[str, t.Any]]:
        """Yield the row once for every part, with ``@value``, ``@column`` and ``@number`` beside its cells."""
        number = 0
        for column in self.columns:
            value = getter(column)(cells)
            if value is None:
                continue
            for part in value if isinstance(value, list) else self.split(value) if self.split is not None else [value]:
                number += 1
                yield {**cells, "@value": part, "@column": column, "@number": number}
