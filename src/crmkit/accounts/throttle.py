"""Guessing takes longer each time: failures are counted in the database, for the account and for the address."""

from __future__ import annotations

import datetime as dt
import ipaddress
import typing as t

import attrs
import sqlalchemy as sa

from .entities import Attempt
from .passwords import digest
from .settings import AccountsSettings

if t.TYPE_CHECKING:
    from crmkit import Uow

table = Attempt.__table__


@attrs.frozen
class Key:
    """What is counted: a digest, so that the table tells nobody which logins were tried, and how many failures are free."""

    digest: str
    free: int


def keys(uow: Uow, purpose: str, login: str, address: str | None) -> tuple[Key, ...]:
    """Return the account's key and the address's, always in this order, so that two attempts never wait for each other."""
    settings = uow.crm[AccountsSettings]
    return (
        Key(digest(f"{purpose} account {login}"), settings.free_failures),
        Key(digest(f"{purpose} address {_network(address)}"), settings.free_failures_address),
    )


def _network(address: str | None) -> str:
    """Return whom an address stands for: of IPv6 the first half, which one household has to itself.

    A server that listens on both protocols sees ``::ffff:192.0.2.1``: an address of IPv4, whose first half all of them share.
    """
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    known = getattr(known, "ipv4_mapped", None) or known
    return str(ipaddress.ip_network(f"{known}/64", strict=False)) if known.version == 6 else str(known)


def claim(uow: Uow, wanted: t.Sequence[Key]) -> dt.timedelta | None:
    """Count a failure in advance (a success takes it back) and return None, or how long to wait: then nothing was counted.

    Attempts at one account queue up behind its row, so that a hundred at once are counted one by one.
    """
    for place, key in enumerate(wanted):
        failures = _bump(uow, key)
        if failures is None:
            for counted in wanted[:place]:
                _take_back(uow, counted)
            return _wait(uow, key)
        delay = _delay(uow.crm[AccountsSettings], failures - key.free)
        uow.connection.execute(
            table.update().where(table.c.key == key.digest).values(blocked_until=uow.now + delay if delay else None))  # fmt: skip
    return None


def _bump(uow: Uow, key: Key) -> int | None:
    """Add one to a key's failures and return how many there are; None while it is blocked."""
    if uow.connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]

    c, now = table.c, uow.now
    stale = now - uow.crm[AccountsSettings].failures_forgotten
    row = {"key": key.digest, "failures": 1, "last_at": now, "created_at": now, "updated_at": now, "version": 1}
    counted = {"failures": sa.case((c.last_at < stale, 1), else_=c.failures + 1), "last_at": now}
    made = insert(table).values(row).on_conflict_do_update(
        index_elements=[c.key], set_=counted, where=sa.or_(c.blocked_until.is_(None), c.blocked_until <= now))  # fmt: skip
    return uow.connection.execute(made.returning(c.failures)).scalar_one_or_none()


def _take_back(uow: Uow, key: Key) -> None:
    here = table.c.key == key.digest
    fewer = sa.case((table.c.failures > 0, table.c.failures - 1), else_=0)
    uow.connection.execute(table.update().where(here).values(failures=fewer, blocked_until=None))


def _wait(uow: Uow, key: Key) -> dt.timedelta:
    until = uow.connection.execute(sa.select(table.c.blocked_until).where(table.c.key == key.digest)).scalar_one_or_none()
    return max(dt.timedelta(seconds=1), until - uow.now) if until is not None else dt.timedelta(seconds=1)


def _delay(settings: AccountsSettings, beyond: int) -> dt.timedelta | None:
    if beyond <= 0:
        return None
    return min(settings.longest_wait, dt.timedelta(seconds=2 ** min(beyond - 1, 30)))


def take_back(uow: Uow, wanted: t.Sequence[Key]) -> None:
    """Count this one attempt as none; failures before it stay."""
    for key in wanted:
        _take_back(uow, key)


def succeeded(uow: Uow, wanted: t.Sequence[Key]) -> None:
    """Forget the account's failures. The address only gets this one attempt back: others may still be guessing from there."""
    account, address = wanted
    uow.connection.execute(table.delete().where(table.c.key == account.digest))
    _take_back(uow, address)


def forget_old(uow: Uow) -> None:
    """Remove what no longer counts."""
    uow.connection.execute(table.delete().where(table.c.last_at < uow.now - uow.crm[AccountsSettings].failures_forgotten))
