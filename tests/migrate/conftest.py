"""Two databases, a kernel and two small plugins whose models can be changed from test to test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit.core.database import open_engine
from crmkit.core.jobs.table import cron, job
from crmkit.core.migrate import Owner, make, upgrade
from crmkit.core.migrate.ledger import PLUGIN


@pytest.fixture
def empty(database: str, fresh_database: Callable[[str], str]) -> Iterator[Callable[[], sa.Engine]]:
    """Gives as many engines as wanted, each on an empty database of the same kind."""
    made: list[sa.Engine] = []

    def new() -> sa.Engine:
        made.append(open_engine(fresh_database(database)))
        return made[-1]

    yield new
    for engine in made:
        engine.dispose()


@pytest.fixture
def engine(empty: Callable[[], sa.Engine]) -> sa.Engine:
    return empty()


class House:
    """A kernel and plugins with scripts in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.owners: dict[str, Owner] = {}
        self.put("core", [PLUGIN, job, cron])

    def put(self, name: str, tables: list[sa.Table], requires: tuple[str, ...] = ()) -> Owner:
        self.owners[name] = Owner(name, tables, self.folder / name / "migrations", requires)
        return self.owners[name]

    def write(self, message: str = "first tables") -> None:
        for owner in self.owners.values():
            make(owner, message)

    def script(self, name: str, number: int, upgrade: str, downgrade: str = "pass") -> Path:
        """Write a revision by hand."""
        down = f'"{name}_{number - 1:04d}"' if number > 1 else None
        path = self.folder / name / "migrations" / f"{number:04d}_by_hand.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f'"""By hand."""\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = "{name}_{number:04d}"\n'
            f"down_revision = {down}\n\n\ndef upgrade():\n    {upgrade}\n\n\ndef downgrade():\n    {downgrade}\n"
        )
        return path

    def __iter__(self) -> Iterator[Owner]:
        return iter(self.owners.values())


JOBS = [
    (1, "dental", "'a'", "pending", "NULL"),
    (2, "dental", "'b'", "dead", "NULL"),
    (3, "sales", "'c'", "pending", "NULL"),
    (4, "dental", "NULL", "held", "5"),
    (5, "dental", "'a'", "running", "NULL"),
]


def columns(*extra: sa.schema.SchemaItem) -> list[sa.schema.SchemaItem]:
    key = sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    return [key, *extra]


def table(name: str, *extra: Any) -> sa.Table:
    """A table with a `MetaData` of its own, as every model class has."""
    from crmkit.core.record import NAMING

    return sa.Table(name, sa.MetaData(naming_convention=NAMING), *columns(*extra))


def sales() -> list[sa.Table]:
    company = table("sales_company", sa.Column("name", sa.String(200), nullable=False, index=True))
    deal = table(
        "sales_deal",
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("company_id", sa.ForeignKey(company.c.id), index=True),
        sa.Column("won", sa.Boolean, nullable=False),
    )
    won = deal.c.won == sa.true()
    sa.Index("ix_sales_deal_won", deal.c.title, unique=True, postgresql_where=won, sqlite_where=won)
    sa.Index("ix_sales_deal_fold", sa.func.lower(deal.c.title))
    return [company, deal]


def dental(company: sa.Table) -> list[sa.Table]:
    patient = sa.Table(
        "dental_patient",
        sa.MetaData(naming_convention=company.metadata.naming_convention),
        sa.Column("id", sa.ForeignKey(company.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("teeth", sa.Integer, sa.CheckConstraint("teeth >= 0", name="teeth")),
        sa.Column("code", sa.String(10), unique=True),
    )
    return [patient]


def three(folder: Path) -> House:
    made = House(folder)
    tables = sales()
    made.put("sales", tables)
    made.put("dental", dental(tables[0]), ("sales",))
    return made


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "plugins"
    three(folder).write()
    return folder


@pytest.fixture
def house(tmp_path: Path, written: Path) -> House:
    """The kernel, sales, and dental which requires sales; their first scripts are written."""
    shutil.copytree(written, tmp_path / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    return three(tmp_path / "plugins")


@pytest.fixture
def ready(house: House, engine: sa.Engine) -> House:
    """The house, migrated, with a company, its patient, two deals and jobs."""
    upgrade(engine, house)
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO sales_company (id, name) VALUES (1, 'Acme'), (2, 'Bolt')",
            "INSERT INTO sales_deal (id, title, company_id, won) VALUES (1, 'first', 1, true), (2, 'second', 2, false)",
            "INSERT INTO dental_patient (id, teeth) VALUES (1, 32), (2, 30)",
            (
                "INSERT INTO crm_job_cron (name, spec, tz, kind, args, next_at, plugin) "
                "VALUES ('dental.daily', '0 1 * * *', 'UTC', 'dental.daily', '{}', 0, 'dental')"
            ),
            *(
                "INSERT INTO crm_job (id, kind, args, plugin, key, state, run_at, held_at) "
                f"VALUES ({number}, 'call', '{{}}', '{plugin}', {key}, '{state}', 0, {held})"
                for number, plugin, key, state, held in JOBS
            ),
        ):
            connection.exec_driver_sql(statement)
    return house


def rows(engine: sa.Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]
