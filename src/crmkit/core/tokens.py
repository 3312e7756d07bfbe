"""API tokens: made once, shown once, kept only as a digest."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
import threading
import time
import typing as t
import weakref
from collections.abc import Iterable

import attrs
import sqlalchemy as sa

from .access import SYSTEM, Actor
from .errors import Misuse, NotFound, Unauthenticated, closest
from .sql import Row
from .tables import token as table
from .text import _

if t.TYPE_CHECKING:
    from .compose import Crm

PREFIX = "crm_"
LENGTH = len(PREFIX) + 43  # 32 random bytes, base64url
TRUST_SECONDS = 3.0
"""How long a token that was found good is not looked up again; so long a revocation in another process may take."""
CACHED = 10_000
REFUSED = _("This token is not valid: it was revoked, has expired or never existed", ru="Токен недействителен: он отозван, истёк или не существовал")


@attrs.frozen
class TokenInfo:
    """What is known of a token; the token itself is not."""

    id: int
    name: str
    actor_id: int | None
    roles: tuple[str, ...]
    teams: tuple[int, ...]
    language: str | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None


def create_token(
    crm: Crm, name: str, roles: Iterable[str] = (), teams: Iterable[int] = (), actor_id: int | None = None, *,
    language: str | None = None, expires: dt.datetime | dt.timedelta | None = None, actor: Actor = SYSTEM,
) -> str:  # fmt: skip
    """Make a token and return it, the only time it can be seen. `expires` is a moment or a duration; None never expires."""
    roles = list(roles)
    unknown = [r for r in roles if r not in crm.access.roles]
    if unknown:
        raise Misuse(f"there is no role {unknown[0]!r}.{closest(unknown[0], crm.access.roles)}")
    if not name.strip() or len(name) > 200:
        raise Misuse("a token needs a name of 1 to 200 characters that says who uses it")
    made = PREFIX + secrets.token_urlsafe(32)
    with crm.uow(actor) as uow:
        until = uow.now + expires if isinstance(expires, dt.timedelta) else expires
        row = {
            "digest": _digest(made), "name": name, "actor_id": actor_id, "roles": roles, "teams": list(teams), "language": language,
            "created_at": uow.now, "expires_at": until, "revoked_at": None,
        }  # fmt: skip
        key = uow.connection.execute(table.insert().returning(table.c.id), row).scalar_one()
        uow.settling.journal("crmkit.token", key, "created", {"name": [None, name], "roles": [None, roles]})
    return made


def list_tokens(crm: Crm) -> list[TokenInfo]:
    """Return all tokens, revoked and expired ones too, oldest first."""
    columns = [table.c[a.name] for a in attrs.fields(TokenInfo)]
    with crm.read() as uow:
        return [_info(row) for row in uow.connection.execute(sa.select(*columns).order_by(table.c.id))]


def revoke_token(crm: Crm, key: int, *, actor: Actor = SYSTEM) -> None:
    """End a token: at once in this process, within seconds in others."""
    with crm.uow(actor) as uow:
        done = uow.connection.execute(table.update().where(table.c.id == key, table.c.revoked_at.is_(None)).values(revoked_at=uow.now))
        if done.rowcount == 0:
            raise NotFound(_("There is no token {id} that could be revoked", ru="Нет токена {id}, который можно отозвать").format(id=key))
        uow.settling.journal("crmkit.token", key, "revoked", {})
    tokens_of(crm).forget()


def _info(row: t.Any) -> TokenInfo:
    values = dict(zip([a.name for a in attrs.fields(TokenInfo)], row, strict=True))
    return TokenInfo(**values | {"roles": tuple(values["roles"]), "teams": tuple(values["teams"])})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@attrs.frozen
class Holder:
    """Whom a good token speaks for. `caller` tells tokens apart that speak for the same actor."""

    actor: Actor
    caller: str
    expires_at: dt.datetime | None


class Tokens:
    """Checks the tokens of one CRM, remembering good ones for a few seconds."""

    def __init__(self, crm: Crm) -> None:
        self._crm = weakref.ref(crm)
        self._good: dict[str, tuple[float, Holder]] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def check(self, token: str) -> Holder:
        """Return the holder of a token; `Unauthenticated` when it is not good."""
        crm = t.cast("Crm", self._crm())
        if len(token) != LENGTH or not token.startswith(PREFIX) or not token.isascii():
            raise Unauthenticated(REFUSED)
        digest = _digest(token)
        known = self._good.get(digest)
        if known is not None and time.monotonic() < known[0]:
            holder = known[1]
        else:
            holder = self._look_up(crm, digest)
        if holder.expires_at is not None and holder.expires_at <= crm.clock.now():
            raise Unauthenticated(REFUSED)
        return holder

    def _look_up(self, crm: Crm, digest: str) -> Holder:
        generation = self._generation
        with crm.database.read() as db:
            row = db.one(db.statements.get("token", _statement), {"digest": digest})
        if row is None or not hmac.compare_digest(row[0], digest) or row[-1] is not None:
            self._good.pop(digest, None)
            raise Unauthenticated(REFUSED)
        holder = _holder(row)
        with self._lock:  # a token revoked while it was being read must not be remembered as good
            if generation == self._generation:
                if len(self._good) >= CACHED:
                    self._good.clear()
                self._good[digest] = (time.monotonic() + TRUST_SECONDS, holder)
        return holder

    def forget(self) -> None:
        """Look everything up again."""
        with self._lock:
            self._generation += 1
            self._good.clear()


def _statement() -> t.Any:
    c = table.c
    return sa.select(c.digest, c.id, c.name, c.actor_id, c.roles, c.teams, c.language, c.expires_at, c.revoked_at).where(
        c.digest == sa.bindparam("digest")
    )


def _holder(row: Row) -> Holder:
    _, key, name, actor_id, roles, teams, language, expires_at, _ = row
    return Holder(Actor(actor_id, name, tuple(roles), tuple(teams), language), f"token:{key}", expires_at)


_TOKENS: weakref.WeakKeyDictionary[Crm, Tokens] = weakref.WeakKeyDictionary()


def tokens_of(crm: Crm) -> Tokens:
    """Return the checker of a CRM, one for each."""
    found = _TOKENS.get(crm)
    if found is None:
        found = _TOKENS.setdefault(crm, Tokens(crm))
    return found
