"""Cron lines kept in the database: set, removed, and fired once by whichever runner comes first."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import sqlalchemy as sa

from . import statements as sql
from .cron import next_time, spec_text, zone
from .handler import from_ms, to_ms
from .table import cron

if TYPE_CHECKING:
    from .queue import Jobs

log = logging.getLogger("crmkit.jobs")


@attrs.frozen
class CronLine:
    """A line of the cron table: when it fires next, and what."""

    name: str
    spec: str
    tz: str
    kind: str
    next_at: datetime
    plugin: str | None


class CronTab:
    """The cron lines of one CRM."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._insert: Any = sql.insert_of("postgresql" if jobs.store.postgres else "sqlite")

    def set(
        self,
        connection: sa.Connection,
        name: str,
        spec: str | timedelta,
        kind: str,
        args: Mapping[str, Any] | None = None,
        *,
        tz: str = "UTC",
        queue: str = "default",
        plugin: str | None = None,
        actor_id: int | None = None,
    ) -> None:
        """Fire a job of `kind` at every time of a cron line (minute hour day month weekday, in `tz`) or every interval.

        Setting it again with the same `spec` and `tz` keeps the next time, so a missed run is still caught up.
        The handler finds the time it was due in `job.args["tick"]`.
        """
        text = spec_text(spec)
        zone(tz)
        handler = self._jobs.handlers.get(kind)
        values = {
            "spec": text,
            "tz": tz,
            "kind": kind,
            "args": dict(args or {}),
            "queue": queue,
            "actor_id": actor_id,
            "plugin": plugin or (handler.plugin if handler else None),
        }
        first = to_ms(next_time(text, tz, self._jobs.clock.now()))
        new = self._insert(cron).values(name=name, next_at=first, **values)
        same = sa.and_(cron.c.spec == new.excluded.spec, cron.c.tz == new.excluded.tz)
        kept = sa.case((same, cron.c.next_at), else_=new.excluded.next_at)
        connection.execute(new.on_conflict_do_update(index_elements=[cron.c.name], set_={**values, "next_at": kept}))
        self._jobs.notify(connection)

    def remove(self, connection: sa.Connection, name: str) -> bool:
        """Fire it no more, and cancel a run that has not begun."""
        self._jobs.cancel(connection, key_of(name))
        return connection.execute(sa.delete(cron).where(cron.c.name == name)).rowcount > 0

    def keep_only(self, connection: sa.Connection, plugin: str, names: Collection[str]) -> int:
        """Remove the lines of a plugin that its code no longer declares; return how many."""
        found = connection.execute(sa.select(cron.c.name).where(cron.c.plugin == plugin)).scalars().all()
        return sum(self.remove(connection, name) for name in found if name not in names)

    def find(self, connection: sa.Connection | None = None) -> list[CronLine]:
        """All lines, by name."""
        query = sa.select(cron.c.name, cron.c.spec, cron.c.tz, cron.c.kind, cron.c.next_at, cron.c.plugin).order_by(
            cron.c.name
        )
        if connection is not None:
            rows = connection.execute(query).all()
        else:
            with self._jobs.store.read() as reading:
                rows = reading.execute(query).all()
        return [CronLine(r.name, r.spec, r.tz, r.kind, from_ms(r.next_at), r.plugin) for r in rows]

    def fire(self) -> int:
        """Turn every line that is due into a job, once however many runs were missed; return how many."""
        now = self._jobs.clock.now()
        with self._jobs.store.read() as reading:
            due = reading.execute(sql.CRON_DUE, {"moment": to_ms(now)}).all()
        return sum(self._fire(line, now) for line in due)

    def _fire(self, line: sa.Row[Any], now: datetime) -> int:
        following = to_ms(next_time(line.spec, line.tz, now, from_ms(line.next_at)))
        key = key_of(line.name)
        with self._jobs.store.write() as connection:
            # Whoever moves the line from the time it read to the next one fires it; the others find it moved.
            moved = connection.execute(
                sql.CRON_ADVANCE, {"cron_name": line.name, "seen": line.next_at, "following": following}
            )
            if not moved.rowcount:
                return 0
            if connection.execute(sql.CRON_BUSY, {"cron_key": key}).first():
                log.info("cron line %r skips a run: the last one has not finished", line.name)
                return 0
            due = from_ms(line.next_at)
            found = self._jobs.schedule(
                connection,
                line.kind,
                {**line.args, "tick": due.isoformat()},
                at=due,
                key=key,
                on_conflict="ignore",
                queue=line.queue,
                cause=key,
                actor_id=line.actor_id,
            )
            return 0 if found is None else 1


def key_of(name: str) -> str:
    """The key of a cron line's jobs."""
    return f"cron:{name}"
