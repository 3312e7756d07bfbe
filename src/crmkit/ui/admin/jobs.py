"""Jobs by state, and trying again those that were stopped."""

from __future__ import annotations

import re
import typing as t

from ...core.errors import Invalid, Problem
from ...core.jobs.table import STATES
from ...core.kind import Kind
from ..results import Redirect, Toast, View
from ..shown import path_of
from . import words

if t.TYPE_CHECKING:
    from ...core.jobs import ClaimedJob
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

PER_PAGE = 50


def show(visit: Visit, uow: Uow) -> Result:
    """GET /admin/jobs?state=dead&after=…: jobs in one state, oldest first, and how many there are in each."""
    uow.require("crmkit.jobs")
    jobs = uow.crm.jobs
    counts = jobs.counts(uow.connection)
    state = visit.query.get("state", "")
    if state not in STATES:
        state = "dead" if counts["dead"] else "pending"
    after = visit.query.get("after", "0")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    found = jobs.find(state, after=start, limit=PER_PAGE + 1, connection=uow.connection)
    return View(
        "ui/admin/jobs.html", a=words, state=state, counts=counts, jobs=[_line(uow, j) for j in found[:PER_PAGE]],
        next=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None, first=start == 0, unknown=jobs.unknown(uow.connection),
    )  # fmt: skip


def _line(uow: Uow, job: ClaimedJob) -> dict[str, t.Any]:
    """Return a job as it is shown: never its arguments, which may be about people."""
    owner = next((p.label or p.name for p in uow.crm.plugins if p.name == job.plugin), job.plugin or "")
    return {"job": job, "path": _subject(uow, job.subject or ""), "title": title_of(job.kind), "owner": owner}


def title_of(kind: str) -> str:
    """Return what a job is called, in words: ``event:duplicates:Recheck`` is "Recheck"."""
    last = re.split(r"[:.]", kind)[-1].replace("_", " ")
    words_ = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", last)
    return words_[:1].upper() + words_[1:].lower()


def _subject(uow: Uow, subject: str) -> str:
    """Return the page of the record a job is about, when it is about one."""
    key, _colon, number = subject.rpartition(":")
    kind: Kind | None = uow.crm.kinds.get(key)
    return path_of(kind, int(number)) if kind is not None and number.isascii() and number.isdigit() else ""


def replay(visit: Visit, uow: Uow) -> Result:
    """POST /admin/jobs/replay: let one stopped job (`id`), or all of them, try again from the first attempt."""
    uow.require("crmkit.jobs")
    given = visit.form.get("id", "")
    if given and not (given.isascii() and given.isdigit() and len(given) < 19):
        raise Invalid(problems=[Problem("id", "invalid", words.nothing_to_replay)])
    count = uow.crm.jobs.replay(uow.connection, [int(given)] if given else None)
    if not count:
        return Toast(words.nothing_to_replay, bad=True)
    return Redirect("/admin/jobs?state=dead", say=words.replayed.format(count=count))
