"""Jobs by state, and trying again those that were stopped."""

from __future__ import annotations

import typing as t

from ...core.errors import Invalid, Problem
from ...core.jobs.table import STATES
from ...core.kind import Kind
from ..cells import Names
from ..results import Redirect, Toast, View
from . import words

if t.TYPE_CHECKING:
    from ...core.jobs import ClaimedJob
    from ...core.text import Text
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
        "ui/admin/jobs.html", a=words, state=state, counts=counts, jobs=_lines(visit, uow, found[:PER_PAGE]),
        next=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None, first=start == 0, unknown=jobs.unknown(uow.connection),
    )  # fmt: skip


def _lines(visit: Visit, uow: Uow, jobs: t.Sequence[ClaimedJob]) -> list[dict[str, t.Any]]:
    """Return jobs as they are shown: never their arguments, which may be about people."""
    names, owners = Names(visit, uow), {p.name: p.label or p.name for p in uow.crm.plugins}
    about = {job.id: _subject(uow, job.subject or "") for job in jobs}
    for subject in filter(None, about.values()):
        names.want(subject[0].key, [subject[1]])
    found = []
    for job in jobs:
        title, code = title_of(job.kind)
        kind, key = about[job.id] or (None, 0)
        said = {"label": visit.say(kind.label), "link": names.html(kind.key, key)} if kind is not None else {"label": "", "link": job.subject or "—"}
        found.append({"job": job, "title": title, "code": code, "owner": owners.get(job.plugin or "", job.plugin or ""), **said})
    return found


def title_of(kind: str) -> tuple[Text, str]:
    """Return what sort of job it is, in words, and the name its author gave it: ``while:sales:nudge`` is "Long in a stage", ``nudge``."""
    sort, _colon, name = kind.partition(":")
    return words.own_jobs.get(kind) or words.job_sorts.get(sort, words.job), name.rpartition(":")[2] or kind


def _subject(uow: Uow, subject: str) -> tuple[Kind, int] | None:
    """Return the record a job is about, when it is about one."""
    key, _colon, number = subject.rpartition(":")
    kind: Kind | None = uow.crm.kinds.get(key)
    return (kind, int(number)) if kind is not None and number.isascii() and number.isdigit() else None


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
