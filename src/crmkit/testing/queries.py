"""Counting statements, so that a list of a hundred deals never costs a hundred queries."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import event

# What opens and ends transactions says nothing about how much work was asked of the database.
HOUSEKEEPING = (
    "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "NOTIFY", "LISTEN", "SET STATEMENT_TIMEOUT", "RESET STATEMENT_TIMEOUT",
)  # fmt: skip


class Queries:
    """The SQL statements of a test, in order: ``queries.statements``, ``queries.count``, ``with
    queries.at_most(3):``."""

    def __init__(self, engine: sa.Engine) -> None:
        self.statements: list[str] = []
        self._muted = False
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection: t.Any, _cursor: t.Any, statement: str, *_rest: t.Any) -> None:
        if not self._muted and not statement.lstrip().upper().startswith(HOUSEKEEPING):
            self.statements.append(statement)

    @property
    def count(self) -> int:
        """How many statements there were since the start of the test, or since `clear`."""
        return len(self.statements)

    def clear(self) -> None:
        """Begin to count afresh."""
        self.statements.clear()

    @contextlib.contextmanager
    def muted(self) -> Iterator[None]:
        """Leave out what the test kit itself asks."""
        before, self._muted = self._muted, True
        try:
            yield
        finally:
            self._muted = before

    @contextlib.contextmanager
    def at_most(self, limit: int) -> Iterator[None]:
        """Fail, listing every statement, when the block needs more than `limit` of them."""
        before = self.count
        yield
        made = self.statements[before:]
        if len(made) > limit:
            listed = "\n".join(f"  {n}. {' '.join(s.split())}" for n, s in enumerate(made, 1))
            raise AssertionError(f"{len(made)} statements, at most {limit} were expected:\n{listed}")
