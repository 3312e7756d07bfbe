"""The same 20,000 contacts and 100,000 (or a million) deals for every peer, and a fast way into its tables.

Every value is a function of the record's number, so that two processes agree on the data without passing it round:
the worker knows the stage and the owner of deal 4711 without asking the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from bench.place import Place

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FIRST = ("Anna", "Boris", "Vera", "Gleb", "Darya", "Egor", "Zhanna", "Ivan", "Kira", "Lev", "Maria", "Nikita")
LAST = ("Orlova", "Petrov", "Romanova", "Sidorov", "Titova", "Ustinov", "Fedorova", "Chernov", "Shubina", "Yakovlev")
TRADES = ("Clinic", "Bakery", "Garage", "Printers", "Logistics", "Optics", "School", "Foundry")


class Stage(NamedTuple):
    """One of ten columns of the board."""

    id: int
    code: str
    label: str
    outcome: str
    needs_amount: bool


STAGES = tuple(
    Stage(n, f"s{n:02d}", f"Stage {n}", {9: "won", 10: "lost"}.get(n, "open"), needs_amount=n >= 3)
    for n in range(1, 11)
)
BY_CODE = {stage.code: stage for stage in STAGES}
# Forward by one, anything to the last, and the last reopens: enough edges for a guard to have something to look at.
MOVES: dict[int, frozenset[int]] = {n: frozenset({n % 10 + 1, 10} - {n}) for n in range(1, 11)}


class NewDeal(NamedTuple):
    """A deal to create: what a person or an import would give."""

    title: str
    amount: Decimal
    currency: str
    stage_id: int
    contact_id: int
    company_id: int
    owner_id: int
    team_id: int


def mix(number: int, salt: int) -> int:
    """A well spread 32-bit number: the same for the same arguments, on every machine."""
    number = (number * 0x9E3779B1 + salt * 0x85EBCA77) & 0xFFFFFFFF
    number = ((number ^ (number >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    return number ^ (number >> 15)


@dataclass(frozen=True)
class Data:
    """How much there is, and every record of it by number (numbers start at 1)."""

    deals: int = 100_000
    contacts: int = 20_000
    companies: int = 2_000
    owners: int = 100
    teams: int = 10

    def owner_of(self, deal: int) -> int:
        """The owner of a deal; every owner has about one hundredth of them."""
        return 1 + mix(deal, 1) % self.owners

    def team_of(self, owner: int) -> int:
        """The team of an owner."""
        return 1 + (owner - 1) % self.teams

    def stage_of(self, deal: int) -> Stage:
        """The stage a deal is loaded in."""
        return STAGES[mix(deal, 2) % len(STAGES)]

    def company_of(self, contact: int) -> int:
        """The company of a contact."""
        return 1 + mix(contact, 3) % self.companies

    def new_deal(self, number: int) -> NewDeal:
        """What deal `number` consists of; numbers beyond `deals` are for bulk creation."""
        owner = self.owner_of(number)
        contact = 1 + mix(number, 4) % self.contacts
        amount = Decimal(100_00 + mix(number, 5) % 50_000_00).scaleb(-2)
        company = self.company_of(contact)
        stage = self.stage_of(number).id
        return NewDeal(f"Deal {number}", amount, "RUB", stage, contact, company, owner, self.team_of(owner))

    def person(self, number: int) -> str:
        """A believable name."""
        return f"{FIRST[mix(number, 6) % len(FIRST)]} {LAST[mix(number, 7) % len(LAST)]}"

    def company(self, number: int) -> str:
        """A believable company name."""
        return f"{LAST[mix(number, 8) % len(LAST)]} {TRADES[mix(number, 9) % len(TRADES)]} {number}"

    def born(self, deal: int) -> datetime:
        """When a deal was created, in UTC."""
        return START + timedelta(minutes=deal * (300 * 24 * 60 / self.deals))

    def contact_rows(self) -> Iterator[tuple[Any, ...]]:
        """(id, name, phone, email, company_id, owner_id, team_id) of every contact."""
        for n in range(1, self.contacts + 1):
            owner = 1 + mix(n, 10) % self.owners
            contact = (n, self.person(n), f"+7900{n:07d}", f"p{n}@example.com", self.company_of(n))
            yield (*contact, owner, self.team_of(owner))

    def deal_rows(self) -> Iterator[tuple[int, NewDeal, datetime]]:
        """(id, deal, created at) of every deal."""
        for n in range(1, self.deals + 1):
            yield n, self.new_deal(n), self.born(n)


def utc_now() -> datetime:
    """The time of day: the peers are other people's programs, and have no `crm.clock`."""
    return datetime.now(UTC)  # noqa: TID251 - see the docstring


def sqlite_value(value: Any) -> Any:
    """How the plain schema keeps a value in SQLite: UTC text for times, a number for money."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return float(value) if isinstance(value, Decimal) else value


def load(
    place: Place,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    sqlite: Callable[[Any], Any] = sqlite_value,
) -> None:
    """Put rows into a table of any schema, by COPY on PostgreSQL and executemany on SQLite.

    `sqlite` converts one value for SQLite: a peer that keeps money or time its own way passes its own.
    A sequence behind `id` is moved past the largest one.
    """
    names = ", ".join(columns)
    if place.database == "sqlite":
        connection = sqlite3.connect(place.dsn)
        with connection:
            marks = ", ".join("?" * len(columns))
            values = (tuple(sqlite(value) for value in row) for row in rows)
            connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        connection.close()
        return
    import psycopg

    with psycopg.connect(place.dsn) as connection_pg, connection_pg.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        if "id" in columns:
            cursor.execute(
                f"SELECT setval(s, (SELECT max(id) FROM {table})) FROM pg_get_serial_sequence('{table}', 'id') s"
                " WHERE s IS NOT NULL"
            )


def settle(place: Place) -> None:
    """Bring a loaded database to rest: statistics, hint bits, a checkpoint. Every schema gets the same."""
    if place.database == "sqlite":
        connection = sqlite3.connect(place.dsn, isolation_level=None)
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return
    import psycopg

    with psycopg.connect(place.dsn, autocommit=True) as connection_pg:
        connection_pg.execute("VACUUM (ANALYZE)")
        connection_pg.execute("CHECKPOINT")
