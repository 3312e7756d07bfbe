"""Sums of work by day, from the rows of `work`: written in the same transaction, the same whoever adds them up."""

from __future__ import annotations

import datetime as dt
import math
import typing as t
from collections.abc import Collection, Iterable, Iterator, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow

from .locks import SUMS, hold
from .longer import follow, over_again, same, unlike, within
from .norms import Held, Norms
from .sets import as_json, insert
from .tables import days, work

GROWTH = math.log(1.02)
Key = tuple[int, dt.date, int, int, str, int, int]
"""Log (0: our own), day, worker, step, kind, team, point of sale (0: none)."""
WorkRow = Sequence[t.Any]
"""A row of `work` in the order of `WORK`."""
WORK = (
    "case_id", "step_id", "worker_id", "log_id", "day", "kind", "team_id", "point_id", "took", "active", "idle", "hidden", "visits",
)  # fmt: skip
COLUMNS = (
    "log_id", "day", "worker_id", "step_id", "kind", "team_id", "point_id", "n", "took", "logs", "log_squares", "fast", "slow", "lost",
    "counts",
)  # fmt: skip
_w, _d = work.c, days.c
_KEY = (_w.log_id, _w.day, _w.worker_id, _w.step_id, _w.kind, sa.func.coalesce(_w.team_id, 0), sa.func.coalesce(_w.point_id, 0))
ROWS = 20_000


def bucket(took: int) -> int:
    """Return where milliseconds are counted: each bucket begins two hundredths above the one before, the first at a second."""
    return int(math.log(took / 1000) / GROWTH) if took > 1000 else 0


@attrs.define(slots=True)
class Cell:
    """The sums of one day of one step of one worker."""

    n: int = 0
    took: int = 0
    logs: float = 0.0
    log_squares: float = 0.0
    fast: int = 0
    slow: int = 0
    lost: int = 0
    counts: dict[int, int] = attrs.field(factory=dict)

    def add(self, took: int, norm: Held | None = None) -> None:
        """Count one more row of work, judged by the norm of its day."""
        log = math.log(took / 1000) if took > 1000 else 0.0
        self.n += 1
        self.took += took
        self.logs += log
        self.log_squares += log * log
        place = int(log / GROWTH)
        self.counts[place] = self.counts.get(place, 0) + 1
        if norm is not None:
            self.fast += took < norm.least
            self.slow += took > norm.most
            self.lost += max(0, took - norm.reference)

    def row(self, key: Key) -> tuple[object, ...]:
        """Return it in the order of `COLUMNS`."""
        counts = as_json(dict(sorted(self.counts.items())))
        return (*key, self.n, self.took, self.logs, self.log_squares, self.fast, self.slow, self.lost, counts)


def count(cells: dict[Key, Cell], rows: Iterable[WorkRow], norms: Norms) -> None:
    """Add rows of work to the sums of their days."""
    for _case, step, worker, log, day, kind, team, point, took, *_more in rows:
        _cell(cells, (log, day, worker, step, kind, team or 0, point or 0)).add(took, norms.of(step, kind, day))


def _cell(cells: dict[Key, Cell], key: Key) -> Cell:
    if (cell := cells.get(key)) is None:
        cell = cells[key] = Cell()
    return cell


def put(uow: Uow, cases: Collection[int], rows: Sequence[WorkRow], norms: Norms | None = None) -> None:
    """Make `rows` (in the order of `WORK`) the work of these cases of our own, and bring the sums of the days they touch in step.

    Said again with the same rows, nothing changes. Two who end cases of the same colleague at once wait for each other.
    """
    norms = norms or Norms.load(uow)
    of_cases = _w.case_id.in_(sorted(cases))
    workers = set(uow.connection.execute(sa.select(_w.worker_id).where(of_cases).distinct()).scalars())
    hold(uow, *(workers | {row[2] for row in rows}), what=SUMS)
    touched = {tuple(row) for row in uow.connection.execute(sa.select(*_KEY).where(of_cases).distinct())}
    touched |= {(r[3], r[4], r[2], r[1], r[5], r[6] or 0, r[7] or 0) for r in rows}
    uow.connection.execute(work.delete().where(of_cases))
    insert(uow, work, WORK, rows)
    _write(uow, t.cast("set[Key]", touched), norms)
    follow(uow, t.cast("set[Key]", touched))


def _is(key: Key) -> list[sa.ColumnElement[bool]]:
    return [column == value for column, value in zip(days.primary_key.columns, key, strict=True)]


def _write(uow: Uow, keys: set[Key], norms: Norms) -> None:
    """Add the work of these days up anew: a day of a colleague at a step is some dozens of rows."""
    connection = uow.connection
    for key in sorted(keys):
        log, day, worker, step, kind, team, point = key
        cell = Cell()
        norm = norms.of(step, kind, day)
        of_cell = sa.select(_w.took).where(
            _w.worker_id == worker, _w.step_id == step, _w.day == day, _w.log_id == log, _w.kind == kind,
            sa.func.coalesce(_w.team_id, 0) == team, sa.func.coalesce(_w.point_id, 0) == point,
        )  # fmt: skip
        for (took,) in connection.execute(of_cell.order_by(_w.case_id)):
            cell.add(took, norm)
        connection.execute(days.delete().where(*_is(key)))
        if cell.n:
            insert(uow, days, COLUMNS, [cell.row(key)])


def rebuild(uow: Uow, log: int = 0, since: dt.date | None = None, until: dt.date | None = None) -> int:
    """Make the sums of some days (both included) anew from the rows of work: after norms changed. Returns how many sums there are.

    Cases of our own that end meanwhile wait for it: call it for a month at a time.
    """
    if uow.connection.dialect.name == "postgresql":  # readers go on reading; those who end cases wait
        uow.connection.execute(sa.text(f"LOCK TABLE {days.name} IN SHARE ROW EXCLUSIVE MODE"))
    uow.connection.execute(days.delete().where(*within(days, log, since, until)))
    made = 0
    for cells in _from_scratch(uow, log, since, until):
        insert(uow, days, COLUMNS, [cell.row(key) for key, cell in cells.items()])
        made += len(cells)
    over_again(uow, log, since, until)
    return made


def differences(uow: Uow, log: int = 0, since: dt.date | None = None, until: dt.date | None = None) -> list[tuple[Key, str]]:
    """Return the sums that are not what the rows of work say, and in what: none, unless something is wrong."""
    stored = sa.select(*(days.c[name] for name in COLUMNS)).where(*within(days, log, since, until))
    kept: dict[Key, sa.Row[*tuple[t.Any, ...]]] = {t.cast(Key, tuple(row[:7])): row for row in uow.connection.execute(stored)}
    wrong: list[tuple[Key, str]] = []
    for cells in _from_scratch(uow, log, since, until):
        for key, cell in cells.items():
            row = kept.pop(key, None)
            if row is None:
                wrong.append((key, "missing"))
                continue
            mine = (*cell.row(key)[7:-1], {str(place): n for place, n in cell.counts.items()})
            wrong += [(key, name) for name, a, b in zip(COLUMNS[7:], mine, row[7:], strict=True) if not same(a, b)]
    wrong += [(key, "nothing behind it") for key in kept]
    return wrong + t.cast("list[tuple[Key, str]]", unlike(uow, log, since, until))


def _from_scratch(uow: Uow, log: int, since: dt.date | None, until: dt.date | None) -> Iterator[dict[Key, Cell]]:
    """Yield the sums of one day after another, from the rows of work."""
    norms = Norms.load(uow, log or None)
    wanted = sa.select(*_KEY, _w.took).where(*within(work, log, since, until)).order_by(_w.day, _w.case_id)
    cells: dict[Key, Cell] = {}
    day: dt.date | None = None
    with uow.connection.execute(wanted, execution_options={"yield_per": ROWS}) as found:
        for row in found:
            if row[1] != day and len(cells) >= ROWS // 10:
                yield cells
                cells = {}
            day = row[1]
            _cell(cells, t.cast(Key, tuple(row[:7]))).add(row[7], norms.of(row[3], row[4], row[1]))
    if cells:
        yield cells


__all__ = ["COLUMNS", "WORK", "Cell", "Key", "WorkRow", "bucket", "count", "differences", "put", "rebuild"]
