"""Small statements of psycopg's, sent through libpq itself: one costs half as much so, and several go in one round trip.

psycopg prepares what it has run a few times. From then on the statement is sent here under the name psycopg gave it, its values
and rows converted by psycopg's own adapters; what psycopg forgets (after a rollback, for instance) it runs itself again.
Imported only where PostgreSQL is at work: it needs psycopg.
"""

from __future__ import annotations

import functools
import re
import typing as t
from collections.abc import Callable, Generator, Iterable, Mapping

from psycopg import IsolationLevel
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute, fetch_many, send
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

KEPT = 200
_PLACE = re.compile(r"%\(([^)]*)\)s(::)?|%%")
Rows = list[tuple[t.Any, ...]]


class Answer:
    """What a statement brought, as a cursor tells it."""

    __slots__ = ("_rest", "lastrowid", "rowcount", "rows")

    def __init__(self, rows: Rows, rowcount: int) -> None:
        self.rows, self.rowcount, self.lastrowid = rows, rowcount, None
        self._rest: t.Iterator[tuple[t.Any, ...]] | None = None

    def __iter__(self) -> t.Iterator[tuple[t.Any, ...]]:
        if self._rest is None:
            self._rest = iter(self.rows)
        return self._rest

    def fetchone(self) -> tuple[t.Any, ...] | None:
        """Return the next row."""
        return next(iter(self), None)

    def fetchall(self) -> Rows:
        """Return the rows that are left."""
        return list(self) if self._rest is not None else self.rows


Work = Callable[[], t.Any]
"""Returns the answer of a statement, or raises its error."""


class Known:
    """One statement on one connection."""

    __slots__ = ("cursor", "formats", "order", "query", "ready", "shifter", "typed")

    def __init__(self, raw: t.Any, sql: str) -> None:
        self.query, self.order, self.typed = positional(sql)
        self.cursor: t.Any = None
        self.ready = False
        self.shifter = Transformer(self.open(raw))
        self.formats = [PyFormat.AUTO] * len(self.order)

    def open(self, raw: t.Any) -> t.Any:
        """Return psycopg's cursor for this statement; it keeps how values and columns are converted."""
        if self.cursor is None:
            self.cursor = raw.cursor()
            if self.typed:  # psycopg prepares anew for each size of a whole number; the statement's own casts say what it is
                self.cursor.adapters.register_dumper(int, Int8Dumper)
                self.cursor.adapters.register_dumper(int, Int8BinaryDumper)
        return self.cursor

    def answer(self, result: t.Any) -> Answer:
        """Return what a result holds."""
        if result.status == ExecStatus.TUPLES_OK:
            self.shifter.set_pgresult(result, set_loaders=not self.ready)
            self.ready = True
            rows = self.shifter.load_rows(0, result.ntuples, tuple)
            self.shifter.set_pgresult(None, set_loaders=False)
            return Answer(rows, len(rows))
        return Answer([], result.command_tuples or 0)


@functools.lru_cache(4096)
def positional(sql: str) -> tuple[bytes, tuple[str, ...], bool]:
    """Return a statement with the places psycopg gives its parameters, their names in order, and whether all are cast."""
    order: dict[str, int] = {}
    casts = []

    def placed(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "%"
        casts.append(bool(match[2]))
        return f"${order.setdefault(name, len(order) + 1)}{match[2] or ''}"

    return _PLACE.sub(placed, sql).encode(), tuple(order), bool(casts) and all(casts)


Call = tuple[bytes, Known | None, t.Any, t.Any]  # a prepared name or, without what is known of it, a command
Waiting = tuple[Call, Callable[[Work], None] | None]  # what looks at the answer, where anybody has to
BEGINS: dict[IsolationLevel | None, Call] = {None: (b"BEGIN", None, None, None)}
BEGINS |= {level: (b"BEGIN ISOLATION LEVEL " + level.name.replace("_", " ").encode(), None, None, None) for level in IsolationLevel}
COMMIT: Call = (b"COMMIT", None, None, None)


class Wire:
    """One connection of psycopg's: the statements it knows, and those that wait to go out together with the next one."""

    def __init__(self, raw: t.Any) -> None:
        self.raw, self.pgconn = raw, raw.pgconn
        self.names: t.Any = getattr(getattr(raw, "_prepared", None), "_names", {})
        self.known: dict[str, Known] = {}
        self.waiting: list[Waiting] = []

    def statement(self, sql: str) -> Known:
        """Return what is known of a statement."""
        found = self.known.get(sql)
        if found is None:
            if len(self.known) >= KEPT:
                self.known.clear()
            found = self.known[sql] = Known(self.raw, sql)
        return found

    def call(self, known: Known, values: Mapping[str, t.Any]) -> Call | None:
        """Return what is to be sent; None for what psycopg has not prepared, or where it begins transactions in a way of its own."""
        raw, shifter = self.raw, known.shifter
        if self._begins and (raw.read_only is not None or raw.deferrable is not None):
            return None
        params = shifter.dump_sequence([values[name] for name in known.order], known.formats)
        key = (known.query, shifter.types)
        name = self.names.get(key)
        if name is None:
            known.ready = False
            return None
        self.names.move_to_end(key)
        return name, known, params, shifter.formats

    def run(self, call: Call) -> Answer:
        """Send what waits, then this, and return its answer."""
        begins = self._begins
        name, known, params, formats = call
        if not begins and not self.waiting and known is not None:
            with self.raw.lock:
                self.pgconn.send_query_prepared(name, params, formats)
                result = self.raw.wait(execute(self.pgconn))[-1]
            return t.cast(Answer, told(self.raw, known, result))
        waiting, self.waiting = self.waiting, []
        calls = self._begin(begins) + [one for one, _after in waiting] + [call]
        results = self._exchange(calls)
        if begins:
            told(self.raw, None, results.pop(0))
        self._look(waiting, results)
        return t.cast(Answer, told(self.raw, known, results[-1]))

    def sync(self) -> None:
        """Send what waits and look at what came of it."""
        if not self.waiting:
            return
        begins = self._begins
        waiting, self.waiting = self.waiting, []
        if len(waiting) == 1 and not begins:
            [(call, after)] = waiting
            (after or _done)(functools.partial(self.run, call))
            return
        results = self._exchange(self._begin(begins) + [call for call, _after in waiting])
        self._look(waiting, results[begins:])

    def commit(self) -> bool:
        """Send what waits and the commit in one round trip; False where nothing waits, and nothing was done."""
        if any(after is not None for _call, after in self.waiting):
            self.sync()  # what is still to be looked at may refuse
        if not self.waiting:
            return False
        begins = self._begins
        waiting, self.waiting = self.waiting, []
        results = self._exchange(self._begin(begins) + [call for call, _after in waiting] + [COMMIT])
        self._look(waiting, results[begins:])
        told(self.raw, None, results[-1])
        return True

    @property
    def _begins(self) -> bool:
        return self.pgconn.transaction_status == TransactionStatus.IDLE and not self.raw.autocommit

    def _begin(self, begins: bool) -> list[Call]:
        """Return how a transaction begins: SQLAlchemy names the level on a connection that has been in autocommit before."""
        return [BEGINS[self.raw.isolation_level]] if begins else []

    def _look(self, waiting: list[Waiting], results: list[t.Any]) -> None:
        for ((_name, known, _params, _formats), after), result in zip(waiting, results, strict=False):
            (after or _done)(functools.partial(told, self.raw, known, result))

    def _exchange(self, calls: Iterable[Call]) -> list[t.Any]:
        """Send several in one round trip; what follows a failed one is not run."""
        pgconn, count = self.pgconn, 1
        with self.raw.lock:
            try:
                pgconn.enter_pipeline_mode()
                for name, known, params, formats in calls:
                    if known is None:
                        pgconn.send_query_params(name, None)
                    else:
                        pgconn.send_query_prepared(name, params, formats)
                    count += 1
                pgconn.pipeline_sync()
                results = self.raw.wait(_gather(pgconn, count))
                pgconn.exit_pipeline_mode()
            except BaseException:
                self.raw.close()  # nobody knows what it would answer next
                raise
        results.pop()  # the mark of the end
        return t.cast("list[t.Any]", results)


def _done(work: Work) -> None:
    work()


def _gather(pgconn: t.Any, count: int) -> Generator[t.Any, t.Any, list[t.Any]]:
    yield from send(pgconn)
    results = []
    for _n in range(count):
        results.append((yield from fetch_many(pgconn))[-1])
    return results


def told(raw: t.Any, known: Known | None, result: t.Any) -> Answer | None:
    """Return the answer in a result, or raise the error in it."""
    if result.status == ExecStatus.FATAL_ERROR:
        raise error_from_result(result, encoding=raw.info.encoding)
    return None if known is None else known.answer(result)
