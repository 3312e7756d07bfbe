"""Every kind of every plugin of ours has forms that come, take what they show back, and a page."""

from __future__ import annotations

import pytest

from crmkit.core.compose import installed
from crmkit.core.lists import ListRequest
from tests.ui.forms.test_forms import fields
from tests.ui.records.conftest import PAGE, RU

NAMES = ("accounts", "activities", "duplicates", "sales", "views", "webhooks")
BY_OTHER_MEANS = {"activities.file"}
"""Kinds whose records come by an upload alone."""


@pytest.fixture
def crm_plugins():
    return installed(NAMES)


@pytest.fixture
def crm_roles():
    return []


@pytest.fixture
def furnished(crm, uow):
    """The demo's data: a few of everything."""
    import random

    crm.hook.crm_demo(uow=uow, random=random.Random(1), size=8)
    uow.settle()


def test_forms_for_new_records_come(client, crm):
    for kind in crm.kinds.values():
        found = client.get(f"/{kind.key.replace('.', '/', 1)}/new", headers=RU)
        assert found.status_code == 200, kind.key
        assert "<form" in found.text


def test_an_empty_form_is_refused_at_its_fields_or_creates(client, crm):
    for kind in crm.kinds.values():
        if kind.key in BY_OTHER_MEANS:
            continue
        address = f"/{kind.key.replace('.', '/', 1)}/new"
        told = client.post(address, headers=PAGE, data=fields(client.get(address, headers=RU).text))
        assert told.status_code in (200, 422), (kind.key, told.text[:500])
        if told.status_code == 422:
            assert 'class="form-bad"' in told.text, kind.key


def test_what_a_form_shows_it_takes_back_and_pages_come(client, crm, uow, furnished):
    seen = 0
    for kind in crm.kinds.values():
        for row in uow.page(kind.cls, ListRequest(fields=["id", "version"], limit=2)).rows:
            address = f"/{kind.key.replace('.', '/', 1)}/{row['id']}"
            assert client.get(address, headers=RU).status_code == 200, address
            text = client.get(f"{address}/edit", headers=RU).text
            told = client.post(f"{address}/edit", headers=PAGE, data=fields(text))
            assert told.status_code == 200, (address, told.text[:3000])
            after = uow.page(kind.cls, ListRequest(filter={"id": row["id"]}, fields=["id", "version"], archived=None)).rows
            assert after == [row], address  # nothing was typed, so nothing was written
            seen += 1
    assert seen > 20
