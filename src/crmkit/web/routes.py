"""Addresses: found by splitting the path and looking words up, so that fifty entities cost no more than one."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable, Mapping

import attrs
from starlette.routing import Match, Route

from ..core.plugin import RouteMark
from ..core.text import _
from . import batch, commands, documents, lists, merge, meta, operate, plugins, records, search, undo
from .answer import Answer, Stream
from .call import as_id
from .export import export
from .problems import NoSuchPath

if t.TYPE_CHECKING:
    from ..core.compose import Crm
    from ..core.errors import Refusal
    from ..core.kind import Kind
    from .call import Call


@attrs.frozen
class Endpoint:
    """What answers one method at one address, in a thread.

    `body` says whether a body is read first, `open` whether nobody in particular may ask: it then looks after itself.
    `refused` answers a call that was refused before `run` was asked; without it that is a problem document.
    """

    run: Callable[[Call], Answer | Stream | None]
    body: bool = False
    open: bool = False
    mark: RouteMark | None = None  # of a plugin's route that takes large bodies
    refused: Callable[[Call, Refusal], Answer] | None = None


Methods = Mapping[str, Endpoint]


def _get(run: Callable[[Call], Answer | Stream | None]) -> dict[str, Endpoint]:
    return {"GET": Endpoint(run)}


def _open(run: Callable[[Call], Answer | Stream | None]) -> dict[str, Endpoint]:
    return {"GET": Endpoint(run, open=True)}


def _post(run: Callable[[Call], Answer]) -> dict[str, Endpoint]:
    return {"POST": Endpoint(run, body=True)}


FIXED: Mapping[str, Methods] = {
    "/": _open(documents.home), "/healthz": _open(operate.health), "/api/batch": _post(batch.batch), "/api/journal": _get(operate.journal),
    "/api/jobs": _get(operate.jobs), "/api/me": _open(meta.me), "/api/meta": _get(meta.meta), "/api/live": _get(lambda call: None),
    "/api/search": _get(search.searched), "/api/undo": _get(undo.preview) | _post(undo.undo), "/api/operations": _get(undo.operations),
    "/api/openapi.json": _open(documents.openapi), "/api/docs": _open(documents.docs), "/api/docs.css": _open(documents.style),
}  # fmt: skip
REPLAY = _post(operate.replay)
MANY: Methods = _get(lists.listed) | _post(records.create)
MANY_VERBS: Mapping[str, Methods] = {"board": _get(lists.board), "export": _get(export), "bulk": _post(undo.bulk)}
ONE: Methods = _get(records.read) | {"PATCH": Endpoint(records.change, body=True)}
ONE_VERBS: Mapping[str, Methods] = {
    "move": _post(records.move), "moves": _get(records.moves), "archive": _post(records.archive), "restore": _post(records.restore),
    "timeline": _get(records.timeline), "stages": _get(records.stages), "explain": _get(records.explain),
    "merge": _post(merge.merge),
}  # fmt: skip
STAGED_ONLY = frozenset({"move", "moves", "stages", "board"})
DO_ONE, DO = ({"POST": Endpoint(run, body=True, open=True)} for run in (commands.on_record, commands.by_itself))


@functools.cache
def matching(path: str, methods: tuple[str, ...] = ("GET",)) -> Route:
    """Return what tells whether a request is for `path`, made once for all CRMs of the process. Nobody calls it."""
    return Route(path, endpoint=_nothing, methods=list(methods))


def _nothing(request: t.Any) -> None:
    """Stands where Starlette wants an endpoint."""


class Routes:
    """The addresses of one CRM."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.kinds: dict[tuple[str, str], Kind] = {}
        for key, kind in crm.kinds.items():
            plugin, _dot, entity = key.partition(".")
            self.kinds[plugin, entity] = kind
        self.plugin_routes: dict[str, list[tuple[Route, Methods]]] = {}
        for item in crm.marked:
            if isinstance(item.mark, RouteMark):
                route = matching(item.mark.path, item.mark.methods)
                run = plugins.endpoint(item.function, item.mark)
                large = item.mark if item.mark.upload is not None else None
                methods = {m: Endpoint(run, body=m not in ("GET", "HEAD"), open=True, mark=large) for m in item.mark.methods}
                self.plugin_routes.setdefault(item.plugin, []).append((route, methods))

    def find(self, call: Call) -> Methods:
        """Return what answers at the call's path, and fill in its kind, key and verb; `NoSuchPath` when nothing does."""
        path = call.path
        fixed = FIXED.get(path)
        if fixed is not None:
            return fixed
        parts = path.split("/")
        if parts[1] == "x" and len(parts) > 2:
            return self._of_plugin(call, parts[2], path[len(parts[2]) + 3 :] or "/")
        if parts[1] != "api" or not 4 <= len(parts) <= 7:
            raise NoSuchPath()
        if parts[2:3] == ["jobs"] and len(parts) == 5 and parts[4] == "replay":
            call.key = self._key(parts[3])
            return REPLAY
        if parts[3] == "do" and len(parts) == 5:
            call.verb = f"{parts[2]}.{parts[4]}"
            return DO if self._command(call, None) else {}
        kind = self.kinds.get((parts[2], parts[3]))
        if kind is None:
            raise NoSuchPath()
        call.kind = kind
        return self._of_kind(call, kind, parts)

    def _of_kind(self, call: Call, kind: Kind, parts: list[str]) -> Methods:
        if len(parts) == 4:
            return MANY
        verb = parts[4] if len(parts) == 5 else parts[5]
        if verb in STAGED_ONLY and not kind.pipelines:
            raise NoSuchPath()
        if len(parts) == 5:
            found = MANY_VERBS.get(verb)
            if found is not None:
                return found
            call.key = self._key(verb)
            return ONE
        call.key = self._key(parts[4])
        if len(parts) == 6:
            found = ONE_VERBS.get(verb)
            if found is None:
                raise NoSuchPath()
            return found
        call.verb = f"{kind.key}.{parts[6]}"
        if verb != "do":
            raise NoSuchPath()
        self._command(call, kind)
        return DO_ONE

    def _command(self, call: Call, kind: Kind | None) -> bool:
        command = self.crm.commands.get(call.verb)
        if command is None or command.kind is not kind:
            raise NoSuchPath(_("There is no command {name}", ru="Нет команды {name}").format(name=call.verb))
        return True

    def _key(self, text: str) -> int:
        key = as_id(text)
        if key is None:
            raise NoSuchPath(_("{text} is not the number of a record", ru="{text} — не номер записи").format(text=repr(text)[:40]))
        return key

    def _of_plugin(self, call: Call, plugin: str, rest: str) -> Methods:
        found: dict[str, Endpoint] = {}
        inner = {"type": "http", "path": rest, "root_path": "", "method": call.method, "headers": []}
        for route, methods in self.plugin_routes.get(plugin, ()):
            match, child = route.matches(inner)
            if match is not Match.NONE:
                if (match is Match.FULL and call.method in methods) or not found:
                    call.scope["path_params"] = child["path_params"]
                found = dict(methods) | found if match is not Match.FULL else found | dict(methods)
        if not found:
            raise NoSuchPath()
        return found
