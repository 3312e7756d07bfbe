"""Marks: points in the database's history from which what was missed can be told again.

A mark is a transaction number below which everything has been told, with the moment it was read. On PostgreSQL it is the
oldest transaction still at work, so that one which commits late is told again rather than lost; on SQLite the next number.
"""

from __future__ import annotations

import re
import typing as t

import attrs
import sqlalchemy as sa

from ...core.ledger import NEXT_TX, journal, message
from ...core.live import Message

if t.TYPE_CHECKING:
    from ...core.compose import Crm
    from ...core.sql import Db

KEPT_SECONDS = 55 * 60
"""Messages are kept for an hour; an older mark cannot be caught up with."""
MOST = 5000
WINDOW, STRETCH = 10_000, 2000
WRITTEN = re.compile(r"(\d{1,18})-(\d{1,12})")
OLDEST_AT_WORK = "SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"


@attrs.frozen
class Mark:
    """Everything of transactions below `tx` has been told; `at` is when that was read, in seconds since 1970."""

    tx: int
    at: int

    def __str__(self) -> str:
        return f"{self.tx}-{self.at}"


def parse(text: str) -> Mark | None:
    """Return a mark as a client gives it back, or None."""
    match = WRITTEN.fullmatch(text)
    return Mark(int(match[1]), int(match[2])) if match and text.isascii() else None


def read_mark(crm: Crm, db: Db) -> Mark:
    """Return the mark of this moment."""
    at = int(crm.clock.now().timestamp())
    return Mark(db.driver(OLDEST_AT_WORK if db.postgres else NEXT_TX).fetchone()[0], at)


def since(crm: Crm, db: Db, mark: Mark, topics: t.Iterable[str], here: Mark) -> list[Message] | None:
    """Return what happened to `topics` since a mark, each thing once; None when that can no longer be told."""
    if here.at - mark.at > KEPT_SECONDS or mark.tx > here.tx:
        return None
    wanted = sorted(topics)
    recent = _recent(db, mark)
    told = sa.select(recent.c.kind, recent.c.record_id).where(recent.c.kind.in_(wanted))
    published = sa.select(message.c.topic, message.c.record_id).where(message.c.tx >= mark.tx, message.c.topic.in_(wanted))
    rows = db.connection.execute(sa.union(told, published).limit(MOST + 1)).all()
    if len(rows) > MOST or (db.postgres and not _reaches(db, mark)):
        return None
    return [Message(topic, key) for topic, key in rows]


def _recent(db: Db, mark: Mark) -> t.Any:
    """Return the journal from a mark on. SQLite's transactions come in the order of ids; PostgreSQL's only about so."""
    c = journal.c
    if not db.postgres:
        return sa.select(c.kind, c.record_id).where(c.id >= mark.tx).order_by(c.id).subquery()
    newest = sa.select(c.kind, c.record_id, c.tx).order_by(c.id.desc()).limit(WINDOW).subquery()
    return sa.select(newest.c.kind, newest.c.record_id).where(newest.c.tx >= mark.tx).subquery()


def _reaches(db: Db, mark: Mark) -> bool:
    """True when the newest rows go back well beyond a mark: their oldest stretch is all older, or there are no others."""
    c = journal.c
    newest = sa.select(c.id, c.tx).order_by(c.id.desc()).limit(WINDOW).subquery()
    stretch = sa.select(newest.c.tx).order_by(newest.c.id).limit(STRETCH).subquery()
    whole = sa.select(sa.func.count()).select_from(newest).scalar_subquery()
    younger = sa.select(sa.func.count()).where(stretch.c.tx >= mark.tx).scalar_subquery()
    rows, late = db.connection.execute(sa.select(whole, younger)).one()
    return bool(rows < WINDOW or late == 0)
