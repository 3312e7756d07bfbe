"""Search over 100,000 contacts: p50 and p95 of a search by name, by part of a number and by both, and its statements.

`python -m bench.search --database postgresql --contacts 100000`. The peer is what one writes by hand: ``LIKE '%…%'`` over three
columns in lower case, under the same row rule, newest first. It neither knows other spellings nor layouts, and does not rank.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import String

from bench import place as places
from bench.data import mix
from crmkit import Actor, Crm, Email, Mapped, Owned, Phone, Plugin, Role, column

FIRST = [
    "Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Иван", "Кира", "Лев", "Мария", "Никита", "Ольга", "Пётр", "Роман",
    "Софья", "Татьяна", "Ульяна", "Фёдор", "Юрий",
]  # fmt: skip
LAST = [
    "Орлов", "Петров", "Романов", "Сидоров", "Титов", "Устинов", "Фёдоров", "Чернов", "Шубин", "Яковлев", "Щербаков", "Белов",
    "Громов", "Дроздов", "Ежов", "Зимин", "Иванов",
]  # fmt: skip
QUESTIONS = {
    "name, whole": "щербаков анна", "name, beginning": "щерб", "part of a number": "916123", "name and number": "ива 916",
    "nothing": "журавлёв", "other alphabet": "scherbakov", "two letters": "ив",
}  # fmt: skip


class Contact(Owned, table="benchfind_contact"):
    """Whom one looks for."""

    name: Mapped[str] = column(String(200), search=True, personal=True)
    phone: Mapped[str | None] = column(Phone, default=None, search=True, personal=True)
    email: Mapped[str | None] = column(Email, default=None, search=True, personal=True)


ROLES = (Role("all", {"benchfind.*": "all"}), Role("own", {"benchfind.*": "own"}))
plugin = Plugin("benchfind", modules=[__name__])


def contact(number: int) -> dict[str, Any]:
    """Return the contact of a number: the same in every run."""
    first, last = FIRST[mix(number, 1) % len(FIRST)], LAST[mix(number, 2) % len(LAST)]
    last += "а" if first[-1] in "ая" else ""
    phone = f"+7{(916, 495, 903, 342)[mix(number, 3) % 4]}{mix(number, 4) % 10**7:07}"
    return {"name": f"{last} {first} {number}", "phone": phone, "email": f"client{number}@example.ru", "owner_id": mix(number, 5) % 100 + 1}


def by_hand(crm: Crm, actor: Actor, question: str) -> int:
    """Run the statement one would write."""
    table = Contact.__table__
    words = [f"%{word}%" for word in question.split()]
    lower: Callable[..., Any] = sa.func.lower if crm.database.postgres else sa.func.crm_fold
    found = [sa.or_(*(lower(table.c[name]).like(word) for name in ("name", "phone", "email"))) for word in words]
    rule = [table.c.owner_id == actor.id] if "own" in actor.roles else []
    statement = sa.select(table.c.id, table.c.name, table.c.phone).where(*found, *rule, table.c.archived_at.is_(None))
    with crm.read(actor) as uow:
        return len(uow.connection.execute(statement.order_by(table.c.updated_at.desc()).limit(20)).all())


def searched(crm: Crm, actor: Actor, question: str) -> int:
    """Search."""
    with crm.read(actor) as uow:
        return len(uow.search(question))


def measure(crm: Crm, run: Callable[[Crm, Actor, str], int], actor: Actor, question: str, calls: int) -> tuple[int, float, float]:
    """Return how many were found, and p50 and p95 in milliseconds."""
    found, walls = run(crm, actor, question), []
    for _call in range(calls):
        started = time.perf_counter()
        run(crm, actor, question)
        walls.append((time.perf_counter() - started) * 1e3)
    return found, statistics.median(walls), sorted(walls)[int(len(walls) * 0.95)]


def statements(crm: Crm, actor: Actor) -> int:
    """Return how many statements one search is."""
    said: list[str] = []
    note = lambda *args: said.append(args[2])  # noqa: E731
    sa.event.listen(crm.engine, "before_cursor_execute", note)
    searched(crm, actor, "ива 916")
    sa.event.remove(crm.engine, "before_cursor_execute", note)
    return len(said)


def one_database(database: str, contacts: int, calls: int) -> None:
    """Fill a database and print its table."""
    crm = Crm(plugin, database=places.fresh(database).sqlalchemy.replace("+psycopg", ""), roles=ROLES)
    for table in crm.tables:
        table.create(crm.engine)
    started, numbers = time.perf_counter(), iter(range(contacts))
    while some := list(itertools.islice(numbers, 20_000)):
        with crm.uow() as uow:
            uow.add_many(Contact, [contact(number) for number in some])
    filled = time.perf_counter() - started
    if crm.database.postgres:
        with crm.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    everybody, owner = Actor(1, "all", ("all",)), Actor(7, "own", ("own",))
    print(f"\n{database}: {contacts:,} contacts added with their documents, {contacts / filled:,.0f} a second; ", end="")
    print(f"a search is {statements(crm, everybody)} statements\n{'':34}{'found':>7}{'p50 ms':>9}{'p95 ms':>9}   LIKE by hand")
    for actor in (everybody, owner):
        for name, question in QUESTIONS.items():
            ours, theirs = (measure(crm, run, actor, question, calls) for run in (searched, by_hand))
            cells = f"{ours[0]:>7}{ours[1]:>9.2f}{ours[2]:>9.2f}{theirs[0]:>10}{theirs[1]:>9.2f}{theirs[2]:>9.2f}"
            print(f"{actor.name + ': ' + name + ', ' + question:<34}{cells}")
    crm.engine.dispose()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=(*places.DATABASES, "both"), default="both")
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=40)
    options = parser.parse_args()
    for database in places.DATABASES if options.database == "both" else [options.database]:
        one_database(database, options.contacts, options.calls)


if __name__ == "__main__":
    main()
