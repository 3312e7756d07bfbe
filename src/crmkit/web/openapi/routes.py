"""Plugins' own routes, where they describe themselves."""

from __future__ import annotations

import inspect
import re
import typing as t

from ...core.plugin import PUBLIC, RouteMark
from .parts import KEY, Writer
from .schemas import Schema

if t.TYPE_CHECKING:
    from ...core.compose import Crm

CONVERTER = re.compile(r"{(\w+):\w+}")
READING, WRITING = (400, 401, 403, 422, 503), (400, 401, 403, 409, 413, 415, 422, 503)
ANYBODY: list[Schema] = [{}, {"token": []}]


def route_paths(crm: Crm, writer: Writer) -> dict[str, Schema]:
    """Return the paths of the routes that have an `operation`."""
    found: dict[str, Schema] = {}
    for item in crm.marked:
        if isinstance(item.mark, RouteMark) and item.mark.operation is not None:
            path = CONVERTER.sub(r"{\1}", f"/x/{item.plugin}{item.mark.path}")
            for method in item.mark.methods:
                several = f"_{method.lower()}" if len(item.mark.methods) > 1 else ""
                name = f"{item.plugin}_{item.function.__name__}{several}"
                found.setdefault(path, {})[method.lower()] = _operation(item, item.mark, method, path, name, writer)
    return found


def _operation(item: t.Any, mark: RouteMark, method: str, path: str, name: str, writer: Writer) -> Schema:
    own = _said(dict(mark.operation or {}), writer)
    reads = method in ("GET", "HEAD")
    refusals = writer.errors(*(READING if reads else WRITING), *([404] if "{" in path else []))
    responses = refusals | {str(s): r for s, r in own.pop("responses", {"200": {"description": "OK"}}).items()}
    parameters = [*own.pop("parameters", ()), *([] if reads else [KEY])]
    summary = own.pop("summary", None) or (inspect.getdoc(item.function) or name).partition("\n")[0]
    open_to_all = {"security": ANYBODY} if mark.permission is PUBLIC else {}
    return writer.operation(item.plugin, name, summary, responses, parameters=parameters, **{**open_to_all, **own})


def _said(value: t.Any, writer: Writer) -> t.Any:
    """Return a description with its texts in the document's language."""
    if isinstance(value, str):
        return writer.say(value)
    if isinstance(value, dict):
        return {k: _said(v, writer) for k, v in value.items()}
    return [_said(v, writer) for v in value] if isinstance(value, list | tuple) else value
