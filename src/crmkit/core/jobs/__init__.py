"""Durable jobs, timers and cron lines: part of the caller's transaction, run once it has committed, lost by nothing.

`Jobs` schedules and cancels; a `Runner` runs. See `docs/decisions/0005-jobs.md` for why there is a table of our own.
"""

from __future__ import annotations

from .clock import Clock, DatabaseClock
from .crontab import CronLine, CronTab
from .handler import Backoff, ClaimedJob, Handler, TransactionFactory
from .ledger import UnknownKind
from .queue import Jobs
from .runner import Runner
from .store import Bare
from .table import cron, job, metadata
from .transport import Execute, Transport

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
