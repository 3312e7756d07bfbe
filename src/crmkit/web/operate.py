"""For those who run the CRM: health, jobs, the journal."""

from __future__ import annotations

import typing as t

from ..core import wire
from ..core.errors import Invalid, NotFound, Problem, Unavailable, closest
from ..core.field import TOO_LONG
from ..core.jobs.table import STATES
from ..core.text import _
from ..core.timeline import MAX_ENTRIES, search_journal
from .answer import Answer, as_json
from .call import BIGGEST, Call
from .idempotency import written
from .parameters import choice, whole
from .records import moment, translated

if t.TYPE_CHECKING:
    from ..core.compose import Crm
    from ..core.jobs import ClaimedJob
    from ..core.uow import Uow

UNKNOWN = _("the journal has nothing of this kind.{near}", ru="в журнале нет такого вида записей.{near}")


def health(call: Call) -> Answer:
    """GET /healthz: 200 while the database answers, else 503."""
    call.query()
    with call.crm.database.read() as db:
        if db.driver("SELECT 1").fetchone()[0] != 1:
            raise Unavailable()
    return as_json({"status": "ok"})


def journal_kinds(crm: Crm) -> list[str]:
    """Return what the journal has entries about: entities, plugins whose commands are about none, tokens."""
    return [*crm.kinds, *dict.fromkeys(c.plugin for c in crm.commands.values() if c.kind is None), "crmkit.token"]


def journal(call: Call) -> Answer:
    """GET /api/journal."""
    asked = call.query("kind", "record", "actor", "action", "since", "until", "text", "before", "limit")
    number = {name: whole(asked, name, 0, BIGGEST) for name in ("record", "actor", "before") if name in asked}
    limit = whole(asked, "limit", 50, MAX_ENTRIES)
    for name, most in (("text", 200), ("action", 60)):
        if len(asked.get(name, "")) > most:
            raise Invalid(problems=[Problem(name, "invalid", TOO_LONG.format(max=most, got=len(asked[name])))])
    kinds = journal_kinds(call.crm)
    if asked.get("kind", kinds[0]) not in kinds:
        raise Invalid(problems=[Problem("kind", "unknown", UNKNOWN.format(near=closest(asked["kind"], kinds)))])
    with call.reading() as uow:
        found = search_journal(
            uow, kind=asked.get("kind"), record_id=number.get("record"), actor_id=number.get("actor"), action=asked.get("action"),
            since=moment(asked, "since"), until=moment(asked, "until"), text=asked.get("text"), before=number.get("before"), limit=limit,
        )  # fmt: skip
    return as_json({"entries": translated(found, call.language)})


def jobs(call: Call) -> Answer:
    """GET /api/jobs."""
    asked = call.query("state", "after", "limit")
    state = choice(asked, "state", "", *STATES) or None
    after, limit = whole(asked, "after", 0, BIGGEST, least=0), whole(asked, "limit", 50, 200)
    with call.reading() as uow:
        uow.require("crmkit.jobs")
        found = call.crm.jobs.find(state, after=after, limit=limit, connection=uow.connection)
        counts = call.crm.jobs.counts(uow.connection)
    return as_json({"jobs": [_shown(j) for j in found], "counts": counts})


def _shown(job: ClaimedJob) -> dict[str, t.Any]:
    """Return a job without its arguments, which may be about people."""
    return {
        "id": job.id, "kind": job.kind, "state": job.state, "due": wire.moment(job.due), "attempts": job.attempts, "max_attempts": job.max_attempts,
        "subject": job.subject, "plugin": job.plugin, "cause": job.cause, "error": job.error,
    }  # fmt: skip


def replay(call: Call) -> Answer:
    """POST /api/jobs/5/replay: let a dead job try again from the first attempt."""
    call.query()
    if call.object(optional=True):
        raise Invalid(problems=[Problem("", "unknown", _("this request takes no body", ru="у этого запроса нет тела"))])

    def work(uow: Uow) -> Answer:
        uow.require("crmkit.jobs")
        if not call.crm.jobs.replay(uow.connection, [call.key]):
            raise NotFound(
                _("There is no dead job {id} that could run again", ru="Нет остановленного задания {id}, которое можно повторить").format(id=call.key)
            )
        return as_json({"replayed": 1})

    return written(call, work)
