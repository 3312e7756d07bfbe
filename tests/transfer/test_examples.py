"""Northwind and both Febrl files in one CRM: sums that add up, a second run that changes nothing."""

from __future__ import annotations

import decimal
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit import Crm
from crmkit.core.compose import installed
from crmkit.testing.databases import migrate
from crmkit.transfer.mapping import read_mapping
from crmkit.transfer.run import Import, Report

from .conftest import counts
from .test_import import everything

EXAMPLES = Path(__file__).parents[2] / "examples" / "imports"
DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / "northwind" / "northwind.sqlite").exists(), reason="the sample data is not beside this checkout"),
]


@pytest.fixture
def crm(copy_of):
    made = Crm(*installed(["accounts", "sales"]), database=copy_of("transfer examples", prepare), settings={"crmkit": {"jobs": False}})
    yield made
    made.engine.dispose()


def prepare(url: str) -> None:
    crm = Crm(*installed(["accounts", "sales"]), database=url)
    migrate(crm, url)
    crm.engine.dispose()


def load(crm: Crm, name: str, errors: Path, **data: str) -> Report:
    work = Import(crm=crm, mapping=read_mapping(EXAMPLES / name, crm, data, {}), errors=errors)
    work.begin()
    return work.run()


def load_all(crm: Crm, errors: Path) -> tuple[Report, Report]:
    return (load(crm, "northwind.toml", errors, northwind=str(DATA / "northwind" / "northwind.sqlite")),
        load(crm, "febrl.toml", errors, folder=str(DATA / "febrl")))  # fmt: skip


def test_three_sources_become_one_crm(crm: Crm, tmp_path: Path):
    northwind, febrl = load_all(crm, tmp_path)
    assert {t.step for t in northwind.troubles} == {"numbers", "supplier_numbers"}, "some numbers there are none"
    assert not febrl.troubles
    assert 100 < counts(northwind)["numbers"][0] < 160, "phonenumbers knows more of them every year"
    assert {n: c[0] for n, c in counts(northwind).items() if "numbers" not in n} == {
        "customers": 93, "suppliers": 29, "employees": 9, "contacts": 93, "supplier_contacts": 29, "orders": 830, "lines": 2155}  # fmt: skip
    assert {n: c[0] for n, c in counts(febrl).items()} == {"dataset1": 1000, "dataset2": 5000}
    old = sqlite3.connect(f"file:{DATA / 'northwind' / 'northwind.sqlite'}?mode=ro", uri=True)
    details = old.execute('SELECT OrderID, UnitPrice, Quantity, Discount FROM "Order Details"').fetchall()
    shipped = old.execute("SELECT count(*) FROM Orders WHERE ShippedDate IS NOT NULL").fetchone()[0]
    old.close()
    sums: dict[int, decimal.Decimal] = {}
    cents: dict[int, decimal.Decimal] = {}
    for order, price, quantity, discount in details:
        line = decimal.Decimal(str(price)) * quantity * (1 - decimal.Decimal(str(discount)))
        sums[order] = sums.get(order, decimal.Decimal()) + line
        cents[order] = cents.get(order, decimal.Decimal()) + line.quantize(decimal.Decimal("0.01"), decimal.ROUND_HALF_UP)
    deals, external = crm.kinds["sales.deal"].table, crm_external(crm)
    with crm.read() as uow:
        loaded = dict(uow.connection.execute(sa.select(deals.c.id, deals.c.amount)).all())
        won = uow.connection.execute(sa.select(sa.func.count()).where(deals.c.stage == "won").select_from(deals)).scalar_one()
    assert {order: loaded[external["northwind.orders", str(order)]] for order in cents} == cents
    assert sum(loaded.values(), decimal.Decimal()) == sum(cents.values())
    assert abs(sum(loaded.values(), decimal.Decimal()) - sum(sums.values(), decimal.Decimal())) < 1, "2155 lines, each rounded to the cent"
    assert won == shipped
    before = everything(crm)
    for report in load_all(crm, tmp_path):
        assert report.operation is None
        assert report.total("unchanged") + report.total("wrong") == report.total("rows")
    assert everything(crm) == before


def crm_external(crm: Crm) -> dict[tuple[str, str], int]:
    from crmkit.core.tables import external

    with crm.read() as uow:
        return {(s, e): r for s, e, r in uow.connection.execute(sa.select(external.c.source, external.c.external_id, external.c.record_id))}


def test_undo_leaves_no_trace(crm: Crm, tmp_path: Path):
    from crmkit.core.undo import undo

    before = records(crm)
    first = load_all(crm, tmp_path)
    for report in reversed(first):
        with crm.uow() as uow:
            undo(uow, operation=report.operation)
    assert records(crm) == before
    again = load_all(crm, tmp_path)
    assert [counts(r) for r in again] == [counts(r) for r in first]


def records(crm: Crm) -> dict[str, int]:
    """Return how many rows there are of every kind, of external ids and search, and what the totals add up to."""
    from crmkit.core.ledger import tally
    from crmkit.core.tables import external, search

    with crm.engine.connect() as connection:
        tables = [*(k.table for k in crm.kinds.values()), external, search]
        found = {t.name: connection.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in tables}
        return found | {"totals": connection.execute(sa.select(sa.func.coalesce(sa.func.sum(tally.c.n), 0))).scalar_one()}
