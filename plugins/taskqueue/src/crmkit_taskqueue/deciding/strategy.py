"""The usual strategy, in one function: what is due by class and time; else what is planned soon; else an old client."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs

from .question import Candidate, Question

RULES = ("due", "starving", "share", "team", "planned", "soon", "old_client", "forced", "open", "break", "nothing", "busy", "trouble")


@attrs.frozen(kw_only=True)
class Choice:
    """What comes next and why: a task to open, an old client to draw, or nothing until `opens_at`.

    `rule` is one of `RULES`, or a plugin's own (then `words` says why, in plain words); `facts` are kept with it and shown.
    """

    rule: str
    task_id: int | None = None
    old_client_id: int | None = None
    opens_at: dt.datetime | None = None
    words: str = ""
    facts: Mapping[str, t.Any] = attrs.field(factory=dict)


def decide(question: Question) -> Choice:
    """Return what a manager without an open task gets.

    A due task of the manager's own, by class, then by time (a starving one before it, where that is set; then a class that is
    behind its share); else one the team may help with; else the next planned one if it begins within the maximum break; else an
    old client; else nothing, until the next planned task.
    """
    own = question.own_due()
    first = _starving(question, own) or _behind(question, own)
    if first is not None:
        return first
    if own:
        return _task("due", own[0], overdue=_seconds(question.now - own[0].due_at), **_whose(question, own[0]))
    helped = question.team_due()
    if helped is not None:
        return _task("team", helped, owner=helped.owner_id, overdue=_seconds(question.now - helped.due_at))
    planned = question.own_planned()
    gap = None if planned is None else planned.begins_at - question.now
    if planned is not None and gap is not None and gap <= question.settings.max_break:
        facts = {"gap": _seconds(gap), "max_break": _seconds(question.settings.max_break), **_whose(question, planned)}
        if question.settings.wait == "count_down" or planned.wakes_at is not None:
            return Choice(rule="soon", opens_at=planned.begins_at, facts={**_facts(planned), "due_at": planned.begins_at.isoformat(), **facts})
        return _task("planned", planned, **facts)
    return _fill(question, gap)


def _fill(question: Question, gap: dt.timedelta | None) -> Choice:
    facts = {"gap": None if gap is None else _seconds(gap), "max_break": _seconds(question.settings.max_break)}
    client = question.old_client()
    if client is not None:
        return Choice(rule="old_client", old_client_id=client, facts=facts)
    later = None if gap is None else question.now + gap
    return Choice(rule="nothing", opens_at=later, facts={**facts, "asleep": question.asleep(), "without_kind": question.without_kind()})


def _starving(question: Question, own: Sequence[Candidate]) -> Choice | None:
    limit = question.settings.starving_after
    if limit is None or not own:
        return None
    oldest = min(own, key=lambda c: (c.due_at, c.priority, c.id))
    if oldest is own[0] or question.now - oldest.due_at < limit:
        return None
    return _task("starving", oldest, overdue=_seconds(question.now - oldest.due_at), limit=_seconds(limit))


def _behind(question: Question, own: Sequence[Candidate]) -> Choice | None:
    """Return a task of the class that is furthest behind its least share of the day."""
    shares = {int(name): percent for name, percent in question.settings.min_share.items()}
    wanted = [c for c in own if c.priority in shares]
    if not wanted:
        return None
    closed = question.closed_today()
    total = sum(closed.values()) + 1  # with the one that is about to be opened
    missing = {c: shares[c.priority] * total / 100 - closed.get(c.priority, 0) for c in wanted}
    most = max(wanted, key=lambda c: (missing[c], -c.priority))
    if missing[most] < 1:
        return None
    return _task("share", most, share=shares[most.priority], closed=closed.get(most.priority, 0), total=total - 1)


def _task(rule: str, found: Candidate, **facts: t.Any) -> Choice:
    return Choice(rule=rule, task_id=found.id, facts={**_facts(found), **facts})


def _facts(found: Candidate) -> dict[str, t.Any]:
    return {"kind": found.kind, "priority": found.priority, "due_at": found.due_at.isoformat()}


def _whose(question: Question, found: Candidate) -> dict[str, t.Any]:
    """Say for whom the manager stands in with this one."""
    return {} if found.owner_id == question.user_id else {"stands_for": found.owner_id}


def _seconds(time: dt.timedelta) -> int:
    return int(time.total_seconds())
