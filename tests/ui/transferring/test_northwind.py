"""Customers of Northwind, as somebody exports them: columns guessed, two left out that will not do, all of them imported, nothing twice."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from pathlib import Path

import pytest

from crmkit.core.compose import installed
from crmkit_sales import Company, Contact

DATA = Path(__file__).parents[4] / "shared" / "data"
NORTHWIND = DATA / "northwind" / "northwind.sqlite"
pytestmark = pytest.mark.skipif(not NORTHWIND.exists(), reason="the sample data is not beside this checkout")


@pytest.fixture
def crm_plugins():
    return list(installed(["activities", "sales"]))


@pytest.fixture
def crm_roles():
    return []


@pytest.fixture
def rows():
    """The customers as a CSV file, and how many they are."""
    with sqlite3.connect(f"file:{NORTHWIND}?mode=ro", uri=True) as old:
        found = old.execute("SELECT * FROM Customers")
        names, customers = [d[0] for d in found.description], found.fetchall()
    old.close()
    out = io.StringIO()
    csv.writer(out).writerows([names, *customers])
    return out.getvalue().encode(), len(customers)


def carry(client, deliver, kind: str, content: bytes) -> str:
    """Send, check and import a file as it was guessed, and return what the last page says."""
    path = client.post("/_/import", params={"name": "customers.csv", "kind": kind}, content=content).json()["path"]
    page = client.get(path).text
    form = {}
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>', page, flags=re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        form[name] = chosen[1] if chosen else ""
    form |= dict(re.findall(r'<input[^>]*? name="(source)"[^>]*? value="([^"]*)"', page))
    form.pop("add", None)
    form |= {n.replace("find.", "missing."): "empty" for n in form if n.startswith("find.")}
    form |= {n: "" for n, v in form.items() if v in ("country", "phone")}  # countries by name and numbers without them: the check says so
    form |= {"identity": "CustomerID", "update": "always"}
    client.post(path, data=form)
    assert client.post(path, data=form | {"go": "1"}, follow_redirects=False).status_code == 303
    deliver()
    client.post(f"{path}/act", data={"what": "run"})
    deliver()
    return client.get(path).text


def test_companies_and_their_people_come_in_once(client, crm, deliver, rows):
    content, count = rows
    for _time in range(2):
        carry(client, deliver, "sales.company", content)
        with crm.read() as uow:
            assert uow.find(Company).count() == count
            assert uow.find(Company).where(Company.name == "Alfreds Futterkiste").one().city == "Berlin"
    carry(client, deliver, "sales.contact", content)
    with crm.read() as uow:
        maria = uow.find(Contact).where(Contact.name == "Maria Anders").one()
        assert maria.company is not None
        assert maria.company.name == "Alfreds Futterkiste"
