"""``GET /api/live``: one stream of server-sent events per client."""

from __future__ import annotations

import asyncio
import typing as t

from starlette.requests import HTTPConnection

from ...core.errors import Invalid, Problem, Refusal
from ...core.live import Message
from ...core.text import _
from ..actors import bearer, who_of
from ..answer import NO_SNIFF, Answer
from ..parameters import names
from ..problems import failed, refused
from .client import Client, written
from .marks import Mark, parse
from .scope import deliver, topics_of

if t.TYPE_CHECKING:
    from starlette.types import Receive, Send

    from ...core.access import Actor
    from ..call import Call
    from .hub import LiveHub

LIFE_SECONDS = 280.0
"""A stream ends before any proxy's five minutes do; the client comes back with the last id, under its rights of then."""
BEAT_SECONDS = 15.0
STUCK_SECONDS = 30.0
RETRY_MS = 1000
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"), NO_SNIFF,
]  # fmt: skip
BAD_MARK = _("expected a Live-Mark or an event id", ru="ожидается Live-Mark или id события")


async def serve(call: Call, hub: LiveHub, receive: Receive, send: Send) -> None:
    """Answer a call for the live stream."""
    client: Client | None = None
    loop = asyncio.get_running_loop()
    try:
        prepared = await call.edge.pool.run(_prepare, call, hub, loop)
        if isinstance(prepared, Answer):
            await _whole(prepared, send)
            return
        client, first = prepared
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, (b"live-who", who_of(call.actor).encode())]})
        if call.method == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.body", "body": first, "more_body": True})
        await _run(call, hub, client, receive, send)
    finally:
        if client is not None:
            hub.leave(client)


async def _whole(answer: Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.head()})
    await send({"type": "http.response.body", "body": answer.body})


async def _run(call: Call, hub: LiveHub, client: Client, receive: Receive, send: Send) -> None:
    """Send what comes until the client goes, the stream has lived long enough, or the CRM stops."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + LIFE_SECONDS
    gone = asyncio.create_task(_disconnected(receive, client))
    try:
        beat_at = loop.time() + BEAT_SECONDS
        while not client.closed and loop.time() < ends:
            await client.wait(max(0.0, min(beat_at, ends) - loop.time()))
            told = _beat(hub, client)  # read before the queue is emptied: what it stands for is in the queue by now
            body = client.take()
            if loop.time() >= beat_at:
                beat_at = loop.time() + BEAT_SECONDS
                if not await call.edge.pool.run(still_good, call):
                    break
                body += f"id: {told}\n: beat\n\n".encode()
            if body and not client.closed:
                await asyncio.wait_for(send({"type": "http.response.body", "body": body, "more_body": True}), STUCK_SECONDS)
        if not gone.done():
            await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), STUCK_SECONDS)
    except TimeoutError:  # it does not read: let the server cut the connection
        return
    except asyncio.CancelledError:  # the server stops: end the stream as streams end, not with an error in its log
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


def _beat(hub: LiveHub, client: Client) -> Mark:
    """Return the newest mark everything before which this client has been sent."""
    first = t.cast(Mark, client.first)
    told = hub.told
    return told if told is not None and told.tx >= first.tx else first


async def _disconnected(receive: Receive, client: Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.close()


def still_good(call: Call) -> bool:
    """False when the caller's token or session has ended meanwhile, or they may do something else now; hosts are not asked again."""
    from ...core.tokens import tokens_of

    token, crm = bearer(call), call.crm
    try:
        if token is not None and call.caller.startswith("token:"):
            return tokens_of(crm).check(token).actor == call.actor
        if call.edge.actor is not None or "crm_actor" not in crm.hooked:
            return True
        return t.cast("Actor | None", crm.hook.crm_actor(crm=crm, connection=HTTPConnection(call.scope))) == call.actor
    except Refusal as refusal:
        return refusal.status == 503


# ---- before the first byte --------------------------------------------------------------------------------------------
def _prepare(call: Call, hub: LiveHub, loop: asyncio.AbstractEventLoop) -> tuple[Client, bytes] | Answer:
    """Check what is asked for, register, and write down what was missed. Runs in a thread."""
    client: Client | None = None
    try:
        asked = call.query("topics", "since")
        mark, lost = _since(call, asked)
        with call.crm.read(call.actor) as uow:
            client = Client(call.actor, topics_of(uow, names(asked, "topics")), loop)
        if call.method == "HEAD":
            return client, b""
        missed, here = hub.join(client, mark)
        head = f"retry: {RETRY_MS}\n: crmkit\n\n".encode()
        if missed is None or lost:
            return client, head + written("resync", None, here) + written("ready", None, here)
        return client, head + _told(call, client, missed, here) + written("ready", None, here)
    except Exception as error:
        if client is not None:
            hub.leave(client)
        return refused(call, error) if isinstance(error, Refusal) else failed(call, error)


def _since(call: Call, asked: dict[str, str]) -> tuple[Mark | None, bool]:
    """Return from where to tell again; and whether the client's last id means nothing here."""
    last = call.header(b"last-event-id")
    if last:
        mark = parse(last)
        return mark, mark is None
    if "since" not in asked:
        return None, False
    mark = parse(asked["since"])
    if mark is None:
        raise Invalid(problems=[Problem("since", "invalid", BAD_MARK)])
    return mark, False


def _told(call: Call, client: Client, missed: list[Message], here: Mark) -> bytes:
    """Return what was missed and may be heard; without ids, which hold only once all of it has arrived."""
    if not missed:
        return b""
    listener = Client(client.actor, client.topics, client._loop)
    with call.crm.database.read() as db:
        deliver(call.crm, db, [listener], missed, here)
    events = listener.drain()
    client.remember(m for name, m, _mark in events if name == "changed" and m is not None)
    return b"".join(written(name, message, None) for name, message, _mark in events)
