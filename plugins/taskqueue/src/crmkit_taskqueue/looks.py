"""How tasks, old clients, recurring tasks and work sessions are shown: columns, forms, words instead of names."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Uow, _
from crmkit.ui import Badge, Look, list_column

from . import labels
from .deciding import explain
from .entities import OldClient, OldClientLink, Pause, Recurring, Task, WorkSession
from .people import names_of
from .tables import turns

ABOUT = ("contact_id", "deal_id", "lead_id")

TASKS = Look(
    of=Task, icon="list-checks", order=50, subtitle="contact.name", sort="-id", filter={"state": {"in": ["waiting", "open", "held"]}}, day="due_at",
    hidden=("zone", "day", "previous_id", "opened_by", "answers"), choices={"kind": labels.kinds, "outcome": labels.outcomes},
    columns=("title", "kind", "state", "due_at", "contact_id", "owner_id", "taskqueue:why_last", "outcome", "done_at"),
    card=("kind", "due_at", "contact_id", "owner_id"), form=("kind", "title", "due_at", *ABOUT, "text"),
)  # fmt: skip
OLD_CLIENTS = Look(
    of=OldClient, icon="history", order=52, subtitle="reason", sort="-score", filter={"state": {"in": ["waiting", "drawn"]}}, day="not_before",
    hidden=("zone",),
    columns=("title", "state", "score", "contact_id", "reason", "attempts", "drawn_at", "not_before", "result", "owner_id"),
    card=("score", "contact_id", "attempts", "owner_id"), form=("title", "contact_id", "reason", "score", "not_before"),
)  # fmt: skip
LINKS = Look(of=OldClientLink, icon="link", section="", title="id", columns=(*ABOUT, "created_at"))
RECURRING = Look(
    of=Recurring, icon="repeat", order=54, subtitle="contact.name", sort="next_at", day="next_at", choices={"kind": labels.kinds},
    columns=("title", "kind", "cron", "next_at", "until", "contact_id", "owner_id"), form=("kind", "title", "cron", "until", *ABOUT, "text"),
)  # fmt: skip
SESSIONS = Look(
    of=WorkSession, icon="timer", order=56, title="started_at", sort="-id", day="started_at",
    columns=("started_at", "ended_at", "ended_how", "owner_id", "team_id"), choices={"ended_how": labels.session_ends},
)  # fmt: skip
PAUSES = Look(of=Pause, icon="coffee", section="", title="reason", columns=("reason", "started_at", "ended_at"), choices={"reason": labels.breaks})


def last_turns(uow: Uow, ids: Sequence[int], *columns: t.Any) -> dict[int, t.Any]:
    """Return columns of the latest turn of each task, in one question."""
    latest = sa.select(sa.func.max(turns.c.id)).where(turns.c.task_id.in_(list(ids))).group_by(turns.c.task_id)
    rows = uow.connection.execute(sa.select(turns.c.task_id, *columns).where(turns.c.id.in_(latest)))
    return {row[0]: row[1] if len(columns) == 1 else tuple(row[1:]) for row in rows}


@list_column(Task, label=_("Why opened last", ru="Почему открыта"))
def why_last(ids: Sequence[int], uow: Uow) -> Mapping[int, t.Any]:
    """Why each task was opened at somebody, the last time."""
    found = {}
    for key, why in last_turns(uow, ids, turns.c.why).items():
        facts = dict(why or {})
        found[key] = explain(str(facts.pop("rule", "")), facts, uow.crm.zone, uow.now)
    return found


@list_column(Task, label=_("With", ru="У кого"))
def with_whom(ids: Sequence[int], uow: Uow) -> Mapping[int, t.Any]:
    """At whom each task is open now, or who had it last."""
    rows = last_turns(uow, ids, turns.c.user_id, turns.c.ended)
    names = names_of(uow, "person", [user for user, _ended in rows.values()])
    return {key: Badge(text=names[user], color="blue" if ended is None else "gray") for key, (user, ended) in rows.items()}


@list_column(OldClient, label=_("Open task", ru="Задача в работе"))
def task_of(ids: Sequence[int], uow: Uow) -> Mapping[int, t.Any]:
    """At whom a task on each old client is open or waits."""
    c = Task.__table__.c
    mine = c.old_client_id.in_(list(ids)), c.state.in_(["open", "waiting", "held"]), c.archived_at.is_(None), c.id.in_(uow.visible(Task))
    rows = uow.connection.execute(sa.select(c.old_client_id, c.opened_by, c.owner_id, c.state).where(*mine)).all()
    names = names_of(uow, "person", [row[1] or row[2] for row in rows])
    return {row[0]: Badge(text=names.get(row[1] or row[2], "—"), color=row[3].color, title=row[3].label) for row in rows}
