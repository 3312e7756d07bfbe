"""Comparing records with those that share a key with them, and keeping the pairs that may be one."""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Iterable, Iterator, Mapping

import attrs
import sqlalchemy as sa

from crmkit import Uow

from .declare import Prepared
from .entities import Pair, PairState
from .model import Counted, Judgement, Weights
from .registry import BATCH, Declared, count_keys
from .settings import DuplicatesSettings
from .tables import keys as key_table

# A pair both of which are like a third record is proposed too, unless it speaks against itself a hundred to one: so far the
# third record is believed, and no further. Two relatives with a nameless record between them stay two.
AGAINST = 0.01
Two = tuple[int, int]


@attrs.frozen
class Found:
    """A pair and how likely it is one; `via` is the third record both are like."""

    score: float
    codes: tuple[str, ...]
    via: int | None = None


class Comparing:
    """Some records of a kind and those that share a key with them, their values read once."""

    def __init__(self, uow: Uow, here: Declared) -> None:
        self.uow, self.here = uow, here
        self.weights: Weights = here.weights(uow)
        self.counted: Counted = Counted(0)
        self.prepared: dict[int, Prepared] = {}
        self.compared = 0

    def candidates(self, ids: Iterable[int], below: bool) -> Iterator[Two]:
        """Yield pairs, smaller number first, of one of `ids` and a record with a key in common; with `below` only smaller ones."""
        own = sorted(ids)
        keys: dict[int, list[int]] = collections.defaultdict(list)
        for key, record in self._select(key_table.c.kind == self.here.kind.key, key_table.c.record_id, own):
            keys[key].append(record)
        counts = self.count(keys)
        wanted = [k for k, n in counts.items() if 1 < n <= self.here.what.block and not k & 1]
        seen: set[Two] = set()
        for key, other in self._select(sa.true(), key_table.c.key, wanted):
            for record in keys[key]:
                if other < record or (not below and other != record):
                    seen.add((min(other, record), max(other, record)))
        yield from sorted(seen)

    def count(self, keys: Iterable[int]) -> dict[int, int]:
        """Count how many records have each key, and weigh by it from now on."""
        counts = count_keys(self.uow, keys)
        self.counted = self.here.counted(self.uow, counts)
        return counts

    def _select(self, condition: t.Any, column: t.Any, values: list[int]) -> Iterator[Two]:
        for start in range(0, len(values), BATCH):
            statement = sa.select(key_table.c.key, key_table.c.record_id).where(condition, column.in_(values[start : start + BATCH]))
            for row in self.uow.connection.execute(statement):
                yield row[0], row[1]

    def read(self, ids: Iterable[int]) -> None:
        """Read the values of records that were not read yet."""
        raw = self.here.raw(self.uow, [i for i in ids if i not in self.prepared])
        self.prepared.update((key, self.here.what.prepare(values)) for key, values in raw.items())

    def judge(self, a: int, b: int, without: frozenset[str] = frozenset()) -> Judgement | None:
        """Return how likely two records are one by all but some fields; None where one of them is not there any more."""
        first, second = self.prepared.get(a), self.prepared.get(b)
        if first is None or second is None:
            return None
        self.compared += 1
        return self.here.what.judge(first, second, self.here.labels, self.weights, self.counted, without)


def compare_records(uow: Uow, here: Declared, ids: list[int], *, below: bool = False) -> tuple[int, int]:
    """Compare records with all others (`below`: with those of smaller numbers) and keep what is found; return pairs compared and found.

    Open pairs of these records that are not found any more are dropped, except with `below`, which sees only half of them.
    """
    comparing = Comparing(uow, here)
    pairs = list(comparing.candidates(ids, below))
    comparing.read({i for pair in pairs for i in pair})
    least = uow.crm[DuplicatesSettings].propose_from
    found: dict[Two, Found] = {}
    for a, b in pairs:
        judged = comparing.judge(a, b)
        if judged is not None and judged.score >= least:
            found[a, b] = _found(judged)
    found |= _through_a_third(comparing, found)
    keep(uow, here.kind.key, found)
    if not below:
        pair = Pair.__table__
        stale = pair.c.kind == here.kind.key, pair.c.state == PairState.OPEN, pair.c.checked_at < uow.now
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            uow.connection.execute(pair.delete().where(*stale, sa.or_(pair.c.a_id.in_(some), pair.c.b_id.in_(some))))
    return comparing.compared, len(found)


def _found(judged: Judgement, via: int | None = None, score: float | None = None) -> Found:
    codes = tuple(f"{feature}={level}" for feature, level in judged.pattern)
    return Found(judged.score if score is None else score, codes, via)


def _through_a_third(comparing: Comparing, direct: Mapping[Two, Found]) -> dict[Two, Found]:
    """Return pairs that were not found themselves, but are both like one record."""
    like = _likes(comparing, direct)
    wanted: dict[Two, tuple[int, float]] = {}
    for a, b in direct:
        for middle, end in ((a, b), (b, a)):
            for other in like[middle]:
                two = (min(end, other), max(end, other))
                if other != end and other not in like[end]:
                    score = min(like[middle][end], like[middle][other])
                    if two not in wanted or wanted[two][1] < score:
                        wanted[two] = (middle, score)
    comparing.read({i for two in wanted for i in two})
    found = {}
    for two, (middle, score) in wanted.items():
        judged = comparing.judge(*two)
        if judged is not None and judged.score >= AGAINST:
            found[two] = _found(judged, middle, score)
    return found


def _likes(comparing: Comparing, direct: Mapping[Two, Found]) -> dict[int, dict[int, float]]:
    """Return what each record is like: the pairs just found, and those kept from before."""
    like: dict[int, dict[int, float]] = collections.defaultdict(dict)
    ids = sorted({i for pair in direct for i in pair})
    table = Pair.__table__
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        kept = table.c.kind == comparing.here.kind.key, table.c.via_id.is_(None), table.c.state == PairState.OPEN
        for column in (table.c.a_id, table.c.b_id):
            for a, b, score in comparing.uow.connection.execute(sa.select(table.c.a_id, table.c.b_id, table.c.score).where(*kept, column.in_(some))):
                like[a][b] = like[b][a] = score
    for (a, b), one in direct.items():
        like[a][b] = like[b][a] = one.score
    for a, b in _different(comparing.uow, comparing.here.kind.key, like):
        like[a].pop(b, None)
        like[b].pop(a, None)
    return like


def _different(uow: Uow, kind: str, ids: Iterable[int]) -> Iterator[Two]:
    """Yield the pairs people said are different, those of records since merged into one of `ids` too."""
    table, merged = Pair.__table__, next(table for table in uow.crm.tables if table.name == "crm_merged")
    own = sorted(ids)
    for start in range(0, len(own), BATCH):
        now = {i: i for i in own[start : start + BATCH]}
        rows = sa.select(merged.c.loser_id, merged.c.winner_id).where(merged.c.kind == kind, merged.c.winner_id.in_(list(now)))
        now.update((row[0], row[1]) for row in uow.connection.execute(rows))
        said = table.c.kind == kind, table.c.state == PairState.DIFFERENT
        for column in (table.c.a_id, table.c.b_id):
            for a, b in uow.connection.execute(sa.select(table.c.a_id, table.c.b_id).where(*said, column.in_(list(now)))):
                yield now.get(a, a), now.get(b, b)


def keep(uow: Uow, kind: str, found: Mapping[Two, Found]) -> None:
    """Write pairs: new ones open, open ones with what was found now. What people decided stays."""
    if not found:
        return
    known = {(min(a, b), max(a, b)) for a, b in _different(uow, kind, {i for two in found for i in two})}
    common = {"created_at": uow.now, "updated_at": uow.now, "checked_at": uow.now, "version": 1, "archived_at": None, "kind": kind,
        "state": PairState.OPEN, "decided_at": None, "decided_by": None}  # fmt: skip
    rows = [
        {**common, "a_id": a, "b_id": b, "score": round(one.score, 6), "reasons": list(one.codes), "via_id": one.via}
        for (a, b), one in sorted(found.items()) if (a, b) not in known
    ]  # fmt: skip
    table = Pair.__table__
    statement = _insert(uow)(table)
    given = statement.excluded
    fresh = {n: given[n] for n in ("score", "reasons", "via_id", "checked_at", "updated_at")}
    index = [table.c.kind, table.c.a_id, table.c.b_id]
    if rows:
        uow.connection.execute(statement.on_conflict_do_update(index_elements=index, set_=fresh, where=table.c.state == PairState.OPEN), rows)


def _insert(uow: Uow) -> t.Any:
    if uow.connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert

