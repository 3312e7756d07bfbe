"""Imported logs as they are kept: their cases with all events, put together again a portion at a time."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterator, Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow

from ..entities import Case, Log, Step, Worker
from ..tables import events, traces
from ..xes import Event, Trace
from . import mapping as m
from .pairing import Interval, Seen, intervals

CHUNK = 500
_case, _e = Case.__table__.c, events.c


@attrs.frozen
class StoredCase:
    """One case of a log."""

    id: int
    key: str | None
    kind: str
    facts: Event
    events: Sequence[sa.Row[*tuple[t.Any, ...]]]


def stored_cases(uow: Uow, log: int, *, seen_only: bool = False) -> Iterator[StoredCase]:
    """Yield the cases of a log in their order, each with its events in theirs; `seen_only`: those the actor may see."""
    last = 0
    mine = [_case.id.in_(uow.visible(Case))] if seen_only else []
    while True:
        chosen = sa.select(_case.id, _case.key, _case.kind, traces.c.facts).outerjoin(traces, traces.c.case_id == _case.id)
        found = uow.connection.execute(chosen.where(_case.log_id == log, _case.id > last, *mine).order_by(_case.id).limit(CHUNK)).all()
        if not found:
            return
        last = found[-1].id
        of: dict[int, list[sa.Row[*tuple[t.Any, ...]]]] = {row.id: [] for row in found}
        for event in uow.connection.execute(
            sa.select(_e.case_id, _e.step_id, _e.worker_id, _e.at, _e.transition, _e.facts)
            .where(_e.case_id.between(found[0].id, last), _e.log_id == log).order_by(_e.case_id, _e.id)
        ):  # fmt: skip
            if event.case_id in of:
                of[event.case_id].append(event)
        for row in found:
            yield StoredCase(row.id, row.key, row.kind, row.facts or [], of[row.id])


class Names:
    """What steps and employees of a log are called, and how to put events together again."""

    def __init__(self, uow: Uow, log: int, *, pseudonyms: bool = False) -> None:
        step, worker = Step.__table__.c, Worker.__table__.c
        self.pseudonyms = pseudonyms
        self.steps = {row[0]: row[1] for row in uow.connection.execute(sa.select(step.id, step.name).where(step.log_id == log))}
        people = uow.connection.execute(sa.select(worker.id, worker.name).where(worker.log_id == log))
        self.workers = {row[0]: pseudonym(row[0]) if pseudonyms else row[1] for row in people}
        kept = Log.__table__.c
        head: Mapping[str, t.Any] = uow.connection.execute(sa.select(kept.head).where(kept.id == log)).scalar_one_or_none() or {}
        self.head, self.mapping = head, head.get("mapping", {})
        # An attribute of another name that became the step or the employee is among the event's own.
        self.activity, self.resource, self.transition, self.time = (
            self.mapping.get(name, usual) == usual
            for name, usual in (("activity", m.ACTIVITY), ("resource", m.RESOURCE), ("transition", m.TRANSITION), ("time", m.TIME))
        )

    def event(self, row: sa.Row[*tuple[t.Any, ...]]) -> Event:
        """Return an event as it was."""
        rest: Event = [a for a in row.facts if not (a[0] or "").startswith("org:")] if self.pseudonyms else list(row.facts)
        known = {a[0] for a in rest}
        made: Event = []
        if self.activity and row.step_id is not None and m.ACTIVITY not in known:
            made.append([m.ACTIVITY, "string", self.steps[row.step_id]])
        if row.worker_id is not None and m.RESOURCE not in known and (self.resource or self.pseudonyms):
            made.append([m.RESOURCE, "string", self.workers[row.worker_id]])
        if self.transition and row.transition is not None and m.TRANSITION not in known:
            made.append([m.TRANSITION, "string", row.transition])
        if self.time and m.TIME not in known:
            made.append([m.TIME, "date", row.at.astimezone(dt.UTC).isoformat()])
        return made + rest

    def trace(self, case: StoredCase) -> Trace:
        """Return a case as it was."""
        named = case.key is not None and not any(a[0] == m.CASE for a in case.facts)
        own = [[m.CASE, "string", case.key]] if named else []
        return Trace([*own, *case.facts], [self.event(row) for row in case.events])

    def seen(self, case: StoredCase) -> Iterator[Seen]:
        """Yield the events of a case as pairing sees them."""
        key = m.ACTIVITY if self.activity else self.mapping["activity"]
        for row in case.events:
            if row.step_id is not None:
                activity = instance = None
                for a in row.facts:
                    if a[0] == key and activity is None:
                        activity = a[2]
                    elif a[0] == m.INSTANCE:
                        instance = a[2]
                yield Seen(row.step_id, row.worker_id or 0, row.at, row.transition, activity or self.steps[row.step_id], instance)


def stored_intervals(uow: Uow, log: int) -> Iterator[tuple[int, str, Iterator[Interval]]]:
    """Yield each case's number and kind with its intervals."""
    names = Names(uow, log)
    since_previous = bool(names.mapping.get("since_previous"))
    for case in stored_cases(uow, log):
        yield case.id, case.kind, intervals(names.seen(case), since_previous=since_previous)


def pseudonym(worker: int) -> str:
    """Return what an employee is called where names are not seen."""
    return f"E{worker}"


__all__ = ["Names", "StoredCase", "pseudonym", "stored_cases", "stored_intervals"]
