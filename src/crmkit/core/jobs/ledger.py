"""What can be seen of the jobs, and what can be done about the dead ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit.core.errors import Misuse, closest

from . import statements as sql
from .clock import Clock
from .handler import SELECTED, ClaimedJob, Handler, claimed, from_ms, to_ms
from .store import Store
from .table import IS_DEAD, IS_PENDING, STATES, job


@attrs.frozen
class UnknownKind:
    """Jobs that wait because no plugin in this process handles their kind."""

    kind: str
    count: int
    oldest: datetime


class Ledger:
    """The readable side of `Jobs`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.handlers: dict[str, Handler] = {}
        self.paused: set[str] = set()
        self.unknown_kinds: set[str] = set()

    def now_ms(self) -> int:
        """The clock's moment in whole milliseconds."""
        return to_ms(self.clock.now())

    def notify(self, connection: sa.Connection) -> None:
        """Let runners in other processes know when this transaction commits."""
        raise NotImplementedError

    def excluded(self) -> dict[str, list[str]]:
        """The parameters that leave out what must wait: empty in the usual case."""
        named = {"paused": sorted(self.paused), "unknown": sorted(self.unknown_kinds)}
        return {name: values for name, values in named.items() if values}

    def next_due(self) -> datetime | None:
        """When the next job or cron line is due (it may be past); None when nothing waits that could run."""
        left_out = self.excluded()
        with self.store.read() as reading:
            queues = sorted(reading.execute(sql.QUEUES).scalars())
            query = sql.next_due(
                len(queues), store=self.store, paused="paused" in left_out, unknown="unknown" in left_out
            )
            values = {f"queue_{n}": name for n, name in enumerate(queues)} | left_out
            moments = [ms for ms in reading.execute(query, values).one() if ms is not None]
        return from_ms(min(moments)) if moments else None

    # -- look -----------------------------------------------------------------------------------------------------

    def find(
        self,
        state: str | None = None,
        *,
        kind: str | None = None,
        key: str | None = None,
        subject: str | None = None,
        plugin: str | None = None,
        after: int = 0,
        limit: int = 100,
        connection: sa.Connection | None = None,
    ) -> list[ClaimedJob]:
        """Jobs by state (`pending running queued held dead`), oldest first; `after`: the last id of the page before."""
        if state is not None and state not in STATES:
            raise Misuse(f"{state!r} is no state of a job.{closest(state, STATES)}")
        wanted = {"state": state, "kind": kind, "key": key, "subject": subject, "plugin": plugin}
        query = sa.select(*SELECTED).where(job.c.id > after).order_by(job.c.id).limit(limit)
        for name, value in wanted.items():
            if value is not None:
                query = query.where(job.c[name] == value)
        return [claimed(row) for row in self._rows(query, connection)]

    def counts(self, connection: sa.Connection | None = None) -> dict[str, int]:
        """How many jobs are in each state, every state named."""
        found = dict.fromkeys(STATES, 0)
        rows = self._rows(sa.select(job.c.state, sa.func.count()).group_by(job.c.state), connection)
        return found | {row[0]: row[1] for row in rows}

    def unknown(self, connection: sa.Connection | None = None) -> list[UnknownKind]:
        """Kinds that wait although nobody here handles them: a plugin is missing, or a deployment is half done."""
        query = sa.select(job.c.kind, sa.func.count(), sa.func.min(job.c.run_at)).where(IS_PENDING)
        rows = self._rows(query.group_by(job.c.kind).order_by(job.c.kind), connection)
        return [UnknownKind(row[0], row[1], from_ms(row[2])) for row in rows if row[0] not in self.handlers]

    def _rows(self, query: sa.Select[Any], connection: sa.Connection | None) -> list[tuple[Any, ...]]:
        if connection is not None:
            return [tuple(row) for row in connection.execute(query)]
        with self.store.read() as reading:
            return [tuple(row) for row in reading.execute(query)]

    # -- the dead -------------------------------------------------------------------------------------------------

    def replay(self, connection: sa.Connection, ids: Sequence[int] | None = None) -> int:
        """Let dead jobs (all, or those) run again from the first attempt; return how many.

        One whose key a newer job waits under stays dead.
        """
        waiting = sa.alias(job)
        newer = sa.exists().where(waiting.c.key == job.c.key, waiting.c.state.in_(["pending", "held", "queued"]))
        dead = sa.select(job.c.id).where(IS_DEAD, sa.or_(job.c.key.is_(None), ~newer)).order_by(job.c.id)
        if ids is not None:
            dead = dead.where(job.c.id.in_(ids))
        # Of several dead ones under one key, only the youngest may come back.
        chosen = {key or f"\0{number}": number for number, key in connection.execute(dead.add_columns(job.c.key))}
        if not chosen:
            return 0
        again = sa.update(job).where(IS_DEAD, job.c.id.in_(list(chosen.values())))
        fresh = again.values(state="pending", attempts=0, run_at=self.now_ms(), died_at=None, error=None)
        count = connection.execute(fresh).rowcount
        self.notify(connection)
        return count

    def discard(self, connection: sa.Connection, ids: Sequence[int] | None = None) -> int:
        """Forget dead jobs (all, or those) for good; return how many."""
        gone = sa.delete(job).where(IS_DEAD)
        return connection.execute(gone if ids is None else gone.where(job.c.id.in_(ids))).rowcount
