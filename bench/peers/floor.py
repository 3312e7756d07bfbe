"""The floor: the same business writes by hand, in SQL, on the bare driver."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from bench import plain
from bench.data import MOVES, STAGES, Data, NewDeal, sqlite_value, utc_now
from bench.peers import CARDS, PAGE, Actor, Counts, Peer, Refused
from bench.place import Place

STAGE = "SELECT id, needs_amount FROM bench_stage WHERE code = ?"
LOCK = "SELECT stage_id, amount, owner_id, version, archived_at FROM bench_deal WHERE id = ?"
UPDATE = (
    "UPDATE bench_deal SET stage_id = ?, stage_since = ?, updated_at = ?, version = version + 1"
    " WHERE id = ? AND version = ?"
)
HISTORY = "INSERT INTO bench_stage_history (deal_id, from_stage_id, to_stage_id, actor_id, at) VALUES (?, ?, ?, ?, ?)"
FOLLOW_UP = "INSERT INTO bench_follow_up (deal_id, owner_id, text, due_at, created_at) VALUES (?, ?, ?, ?, ?)"
PAGE_COLUMNS = (
    *("id", "title", "amount", "currency", "stage_id", "owner_id", "created_at", "version"),
    *("company", "contact"),
)
PAGE_SQL = (
    "SELECT d.id, d.title, d.amount, d.currency, d.stage_id, d.owner_id, d.created_at, d.version, co.name, c.name"
    " FROM bench_deal d LEFT JOIN bench_company co ON co.id = d.company_id"
    " LEFT JOIN bench_contact c ON c.id = d.contact_id"
    f" WHERE d.owner_id = ? AND d.archived_at IS NULL AND d.id < ? ORDER BY d.id DESC LIMIT {PAGE}"
)
SUMS = "SELECT stage_id, count(*), sum(amount) FROM bench_deal WHERE archived_at IS NULL{mine} GROUP BY stage_id"
CARD_COLUMNS = ("id", "title", "amount", "currency", "owner_id", "stage_since")
CARDS_OF_ONE = (
    f"SELECT stage_id, {', '.join(CARD_COLUMNS)} FROM bench_deal"
    f" WHERE stage_id = {{stage}} AND archived_at IS NULL{{mine}} ORDER BY id DESC LIMIT {CARDS}"
)
COUNTS = (
    "SELECT (SELECT count(*) FROM bench_deal), (SELECT count(*) FROM bench_stage_history),"
    " (SELECT count(*) FROM bench_follow_up), (SELECT count(*) FROM bench_journal)"
)
JOURNAL_COLUMNS = ("at", "actor_id", "entity", "record_id", "action", "changes")


class Floor(Peer):
    """Raw psycopg or sqlite3; one connection, autocommit, an explicit transaction round what writes."""

    label: ClassVar[str] = "raw driver (the floor)"

    @classmethod
    def build(cls, place: Place, data: Data) -> None:
        """The plain schema, for every peer that works on it."""
        plain.build(place, data)

    def __new__(cls, place: Place, data: Data) -> Self:
        """psycopg or sqlite3, by the database."""
        chosen: Any = SqliteFloor if place.database == "sqlite" else PsycopgFloor
        made: Self = super().__new__(chosen)
        return made

    lock: str
    begin: str
    connection: Any

    def now(self) -> Any:
        """The time in the driver's form, in UTC."""
        raise NotImplementedError

    def run(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Execute one statement written with question marks."""
        raise NotImplementedError

    def move(self, deal_id: int, stage: str, actor: Actor) -> None:
        """Look up, lock, check, update, history row, follow-up row."""
        run = self.run
        run(self.begin)
        try:
            target = run(STAGE, (stage,)).fetchone()
            deal = run(self.lock, (deal_id,)).fetchone()
            _check(deal, target, actor)
            now, later = self.now(), self.later()
            if run(UPDATE, (target[0], now, now, deal_id, deal[3])).rowcount != 1:
                raise Refused("changed meanwhile")
            run(HISTORY, (deal_id, deal[0], target[0], actor.id, now))
            run(FOLLOW_UP, (deal_id, deal[2], f"Call about {stage}", later, now))
        except BaseException:
            run("ROLLBACK")
            raise
        run("COMMIT")

    def later(self) -> Any:
        """When the follow-up is due, in the driver's form."""
        raise NotImplementedError

    def page(self, actor: Actor, before: int) -> list[Mapping[str, Any]]:
        """One statement, rows as dicts."""
        return [dict(zip(PAGE_COLUMNS, row, strict=True)) for row in self.run(PAGE_SQL, (actor.id, before)).fetchall()]

    def board(self, actor: Actor | None) -> list[Mapping[str, Any]]:
        """Two statements: the sums, then ten short index scans in one."""
        mine, values = (" AND owner_id = ?", [actor.id]) if actor else ("", [])
        sums = {stage: (n, total) for stage, n, total in self.run(SUMS.format(mine=mine), values).fetchall()}
        cards: dict[int, list[Mapping[str, Any]]] = {stage.id: [] for stage in STAGES}
        for stage_id, *card in self.run(self.cards(mine), values * len(STAGES)).fetchall():
            cards[stage_id].append(dict(zip(CARD_COLUMNS, card, strict=True)))
        columns: list[Mapping[str, Any]] = []
        for stage in STAGES:
            count, total = sums.get(stage.id, (0, 0))
            columns.append({"stage": stage.code, "count": count, "sum": total, "cards": cards[stage.id]})
        return columns

    def cards(self, mine: str) -> str:
        """The statement for the first cards of all columns."""
        each = (f"SELECT * FROM ({CARDS_OF_ONE.format(stage=stage.id, mine=mine)}) c{stage.id}" for stage in STAGES)
        return " UNION ALL ".join(each)

    def bulk(self, deals: Sequence[NewDeal], actor: Actor) -> None:
        """The database's fastest way in."""
        raise NotImplementedError

    def counts(self) -> Counts:
        """One statement."""
        return Counts(*self.run(COUNTS).fetchone())

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def _check(deal: Sequence[Any] | None, target: Sequence[Any] | None, actor: Actor) -> None:
    if deal is None or target is None or deal[4] is not None:
        raise Refused("no such deal or stage")
    if deal[2] != actor.id:
        raise Refused("not yours")
    if target[0] not in MOVES[deal[0]]:
        raise Refused("not from here")
    if target[1] and deal[1] is None:
        raise Refused("amount is missing")


class PsycopgFloor(Floor):
    """psycopg 3; repeated statements are prepared by the driver itself."""

    lock = LOCK.replace("?", "%s") + " FOR UPDATE"
    begin = "BEGIN"

    def __init__(self, place: Place, data: Data) -> None:
        """Connect."""
        import psycopg

        self.connection = psycopg.connect(place.dsn, autocommit=True)
        self.cursor = self.connection.cursor()
        self.texts: dict[str, str] = {}

    def now(self) -> datetime:
        """An aware datetime."""
        return utc_now()

    def later(self) -> datetime:
        """Tomorrow."""
        return utc_now() + timedelta(days=1)

    def run(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """One round trip."""
        text = self.texts.get(statement)
        if text is None:
            text = self.texts[statement] = statement.replace("?", "%s")
        return self.cursor.execute(text, values)

    def bulk(self, deals: Sequence[NewDeal], actor: Actor) -> None:
        """Reserve the keys, then COPY the deals and COPY their journal."""
        now = utc_now()
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence('bench_deal', 'id')) FROM generate_series(1, %s)", (len(deals),)
            )
            keys = [key for (key,) in cursor.fetchall()]
            with cursor.copy(f"COPY bench_deal ({', '.join(plain.DEAL_COLUMNS)}) FROM STDIN") as copy:
                for key, deal in zip(keys, deals, strict=True):
                    copy.write_row((key, *deal, now, now, now, 1))
            with cursor.copy(f"COPY bench_journal ({', '.join(JOURNAL_COLUMNS)}) FROM STDIN") as copy:
                for key, deal in zip(keys, deals, strict=True):
                    copy.write_row((now, actor.id, "deal", key, "created", changes_of(deal)))


class SqliteFloor(Floor):
    """The standard library's sqlite3, WAL, foreign keys on."""

    lock = LOCK  # BEGIN IMMEDIATE holds the only write lock there is
    begin = "BEGIN IMMEDIATE"

    def __init__(self, place: Place, data: Data) -> None:
        """Open the file."""
        self.connection = sqlite3.connect(place.dsn, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.run = self.connection.execute  # type: ignore[method-assign]

    def now(self) -> str:
        """UTC text."""
        return f"{utc_now():%Y-%m-%d %H:%M:%S.%f}"

    def later(self) -> str:
        """Tomorrow."""
        return f"{utc_now() + timedelta(days=1):%Y-%m-%d %H:%M:%S.%f}"

    def bulk(self, deals: Sequence[NewDeal], actor: Actor) -> None:
        """Two executemany in one transaction; keys follow the largest one."""
        now = self.now()
        self.run("BEGIN IMMEDIATE")
        first = self.run("SELECT max(id) FROM bench_deal").fetchone()[0] + 1
        self.connection.executemany(
            f"INSERT INTO bench_deal ({', '.join(plain.DEAL_COLUMNS)}) VALUES (?{', ?' * 12})",
            [
                (key, *(sqlite_value(value) for value in deal), now, now, now, 1)
                for key, deal in enumerate(deals, first)
            ],
        )
        self.connection.executemany(
            f"INSERT INTO bench_journal ({', '.join(JOURNAL_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?)",
            [(now, actor.id, "deal", key, "created", changes_of(deal)) for key, deal in enumerate(deals, first)],
        )
        self.run("COMMIT")


def changes_of(deal: NewDeal) -> str:
    """The journal's text for a created deal."""
    return json.dumps({"title": deal.title, "amount": str(deal.amount), "stage_id": deal.stage_id})
