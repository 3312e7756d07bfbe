"""What a plugin gives the engine (`Handler`), and what the engine gives back for each run (`ClaimedJob`)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from . import table

COLUMNS = (
    "id",
    "kind",
    "args",
    "queue",
    "key",
    "subject",
    "run_at",
    "priority",
    "state",
    "attempts",
    "max_attempts",
    "cause",
    "actor_id",
    "plugin",
    "error",
    "owner",
)
"""The columns read back for a job, in the order of `ClaimedJob`'s fields."""

SELECTED: tuple[sa.Column[Any], ...] = tuple(table.job.c[name] for name in COLUMNS)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware moment."""
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The aware UTC moment of whole milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@attrs.frozen
class ClaimedJob:
    """One job as it was read. While it runs, `id`, `owner` and `attempts` together are the proof that it is ours.

    `id` stays the same over all attempts: send it as the idempotency key of whatever leaves the database.
    """

    id: int
    kind: str
    args: dict[str, Any] = attrs.field(repr=False)  # may carry what must not reach a log
    queue: str
    key: str | None
    subject: str | None
    run_at: int = attrs.field(repr=lambda ms: from_ms(ms).isoformat())
    priority: int
    state: str
    attempts: int
    max_attempts: int
    cause: str | None
    actor_id: int | None
    plugin: str | None
    error: str | None = attrs.field(default=None, repr=False)
    owner: str | None = None

    @property
    def due(self) -> datetime:
        """When it was to run (its last retry, if there was one), aware, in UTC."""
        return from_ms(self.run_at)


Run = Callable[[Any, ClaimedJob], object]
"""`run(context, job)`: the context is what the runner's transaction factory yields."""

TransactionFactory = Callable[[ClaimedJob], AbstractContextManager[Any]]
"""Opens the unit of work of one job; yields an object with `.connection`, and perhaps `.finish_with(callable)`."""


@attrs.frozen
class Backoff:
    """How long to wait after the nth failure: `first`, doubled each time up to `limit`, give or take a fifth."""

    first: timedelta = timedelta(seconds=2)
    limit: timedelta = timedelta(hours=1)
    jitter: float = 0.2

    def __call__(self, attempt: int, chance: random.Random) -> timedelta:
        pause = min(self.limit.total_seconds(), self.first.total_seconds() * 2.0 ** min(attempt - 1, 40))
        return timedelta(seconds=pause * chance.uniform(1 - self.jitter, 1 + self.jitter))


@attrs.frozen
class Handler:
    """What runs for one kind of job.

    `transaction=True` (the rule): `run(context, job)` works inside the unit of work that also removes the job, so its
    effect in the database happens exactly once. `transaction=False`: `run(None, job)` runs with no transaction open and
    at least once; for what leaves the database and may take its time (on SQLite an open unit of work stops every other
    writer). `timeout`: after so long the attempt counts as failed and whatever the handler still does is undone.
    """

    run: Run
    max_attempts: int = attrs.field(default=10, validator=attrs.validators.ge(1))
    backoff: Backoff | Callable[[int], timedelta] = Backoff()
    timeout: timedelta | None = None
    plugin: str | None = None
    transaction: bool = True

    def pause(self, attempt: int, chance: random.Random) -> timedelta:
        """How long to wait before the next attempt."""
        return self.backoff(attempt, chance) if isinstance(self.backoff, Backoff) else self.backoff(attempt)


def claimed(row: sa.Row[Any] | tuple[Any, ...]) -> ClaimedJob:
    """The job of a row of `SELECTED`."""
    return ClaimedJob(*row[: len(COLUMNS)])


def redact(text: str, args: Mapping[str, Any]) -> str:
    """Hide in `text` every longer piece of `args`, so that an error kept for months tells no secret."""
    for word in sorted(set(_words(args)), key=len, reverse=True):
        text = text.replace(word, "…")
    return text


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if len(value) >= 4 else []
    if isinstance(value, Mapping):
        return [word for part in value.values() for word in _words(part)]
    if isinstance(value, (list, tuple)):
        return [word for part in value for word in _words(part)]
    return [str(value)] if isinstance(value, (int, float)) and abs(value) >= 100_000 else []
