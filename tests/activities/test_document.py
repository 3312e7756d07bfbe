"""The OpenAPI document says exactly what the plugins that come with crmkit serve."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from crmkit import Crm
from crmkit.activities import plugin
from crmkit.core.tokens import create_token
from crmkit.webhooks import plugin as webhooks
from tests.activities.world import ROLES, Client, firm
from tests.web.served import serve
from tests.web.test_document import EVERYDAY, run_schemathesis

LONG = ("--max-examples", "10", "--max-time", "120")


@pytest.mark.slow
def test_schemathesis_finds_nothing(fresh_database: Any, tmp_path: Path) -> None:
    settings = {"crmkit": {"jobs": False}, "activities": {"folder": str(tmp_path / "files")}}
    crm = Crm(plugin, webhooks, firm, database=fresh_database("sqlite"), roles=[*ROLES], settings=settings)
    for table in crm.tables:
        table.create(crm.engine, checkfirst=True)
    with crm.uow() as uow:
        uow.add(Client(name="a"))
    with serve(crm.app) as base:
        token = create_token(crm, "boss", ["boss"], actor_id=1)
        only = r"^/(x/|api/webhooks|api/activities/.*do)"
        run_schemathesis(base, token, *(LONG if "CRMKIT_TEST_LONG" in os.environ else EVERYDAY), "--include-path-regex", only)
    crm.engine.dispose()
