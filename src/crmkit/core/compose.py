"""`Crm`: plugins composed once, checked whole, then frozen."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import os
import secrets
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from . import ledger
from .access import SYSTEM, Access, Actor, Role
from .assemble import assemble, plug_in, refuse
from .automations import Automations
from .clock import Clock, SystemClock
from .database import Database, open_engine
from .errors import CompositionError, Misuse, closest
from .jobs import DatabaseClock, Jobs
from .jobs import metadata as job_tables
from .kind import ExtensionKind, Kind
from .lists import Plans
from .live import Hub
from .model import Entity, Extension
from .operation import go_on
from .people import read_roles, read_teams
from .pipeline import Pipeline, Stage, StageOf
from .plugin import Plugin
from .settings import CoreSettings, fill, read_file, with_environment
from .tables import metadata as web_tables
from .uow import Uow
from .work import Deliveries, register_handlers

if t.TYPE_CHECKING:
    from starlette.applications import Starlette

T = t.TypeVar("T")
FOLD_AFTER = 2_000


class Crm(Automations):
    """A CRM made of plugins.

    ``Crm(sales.plugin, database="sqlite:///crm.db", settings={"sales": {…}})``. `database` may be an SQLAlchemy engine of
    the host's. Everything wrong with plugins and settings is reported at once by `CompositionError`. Several CRMs live in
    one process without knowing of each other.
    """

    def __init__(
        self, *plugins: Plugin, database: str | sa.Engine | None = None, settings: Mapping[str, t.Any] | None = None,
        roles: Iterable[Role] = (), teams: Mapping[int, int | None] | None = None, clock: Clock | None = None,
    ) -> None:  # fmt: skip
        tables = {name: table for name, table in (settings or {}).items() if isinstance(table, Mapping)}
        found = assemble(plugins, tables)
        found.problems += [f"{n} in the settings must be a table, [{n}], not {v!r}" for n, v in (settings or {}).items() if n not in tables]
        made, problems = fill(CoreSettings, tables.get("crmkit", {}), "crmkit")
        found.problems += problems
        self.settings: CoreSettings = made or CoreSettings()
        self.zone = _zone(tables.get("crmkit", {}).get("timezone", self.settings.timezone), found.problems)
        self.process = secrets.token_hex(6)
        self.plugins: tuple[Plugin, ...] = tuple(found.plugins)
        self.kinds: Mapping[str, Kind] = found.kinds
        self.permissions, self.topics, self.commands = found.permissions, found.topics, found.commands
        self._by_class, self._extensions, self._tables = found.by_class, found.extensions, found.tables
        self._settings = found.settings
        self.raw_settings: Mapping[str, t.Any] = tables
        self._teams = dict(teams or {}) | read_teams(tables.get("teams", {}), found.problems)
        self._pm = plug_in(found)
        self.hook: t.Any = self._pm.hook
        self.hooked = frozenset(n for n, c in vars(self._pm.hook).items() if not n.startswith("_") and c.get_hookimpls())
        self.pipelines: Mapping[str, Pipeline[t.Any]] = self._funnels(found, tables)
        self.access = Access(self, [*roles, *read_roles(tables.get("roles", {}), found.problems)])
        found.problems += self.access.problems(self.permissions) + self.access.needs_problems(self.permissions)
        self.marked = tuple(found.marked)
        self._subscribe(found)
        refuse(found.problems)
        engine = database if isinstance(database, sa.Engine) else open_engine(database or self.settings.database)
        self.engine, self.database = engine, Database(engine)
        # Hosts whose clocks differ agree on what is due: on PostgreSQL the time is the database's, once a runner measured it.
        own = DatabaseClock(engine, SystemClock(), measure=False) if self.database.postgres else SystemClock()
        self.clock: Clock = clock or own
        self.jobs = Jobs(self.database, self.clock)
        self.live = Hub()
        self._deliveries: Deliveries | None = None
        self.plans = Plans()
        self._unfolded = 0
        register_handlers(self)
        if "crm_composed" in self.hooked:
            self.hook.crm_composed(crm=self)

    @classmethod
    def from_file(cls, path: str | Path = "crmkit.toml", environment: Mapping[str, str] | None = None, **more: t.Any) -> Crm:
        """Compose the installed plugins a settings file names. The environment (``CRMKIT_DATABASE=…``) comes over the file."""
        tables = with_environment(read_file(Path(path)), os.environ if environment is None else environment)
        table = tables.get("crmkit", {})
        core, problems = fill(CoreSettings, table, "crmkit")
        if core is None and not (isinstance(table, Mapping) and isinstance(table.get("plugins", ()), list | tuple)):
            raise CompositionError(problems)
        # With something else wrong in [crmkit], compose all the same: every problem is then told at once.
        names = core.plugins if core is not None else tuple(str(n) for n in table.get("plugins", ()))
        return cls(*installed(names), settings=tables, **more)

    # ---- looking things up -------------------------------------------------------------------------------------
    def __getitem__(self, settings: type[T]) -> T:
        """Return a plugin's settings by their class."""
        try:
            return t.cast(T, self._settings[settings])
        except KeyError:
            raise Misuse(f"{settings.__name__} is not the settings class of a plugin of this CRM") from None

    def plugin(self, name: str) -> Plugin:
        """Return a plugin by name."""
        for plugin in self.plugins:
            if plugin.name == name:
                return plugin
        raise Misuse(f"there is no plugin {name!r}.{closest(name, [p.name for p in self.plugins])}")

    def kind(self, of: type | str) -> Kind:
        """Return what is known of an entity, by class or key (``"sales.deal"``)."""
        kind = self.kinds.get(of) if isinstance(of, str) else self._by_class.get(of)
        if kind is None:
            name = of if isinstance(of, str) else of.__name__
            raise Misuse(f"{name} is not an entity of this CRM.{closest(name, self.kinds)}")
        return kind

    def extension(self, of: type[Extension[t.Any]]) -> ExtensionKind | None:
        """Return what is known of an extension, or None when its plugin is not here."""
        return self._extensions.get(of)

    def stage(self, ref: StageOf[t.Any]) -> tuple[Pipeline[t.Any], Stage]:
        """Return a stage as this CRM's settings have it."""
        pipeline = self.pipelines.get(ref.pipeline.name)
        if pipeline is None:
            raise Misuse(f"pipeline {ref.pipeline.name!r} is not in this CRM.{closest(ref.pipeline.name, self.pipelines)}")
        return pipeline, pipeline[ref.name].stage

    @property
    def tables(self) -> list[sa.Table]:
        """The kernel's tables and those of every plugin, in dependency order."""
        own = dict.fromkeys([*(c.__table__ for c in (*self._by_class, *self._extensions)), *self._tables])
        return [*self.kernel_tables, *sa.schema.sort_tables(own)]

    @property
    def kernel_tables(self) -> list[sa.Table]:
        """The kernel's own tables."""
        return [t for m in (ledger.metadata, job_tables, web_tables) for t in m.sorted_tables]

    def tables_of(self, plugin: str) -> list[sa.Table]:
        """Return the tables one plugin owns, in dependency order."""
        own = {c.__table__ for c, kind in self._by_class.items() if kind.plugin == plugin}
        own |= {c.__table__ for c, extension in self._extensions.items() if extension.plugin == plugin}
        own |= {table for table, owner in self._tables.items() if owner == plugin}
        return [table for table in self.tables if table in own]

    def teams_below(self, teams: tuple[int, ...]) -> tuple[int, ...]:
        """Return these teams and all below them."""
        tree = dict(self._teams)
        if "crm_teams" in self.hooked:
            for answer in self.hook.crm_teams(crm=self):
                tree |= answer or {}
        children: dict[int | None, list[int]] = collections.defaultdict(list)
        for child, parent in tree.items():
            children[parent].append(child)
        found, waiting = dict.fromkeys(teams), collections.deque(teams)
        while waiting:
            for child in children[waiting.popleft()]:
                if child not in found:
                    found[child] = None
                    waiting.append(child)
        return tuple(found)

    def fold_is_due(self, rows: int) -> bool:
        """Count rows added to the running totals; True each time so many came together that they are worth folding."""
        self._unfolded += rows
        if self._unfolded < FOLD_AFTER:
            return False
        self._unfolded = 0
        return True

    def migrate(self) -> None:
        """Bring the database to what the kernel and the plugins need; nothing happens where it is there already."""
        from .migrate import owners_of, upgrade

        upgrade(self.engine, owners_of(self))

    # ---- working -----------------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def uow(self, actor: Actor = SYSTEM, *, connection: sa.Connection | None = None, cause: str | None = None,
            operation: int | None = None) -> Iterator[Uow]:
        """Open a unit of work that may write. With `connection` it joins the host's open transaction as a savepoint.

        Without an actor it is the system itself, which sees and may do everything: for scripts, imports and tests. With
        `operation` it goes on with what `Uow.operation` began.
        """
        opened = self.database.write() if connection is None else self.database.join(connection)
        done: list[tuple[Crm, Uow]] = []
        with opened as db:
            uow, info = Uow(self, db, actor, cause=cause, operation=operation), db.connection.info
            outer = info.get("crm_done")  # of the unit of work whose connection this one joined
            info["crm_done"] = done
            try:
                if operation is not None:
                    go_on(uow, operation)
                yield uow
                uow.settle(wait=False)
            finally:
                uow.over = True
                info["crm_done"] = outer
        done.append((self, uow))
        if outer is not None:  # nothing is committed yet
            outer += done
            return
        for crm, one in done:
            crm.committed(one)

    def committed(self, uow: Uow) -> None:
        """Tell those who wait, after a commit: runners and live pages."""
        self.jobs.wake()
        if uow.messages:
            messages = tuple(uow.messages)
            self.live.publish(messages)
            if "crm_publish" in self.hooked:
                self.hook.crm_publish(crm=self, messages=messages)

    def deliver(self, until: dt.datetime | None = None, *, reraise: bool = False) -> int:
        """Run every delivery, timer and cron line that is due, here and now; return how many: for simulations and scripts.

        With `until` a movable clock goes there from one due moment to the next, so that everything runs at its own time.
        What fails is tried again later, or raised at once with `reraise`.
        """
        if self._deliveries is None:
            self._deliveries = Deliveries(self)
        return self._deliveries.run(until, reraise)

    @contextlib.contextmanager
    def read(self, actor: Actor = SYSTEM) -> Iterator[Uow]:
        """Open a unit of work that only reads: cheaper, and never waits for writers."""
        with self.database.read() as db:
            uow = Uow(self, db, actor, writable=False)
            try:
                yield uow
            finally:
                uow.over = True

    # ---- serving (the web edge is imported only when asked for) ------------------------------------------------
    @property
    def app(self) -> Starlette:
        """The CRM as an ASGI application of its own, pages and API, with its lifespan."""
        from crmkit.ui.serving import standalone

        return standalone(self)

    def embedded(self, **options: t.Any) -> t.Any:
        """Return an ASGI app to `Mount` in a host: ``Mount("/crm", crm.embedded(actor=who))``. See `crmkit.ui.serving.embedded`."""
        from crmkit.ui.serving import embedded

        return embedded(self, **options)

    def lifespan(self, host: t.Any = None) -> t.Any:
        """Return a lifespan for the host's app; give it the host's own, which is run inside it."""
        from crmkit.web import lifespan

        return lifespan(self, host)

    def explain(self, actor: Actor, record: Entity) -> t.Any:
        """Say why an actor may or may not see and change a record."""
        from .explain import explain

        return explain(self, actor, record)


def installed(names: Iterable[str]) -> list[Plugin]:
    """Return installed plugins by name, and those they require; `CompositionError` names what is not installed."""
    from importlib.metadata import entry_points

    offered = {e.name: e for e in entry_points(group="crmkit.plugins")}
    found: dict[str, Plugin] = {}
    problems, waiting = list[str](), list(names)
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        if name not in offered:
            problems.append(f"plugin {name!r} is not installed; type: pip install crmkit-{name.replace('_', '-')}.{closest(name, offered)}")
            continue
        try:
            found[name] = offered[name].load()
            waiting += found[name].requires
        except Exception as error:  # whatever the author's package does while it is imported
            problems.append(f"plugin {name!r} cannot be loaded: {type(error).__name__}: {error}")
    refuse(problems)
    return list(found.values())


def _zone(name: t.Any, problems: list[str]) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        problems.append(f'[crmkit] timezone = {name!r} is not known; write an IANA name such as "Europe/Moscow"')
        return ZoneInfo("UTC")
