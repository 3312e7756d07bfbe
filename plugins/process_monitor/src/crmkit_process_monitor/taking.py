"""The intake: what browsers tell becomes spans of cases, each thing once; what cannot be is kept with the reason and counted nowhere."""

from __future__ import annotations

import datetime as dt
import json
import re
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa
from starlette.requests import Request

from crmkit import Conflict, Invalid, Problem, Uow, _, route

from .counting import ACTIVE, HIDDEN, IDLE, clipped, flat
from .entities import Case
from .locks import hold
from .recounting import SLACK, in_ms, moment, recount
from .roles import MEASURED
from .sets import as_json, insert
from .settings import MonitorSettings
from .steps import pages_of, pattern
from .tables import refused, spans

MOST_SPANS, MOST_PARTS = 500, 400
AHEAD = 2_000
"""How far, in milliseconds, a span may end after the moment it was told: clocks are read one after another."""
ROUNDED = 500
"""How far spans of a tab may reach into each other: their milliseconds are rounded one by one."""
LATEST = dt.timedelta(days=7)
RAW = 2000
TAB = re.compile(r"[A-Za-z0-9_-]{8,24}")
COLUMNS = ("case_id", "worker_id", "page_id", "step_id", "tab", "seq", "began_at", "clock", "active", "idle", "hidden", "called", "told")
BAD = _("expected a tab, its clock and its spans", ru="ожидаются вкладка, её часы и промежутки")
OTHER = _("this page was opened by somebody else", ru="эту страницу открывал другой человек")
_case, _span = Case.__table__.c, spans.c
_INT: dict[str, t.Any] = {"type": "integer", "minimum": 0}
SPAN: dict[str, t.Any] = {
    "type": "object", "required": ["seq", "at", "page", "parts"],
    "properties": {"seq": _INT, "at": _INT, "page": {"type": "string"}, "parts": {"type": "array", "items": _INT}},
}  # fmt: skip
OPERATION: dict[str, t.Any] = {
    "summary": _("Tell how long one was on which page", ru="Сообщить, сколько времени на какой странице"),
    "description": "`at` and `now`: milliseconds by the page's clock. `parts`: kind (0 active, 1 idle, 2 hidden) and milliseconds, in turn.",
    "requestBody": {"required": True, "content": {"application/json": {"schema": {
        "type": "object", "required": ["tab", "now", "spans"],
        "properties": {"tab": {"type": "string"}, "who": {"type": "string"}, "now": _INT, "spans": {"type": "array", "items": SPAN}},
    }}}},
    "responses": {"200": {"description": "How many were kept, and why others were refused.", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"kept": _INT, "refused": {"type": "object", "additionalProperties": {"type": "string"}}},
    }}}}},
}  # fmt: skip


@attrs.frozen
class Span:
    """One span as it was told, its moments by the server's clock."""

    seq: int
    page: str
    began: int
    clock: int
    parts: list[tuple[int, int]]

    @property
    def ended(self) -> int:
        """When it was over."""
        return self.began + sum(took for _kind, took in self.parts)


@attrs.frozen
class Taken:
    """What became of what was told: how many spans were kept, and why others were not, by their number."""

    kept: int = 0
    refused: Mapping[int, str] = attrs.field(factory=dict)


@route("/spans", permission=MEASURED, methods=("POST",), operation=OPERATION)
def told(request: Request, uow: Uow) -> dict[str, t.Any]:
    """Take in what a page tells. A page of somebody who used this browser before is refused: it is told again when they are back."""
    given = request.state.json()
    if not isinstance(given, dict) or not isinstance(given.get("tab"), str) or not TAB.fullmatch(given["tab"]) or not whole(given.get("now")):
        raise Invalid(problems=[Problem("tab", "invalid", BAD)])
    spans_ = given.get("spans")
    if not isinstance(spans_, list) or len(spans_) > MOST_SPANS:
        raise Invalid(problems=[Problem("spans", "invalid", BAD)])
    if given.get("who") not in (None, str(uow.actor.id)):
        raise Conflict(OTHER)
    taken = take(uow, given["tab"], given["now"], spans_)
    return {"kept": taken.kept, "refused": {str(seq): why for seq, why in taken.refused.items()}}


def take(uow: Uow, tab: str, now: int, given: Sequence[t.Any]) -> Taken:
    """Take in spans of a tab of whoever tells them. `now` is the tab's clock at this moment: a clock that is wrong does no harm.

    What lies outside of the cases of that person is not kept; neither is what was told before (`tab` and `seq`).
    """
    user = uow.actor.id
    if user is None:
        return Taken()
    hold(uow, user)
    uow.flush()
    why: dict[int, str] = {}
    seqs = [one.get("seq") for one in given if isinstance(one, dict)]
    before = _before(uow, tab, [seq for seq in seqs if whole(seq, 2**31)])
    zero = in_ms(uow.now) - now
    if before.zero is not None and 0 < zero - before.zero <= SLACK:
        zero = before.zero  # this message was longer under way than the one before
    read: list[Span] = []
    for one in given:
        span, reason = read_span(uow, one, zero, now)
        if span is None:
            refuse(uow, why, one, reason)
        else:
            read.append(span)
    fresh = _in_order(uow, before, sorted(read, key=lambda s: s.seq), why)
    rows, late = _rows(uow, tab, fresh, _cases(uow, user, fresh))
    insert(uow, spans, COLUMNS, rows)
    if late:
        recount(uow, late)
    return Taken(len({row[5] for row in rows}), why)


def whole(value: object, most: int = 2**45) -> t.TypeGuard[int]:
    """True for a whole number from 0 on that can be milliseconds."""
    return type(value) is int and 0 <= value < most


def read_span(uow: Uow, given: t.Any, zero: int, now: int) -> tuple[Span | None, str]:
    """Return a span, or why it cannot be one."""
    if not isinstance(given, dict):
        return None, "malformed"
    seq, at, page, parts = (given.get(name) for name in ("seq", "at", "page", "parts"))
    if not (whole(seq, 2**31) and whole(at) and isinstance(page, str) and isinstance(parts, list)) or len(parts) % 2 or not parts:
        return None, "malformed"
    if not page.startswith("/") or not page.isprintable() or len(page) > 1000 or len(parts) > 2 * MOST_PARTS or not all(whole(n) for n in parts):
        return None, "malformed"
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    if any(kind not in (ACTIVE, IDLE, HIDDEN) for kind, _took in pairs):
        return None, "malformed"
    length = sum(took for _kind, took in pairs)
    if length > uow.crm[MonitorSettings].longest / dt.timedelta(milliseconds=1):
        return None, "too_long"
    if at + length > now + AHEAD:
        return None, "future"
    if zero + at < in_ms(uow.now - LATEST):
        return None, "too_late"
    return Span(seq, pattern(page.partition("?")[0]), zero + at, at, pairs), ""


def refuse(uow: Uow, why: dict[int, str], given: t.Any, reason: str) -> None:
    """Keep what cannot be, with the reason."""
    raw = json.dumps(given, ensure_ascii=False)[:RAW]
    seq = given.get("seq") if isinstance(given, dict) else None
    why[seq if whole(seq, 2**31) else -1] = reason
    uow.connection.execute(refused.insert().values(at=uow.now, user_id=uow.actor.id, why=reason, raw={"told": raw}))


@attrs.frozen
class _Before:
    """What a tab told so far: which spans, where they ended by its own clock, and what the server's clock was when that began."""

    known: frozenset[int]
    ends: Mapping[int, int]
    zero: int | None


def _before(uow: Uow, tab: str, seqs: Sequence[int]) -> _Before:
    columns = _span.seq, _span.began_at, _span.clock, _span.told
    lately = sa.select(*columns).where(_span.tab == tab).order_by(_span.seq.desc()).limit(20)
    rows = uow.connection.execute(lately).all()
    if len(rows) == 20:
        rows = [*rows, *uow.connection.execute(sa.select(*columns).where(_span.tab == tab, _span.seq.in_(seqs)))]
    ends = {row.seq: row.clock + sum(row.told[1::2]) for row in rows if row.clock is not None and row.told}
    last = next((row for row in rows if row.clock is not None), None)
    return _Before(frozenset(row.seq for row in rows), ends, None if last is None else in_ms(last.began_at) - last.clock)


def _in_order(uow: Uow, before: _Before, read: Sequence[Span], why: dict[int, str]) -> list[Span]:
    """Return spans that are new, each after the one before by the tab's own clock: a tab is at one page at a time."""
    known, ends, fresh = set(before.known), dict(before.ends), []
    for span in read:
        if span.seq in known:
            continue
        known.add(span.seq)
        if span.clock + ROUNDED < max((end for seq, end in ends.items() if seq < span.seq), default=0):
            refuse(uow, why, _as_told(span), "more_time_than_passed")
            continue
        ends[span.seq] = span.clock + span.ended - span.began
        fresh.append(span)
    return fresh


def _as_told(span: Span) -> dict[str, t.Any]:
    return {"seq": span.seq, "page": span.page, "began": moment(span.began).isoformat(), "parts": flat(span.parts)}


def _cases(uow: Uow, user: int, fresh: Sequence[Span]) -> list[t.Any]:
    """Return the cases of somebody that the spans may belong to."""
    if not fresh:
        return []
    since, until = moment(min(s.began for s in fresh)), moment(max(s.ended for s in fresh))
    here = sa.select(_case.id, _case.worker_id, _case.began_at, _case.ended_at).where(
        _case.owner_id == user, _case.log_id.is_(None), _case.archived_at.is_(None), _case.began_at < until,
        sa.or_(_case.ended_at.is_(None), _case.ended_at > since), _case.began_at > since - uow.crm[MonitorSettings].longest,
    )  # fmt: skip
    return list(uow.connection.execute(here.order_by(_case.began_at, _case.id)))


def _rows(uow: Uow, tab: str, fresh: Sequence[Span], cases: Sequence[t.Any]) -> tuple[list[tuple[t.Any, ...]], set[int]]:
    """Return rows for the table, each span cut to the cases it lies in, and which of those have ended already."""
    pieces: list[tuple[Span, t.Any, int, list[tuple[int, int]]]] = []
    for span in fresh:
        for case in cases:
            until = in_ms(case.ended_at) if case.ended_at is not None else 2**62
            began, parts = clipped(span.began, span.parts, in_ms(case.began_at), until)
            if parts:
                pieces.append((span, case, began, parts))
    known = pages_of(uow, (span.page for span, *_rest in pieces))
    rows = []
    for span, case, began, parts in pieces:
        page, step = known[span.page]
        sums = [sum(took for kind, took in parts if kind == one) for one in (ACTIVE, IDLE, HIDDEN)]
        clock = span.clock + began - span.began
        rows.append((case.id, case.worker_id or 0, page, step, tab, span.seq, moment(began), clock, *sums, 0, as_json(flat(parts))))
    return rows, {case.id for _span, case, *_rest in pieces if case.ended_at is not None}


__all__ = ["Taken", "take", "told"]
