"""Checking and running imports as jobs: durable, one at a time for each source, resumed where they were interrupted."""

from __future__ import annotations

import datetime as dt
import functools
import logging
import time
import typing as t

import attrs
import sqlalchemy as sa

from ...core.access import Actor
from ...core.errors import Conflict, Forbidden, NotFound, Refusal
from ...core.jobs import ClaimedJob, Handler
from ...core.jobs.table import job as jobs_table
from ...core.settings import fill
from ...core.text import _, translate
from ...transfer.run import Import, Report
from ..settings import UiSettings
from . import mapping
from .store import CHECK, RUN, Draft, Store, working

if t.TYPE_CHECKING:
    from ...core.compose import Crm
    from ...core.uow import Uow
    from ...transfer.loading import Tally
    from ...transfer.mapping import Mapping, Step

log = logging.getLogger("crmkit.import")
WORK, TIDY = "crmkit:import", "crmkit:import-tidy"
ATTEMPTS, EVERY, TROUBLES, WAIT = 5, 0.25, 100, 3
UNEXPECTED = _("Something went wrong on our side. What was loaded so far stays; go on, or take it back",
    ru="Что-то пошло не так на нашей стороне. Загруженное осталось; продолжите загрузку или отмените её")  # fmt: skip
NOBODY = _("Whoever began this import may no longer work here", ru="У начавшего загрузку больше нет доступа")


class Stopped(Exception):
    """Somebody asked to stop."""


class Busy(Exception):
    """Another import of the same source is at work."""


def settings_of(crm: Crm) -> UiSettings:
    """Return the settings of the pages, also where there are none served."""
    made, _problems = fill(UiSettings, crm.raw_settings.get("ui", {}), "ui")
    return made or UiSettings()


def register(crm: Crm) -> None:
    """Let this CRM's workers do imports; whoever serves pages or runs jobs asks for it."""
    if WORK not in crm.jobs.handlers:
        run = functools.partial(_run, crm, Store(settings_of(crm)))
        crm.jobs.register(WORK, Handler(lambda _nothing, job: run(job), transaction=False, max_attempts=ATTEMPTS))
        tidy = functools.partial(_tidy, Store(settings_of(crm)))
        crm.jobs.register(TIDY, Handler(lambda _nothing, job: tidy(job), transaction=False))


def start(uow: Uow, draft: Draft) -> None:
    """Have a check or a run done once the transaction has committed."""
    uow.settling.schedule(WORK, {"id": draft.id, "turn": draft.turn}, at=uow.now, key=key_of(draft))


def remove_later(uow: Uow, draft: Draft, days: int) -> None:
    """Have an import's files removed after some days."""
    uow.settling.schedule(TIDY, {"id": draft.id}, at=uow.now + dt.timedelta(days=days), key=f"import-tidy:{draft.id}")


def key_of(draft: Draft) -> str:
    """Return the name of the present check or run among jobs."""
    return f"import:{draft.id}:{draft.turn}"


def at_work(uow: Uow, draft: Draft) -> bool:
    """True while a job for the present check or run waits or runs; without one it has ended, or was lost."""
    c = jobs_table.c
    return uow.connection.execute(sa.select(c.id).where(c.key == key_of(draft), c.state != "dead").limit(1)).first() is not None


def _tidy(store: Store, job: ClaimedJob) -> None:
    place = store.folder / str(job.args["id"])
    if not place.is_dir():
        return
    with working(place) as free:
        if not free:
            raise Busy
        store.remove(str(job.args["id"]))


# ---- one job --------------------------------------------------------------------------------------------------------------
def _run(crm: Crm, store: Store, job: ClaimedJob) -> None:
    try:
        draft = store.find(str(job.args["id"]))
    except NotFound:
        return  # its files were removed: there is nothing left to do
    if draft.turn != job.args["turn"] or draft.report() is not None:
        return
    with working(draft.folder) as free:
        if not free:
            return _later(crm, draft)
        try:
            report = _work(crm, store, draft)
        except Busy:
            return _later(crm, draft)
        except Refusal as refusal:
            report = {"failed": _said(refusal, draft), "operation": _operation(crm, draft)}
        except Stopped:
            report = {"stopped": True, "operation": _stopped(crm, draft)}
        except Exception:
            if job.attempts < ATTEMPTS:
                raise  # tried again a little later, and goes on where it was
            log.exception("import %s failed for good", draft.id)
            report = {"failed": {"message": translate(UNEXPECTED, draft.language), "problems": []}, "operation": _operation(crm, draft)}
        draft.end(report)


def _later(crm: Crm, draft: Draft) -> None:
    """Try again when the other one may be done: waiting is no failure."""
    with crm.uow() as uow:
        at = uow.now + dt.timedelta(seconds=WAIT)
        uow.settling.schedule(WORK, {"id": draft.id, "turn": draft.turn}, at=at, key=key_of(draft))


def _work(crm: Crm, store: Store, draft: Draft) -> dict[str, t.Any]:
    began = time.monotonic()
    actor, read = _actor(crm, draft), mapping.read(draft, crm)
    with crm.read(actor) as uow:
        uow.require("crmkit.import")
    # Under a name of its own it is never taken for another import of the same source; the ids are remembered under the source's.
    named = attrs.evolve(read, name=f"{read.name}@{draft.id}")
    dry = draft.phase == CHECK
    draft.errors.mkdir(mode=0o700, exist_ok=True)
    with working(store.folder, f".{read.name}.lock") as free:
        if not free and not dry:
            raise Busy
        work = _begun(crm, draft, named, actor, dry)
        report = work.run()
    return _told(report) | {"seconds": round(time.monotonic() - began, 1)}


def _begun(crm: Crm, draft: Draft, named: Mapping, actor: Actor, dry: bool) -> Import:
    def make() -> Import:
        return Import(
            crm=crm, mapping=named, actor=actor, dry=dry, errors=draft.errors, language=draft.language, progress=Progress(draft).tell,
            first=TROUBLES, label=draft.title, facts={"import": draft.id, "title": draft.title},
        )  # fmt: skip

    work = make()
    try:
        work.begin()
    except Conflict:  # of a process that is gone: the folder is ours alone
        work = make()
        work.begin(resume=True)
    return work


def _actor(crm: Crm, draft: Draft) -> Actor:
    """Return who it is done for, with the rights they have now."""
    kept = draft.whose()
    if kept.system or kept.id is None or "crm_person" not in crm.hooked:
        return kept
    now: Actor | None = crm.hook.crm_person(crm=crm, id=kept.id)
    if now is None:
        raise Forbidden(NOBODY)
    return now


class Progress:
    """Tells how far the work is, a few times a second, and stops it when it was asked to."""

    def __init__(self, draft: Draft) -> None:
        self._draft, self._told = draft, 0.0

    def tell(self, step: Step, tally: Tally, share: float | None) -> None:
        """Tell, when it is time."""
        if self._draft.stopping:
            raise Stopped
        now = time.monotonic()
        if now - self._told >= EVERY:
            self._told = now
            self._draft.tell(step=step.name, kind=step.kind, share=share, **attrs.asdict(tally))


def _operation(crm: Crm, draft: Draft) -> int | None:
    """Return the operation an interrupted run began."""
    from ...core.tables import operation as table

    if draft.phase != RUN:
        return None
    with crm.read() as uow:
        found = sa.select(table.c.id, table.c.facts).where(table.c.kind == "import").order_by(table.c.id.desc()).limit(200)
        return next((number for number, facts in uow.connection.execute(found) if facts.get("import") == draft.id), None)


def _stopped(crm: Crm, draft: Draft) -> int | None:
    number = _operation(crm, draft)
    if number is not None:
        with crm.uow(operation=number) as uow:
            uow.finish("failed")
    return number


# ---- the report -------------------------------------------------------------------------------------------------------------
def _told(report: Report) -> dict[str, t.Any]:
    steps = [{"name": name, "kind": report.kinds[name], **attrs.asdict(tally)} for name, tally in report.steps.items()]
    return {
        "steps": steps, "troubles": [attrs.asdict(one) for one in report.troubles], "files": [f.name for f in report.files],
        "operation": None if report.dry else report.operation,
    }  # fmt: skip


def _said(refusal: Refusal, draft: Draft) -> dict[str, t.Any]:
    problems = [{"path": p.path, "message": translate(p.message, draft.language)} for p in refusal.problems]
    return {"message": translate(refusal.message, draft.language), "problems": problems}


__all__ = ["WORK", "at_work", "register", "remove_later", "settings_of", "start"]
