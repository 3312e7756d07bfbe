"""The ASGI application: one dispatch by dictionaries, the body on the loop, the work in a thread."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Iterator

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.routing import Mount

from ..core.access import Actor
from ..core.errors import Refusal
from ..core.text import SPOKEN
from .actors import WhoIs, demand_known, identify, is_async
from .answer import Answer, Stream
from .call import Call
from .problems import MethodNotAllowed, TooLarge, failed, refused
from .routes import Endpoint, Methods, Routes
from .running import demand, lifespan, running
from .threads import Pool
from .uploads import admit, spooled

if t.TYPE_CHECKING:
    import sqlalchemy as sa
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ..core.compose import Crm
    from ..core.plugin import RouteMark

    HostConnection = Callable[[Request], "sa.Connection"]

MAX_BODY = 4 * 1024 * 1024


class Pages(t.Protocol):
    """What serves pages beside the API: the interface, as far as the edge knows it."""

    def find(self, call: Call) -> Methods | None:
        """Return what answers at the call's path; None for the API's addresses."""


def standalone(crm: Crm, pages: Pages | None = None) -> Starlette:
    """Return the CRM as an application of its own: ``uvicorn.run(crm.app)``. Callers are known by API tokens or `crm_actor`."""
    edge = Edge(crm, pages=pages)
    app = Starlette(routes=[Mount("/", app=edge)], lifespan=lifespan(crm))
    app.router.default = edge  # a path with a line break in it matches no mount
    app.state.crm = crm
    return app


def embedded(crm: Crm, actor: WhoIs | None = None, connection: HostConnection | None = None, pages: Pages | None = None) -> ASGIApp:
    """Return the CRM to be mounted in a host: ``Mount("/crm", crm.embedded(actor=who))``.

    `actor` says who is calling, from the host's own session (a plain function, run in a thread, or a coroutine function);
    None leaves it to API tokens. `connection` returns the SQLAlchemy connection of the host's open transaction, which the
    CRM's work then joins as a savepoint: it is kept when the host commits. The host's lifespan must be
    ``crm.lifespan(its_own)``. Where the host knows its users by cookies, it guards against forged requests as for its own
    pages; changes a browser sends from another site are refused here too.
    """
    return Edge(crm, actor, connection, pages)


class Edge:
    """Serves one CRM. Several may serve the same one, or different ones, in one process."""

    def __init__(self, crm: Crm, actor: WhoIs | None = None, connection: HostConnection | None = None, pages: Pages | None = None) -> None:
        self.crm, self.actor, self.connection, self.pages = crm, actor, connection, pages
        self.actor_is_async = actor is not None and is_async(actor)
        self.routes = Routes(crm)
        self.pool = Pool()
        self._ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._not_http(scope, receive, send)
            return
        demand(self.crm, scope)
        call = Call(self, scope)
        try:
            answer = await self._answer(call, receive)
            if answer is None:
                return await self._live(call, receive, send)
        except ClientDisconnect:
            return
        except Refusal as refusal:
            answer = refused(call, refusal)
        except Exception as error:
            answer = await run_in_threadpool(failed, call, error)
        await self._send(call, answer, receive, send)

    async def _answer(self, call: Call, receive: Receive) -> Answer | Stream | None:
        """Find the endpoint, read the body and do the work; None for the live stream, which is not an answer."""
        endpoint = self._endpoint(call)
        if isinstance(endpoint, Answer):
            return endpoint
        if endpoint.mark is not None and endpoint.body:
            return await self._large(endpoint, endpoint.mark, call, receive)
        if endpoint.body:
            call.body = await read_body(call, receive)
        return await self.pool.run(self._work, endpoint, call, await self._host_says(call))

    async def _host_says(self, call: Call) -> Actor | None:
        return t.cast("Actor | None", await t.cast(t.Any, self.actor)(HTTPConnection(call.scope))) if self.actor_is_async else None

    async def _large(self, endpoint: Endpoint, mark: RouteMark, call: Call, receive: Receive) -> Answer | Stream | None:
        """Answer a call with a large body: who may not send one is told so before it is read."""
        await self.pool.run(admit, call, mark, await self._host_says(call))
        assert mark.upload is not None
        async with spooled(call, receive, mark.upload.limit(self.crm), self.pool) as call.upload:
            return await self.pool.run(self._run, endpoint, call)

    def _endpoint(self, call: Call) -> Endpoint | Answer:
        methods = self.pages.find(call) if self.pages is not None else None
        if methods is None:
            methods = self.routes.find(call)
        endpoint = methods.get("GET" if call.method == "HEAD" else call.method)
        if endpoint is not None:
            return endpoint
        allow = ", ".join(sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}))
        if call.method == "OPTIONS":
            return Answer(status=204, headers=[(b"allow", allow.encode())])
        raise MethodNotAllowed(allow)

    def _work(self, endpoint: Endpoint, call: Call, host: Actor | None) -> Answer | Stream | None:
        """Run in a thread: say who calls, then let the endpoint answer."""
        try:
            identify(call, host)
            if not endpoint.open:
                demand_known(call)
        except Refusal as refusal:
            return (endpoint.refused or refused)(call, refusal)
        except Exception as error:
            return failed(call, error)
        return self._run(endpoint, call)

    def _run(self, endpoint: Endpoint, call: Call) -> Answer | Stream | None:
        SPOKEN.set(lambda: call.language)  # the thread has a context of its own for each call
        try:
            return endpoint.run(call)
        except Refusal as refusal:
            return refused(call, refusal)
        except Exception as error:
            return failed(call, error)

    async def _send(self, call: Call, answer: Answer | Stream, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.head()})
        if isinstance(answer, Answer):
            body = b"" if call.method == "HEAD" else answer.body
            await send({"type": "http.response.body", "body": body})
            return
        try:
            while call.method != "HEAD" and (piece := await run_in_threadpool(next, answer.pieces, None)) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            await run_in_threadpool(t.cast(t.Any, answer.pieces).close)
        await send({"type": "http.response.body", "body": b""})

    async def _live(self, call: Call, receive: Receive, send: Send) -> None:
        from .live.stream import serve

        await serve(call, running(self.crm).live, receive, send)

    async def _not_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:  # served without an application around it: run the CRM's own lifespan
            app = Starlette(lifespan=lifespan(self.crm))
            await app(scope, receive, send)

    def mark_headers(self, call: Call) -> list[tuple[bytes, bytes]]:
        """Return the header that lets the live stream begin where this answer ends."""
        return [(b"live-mark", str(running(self.crm).live.mark()).encode())]

    @contextlib.contextmanager
    def joined(self, call: Call) -> Iterator[sa.Connection | None]:
        """Yield the host's connection, or None when the CRM works on its own."""
        yield None if self.connection is None else self.connection(Request(call.scope))


async def read_body(call: Call, receive: Receive) -> bytes:
    """Read the whole body; `TooLarge` as soon as it is known to be more than is read."""
    announced = call.header(b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > MAX_BODY:
        raise TooLarge()
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False):
        if len(body) > MAX_BODY:
            raise TooLarge()
        return body
    pieces, size = [], 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect()
        piece = message.get("body", b"")
        size += len(piece)
        if size > MAX_BODY:
            raise TooLarge()
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
        message = await receive()


__all__ = ["Edge", "Pages", "embedded", "standalone"]
