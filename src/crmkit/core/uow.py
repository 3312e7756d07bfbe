"""`Uow`: one transaction on behalf of one actor. Everything that changes the CRM goes through one."""

from __future__ import annotations

import contextlib
import datetime as dt
import typing as t
from collections.abc import Mapping

from . import moves
from .access import Actor
from .deliver import event_to_json
from .errors import Conflict, Invalid, Misuse
from .events import Archived, Restored
from .field import quick
from .filter import Context
from .ledger import Ledger
from .live import Message
from .model import Entity, Extension, Record, Staged
from .operation import begin, finish
from .operations import merged_into
from .pipeline import Pipeline, StageOf, Verdict
from .reading import Reading
from .records import Fact, Records
from .settle import Settling
from .sql import Db
from .text import SPOKEN, _

if t.TYPE_CHECKING:
    from .compose import Crm

E = t.TypeVar("E", bound=Entity)
S = t.TypeVar("S", bound=Staged)
X = t.TypeVar("X", bound=Extension[t.Any])
MERGED = _("it was merged into record {id}: undo the merge to have both again", ru="запись объединена с записью {id}; чтобы вернуть, отмените это")
SOON = dt.timedelta(minutes=10)
"""Who hears of an event that is further ahead is decided when its time has come: plugins come and go meanwhile."""
KERNEL_FIELDS = frozenset({"id", "created_at", "updated_at", "version", "archived_at", "pipeline", "stage", "stage_since"})


class _Whole(contextlib.AbstractContextManager[None]):
    __slots__ = ("_uow",)

    def __init__(self, uow: Uow) -> None:
        self._uow = uow

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception):
            self._uow._broken = error


class Uow(Reading):
    """One transaction for one actor.

    Leaving the ``with`` block *settles* (writes, checks, journals, runs ``@on`` automations until nothing is left to do) and
    commits; an exception undoes everything. `now` is one moment for the whole unit of work.
    """

    def __init__(self, crm: Crm, db: Db, actor: Actor, *, writable: bool = True, cause: str | None = None, operation: int | None = None) -> None:
        self.crm, self.db, self.actor, self.writable = crm, db, actor, writable
        self.now: dt.datetime = crm.clock.now()
        self._elevated, self._dated = actor.system, False
        self._context: Context | None = None
        self._broken: Exception | None = None
        self.over = False
        self.ledger = Ledger()
        self.records = Records(db, self, crm.kind)
        self.settling = Settling(self, cause)
        self.messages: dict[Message, None] = {}
        self.operation_id = operation

    # ---- what it is about --------------------------------------------------------------------------------------
    @property
    def language(self) -> str:
        """The language to tell things in: that of the page or request being answered, else the actor's own, else the settings'."""
        spoken = SPOKEN.get()
        return spoken() if spoken is not None else self.actor.language or self.crm.settings.language

    def at(self, moment: dt.datetime, actor: Actor | None = None) -> None:
        """Settle, and go on as if it were `moment` (and `actor` were at work): for demo data and imports with their own times.

        The system's alone: rights stay the system's, while journal and stage history tell that moment and that actor.
        """
        if not self.actor.system and not self._dated:
            raise Misuse("uow.at(...) writes other moments into the journal; open the unit of work as the system: crm.uow()")
        self.settle()
        self.now, self.actor, self._context, self._dated = moment, actor or self.actor, None, True

    def operation(self, kind: str, label: str, **facts: t.Any) -> int:
        """Begin an operation and return its number: work (an import, a merge) that is listed, told and undone as one.

        From here on the journal's entries carry the number. ``crm.uow(actor, operation=number)`` goes on with it in another
        transaction; `finish` ends it.
        """
        self._writes()
        self.operation_id = begin(self, kind, label, facts)
        return self.operation_id

    def finish(self, state: str = "done", **facts: t.Any) -> None:
        """End the operation at hand; `facts` are added to those it began with."""
        self._writes()
        finish(self, state, facts)

    @property
    def tx(self) -> int:
        """The number under which the journal keeps what this transaction does."""
        self._writes()
        return self.ledger.tx(self.db)

    # ---- writing -----------------------------------------------------------------------------------------------
    def add(self, record: E, into: StageOf[t.Any] | None = None) -> E:
        """Add a new record (saved on the next flush) and return it. A staged one starts in `into`, or in the first stage."""
        self._writes()
        kind = self.crm.kind(type(record))
        if record.__dict__.get("id") is not None:
            raise Misuse(f"{record!r} is saved already; what is assigned to it is saved by itself, uow.add(...) is for new records")
        if isinstance(record, Staged):
            moves.start(self, kind, record, into)
        self.records.add(record)
        for extension in record.__dict__.get("_extensions", {}).values():
            extension.__dict__["_uow"] = self
        return record

    def add_many(self, cls: type[Entity], rows: t.Iterable[Mapping[str, t.Any]], into: StageOf[t.Any] | None = None) -> list[int]:
        """Add a record for each mapping of field values, by the thousand, under the same rules; return the keys in order."""
        from .bulk import add_many

        self._writes()
        with self.whole():
            return add_many(self, self.crm.kind(cls), rows, into)

    def attach(self, extension: X) -> X:
        """Save an extension together with its record."""
        self._writes()
        extension.__dict__["_uow"] = self
        self.records.touch(extension)
        return extension

    def touch(self, record: Record) -> None:
        """Note that a record was assigned to (its own `__setattr__` calls this)."""
        self._writes()
        self.records.touch(record)

    def _writes(self, record: Entity | None = None) -> None:
        self._going_on()
        if record is not None and record.__dict__.get("_uow") is not self:
            if "_uow" not in record.__dict__:
                raise Misuse(f"{record!r} was not added: uow.add(...) it first")
            raise Misuse(f"{record!r} belongs to another unit of work; uow.get(...) it in this one")
        if not self.writable:
            raise Misuse("crm.read(...) only reads; use crm.uow(...) to change something")

    def can_move(self, record: S, to: StageOf[S], values: Mapping[str, t.Any] | None = None) -> Verdict:
        """Say whether `record` may enter a stage once `values` are filled in, and everything that is missing."""
        return moves.can_move(self, record, to, values or {})

    def move(self, record: S, to: StageOf[S], values: Mapping[str, t.Any] | None = None) -> S:
        """Move a record to a stage, filling in `values` first; `Invalid` carries what `can_move` says."""
        self._writes(record)
        return moves.move(self, record, to, values or {})

    def move_all(
        self, pipeline: Pipeline[S], to: Mapping[str, t.Any], *, where: t.Any = None, values: Mapping[str, Mapping[str, t.Any]] | None = None
    ) -> dict[tuple[str, str], int]:
        """Move every record of a pipeline to the first stage whose condition holds: as many statements however many there are.

        `to` maps names of stages to conditions on columns (``{"overdue": Card.due_on < today, "open": sa.true()}``), `where` says
        which records are looked at, `values` gives fields to fill in by stage. Those that are where they belong, archived ones and
        those the actor may not move stay. Returns how many went, by ``(from, to)``. Rows, journal, history and totals are those of
        `move`; where somebody listens to each record or may refuse it, they are moved one by one.
        """
        from .together import move_all

        self._writes()
        return move_all(self, pipeline, to, where, values)

    def keep(self, record: E, **values: t.Any) -> E:
        """Write fields that nobody else writes (``generated=True``): what a plugin keeps by itself about its own records."""
        self._writes(record)
        fields = self.crm.kind(type(record)).fields
        for name, value in values.items():
            field = fields.get(name)
            if field is None or not field.generated or name in KERNEL_FIELDS:
                raise Misuse(f"{record!r}.{name} is not a generated field of a plugin; assign it: record.{name} = …")
            record.__dict__[name] = quick(field)(value)
        self.records.touch(record)
        return record

    def archive(self, record: E) -> E:
        """Put a record into the archive: out of lists and boards, kept whole, restorable."""
        self._writes(record)
        if record.archived_at is None:
            self._stamp(record, self.now)
            self.settling.queue(Archived(record))
        return record

    def restore(self, record: E) -> E:
        """Take a record out of the archive; one that was merged into another comes back only when the merge is undone."""
        self._writes(record)
        if record.archived_at is not None:
            if (into := merged_into(self, self.crm.kind(type(record)), record.id)) is not None:
                raise Conflict(MERGED.format(id=into))
            self._stamp(record, None)
            self.settling.queue(Restored(record))
        return record

    def _stamp(self, record: Entity, moment: dt.datetime | None) -> None:
        self.flush()
        record.__dict__["archived_at"] = moment
        self.records.touch(record)
        self.settling.label(record, "archived" if moment else "restored")
        self.flush()

    def flush(self, *, wait: bool = True) -> None:
        """Write what changed so far, checked and noted; automations wait for `settle`.

        Without `wait` it may go out together with the next statement, and what the database has against it is told there: a
        round trip less where one follows at once.
        """
        if self.records.dirty and self.writable:
            with self.whole():
                for fact in self.records.flush(self._check, wait=wait):
                    self.settling.note(fact)
        elif wait:
            self.db.sync()

    def whole(self) -> contextlib.AbstractContextManager[None]:
        """Mark work that must not be half done: if it fails, this unit of work can no longer commit, caught error or not."""
        return _Whole(self)

    def _check(self, fact: Fact) -> None:
        problems = list(moves.direct_edits(fact))
        if self.crm.checked(type(fact.record)):
            answers = self.crm.hook.crm_check(record=fact.record, changes=fact.changes, uow=self)
            problems += [p for answer in answers for p in answer or ()]
        if problems:
            raise Invalid(problems=problems)

    def settle(self, *, wait: bool = True) -> None:
        """Write everything and let ``@on`` automations react until nobody has anything to add. Leaving the block does it."""
        if self._broken is not None:
            raise Misuse(
                f"something failed half way in this unit of work ({self._broken}) and the error was caught, so it cannot be committed; "
                "let the error through, or try such work in a savepoint: with crm.uow(actor, connection=uow.connection) as inner"
            ) from self._broken
        with self.whole():
            self.settling.run()
            if wait:  # else the books go out with the commit
                self.db.sync()

    # ---- what outlives it --------------------------------------------------------------------------------------
    def emit(self, event: object) -> None:
        """Announce an event of a plugin's own (an attrs class) to ``@on`` and ``@after`` handlers."""
        self._writes()
        self.settling.queue(event)

    def schedule(
        self, event: object, *, at: dt.datetime | None = None, delay: dt.timedelta | None = None, key: str | None = None,
        about: Entity | None = None,
    ) -> None:  # fmt: skip
        """Emit an event of a plugin's own later, in a transaction of its own: a durable timer, retried when a handler fails.

        `key` names the timer, so that scheduling again moves it and `cancel` drops it. `about` ties it to a record:
        `cancel_about` drops all that waits for that record.
        """
        self._writes()
        subject = None
        if about is not None:
            self.flush()
            subject = self.subject(about)
        kind = self.crm.event_name(type(event))
        soon = (delay or (at - self.now if at is not None else dt.timedelta(0))) <= SOON
        if soon and (alone := self.crm.heard_outside(type(event))) is not None:
            kind = alone
        self.settling.schedule(kind, event_to_json(event, self.crm), at=at, delay=delay, key=key, subject=subject)

    def subject(self, record: Entity) -> str:
        """Return the name under which timers about a record are kept: ``"sales.deal:42"``."""
        return f"{self.crm.kind(type(record)).key}:{record.id}"

    def cancel(self, key: str, *, wait: bool = True) -> bool:
        """Drop what waits under `key`; True when there was something.

        Without `wait` it goes out together with the next statement, and nobody says whether there was.
        """
        self._writes()
        return self.crm.jobs.cancel(self.db, key, wait=wait)

    def cancel_about(self, record: Entity) -> int:
        """Drop everything that waits about a record; return how much."""
        self._writes()
        return self.crm.jobs.cancel_subject(self.connection, self.subject(record))

    def publish(self, topic: str, key: int | None = None) -> None:
        """Tell live pages, after the commit, to fetch something again: a declared topic and the id it is about."""
        self._writes()
        if topic not in self.crm.topics and topic not in self.crm.kinds:
            raise Misuse(f'topic {topic!r} is not declared; add Topic("{topic}", of=Entity) or permission=... to the plugin')
        message = Message(topic, key)
        if topic in self.crm.topics and message in self.messages:
            return  # told once for a transaction: pages look when it is over
        self.messages[message] = None
        self.ledger.message.append({"at": self.now, "topic": topic, "record_id": key})
