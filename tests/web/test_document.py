"""The OpenAPI document says exactly what is served: schemathesis tries to find out otherwise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from crmkit import Crm
from crmkit.core.tokens import create_token
from tests.web.served import serve
from tests.web.world import PLUGINS, ROLES, Api

SOME = r"^/api/(sales/deal|sales/contact/\{id\}/do|loyalty|journal|jobs|me|meta|search)|^/healthz"


@pytest.fixture
def busy_crm(fresh_database: Any) -> Iterator[Crm]:
    crm = Crm(*PLUGINS, database=fresh_database("sqlite"), roles=ROLES, settings={"crmkit": {"jobs": False}})
    for table in crm.tables:
        table.create(crm.engine, checkfirst=True)
    yield crm
    crm.engine.dispose()


EVERYDAY = ("--phases", "fuzzing", "--max-examples", "1", "--max-time", "35")  # every operation once, if time allows; CRMKIT_TEST_LONG=1 looks longer


def run_schemathesis(base: str, token: str, *options: str) -> None:
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(Path(__file__).parents[2] / "schemathesis.toml"),
        "run",
        f"{base}/api/openapi.json",
        "--header",
        f"Authorization: Bearer {token}",
        "--seed",
        "1",
        "--generation-deterministic",
        "--no-shrink",
        "--continue-on-failure",
        "--warnings",
        "off",
        "--no-color",
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]


def test_schemathesis_finds_nothing(busy_crm: Crm):
    with serve(busy_crm.app) as base:
        token = create_token(busy_crm, "boss", ["boss"], actor_id=1)
        run_schemathesis(base, token, *EVERYDAY, "--include-path-regex", SOME)


@pytest.mark.slow
@pytest.mark.skipif("CRMKIT_TEST_LONG" not in os.environ, reason="two minutes of other data each time: CRMKIT_TEST_LONG=1 runs it")
def test_schemathesis_finds_nothing_however_long_it_looks(busy_crm: Crm):
    with serve(busy_crm.app) as base:
        token = create_token(busy_crm, "boss", ["boss"], actor_id=1)
        run_schemathesis(base, token, "--max-examples", "10", "--max-time", "120")


def test_the_document_is_whole(client: TestClient, boss: Api):
    document = client.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    names = re.findall(r'"#/components/schemas/(\w+)"', orjson.dumps(document).decode())
    assert set(names) <= set(document["components"]["schemas"])
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))
    assert client.get("/api/openapi.json?lang=ru").json()["components"]["schemas"]["SalesDeal"]["title"] == "Сделка"
    for path, methods in document["paths"].items():
        url = path.replace("{id}", "1")
        allowed = client.options(url).headers["allow"].split(", ")
        assert {m.upper() for m in methods} | {"OPTIONS"} == set(allowed) - {"HEAD"}, path


def test_every_secret_stays_out_of_the_document(client: TestClient):
    assert '"pin"' not in client.get("/api/openapi.json").text


def test_paths_are_grouped_by_plugin(client: TestClient):
    described = client.get("/api/openapi.json?lang=ru").json()
    used = {tag for methods in described["paths"].values() for one in methods.values() for tag in one["tags"]}
    grouped = [tag for group in described["x-tagGroups"] for tag in group["tags"]]
    assert sorted(grouped) == sorted(used)
    page = client.get("/api/docs?lang=ru").text
    for tag in used:
        assert f'<a href="#{tag}">' in page
        assert f'id="{tag}"' in page
