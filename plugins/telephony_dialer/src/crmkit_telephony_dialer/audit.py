"""An independent look at what the dialer did: attempts, their steps, calls and, in tests, what really happened at the PBX.

    from crmkit_telephony_dialer.audit import audit

    with crm.read() as uow:
        for violation in audit(uow):
            print(violation)

Nothing here asks the code that decides: what is promised is worked out anew from what is written.
"""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import typing as t
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crmkit import Uow, UtcDateTime
from crmkit_sales import SalesSettings
from crmkit_taskqueue import TaskqueueSettings, zone_of_number

from .settings import DialerSettings
from .tables import attempts, steps

_call = sa.table(
    "telephony_call", sa.column("id"), sa.column("key"), sa.column("number"), sa.column("state"), sa.column("outcome"),
    sa.column("answered_at", UtcDateTime), sa.column("ended_at", UtcDateTime),
)  # fmt: skip
_stop = sa.table("telephony_do_not_call", sa.column("number"), sa.column("created_at", UtcDateTime), sa.column("archived_at", UtcDateTime))
_turn = sa.table("taskqueue_turn", sa.column("id"), sa.column("task_id"), sa.column("user_id"), sa.column("ended_at", UtcDateTime))
_MOVES = {
    ("waiting", "calling"), ("waiting", "ended"), ("calling", "ringing"), ("calling", "asking"), ("calling", "talking"), ("calling", "closing"),
    ("calling", "ended"), ("ringing", "asking"), ("ringing", "talking"), ("ringing", "closing"), ("ringing", "ended"), ("asking", "closing"),
    ("asking", "talking"), ("asking", "ended"), ("closing", "talking"), ("closing", "ended"), ("talking", "closing"), ("talking", "ended"),
}  # fmt: skip
BOTHERS = ("answered", "voicemail", "no_answer", "busy", "rejected", "unavailable")
SLACK = dt.timedelta(seconds=1)
_PAGE = 5000


class TrueCall(t.Protocol):
    """A call as a PBX that keeps the truth knows it."""

    call_id: str
    direction: str
    number: str | None
    ended_at: dt.datetime | None
    ended_by: str | None

    @property
    def client_rang_at(self) -> dt.datetime | None: ...
    @property
    def client_answered_at(self) -> dt.datetime | None: ...


def audit(uow: Uow, truth: Iterable[TrueCall] = ()) -> list[str]:
    """Return everything that went wrong, in sentences; nothing for a dialer that kept its promises.

    Every attempt ended once and by steps there are; no client was called twice at once, none at a wrong hour, none on the
    do-not-call list, none more often than the limits say; nobody was hung up on who had answered, nobody before the ring time was
    over. With the `truth` of a PBX: every call there was an attempt's, once; and those promises hold for what really rang.
    """
    rows = uow.connection.execute(sa.select(attempts).order_by(attempts.c.id)).all()
    found = [*_steps(uow, rows), *_overlaps(rows), *_hours(uow, rows), *_stopped(uow, rows), *_limits(uow, rows), *_times(uow, rows)]
    calls = list(truth)
    return found + (list(_really(uow, rows, calls)) if calls else [])


def _steps(uow: Uow, rows: t.Sequence[t.Any]) -> Iterator[str]:
    told: dict[int, list[t.Any]] = collections.defaultdict(list)
    for step in uow.connection.execute(sa.select(steps).order_by(steps.c.id)):
        told[step.attempt_id].append(step)
    for row in rows:
        mine = told[row.id]
        ends = sum(step.state == "ended" for step in mine)
        if ends != (row.state == "ended"):
            yield f"attempt {row.id} is {row.state}, and ended {ends} times"
        was = None
        for step in mine:
            if step.was != was or (was is not None and (was, step.state) not in _MOVES):
                yield f"attempt {row.id} went from {was} to {step.state}"
            if was == "talking" and step.state == "closing" and step.by not in ("person", "voicemail"):
                yield f"attempt {row.id}: somebody who talked was hung up on by the {step.by}"
            was = step.state
        if row.state == "ended" and (row.outcome is None) == (row.refused is None):
            yield f"attempt {row.id} ended without saying how: {row.outcome}, {row.refused}"
        if row.refused is None and row.state == "ended" and row.outcome != "cancelled" and row.call_id is None:
            yield f"attempt {row.id} ended as {row.outcome} without a call"


def _overlaps(rows: t.Sequence[t.Any]) -> Iterator[str]:
    for name in ("number", "user_id"):
        spans: dict[t.Any, list[t.Any]] = collections.defaultdict(list)
        for row in rows:
            if row.dialled_at is not None:
                spans[getattr(row, name)].append(row)
        for who, mine in spans.items():
            mine.sort(key=lambda row: (row.dialled_at, row.id))
            for one, other in itertools.pairwise(mine):
                if one.ended_at is None or max(one.ended_at, one.dialled_at) > other.dialled_at + SLACK:
                    yield f"attempts {one.id} and {other.id} were under way at once at {name} {who}"


def _hours(uow: Uow, rows: t.Sequence[t.Any]) -> Iterator[str]:
    for row in rows:
        if row.dialled_at is not None and not _awake(uow, row.number, row.rang_at or row.dialled_at):
            yield f"attempt {row.id} called {row.number} at {row.dialled_at:%d.%m %H:%M} UTC, outside the client's hours"


def _awake(uow: Uow, number: str, at: dt.datetime) -> bool:
    name = zone_of_number(number)
    local = at.astimezone(ZoneInfo(name) if name else uow.crm.zone)
    company, hours = uow.crm[SalesSettings].calendar, uow.crm[TaskqueueSettings].calling_hours.hours
    day = local.weekday()
    if company.hours.get(day) and not company.of(local.date()):
        day = 6  # a public holiday is to clients what a Sunday is
    minute = local.hour * 60 + local.minute
    return any(begin <= minute < end for begin, end in hours.get(day, ()))


def _stopped(uow: Uow, rows: t.Sequence[t.Any]) -> Iterator[str]:
    stops = {row.number: row.created_at for row in uow.connection.execute(sa.select(_stop).where(_stop.c.archived_at.is_(None)))}
    for row in rows:
        if row.dialled_at is not None and row.number in stops and stops[row.number] < row.dialled_at:
            yield f"attempt {row.id} called {row.number}, which is on the do-not-call list"


def _limits(uow: Uow, rows: t.Sequence[t.Any]) -> Iterator[str]:
    most = uow.crm[DialerSettings].limits.get("day")
    if most is None:
        return
    days: collections.Counter[tuple[str, dt.date]] = collections.Counter()
    for row in rows:
        if row.outcome in BOTHERS and row.dialled_at is not None:
            name = zone_of_number(row.number)
            days[row.number, row.dialled_at.astimezone(ZoneInfo(name) if name else uow.crm.zone).date()] += 1
    yield from (f"{number} was called {count} times on {day:%d.%m}, {most} at the most" for (number, day), count in days.items() if count > most)


def _times(uow: Uow, rows: t.Sequence[t.Any]) -> Iterator[str]:
    ring = uow.crm[DialerSettings].ring_time
    calls = {row.id: row for row in uow.connection.execute(sa.select(_call))}
    turns = {row.id: row for row in uow.connection.execute(sa.select(_turn))}
    for row in rows:
        call, turn = calls.get(row.call_id), turns.get(row.turn_id)
        if row.call_id is not None and (call is None or call.number != row.number):
            yield f"attempt {row.id} is at {row.number}, its call at {call.number if call is not None else None}"
        if row.why == "timer" and row.outcome == "no_answer" and row.rang_at is not None and row.ended_at < row.rang_at + ring - SLACK:
            yield f"attempt {row.id} was hung up after {(row.ended_at - row.rang_at).total_seconds():.1f} s"
        if turn is None or (turn.task_id, turn.user_id) != (row.task_id, row.user_id):
            yield f"attempt {row.id} belongs to no turn of its manager"
        elif row.state not in ("ended", "talking", "closing") and turn.ended_at is not None:
            yield f"attempt {row.id} is {row.state} though its task is open no more"


def _really(uow: Uow, rows: t.Sequence[t.Any], truth: list[TrueCall]) -> Iterator[str]:
    ring = uow.crm[DialerSettings].ring_time
    keys = {row.key.partition(":")[2].lower(): row.id for row in uow.connection.execute(sa.select(_call).where(_call.c.key.is_not(None)))}
    known = {row.call_id: row for row in rows if row.call_id is not None}
    seen: collections.Counter[int] = collections.Counter()
    spans: dict[str, list[TrueCall]] = collections.defaultdict(list)
    for call in truth:
        if call.direction != "out" or call.number is None:
            continue
        row = known.get(keys.get(call.call_id.lower(), 0))
        if row is None:
            yield f"call {call.call_id} to {call.number} was no attempt's"
            continue
        seen[row.id] += 1
        if call.client_rang_at is not None:
            spans[row.number].append(call)
            if not _awake(uow, row.number, call.client_rang_at):
                yield f"the telephone of {row.number} really rang at {call.client_rang_at:%d.%m %H:%M} UTC, outside the client's hours"
            rang = (call.ended_at or call.client_rang_at) - call.client_rang_at
            if row.why == "timer" and call.ended_by == "api" and call.client_answered_at is None and rang < ring - SLACK:
                yield f"attempt {row.id}: it really rang for {rang.total_seconds():.1f} s"
        answered, deadline = call.client_answered_at, row.deadline
        if row.outcome == "no_answer" and answered and deadline and call.ended_by == "api" and answered <= deadline - SLACK:
            before = (deadline - answered).total_seconds()
            yield f"attempt {row.id}: the client had answered {before:.1f} s before the ring time was over, and was hung up on"
    yield from (f"attempt {key} was dialled {count} times" for key, count in seen.items() if count > 1)
    for number, mine in spans.items():
        mine.sort(key=lambda call: t.cast(dt.datetime, call.client_rang_at))
        for one, other in itertools.pairwise(mine):
            if one.ended_at is None or one.ended_at > t.cast(dt.datetime, other.client_rang_at):
                yield f"{number} really rang twice at once: {one.call_id}, {other.call_id}"


__all__ = ["audit"]
