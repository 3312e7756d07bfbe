"""Rows that name each other (a company and its parent): parents first, whatever the order of the file, and circles told.

Rows wait in a temporary SQLite file, so that memory does not grow with the file.
"""

from __future__ import annotations

import pickle
import sqlite3
import typing as t
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from ..core.text import _
from .sources import Row

CIRCLE = _("these name each other in a circle: {ids}", ru="записи ссылаются друг на друга по кругу: {ids}")
ABOVE = _("it lies below a circle: {ids}", ru="запись подчинена кругу: {ids}")
SHOWN = 10

Names = Callable[[Row], tuple[str, Sequence[str]]]


@attrs.define
class Level:
    """What is yielded between two levels: everything before it must be saved before anything after it."""


def parents_first(rows: Iterable[Row], names: Names) -> Iterator[Row | Level]:
    """Yield rows level by level; rows of a circle come last, each with its problem.

    `names` returns a row's id and the ids it names. What is not in the file itself is no reason to wait.
    """
    store = sqlite3.connect("")  # a private file of SQLite's own, gone when it is closed
    try:
        _stage(store, rows, names)
        level = 0
        while True:
            cursor = store.execute("SELECT data FROM row WHERE level = ? ORDER BY seq", (level,))
            found = False
            for (data,) in cursor:
                found = True
                yield Row(*pickle.loads(data))
            if not found:
                break
            yield Level()
            level += 1
            _next_level(store, level)
        yield from _circles(store)
    finally:
        store.close()


def _stage(store: sqlite3.Connection, rows: Iterable[Row], names: Names) -> None:
    store.execute("CREATE TABLE row (seq INTEGER PRIMARY KEY, id TEXT, level INTEGER, data BLOB)")
    store.execute("CREATE TABLE edge (child INTEGER, parent TEXT)")
    for seq, row in enumerate(rows):
        own, above = names(row) if row.problem is None else ("", ())
        store.execute("INSERT INTO row VALUES (?, ?, NULL, ?)", (seq, own, pickle.dumps(tuple(row))))
        if above:
            store.executemany("INSERT INTO edge VALUES (?, ?)", [(seq, name) for name in set(above)])
    store.execute("CREATE INDEX row_id ON row (id)")
    store.execute("DELETE FROM edge WHERE parent NOT IN (SELECT id FROM row)")
    store.execute("CREATE INDEX edge_child ON edge (child)")
    store.execute("CREATE INDEX edge_parent ON edge (parent)")
    store.execute("UPDATE row SET level = 0 WHERE seq NOT IN (SELECT child FROM edge)")
    store.execute("CREATE INDEX row_level ON row (level)")


def _next_level(store: sqlite3.Connection, level: int) -> None:
    """Give `level` to the rows whose parents all have one, looking only at children of the level before."""
    store.execute(
        "UPDATE row SET level = ?1 WHERE level IS NULL AND seq IN (SELECT e.child FROM row p JOIN edge e ON e.parent = p.id WHERE p.level = ?1 - 1)"
        " AND NOT EXISTS (SELECT 1 FROM edge e JOIN row p ON p.id = e.parent WHERE e.child = row.seq AND p.level IS NULL)",
        (level,),
    )


def _circles(store: sqlite3.Connection) -> Iterator[Row]:
    above = dict(store.execute("SELECT r.id, e.parent FROM row r JOIN edge e ON e.child = r.seq WHERE r.level IS NULL").fetchall())
    for own, data in store.execute("SELECT id, data FROM row WHERE level IS NULL ORDER BY seq"):
        row = Row(*pickle.loads(data))
        path = [own]
        while (parent := above.get(path[-1])) is not None and parent not in path:
            path.append(parent)
        start = path.index(parent) if parent in path else 0
        circle = [*path[start:], path[start]]
        told = " → ".join(circle[:SHOWN]) + (" → …" if len(circle) > SHOWN else "")
        yield row._replace(problem=(CIRCLE if own in circle else ABOVE).format(ids=told))


def once(ids: t.Sequence[tuple[str, int]], seen: sqlite3.Connection) -> dict[int, int]:
    """Return which of `ids` (id and line) came before: the place in the list, and the line it came on first."""
    known = dict(seen.execute("SELECT id, line FROM seen WHERE id IN (SELECT value FROM json_each(?))", (_json([i for i, _line in ids]),)))
    again: dict[int, int] = {}
    fresh = []
    for place, (own, line) in enumerate(ids):
        if own in known:
            again[place] = known[own]
        else:
            known[own] = line
            fresh.append((own, line))
    seen.executemany("INSERT INTO seen VALUES (?, ?)", fresh)
    return again


def seen_ids() -> sqlite3.Connection:
    """Return an empty memory of ids: on disk, so that it may be long."""
    store = sqlite3.connect("")
    store.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
    return store


def _json(values: t.Any) -> str:
    import orjson

    return orjson.dumps(values).decode()
