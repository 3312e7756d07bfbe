"""The pytest plugin `crmkit`: loaded by pytest itself, and the only module that imports it.

Say which plugins a test's CRM is made of in the settings of pytest, or by overriding the fixture `crm_plugins`::

    [tool.pytest.ini_options]
    crmkit_plugins = ["crmkit_feedback:plugin"]
"""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Callable, Generator, Iterator

import pytest

if t.TYPE_CHECKING:
    from crmkit import Crm, Message, MovableClock, Plugin, Role, Uow

    from .client import Client
    from .databases import Databases
    from .kit import Kit, Seen
    from .queries import Queries

CHOICES = ("sqlite", "postgresql", "both")
_failed = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kit."""
    group = parser.getgroup("crmkit")
    group.addoption(
        "--crm-database",
        choices=CHOICES,
        default=None,
        help="run tests of the fixture crm on sqlite, postgresql or both",
    )
    parser.addini("crm_database", "the default of --crm-database (sqlite)", default="sqlite")
    parser.addini(
        "crmkit_plugins",
        "the plugins of the fixture crm: package:attribute, or installed names",
        type="args",
        default=[],
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that has a CRM once for every database asked for."""
    if "crm_database" not in metafunc.fixturenames or _overridden(metafunc):
        return
    chosen = metafunc.config.getoption("--crm-database") or metafunc.config.getini("crm_database")
    if chosen not in CHOICES:
        raise pytest.UsageError(f"crm_database = {chosen!r}: write one of {', '.join(CHOICES)}")
    kinds = ("sqlite", "postgresql") if chosen == "both" else (chosen,)
    metafunc.parametrize("crm_database", kinds, indirect=True)


def _overridden(metafunc: pytest.Metafunc) -> bool:
    definitions = metafunc._arg2fixturedefs.get("crm_database", ())
    marked = any("crm_database" in str(mark.args[:1]) for mark in metafunc.definition.iter_markers("parametrize"))
    return marked or (bool(definitions) and definitions[-1].func.__module__ != __name__)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, t.Any, t.Any]:
    """Remember a failure, so that what it left behind is not reported as a second one."""
    report: t.Any = yield
    if report.when == "call" and report.failed:
        item.stash[_failed] = True
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the embedded PostgreSQL while there is time: pytest-xdist kills a worker that takes long to end."""
    if hasattr(session.config, "workerinput") and (postgres := sys.modules.get("crmkit.testing.postgres")):
        postgres.leave()


@pytest.fixture(scope="session")
def crm_databases() -> Iterator[Databases]:
    """Makes databases, keeping one migrated template for each set of plugins."""
    from .databases import Databases

    made = Databases()
    yield made
    made.close(ending=True)


@pytest.fixture
def crm_database(request: pytest.FixtureRequest) -> str:
    """Which database this run of the test is on: ``sqlite`` or ``postgresql``. Override it to pin one."""
    from .databases import NO_POSTGRESQL, has_postgresql

    name: str = request.param
    if name == "postgresql" and not has_postgresql():
        pytest.skip(NO_POSTGRESQL)
    return name


@pytest.fixture
def crm_plugins(pytestconfig: pytest.Config) -> list[Plugin]:
    """The plugins of the CRM under test, as ini option ``crmkit_plugins`` names them; override it to choose others."""
    from .kit import load_plugin

    names: list[str] = pytestconfig.getini("crmkit_plugins")
    if not names:
        raise pytest.UsageError(
            'say which plugins to test: crmkit_plugins = ["my_package:plugin"] in [tool.pytest.ini_options], or a '
            "fixture crm_plugins"
        )
    return [load_plugin(name) for name in names]


@pytest.fixture
def crm_settings() -> dict[str, t.Any]:
    """The tables of crmkit.toml for the CRM under test; override it to try others."""
    return {}


@pytest.fixture
def crm_roles() -> list[Role]:
    """The roles of the CRM under test; override it to have some."""
    return []


@pytest.fixture
def clock() -> MovableClock:
    """The time of the CRM under test: it stands still until ``clock.forward(days=3)`` or ``clock.set(moment)``."""
    from crmkit import MovableClock

    return MovableClock()


@pytest.fixture
def crm_kit(
    request: pytest.FixtureRequest, crm_databases: Databases, crm_database: str, crm_plugins: list[Plugin],
    crm_settings: dict[str, t.Any], crm_roles: list[Role], clock: MovableClock,
) -> Iterator[Kit]:  # fmt: skip
    """All of the kit in one object; the other fixtures are parts of it."""
    from .kit import Kit

    kit = Kit(crm_plugins, crm_databases, database=crm_database, settings=crm_settings, roles=crm_roles, clock=clock)
    yield kit
    kit.close(discard=_failed in request.node.stash)


@pytest.fixture
def crm(crm_kit: Kit) -> Crm:
    """The CRM under test, composed of `crm_plugins` and what they require, on a database of its own."""
    return crm_kit.crm


@pytest.fixture
def uow(crm_kit: Kit) -> Uow:
    """SYSTEM's unit of work, open for the whole test.

    It is committed and opened again by itself whenever something else works on the database: `make`, `deliver`, the
    clock, `client`, ``with crm.uow(...)``. What raises undoes everything that was not committed yet.
    """
    return crm_kit.uow


@pytest.fixture
def make(crm_kit: Kit) -> t.Any:
    """``make(Contact, name="Ann")`` saves a record, required fields that are not given filled in, and returns it."""
    return crm_kit.make


@pytest.fixture
def deliver(crm_kit: Kit) -> Callable[..., int]:
    """``deliver()`` runs everything due now; ``deliver(until=timedelta(days=30))`` everything on the way there."""
    return crm_kit.deliver


@pytest.fixture
def emitted(crm_kit: Kit) -> Seen[object]:
    """The events of all committed units of work, in order: ``emitted.of(Moved[Deal])``."""
    return crm_kit.emitted


@pytest.fixture
def published(crm_kit: Kit) -> Seen[Message]:
    """The live messages of all committed units of work, in order."""
    return crm_kit.published


@pytest.fixture
def queries(crm_kit: Kit) -> Queries:
    """The SQL statements of the test: ``with queries.at_most(3): …``."""
    crm_kit.queries.clear()
    return crm_kit.queries


@pytest.fixture
def client(crm_kit: Kit) -> Iterator[Client]:
    """``client.get("/api/sales/deal")``: Starlette's test client, signed in as somebody who may do everything.

    ``client.act_as(Actor(7, roles=["manager"]))`` makes the following requests as somebody else.
    """
    from .client import Client

    with Client(crm_kit) as made:
        yield made
