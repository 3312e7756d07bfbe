"""A whole import: the steps of a mapping in order, as one operation that can be stopped, gone on with, and undone."""

from __future__ import annotations

import contextlib
import os
import socket
import typing as t
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs
import sqlalchemy as sa

from ..core import garbage
from ..core import operation as operations
from ..core.access import SYSTEM, Actor
from ..core.errors import Conflict, Invalid, Problem, closest
from ..core.tables import operation as table
from ..core.text import Text, _
from .loading import CHUNK, Loader, Tally
from .mapping import WRONG, Step
from .mapping import Mapping as MappingFile
from .rejects import Rejects, reasons
from .sources import Source, open_source

if t.TYPE_CHECKING:
    from ..core.compose import Crm
    from ..core.uow import Uow

FIRST = 10
NO_COLUMN = _("{source} has no column {name!r}.{near}", ru="в {source} нет столбца {name!r}.{near}")
CHANGED = _(
    "an import of this mapping was interrupted, and {what} changed since: --resume goes on all the same, --restart begins a new one "
    "(what is loaded stays and is recognised)",
    ru="импорт по этому описанию был прерван, и с тех пор изменилось: {what}. --resume продолжит всё равно, --restart начнёт новый "
    "(загруженное останется и будет узнано)",
)
AT_WORK = _("this import is running in process {pid}; wait for it, or go on with --resume if it is gone",
    ru="этот импорт уже идёт в процессе {pid}; дождитесь его или продолжите с --resume, если его нет")  # fmt: skip
NOTHING = _("there is no interrupted import of this mapping", ru="прерванного импорта по этому описанию нет")


@attrs.frozen
class Trouble:
    """One row that will not do, for the report."""

    step: str
    line: int
    id: str
    reason: str


@attrs.define
class Report:
    """What an import did, by step."""

    steps: dict[str, Tally] = attrs.field(factory=dict)
    kinds: dict[str, str] = attrs.field(factory=dict)
    troubles: list[Trouble] = attrs.field(factory=list)
    files: list[Path] = attrs.field(factory=list)
    notes: list[Text] = attrs.field(factory=list)
    operation: int | None = None
    resumed: int | None = None
    dry: bool = False

    def total(self, name: str) -> int:
        """Return a count over all steps."""
        return sum(getattr(tally, name) for tally in self.steps.values())


Progress = Callable[[Step, Tally, float | None], None]


class _Rollback(Exception):
    """Ends a dry run."""


@attrs.define(kw_only=True)
class Import:
    """One run of a mapping. `begin` says what is wrong before anything is read; `run` does the work.

    `errors` is the folder of rows that will not do (beside the mapping when it is left out; a dry run writes them only where it
    is given), `first` how many of each step the report names. `label` and `facts` are kept with the operation.
    """

    crm: Crm
    mapping: MappingFile
    actor: Actor = SYSTEM
    dry: bool = False
    errors: Path | None = None
    language: str = "en"
    progress: Progress = lambda step, tally, share: None
    chunk: int = CHUNK
    first: int = FIRST
    label: str = ""
    facts: Mapping[str, t.Any] = attrs.field(factory=dict)
    report: Report = attrs.field(init=False, factory=Report)
    _sources: dict[str, Source] = attrs.field(init=False, factory=dict)
    _done: list[str] = attrs.field(init=False, factory=list)

    # ---- beginning ---------------------------------------------------------------------------------------------
    def begin(self, *, resume: bool = False, restart: bool = False) -> Report:
        """Open every source, check what they hold against the mapping, and look for a run that was interrupted."""
        problems: list[Problem] = []
        for step in self.mapping.steps:
            try:
                self._sources[step.name] = source = open_source(step.origin)
                problems += _columns(step, source)
                self.report.notes += source.notes
            except Invalid as refusal:
                problems += refusal.problems
            if step.created_at is not None and not self.actor.system:
                message = _("only the system may say when a record was created", ru="время создания записи может указать только система")
                problems.append(Problem(step.created_at.path, "forbidden", message))
            self.report.steps[step.name], self.report.kinds[step.name] = Tally(), step.kind
        self.report.dry = self.dry
        try:
            if problems:
                raise Invalid(WRONG.format(file=self.mapping.file.name), problems)
            self._permitted()
            if not self.dry:
                self._look_back(resume, restart)
        except BaseException:
            self.close()
            raise
        return self.report

    def _permitted(self) -> None:
        with self.crm.read(self.actor) as uow:
            for step in self.mapping.steps:
                uow.require(self.crm.kind(step.kind).permission("create"))

    def _look_back(self, resume: bool, restart: bool) -> None:
        with self.crm.read() as uow:
            query = sa.select(table.c.id, table.c.facts).where(table.c.kind == "import", table.c.state == "running").order_by(table.c.id.desc())
            found = next(((n, f) for n, f in uow.connection.execute(query) if f.get("mapping") == self.mapping.name), None)
        if found is None:
            if resume:
                raise Conflict(NOTHING)
            return
        number, facts = found
        if not resume and facts.get("host") == socket.gethostname() and _alive(facts.get("pid")):
            raise Conflict(AT_WORK.format(pid=facts["pid"]))
        if restart:
            with self.crm.uow(operation=number) as uow:
                uow.finish("failed")
            return
        changed = self._changed(facts)
        if changed and not resume:
            raise Conflict(CHANGED.format(what=", ".join(changed)))
        self.report.operation = self.report.resumed = number
        self._done = list(facts.get("done", ()))
        for name, counts in facts.get("steps", {}).items():
            if name in self.report.steps:
                self.report.steps[name] = Tally(**counts)
        with self.crm.uow(self.actor) as uow:
            operations.note(uow, number, self._process())

    def _changed(self, facts: Mapping[str, t.Any]) -> list[str]:
        found = [] if facts.get("fingerprint") == self.mapping.fingerprint else [self.mapping.file.name]
        return found + [name for name, identity in self._identities().items() if facts.get("sources", {}).get(name) != identity]

    def _identities(self) -> dict[str, str]:
        return {name: source.identity() for name, source in self._sources.items()}

    def _process(self) -> dict[str, t.Any]:
        return {"pid": os.getpid(), "host": socket.gethostname()}

    # ---- running -----------------------------------------------------------------------------------------------
    def run(self) -> Report:
        """Load everything. A dry run does the same and takes it back."""
        with garbage.seldom():
            return self._run()

    def _run(self) -> Report:
        try:
            if self.dry and self._refers_to_itself():
                with contextlib.suppress(_Rollback), self.crm.uow(self.actor) as whole:
                    self._steps(lambda: contextlib.nullcontext(whole))
                    raise _Rollback
            else:
                self._steps(self._tried if self.dry else self._chunk)
            if not self.dry or self.errors is not None:
                wrong = [step for step in self.mapping.steps if self.report.steps[step.name].wrong]
                self.report.files = [self._file(step, self._sources[step.name]) for step in wrong]
            if not self.dry:
                self._finish()
        finally:
            self.close()
        return self.report

    @contextlib.contextmanager
    def _chunk(self) -> Iterator[Uow]:
        with self.crm.uow(self.actor, operation=self.report.operation) as uow:
            yield uow

    def _refers_to_itself(self) -> bool:
        """True when rows name what other rows of this import make: a dry run must then keep all of it until the end."""
        own = {step.source for step in self.mapping.steps}
        kinds = {step.kind for step in self.mapping.steps}
        references = [r for step in self.mapping.steps for r in step.references]
        return any(r.which is not None or (r.kind in kinds if r.by else r.source in own) for r in references)

    @contextlib.contextmanager
    def _tried(self) -> Iterator[Uow]:
        """A chunk of a dry run whose rows know nothing of each other: taken back at once, so that others need not wait for the end."""
        with contextlib.suppress(_Rollback), self.crm.uow(self.actor) as uow:
            yield uow
            uow.settle()
            self.report.operation = None  # it goes with the chunk; the next begins one of its own
            raise _Rollback

    def _steps(self, transaction: Callable[[], t.ContextManager[Uow]]) -> None:
        for step in self.mapping.steps:
            if step.name in self._done:
                continue
            tally = self.report.steps[step.name]
            tally.again()
            self._step(step, tally, transaction)
            self._done.append(step.name)

    def _step(self, step: Step, tally: Tally, transaction: Callable[[], t.ContextManager[Uow]]) -> None:
        source = self._sources[step.name]
        loader = Loader(self.crm, step, source, self.mapping.zone, self.actor)
        rejects = None if self.dry and self.errors is None else Rejects(self._file(step, source), _header(source), loader.kind, self.language)
        try:
            for rows in loader.chunks(self.chunk):
                with transaction() as uow:
                    uow.operation_id = before = self.report.operation
                    done = tally.created + tally.updated
                    wrong = loader.load(uow, rows, tally, self._begun)
                    if before is None and tally.created + tally.updated == done and not uow.ledger.journal:
                        self._dropped(uow)
                    self._noted(uow)
                if rejects is not None:
                    rejects.add(wrong)
                self._told(step, loader, wrong)
                self.progress(step, tally, source.share())
        finally:
            loader.close()
            if rejects is not None:
                rejects.close()

    def _begun(self, uow: Uow) -> None:
        """Begin the operation with the first row that is written: a run that finds everything as it was leaves no trace."""
        if self.report.operation is None:
            facts = {"mapping": self.mapping.name, "file": self.mapping.file.name, "fingerprint": self.mapping.fingerprint}
            more = {"sources": self._identities(), **self._process(), **self.facts}
            self.report.operation = uow.operation("import", self.label or self.mapping.name, **facts, **more)
        uow.operation_id = self.report.operation

    def _dropped(self, uow: Uow) -> None:
        """Forget an operation that was begun for rows none of which would do."""
        if self.report.operation is not None:
            uow.connection.execute(table.delete().where(table.c.id == self.report.operation))
            self.report.operation = uow.operation_id = None

    def _noted(self, uow: Uow) -> None:
        if self.report.operation is None:
            return
        counts = {name: attrs.asdict(tally) for name, tally in self.report.steps.items()}
        operations.note(uow, self.report.operation, {"done": self._done, "steps": counts})

    def _told(self, step: Step, loader: Loader, wrong: t.Sequence[t.Any]) -> None:
        room = self.first - sum(1 for trouble in self.report.troubles if trouble.step == step.name)
        for row in wrong[: max(0, room)]:
            self.report.troubles.append(Trouble(step.name, row.line, row.id, reasons(row.problems, loader.kind, self.language)))

    def _finish(self) -> None:
        if self.report.operation is None:
            return
        with self.crm.uow(self.actor, operation=self.report.operation) as uow:
            counts = {name: attrs.asdict(tally) for name, tally in self.report.steps.items()}
            uow.finish("done", steps=counts, done=self._done, files=[f.name for f in self.report.files])

    def _file(self, step: Step, source: Source) -> Path:
        """Return where wrong rows go: ``<mapping>.errors.csv``, with the step's name between where there are several."""
        stem = self.mapping.file.stem + (f".{step.name}" if len(self.mapping.steps) > 1 else "")
        return (self.errors or self.mapping.file.parent) / f"{stem}.errors.{'csv' if source.tabular else 'jsonl'}"

    def close(self) -> None:
        """Close every source."""
        for source in self._sources.values():
            source.close()


def _header(source: Source) -> tuple[str, ...] | None:
    return source.names if source.tabular else None


def _columns(step: Step, source: Source) -> list[Problem]:
    """Return a problem for every column the mapping reads and the source does not have."""
    if source.names is None:
        return []
    found = []
    for column, path in step.columns.items():
        if column in source.names or column.startswith("@"):
            continue
        near = closest(column, source.names)
        message = NO_COLUMN.format(source=step.name, name=column, near=near)
        twice = [n for n in source.names if n.startswith(f"{column}#")]
        if twice:
            message = _("the header has {name!r} more than once: write {names}", ru="столбец {name!r} в заголовке не один: пишите {names}").format(
                name=column, names=", ".join(twice))  # fmt: skip
        hint = getattr(source, "missing", None)
        if hint is not None and not twice:
            message = _("{message}{hint}", ru="{message}{hint}").format(message=message, hint=hint(column))
        found.append(Problem(path, "column", message))
    return found


def _alive(pid: t.Any) -> bool:
    """True when another process of this machine has that number."""
    if not isinstance(pid, int) or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
