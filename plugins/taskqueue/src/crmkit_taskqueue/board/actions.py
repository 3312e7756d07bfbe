"""What a supervisor does from the board: gives somebody a task, pauses a kind and lets it go on."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

import sqlalchemy as sa

from crmkit import Invalid, NotFound, Problem, Refusal, Text, Uow
from crmkit.ui import Toast, View, Visit, page
from crmkit_sales import Contact

from .. import commands, labels
from ..days import WORDS as DAYS
from ..days import weeks_from
from ..entities import Task, TaskState
from ..people import names_of
from ..reach import reach_of, teams_of
from ..roles import SUPERVISE
from .words import CHOOSE, GIVE, GIVEN, NOTHING, PAUSED, RESUMED, WORDS

MOST = 12
FREE = (TaskState.WAITING, TaskState.HELD)
BOARD = ("taskqueue.board",)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


@page("/board/give", label=GIVE, permission=SUPERVISE, methods=("GET", "POST"))
def give_form(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> View | Toast:
    """A form that gives a manager a task; what is sent is given."""
    given = visit.form if visit.method == "POST" else visit.query
    user = _number(given.get("user", ""))
    if user is None or not reach_of(uow, SUPERVISE).holds(user, teams_of(uow, user)):
        raise NotFound(commands.NOT_YOURS)
    if visit.method != "POST" or refusal is not None:
        return _give_form(visit, uow, given, user, refusal)
    key = _number(given.get("task", ""))
    if key is None:
        raise Invalid(problems=[Problem("task", "required", CHOOSE)])
    task = uow.get(Task, key, lock=True)
    command = next(c for c in uow.crm.kind(Task).commands.values() if c.function is commands.give)
    picked = _moment(given.get("due_at", ""), visit)
    command.run(uow, task, {"user_id": user, "now": given.get("now") == "true"} | ({"due_at": picked.isoformat()} if picked is not None else {}))
    return Toast(GIVEN.format(name=names_of(uow, "person", [user])[user]), topics=BOARD)


def _give_form(visit: Visit, uow: Uow, given: Mapping[str, str], user: int, refusal: Refusal | None) -> View:
    """The form itself; where the task's day is full, with the days to pick another from."""
    problems = refusal.problems if refusal is not None else ()
    wrong = next((p.message for p in problems if p.path in ("task", "user_id")), "")
    other = [p.message for p in problems if p.path not in ("task", "user_id")]
    key = _number(given.get("task", ""))
    shown = next((row[1] for row in _options(uow, Task.__table__.c.id == key)), "") if key is not None else ""
    now = given.get("now", "true" if refusal is None else "")
    full = any(p.code == "full_day" for p in problems)
    cal = weeks_from(uow, visit.language, user, _moment(given.get("due_at", ""), visit)) if full else None
    return View(
        "give.html", a=WORDS, d=DAYS, cal=cal, user=user, name=names_of(uow, "person", [user])[user], now=now, task=key, shown=shown, wrong=wrong,
        other=other,
    )  # fmt: skip


def _moment(text: str, visit: Visit) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=visit.zone)
    except ValueError:
        return None


@page("/board/tasks", label=GIVE, permission=SUPERVISE)
def tasks(visit: Visit, uow: Uow) -> View:
    """Tasks that may be given to somebody: those that were left first, then what is due longest."""
    question, user = visit.query.get("q", "").strip()[:100], _number(visit.query.get("user", ""))
    return View("options.html", options=_searched(uow, question) if question else _usual(uow, user), nothing=NOTHING)


Option = tuple[int, t.Any, list[t.Any]]


def _usual(uow: Uow, user: int | None) -> list[Option]:
    """Return what was left with supervisors, then what waits for this person: both by an index, however many tasks wait."""
    c = Task.__table__.c
    found = _options(uow, c.state == sa.literal_column(f"'{TaskState.HELD.value}'"))
    if user is not None and len(found) < MOST:
        waits = c.state == sa.literal_column(f"'{TaskState.WAITING.value}'")
        found += _options(uow, sa.and_(c.owner_id == user, waits), c.priority, c.due_at)
    return found[:MOST]


def _searched(uow: Uow, question: str) -> list[Option]:
    c = Task.__table__.c
    hits = [hit.id for hit in uow.search(question, kinds=[Task], limit=40)]
    people = [hit.id for hit in uow.search(question, kinds=[Contact], limit=20)]
    return _options(uow, sa.or_(c.id.in_(hits), c.contact_id.in_(people)), c.due_at)


def _options(uow: Uow, which: t.Any, *order: t.Any) -> list[Option]:
    c, k = Task.__table__.c, Contact.__table__.c
    client = sa.and_(k.id == c.contact_id, k.id.in_(uow.visible(Contact)))
    found = sa.select(c.id, c.title, c.kind, k.name, c.owner_id).select_from(c.id.table.outerjoin(k.id.table, client))
    found = found.where(which, c.state.in_(FREE), c.archived_at.is_(None), c.id.in_(uow.visible(Task)))
    rows = uow.connection.execute(found.order_by(*order, c.id).limit(MOST)).all()
    names = names_of(uow, "person", [row[4] for row in rows])
    more = [[x for x in (labels.kind_of(uow.crm, row[2]), row[3], names.get(row[4] or 0, "")) if x] for row in rows]
    return [(row[0], row[1] or labels.kind_of(uow.crm, row[2]), parts) for row, parts in zip(rows, more, strict=True)]


@page("/board/pause", label=WORDS["pause"], permission=SUPERVISE, methods=("POST",))
def pause(visit: Visit, uow: Uow) -> Toast:
    """Let a kind of tasks stand still."""
    kind = visit.form.get("kind", "")
    commands.pause_kind(uow, kind=kind, reason=visit.form.get("reason", "").strip())
    return Toast(_about(PAUSED, uow, kind), topics=BOARD)


@page("/board/resume", label=WORDS["resume"], permission=SUPERVISE, methods=("POST",))
def resume(visit: Visit, uow: Uow) -> Toast:
    """Let a kind of tasks go on."""
    kind = visit.form.get("kind", "")
    commands.resume_kind(uow, kind=kind)
    return Toast(_about(RESUMED, uow, kind), topics=BOARD)


def _about(said: Text, uow: Uow, kind: str) -> Text:
    return said.format(kind=labels.kind_of(uow.crm, kind))
