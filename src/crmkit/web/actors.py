"""Who is calling: the host's answer, else a plugin's (`crm_actor`), else an API token, else nobody."""

from __future__ import annotations

import inspect
import typing as t
import zlib

from starlette.requests import HTTPConnection

from ..core.access import ANONYMOUS, Actor
from ..core.errors import Forbidden, Unauthenticated
from ..core.text import _
from ..core.tokens import tokens_of

if t.TYPE_CHECKING:
    from .call import Call

WhoIs = t.Callable[[HTTPConnection], "Actor | t.Awaitable[Actor | None] | None"]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CROSS_SITE = _("A page of another site may not change anything here", ru="Страница другого сайта не может ничего здесь менять")


def is_async(function: t.Any) -> bool:
    """True for what must be awaited on the event loop."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(vars(type(function)).get("__call__"))


def identify(call: Call, host: Actor | None) -> None:
    """Fill in the call's actor. Runs in the handler's thread, for a plugin's answer may ask the database."""
    actor, crm = host, call.crm
    edge = call.edge
    if actor is None and edge.actor is not None and not edge.actor_is_async:
        actor = t.cast("Actor | None", edge.actor(HTTPConnection(call.scope)))
    if actor is None and "crm_actor" in crm.hooked:
        actor = crm.hook.crm_actor(crm=crm, connection=HTTPConnection(call.scope))
    if actor is None:
        token = bearer(call)
        if token is not None:
            holder = tokens_of(crm).check(token)
            call.actor, call.caller = holder.actor, holder.caller
            return
        actor = ANONYMOUS
    _same_site(call)
    call.actor = actor
    call.caller = f"actor:{actor.id}" if actor.id is not None else f"name:{actor.name}"[:80]


def demand_known(call: Call) -> None:
    """Refuse nobody at once, before anything is looked up on their behalf."""
    actor = call.actor
    if actor.id is None and not actor.roles and not actor.system:
        raise Unauthenticated()


def bearer(call: Call) -> str | None:
    """Return the API token of the request, if it carries one of ours."""
    given = call.header(b"authorization")
    if given is None or given[:7].lower() != "bearer ":
        return None
    token = given[7:].strip()
    return token if token.startswith("crm_") else None


def _same_site(call: Call) -> None:
    """Refuse a change a browser sends for another site's page: cookies, and a proxy's password, would come along by themselves.

    Browsers say which page asks in Sec-Fetch-Site, where the address is https, and in Origin everywhere. Programs say
    neither; a bearer token is sent by no browser of its own accord.
    """
    if call.method in SAFE or (call.header(b"authorization") or "")[:7].lower() == "bearer ":
        return
    site, origin = call.header(b"sec-fetch-site"), call.header(b"origin")
    if origin is not None and origin.lower().rstrip("/") in call.crm.settings.origins:
        return
    good = site in ("same-origin", "none") if site is not None else origin is None or _is_here(origin, call.header(b"host"))
    if not good:
        raise Forbidden(CROSS_SITE)


def _is_here(origin: str, host: str | None) -> bool:
    """True when an origin names the host that was asked; a port that goes without saying may be said."""
    scheme, _colon, place = origin.lower().rstrip("/").partition("://")
    port = {"http": ":80", "https": ":443"}.get(scheme)
    return bool(place) and port is not None and place.removesuffix(port) == (host or "").lower().removesuffix(port)


def who_of(actor: Actor) -> str:
    """Return a short word that tells people apart to scripts in a browser: two who use it after each other are not mistaken."""
    return str(actor.id) if actor.id is not None else f"x{zlib.crc32(str(actor.name).encode()):08x}"
