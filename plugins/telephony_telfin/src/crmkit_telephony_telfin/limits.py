"""The hourly limit: one for all processes, kept in the database, so that nobody runs into it and people's calls come first."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import math
import secrets
import threading
import typing as t
from collections.abc import Iterator, Mapping

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from crmkit import Crm, Uow
from crmkit_telephony import ProviderError

from . import words
from .settings import TelfinSettings
from .tables import accounts

log = logging.getLogger("crmkit.telephony_telfin")
FRESH = dt.timedelta(seconds=5)
"""How old another process's count may be while there is plenty left."""
LONGEST_QUESTION = dt.timedelta(seconds=60)
HOUR = dt.timedelta(hours=1)
AHEAD = 0.05


@attrs.frozen
class Left:
    """What is left of an hour."""

    most: int
    remaining: int
    reset_at: dt.datetime


# Written once and compiled once: a dialer asks these many times a second.
_A = accounts.c
_FREE = sa.or_(_A.asking_until.is_(None), _A.asking_until <= sa.bindparam("now", type_=_A.asking_until.type))
_TAKEN = sa.update(accounts).where(_A.app_id == sa.bindparam("app"), _FREE).values(
    asking=sa.bindparam("me"), asking_until=sa.bindparam("until", type_=_A.asking_until.type)).returning(_A.app_id)  # fmt: skip
_GIVEN_BACK = sa.update(accounts).where(_A.app_id == sa.bindparam("app"), _A.asking == sa.bindparam("me")).values(
    asking=sa.null(), asking_until=sa.null())  # fmt: skip


class Limits:
    """The limit of one application, as one process knows it.

    Telfin tells with every answer what is left. A process believes its own count, looks at the others' every five seconds, and at
    every request once little is left.
    """

    def __init__(self, crm: Crm) -> None:
        self.crm, self.settings = crm, crm[TelfinSettings]
        self._left: Left | None = None
        self._read_at = self._written_at = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._lock, self._stats = threading.Lock(), threading.Lock()

    # ---- before and after a request ---------------------------------------------------------------------------------
    def admit(self, *, urgent: bool) -> None:
        """Count a request that is about to be made; `ProviderError` when it would be one too many."""
        now = self.crm.clock.now()
        self._look(now)
        with self._lock:
            left = self._left
            if left is None:
                return
            if now >= left.reset_at:
                self._left = None
                return
            floor = 0 if urgent else self._reserve(left)
            if left.remaining <= floor:
                raise self.used_up(left, now, words.LIMIT if left.remaining <= 0 else words.RESERVED)
            self._left = attrs.evolve(left, remaining=left.remaining - 1)

    def heard(self, headers: Mapping[str, str], *, over: bool = False) -> None:
        """Take down what an answer said is left; `over`: it was a refusal because of the limit."""
        now = self.crm.clock.now()
        said = _said(headers, now)
        if over:
            said = Left(said.most if said else 0, 0, said.reset_at if said else _next_hour(now))
        if said is None:
            return
        with self._lock:
            known = self._left
            same_hour = known is not None and abs(known.reset_at - said.reset_at) < dt.timedelta(minutes=1)
            if known is not None and same_hour and known.remaining < said.remaining and not over:
                said = attrs.evolve(said, remaining=known.remaining)  # answers overtake each other
            self._left = said
            tell = over or self._low(said) or now - self._written_at >= FRESH
        if tell:
            self._written_at = now
            self._write(said, now)

    def left(self) -> Left | None:
        """What is left of this hour, None where Telfin has not said so yet."""
        now = self.crm.clock.now()
        self._look(now)
        return self._left if self._left is not None and now < self._left.reset_at else None

    def over_until(self) -> dt.datetime | None:
        """Until when nothing at all is left of this hour, as far as this process knows by heart."""
        left = self._left
        return left.reset_at if left is not None and left.remaining <= 0 and self.crm.clock.now() < left.reset_at else None

    def hurried(self) -> bool:
        """True when requests are used up faster than the hour goes by, as far as this process knows by heart."""
        left, now = self._left, self.crm.clock.now()
        return left is not None and now < left.reset_at and left.remaining / max(left.most, 1) < (left.reset_at - now) / HOUR - AHEAD

    def used_up(self, left: Left, now: dt.datetime, what: str) -> ProviderError:
        """The error of a request that has to wait for the next hour."""
        local = left.reset_at.astimezone(self.crm.zone)
        return ProviderError(what.format(most=left.most or "?", time=f"{local:%H:%M}"), again=True, after=max(left.reset_at - now, FRESH))

    # ---- one question at a time -------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Ask the history: it refuses two questions at once, from whichever process they come."""
        busy = ProviderError(words.STATS_BUSY, again=True, after=dt.timedelta(seconds=10))
        if not self._stats.acquire(timeout=self.settings.timeout.total_seconds()):
            raise busy
        me = secrets.token_hex(8)
        try:
            if not self._take(me):
                raise busy
            try:
                yield
            finally:
                self._give_back(me)
        finally:
            self._stats.release()

    def _take(self, me: str) -> bool:
        now = self.crm.clock.now()
        asked = {"app": self.settings.app_id, "now": now, "me": me, "until": now + LONGEST_QUESTION}
        with self.crm.uow() as uow:
            if uow.run(_TAKEN, asked):
                return True
            self._row(uow)  # the first question of all finds none
            return bool(uow.run(_TAKEN, asked))

    def _give_back(self, me: str) -> None:
        with self.crm.uow() as uow:
            uow.run(_GIVEN_BACK, {"app": self.settings.app_id, "me": me}, wait=False)

    # ---- the database -----------------------------------------------------------------------------------------------
    def _look(self, now: dt.datetime) -> None:
        """Take over what other processes know, if it is worse."""
        with self._lock:
            if now - self._read_at < FRESH and not (self._left is not None and self._low(self._left)):
                return
            self._read_at = now
        with self.crm.read() as uow:
            row = uow.connection.execute(sa.select(accounts).where(accounts.c.app_id == self.settings.app_id)).first()
        if row is None or row.reset_at is None or row.reset_at <= now:
            return
        theirs = Left(row.most, row.remaining, row.reset_at)
        with self._lock:
            mine = self._left
            if mine is None or mine.reset_at <= now or theirs.remaining < mine.remaining:
                self._left = theirs

    def _write(self, said: Left, now: dt.datetime) -> None:
        c = accounts.c
        earlier = sa.or_(c.reset_at.is_(None), c.reset_at < said.reset_at - dt.timedelta(minutes=1), c.remaining > said.remaining)
        changed = sa.update(accounts).where(c.app_id == self.settings.app_id, earlier)
        try:
            with self.crm.uow() as uow:
                self._row(uow)
                uow.connection.execute(changed.values(most=said.most, remaining=said.remaining, reset_at=said.reset_at, seen_at=now))
        except sa.exc.DBAPIError:  # the call itself has been made: not knowing the count must not undo it
            log.warning("what is left of Telfin's hourly limit could not be written down", exc_info=True)

    def _row(self, uow: Uow) -> None:
        add_missing(uow, accounts, app_id=self.settings.app_id)

    def _reserve(self, left: Left) -> int:
        return math.ceil(left.most * self.settings.reserve)

    def _low(self, left: Left) -> bool:
        return left.remaining <= max(2 * self._reserve(left), 50)


def add_missing(uow: Uow, table: sa.Table, **values: t.Any) -> None:
    """Insert a row unless it is there."""
    insert: t.Any = postgresql.insert(table) if uow.connection.dialect.name == "postgresql" else sqlite.insert(table)
    uow.connection.execute(insert.values(**values).on_conflict_do_nothing())


def _said(headers: Mapping[str, str], now: dt.datetime) -> Left | None:
    """``X-RateLimit-Reset`` is the number of seconds until then, not a moment."""
    try:
        most, remaining, seconds = (int(headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))
    except (KeyError, ValueError):
        return None
    return Left(most, remaining, now + min(max(dt.timedelta(seconds=min(seconds, 86400)), dt.timedelta(0)), 2 * HOUR))


def _next_hour(now: dt.datetime) -> dt.datetime:
    return now.replace(minute=0, second=0, microsecond=0) + HOUR
