"""What runs outside a request: deliveries, timers and cron lines, each in a unit of work of its own."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import typing as t
from collections.abc import Callable, Iterator

from . import settle
from .access import Actor
from .clock import MovableClock
from .deliver import event_from_json, own_from_json
from .errors import Misuse, Refusal
from .events import Tick
from .jobs import ClaimedJob, Handler
from .jobs.handler import to_ms
from .ledger import fold_tally, message
from .model import Staged
from .plugin import OnMark, WhileMark
from .sql import Db
from .tables import idempotency

if t.TYPE_CHECKING:
    from .compose import Crm
    from .jobs import Runner
    from .uow import Uow

log = logging.getLogger("crmkit")
KEEP_MESSAGES = dt.timedelta(hours=1)
WHILE_ARCHIVED = dt.timedelta(days=3650)
KEEP_ANSWERS = dt.timedelta(days=2)
MAX_CAUSES = 12
TIDY_EVERY = dt.timedelta(hours=1)


class JobWork:
    """What the runner gets for one job: the unit of work's connection, and a last word before the commit."""

    def __init__(self, uow: Uow) -> None:
        self.uow, self.connection = uow, uow.connection
        self.last: list[Callable[[Db], None]] = []

    def finish_with(self, last: Callable[[Db], None]) -> None:
        """Do something after everything has settled, in the same transaction."""
        self.last.append(last)


@contextlib.contextmanager
def job_work(crm: Crm, job: ClaimedJob) -> Iterator[JobWork]:
    """Open the unit of work of a job: the system acts, the journal names on whose behalf and by which automation."""
    actor = Actor(job.actor_id, "system", system=True)
    around = [c for c in crm.hook.crm_deliver(job=job) if c is not None] if "crm_deliver" in crm.hooked else []
    with contextlib.ExitStack() as stack:
        for context in around:
            stack.enter_context(context)
        try:
            with crm.uow(actor, cause=_cause(job)) as uow:
                work = JobWork(uow)
                yield work
                uow.settle(wait=False)
                for last in work.last:
                    last(uow.db)
        except Exception as error:
            if "crm_error" in crm.hooked and not isinstance(error, Refusal):
                crm.hook.crm_error(error=error, where=job.kind)
            raise


def _cause(job: ClaimedJob) -> str:
    """Return the chain of causes, newest first. What goes on for years must not drag all of them along."""
    chain = [job.kind.partition(":")[2] or job.kind, *(job.cause.split(" ← ") if job.cause else ())]
    return " ← ".join([c for i, c in enumerate(chain) if i == 0 or c != chain[i - 1]][:MAX_CAUSES])


def runner(crm: Crm, **options: t.Any) -> Runner:
    """Return a runner for a CRM's jobs, not yet started."""
    from .jobs import Runner

    if "crm_transport" in crm.hooked:
        options.setdefault("transport", crm.hook.crm_transport(crm=crm))
    return Runner(crm.jobs, lambda job: job_work(crm, job), **{"concurrency": crm.settings.workers} | options)


class Deliveries:
    """Runs the jobs of a CRM in the caller's thread, one after the other: for simulations, scripts and tests."""

    def __init__(self, crm: Crm) -> None:
        set_crons(crm, housekeeping=False)
        self._clock, self._runner = crm.clock, runner(crm, concurrency=1)

    def run(self, until: dt.datetime | None, reraise: bool) -> int:
        """Run what is due; with `until` go there from one due moment to the next. Return how many jobs ran."""
        runner, clock, done = self._runner, self._clock, 0
        if until is None:
            return runner.run_due(reraise=reraise)
        if not isinstance(clock, MovableClock):
            raise Misuse("crm.deliver(until=...) moves the clock: compose with Crm(..., clock=MovableClock())")
        while (due := runner.next_due()) is not None and due <= until:
            if due > clock.now():
                clock.set(due)
            ran = runner.run_due(reraise=reraise)
            done += ran
            if not ran and runner.next_due() == due:
                break  # nobody here handles it: no use in waiting
        if clock.now() < until:
            clock.set(until)
        return done


def register_handlers(crm: Crm) -> None:
    """Tell the jobs engine what to run for every automation of the plugins."""
    for item in crm.marked:
        mark = item.mark
        if isinstance(mark, OnMark) and mark.phase == "after":
            _register(crm, f"after:{item.name}", _delivery(item.function, _own_class(mark)), item.plugin)
        elif isinstance(mark, OnMark) and mark.phase == "outside":
            kind, run = f"outside:{item.name}", _call(crm, item.function, _own_class(mark))
            if kind not in crm.jobs.handlers:
                crm.jobs.register(kind, Handler(run, plugin=item.plugin, transaction=False))
        elif isinstance(mark, WhileMark):
            _register(crm, f"while:{item.name}", _timer(item.name, item.function), item.plugin)
    for name, _mark, plugin in crm.crons():
        function = next(m.function for m in crm.marked if m.name == name)
        _register(crm, f"every:{name}", _tick(function), plugin)
    for name, cls in crm.event_classes.items():
        _register(crm, name, _own_event(cls), name.split(":")[1])
    _register(crm, "crmkit:fold", lambda uow, _job: fold_tally(uow.db), None)
    _register(crm, "crmkit:tidy", lambda uow, _job: tidy(uow), None)


def _register(crm: Crm, kind: str, run: Callable[[Uow, ClaimedJob], None], plugin: str | None) -> None:
    if kind not in crm.jobs.handlers:
        crm.jobs.register(kind, Handler(lambda work, job: run(work.uow, job), plugin=plugin))


def _own_class(mark: OnMark) -> type | None:
    return mark.event if isinstance(mark.event, type) else None


def _delivery(function: t.Any, own_class: type | None) -> Callable[[Uow, ClaimedJob], None]:
    def deliver(uow: Uow, job: ClaimedJob) -> None:
        event = event_from_json(job.args, own_class, uow)
        if event is None:
            log.info("job %s dropped: the record it was about is gone for good", job.id)
        else:
            function(event, uow)

    return deliver


def _call(crm: Crm, function: t.Any, own_class: type | None) -> Callable[[object, ClaimedJob], None]:
    def call(_nothing: object, job: ClaimedJob) -> None:
        around = [c for c in crm.hook.crm_deliver(job=job) if c is not None] if "crm_deliver" in crm.hooked else []
        with contextlib.ExitStack() as stack:
            for context in around:
                stack.enter_context(context)
            event = own_from_json(job.args, own_class, crm)
            if event is None:
                with crm.read() as uow:
                    event = event_from_json(job.args, own_class, uow)
            try:
                if event is not None:
                    function(event, crm)
            except Exception as error:
                if "crm_error" in crm.hooked and not isinstance(error, Refusal):
                    crm.hook.crm_error(error=error, where=job.kind)
                raise

    return call


def _own_event(cls: type) -> Callable[[Uow, ClaimedJob], None]:
    def emit(uow: Uow, job: ClaimedJob) -> None:
        uow.emit(event_from_json(job.args, cls, uow))

    return emit


def _timer(name: str, function: t.Any) -> Callable[[Uow, ClaimedJob], None]:
    def fire(uow: Uow, job: ClaimedJob) -> None:
        """Look again before acting: the record may have moved on while the timer was firing."""
        kind = uow.crm.kinds.get(job.args["kind"])
        record = uow.peek(kind.cls, job.args["id"]) if kind is not None else None
        if kind is None or not isinstance(record, Staged):
            return
        if record.archived_at is not None:  # waits until it is restored, so that it still happens, and happens once
            uow.settling.schedule(job.kind, dict(job.args), at=uow.now + WHILE_ARCHIVED, key=job.key, subject=job.subject)
            return
        here = (record.pipeline, record.stage)
        mark = uow.crm.patience(name, here)
        if mark is None or here != (job.args["pipeline"], job.args["stage"]):
            return
        if to_ms(record.stage_since + mark.longer_than) > to_ms(uow.now):  # entered again, or a clock was put back
            settle.start_timer(uow.settling, kind, record, name)
            return
        function(record, uow)
        if mark.repeat:
            subject = uow.subject(record)
            key = settle.timer_key(name, subject)
            uow.settling.schedule(job.kind, dict(job.args), at=uow.now + mark.longer_than, key=key, subject=subject)

    return fire


def _tick(function: t.Any) -> Callable[[Uow, ClaimedJob], None]:
    def tick(uow: Uow, job: ClaimedJob) -> None:
        function(Tick(dt.datetime.fromisoformat(job.args["tick"])), uow)

    return tick


def set_crons(crm: Crm, *, housekeeping: bool = True) -> None:
    """Write the CRM's cron lines, and remove those its plugins no longer declare. Done whenever it starts working.

    Without `housekeeping` the kernel's own lines are left as they are: a simulation would stop at every minute for them.
    """
    with crm.database.write() as db:
        crons = crm.jobs.crons
        for name, mark, plugin in crm.crons():
            spec = t.cast("str | dt.timedelta", mark.cron or mark.interval)
            crons.set(db.connection, name, spec, f"every:{name}", tz=mark.timezone or crm.settings.timezone, plugin=plugin)
        for own in crm.plugins:
            crons.keep_only(db.connection, own.name, [n for n, _mark, p in crm.crons() if p == own.name])
        if not housekeeping:
            return
        crons.set(db.connection, "crmkit:tidy", TIDY_EVERY, "crmkit:tidy")


def tidy(uow: Uow) -> None:
    """Forget live messages and remembered answers nobody can ask for any more."""
    uow.connection.execute(message.delete().where(message.c.at < uow.now - KEEP_MESSAGES))
    uow.connection.execute(idempotency.delete().where(idempotency.c.at < uow.now - KEEP_ANSWERS))
