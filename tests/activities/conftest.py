"""A CRM of the firm, its files in a folder of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crmkit.activities import plugin
from tests.activities.world import ANN, BOB, PDF, ROLES, Client, firm


@pytest.fixture
def crm_plugins() -> Any:
    return [plugin, firm]


@pytest.fixture
def crm_roles() -> Any:
    return ROLES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def crm_settings(folder: Path) -> Any:
    return {"activities": {"folder": str(folder), "kinds": {"demo": "Показ"}, "max_file_size": 1_000_000}}


@pytest.fixture
def hers(make) -> Client:
    client: Client = make(Client, name="Hers", owner_id=ANN.id, team_id=20)
    return client


@pytest.fixture
def his(make) -> Client:
    client: Client = make(Client, name="His", owner_id=BOB.id, team_id=30)
    return client


@pytest.fixture
def send(client) -> Any:
    """Upload a file about a client, as a body of its own."""

    def upload(about: Any, name: str = "a.pdf", content: bytes = PDF, **more: Any) -> Any:
        query = {"about_kind": "firm.client", "about_id": getattr(about, "id", about), "name": name}
        return client.post("/x/activities/files", params=query, content=content, **more)

    return upload
