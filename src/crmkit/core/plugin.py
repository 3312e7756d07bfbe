"""`Plugin` and the marks: plain functions say what they are, and composition finds them."""

from __future__ import annotations

import datetime as dt
import importlib
import sys
import types
import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs
import pluggy
import sqlalchemy as sa

from .model import Entity, Staged
from .pipeline import StageOf
from .scopes import RowScope
from .text import Text, _

if t.TYPE_CHECKING:
    from starlette.requests import Request

    from .compose import Crm
    from .events import Moved, Tick
    from .uow import Uow

hookspec, hookimpl = pluggy.HookspecMarker("crmkit"), pluggy.HookimplMarker("crmkit")
MARKS = "__crmkit_marks__"
PLAIN = frozenset({str, int, float, bool, bytes, tuple, list, dict, set, frozenset, type(None), types.ModuleType})  # nobody's in particular
V = t.TypeVar("V")
R = t.TypeVar("R")
P = t.ParamSpec("P")
E = t.TypeVar("E", bound=Entity)
S = t.TypeVar("S", bound=Staged)
F = t.TypeVar("F", bound=t.Callable[..., t.Any])
Filter = Mapping[str, t.Any]


def _text(value: str) -> Text:
    return value if isinstance(value, Text) else Text(value)


def _names(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _modules(values: Iterable[types.ModuleType | str]) -> tuple[types.ModuleType | str, ...]:
    return tuple(values)


@attrs.frozen
class Permission:
    """A right a role can grant, ``"<plugin>.<what>"``: ``REFUND = Permission("commerce.refund", _("Refund", ru="Возврат"))``."""

    name: str
    label: Text = attrs.field(default=Text(""), converter=_text)


PUBLIC = Permission("public", _("Everybody", ru="Все"))
"""The explicit absence of a permission: anyone may call it, signed in or not."""


@attrs.frozen
class Topic:
    """A live message a plugin publishes. It reaches those who may read the record (`of`) or hold `permission`.

    With `personal` its id is that of a user, and nobody else hears it: `of` or `permission` says who may listen at all.
    """

    name: str
    of: type[Entity] | None = attrs.field(default=None, kw_only=True)
    permission: Permission | None = attrs.field(default=None, kw_only=True)
    personal: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen(kw_only=True)
class OnMark:
    """A handler of an event: `phase` ``"on"`` can undo, ``"after"`` may be repeated, ``"outside"`` runs in no transaction."""

    phase: str
    event: object
    when: Filter | None = None
    fields: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class StageMark:
    """A handler that runs when a record enters or leaves a stage."""

    phase: str
    stage: StageOf[t.Any]


@attrs.frozen(kw_only=True)
class WhileMark:
    """A handler that runs when a record has stayed in a stage for long."""

    stage: StageOf[t.Any]
    longer_than: dt.timedelta
    repeat: bool = False


@attrs.frozen(kw_only=True)
class EveryMark:
    """A handler that runs at set times."""

    cron: str | t.Callable[[Crm], str] | None = None
    interval: dt.timedelta | None = None
    timezone: str | None = None


@attrs.frozen(kw_only=True)
class CommandMark:
    """Something a person can do beyond plain editing."""

    label: Text
    permission: Permission
    of: type[Entity] | None = None
    name: str = ""


@attrs.frozen(kw_only=True)
class Upload:
    """How a route takes large bodies: read into a temporary file once the caller's permission is known, never into memory.

    `limit` says how many bytes at most, when asked with the CRM. `prepare(request, crm)` runs before the transaction begins:
    for what takes its time, such as putting a file away. ``request.state`` has `upload` (``file``, ``size``, ``digest``: the
    SHA-256 in hex), `actor`, and for the handler itself `prepared`, what `prepare` returned.
    """

    limit: t.Callable[[Crm], int]
    prepare: t.Callable[[Request, Crm], t.Any] | None = None


@attrs.frozen(kw_only=True)
class Streamed:
    """What a route returns for an answer that is sent piece by piece, after its transaction has ended."""

    pieces: Iterator[bytes]
    media_type: str
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Later:
    """What a route returns whose answer takes a word with the outside: `answer` is called after its transaction has ended.

    ``return Later(lambda: Streamed(…))``: rights and records are looked at in the transaction, the network is asked without one.
    `answer` may refuse; it gets no unit of work.
    """

    answer: t.Callable[[], t.Any]


@attrs.frozen(kw_only=True)
class RouteMark:
    """An HTTP route of a plugin, below ``/x/<plugin>``."""

    path: str
    permission: Permission | None
    methods: tuple[str, ...] = ("GET",)
    upload: Upload | None = None
    operation: Mapping[str, t.Any] | None = None


Mark = OnMark | StageMark | WhileMark | EveryMark | CommandMark | RouteMark


def _mark(mark: Mark) -> t.Callable[[F], F]:
    def put(function: F) -> F:
        function.__dict__.setdefault(MARKS, []).append(mark)
        return function

    return put


def marks_of(function: object) -> list[Mark]:
    """Return the marks a function carries."""
    return list(getattr(function, "__dict__", {}).get(MARKS, ()))


Handler = t.Callable[[V, "Uow"], None]
OutsideHandler = t.Callable[[V, "Crm"], None]
# What a mark gives back takes anything, so that marks of several events can stand on one function.
Marking = t.Callable[[Handler[V]], Handler[t.Any]]


def on(event: type[V], *, when: Filter | None = None, fields: Sequence[str] = ()) -> Marking[V]:
    """Run inside the transaction that caused the event; raising undoes everything.

    `when` is a filter tree the record must match; `fields` limits ``Changed`` to those fields.
    """
    return _mark(OnMark(phase="on", event=event, when=when, fields=tuple(fields)))


def after(event: type[V], *, when: Filter | None = None, fields: Sequence[str] = ()) -> Marking[V]:
    """Run after the commit, in a transaction of its own, at least once, retried with growing pauses."""
    return _mark(OnMark(phase="after", event=event, when=when, fields=tuple(fields)))


def outside(event: type[V], *, when: Filter | None = None, fields: Sequence[str] = ()) -> t.Callable[[OutsideHandler[V]], OutsideHandler[t.Any]]:
    """Run after the commit as ``(event, crm)``, in no transaction, at least once, retried: for calls to other systems.

    Open a ``crm.uow()`` for what is to be written down. A record event's record is as it was read when the call began, its
    unit of work over: read what else you need in one of your own.
    """
    return _mark(OnMark(phase="outside", event=event, when=when, fields=tuple(fields)))


def on_enter(stage: StageOf[S]) -> Marking[Moved[S]]:
    """Run when a record enters `stage`, in the same transaction: raising undoes the move."""
    return _mark(StageMark(phase="enter", stage=stage))


def on_leave(stage: StageOf[S]) -> Marking[Moved[S]]:
    """Run when a record leaves `stage`, in the same transaction: raising undoes the move."""
    return _mark(StageMark(phase="leave", stage=stage))


def while_in(stage: StageOf[S], *, longer_than: dt.timedelta, repeat: bool = False) -> Marking[S]:
    """Run once a record has been in `stage` for `longer_than` (again and again with `repeat`); a durable timer, cancelled on leaving."""
    return _mark(WhileMark(stage=stage, longer_than=longer_than, repeat=repeat))


def every(
    interval: dt.timedelta | None = None, *, cron: str | t.Callable[[Crm], str] | None = None, timezone: str | None = None
) -> Marking[Tick]:
    """Run at set times: an `interval`, or five `cron` fields in `timezone` (the CRM's own when left out).

    Where settings decide, `cron` is a function of the CRM that returns the fields: ``cron=lambda crm: crm[MySettings].report_at``.
    Missed runs are caught up once. Write the handler so that running it twice does no harm.
    """
    return _mark(EveryMark(interval=interval, cron=cron, timezone=timezone))


@t.overload
def command(
    label: str, *, permission: Permission, of: type[E], name: str = ""
) -> t.Callable[[t.Callable[t.Concatenate[E, Uow, P], R]], t.Callable[t.Concatenate[E, Uow, P], R]]: ...
@t.overload
def command(
    label: str, *, permission: Permission, of: None = None, name: str = ""
) -> t.Callable[[t.Callable[t.Concatenate[Uow, P], R]], t.Callable[t.Concatenate[Uow, P], R]]: ...
def command(label: str, *, permission: Permission, of: type[Entity] | None = None, name: str = "") -> t.Any:
    """Offer a function to people: a REST endpoint, a CLI verb, a permission check and a journal entry from one declaration.

    With `of` the function takes ``(record, uow, *, …)``, without it ``(uow, *, …)``. Keyword arguments are what the caller
    fills in; their annotations are checked strictly.
    """
    return _mark(CommandMark(label=_text(label), permission=permission, of=of, name=name))


RouteHandler = t.Callable[["Request", "Uow"], t.Any]


def route(
    path: str, *, permission: Permission, methods: Sequence[str] = ("GET",), upload: Upload | None = None,
    operation: Mapping[str, t.Any] | None = None,
) -> t.Callable[[RouteHandler], RouteHandler]:  # fmt: skip
    """Serve ``/x/<plugin><path>``: ``(request, uow) -> Response``, data for JSON, `Streamed` or `Later`. `permission` may be ``PUBLIC``.

    Bodies are read whole, up to 4 MiB; `upload` takes larger ones. `operation` describes the route in the OpenAPI document,
    as an Operation Object without what is known anyway (tags, name, summary, refusals).
    """
    return _mark(RouteMark(path=path, permission=permission, methods=tuple(methods), upload=upload, operation=operation))


NAMED = (Permission, Topic)


@attrs.frozen
class Plugin:
    """A named set of modules: their entities, pipelines, marked functions and hook implementations.

    `requires` must be there too and come first; `follows` only orders, when both are there. `settings` is a frozen attrs
    class, filled from the settings file and handed out by ``crm[Settings]``. `specs` are hooks of the plugin's own.
    `suggests` are settings of plugins it requires or follows, by their names, as the settings file would say them: what the file
    says itself wins, key by key.
    A module-level `sqlalchemy.Table` named ``<plugin>_…`` is the plugin's too: for what no person looks at, such as an index.
    """

    name: str
    modules: tuple[types.ModuleType | str, ...] = attrs.field(default=(), converter=_modules, kw_only=True)
    requires: tuple[str, ...] = attrs.field(default=(), converter=_names, kw_only=True)
    follows: tuple[str, ...] = attrs.field(default=(), converter=_names, kw_only=True)
    settings: type | None = attrs.field(default=None, kw_only=True)
    specs: type | None = attrs.field(default=None, kw_only=True)
    suggests: t.Mapping[str, t.Mapping[str, t.Any]] = attrs.field(factory=dict, kw_only=True, hash=False)  # a dictionary has none
    label: Text = attrs.field(default=Text(""), converter=_text, kw_only=True)
    version: str = attrs.field(default="0.1.0", kw_only=True)
    migrations: Path | None = attrs.field(default=None, kw_only=True)

    def loaded(self) -> list[types.ModuleType]:
        """Return the plugin's modules, imported."""
        return [m if isinstance(m, types.ModuleType) else sys.modules.get(m) or importlib.import_module(m) for m in self.modules]

    def contents(self) -> Iterator[tuple[types.ModuleType, str, t.Any]]:
        """Yield what the plugin's own modules define (not what they import): module, name, thing."""
        names = {m.__name__ for m in self.loaded()}
        for module in self.loaded():
            for name, value in list(vars(module).items()):
                if type(value) in PLAIN:
                    continue
                if isinstance(value, NAMED):
                    if value.name.startswith(f"{self.name}."):
                        yield module, name, value
                elif isinstance(value, sa.Table):  # one that is no entity's: an index of the plugin's own, say
                    if value.name.startswith(f"{self.name}_"):
                        yield module, name, value
                elif isinstance(value, RowScope):
                    if value.of.__module__ in names:
                        yield module, name, value
                elif getattr(value, "defined_in", None) in names or getattr(value, "__module__", None) == module.__name__:
                    yield module, name, value
