"""What a transaction wrote, told to indexes: once per kind when it settles, and once per chunk added in bulk."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs

from .kind import Kind
from .model import Entity
from .search import write as search

if t.TYPE_CHECKING:
    from .uow import Uow


@attrs.frozen
class Written:
    """One record as it is now. `values` has its own fields, and dotted those of extensions that are loaded; None: it is gone.

    `changed` names the fields that are new, None for a new record. `before` is what one that is gone held, as `crm_settle` is
    told; secret fields are left out.
    """

    id: int
    values: Mapping[str, t.Any] | None
    changed: frozenset[str] | None
    before: Mapping[str, t.Any] | None = None


class Gathered:
    """The records a transaction wrote, each told once, as it is in the end."""

    def __init__(self) -> None:
        self._records: dict[Kind, dict[int, tuple[Entity | None, frozenset[str] | None]]] = {}
        self._fresh: dict[Kind, dict[int, None]] = {}

    def note(self, kind: Kind, key: int, record: Entity | None, changed: Iterable[str] | None) -> None:
        """Remember a write: of a new record (`changed` is None), of some fields, or a deletion (`record` is None)."""
        there = self._records.setdefault(kind, {})
        before = there.get(key)
        fields = None if changed is None else frozenset(changed)
        if before is not None and record is not None:
            fields = None if before[1] is None or fields is None else before[1] | fields
        there[key] = (record, fields)
        self._fresh.setdefault(kind, {})[key] = None

    def settle(self, uow: Uow) -> bool:
        """Let plugins react to what is new; True when there was something. Indexes are told of it later all the same."""
        fresh, self._fresh = self._fresh, {}
        for kind, keys in fresh.items():
            rows = [(key, *self._records[kind][key]) for key in keys]
            settled(uow, kind, [Written(key, None if r is None else values_of(r), fields) for key, r, fields in rows])
        return bool(fresh)

    def tell(self, uow: Uow) -> None:
        """Tell every index, and forget."""
        gathered, self._records, self._fresh = self._records, {}, {}
        for kind, records in gathered.items():
            search.note(uow, kind, records)
        if "crm_written" not in uow.crm.hooked:
            return
        for kind, records in gathered.items():
            tell_plugins(uow, kind, [Written(key, None if r is None else values_of(r), fields) for key, (r, fields) in records.items()])


def settled(uow: Uow, kind: Kind, rows: Sequence[Written]) -> None:
    """Let plugins react to what was written of one kind."""
    if rows and "crm_settle" in uow.crm.hooked:
        with uow.as_system():
            uow.crm.hook.crm_settle(kind=kind, rows=rows, uow=uow)
            uow.flush()


def told(uow: Uow, kind: Kind, rows: Sequence[Written]) -> None:
    """Tell every index, search among them, what was written of one kind past the unit of work's own records."""
    search.note_written(uow, kind, rows)
    tell_plugins(uow, kind, rows)


def tell_plugins(uow: Uow, kind: Kind, rows: Sequence[Written]) -> None:
    """Tell indexes of plugins what was written of one kind."""
    if rows and "crm_written" in uow.crm.hooked:
        uow.crm.hook.crm_written(kind=kind, rows=rows, uow=uow)


def values_of(record: Entity) -> dict[str, t.Any]:
    """Return a record's values by field, those of loaded extensions dotted."""
    values = {name: record.__dict__[name] for name in type(record).__fields__}
    for held in record.__dict__.get("_extensions", {}).values():
        if held is not None:
            values |= {f"{held.__extension_name__}.{n}": held.__dict__.get(n) for n in type(held).__fields__ if n != "id"}
    return values
