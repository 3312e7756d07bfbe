"""Runs one claimed job to its end: done, tried again later, or dead."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import sqlalchemy as sa

from crmkit.core.sql import Db

from . import statements as sql
from .handler import ClaimedJob, Handler, TransactionFactory, redact
from .queue import Jobs
from .store import is_trouble

log = logging.getLogger("crmkit.jobs")

ERROR_LENGTH = 4000


class LeaseLost(Exception):
    """The job was taken over while its handler ran; what the handler did is rolled back."""


class Executor:
    """Runs claimed jobs on behalf of one owner."""

    def __init__(self, jobs: Jobs, transaction: TransactionFactory | None) -> None:
        self.jobs = jobs
        self.store = jobs.store
        self.transaction: TransactionFactory = transaction or (lambda job: jobs.begin())

    def run(self, job: ClaimedJob, *, reraise: bool = False) -> bool:
        """Run it; True when it is done. With `reraise` a handler's error is recorded and raised as well."""
        handler = self.jobs.handlers.get(job.kind)
        if handler is None:
            self._unknown(job)
            return False
        try:
            self._handle(handler, job)
        except LeaseLost:
            log.warning("job %s %s was taken over by another runner; what this one did is undone", job.id, job.kind)
            return False
        except (Exception, SystemExit) as problem:
            self.failed(job, problem)
            if reraise:
                raise
            return False
        except BaseException:
            self.give_back(job, counted=True)
            raise
        return True

    def _handle(self, handler: Handler, job: ClaimedJob) -> None:
        if not handler.transaction:
            handler.run(None, job)
            with self.store.alone() as db:
                self._remove(db, job)
            return
        removed = False

        def remove(given: sa.Connection | Db) -> None:
            nonlocal removed
            if isinstance(given, Db):  # it goes out with the last writes, before the commit
                prepared = self.store.prepared(sql.REMOVE)
                given.later(prepared.sql, prepared.values(fence(job)), lambda work: self._ours(job, work()))
            else:
                self._remove(self.store.on(given), job)
            removed = True

        with self.transaction(job) as context:
            handler.run(context, job)
            finish = getattr(context, "finish_with", None)
            if finish is None:
                remove(context.connection)
            else:
                finish(remove)
        if not removed:
            log.error(
                "the unit of work of job %s %s committed without calling what it was to finish with", job.id, job.kind
            )
            with self.store.alone() as db:
                self._remove(db, job)

    def _remove(self, db: Db, job: ClaimedJob) -> None:
        self._ours(job, db.run(self.store.prepared(sql.REMOVE), fence(job)))

    @staticmethod
    def _ours(job: ClaimedJob, removed: Any) -> None:
        if removed.rowcount != 1:
            raise LeaseLost(job.id)

    def failed(self, job: ClaimedJob, problem: BaseException | str) -> None:
        """Record a failed attempt: due again after a pause, or dead after the last one."""
        why = problem if isinstance(problem, str) else describe(problem, job.args)
        headline = redact(_headline(problem), job.args)
        handler = self.jobs.handlers.get(job.kind, Handler(run=_nothing))
        now = self.jobs.now_ms()
        if job.attempts >= job.max_attempts:
            log.error("job %s %s is dead after %s attempts: %s", job.id, job.kind, job.attempts, headline)
            self._record(job, sql.BURY, {"moment": now, "why": why})
            return
        pause = handler.pause(job.attempts, self.jobs.chance).total_seconds()
        if isinstance(problem, BaseException) and is_trouble(problem):
            pause = min(pause, 1.0)  # a restarting database is soon back, and no handler's fault
        log.warning("job %s %s failed, next attempt in %.1f s: %s", job.id, job.kind, pause, headline)
        self._record(job, sql.RETRY, {"again_at": now + max(1, round(pause * 1000)), "why": why})

    def give_back(self, job: ClaimedJob, *, counted: bool) -> None:
        """Return a job as it was; with `counted` its attempt still counts, since the handler had begun."""
        self._record(job, sql.GIVE_BACK, {"uncounted": 0 if counted else 1})

    def _unknown(self, job: ClaimedJob) -> None:
        if job.kind not in self.jobs.unknown_kinds:
            self.jobs.unknown_kinds.add(job.kind)
            log.error(
                "no plugin here handles jobs of kind %r: they are kept until one does (see jobs.unknown())", job.kind
            )
        self.give_back(job, counted=False)

    def _record(self, job: ClaimedJob, statement: sa.Update | sa.Delete, values: dict[str, Any]) -> None:
        """Write the outcome. Should even that fail, the lease runs out and the job comes back by itself."""
        for attempt in (1, 2, 3):
            try:
                with self.store.single() as connection:
                    connection.execute(statement, fence(job) | values)
                self.jobs.wake()  # it may be due again before a sleeping runner would look
                return
            except sa.exc.IntegrityError:  # a newer job waits under the same key: it replaces this one
                log.info("job %s %s gives way to a newer one with the same key", job.id, job.kind)
                statement, values = sql.REMOVE, {}
            except Exception as problem:
                if attempt == 3 or not is_trouble(problem):
                    log.error(
                        "the outcome of job %s %s could not be recorded: %s", job.id, job.kind, type(problem).__name__
                    )
                    return


def _nothing(context: Any, job: ClaimedJob) -> None:
    """Stands in for a handler that is gone."""


def fence(job: ClaimedJob) -> dict[str, Any]:
    """The proof that this run of the job is the current one."""
    return {"job_id": job.id, "job_owner": job.owner, "job_attempts": job.attempts}


def describe(problem: BaseException, args: dict[str, Any]) -> str:
    """The end of the traceback, without the values of statements and without the job's arguments."""
    seen: set[int] = set()
    cause: BaseException | None = problem
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, sa.exc.StatementError):
            cause.hide_parameters = True
        cause = cause.__cause__ or cause.__context__
    text = "".join(traceback.format_exception(problem)).replace("\0", "")
    return redact(text, args)[-ERROR_LENGTH:]


def _headline(problem: BaseException | str) -> str:
    if isinstance(problem, str):
        return problem
    return "".join(traceback.format_exception_only(problem)).partition("\n")[0]
