"""A CRM with sales, three people's tokens, and a client that speaks to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from crmkit import Crm, MovableClock
from crmkit.core.tokens import create_token
from tests.web.world import FAULTY_ROLES, WITH_FAULTS, Api


def make_tables(url: str) -> None:
    crm = Crm(*WITH_FAULTS, database=url)
    for table in crm.tables:
        table.create(crm.engine, checkfirst=True)
    crm.engine.dispose()


@pytest.fixture
def crm_url(copy_of) -> str:
    url: str = copy_of("web", make_tables)
    return url


@pytest.fixture
def crm(crm_url: str) -> Iterator[Crm]:
    made = Crm(*WITH_FAULTS, database=crm_url, roles=FAULTY_ROLES, clock=MovableClock(), settings={"crmkit": {"jobs": False}}, teams={7: None, 8: 7})
    yield made
    made.engine.dispose()


@pytest.fixture
def client(crm: Crm) -> Iterator[TestClient]:
    with TestClient(crm.app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def boss(crm: Crm, client: TestClient) -> Api:
    return Api(client, create_token(crm, "boss", ["boss"], actor_id=1))


@pytest.fixture
def ann(crm: Crm, client: TestClient) -> Api:
    return Api(client, create_token(crm, "ann", ["seller"], teams=[8], actor_id=2, language="ru"))


@pytest.fixture
def bob(crm: Crm, client: TestClient) -> Api:
    return Api(client, create_token(crm, "bob", ["seller"], teams=[7], actor_id=3))
