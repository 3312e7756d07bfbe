"""A report as data: typed rows, what they are split by, and which list makes up each figure."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t
from collections.abc import Mapping, Sequence

import attrs

from crmkit import Text

from .frame import Frame, Split

Tree = Mapping[str, t.Any]


def figure(label: Text, default: t.Any = attrs.NOTHING, *, money: bool = False) -> t.Any:
    """Declare a column of a report; `money` ones are left out for who may not see amounts."""
    return attrs.field(default=default, metadata={"label": label, "money": money})


@attrs.frozen
class Key:
    """What a row is about in one respect: ``source``, its value (a key, a word), and how people call it."""

    name: str
    value: t.Any
    label: str | None


@attrs.frozen(kw_only=True)
class Row:
    """One line of a report. `drill` gives, by the name of a figure, the filter tree of the list that makes it up."""

    by: tuple[Key, ...] = ()
    drill: Mapping[str, Tree] = attrs.field(factory=dict)


R = t.TypeVar("R", bound=Row)


@attrs.frozen(kw_only=True)
class Report(t.Generic[R]):
    """A report: rows, and what they count.

    `kind` is the kind of record that `drill` lists, with `archived` as lists take it. `archived_left_out` says how many
    archived records would have counted too. `without` names the figures the actor may not see.
    """

    name: str
    of: type[R]
    kind: str
    pipeline: str | None
    since: dt.date
    until: dt.date
    as_of: dt.datetime
    archived: bool | None
    archived_left_out: int
    split_by: tuple[str, ...]
    rows: tuple[R, ...]
    without: frozenset[str] = frozenset()


def report(name: str, of: type[R], frame: Frame, rows: Sequence[R], *, pipeline: str | None = None, left_out: int = 0,
           without: frozenset[str] = frozenset()) -> Report[R]:  # fmt: skip
    """Return a report over the records of a frame."""
    period, uow = frame.period, frame.uow
    return Report(
        name=name, of=of, kind=frame.kind.key, pipeline=pipeline, since=period.since, until=period.until, as_of=uow.now, archived=frame.ask.archived,
        archived_left_out=left_out, split_by=frame.ask.by, rows=tuple(rows), without=without,
    )  # fmt: skip


def keys_of(splits: Sequence[Split], values: Sequence[t.Any]) -> tuple[Key, ...]:
    """Return what a row is about from the values of its key columns."""
    found, rest = [], list(values)
    for split in splits:
        value = rest.pop(0)
        label = rest.pop(0) if len(split.columns) > 1 else None
        plain = getattr(value, "value", value)
        found.append(Key(split.name, plain, label if label is not None else None if plain is None else str(plain)))
    return tuple(found)


def drill_of(splits: Sequence[Split], keys: Sequence[Key]) -> list[Tree]:
    """Return the filters that pick the records of a row."""
    return [split.drill(key.value) for split, key in zip(splits, keys, strict=True)]


def money_of(of: type[Row]) -> frozenset[str]:
    """Return the figures of a row class that tell amounts."""
    return frozenset(a.name for a in attrs.fields(of) if a.metadata.get("money"))


def part(number: int, whole: int) -> float | None:
    """Return a share, or None of nothing."""
    return number / whole if whole else None


def money(value: t.Any, scale: int) -> decimal.Decimal:
    """Return a sum kept in the smallest unit as an amount."""
    return decimal.Decimal(int(value)).scaleb(-scale)


def ordered(keys: tuple[Key, ...]) -> tuple[t.Any, ...]:
    """Return what rows are sorted by: labels, nothing last."""
    return tuple((k.value is None, str(k.label or ""), str(k.value)) for k in keys)
