"""Personal API tokens: a program works as a person, with all their roles or some, for as long as the person may."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import PUBLIC, Invalid, NotFound, Problem, _, route

from .asked import key_of, myself, plain, read, secret
from .entities import Token, User
from .passwords import digest, new_secret
from .permissions import may_administer
from .settings import AccountsSettings

if t.TYPE_CHECKING:
    from starlette.requests import Request

    from crmkit import Uow

PREFIX = "crmu_"
table = Token.__table__
DAYS = _("from 1 to {days}", ru="от 1 до {days}")
NOT_YOURS = _("you do not hold the role {role}", ru="у вас нет роли {role}")


@attrs.frozen
class NewToken:
    """What makes a token: who it is for, how long it is good, and the roles it is narrowed to."""

    name: str
    days: int = 90
    roles: list[str] | None = None


@route("/tokens", permission=PUBLIC, methods=["POST"])
def create_token(request: Request, uow: Uow) -> t.Any:
    """Make a token for oneself and show it, this once."""
    from .sessions import demand_session

    me, asked = myself(uow), read(request, NewToken)
    demand_session(request, uow)
    made, token = issue(uow, me, asked)
    return secret({"id": token.id, "token": made, "expires_at": token.expires_at.isoformat()}, 201)


def issue(uow: Uow, me: User, asked: NewToken) -> tuple[str, Token]:
    """Make a token and return it, to be shown this once, with what is kept of it; `Invalid` says what cannot be."""
    longest = uow.crm[AccountsSettings].token_length.days
    problems = [Problem("roles", "unknown", NOT_YOURS.format(role=r)) for r in asked.roles or () if r not in uow.actor.roles]
    if not 1 <= asked.days <= longest:
        problems.append(Problem("days", "invalid", DAYS.format(days=longest)))
    if not asked.name.strip():
        problems.append(Problem("name", "required", _("say who uses it", ru="укажите, кто им пользуется")))
    if problems:
        raise Invalid(problems=problems)
    made = PREFIX + new_secret()[0]
    with uow.as_system():
        token = uow.add(Token(
            user_id=me.id, digest=digest(made), name=asked.name, roles=asked.roles, expires_at=uow.now + dt.timedelta(days=asked.days)))  # fmt: skip
        uow.flush()
    return made, token


@route("/tokens", permission=PUBLIC)
def list_tokens(request: Request, uow: Uow) -> t.Any:
    """List one's own tokens, or with ``?user=`` somebody else's: names and dates, never the tokens."""
    from .sessions import whose

    c = table.c
    shown = sa.select(c.id, c.name, c.roles, c.created_at, c.expires_at, c.seen_at, c.revoked_at).where(c.user_id == whose(request, uow))
    return {"tokens": [plain(row) for row in uow.connection.execute(shown.order_by(c.id))]}


@route("/tokens/{id}/revoke", permission=PUBLIC, methods=["POST"])
def revoke_token(request: Request, uow: Uow) -> t.Any:
    """End a token at once: one's own, or as an administrator anybody's."""
    from .sessions import myself_or_system

    revoke(uow, myself_or_system(uow), key_of(request))
    return {"revoked": 1}


def revoke(uow: Uow, me: int, key: int) -> None:
    """End a token; `NotFound` for somebody else's, unless an administrator asks."""
    c = table.c
    user = uow.connection.execute(sa.select(c.user_id).where(c.id == key, c.revoked_at.is_(None))).scalar_one_or_none()
    if user is None or (user != me and not may_administer(uow)):
        raise NotFound()
    uow.connection.execute(table.update().where(c.id == key).values(revoked_at=uow.now))
