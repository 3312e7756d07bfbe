"""Signing in and out by password, and changing it."""

from __future__ import annotations

import datetime as dt
import math
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import PUBLIC, Email, Invalid, Problem, Text, Uow, _, route

from . import throttle
from .asked import address_of, myself, read, refusal, secret
from .entities import User
from .passwords import passwords_of, problem_with
from .second_factor import passes, wanted
from .sessions import begin, current, demand_session, end, set_cookie
from .settings import AccountsSettings

if t.TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request

WRONG = _("Login or password is wrong", ru="Неверный логин или пароль")
SLOWLY = _("Too many attempts; wait and try again", ru="Слишком много попыток; подождите и попробуйте снова")
CODE = _("Enter the code of your second factor", ru="Введите код второго фактора")
WRONG_PASSWORD = _("this is not your password", ru="это не ваш пароль")


@attrs.frozen
class SignIn:
    """What signs somebody in."""

    login: str = attrs.field(repr=False)
    password: str = attrs.field(repr=False)
    code: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class NewPassword:
    """The password of now, and the one to be."""

    password: str = attrs.field(repr=False)
    new: str = attrs.field(repr=False)


@attrs.frozen
class Refused:
    """Why somebody is not let in, in words that tell nobody who exists; `wait` is how long until the next try."""

    status: int
    code: str
    words: Text
    wait: dt.timedelta | None = None
    user: User | None = attrs.field(default=None, repr=False)
    """Whose password was right, when only the code of the second factor is missing."""


@route("/login", permission=PUBLIC, methods=["POST"])
def login(request: Request, uow: Uow) -> t.Any:
    """Sign in: sets the session cookie. An unknown login, a wrong password and a person who may not sign in look the same."""
    asked = read(request, SignIn)
    found = prove(uow, address_of(request), asked.login, asked.password, asked.code)
    if isinstance(found, Refused):
        return told(request, uow, found)
    cookie = signed_in(request, uow, found, "password", asked.password)
    return set_cookie(secret({"id": found.id, "name": found.name, "language": found.language}), request, uow.crm, cookie)


def prove(uow: Uow, address: str | None, typed: str, password: str, code: str | None) -> User | Refused:
    """Return whose login and password these are, and whose code; guesses are counted, and slowed down."""
    name = normal(typed)
    keys = throttle.keys(uow, "login", name, address)
    wait = throttle.claim(uow, keys)
    if wait is not None:
        return Refused(429, "too-many-attempts", SLOWLY, wait)
    user = _by_login(uow, name)
    good = passwords_of(uow.crm).verify(user.password_hash if user is not None else None, password)
    if user is None or not good or not user.active or user.archived_at is not None:
        return Refused(401, "unauthenticated", WRONG)
    return _with_code(uow, keys, user, code)


def prove_code(uow: Uow, address: str | None, key: int, code: str) -> User | Refused:
    """Return the person whose password was right a moment ago, when the code of their second factor is right too."""
    user = uow.peek(User, key)
    keys = throttle.keys(uow, "login", user.login if user is not None else "", address)
    wait = throttle.claim(uow, keys)
    if wait is not None:
        return Refused(429, "too-many-attempts", SLOWLY, wait)
    user = _by_login(uow, user.login) if user is not None else None
    if user is None or not user.active or user.archived_at is not None:
        return Refused(401, "unauthenticated", WRONG)
    return _with_code(uow, keys, user, code)


def _with_code(uow: Uow, keys: tuple[throttle.Key, ...], user: User, code: str | None) -> User | Refused:
    if wanted(user) and not (code or "").strip():  # the password was right: no guess, and nothing is forgotten either
        throttle.take_back(uow, keys)
        return Refused(401, "second-factor", CODE, user=user)
    if wanted(user) and not passes(uow, user, code):
        return Refused(401, "second-factor", CODE)
    throttle.succeeded(uow, keys)
    return user


def signed_in(request: HTTPConnection, uow: Uow, user: User, method: str, password: str | None = None) -> str:
    """Open the session of somebody who has proved who they are, and return what goes into the cookie."""
    hasher = passwords_of(uow.crm)
    if password is not None and user.password_hash is not None and hasher.outdated(user.password_hash):
        store_password(uow, user, password)
    leave(request, uow)  # whoever signs in anew in one browser leaves the session before
    return begin(uow, user, request, method)


def leave(request: HTTPConnection, uow: Uow) -> None:
    """End the session of this browser, if there is one."""
    from .entities import Session

    here = current(request, uow)
    if here is not None:
        uow.connection.execute(Session.__table__.update().where(Session.__table__.c.id == here).values(ended_at=uow.now))


def normal(login: str) -> str:
    """Return a login as it is stored, or what cannot be one as it was typed."""
    try:
        return Email.clean(login)[:254]
    except ValueError:
        return login.strip().lower()[:254].replace("\x00", "")


def _by_login(uow: Uow, login: str) -> User | None:
    """Return the person with a login, their row held: a password changed meanwhile is seen, one that is being changed waited for."""
    key = uow.connection.execute(sa.select(User.__table__.c.id).where(User.__table__.c.login == login).with_for_update()).scalar_one_or_none()
    return uow.peek(User, key if key is not None else 0)


def told(request: Request, uow: Uow, refused: Refused) -> t.Any:
    """Answer why somebody is not let in."""
    headers = {"retry-after": str(math.ceil(refused.wait.total_seconds()))} if refused.wait is not None else None
    return refusal(request, uow, refused.status, refused.code, refused.words, headers)


def too_many(request: Request, uow: Uow, wait: dt.timedelta) -> t.Any:
    """Answer that somebody has to wait, and how long."""
    return told(request, uow, Refused(429, "too-many-attempts", SLOWLY, wait))


def store_password(uow: Uow, user: User, password: str) -> None:
    """Set somebody's password."""
    with uow.as_system():
        user.password_hash = passwords_of(uow.crm).hash(password)
        uow.flush()


@route("/logout", permission=PUBLIC, methods=["POST"])
def logout(request: Request, uow: Uow) -> t.Any:
    """End this session and take the cookie away; without one nothing happens."""
    leave(request, uow)
    return set_cookie(secret({"signed_in": False}), request, uow.crm, "")


@route("/password", permission=PUBLIC, methods=["POST"])
def change_password(request: Request, uow: Uow) -> t.Any:
    """Change one's own password; every other session ends."""
    asked, me = read(request, NewPassword), myself(uow)
    here = demand_session(request, uow)
    refused = confirm(request, uow, me, asked.password)
    if refused is not None:
        return refused
    change(uow, me, asked.new, here)
    return {"changed": True}


def change(uow: Uow, me: User, new: str, here: int | None) -> None:
    """Set one's own new password and end the other sessions; `Invalid` says what is wrong with it."""
    wrong = problem_with(new, me, uow.crm[AccountsSettings])
    if wrong is not None:
        raise Invalid(problems=[Problem("new", "weak", wrong)])
    store_password(uow, me, new)
    end(uow, me.id, but=here)


def confirm(request: Request, uow: Uow, me: User, password: str) -> t.Any:
    """Return None when the person who asks knows their password, else the answer to give: guesses are counted here too."""
    refused = doubt(uow, address_of(request), me, password)
    return told(request, uow, refused) if refused is not None else None


def doubt(uow: Uow, address: str | None, me: User, password: str) -> Refused | None:
    """Return None when somebody knows their password, else why they are not believed; guesses are counted here too."""
    keys = throttle.keys(uow, "login", me.login, address)
    wait = throttle.claim(uow, keys)
    if wait is not None:
        return Refused(429, "too-many-attempts", SLOWLY, wait)
    if not passwords_of(uow.crm).verify(me.password_hash, password):
        return Refused(403, "forbidden", WRONG_PASSWORD)
    throttle.succeeded(uow, keys)
    return None


@route("/me", permission=PUBLIC)
def me(request: Request, uow: Uow) -> t.Any:
    """Tell who is signed in: roles and teams as of now, whom they stand in for, and whether there is a second factor."""
    user, actor = myself(uow), uow.actor
    return {
        "id": user.id, "login": user.login, "name": user.name, "language": user.language, "position": user.position, "phone": user.phone,
        "roles": list(actor.roles), "teams": list(actor.teams), "acts_for": list(actor.acts_for), "second_factor": wanted(user),
        "has_password": user.password_hash is not None,
    }  # fmt: skip


