"""The work queue on other pages: a client's tasks, the turns of a task, what is due on cards."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Text, Uow, _
from crmkit.ui import Badge, Slot, View, card_badge, near_day, panel
from crmkit_sales import Contact, Deal, Lead

from . import labels
from .deciding import explain
from .entities import OldClient, OldClientLink, StackState, Task, TaskState
from .people import names_of
from .settings import TaskqueueSettings
from .tables import turns
from .words import text_of

LABEL, STACK = _("Tasks", ru="Задачи"), _("Stack of old clients", ru="Стек старых клиентов")
SHOWN, MOST_TURNS = 8, 50
NEEDS = frozenset({"kind", "title", "state", "due_at", "done_at", "outcome", "owner_id"})
STACK_NEEDS = frozenset({"title", "state", "result", "reason", "attempts", "drawn_at", "not_before", "owner_id"})
OPEN = (TaskState.OPEN, TaskState.HELD, TaskState.WAITING)
WORDS = {
    "none": _("No tasks yet", ru="Задач пока нет"), "late": _("overdue", ru="просрочена"), "due": _("due", ru="срок"),
    "add": _("Add a task", ru="Поставить задачу"), "all": _("All tasks: {count}", ru="Все задачи: {count}"),
    "who": _("Who", ru="Кто"), "opened": _("Opened", ru="Открыта"), "took": _("Took", ru="Заняла"), "ended": _("How it ended", ru="Чем закончилась"),
    "why": _("Why this task", ru="Почему эта задача"), "never": _("It has not been opened yet", ru="Её ещё не открывали"),
    "answers": _("Answers", ru="Ответы"), "attempts": _("attempts: {count}", ru="попыток: {count}"),
    "drawn": _("last drawn {at}", ru="последний раз: {at}"), "not_before": _("not before {at}", ru="не раньше {at}"),
    "more": _("and {count} more", ru="и ещё {count}"),
}  # fmt: skip


# ---- the client's tasks ------------------------------------------------------------------------------------------------
@panel(Contact, label=LABEL, icon="list-checks", order=25, live=[Task])
def tasks_of_contact(record: Contact, uow: Uow) -> View | None:
    """Tasks about a contact: what is to be done, and what came of the last ones."""
    return _tasks(uow, "contact_id", record.id)


@panel(Deal, label=LABEL, icon="list-checks", order=25, live=[Task])
def tasks_of_deal(record: Deal, uow: Uow) -> View | None:
    """Tasks about a deal."""
    return _tasks(uow, "deal_id", record.id)


@panel(Lead, label=LABEL, icon="list-checks", order=25, live=[Task])
def tasks_of_lead(record: Lead, uow: Uow) -> View | None:
    """Tasks about a lead."""
    return _tasks(uow, "lead_id", record.id)


def _tasks(uow: Uow, field: str, key: int) -> View | None:
    kind = uow.crm.kind(Task)
    if not uow.may(kind.permission("read")) or uow.crm.access.hidden(uow.actor, kind) & {*NEEDS, field}:
        return None
    c = Task.__table__.c
    mine = c[field] == key, c.archived_at.is_(None), c.id.in_(uow.visible(Task))
    first = sa.case((c.state == TaskState.OPEN, 0), (c.state == TaskState.HELD, 1), (c.state == TaskState.WAITING, 2), else_=3)
    when = sa.case((c.state == TaskState.WAITING, c.due_at), else_=None)
    wanted = c.id, c.kind, c.title, c.state, c.due_at, c.done_at, c.outcome, c.owner_id, c.opened_by, sa.func.count().over()
    statement = sa.select(*wanted).where(*mine).order_by(first, when, c.done_at.desc(), c.id).limit(SHOWN)
    rows = uow.connection.execute(statement).all()
    may_add = uow.may(kind.permission("create"))
    if not rows and not may_add:
        return None
    names = names_of(uow, "person", [row[8] or row[7] for row in rows])
    shown = [
        {
            "id": row[0], "kind": labels.kind_of(uow.crm, row[1]), "icon": labels.icon_of(uow.crm, row[1]), "title": row[2], "state": row[3],
            "due_at": row[4], "done_at": row[5], "outcome": labels.outcome_of(uow.crm, row[1], row[6]), "who": names.get(row[8] or row[7] or 0, ""),
            "late": row[3] is TaskState.WAITING and row[4] is not None and row[4] < uow.now,
        }
        for row in rows
    ]  # fmt: skip
    total = rows[0][9] if rows else 0
    return View("tasks_panel.html", a=WORDS, rows=shown, total=total, more=total > len(rows), field=field, key=key, may_add=may_add)


# ---- the stack ---------------------------------------------------------------------------------------------------------
@panel(Contact, label=STACK, icon="history", order=27, live=[OldClient])
def stack_of_contact(record: Contact, uow: Uow) -> View | None:
    """Entries of the stack of old clients about a contact."""
    return _stack(uow, "contact_id", record.id)


@panel(Deal, label=STACK, icon="history", order=27, live=[OldClient])
def stack_of_deal(record: Deal, uow: Uow) -> View | None:
    """Entries of the stack of old clients a deal is linked to."""
    return _stack(uow, "deal_id", record.id)


@panel(Lead, label=STACK, icon="history", order=27, live=[OldClient])
def stack_of_lead(record: Lead, uow: Uow) -> View | None:
    """Entries of the stack of old clients a lead is linked to."""
    return _stack(uow, "lead_id", record.id)


def _stack(uow: Uow, field: str, key: int) -> View | None:
    kind, links = uow.crm.kind(OldClient), uow.crm.kind(OldClientLink)
    if not uow.may(kind.permission("read")) or uow.crm.access.hidden(uow.actor, kind) & STACK_NEEDS:
        return None
    c, link = OldClient.__table__.c, OldClientLink.__table__.c
    ways: list[sa.ColumnElement[bool]] = [c.contact_id == key] if field == "contact_id" else []
    if uow.may(links.permission("read")) and field not in uow.crm.access.hidden(uow.actor, links):
        linked = sa.select(link.old_client_id).where(link[field] == key, link.archived_at.is_(None), link.id.in_(uow.visible(OldClientLink)))
        ways.append(c.id.in_(linked))
    wanted = c.id, c.title, c.state, c.result, c.reason, c.attempts, c.drawn_at, c.not_before, c.owner_id, sa.func.count().over()
    mine = sa.or_(sa.false(), *ways), c.archived_at.is_(None), c.id.in_(uow.visible(OldClient))
    last = sa.case((c.state == StackState.CLOSED, 1), else_=0)
    rows = uow.connection.execute(sa.select(*wanted).where(*mine).order_by(last, c.id.desc()).limit(SHOWN)).all()
    if not rows:
        return None
    names = names_of(uow, "person", [row.owner_id for row in rows])
    shown = [
        {
            "id": row.id, "title": row.title, "reason": row.reason or "", "state": row.result or row.state, "attempts": row.attempts,
            "drawn_at": row.drawn_at, "who": names.get(row.owner_id or 0, ""),
            "not_before": row.not_before if row.state is StackState.WAITING and row.not_before is not None and row.not_before > uow.now else None,
        }
        for row in rows
    ]  # fmt: skip
    return View("stack_panel.html", a=WORDS, rows=shown, hidden=rows[0][9] - len(rows))


# ---- the turns of a task -----------------------------------------------------------------------------------------------
@panel(Task, label=_("Hand-outs", ru="Выдачи"), icon="route", slot=Slot.TAB, order=15, live=[Task])
def turns_of(task: Task, uow: Uow) -> View:
    """Who had a task when, why it was opened at them, and how that ended."""
    found = uow.connection.execute(sa.select(*turns.c).where(turns.c.task_id == task.id).order_by(turns.c.id.desc()).limit(MOST_TURNS)).all()
    names = names_of(uow, "person", [row.user_id for row in found])
    rows = []
    for row in found:
        facts = dict(row.why or {})
        why = explain(str(facts.pop("rule", "")), facts, uow.crm.zone, row.opened_at)
        rows.append({
            "who": names[row.user_id], "user": row.user_id, "opened_at": row.opened_at, "ended_at": row.ended_at, "note": row.note or "",
            "took": None if row.ended_at is None else (row.ended_at - row.opened_at).total_seconds(), "why": why,
            "ended": labels.outcome_of(uow.crm, row.kind, row.outcome) if row.outcome else labels.ENDED.get(row.ended, row.ended),
            "color": {"done": "green", None: "blue", "exit": "amber"}.get(row.ended, "gray"),
        })  # fmt: skip
    return View("turns_panel.html", a=WORDS, rows=rows, answers=answers_of(uow, task))


def answers_of(uow: Uow, task: Task) -> list[tuple[t.Any, t.Any]]:
    """Return what the outcome of a task was asked for, in words."""
    kind = uow.crm[TaskqueueSettings].all_kinds.get(task.kind)
    outcome = kind.outcomes.get(task.outcome or "") if kind is not None else None
    asks = outcome.asks if outcome is not None else {}
    found = []
    for name, value in (task.answers or {}).items():
        ask = asks.get(name)
        said = ask.choices.get(value, value) if ask is not None and ask.type == "choice" else value
        found.append((ask.text if ask is not None else name, _plain(said)))
    return found


def _plain(said: t.Any) -> t.Any:
    return text_of(said) if isinstance(said, Mapping) else str(said)


# ---- cards -------------------------------------------------------------------------------------------------------------
@card_badge(Deal, order=20, live=[Task])
def task_of_deals(ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    """The task that comes next about each deal: red when it is overdue, blue while somebody works on it."""
    return _badges(uow, "deal_id", ids)


@card_badge(Lead, order=20, live=[Task])
def task_of_leads(ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    """The same for leads."""
    return _badges(uow, "lead_id", ids)


def _badges(uow: Uow, field: str, ids: Sequence[int]) -> dict[int, Badge]:
    kind = uow.crm.kind(Task)
    if not uow.may(kind.permission("read")) or uow.crm.access.hidden(uow.actor, kind) & {*NEEDS, field}:
        return {}
    c = Task.__table__.c
    mine = c[field].in_(list(ids)), c.state.in_(OPEN), c.archived_at.is_(None), c.id.in_(uow.visible(Task))
    found: dict[int, Badge] = {}
    today = uow.now.astimezone(uow.crm.zone).date()
    rows = uow.connection.execute(sa.select(c[field], c.kind, c.state, c.due_at).where(*mine).order_by(c.due_at, c.id))
    for key, name, state, due in rows:
        if state is TaskState.OPEN or key not in found:
            found[key] = _badge(labels.kind_of(uow.crm, name), labels.icon_of(uow.crm, name), state, due, today, uow)
    return found


def _badge(label: t.Any, icon: str, state: TaskState, due: dt.datetime, today: dt.date, uow: Uow) -> Badge:
    if state is not TaskState.WAITING:
        return Badge(text=state.label, color=state.color, icon=icon, title=label)
    day = due.astimezone(uow.crm.zone).date()
    said = Text(near_day(day, today, "en"), ru=near_day(day, today, "ru"))
    return Badge(text=said, color="red" if due < uow.now else "amber" if day == today else "gray", icon=icon, title=label)
