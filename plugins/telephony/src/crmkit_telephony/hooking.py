"""Where providers call: an address nobody guesses, which takes whatever comes and loses nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import logging
import re
import secrets
import typing as t
from collections.abc import AsyncIterator, Sequence

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from starlette.requests import Request
from starlette.responses import Response

from crmkit import PUBLIC, Crm, Forbidden, NotFound, Unavailable, Uow, _, hookimpl, on, route
from crmkit import Upload as Body

from .events import CallEvent, EventType
from .keeping import cleaned, keep
from .provider import Heard, Provider, Received, provider_named
from .tables import links
from .taking import again, take

log = logging.getLogger("crmkit.telephony")
MOST = 64 * 1024
OLD_FOR = dt.timedelta(days=1)
SECRET = re.compile(r"(/telephony/hook/[^/\s]+/)[^/\s?\"]+")
SERVERS = ("uvicorn.access", "gunicorn.access", "hypercorn.access", "_granian", "granian.access")
_SECRETS = sa.select(links.c.secret, links.c.old_secret, links.c.old_until).where(links.c.provider == sa.bindparam("of"))
NOWHERE = _("There is nothing at this address", ru="По этому адресу ничего нет")
OPERATION = {"summary": _("What a telephone provider tells", ru="Сообщения оператора связи"), "responses": {"200": {"description": "It was taken."}}}


@attrs.frozen
class FoldAgain:
    """Something was told of a call that could not be worked out at once."""

    provider: str
    call: str


def hook_path(uow: Uow, provider: str) -> str:
    """Return the path of a provider's address, below that of the CRM: for subscriptions, never for logs or screens."""
    uow.connection.execute(_insert(uow)(links).values(provider=provider, secret=secrets.token_urlsafe(32)).on_conflict_do_nothing())
    secret = uow.connection.execute(sa.select(links.c.secret).where(links.c.provider == provider)).scalar_one()
    return f"/x/telephony/hook/{provider}/{secret}/"


def new_secret(uow: Uow, provider: str) -> str:
    """Change a provider's address and return the new path; the old one is good for a day, until subscriptions have followed."""
    hook_path(uow, provider)
    uow.connection.execute(links.update().where(links.c.provider == provider).values(
        old_secret=links.c.secret, old_until=uow.now + OLD_FOR, secret=secrets.token_urlsafe(32)))
    return hook_path(uow, provider)


def _insert(uow: Uow) -> t.Any:
    return postgresql.insert if uow.connection.dialect.name == "postgresql" else sqlite.insert


def _is_right(crm: Crm, provider: str, given: str) -> bool:
    """Compare in constant time, whether there is such a provider or not."""
    with crm.read() as uow:
        found = uow.run(_SECRETS, {"of": provider})
        secret, old, until = found[0] if found else (None, None, None)
        if until is None or until <= uow.now:
            old = None
    known = [secret or secrets.token_urlsafe(32), old or secrets.token_urlsafe(32)]
    sent = hashlib.sha256(given.encode("utf-8", "replace")).digest()
    return sum(hmac.compare_digest(sent, hashlib.sha256(secret.encode()).digest()) for secret in known) > 0


def _prepare(request: Request, crm: Crm) -> Response:
    """Take in what came, in a transaction of its own: the provider's plugin reads it without one."""
    name = str(request.path_params["provider"])
    right = _is_right(crm, name, str(request.path_params["secret"]))
    provider = provider_named(crm, name)
    if not right or provider is None:
        raise NotFound(NOWHERE)
    upload = request.state.upload
    received = Received(
        method=request.method, path=str(request.path_params["rest"]), query=request.url.query,
        headers={k.lower(): v for k, v in request.headers.items()}, body=upload.file.read() if upload is not None else b"",
        peer=request.client.host if request.client is not None else None)  # fmt: skip
    heard = _heard(provider, received)
    if heard.events:
        take_or_keep(crm, name, heard.events)
    return Response(heard.answer, heard.status, media_type=heard.content_type)


def _heard(provider: Provider, received: Received) -> Heard:
    """Let the provider read it; what it cannot read is kept as it came."""
    try:
        return provider.receive(received)
    except Forbidden:
        raise
    except Exception:
        log.exception("a webhook of %s cannot be read; it is kept as an event of type unknown", provider.name)
    now = provider.crm.clock.now()
    digest = hashlib.sha256(received.body + received.query.encode() + now.isoformat().encode()).hexdigest()
    raw = {"method": received.method, "path": received.path, "query": received.query, "body": received.body.decode("utf-8", "replace")}
    return Heard(events=[CallEvent(type=EventType.UNKNOWN, call="", at=now, key=f"unread:{digest}", raw=raw)])


def take_or_keep(crm: Crm, provider: str, events: Sequence[CallEvent]) -> None:
    """Take events in; where that fails for another reason than the database, they are kept and worked out again later."""
    try:
        with crm.uow() as uow:
            take(uow, provider, events)
    except Unavailable:
        raise
    except Exception:
        log.exception("what %s told cannot be worked out yet", provider)
        with crm.uow() as uow:
            kept = [cleaned(e, uow.now) for e in events]
            keep(uow, provider, kept)
            for key in sorted({e.call for e in kept} - {""}):
                uow.schedule(FoldAgain(provider, key), key=f"telephony:fold:{provider}:{key}"[:200])


@on(FoldAgain)
def fold_again(event: FoldAgain, uow: Uow) -> None:
    """Work a call out anew; what stands in the way is tried again, and listed among the jobs."""
    again(uow, event.provider, event.call)


@route(
    "/hook/{provider}/{secret}/{rest:path}", permission=PUBLIC, methods=("GET", "POST"), upload=Body(limit=lambda crm: MOST, prepare=_prepare),
    operation=OPERATION,
)  # fmt: skip
def hook(request: Request, uow: Uow) -> Response:
    """Answer a provider; all is done by now."""
    answer: Response = request.state.prepared
    return answer


# ---- secrets stay out of logs -----------------------------------------------------------------------------------
class Masked(logging.Filter):
    """Blots out the secret of an address in what a server logs of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through, without the secret."""
        if isinstance(record.args, tuple):
            record.args = tuple(_masked(a) for a in record.args)
        elif isinstance(record.args, dict):
            record.args = {k: _masked(v) for k, v in record.args.items()}
        record.msg = _masked(record.msg)
        return True


def _masked(value: t.Any) -> t.Any:
    return SECRET.sub(r"\1•••", value) if isinstance(value, str) and "/hook/" in value else value


MASKED = Masked()


@contextlib.asynccontextmanager
async def _mask_while_serving() -> AsyncIterator[None]:
    for name in SERVERS:
        logging.getLogger(name).addFilter(MASKED)
    yield


@hookimpl
def crm_lifespan(crm: Crm) -> contextlib.AbstractAsyncContextManager[None]:
    """Keep the secrets of addresses out of what servers log."""
    return _mask_while_serving()


__all__ = ["FoldAgain", "hook", "hook_path", "new_secret", "take_or_keep"]
