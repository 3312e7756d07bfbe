"""Exporting: exact values under the actor's rights, no formulas, and a whole CRM that comes back the same."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm, Forbidden, Role
from crmkit.core.lists import ListRequest
from crmkit.transfer.export import every_field, pieces
from crmkit.transfer.mapping import read_mapping
from crmkit.transfer.run import Import
from crmkit.transfer.whole import export_books, export_kind, exportable, mapping_for

from .conftest import counts
from .shop import ORDERS, Client, Number, Order, Patient, Person, Size, compose

ROLES = [Role("seller", {"shop.*": "own", "crmkit.export": "all"}, hidden=["shop.person.phone"]), Role("guest", {"shop.person.read": "all"})]
SELLER = Actor(7, "Ann", ["seller"])


def fill(crm: Crm) -> None:
    with crm.uow() as uow:
        uow.at(dt.datetime(2020, 1, 1, 10, tzinfo=dt.UTC))
        top = uow.add(Client(name="=SUM(1)", city="+7 x", size=Size.LARGE))
        uow.flush()
        uow.add(Client(name="Below", parent_id=top.id))
        ann = uow.add(Person(name="Анна", phone="+73422000001", client_id=top.id, owner_id=7, secret="hush"))
        ann.attach(Patient(born=dt.date(1980, 1, 12)))
        uow.add(Person(name="Боб"))
        uow.flush()
        uow.add(Number(person_id=ann.id, value="112", label="@home"))
        uow.at(dt.datetime(2021, 5, 5, 10, 30, tzinfo=dt.UTC))
        order = uow.add(Order(title="Chair", amount=decimal.Decimal("-12345678901.25"), person_id=ann.id, weight=0.1, called_at=uow.now, owner_id=7),
            into=ORDERS["offer"])  # fmt: skip
        gone = uow.add(Order(title="Gone"))
        uow.flush()
        uow.archive(gone)
        uow.at(dt.datetime(2022, 5, 5, 10, 30, tzinfo=dt.UTC))
        uow.move(order, ORDERS["done"])


def exported(crm: Crm, key: str, form: str, actor: Actor | None = None, **how: Any) -> bytes:
    kind = crm.kind(key)
    with crm.read(*([actor] if actor else [])) as uow:
        request = ListRequest(sort=("id",), fields=every_field(crm, uow.actor, kind))
        return b"".join(pieces(uow, kind, request, form, **how))


@pytest.fixture
def crm(crm_url: str):
    made = compose(crm_url, roles=ROLES)
    fill(made)
    yield made
    made.engine.dispose()


def test_csv_is_exact_and_runs_no_formulas(crm: Crm):
    rows = list(csv.DictReader(io.StringIO(exported(crm, "shop.client", "csv").decode("utf-8-sig"))))
    assert (rows[0]["name"], rows[0]["city"], rows[0]["size"]) == ("'=SUM(1)", "'+7 x", "large")
    rows = list(csv.DictReader(io.StringIO(exported(crm, "shop.client", "csv", guard=False).decode("utf-8-sig"))))
    assert (rows[0]["name"], rows[1]["parent_id"]) == ("=SUM(1)", rows[0]["id"])
    rows = list(csv.DictReader(io.StringIO(exported(crm, "shop.order", "csv").decode("utf-8-sig"))))
    assert (rows[0]["amount"], rows[0]["called_at"], rows[0]["paid"]) == ("-12345678901.25", "2021-05-05T10:30:00Z", "false")


def test_workbooks_hold_numbers_dates_and_text_that_is_text(crm: Crm):
    sheet = openpyxl.load_workbook(io.BytesIO(exported(crm, "shop.client", "xlsx"))).active
    assert [sheet["C2"].value, sheet["C2"].data_type] == ["=SUM(1)", "s"] or "=SUM(1)" in [c.value for c in sheet[2] if c.data_type == "s"]
    sheet = openpyxl.load_workbook(io.BytesIO(exported(crm, "shop.order", "xlsx"))).active
    row = dict(zip([c.value for c in sheet[1]], [c.value for c in sheet[2]], strict=True))
    assert (row["amount"], row["weight"], row["paid"]) == (-12345678901.25, 0.1, False)
    assert row["called_at"] == dt.datetime(2021, 5, 5, 13, 30), "in the CRM's time zone"  # noqa: DTZ001  # a cell has no zone
    sheet = openpyxl.load_workbook(io.BytesIO(exported(crm, "shop.person", "xlsx"))).active
    assert dict(zip([c.value for c in sheet[1]], [c.value for c in sheet[2]], strict=True))["patient.born"] == dt.datetime(1980, 1, 12)  # noqa: DTZ001  # a cell has no zone


def test_nobody_takes_out_more_than_they_see(crm: Crm):
    mine = [json.loads(line) for line in exported(crm, "shop.person", "jsonl", SELLER).splitlines()]
    assert [row["name"] for row in mine] == ["Анна"]
    assert "phone" not in mine[0]
    assert "secret" not in mine[0]
    assert mine[0]["patient.born"] == "1980-01-12"
    with pytest.raises(Forbidden):
        exported(crm, "shop.person", "csv", Actor(8, "Eve", ["guest"]))
    every = [json.loads(line) for line in exported(crm, "shop.person", "jsonl").splitlines()]
    assert len(every) == 2
    assert not any("secret" in row for row in every)


def test_the_whole_crm_comes_back_the_same(crm: Crm, tmp_path: Path, copy_of):
    from .conftest import make_tables

    kinds = exportable(crm)
    with crm.read() as uow:
        for kind in kinds:
            export_kind(uow, kind, tmp_path / f"{kind.key}.jsonl", "jsonl")
        export_books(uow, tmp_path, lambda written: None)
    (tmp_path / "import.toml").write_text(mapping_for(crm, kinds, "backup", crm.clock.now()), encoding="utf-8")
    assert not list(tmp_path.glob("*.part"))
    assert len((tmp_path / "crm_stage_history.jsonl").read_text().splitlines()) == 1
    other = compose(copy_of("transfer", make_tables), roles=ROLES)
    with other.uow() as uow:  # so that keys are not the same by chance
        uow.add_many(Client, [{"name": f"Here {n}"} for n in range(3)])
    work = Import(crm=other, mapping=read_mapping(tmp_path / "import.toml", other))
    work.begin()
    report = work.run()
    assert not report.troubles
    assert counts(report)["shop.client"] == (2, 0, 0, 0)
    for key in ("shop.person", "shop.order", "shop.number", "shop.client"):
        assert shown(other, key) == shown(crm, key), key
    other.engine.dispose()


def shown(crm: Crm, key: str) -> list[dict]:
    """Return what is exported, keys by what they mean."""
    with crm.read() as uow:
        names = {k.key: dict(uow.connection.execute(sa.select(k.table.c.id,
            k.table.c[next(n for n in ("name", "title", "value") if n in k.fields)])).all())
            for k in crm.kinds.values()}  # fmt: skip
        kind = crm.kind(key)
        request = ListRequest(sort=("id",), fields=every_field(crm, uow.actor, kind), archived=None)
        rows = [json.loads(line) for line in b"".join(pieces(uow, kind, request, "jsonl")).splitlines()]
    links = {link.field.name: link.target for link in kind.links.values()}
    found = []
    for row in rows:
        if str(row.get("name", "")).startswith("Here"):
            continue
        made = {n: names[links[n]].get(v) if n in links and v
            else v for n, v in row.items() if n not in ("id", "updated_at", "version", "stage_since")}
        found.append({n: v is not None if n == "archived_at" else v for n, v in made.items()})
    return found
