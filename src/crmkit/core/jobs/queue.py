"""`Jobs`: what code that wants something done later talks to. All of it is part of the caller's transaction."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from crmkit.core.database import Database
from crmkit.core.errors import Misuse
from crmkit.core.sql import Db

from . import statements as sql
from .clock import Clock
from .crontab import CronTab
from .handler import Handler, to_ms
from .ledger import Ledger
from .store import Bare, Store

SOON_MS = 10_000
"""What is due within this is announced to sleeping runners; for the rest they look by themselves often enough."""


class Jobs(Ledger):
    """The jobs of one CRM: schedule, move, cancel, freeze, list, replay. Works on SQLite and PostgreSQL alike.

    `paused` holds the names of plugins whose jobs wait; change it at any time.
    """

    def __init__(self, database: Database | sa.Engine, clock: Clock, *, chance: random.Random | None = None) -> None:
        super().__init__(Store(database if isinstance(database, Database) else Database(database)), clock)
        self.chance = chance or random.Random()
        self.crons = CronTab(self)
        self._sleepers: list[threading.Event] = []
        self._keyed = sql.keyed("postgresql" if self.store.postgres else "sqlite")

    # -- what runs ------------------------------------------------------------------------------------------------

    def register(self, kind: str, handler: Handler) -> None:
        """Say what runs for jobs of `kind`. A kind lives as long as its timers, months: never change what one means."""
        if kind in self.handlers:
            raise Misuse(f"two handlers for jobs of kind {kind!r}: give one of them another kind")
        self.handlers[kind] = handler
        self.unknown_kinds.discard(kind)

    # -- schedule -------------------------------------------------------------------------------------------------

    def row(
        self,
        kind: str,
        args: Mapping[str, Any] | None = None,
        *,
        at: datetime | None = None,
        delay: timedelta | None = None,
        key: str | None = None,
        subject: str | None = None,
        queue: str = "default",
        priority: int = 0,
        max_attempts: int | None = None,
        cause: str | None = None,
        actor_id: int | None = None,
        tx: int | None = None,
    ) -> dict[str, Any]:
        """The column values of a new job, for a caller that inserts many things at once.

        Only rows without a key may be inserted as they are; those with one must go through `schedule_many`.
        """
        handler = self.handlers.get(kind)
        if at is None:
            run_at = to_ms(self.clock.now() + delay if delay else self.clock.now())
        elif delay is not None:
            raise Misuse("a job is scheduled either at a moment or after a delay: leave out at= or delay=")
        elif at.tzinfo is None:
            raise Misuse(f"at={at!r} has no time zone: add tzinfo=datetime.UTC")
        else:
            run_at = to_ms(at)
        return {
            "kind": kind,
            "args": dict(args) if args else {},
            "queue": queue,
            "key": key,
            "subject": subject,
            "run_at": run_at,
            "priority": priority,
            "state": "pending",
            "attempts": 0,
            "max_attempts": max_attempts or (handler.max_attempts if handler else 10),
            "cause": cause,
            "actor_id": actor_id,
            "plugin": handler.plugin if handler else None,
            "tx": tx,
        }

    def schedule(
        self,
        connection: sa.Connection,
        kind: str,
        args: Mapping[str, Any] | None = None,
        *,
        at: datetime | None = None,
        delay: timedelta | None = None,
        key: str | None = None,
        subject: str | None = None,
        on_conflict: Literal["replace", "ignore"] = "replace",
        queue: str = "default",
        priority: int = 0,
        max_attempts: int | None = None,
        cause: str | None = None,
        actor_id: int | None = None,
        tx: int | None = None,
    ) -> int | None:
        """Write a job into the caller's transaction and return its id, or None when `ignore` found the key waiting.

        With a `key`, a job that still waits under it is moved and given the new arguments (`replace`) or left alone
        (`ignore`). A negative `priority` is urgent and goes ahead of all that is not; among jobs due together the
        lower goes first. `subject` (`"sales.deal:42"`) lets `cancel_subject` and `hold` find it.
        """
        row = self.row(
            kind,
            args,
            at=at,
            delay=delay,
            key=key,
            subject=subject,
            queue=queue,
            priority=priority,
            max_attempts=max_attempts,
            cause=cause,
            actor_id=actor_id,
            tx=tx,
        )
        if key is None:
            found: int | None = connection.execute(sql.INSERT_RETURNING, row).scalar_one()
        elif on_conflict == "replace":
            found = connection.execute(self._keyed.replace_returning, {**row, "moved_at": self.now_ms()}).scalar_one()
        else:
            found = connection.execute(self._keyed.ignore_returning, row).scalar_one_or_none()
        if found is not None and self.is_soon(row):
            self.notify(connection)
        return found

    def put(self, db: Db, row: dict[str, Any]) -> None:
        """Write a job with a key, made by `row`, together with the next statement; what waits under the key is moved.

        Without a `tx` PostgreSQL fills in the transaction's own. Whoever calls it tells the runners.
        """
        prepared = self.store.prepared(self._keyed.put(numbered=row["tx"] is not None))
        db.later(prepared.sql, prepared.values({**row, "moved_at": self.now_ms()}))

    def schedule_many(self, connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Write many jobs made by `row` at once; those with a key move what waits under it."""
        plain = [row for row in rows if row["key"] is None]
        keyed = [{**row, "moved_at": self.now_ms()} for row in rows if row["key"] is not None]
        if plain:
            connection.execute(sql.INSERT, plain)
        if keyed:
            connection.execute(self._keyed.replace, keyed)
        if any(self.is_soon(row) for row in rows):
            self.notify(connection)

    # -- wake -----------------------------------------------------------------------------------------------------

    def is_soon(self, row: Mapping[str, Any]) -> bool:
        """True for a job due so soon that a sleeping runner must be told."""
        return bool(row["run_at"] <= self.now_ms() + SOON_MS)

    def notify(self, connection: sa.Connection) -> None:
        """Let runners in other processes know when this transaction commits (PostgreSQL; SQLite's look by themselves).

        At most one statement per transaction or savepoint, however often it is called.
        """
        if not self.store.postgres:
            return
        current: object = connection.get_nested_transaction() or connection.get_transaction()
        if current is not None and connection.info.get("crm_job_notified") is current:
            return
        connection.execute(sql.NOTIFY)
        connection.info["crm_job_notified"] = current  # the object, not its id: ids come back

    def wake(self) -> None:
        """Let the runners of this process look at once. To be called after a commit."""
        for sleeper in self._sleepers:
            sleeper.set()

    def add_sleeper(self, sleeper: threading.Event) -> None:
        """Set this event at every `wake`."""
        self._sleepers.append(sleeper)

    def remove_sleeper(self, sleeper: threading.Event) -> None:
        """No longer set this event."""
        self._sleepers.remove(sleeper)

    @contextmanager
    def begin(self) -> Iterator[Bare]:
        """A plain transaction that wakes the runners once it has committed."""
        with self.store.write() as connection:
            yield Bare(connection)
        self.wake()

    # -- cancel, freeze -------------------------------------------------------------------------------------------

    def cancel(self, connection: sa.Connection | Db, key: str, *, wait: bool = True) -> bool:
        """Remove the job waiting under `key`; False when there is none or it has begun, so handlers look again.

        Without `wait` it goes out with the next statement on the connection, and nobody says whether there was one.
        """
        db, prepared = self.store.on(connection), self.store.prepared(sql.CANCEL_KEY)
        if not wait:
            db.later(prepared.sql, prepared.values({"cancelled": key}))
            return False
        return bool(db.run(prepared, {"cancelled": key}).rowcount > 0)

    def due(self, connection: sa.Connection | Db, key: str) -> int | None:
        """Return when the job waiting under `key` is due, in milliseconds since 1970; None when there is none."""
        found = self.store.on(connection).one(self.store.prepared(sql.DUE_OF_KEY), {"cancelled": key})
        return None if found is None else found[0]

    def cancel_subject(self, connection: sa.Connection, subject: str) -> int:
        """Remove all that waits about one record; return how many."""
        return connection.execute(sql.CANCEL_SUBJECT, {"cancelled": subject}).rowcount

    def hold(self, connection: sa.Connection, subject: str) -> int:
        """Freeze all that waits about one record until `release`; return how many. What is scheduled later runs."""
        return connection.execute(sql.HOLD, {"frozen": subject, "moment": self.now_ms()}).rowcount

    def release(self, connection: sa.Connection, subject: str, *, shift: timedelta | None = None) -> int:
        """Unfreeze; return how many. Each job has as much time left as when it was frozen.

        With `shift`, each is due at its original time plus that: `timedelta(0)` runs at once what became due meanwhile.
        """
        if shift is None:
            done = connection.execute(sql.RELEASE_KEEPING_TIME_LEFT, {"frozen": subject, "moment": self.now_ms()})
        else:
            moved = round(shift.total_seconds() * 1000)
            done = connection.execute(sql.RELEASE_SHIFTED, {"frozen": subject, "shift": moved})
        if done.rowcount:
            self.notify(connection)
        return done.rowcount
