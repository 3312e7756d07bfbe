"""Play a bank's loan log through a pipeline, at the log's own times.

    python examples/bank_loans.py --log bpic2012.xes.gz --database sqlite:///loans.db

Every application of the log becomes a record that is created in its first `A_*` status and moved to each later one by
the pipeline engine: journal, stage history, totals and one automation per status (it writes a letter) are all at work.
The clock stands at the moment of the event. The last line printed is JSON, worked out from the database alone:

    {"deals": N, "stages": {STATUS: {"last": N, "mean_s": SECONDS, "median_s": SECONDS}}}

`last` counts the applications that ended in the status; the times are those from entering it to the application's next
`A_*` event (null where there never was one). Any XES log whose statuses begin with `A_` will do. A second play into the
same database adds to the records there, and its figures are about its own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import decimal
import gzip
import json
import statistics
import sys
import time
import types
import typing as t
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

import attrs
import sqlalchemy as sa

from crmkit import (
    Crm,
    CrmError,
    Entity,
    Mapped,
    Money,
    MovableClock,
    Moved,
    Pipeline,
    Plugin,
    Stage,
    Staged,
    StageOf,
    Uow,
    _,
    column,
    on_enter,
)  # fmt: skip

STATUS = "A_"
GZIP = b"\x1f\x8b"
MICROSECOND = dt.timedelta(microseconds=1)


# ---- the plugin ------------------------------------------------------------------------------------------------------
class Application(Staged, table="bank_application", label=_("Application", ru="Заявка на кредит")):
    """Somebody asks the bank for a loan."""

    number: Mapped[str] = column(sa.String(100), index=True, label=_("Number", ru="Номер"))
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True, label=_("Amount", ru="Сумма"))


class Letter(Entity, table="bank_letter", label=_("Letter", ru="Письмо")):
    """What the applicant is told whenever the application gets a new status."""

    application_id: Mapped[int] = column(to=Application, index=True)
    status: Mapped[str] = column(sa.String(60))


def compose(statuses: Sequence[str], database: str) -> tuple[Crm, Pipeline[Application]]:
    """Return a CRM whose pipeline has these statuses, each with an automation, and that pipeline.

    The log is all we know of the bank's rules, and every move it shows was allowed: back, and into the same status too.
    """
    module = types.ModuleType(f"{__name__}_pipeline")
    pipeline = Pipeline(
        "loans", of=Application, label=_("Loans", ru="Кредиты"), stages=[Stage(s) for s in statuses],
        moves=dict.fromkeys(statuses, tuple(statuses)), defined_in=module.__name__,
    )  # fmt: skip
    vars(module).update(
        {"LOANS": pipeline} | {f"letter_{stage.name}": _letter_on(stage, module.__name__) for stage in pipeline}
    )
    plugin = Plugin("bank", modules=[sys.modules[__name__], module], label=_("Bank", ru="Банк"))
    return Crm(plugin, database=database, clock=MovableClock()), pipeline


def _letter_on(stage: StageOf[Application], module: str) -> Callable[[Moved[Application], Uow], None]:
    def write(moved: Moved[Application], uow: Uow) -> None:
        """Every new status is told to the applicant."""
        uow.add(Letter(application_id=moved.record.id, status=moved.stage))

    write.__name__, write.__module__ = f"letter_{stage.name}", module
    return on_enter(stage)(write)


def prepare(crm: Crm) -> None:
    """Create what tables are missing."""
    if crm.engine.dialect.name == "postgresql":
        # Sixty thousand transactions need not wait for the disk one by one: a play that is cut short is played again.
        sa.event.listen(crm.engine, "connect", lambda raw, _record: raw.execute("SET synchronous_commit = off"))
    for table in crm.tables:
        table.create(crm.engine, checkfirst=True)


# ---- the log ---------------------------------------------------------------------------------------------------------
@attrs.frozen
class Trace:
    """One application of the log: its `A_*` events in the order of the file."""

    number: str
    amount: decimal.Decimal | None
    events: list[tuple[dt.datetime, str]]


def read_log(path: Path, limit: int | None = None) -> Iterator[Trace]:
    """Yield the applications of an XES file, gzipped or not; those without a single status are left out."""
    count = 0
    with path.open("rb") as raw:
        packed = raw.read(2) == GZIP
    with gzip.open(path) if packed else path.open("rb") as file:
        events: list[tuple[dt.datetime, str]] = []
        for _event, element in ElementTree.iterparse(t.cast(t.IO[bytes], file)):
            tag = element.tag.rpartition("}")[2]
            if tag == "event":
                facts = _facts(element)
                if facts.get("concept:name", "").startswith(STATUS):
                    events.append((_moment(facts["time:timestamp"]), facts["concept:name"]))
                element.clear()
            elif tag == "trace":
                count += 1
                facts = _facts(element)
                if events:
                    yield Trace(facts.get("concept:name", str(count)), _amount(facts.get("AMOUNT_REQ")), events)
                events = []
                element.clear()
                if count == limit:
                    return


def _facts(element: ElementTree.Element) -> dict[str, str]:
    return {fact.get("key", ""): fact.get("value", "") for fact in element}


def _moment(text: str) -> dt.datetime:
    """Return an XES date; one without a time zone is taken as UTC."""
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _amount(text: str | None) -> decimal.Decimal | None:
    try:
        found = decimal.Decimal(text or "")
    except decimal.InvalidOperation:
        return None
    return round(found, 2) if found.is_finite() and abs(found) < 10**12 else None


def statuses_of(traces: Sequence[Trace]) -> list[str]:
    """Return every status of a log, in the order of first appearance."""
    return list(dict.fromkeys(status for trace in traces for _at, status in trace.events))


def in_time_order(traces: Sequence[Trace]) -> list[tuple[Trace, int]]:
    """Return all events, as application and index, the way they happened at the bank.

    Within an application the order is the file's, even where its times step back: such an event comes right after the
    one it follows in the file.
    """
    found = []
    for number, trace in enumerate(traces):
        reached = trace.events[0][0]
        for index, (at, _status) in enumerate(trace.events):
            reached = max(reached, at)
            found.append((reached, number, index))
    return [(traces[number], index) for _reached, number, index in sorted(found)]


# ---- the play --------------------------------------------------------------------------------------------------------
def play(crm: Crm, pipeline: Pipeline[Application], traces: Sequence[Trace]) -> int:
    """Play all events in the order of time, each in its own transaction, and return the key of the first record."""
    clock = t.cast(MovableClock, crm.clock)
    keys: dict[int, int] = {}
    order = in_time_order(traces)
    progress = Progress(len(order))
    first = 0
    for trace, index in order:
        at, status = trace.events[index]
        clock.set(at)
        with crm.uow() as uow:
            if index == 0:
                record = uow.add(Application(number=trace.number, amount=trace.amount), into=pipeline[status])
            else:
                record = uow.move(uow.get(Application, keys[id(trace)]), pipeline[status])
        keys[id(trace)] = record.id
        first = first or record.id
        progress.step(at)
    progress.end()
    return first


class Progress:
    """Tells on standard error how far the play is, every two seconds."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.begun = total, 0, time.monotonic()
        self._told = self.begun

    def step(self, at: dt.datetime) -> None:
        """Count one event."""
        self.done += 1
        if self.done % 64 == 0 and (now := time.monotonic()) - self._told >= 2:
            self._told = now
            self._tell(f"now it is {at:%Y-%m-%d}")

    def end(self) -> None:
        """Tell how long it took."""
        self._tell(f"done in {time.monotonic() - self.begun:.0f} s")

    def _tell(self, more: str) -> None:
        speed = self.done / max(time.monotonic() - self.begun, 1e-9)
        print(f"{self.done:,} of {self.total:,} events, {speed:,.0f} a second, {more}", file=sys.stderr, flush=True)


# ---- the figures -----------------------------------------------------------------------------------------------------
def figures(crm: Crm, pipeline: Pipeline[Application], first: int) -> dict[str, t.Any]:
    """Work out the figures of the records from `first` on, from the database alone."""
    history = next(table for table in crm.tables if table.name == "crm_stage_history")
    mine = history.c.kind == crm.kind(Application).key, history.c.record_id >= first
    stays: dict[str, list[int]] = defaultdict(list)
    with crm.read() as uow:
        counted = (
            sa.select(Application.stage, sa.func.count()).where(Application.id >= first).group_by(Application.stage)
        )
        last = {row[0]: row[1] for row in uow.connection.execute(counted)}
        stayed = sa.select(history.c.stage, history.c.entered_at, history.c.left_at).where(*mine)
        for stage, entered, left in uow.connection.execute(stayed):
            stays[stage].append((left - entered) // MICROSECOND)
    return {
        "deals": sum(last.values()),
        "stages": {s: {"last": last.get(s, 0)} | _times(stays[s]) for s in pipeline.stages},
    }


def _times(stays: list[int]) -> dict[str, float | None]:
    if not stays:
        return {"mean_s": None, "median_s": None}
    return {"mean_s": sum(stays) / len(stays) / 1e6, "median_s": statistics.median(stays) / 1e6}


def main(arguments: Sequence[str] | None = None) -> int:
    """Play a log and print its figures."""
    parser = argparse.ArgumentParser(
        description="Play a bank's loan log through a pipeline and print what came of it as JSON."
    )
    parser.add_argument("--log", type=Path, required=True, metavar="FILE", help="an XES log, gzipped or not")
    parser.add_argument(
        "--database", required=True, metavar="URL", help="sqlite:///loans.db or postgresql://user@host/name"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N applications of the log")
    given = parser.parse_args(arguments)
    if given.limit is not None and given.limit < 1:
        parser.error("--limit: at least 1")
    try:
        traces = list(read_log(given.log, given.limit))
    except (OSError, EOFError, zlib.error, ElementTree.ParseError, KeyError, ValueError) as error:
        parser.error(f"{given.log} cannot be read as an XES log: {str(error) or type(error).__name__}")
    if not traces:
        parser.error(f"{given.log} has no event whose name begins with {STATUS}: there is nothing to play")
    try:
        crm, pipeline = compose(statuses_of(traces), given.database)
        prepare(crm)
        first = play(crm, pipeline, traces)
        print(json.dumps(figures(crm, pipeline, first)))
    except (CrmError, sa.exc.OperationalError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    crm.engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
