"""Every entity saved, every route and command called with made-up input: no answer may be an accident."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
import typing as t
from collections.abc import Sequence

import attrs

from crmkit.core.access import Role
from crmkit.core.errors import CrmError
from crmkit.core.plugin import PUBLIC, Plugin, RouteMark
from crmkit.core.text import Text, _
from crmkit.core.tokens import create_token

from ..databases import Databases
from ..kit import Kit
from ..values import json_arguments

CRASHED = _("{what} answers {status}: {why}", ru="{what} отвечает {status}: {why}")
OPEN = _(
    "{what} answers {status} to nobody in particular; it should ask who is calling (401)",
    ru="{what} отвечает {status} неизвестно кому; надо спрашивать, кто это (401)",
)
UNSAVED = _("a new {kind} cannot be saved: {why}", ru="новая запись {kind} не сохраняется: {why}")
FAILED_LATER = _(
    "what happens by itself after saving fails: {why}",
    ru="то, что происходит само после сохранения, не работает: {why}",
)
EVERYTHING = Role("check", {"*": "all"})
HORIZON, EXACT, STRIDE = dt.timedelta(days=400), dt.timedelta(minutes=10), dt.timedelta(days=10)


@attrs.frozen
class Answered:
    """One answer of the CRM."""

    status: int
    text: str


@attrs.frozen
class Asked:
    """One request to make."""

    what: str
    method: str
    path: str
    body: t.Any = None
    public: bool = False


def problems(plugin: Plugin, plugins: Sequence[Plugin], database: str) -> list[Text]:
    """Use everything the plugin offers, once, and return what went wrong."""
    databases = Databases()
    kit = Kit(plugins, databases, database=database, roles=[EVERYTHING])
    try:
        found = _saved(plugin, kit)
        token = create_token(kit.crm, "check", [EVERYTHING.name], actor_id=1)
        requests = list(_requests(plugin, kit))
        kit.pause()
        if requests:
            found += asyncio.run(_ask(kit, requests, token))
        found += _time(kit)
        return found
    finally:
        kit.close(discard=True)
        databases.close()


def _saved(plugin: Plugin, kit: Kit) -> list[Text]:
    found: list[Text] = []
    for kind in kit.crm.kinds.values():
        if kind.plugin != plugin.name or (issubclass(kind.cls, _staged()) and not kind.pipelines):
            continue
        try:
            kit.make(kind.cls)
        except CrmError:
            continue  # refused in so many words: made-up values will not do
        except Exception as error:
            found.append(UNSAVED.format(kind=kind.key, why=f"{type(error).__name__}: {error}"))
    return found


def _staged() -> type:
    from crmkit.core.model import Staged

    return Staged


def _time(kit: Kit) -> list[Text]:
    """Let more than a year go by: at first each thing at its own minute, then in ever longer strides.

    A line of every minute would run half a million times; after a stride it runs once, as it does when a server was off.
    """
    try:
        kit.deliver(until=EXACT)
        gone = EXACT
        while gone < HORIZON:
            stride = min(max(gone / 3, EXACT), STRIDE)
            kit.clock.set(kit.clock.now() + stride)
            kit.deliver()
            gone += stride
    except CrmError:
        return []
    except Exception as error:
        notes = "; ".join(getattr(error, "__notes__", ()))
        return [FAILED_LATER.format(why=f"{type(error).__name__}: {error} {notes}".rstrip())]
    return []


def _requests(plugin: Plugin, kit: Kit) -> t.Iterator[Asked]:
    now = kit.clock.now()
    for item in kit.crm.marked:
        if item.plugin == plugin.name and isinstance(item.mark, RouteMark):
            path = f"/x/{plugin.name}{re.sub(r'{[^}]*}', '1', item.mark.path)}"
            for method in item.mark.methods:
                yield Asked(
                    f"{method} {path}",
                    method,
                    path,
                    None if method in ("GET", "HEAD") else {},
                    item.mark.permission is PUBLIC,
                )
    for command in kit.crm.commands.values():
        if command.plugin != plugin.name:
            continue
        public = command.permission is PUBLIC
        if command.kind is None:
            path = f"/api/{plugin.name}/do/{command.verb}"
        else:
            try:
                key = kit.make(command.kind.cls).id
            except CrmError:
                key = 1
            entity_plugin, _dot, entity = command.kind.key.partition(".")
            path = f"/api/{entity_plugin}/{entity}/{key}/do/{command.verb}"
        for body in ({}, json_arguments(command.arguments, now)):
            yield Asked(f"command {command.name}({json.dumps(body, ensure_ascii=False)})", "POST", path, body, public)


async def _ask(kit: Kit, requests: Sequence[Asked], token: str) -> list[Text]:
    found: list[Text] = []
    app = kit.crm.app
    async with app.router.lifespan_context(app):
        for asked in requests:
            answer = await call(app, asked.method, asked.path, asked.body, token)
            if answer.status >= 500:
                found.append(CRASHED.format(what=asked.what, status=answer.status, why=answer.text[:300]))
            nobody = await call(app, asked.method, asked.path, asked.body, None)
            if not asked.public and nobody.status < 400:
                found.append(OPEN.format(what=asked.what, status=nobody.status))
    return found


async def call(app: t.Any, method: str, path: str, body: t.Any = None, token: str | None = None) -> Answered:
    """Make one request to an ASGI application, without a network."""
    payload = b"" if body is None else json.dumps(body).encode()
    headers = [(b"host", b"check.example"), (b"content-type", b"application/json")]
    headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "server": ("check.example", 80),
        "client": ("127.0.0.1", 1),
        "state": {},
        "extensions": {},
    }
    sent: list[dict[str, t.Any]] = []

    async def receive() -> dict[str, t.Any]:
        return {"type": "http.request", "body": payload, "more_body": False}

    async def send(message: dict[str, t.Any]) -> None:
        sent.append(message)

    try:
        await app(scope, receive, send)
    except Exception as error:  # a server would answer 500
        return Answered(500, f"{type(error).__name__}: {error}")
    status = next((m["status"] for m in sent if m["type"] == "http.response.start"), 500)
    text = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    return Answered(status, text.decode("utf-8", "replace"))
