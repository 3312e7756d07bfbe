"""Durable jobs, timers and cron lines: part of the caller's transaction, run once it has committed, lost by nothing.

`Jobs` schedules and cancels; a `Runner` runs. See `docs/decisions/0005-jobs.md` for why there is a table of our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clock import Clock, DatabaseClock
from .crontab import CronLine, CronTab
from .handler import Backoff, ClaimedJob, Handler, TransactionFactory
from .ledger import UnknownKind
from .queue import Jobs
from .store import Bare
from .table import cron, job, metadata

if TYPE_CHECKING:
    from .runner import Runner
    from .transport import Execute, Transport


def __getattr__(name: str) -> Any:
    """Import what only a working process needs (threads, asyncio, sockets) when it is first asked for."""
    if name == "Runner":
        from .runner import Runner

        return Runner
    if name in ("Execute", "Transport"):
        from . import transport

        return getattr(transport, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Backoff",
    "Bare",
    "ClaimedJob",
    "Clock",
    "CronLine",
    "CronTab",
    "DatabaseClock",
    "Execute",
    "Handler",
    "Jobs",
    "Runner",
    "TransactionFactory",
    "Transport",
    "UnknownKind",
    "cron",
    "job",
    "metadata",
]
