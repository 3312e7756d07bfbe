"""Logs given to others: imported ones as they were, and our own cases as other tools like to have them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import typing as t
from collections.abc import Iterable, Iterator

import attrs
import sqlalchemy as sa

from crmkit import Invalid, Problem, Uow, _

from ..entities import Case, Log, Step, Worker
from ..reading import began_within
from ..roles import LOGS, NAMES
from ..settings import MonitorSettings
from ..tables import spans
from ..xes import Attribute, Head, LogWriter, Trace
from ..xes.writing import EXTENSIONS, STANDARD
from . import mapping as m
from .stored import Names, pseudonym, stored_cases

FORMATS = ("xes", "csv")
CHUNK = 500
CASE_COLUMN = "case:"
NO_FORMAT = _("a format is one of xes, csv", ru="формат: xes или csv")
_case, _span = Case.__table__.c, spans.c


def export_log(uow: Uow, log: int, form: str = "xes") -> Iterator[bytes]:
    """Yield an imported log, of what the actor may see: XES with everything it came with, or CSV without what is nested."""
    uow.require(LOGS)
    _known(form)
    uow.get(Log, log)
    names = Names(uow, log, pseudonyms=_pseudonyms(uow))

    def traces() -> Iterator[Trace]:
        return (names.trace(case) for case in stored_cases(uow, log, seen_only=True))

    head = Head.from_json(names.head)
    if not head.xml:
        head.xml, head.extensions = dict(STANDARD), [dict(e) for e in EXTENSIONS]
    return LogWriter(head).pieces(traces()) if form == "xes" else _csv(traces)


def export_own(uow: Uow, form: str = "xes", *, since: dt.date | None = None, until: dt.date | None = None) -> Iterator[bytes]:
    """Yield our own cases the actor may see: each stay at a step is a start and a complete, with its active and idle time."""
    uow.require(LOGS)
    _known(form)
    own = _Own(uow, since, until)
    return LogWriter(own.head()).pieces(own.traces()) if form == "xes" else _csv(own.traces)


def _known(form: str) -> None:
    if form not in FORMATS:
        raise Invalid(problems=[Problem("format", "unknown", NO_FORMAT)])


def _pseudonyms(uow: Uow) -> bool:
    return not (uow.crm[MonitorSettings].names and uow.may(NAMES))


@attrs.define
class _Visit:
    step: str
    began: dt.datetime
    ended: dt.datetime
    active: int
    idle: int
    hidden: int


class _Own:
    def __init__(self, uow: Uow, since: dt.date | None, until: dt.date | None) -> None:
        self.uow = uow
        step, worker = Step.__table__.c, Worker.__table__.c
        self.steps = {row[0]: row[1] for row in uow.connection.execute(sa.select(step.id, step.name).where(step.log_id.is_(None)))}
        people = uow.connection.execute(sa.select(worker.id, worker.user_id).where(worker.log_id.is_(None))).all()
        self.workers = {row.id: pseudonym(row.id) for row in people}
        if not _pseudonyms(uow):
            of = [row.user_id for row in people if row.user_id is not None]
            known = dict(uow.crm.hook.crm_names(crm=uow.crm, of="person", ids=of) or {}) if "crm_names" in uow.crm.hooked and of else {}
            self.workers |= {row.id: known.get(row.user_id, str(row.user_id)) for row in people if row.user_id is not None}
        self.where: list[sa.ColumnElement[bool]] = [_case.log_id.is_(None), _case.archived_at.is_(None), _case.id.in_(uow.visible(Case))]
        self.where += began_within(uow, since, until)

    def head(self) -> Head:
        """Return what the log says about itself."""
        always: list[Attribute] = [[m.ACTIVITY, "string", ""], [m.TRANSITION, "string", "complete"], [m.TIME, "date", "1970-01-01T00:00:00+00:00"]]
        return Head(
            dict(STANDARD), [dict(e) for e in EXTENSIONS], [("trace", [[m.CASE, "string", ""]]), ("event", always)],
            [{"name": "Activity", "scope": "event", "keys": m.ACTIVITY}, {"name": "Resource", "scope": "event", "keys": m.RESOURCE}],
            [["source", "string", "crmkit"]],
        )  # fmt: skip

    def traces(self) -> Iterator[Trace]:
        """Yield the cases, a portion at a time."""
        last = 0
        columns: list[sa.ColumnElement[t.Any]] = [_case.id, _case.kind, _case.product, _case.channel, _case.outcome]
        columns += [_case.point_of_sale_id, _case.worker_id]
        while True:
            found = self.uow.connection.execute(sa.select(*columns).where(_case.id > last, *self.where).order_by(_case.id).limit(CHUNK)).all()
            if not found:
                return
            last = found[-1].id
            of: dict[int, list[t.Any]] = {row.id: [] for row in found}
            rows = sa.select(spans).where(_span.case_id.in_(list(of)), _span.step_id.is_not(None)).order_by(_span.case_id, _span.began_at, _span.id)
            for span in self.uow.connection.execute(rows):
                of[span.case_id].append(span)
            for row in found:
                own: list[Attribute] = [[m.CASE, "string", str(row.id)]]
                own += [[n, "string", str(v)] for n, v in zip(("kind", "product", "channel", "outcome", "point"), row[1:6], strict=True) if v]
                yield Trace(own, self._events(row, of[row.id]))

    def _events(self, case: t.Any, found: Iterable[t.Any]) -> list[list[Attribute]]:
        events: list[list[Attribute]] = []
        for number, visit in enumerate(self._visits(found), 1):
            both: list[Attribute] = [[m.ACTIVITY, "string", visit.step], [m.INSTANCE, "string", str(number)]]
            if case.worker_id in self.workers:
                both.append([m.RESOURCE, "string", self.workers[case.worker_id]])
            for said, at in (("start", visit.began), ("complete", visit.ended)):
                events.append([*both, [m.TRANSITION, "string", said], [m.TIME, "date", at.astimezone(dt.UTC).isoformat(timespec="milliseconds")]])
            events[-1] += [[n, "int", str(getattr(visit, n))] for n in ("active", "idle", "hidden")]
        return events

    def _visits(self, found: Iterable[t.Any]) -> Iterator[_Visit]:
        """Yield stays at a step: pages of one step, one after another, are one stay."""
        held: _Visit | None = None
        for span in found:
            step = self.steps.get(span.step_id, str(span.step_id))
            ended = span.began_at + dt.timedelta(milliseconds=span.active + span.idle + span.hidden)
            if held is not None and held.step == step:
                held.ended, held.active, held.idle = max(held.ended, ended), held.active + span.active, held.idle + span.idle
                held.hidden += span.hidden
                continue
            if held is not None:
                yield held
            held = _Visit(step, span.began_at, ended, span.active, span.idle, span.hidden)
        if held is not None:
            yield held


def _csv(traces: t.Callable[[], Iterable[Trace]]) -> Iterator[bytes]:
    """Yield a table as pm4py and others read it: a row for each event, the case's own attributes as ``case:…``. Read twice."""
    columns: dict[str, None] = dict.fromkeys((CASE_COLUMN + m.CASE, m.ACTIVITY, m.TIME, m.RESOURCE, m.TRANSITION))
    for trace in traces():
        columns |= dict.fromkeys(f"{CASE_COLUMN}{a[0]}" for a in trace.attributes if a[0] and a[2] is not None)
        for event in trace.events:
            columns |= dict.fromkeys(a[0] for a in event if a[0] and a[2] is not None)
    held = io.StringIO()
    write = csv.DictWriter(held, list(columns), restval="", extrasaction="ignore", lineterminator="\n")
    write.writeheader()
    for trace in traces():
        own = {f"{CASE_COLUMN}{a[0]}": a[2] for a in trace.attributes if a[0]}
        for event in trace.events:
            write.writerow(own | {a[0]: a[2] for a in event if a[0]})
        if held.tell() > 1 << 16:
            yield held.getvalue().encode()
            held.seek(0)
            held.truncate()
    yield held.getvalue().encode()


__all__ = ["FORMATS", "export_log", "export_own"]
