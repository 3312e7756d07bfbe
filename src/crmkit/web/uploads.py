"""Large bodies: asked for permission first, then read into a temporary file, piece by piece."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import typing as t
from collections.abc import AsyncIterator

import attrs
from starlette.requests import ClientDisconnect

from ..core.errors import Forbidden, Unauthenticated
from ..core.text import _
from .actors import identify
from .problems import TooLarge

if t.TYPE_CHECKING:
    from starlette.types import Receive

    from ..core.access import Actor
    from ..core.plugin import RouteMark
    from .call import Call
    from .threads import Pool

IN_MEMORY = 256 * 1024
AT_MOST = _("at most {limit} bytes", ru="не больше {limit} байт")
NEEDED = _("You need the permission {name}", ru="Нужно право {name}")


@attrs.frozen
class Spooled:
    """A body that was read into a file, which stands at its beginning and is gone after the answer."""

    file: t.BinaryIO
    size: int
    digest: str


def admit(call: Call, mark: RouteMark, host: Actor | None) -> None:
    """Say who calls, and refuse whoever may not send anything here. Rows are looked at later, in the transaction."""
    identify(call, host)
    actor = call.actor
    if mark.permission is not None and not call.crm.access.may(actor, mark.permission.name):
        raise Unauthenticated() if actor.id is None and not actor.roles else Forbidden(NEEDED.format(name=mark.permission.name))


@contextlib.asynccontextmanager
async def spooled(call: Call, receive: Receive, limit: int, pool: Pool) -> AsyncIterator[Spooled]:
    """Read the body into a temporary file; `TooLarge` as soon as it is known to be longer than `limit`."""
    announced = call.header(b"content-length")
    refusal = TooLarge(AT_MOST.format(limit=limit))
    if announced is not None and announced.isdigit() and int(announced) > limit:
        raise refusal
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        size, digest, more = 0, hashlib.sha256(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect()
            piece, more = message.get("body", b""), message.get("more_body", False)
            size += len(piece)
            if size > limit:
                raise refusal
            digest.update(piece)
            if size > IN_MEMORY:
                await pool.run(file.write, piece)
            else:
                file.write(piece)
        file.seek(0)
        yield Spooled(t.cast(t.BinaryIO, file), size, digest.hexdigest())
