"""A CRM under test, without pytest: the fixtures and the conformance check are both made of this."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import itertools
import threading
import typing as t
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from crmkit.core.access import Role
from crmkit.core.clock import MovableClock
from crmkit.core.compose import Crm, installed
from crmkit.core.errors import Invalid
from crmkit.core.jobs import ClaimedJob, Runner, cron
from crmkit.core.live import Message
from crmkit.core.model import Entity, Extension, Staged
from crmkit.core.pipeline import StageOf
from crmkit.core.plugin import Plugin
from crmkit.core.uow import Uow
from crmkit.core.work import JobWork, job_work, set_crons

from .databases import Databases, migrate
from .lazy import OpenUow, cooperating
from .queries import Queries
from .values import field_value

E = t.TypeVar("E", bound=Entity)
V = t.TypeVar("V")
KERNEL_CRONS = ("crmkit:tidy",)


class Seen(Sequence[V]):
    """What was committed so far, in order: a list that looks again each time it is asked."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._items: list[V] = []

    @t.overload
    def __getitem__(self, index: int) -> V: ...
    @t.overload
    def __getitem__(self, index: slice) -> list[V]: ...
    def __getitem__(self, index: int | slice) -> V | list[V]:
        self._look()
        return self._items[index]

    def __len__(self) -> int:
        self._look()
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return list(self) == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))

    def of(self, *kinds: t.Any) -> list[t.Any]:
        """Return those of the given types; ``Created[Deal]`` wants the record to be a `Deal`."""
        return [item for item in self if any(_is(item, kind) for kind in kinds)]

    def clear(self) -> None:
        """Forget what was there, to look at the next step alone."""
        self._look()
        self._items.clear()


def _is(item: object, kind: t.Any) -> bool:
    cls, of = t.get_origin(kind) or kind, t.get_args(kind)
    return isinstance(item, cls) and (not of or isinstance(getattr(item, "record", None), of[0]))


class KitCrm(Crm):
    """A CRM that tells the kit what was committed."""

    kit: Kit | None = None

    def committed(self, uow: Uow) -> None:
        """Note events and messages, then tell everybody else."""
        if self.kit is not None:
            self.kit.emitted._items += uow.settling.trail
            self.kit.published._items += uow.messages
        super().committed(uow)


class Kit:
    """One composed CRM on a database of its own, with a clock that is moved by hand and jobs that run when told to."""

    def __init__(
        self,
        plugins: Iterable[Plugin],
        databases: Databases,
        *,
        database: str = "sqlite",
        settings: Mapping[str, t.Any] | None = None,
        roles: Iterable[Role] = (),
        clock: MovableClock | None = None,
    ) -> None:
        self.clock = clock or MovableClock()
        chosen = with_required(plugins)
        tables = {**(settings or {})}
        tables["crmkit"] = {"jobs": False, **tables.get("crmkit", {})}
        key = (tuple(sorted(((p.name, _alike(p)) for p in chosen), key=lambda named: named[0])), str(tables["crmkit"].get("timezone")))
        usual = MovableClock()

        def prepare(url: str) -> None:
            migrate(crm := KitCrm(*chosen, database=url, settings=tables, roles=roles, clock=usual), url)
            _set_crons(crm)
            crm.engine.dispose()

        self._databases = databases
        self.url = databases.copy(database, key, prepare)
        self.crm = KitCrm(*chosen, database=self.url, settings=tables, roles=roles, clock=self.clock)
        self.emitted: Seen[object] = Seen(self.pause)
        self.published: Seen[Message] = Seen(self.pause)
        self.crm.kit = self
        self.uow = OpenUow(self.crm)
        self._thread, self._delivering = threading.get_ident(), False
        self._numbers: dict[type, itertools.count[int]] = {}
        self._stack = contextlib.ExitStack()
        self._stack.callback(databases.drop, self.url)
        self._stack.callback(self.crm.engine.dispose)
        if self.clock.now() != usual.now():
            _set_crons(self.crm)
        self._runner = Runner(self.crm.jobs, self._noting, concurrency=1)
        self.queries = Queries(self.crm.engine)
        self._stack.enter_context(cooperating(self.crm.database, self._pause_here, self._look_here))
        self.clock.subscribe(self.uow.clock_moved)

    @contextlib.contextmanager
    def _noting(self, job: ClaimedJob) -> Iterator[JobWork]:
        with job_work(self.crm, job) as work:
            try:
                yield work
            except Exception as error:
                error.add_note(
                    f"while {job.kind} was delivered (attempt {job.attempts} of {job.max_attempts}, due "
                    f"{job.due:%Y-%m-%d %H:%M})"
                )
                raise

    # ---- the open unit of work ---------------------------------------------------------------------------------
    def pause(self) -> None:
        """Commit what the `uow` fixture did, so that everybody sees it."""
        self.uow.commit()

    def _pause_here(self) -> None:
        if threading.get_ident() == self._thread and not self.uow.at_work:
            self.pause()

    def _look_here(self) -> None:
        if threading.get_ident() == self._thread and not self._delivering:
            self.refresh()

    def refresh(self) -> None:
        """Let the records a test holds show what others made of them."""
        with self.queries.muted():
            self.uow.refresh()

    def close(self, *, discard: bool = False) -> None:
        """Commit (or, after a failure, discard) what is still open, and remove the database."""
        try:
            if discard:
                self.uow.rollback()
            else:
                self.pause()
        finally:
            self._stack.close()

    # ---- records -----------------------------------------------------------------------------------------------
    def make(
        self, cls: type[E], *extensions: Extension[t.Any], into: StageOf[t.Any] | None = None, **values: t.Any
    ) -> E:
        """Save a record of `cls`, with sensible values for required fields that are not given, and return it."""
        record = cls(**self._filled(cls, into, values))
        for extension in extensions:
            record.attach(extension)
        if isinstance(record, Staged) or into is None:
            self.uow.add(record, into)
        self.pause()
        return record

    def _filled(self, cls: type[Entity], into: StageOf[t.Any] | None, values: Mapping[str, t.Any]) -> dict[str, t.Any]:
        kind = self.crm.kind(cls)
        needed = self.crm.stage(into)[1].needs if into is not None else ()
        number = next(self._numbers.setdefault(cls, itertools.count(1)))
        filled = dict(values)
        links = {via: name for name, via in cls.__links__.items()}
        for link in [name for name in filled if name in cls.__links__]:
            filled[cls.__links__[link]] = filled.pop(link).id
        for name, field in kind.fields.items():
            if name in filled or links.get(name) in filled or field.generated or not (field.required or name in needed):
                continue
            value = field_value(field, number, self.clock.now(), lambda to: self.make(to).id)
            try:
                filled[name] = field.accept(value)
            except Invalid as error:
                error.add_note(
                    f"make({cls.__name__}) tried {name}={value!r}: give one that will do, make({cls.__name__}, "
                    f"{name}=…)"
                )
                raise
        return filled

    # ---- time --------------------------------------------------------------------------------------------------
    def deliver(self, until: dt.datetime | dt.timedelta | None = None) -> int:
        """Run everything due now and return how much that was; an error of a handler is raised, with where it happened.

        With `until` (a moment, or how far from now) the clock goes there from one due moment to the next, so that every
        timer fires at its own time and a daily cron line fires every day. Without it, the clock stands still: after
        ``clock.forward(days=30)`` a missed cron line fires once.
        """
        self.pause()
        self._delivering = True
        try:
            return self._deliver(self.clock.now() + until if isinstance(until, dt.timedelta) else until)
        finally:
            self._delivering = False
            self.refresh()

    def _deliver(self, end: dt.datetime | None) -> int:
        done = self._runner.run_due(reraise=True)
        while end is not None and (due := self._runner.next_due()) is not None and due <= end:
            if due > self.clock.now():
                self.clock.set(due)
            ran = self._runner.run_due(reraise=True)
            done += ran
            if not ran and self._runner.next_due() == due:
                break  # held, or nobody here handles it: no use in waiting
        if end is not None and self.clock.now() < end:
            self.clock.set(end)
        return done


def _set_crons(crm: Crm) -> None:
    """Write the plugins' cron lines; the kernel's own housekeeping would only be in the way of counting jobs."""
    with crm.database.write() as db:
        db.connection.execute(cron.delete())
    set_crons(crm)
    with crm.database.write() as db:
        for name in KERNEL_CRONS:
            crm.jobs.crons.remove(db.connection, name)


def _alike(plugin: Plugin) -> t.Hashable:
    """Return what is the same for plugins that need the same database: a fixture may well make one for each test."""
    try:
        found = (plugin, *plugin.loaded())
        hash(found)
    except Exception:  # a module that cannot be imported, which composition says better; or settings of an odd class
        return id(plugin)
    return found


def with_required(plugins: Iterable[Plugin]) -> list[Plugin]:
    """Return plugins together with the installed ones they require."""
    found = {p.name: p for p in plugins}
    missing = {name for p in found.values() for name in p.requires} - found.keys()
    for plugin in _installed(tuple(sorted(missing))) if missing else ():
        found.setdefault(plugin.name, plugin)
    return list(found.values())


@functools.cache
def _installed(names: tuple[str, ...]) -> list[Plugin]:
    """What is installed stays so while tests run, and looking takes longer than many a test."""
    return installed(names)


def load_plugin(reference: str | Plugin) -> Plugin:
    """Return the plugin that ``"crmkit_feedback:plugin"`` (module and attribute) or an installed plugin's name
    refers to."""
    import importlib

    if isinstance(reference, Plugin):
        return reference
    if ":" not in reference:
        return installed([reference])[0]
    module, _colon, attribute = reference.partition(":")
    found = importlib.import_module(module)
    for step in (attribute or "plugin").split("."):
        found = getattr(found, step)
    if not isinstance(found, Plugin):
        raise TypeError(
            f'{reference} is {type(found).__name__}, not a Plugin; write "package:plugin", where plugin = Plugin(…)'
        )
    return found
