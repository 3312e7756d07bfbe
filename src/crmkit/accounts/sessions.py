"""Sessions: a cookie nobody can read, an end nobody can miss."""

from __future__ import annotations

import contextlib
import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import PUBLIC, Actor, Forbidden, NotFound, Unauthenticated, Unavailable, Uow, _, hookimpl, route

from .asked import address_of, key_of, myself, number, person, plain, read, root_of
from .entities import Session, Token, User
from .passwords import digest, new_secret
from .people import Known, known_by, notice
from .permissions import may_administer, require_administrator
from .settings import AccountsSettings
from .tokens import PREFIX

if t.TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request
    from starlette.responses import Response

    from crmkit import Crm

SAFE = ("GET", "HEAD", "OPTIONS")
NOTED_EVERY = dt.timedelta(minutes=1)
UNSURE = _("This request does not say which page it comes from (Origin); programs use a token, not a cookie",
    ru="Неизвестно, с какой страницы пришёл запрос (нет Origin); программы входят по токену, а не по cookie")  # fmt: skip
REFUSED = _("The token is not valid: unknown, revoked, expired, or its owner may no longer sign in",
    ru="Токен недействителен: неизвестен, отозван, истёк, или его владелец больше не может входить")  # fmt: skip
table = Session.__table__


# ---- who is calling ---------------------------------------------------------------------------------------------------------
@hookimpl
def crm_actor(crm: Crm, connection: HTTPConnection) -> Actor | None:
    """Say who calls by the session cookie or a personal token."""
    given = connection.headers.get("authorization", "")
    if given[:7].lower() == "bearer ":
        return _by_token(crm, given[7:].strip())
    settings = crm[AccountsSettings]
    cookie = connection.cookies.get(settings.cookie)
    if not cookie:
        return None
    known = known_by(crm, "session", digest(cookie), settings.session_idle)
    if known is None:
        return None
    if connection.scope.get("method", "GET") not in SAFE and not {"origin", "sec-fetch-site"} & set(connection.headers):
        raise Forbidden(UNSURE)  # where they are there, the kernel has compared them
    notice(crm, known.stamps)
    _note_use(crm, table, known)
    return known.actor


def _by_token(crm: Crm, token: str) -> Actor | None:
    if not token.startswith(PREFIX):
        notice(crm)  # a token of the kernel's has roles too
        return None
    known = known_by(crm, "token", digest(token))
    if known is None:
        raise Unauthenticated(REFUSED)
    notice(crm, known.stamps)
    _note_use(crm, Token.__table__, known)
    return known.actor


def _note_use(crm: Crm, where: sa.Table, known: Known) -> None:
    """Note that a session or token is in use, once a minute; a database that is busy has better things to do."""
    now = crm.clock.now()
    if known.seen_at is None or now - known.seen_at >= NOTED_EVERY:
        with contextlib.suppress(Unavailable), crm.uow() as uow:
            older = sa.or_(where.c.seen_at.is_(None), where.c.seen_at < now)
            uow.connection.execute(where.update().where(where.c.id == known.key, older).values(seen_at=now))


# ---- beginning and ending -----------------------------------------------------------------------------------------------------
def begin(uow: Uow, user: User, request: HTTPConnection, method: str) -> str:
    """Open a session for somebody who has just proved who they are, and return what goes into the cookie."""
    made, kept = new_secret()
    length = uow.crm[AccountsSettings].session_length
    agent = request.headers.get("user-agent", "")[:300].replace("\x00", "")
    with uow.as_system():
        uow.add(Session(
            user_id=user.id, digest=kept, method=method, seen_at=uow.now, expires_at=uow.now + length, address=address_of(request),
            agent=agent or None))  # fmt: skip
        uow.flush()
    return made


def set_cookie(response: Response, request: HTTPConnection, crm: Crm, value: str) -> Response:
    """Give a browser its session (an empty value takes it away): for this CRM's paths only, and for no script."""
    settings = crm[AccountsSettings]
    secure = request.url.scheme == "https" if settings.cookie_secure is None else settings.cookie_secure
    age = int(settings.session_length.total_seconds()) if value else 0
    response.set_cookie(settings.cookie, value, max_age=age, path=f"{root_of(request)}/", secure=secure, httponly=True, samesite="lax")
    return response


def end(uow: Uow, user: int, *, but: int | None = None) -> int:
    """End every session of a person, except perhaps one, and return how many that were."""
    c = table.c
    conditions = [c.user_id == user, c.ended_at.is_(None)] + ([c.id != but] if but is not None else [])
    return uow.connection.execute(table.update().where(*conditions).values(ended_at=uow.now)).rowcount


def current(request: HTTPConnection, uow: Uow) -> int | None:
    """Return the number of the session that makes this request, or None when a token or nobody does."""
    cookie = request.cookies.get(uow.crm[AccountsSettings].cookie)
    if not cookie or "authorization" in request.headers:
        return None
    statement = sa.select(table.c.id).where(table.c.digest == digest(cookie), table.c.user_id == uow.actor.id)
    return t.cast("int | None", uow.connection.execute(statement).scalar_one_or_none())


def demand_session(request: HTTPConnection, uow: Uow) -> int:
    """Return the session that asks; `Forbidden` for tokens: what decides over sign-in is for the person, not for a program."""
    found = current(request, uow)
    if found is None:
        raise Forbidden(_("Sign in with your password for this; a token may not do it", ru="Для этого войдите с паролем: токену это не разрешено"))
    return found


@attrs.frozen
class _Nothing:
    """No fields."""


# ---- routes -----------------------------------------------------------------------------------------------------------------
def whose(request: Request, uow: Uow) -> int:
    """Return the person a request asks about: oneself, or with ``?user=`` somebody else, which takes an administrator."""
    me, wanted = myself_or_system(uow), number(request, "user")
    if wanted is None or wanted == me:
        return wanted or me
    require_administrator(uow)
    return person(uow, wanted).id


def myself_or_system(uow: Uow) -> int:
    """Return the number of who asks."""
    return 0 if uow.actor.system else myself(uow).id


@route("/sessions", permission=PUBLIC)
def list_sessions(request: Request, uow: Uow) -> t.Any:
    """List one's own open sessions, or with ``?user=`` somebody else's."""
    return {"sessions": open_sessions(uow, whose(request, uow), current(request, uow))}


def open_sessions(uow: Uow, user: int, here: int | None) -> list[dict[str, t.Any]]:
    """Return somebody's open sessions, the one used last first; `current` marks the one that asks."""
    c, idle = table.c, uow.now - uow.crm[AccountsSettings].session_idle
    good = (c.user_id == user, c.ended_at.is_(None), c.expires_at > uow.now, c.seen_at > idle)
    shown = sa.select(c.id, c.created_at, c.seen_at, c.expires_at, c.method, c.address, c.agent).where(*good).order_by(c.seen_at.desc(), c.id.desc())
    return [{**plain(row), "current": row.id == here} for row in uow.connection.execute(shown)]


@route("/sessions/{id}/end", permission=PUBLIC, methods=["POST"])
def end_session(request: Request, uow: Uow) -> t.Any:
    """End one session: one's own, or as an administrator anybody's."""
    end_one(uow, myself_or_system(uow), key_of(request))
    return {"ended": 1}


def end_one(uow: Uow, me: int, key: int) -> None:
    """End a session; `NotFound` for somebody else's, unless an administrator asks."""
    c = table.c
    user = uow.connection.execute(sa.select(c.user_id).where(c.id == key, c.ended_at.is_(None))).scalar_one_or_none()
    if user is None or (user != me and not may_administer(uow)):
        raise NotFound()
    uow.connection.execute(table.update().where(c.id == key).values(ended_at=uow.now))


@route("/sessions/end", permission=PUBLIC, methods=["POST"])
def end_sessions(request: Request, uow: Uow) -> t.Any:
    """End all of one's other sessions, or with ``?user=`` all of somebody else's."""
    read(request, _Nothing)
    user = whose(request, uow)
    return {"ended": end(uow, user, but=current(request, uow))}


