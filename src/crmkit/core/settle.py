"""Settling: after every write, automations react; what they do is written and reacted to, until it is quiet."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import typing as t

import attrs

from .deliver import changes_to_json, event_to_json
from .errors import EndlessLoop
from .events import Archived, Changed, Created, Moved, RecordEvent, Restored
from .kind import Kind
from .live import Message
from .model import Entity, Staged
from .moves import BY_MOVE_ONLY, is_move
from .records import Fact
from .sql import dump_json
from .written import Gathered

if t.TYPE_CHECKING:
    from .filter import Node
    from .uow import Uow

StageEvent = Created[t.Any] | Moved[t.Any] | Restored[t.Any] | Archived[t.Any]
MAX_REPEATS = 20
DEEP, MAX_DEEP = 5, 1000  # two automations that set each other off double with every round: stop long before the 20th
MAX_EVENTS = 100_000
HOUSEKEEPING = frozenset({"created_at", "updated_at", "version"})
LIVE_LIMIT = 7000


@attrs.frozen
class Subscriber:
    """One marked function, ready to be called. `name` is ``plugin:function``, what the journal calls the cause."""

    name: str
    plugin: str
    run: t.Callable[[t.Any, Uow], None]
    when: Node | None = None
    fields: frozenset[str] = frozenset()


class Settling:
    """The reactions of one unit of work."""

    def __init__(self, uow: Uow, cause: str | None) -> None:
        self.uow = uow
        self._chain: tuple[str, ...] = (cause,) if cause else ()
        self._events: collections.deque[tuple[object, tuple[str, ...], tuple[str, str]]] = collections.deque()
        self._labels: dict[int, str] = {}
        self._entries: dict[int, dict[str, t.Any]] = {}  # the journal's entry of each move that is not yet reacted to
        self._told = self._deep = 0
        self.gathered = Gathered()
        self.trail: list[object] = []  # every event of this transaction, for the test kit

    @property
    def cause(self) -> str | None:
        """The automation at work, with what set it off: ``sales:follow_up ← sales:won``."""
        return " ← ".join(reversed(self._chain)) or None

    # ---- taking note -------------------------------------------------------------------------------------------
    def queue(self, event: object) -> None:
        """Let handlers react to an event when their turn comes."""
        record = getattr(event, "record", None)  # the stage of now: the record may have moved on when its turn comes
        here = (record.pipeline, record.stage) if isinstance(record, Staged) else ("", "")
        self._events.append((event, self._chain, here))

    def label(self, record: Entity, action: str) -> None:
        """Name in the journal what the next write of a record means."""
        self._labels[id(record)] = action

    def journal(self, kind: str, key: int | None, action: str, changes: dict[str, t.Any]) -> dict[str, t.Any]:
        """Note something in the journal, with actor, moment and cause; return the entry."""
        uow = self.uow
        uow.ledger.journal.append(entry := {
            "at": uow.now, "actor_id": uow.actor.id, "actor": uow.actor.name, "kind": kind, "record_id": key, "action": action,
            "changes": changes, "cause": self.cause, "operation": uow.operation_id,
        })  # fmt: skip
        return entry

    def note(self, fact: Fact) -> None:
        """Journal one write, keep totals and history, and queue its events."""
        record, kind = fact.record, fact.kind
        changes = {n: c for n, c in fact.changes.items() if n not in HOUSEKEEPING and n != "id"}
        moved = is_move(record)
        action = self._labels.pop(id(record), None) or ("created" if fact.before is None else "moved" if moved else "changed")
        entry = self.journal(kind.key, record.id, action, changes_to_json(kind, changes))
        self.uow.messages[Message(kind.key, record.id)] = None
        self.gathered.note(kind, record.id, record, None if fact.before is None else fact.changes)
        if kind.staged:
            self._totals(fact)
        if fact.before is None:
            self.queue(Created(record))
            return
        edited = {n: c for n, c in changes.items() if n not in BY_MOVE_ONLY and n != "archived_at"}
        if edited:
            self.queue(Changed(record, edited))
        if moved:
            self._moved(fact, t.cast(Staged, record), entry)

    def _moved(self, fact: Fact, record: Staged, entry: dict[str, t.Any]) -> None:
        before = t.cast(t.Mapping[str, t.Any], fact.before)
        self.uow.ledger.history.append({
            "kind": fact.kind.key, "record_id": record.id, "pipeline": before["pipeline"], "stage": before["stage"],
            "entered_at": before["stage_since"], "left_at": record.stage_since, "to_pipeline": record.pipeline, "to_stage": record.stage,
            "actor_id": self.uow.actor.id, "cause": self.cause,
        })  # fmt: skip
        moved = Moved(record, before["pipeline"], before["stage"], record.pipeline, record.stage)
        self._entries[id(moved)] = entry
        self.queue(moved)

    def _totals(self, fact: Fact) -> None:
        before = None if fact.before is None else total_of(fact.kind, fact.before)
        after = total_of(fact.kind, fact.record.__dict__)
        if before != after:
            for sign, total in ((-1, before), (1, after)):
                if total is not None:
                    self.uow.ledger.tally.append(total_row(fact.kind, total, sign))

    def schedule(self, kind: str, args: dict[str, t.Any], *, at: dt.datetime | None = None, delay: dt.timedelta | None = None,
                 key: str | None = None, subject: str | None = None) -> None:  # fmt: skip
        """Note work for later. Work with a key may replace what waits under it, so it is written at once."""
        uow, jobs = self.uow, self.uow.crm.jobs
        about: dict[str, t.Any] = {"at": at, "delay": delay, "subject": subject, "cause": self.cause, "actor_id": uow.actor.id}
        row = jobs.row(kind, args, key=key, tx=None if key is None or uow.db.postgres else uow.tx, **about)
        if key is None:
            uow.ledger.job.append(row)
        else:
            jobs.put(uow.db, row)
            uow.ledger.keyed.append(key)
        uow.ledger.wake_jobs |= jobs.is_soon(row)

    # ---- reacting ----------------------------------------------------------------------------------------------
    def run(self) -> None:
        """React until nothing is left, then write the books."""
        uow = self.uow
        if not uow.writable:
            return
        uow.flush()
        before, self._deep = self._chain, 0
        try:
            with uow.as_system():
                rounds = 0
                self._drain()
                while self._for_sets():
                    self._drain()
                    rounds += 1
                    if rounds > MAX_REPEATS:
                        raise EndlessLoop(f"crm_settle keeps writing: {MAX_REPEATS} rounds without coming to rest")
        finally:
            self._chain = before  # what is done after settling has its own causes
        self.gathered.tell(uow)
        if uow.ledger.tally and uow.crm.fold_is_due(len(uow.ledger.tally)):
            self.schedule("crmkit:fold", {}, key="crmkit:fold")
        messages = [[m.topic, m.id] for m in list(uow.messages)[self._told :]]  # settling twice announces nothing twice
        self._told = len(uow.messages)
        live = ""
        if messages and uow.db.postgres:
            live = dump_json({"from": uow.crm.process, "messages": messages})
            if len(live.encode()) > LIVE_LIMIT:
                live = dump_json({"from": uow.crm.process, "resync": True})
        uow.ledger.write(uow.db, live)

    def _drain(self) -> None:
        """Let handlers react to every event, and to those their reactions cause."""
        count = 0
        while self._events:
            event, chain, here = self._events.popleft()
            count += 1
            if count > MAX_EVENTS:
                raise EndlessLoop(f"more than {MAX_EVENTS} events without a pause; the last was {event!r}, caused by: {_told(chain)}")
            self.trail.append(event)
            self._react(event, chain, here)

    def _for_sets(self) -> bool:
        """Let plugins react to everything written so far at once; True when there is more to react to."""
        if "crm_settle" not in self.uow.crm.hooked:
            return False
        with self.for_sets():
            return self.gathered.settle(self.uow)

    @contextlib.contextmanager
    def for_sets(self) -> t.Iterator[None]:
        """Name in the journal as the cause that plugins react to a set of records."""
        before, self._chain = self._chain, ("crm_settle",)
        try:
            yield
        finally:
            self._chain = before

    def _react(self, event: object, chain: tuple[str, ...], here: tuple[str, str]) -> None:
        crm = self.uow.crm
        for subscriber in crm.subscribers("on", event):
            if self._wanted(subscriber, event):
                self._call(subscriber, event, chain)
        self._chain = chain
        for phase in ("after", "outside"):
            for subscriber in crm.subscribers(phase, event):
                if self._wanted(subscriber, event):
                    self.schedule(f"{phase}:{subscriber.name}", event_to_json(event, crm))
        if isinstance(event, Created | Moved | Restored | Archived) and isinstance(event.record, Staged):
            self._stages(event, chain, here)

    def _wanted(self, subscriber: Subscriber, event: object) -> bool:
        if subscriber.fields and isinstance(event, Changed) and not subscriber.fields & event.changes.keys():
            return False
        return subscriber.when is None or (isinstance(event, RecordEvent) and self.uow.matches(event.record, subscriber.when))

    def _call(self, subscriber: Subscriber, event: object, chain: tuple[str, ...]) -> None:
        """Run one handler; what it changes is written at once, so that the journal names it as the cause."""
        repeats = chain.count(subscriber.name)
        self._deep += repeats >= DEEP
        if repeats >= MAX_REPEATS or self._deep > MAX_DEEP:
            raise EndlessLoop(f"automations keep causing each other: {_told((*chain, subscriber.name))}")
        self._chain = (*chain, subscriber.name)
        try:
            subscriber.run(event, self.uow)
            self.uow.flush()
        except Exception as error:
            if not isinstance(error, EndlessLoop):
                error.add_note(f"while {subscriber.name} (plugin {subscriber.plugin!r}) handled {type(event).__name__}: {event!r:.200}")
            raise
        finally:
            self._chain = chain

    def _stages(self, event: StageEvent, chain: tuple[str, ...], here: tuple[str, str]) -> None:
        crm, record = self.uow.crm, event.record
        if isinstance(event, Moved):
            left = (event.from_pipeline, event.from_stage)
            for subscriber in crm.at_stage("leave", left):
                self._call(subscriber, event, chain)
            entry = self._entries.pop(id(event), {})
            for waiting in crm.at_stage("while", left):
                key = timer_key(waiting.name, self.uow.subject(record))
                due = crm.jobs.due(self.uow.db, key)
                if due is not None and self.uow.cancel(key) and entry:  # an undo of the move starts it again, due as it was
                    entry["changes"].setdefault("~timers", {})[waiting.name] = due
        if isinstance(event, Created | Moved):
            entered = event if isinstance(event, Moved) else Moved(record, "", "", *here)
            for subscriber in crm.at_stage("enter", here):
                self._call(subscriber, entered, chain)
        if (record.pipeline, record.stage) == here and record.archived_at is None and not isinstance(event, Archived):
            for waiting in crm.at_stage("while", here):
                if isinstance(event, Restored) and not self.uow.cancel(timer_key(waiting.name, self.uow.subject(record))):
                    continue  # it has had its time before the record was archived
                start_timer(self, crm.kind(type(record)), record, waiting.name)


def start_timer(settling: Settling, kind: Kind, record: Staged, name: str) -> None:
    """Start the durable timer of a ``@while_in`` handler, counted from the moment the record entered its stage."""
    waits = settling.uow.crm.patience(name, (record.pipeline, record.stage))
    assert waits is not None
    subject = settling.uow.subject(record)
    args = {"kind": kind.key, "id": record.id, "pipeline": record.pipeline, "stage": record.stage}
    settling.schedule(f"while:{name}", args, at=record.stage_since + waits.longer_than, key=timer_key(name, subject), subject=subject)


def timer_key(name: str, subject: str) -> str:
    """Return the name of a stage timer."""
    return f"while:{name}:{subject}"


Total = tuple[str, str, int, int, tuple[int, ...]]


def total_of(kind: Kind, values: t.Mapping[str, t.Any]) -> Total | None:
    """Return where a record counts on boards and for how much (in the smallest unit); None while archived."""
    if values.get("archived_at") is not None:
        return None
    sums = tuple(int((values.get(f.name) or 0) * 10 ** scale_of(f)) for f in kind.totals)
    return values["pipeline"], values["stage"], values.get("owner_id") or 0, values.get("team_id") or 0, sums


def scale_of(field: t.Any) -> int:
    """Return how many digits after the point a summed field keeps: totals are whole numbers of its smallest unit."""
    return getattr(field.column.type, "scale", 0) or 0


def total_row(kind: Kind, total: Total, sign: int) -> dict[str, t.Any]:
    """Return the row that adds (or, with -1, takes away) one record from the running totals."""
    pipeline, stage, owner, team, sums = total
    row: dict[str, t.Any] = {"kind": kind.key, "pipeline": pipeline, "stage": stage, "owner_id": owner, "team_id": team, "n": sign,
        "t0": 0, "t1": 0, "t2": 0}
    for i, amount in enumerate(sums):
        row[f"t{i}"] = sign * amount
    return row


def _told(chain: tuple[str, ...]) -> str:
    """Tell a chain of causes without its repetitions."""
    for size in range(1, len(chain) // 2 + 1):
        if chain[-size:] == chain[-2 * size : -size]:
            return " → ".join((*chain[-size:], chain[-size])) + " → …"
    return " → ".join(chain)
