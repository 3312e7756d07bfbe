"""An event log taken in: cases, events, steps and employees, work and its sums, as one operation that can be undone."""

from __future__ import annotations

import datetime as dt
import typing as t
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence

import attrs

from crmkit import Invalid, Problem, Uow, _

from ..entities import Case, EndedHow, Log, Step, Worker
from ..entities.cases import KNOWN
from ..longer import over_again
from ..norms import Norms
from ..roles import LOGS
from ..rollups import COLUMNS, WORK, Cell, Key, WorkRow, count
from ..sets import as_json, insert
from ..tables import days, events, traces, work
from ..xes import BadLog, Event, Head, LogReader, Trace, moment
from ..xes.model import value_of
from . import mapping as m
from .pairing import Interval, Seen, intervals
from .table import TableReader

CHUNK = 10_000
NAME, KIND, TRANSITION = 200, 40, 40  # as long as the columns are
LABEL = _("Event log: {title}", ru="Журнал событий: {title}")
NO_TIME = _("event {number} of case «{case}» has no {key}", ru="у события {number} случая «{case}» нет {key}")
NO_CASES = _("the log has no cases", ru="в журнале нет случаев")
NO_ZONE = _("there is no time zone {name!r}", ru="нет часового пояса {name!r}")
EVENT = ("log_id", "case_id", "step_id", "worker_id", "at", "transition", "facts")


@attrs.frozen
class Imported:
    """What an import made."""

    log: int
    operation: int
    cases: int
    events: int
    steps: int
    workers: int
    work: int


def import_log(uow: Uow, file: t.BinaryIO, name: str, *, title: str = "", mapping: m.Mapping | None = None) -> Imported:
    """Take in an event log, XES (plain or gzip) or CSV by what its name ends in; `Invalid` says what is wrong, by its line.

    It is one operation: ``undo(uow, operation=…)`` takes all of it back.
    """
    uow.require(LOGS)
    mapping = mapping or m.Mapping()
    zone = zone_of(uow, mapping.zone)
    csv = name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".txt"))
    try:
        work = _Import(uow, mapping, zone or dt.UTC)
        return work.run(TableReader(file, mapping, zone or work.local) if csv else LogReader(file), name, title)
    except BadLog as error:
        raise Invalid(problems=[Problem("file", "invalid", str(error))]) from None


def zone_of(uow: Uow, name: str | None) -> dt.tzinfo | None:
    """Return a time zone by its name."""
    if not name:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise Invalid(problems=[Problem("zone", "unknown", NO_ZONE.format(name=name))]) from None


class _Import:
    def __init__(self, uow: Uow, mapping: m.Mapping, zone: dt.tzinfo) -> None:
        self.uow, self.mapping, self.zone = uow, mapping, zone
        self.local = uow.crm.zone
        self.activity, self.resource = mapping.activity or m.ACTIVITY, mapping.resource or m.RESOURCE
        self.time, self.transition = mapping.time or m.TIME, mapping.transition or m.TRANSITION
        self.steps: dict[str, int] = {}
        self.workers: dict[str, int] = {}
        self.cells: dict[Key, Cell] = {}
        self.norms = Norms(())  # steps of a new log have none
        self.cases = self.events = self.work = 0
        self.log = 0

    def run(self, reader: LogReader | TableReader, name: str, title: str) -> Imported:
        """Take everything in."""
        uow, bare = self.uow, name.rpartition("/")[2]
        title = title.strip() or bare.split(".")[0] or bare
        if isinstance(reader, TableReader):  # its columns became what XES calls them
            self.activity, self.resource, self.time, self.transition = m.ACTIVITY, m.RESOURCE, m.TIME, m.TRANSITION
            self.mapping = attrs.evolve(self.mapping, case=None, activity=None, time=None, start=None, resource=None, transition=None)
        operation = uow.operation("import", LABEL.format(title=title), file=bare)
        log = uow.add(Log(title=title[:NAME]))
        uow.flush()
        self.log = log.id
        with uow.whole():
            for some in _chunks(reader):
                self._some(some)
            if not self.cases:
                raise BadLog(NO_CASES)
            insert(uow, days, COLUMNS, [cell.row(key) for key, cell in sorted(self.cells.items())])
            over_again(uow, log.id)
        head = self._head(reader.head, operation)
        uow.keep(log, file=bare[:NAME], imported_at=uow.now, cases=self.cases, events=self.events, head=head)
        uow.finish(log=log.id, cases=self.cases, events=self.events)
        uow.flush()
        return Imported(log.id, operation, self.cases, self.events, len(self.steps), len(self.workers), self.work)

    def _head(self, head: Head, operation: int) -> dict[str, t.Any]:
        """Keep what an export must give back, and how the log was read."""
        said = attrs.asdict(self.mapping, filter=lambda _a, value: value not in (None, False, {}))
        return head.to_json() | {"operation": operation, "mapping": said}

    def _some(self, some: Sequence[Trace]) -> None:
        """Take in some cases."""
        names = [value_of(trace.attributes, m.CASE) for trace in some]
        read = [[self._event(event, name, i, trace.line) for i, event in enumerate(trace.events, 1)] for trace, name in zip(some, names, strict=True)]
        self._name(Step, self.steps, (r.step for rows in read for r in rows if r.step is not None), 0)
        self._name(Worker, self.workers, (r.worker for rows in read for r in rows if r.worker is not None), 0)
        kinds = [(value_of(trace.attributes, self.mapping.kind) or "")[:KIND] if self.mapping.kind else "" for trace in some]
        cases, keep = [], []
        for name, kind, rows in zip(names, kinds, read, strict=True):
            at = [r.at for r in rows] or [self.uow.now]
            cases.append({"log_id": self.log, "kind": kind, "began_at": min(at)})
            keep.append({"key": name[:NAME] if name else None, "ended_at": max(at), "ended_how": EndedHow.DONE})
        token = KNOWN.set(iter(keep))
        try:
            keys = self.uow.add_many(Case, cases)
        finally:
            KNOWN.reset(token)
        insert(self.uow, traces, ("case_id", "log_id", "facts"), [
            (key, self.log, as_json(facts)) for key, trace, name in zip(keys, some, names, strict=True) if (facts := _besides(trace, name))
        ])  # fmt: skip
        insert(self.uow, events, EVENT, [
            (self.log, key, self.steps.get(r.step or ""), self.workers.get(r.worker or ""), r.at, r.transition, as_json(r.rest))
            for key, rows in zip(keys, read, strict=True) for r in rows
        ])  # fmt: skip
        self._work([(key, kind, self._seen(rows)) for key, kind, rows in zip(keys, kinds, read, strict=True)])
        self.cases += len(keys)
        self.events += sum(map(len, read))

    def _event(self, event: Event, case: str | None, number: int, line: int) -> _Read:
        """Take an event apart; what its columns will not give back word by word stays in `rest`."""
        step: str | None = None
        worker: str | None = None
        at: dt.datetime | None = None
        transition: str | None = None
        instance: str | None = None
        activity: str | None = None
        rest = []
        for attribute in event:
            key, value = attribute[0], attribute[2]
            whole = len(attribute) == 3 and attribute[1] == "string"
            if key == self.activity and activity is None and value:
                activity = value
                step = (self.mapping.steps.get(value) or value)[:NAME]
                if whole and step == value and key == m.ACTIVITY:
                    continue
            elif key == self.resource and worker is None and value:
                worker = (self.mapping.workers.get(value) or value)[:NAME]
                if whole and worker == value and key == m.RESOURCE:
                    continue
            elif key == self.time and at is None:
                at = self._moment(value, case, number, line).astimezone(dt.UTC)
                if len(attribute) == 3 and attribute[1] == "date" and key == m.TIME and value == at.isoformat():
                    continue
            elif key == self.transition and transition is None and value:
                transition = value[:TRANSITION]
                if whole and transition == value and key == m.TRANSITION:
                    continue
            elif key == m.INSTANCE:
                instance = value
            rest.append(attribute)
        if at is None:
            raise BadLog(NO_TIME.format(number=number, case=case or "", key=self.time), line)
        return _Read(step, worker, at, transition, activity, instance, rest)

    def _moment(self, value: str, case: str | None, number: int, line: int) -> dt.datetime:
        try:
            return moment(value, self.zone)
        except (ValueError, TypeError):  # an attribute of another type that shall be the time
            raise BadLog(NO_TIME.format(number=number, case=case or "", key=self.time), line) from None

    def _name(self, cls: type[Step] | type[Worker], known: dict[str, int], names: Iterable[str], start: int) -> None:
        """Make steps or employees of names that are new."""
        fresh = [name for name in dict.fromkeys(names) if name not in known]
        if not fresh:
            return
        rows: list[dict[str, t.Any]] = [{"log_id": self.log, "name": name} for name in fresh]
        if cls is Step:
            for position, row in enumerate(rows, len(known) + 1):
                row |= {"title": row["name"], "position": position}
        known.update(zip(fresh, self.uow.add_many(cls, rows), strict=True))

    def _seen(self, rows: Iterable[_Read]) -> Iterator[Seen]:
        for r in rows:
            if r.step is not None:
                yield Seen(self.steps[r.step], self.workers.get(r.worker or "", 0), r.at, r.transition, r.activity or "", r.instance)

    def _work(self, cases: Iterable[tuple[int, str, Iterable[Seen]]]) -> None:
        made = []
        for key, kind, seen in cases:
            made += work_rows(self.log, key, kind, intervals(seen, since_previous=self.mapping.since_previous), self.local)
        count(self.cells, made, self.norms)
        insert(self.uow, work, WORK, made)
        self.work += len(made)


@attrs.frozen(slots=True)
class _Read:
    step: str | None
    worker: str | None
    at: dt.datetime
    transition: str | None
    activity: str | None
    instance: str | None
    rest: Event


def work_rows(log: int, case: int, kind: str, found: Iterable[Interval], zone: dt.tzinfo) -> list[WorkRow]:
    """Return the rows of one case in the order of `WORK`: a step that was gone back to is one row; its day is when it was first begun."""
    sums: dict[tuple[int, int], list[t.Any]] = {}
    for one in found:
        if one.step is None:
            continue
        row = sums.get((one.step, one.worker))
        if row is None:
            sums[one.step, one.worker] = [one.began, one.took, 1]
        else:
            row[0], row[1], row[2] = min(row[0], one.began), row[1] + one.took, row[2] + 1
    return [
        (case, step, worker, log, began.astimezone(zone).date(), kind, None, None, took, took, 0, 0, visits)
        for (step, worker), (began, took, visits) in sums.items()
    ]


def _besides(trace: Trace, name: str | None) -> list[t.Any]:
    """Return what a trace has that its name does not give back."""
    rest = list(trace.attributes)
    for i, attribute in enumerate(rest):
        if attribute[0] == m.CASE:
            if len(attribute) == 3 and attribute[1] == "string" and name and len(name) <= NAME:
                del rest[i]
            break
    return rest


def _chunks(reader: Iterable[Trace]) -> Iterator[list[Trace]]:
    """Yield traces in portions of about as many events: a log may have one long case, or a million short ones."""
    held: list[Trace] = []
    size = 0
    for trace in reader:
        held.append(trace)
        size += 1 + len(trace.events)
        if size >= CHUNK:
            yield held
            held, size = [], 0
    if held:
        yield held


__all__ = ["Imported", "import_log", "work_rows", "zone_of"]
