"""Recounting the running totals: the proof that boards tell the truth, and the cure after direct SQL."""

from __future__ import annotations

import collections
import typing as t

import sqlalchemy as sa

from .kind import Kind
from .ledger import tally
from .settle import total_of, total_row
from .sql import Row

if t.TYPE_CHECKING:
    from .uow import Uow

Key = tuple[str, str, int, int]
Sums = tuple[int, int, int, int]


def counted(uow: Uow, kind: Kind) -> dict[Key, Sums]:
    """Count a kind's records from its rows: by pipeline, stage, owner and team, with sums in the smallest unit."""
    table = kind.table
    names = ["pipeline", "stage", "archived_at", *(["owner_id", "team_id"] if kind.owned else []), *(f.name for f in kind.totals)]
    found: dict[Key, list[int]] = collections.defaultdict(lambda: [0, 0, 0, 0])
    for row in uow.connection.execute(sa.select(*[table.c[n] for n in names]).where(table.c.archived_at.is_(None))):
        total = total_of(kind, dict(zip(names, row, strict=True)))
        assert total is not None
        sums = found[total[:4]]
        sums[0] += 1
        for number, amount in enumerate(total[4], 1):
            sums[number] += amount
    return {key: _sums(sums) for key, sums in found.items()}


def kept(uow: Uow, kind: Kind) -> dict[Key, Sums]:
    """Return a kind's running totals as boards see them."""
    c = tally.c
    columns = (c.pipeline, c.stage, c.owner_id, c.team_id)
    statement = sa.select(*columns, *[sa.func.sum(x) for x in (c.n, c.t0, c.t1, c.t2)]).where(c.kind == kind.key).group_by(*columns)
    rows: t.Iterable[Row] = [tuple(row) for row in uow.connection.execute(statement)]
    return {row[:4]: _sums(row[4:]) for row in rows if any(row[4:])}


def differences(uow: Uow) -> list[str]:
    """Return, in sentences, where running totals and rows disagree. Nothing when all is well."""
    found = []
    for kind in uow.crm.kinds.values():
        if kind.staged:
            rows, totals = counted(uow, kind), kept(uow, kind)
            for key in sorted(rows.keys() | totals.keys()):
                if rows.get(key) != totals.get(key):
                    place = f"{kind.key} in {key[0]}[{key[1]!r}] of owner {key[2]}, team {key[3]}"
                    said, true = totals.get(key, (0, 0, 0, 0)), rows.get(key, (0, 0, 0, 0))
                    found.append(f"{place}: the board says {said}, the rows {true}; type: crmkit check --recount")
    return found


def rebuild(uow: Uow) -> None:
    """Write the running totals anew from the rows, in this transaction."""
    uow.connection.execute(tally.delete())
    for kind in uow.crm.kinds.values():
        if kind.staged:
            width = len(kind.totals)
            for (pipeline, stage, owner, team), (count, *amounts) in counted(uow, kind).items():
                row = total_row(kind, (pipeline, stage, owner, team, tuple(amounts[:width])), 1)
                uow.connection.execute(tally.insert().values(row | {"n": count}))


def _sums(values: t.Sequence[t.Any]) -> Sums:
    count, first, second, third = (int(v) for v in values)
    return count, first, second, third
