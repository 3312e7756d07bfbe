"""Importing contacts from CSV with rules and journal on, against the driver alone writing the same rows into the same tables.

`python -m bench.imports --database postgresql --rows 100000`

Both begin with the same empty database, in the same run. The floor gets the finished rows of every table the import
filled (contacts and their points, journal, external ids, search …) from memory and writes them as fast as the driver can: COPY on
PostgreSQL, executemany on SQLite, into the same tables with the same indexes. It parses nothing, checks nothing and resolves
nothing. Both are measured by the clock and in CPU (this process and its database backends), which a busy machine disturbs less.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import orjson
import sqlalchemy as sa

from bench import place as places
from bench.data import FIRST, LAST
from bench.measure import cpu_seconds
from crmkit import Crm, Plugin
from crmkit.core.compose import installed
from crmkit.transfer.mapping import read_mapping
from crmkit.transfer.run import Import

MAPPING = """
[import.companies]
from = {file = "companies.csv"}
into = "sales.company"
id = "No"
fields = {name = "Name", city = "City"}

[import.contacts]
from = {file = "contacts.csv"}
into = "sales.contact"
id = "Client"
[import.contacts.fields]
name = "{First name} {Surname}"
phone = "Phone"
email = "E-mail"
position = {column = "Position", map = {1 = "Director", 2 = "Buyer", 3 = "Clerk"}}
company = {column = "Company", ref = "companies"}
"""


def write_files(folder: Path, rows: int) -> Path:
    """Write a mapping, a hundredth as many companies, and contacts."""
    chance = random.Random(7)
    companies = max(1, rows // 100)
    with (folder / "companies.csv").open("w", encoding="utf-8") as stream:
        stream.write("No,Name,City\n")
        stream.writelines(f"c{n},Company {n},{chance.choice(('Perm', 'Omsk', 'Tver'))}\n" for n in range(companies))
    with (folder / "contacts.csv").open("w", encoding="utf-8") as stream:
        stream.write("Client;First name;Surname;Phone;E-mail;Position;Company\n")
        for n in range(rows):
            stream.write(f"{n};{chance.choice(FIRST)};{chance.choice(LAST)} {n};+7 (9{n % 10}2) {n % 1000:03}-{n // 1000 % 100:02}-{n % 97:02};")
            stream.write(f"c{n}@example.ru;{n % 3 + 1};c{chance.randrange(companies)}\n")
    (folder / "m.toml").write_text(MAPPING)
    return folder / "m.toml"


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock and of CPU."""

    wall: float
    cpu: float


@dataclass
class Watch:
    """Measures what is done between `start` and `stop` to one database."""

    place: places.Place

    def start(self) -> Watch:
        """Begin."""
        self._cpu, self._began = self._used(), time.perf_counter()
        return self

    def stop(self) -> Spent:
        """Return what was spent since; backends that came meanwhile count whole."""
        wall, used = time.perf_counter() - self._began, self._used()
        return Spent(wall, sum(seconds - self._cpu.get(who, 0.0) for who, seconds in used.items()))

    def _used(self) -> dict[int, float]:
        return {0: time.process_time()} | {pid: cpu_seconds(pid) for pid in places.backends(self.place)}


def compose(place: places.Place, names: list[str]) -> Crm:
    """Return a CRM of some plugins and what they need, migrated."""
    plugins: list[Plugin] = installed(names)
    crm = Crm(*plugins, database=place.sqlalchemy, settings={"crmkit": {"jobs": False}})
    crm.migrate()
    return crm


def timed_import(crm: Crm, place: places.Place, mapping: Path) -> tuple[Spent, int]:
    """Return what it took, and rows."""
    watch = Watch(place).start()
    work = Import(crm=crm, mapping=read_mapping(mapping, crm))
    work.begin()
    report = work.run()
    spent = watch.stop()
    if report.total("wrong"):
        sys.exit(f"{report.total('wrong')} rows were wrong: {report.troubles[0]}")
    return spent, report.total("rows")


def filled(crm: Crm, empty: Crm) -> dict[str, tuple[list[str], list[tuple[object, ...]]]]:
    """Return the driver's rows of every table that has some now and has none in an empty CRM, in an order that can be loaded."""
    found = {}
    with crm.engine.connect() as source, empty.engine.connect() as other:
        for table in crm.tables:
            if other.execute(sa.select(sa.func.count()).select_from(table)).scalar_one():
                continue
            names = [f'"{c.name}"' for c in table.columns]
            rows = [tuple(row) for row in source.exec_driver_sql(f"SELECT {', '.join(names)} FROM {table.name}")]
            if rows:
                found[table.name] = (names, rows)
    return found


def floor(crm: Crm, place: places.Place, tables: dict[str, tuple[list[str], list[tuple[object, ...]]]]) -> Spent:
    """Write the rows by the driver alone, in one transaction; return what it took."""
    ready = {name: (cols, [tuple(orjson.dumps(v).decode() if isinstance(v, dict | list)
        else v for v in row) for row in rows]) for name, (cols, rows) in tables.items()}
    raw = crm.engine.raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    watch = Watch(place).start()
    if crm.database.postgres:
        with driver.cursor() as cursor:
            for name, (columns, rows) in ready.items():
                with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
        driver.commit()
    else:
        driver.execute("BEGIN IMMEDIATE")
        for name, (columns, rows) in ready.items():
            driver.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)
        driver.execute("COMMIT")
    spent = watch.stop()
    raw.close()
    return spent


def measure(database: str, rows: int, folder: Path, names: list[str]) -> float:
    """Measure one database and tell; return the share of the floor's speed."""
    mapping = write_files(folder, rows)
    spots = [places.fresh(database) for _ in range(3)]
    crm, untouched, plain = (compose(place, names) for place in spots)
    loaded, count = timed_import(crm, spots[0], mapping)
    again, _count = timed_import(crm, spots[0], mapping)
    tables = filled(crm, untouched)
    least = floor(plain, spots[2], tables)
    share = least.wall / loaded.wall
    print(f"{database}: {count:,} rows into {', '.join(sorted(tables))}")
    alone = "COPY alone" if database == "postgresql" else "executemany alone"
    for label, spent in (("import", loaded), ("nothing changed", again), (alone, least)):
        print(f"  {label:<18}{count / spent.wall:>10,.0f} rows a second   {spent.wall:.2f} s   {spent.cpu / count * 1e6:,.0f} µs of CPU a row")
    print(f"  the import runs at {share:.2f} of it, in CPU {least.cpu / loaded.cpu:.2f}; wanted: 0.20")
    for one in (crm, untouched, plain):
        one.engine.dispose()
    return share


def main() -> int:
    """Measure; 1 when an import is slower than a fifth of the floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=(*places.DATABASES, "both"), default="both")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--plugins", default="sales", help="separated by commas: sales,duplicates keeps the index of duplicates too")
    options = parser.parse_args()
    chosen = places.DATABASES if options.database == "both" else [options.database]
    shares = [measure(database, options.rows, places.folder(), options.plugins.split(",")) for database in chosen]
    return int(min(shares) < 0.2)


if __name__ == "__main__":
    sys.exit(main())
