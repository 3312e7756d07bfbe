"""Clients are compared where duplicates are looked for, and sales stands without that plugin as well."""

from __future__ import annotations

from typing import Any

import pytest

import crmkit_sales
from crmkit import activities, duplicates
from crmkit_sales import Company, Contact, ContactPoint, Way


@pytest.fixture
def crm_plugins() -> list[Any]:
    return [activities.plugin, duplicates.plugin, crmkit_sales.plugin]


def test_a_contact_is_recognised_by_a_second_number(crm, make, client):
    anna = make(Contact, name="Анна Петровна Щукина", phone="+79161234567")
    make(ContactPoint, contact_id=anna.id, way=Way.PHONE, value="+79031112233")
    asked = {"kind": "sales.contact", "values": {"name": "Щукина Анна", "phone": "8 (903) 111-22-33"}}
    answer = client.post("/x/duplicates/check", json=asked)
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["candidates"]
    assert found["id"] == anna.id
    assert "sales.contact_point.value" in {f for r in found["reasons"] for f in r["fields"]}


def test_a_company_is_recognised_whatever_its_form(crm, make, client):
    firm = make(Company, name='ООО "Ромашка"', tax_number="7707083893", city="Пермь")
    asked = {"kind": "sales.company", "values": {"name": "Ромашка, ООО", "tax_number": "7707083893"}}
    assert [c["id"] for c in client.post("/x/duplicates/check", json=asked).json()["candidates"]] == [firm.id]
