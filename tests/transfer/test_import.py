"""Importing: values, references, upserts, and what becomes of rows that will not do."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import sqlite3

import sqlalchemy as sa

from crmkit import Crm
from crmkit.core.ledger import journal
from crmkit.core.tables import external, operation

from .conftest import counts
from .shop import Client, Number, Order, Patient, Person, Size

CLIENTS = """
[import.clients]
from = {file = "clients.csv"}
into = "shop.client"
id = "No"
[import.clients.fields]
name = "Name"
city = "City"
size = {column = "Size", map = {S = "small", L = "large"}}
parent = {column = "Part of", ref = "clients"}
"""
CSV = "No,Name,City,Size,Part of\n1,Ann Ltd,Perm,S,\n2,Bob Ltd,,L,3\n3,Carl Ltd,Kazan,,1\n"


def test_rows_become_records_with_their_parents(crm: Crm, load):
    assert counts(load(CLIENTS, {"clients.csv": CSV})) == {"clients": (3, 0, 0, 0)}
    with crm.read() as uow:
        ann, carl, bob = uow.find(Client).order_by(Client.id).all()
    assert [ann.name, carl.name, bob.name] == ["Ann Ltd", "Carl Ltd", "Bob Ltd"], "parents first"
    assert (bob.parent_id, carl.parent_id, ann.parent_id) == (carl.id, ann.id, None)
    assert (ann.size, bob.size, ann.city, bob.city) == (Size.SMALL, Size.LARGE, "Perm", None)


def test_a_second_run_changes_nothing(crm: Crm, load):
    first = load(CLIENTS, {"clients.csv": CSV})
    before = everything(crm)
    again = load(CLIENTS, {"clients.csv": CSV})
    assert counts(again) == {"clients": (0, 0, 3, 0)}
    assert first.operation is not None
    assert again.operation is None
    assert everything(crm) == before


def test_only_what_differs_is_changed(crm: Crm, load):
    load(CLIENTS, {"clients.csv": CSV})
    report = load(CLIENTS, {"clients.csv": CSV.replace("Perm", "Omsk").replace("Carl Ltd", " Carl Ltd ")})
    assert counts(report) == {"clients": (0, 1, 2, 0)}
    with crm.read() as uow:
        ann = uow.find(Client).where(Client.name == "Ann Ltd").one()
        assert (ann.city, ann.version) == ("Omsk", 2)
        told = uow.connection.execute(sa.select(journal.c.changes, journal.c.operation).where(journal.c.action == "changed")).one()
    assert told == ({"city": ["Perm", "Omsk"]}, report.operation)


def test_what_is_empty_may_be_filled_and_what_is_there_left(crm: Crm, load):
    load(CLIENTS, {"clients.csv": CSV})
    mapping = CLIENTS.replace('id = "No"', 'id = "No"\nupdate = "empty"')
    assert counts(load(mapping, {"clients.csv": CSV.replace("Perm", "Omsk").replace("Bob Ltd,,", "Bob Ltd,Tver,")})) == {"clients": (0, 1, 2, 0)}
    with crm.read() as uow:
        assert uow.find(Client).order_by(Client.name).columns(Client.city) == [("Perm",), ("Tver",), ("Kazan",)]
    mapping = CLIENTS.replace('id = "No"', 'id = "No"\nupdate = "never"')
    assert counts(load(mapping, {"clients.csv": CSV.replace("Perm", "Ufa")})) == {"clients": (0, 0, 3, 0)}


ALL = """
name = "old"
[import.orders]
from = {file = "orders.jsonl"}
into = "shop.order"
id = "no"
[import.orders.fields]
title = "{kind} {no}"
amount = {column = "sum", convert = "decimal ,"}
person = {column = "who.id", ref = "people"}
ready_on = {column = "ready", convert = "date %d/%m/%Y"}
called_at = "called"
paid = "paid"
pieces = "pieces"
stage = {column = "state", map = {N = "new", O = "offer"}, default = "new"}
owner_id = {column = "manager", find = "shop.person.login", missing = "empty"}

[import.people]
from = {file = "people.csv"}
into = "shop.person"
id = "id"
when = {kind = {not = ["robot"]}}
[import.people.fields]
name = "{first} {last}"
phone = {column = "phones", convert = ["split", "item 1"]}
email = ["work", "home"]
login = {column = "login", convert = ["strip", "lower"]}
client = {column = "client", ref = "clients"}
"patient.born" = "born"

[import.numbers]
from = {file = "people.csv"}
into = "shop.number"
id = "{id}/{@number}"
each = {column = "phones", split = "[;,]"}
when = {kind = {not = ["robot"]}}
[import.numbers.fields]
person = {column = "id", ref = "people"}
value = "@value"
label = {value = "work"}
""" + CLIENTS[1:]
PEOPLE = (
    "id;first;last;phones;work;home;login;client;born;kind\n"
    'p1;Анна;Иванова;"+7 (342) 200-00-01; +73422000002";;A@Home.ru; ANN ;1;12.01.1980;human\n'
    "p2;;Bob;;b@work.ru;b@home.ru;bob;;;human\np3;R;2;;;;;;;robot\n"
)
ORDERS = "\n".join(json.dumps(row) for row in [
    {"no": 7, "kind": "Chair", "sum": "1 234,50", "who": {"id": "p1"}, "ready": "31/12/2026", "called": "2026-01-12 12:00", "paid": "да", "pieces": 3,
        "state": "O", "manager": "bob"},
    {"no": 8, "kind": "Table", "sum": None, "who": None, "called": "2026-01-12T09:00:00Z", "paid": False, "manager": "nobody"},
])  # fmt: skip


def test_several_sources_find_their_order_and_each_other(crm: Crm, load):
    report = load(ALL, {"clients.csv": CSV, "people.csv": PEOPLE, "orders.jsonl": ORDERS})
    assert not report.troubles
    assert list(report.steps) == ["clients", "people", "orders", "numbers"]
    assert counts(report) == {"clients": (3, 0, 0, 0), "people": (2, 0, 0, 0), "orders": (2, 0, 0, 0), "numbers": (2, 0, 0, 0)}
    assert report.steps["people"].skipped == 1
    with crm.read() as uow:
        anna, bob = uow.find(Person).order_by(Person.id).all()
        assert (anna.name, anna.phone, anna.email, anna.login) == ("Анна Иванова", "+73422000001", "a@home.ru", "ann")
        assert anna.client is not None
        assert anna.client.name == "Ann Ltd"
        assert anna[Patient].born == dt.date(1980, 1, 12)
        assert bob.get(Patient) is None
        assert (bob.name, bob.email) == ("Bob", "b@work.ru")
        chair, table = uow.find(Order).order_by(Order.id).all()
        assert (chair.title, chair.amount, chair.person_id, chair.ready_on) == ("Chair 7", decimal.Decimal("1234.50"), anna.id, dt.date(2026, 12, 31))
        assert chair.called_at == table.called_at == dt.datetime(2026, 1, 12, 9, tzinfo=dt.UTC)
        assert (chair.paid, chair.pieces, chair.stage, chair.owner_id) == (True, 3, "offer", bob.id)
        assert (table.stage, table.owner_id, table.paid) == ("new", None, False)
        assert uow.find(Number).order_by(Number.id).columns(Number.value, Number.label, Number.person_id) == [
            ("+73422000001", "work", anna.id), ("+73422000002", "work", anna.id)]  # fmt: skip
    assert counts(load(ALL)) == {"clients": (0, 0, 3, 0), "people": (0, 0, 2, 0), "orders": (0, 0, 2, 0), "numbers": (0, 0, 2, 0)}


def test_a_later_mapping_refers_to_what_an_earlier_one_loaded(crm: Crm, load):
    load('name = "a"\n' + CLIENTS, {"clients.csv": CSV})
    mapping = """
    name = "b"
    [import.people]
    from = {file = "p.csv"}
    into = "shop.person"
    id = "id"
    fields = {name = "name", client_id = {column = "client", ref = "a.clients"}}
    """
    report = load(mapping, {"p.csv": "id,name,client\n1,Ann,3\n2,Bob,99\n"})
    assert counts(report) == {"people": (1, 0, 0, 1)}
    assert "a.clients has no record with the id '99'" in report.troubles[0].reason


def test_stage_needs_and_moves_hold_as_everywhere(crm: Crm, load):
    mapping = """
    [import.orders]
    from = {file = "o.csv"}
    into = "shop.order"
    id = "id"
    fields = {title = "title", amount = "sum", stage = "stage"}
    """
    report = load(mapping, {"o.csv": "id,title,sum,stage\n1,A,,offer\n2,B,5.00,offer\n3,C,,new\n4,D,1,sold\n"})
    assert counts(report) == {"orders": (2, 0, 0, 2)}
    assert [t.line for t in report.troubles] == [2, 5]
    assert "required" in report.troubles[0].reason
    report = load(mapping, {"o.csv": "id,title,sum,stage\n2,B,5.00,done\n3,C,7,done\n"})
    assert counts(report) == {"orders": (0, 1, 0, 1)}, "from new nobody goes straight to done"
    with crm.read() as uow:
        assert sorted(uow.find(Order).columns(Order.title, Order.stage)) == [("B", "done"), ("C", "new")]


def test_wrong_rows_go_to_a_file_and_come_back_mended(crm: Crm, load, tmp_path):
    mapping = """
    [import.people]
    from = {file = "{people}"}
    into = "shop.person"
    id = "id"
    fields = {name = "name", phone = "phone"}
    [data]
    people = "p.csv"
    """
    rows = "".join(f"{n},Name {n},+7342200{n:04}\n" for n in range(500))
    bad = "500,Bad,none\n501,,+73422000501\n,No id,\n0,Again,\n504,Ragged\n"
    report = load(mapping, {"p.csv": "id,name,phone\n" + rows + bad})
    assert counts(report) == {"people": (500, 0, 0, 5)}
    file = tmp_path / "m.errors.csv"
    assert report.files == [file]
    lines = file.read_text("utf-8-sig").splitlines()
    assert lines[0] == "id,name,phone,@line,@reason"
    assert lines[1] == "500,Bad,none,502,Phone: not a telephone number"
    assert lines[2] == "501,,+73422000501,503,Name: required"
    assert {line.split(",")[-2] for line in lines[1:]} >= {"504", "505", "506"} or len(lines) == 6
    (tmp_path / "mended.csv").write_text("id,name,phone,@line,@reason\n500,Bad,112,502,x\n")
    assert counts(load(mapping, data={"people": str(tmp_path / "mended.csv")})) == {"people": (1, 0, 0, 0)}
    assert not file.exists(), "the file of a run without wrong rows is gone"


def test_a_unique_value_that_is_taken_spoils_only_its_row(crm: Crm, load):
    mapping = """
    [import.clients]
    from = {file = "c.csv"}
    into = "shop.client"
    id = "id"
    fields = {name = "name", tax_number = "tax"}
    """
    rows = "".join(f"{n},C{n},{5 if n in (5, 77, 301) else n + 1000}\n" for n in range(400))
    report = load(mapping, {"c.csv": "id,name,tax\n" + rows})
    assert counts(report) == {"clients": (398, 0, 0, 2)}
    assert all("already used" in t.reason for t in report.troubles)


def test_a_circle_goes_to_the_error_file_and_nothing_is_half_done(crm: Crm, load):
    circle = CSV + "4,D,,,5\n5,E,,,6\n6,F,,,4\n7,G,,,6\n8,H,,,8\n9,I,,,2\n10,J,,,99\n"
    report = load(CLIENTS, {"clients.csv": circle})
    assert counts(report) == {"clients": (4, 0, 0, 6)}
    told = {t.id or t.line: t.reason for t in report.troubles}
    assert any("4 → 5 → 6 → 4" in reason for reason in told.values())
    assert any("8 → 8" in reason for reason in told.values())
    with crm.read() as uow:
        assert uow.find(Client).count() == 4
        assert uow.connection.execute(sa.select(sa.func.count()).select_from(external)).scalar_one() == 4
    report = load(CLIENTS, {"clients.csv": CSV.replace("1,Ann Ltd,Perm,S,", "1,Ann Ltd,Perm,S,2")})
    assert report.total("wrong") == 3, "a tree cannot be bent into a circle either"


def test_deep_trees_in_any_order(crm: Crm, load):
    rows = "".join(f"{n},N{n},,,{n + 1 if n < 60 else ''}\n" for n in range(1, 61))
    assert counts(load(CLIENTS, {"clients.csv": CSV[: CSV.index("1,Ann")] + rows}, chunk=7)) == {"clients": (60, 0, 0, 0)}


def test_a_dry_run_tells_everything_and_leaves_nothing(crm: Crm, load, tmp_path):
    before = everything(crm)
    report = load(ALL, {"clients.csv": CSV, "people.csv": PEOPLE, "orders.jsonl": ORDERS + '\n{"no": 9, "sum": "much"}\n'}, dry=True, chunk=1)
    assert counts(report) == {"clients": (3, 0, 0, 0), "people": (2, 0, 0, 0), "orders": (2, 0, 0, 1), "numbers": (2, 0, 0, 0)}
    assert report.troubles[0].step == "orders"
    assert everything(crm) == before
    assert not list(tmp_path.glob("*.errors.*"))


def test_a_table_of_a_database_is_a_source(crm: Crm, load, tmp_path):
    old = sqlite3.connect(tmp_path / "old.sqlite")
    old.execute('CREATE TABLE "Order Details" (id INTEGER PRIMARY KEY, "Title" TEXT, price REAL, born DATE, picture BLOB)')
    old.executemany('INSERT INTO "Order Details" VALUES (?, ?, ?, ?, ?)', [(2, " B ", 9.8, "2016-07-04", b"x"), (1, "A", 19.25, None, None)])
    old.commit()
    old.close()
    mapping = """
    [data]
    db = "old.sqlite"
    [import.orders]
    from = {file = "{db}", table = "Order Details"}
    into = "shop.order"
    id = "id"
    fields = {title = "Title", amount = "price", ready_on = "born"}
    [import.people]
    from = {url = "sqlite:///{db}", query = "select id, 'P:' || id as name from \\"Order Details\\" where id > 1"}
    into = "shop.person"
    id = "id"
    fields = {name = "name"}
    """
    data = {"db": str(tmp_path / "old.sqlite")}
    assert counts(load(mapping, data=data)) == {"orders": (2, 0, 0, 0), "people": (1, 0, 0, 0)}
    with crm.read() as uow:
        assert uow.find(Order).order_by(Order.id).columns(Order.title, Order.amount, Order.ready_on) == [
            ("A", decimal.Decimal("19.25"), None), ("B", decimal.Decimal("9.80"), dt.date(2016, 7, 4))]  # fmt: skip
        assert uow.find(Person).columns(Person.name) == [("P:2",)]


def test_records_may_tell_when_they_came_and_that_they_are_archived(crm: Crm, load):
    mapping = """
    [import.orders]
    from = {file = "o.csv"}
    into = "shop.order"
    id = "id"
    fields = {title = "id", created_at = "made", archived_at = "gone"}
    """
    load(mapping, {"o.csv": "id,made,gone\n1,2016-07-04,\n2,2017-01-01 10:00,2018-01-01\n"})
    with crm.read() as uow:
        one, two = uow.find(Order).archived(only=False).order_by(Order.id).all()
    assert one.created_at == dt.datetime(2016, 7, 3, 21, tzinfo=dt.UTC)
    assert one.stage_since == one.created_at
    assert one.archived_at is None
    assert two.archived_at is not None


def test_the_run_is_one_operation_with_its_report(crm: Crm, load):
    report = load(CLIENTS, {"clients.csv": CSV + "x,,,,\n"}, chunk=2)
    with crm.read() as uow:
        found = uow.connection.execute(sa.select(operation)).one()
        tagged = set(uow.connection.execute(sa.select(journal.c.operation)).scalars())
        linked = set(uow.connection.execute(sa.select(external.c.operation)).scalars())
    assert (found.kind, found.label, found.state) == ("import", "m", "done")
    assert found.facts["steps"]["clients"]["created"] == 3
    assert found.facts["steps"]["clients"]["wrong"] == 1
    assert tagged == linked == {report.operation} == {found.id}


def everything(crm: Crm) -> dict[str, list[str]]:
    """Return every row of every table."""
    with crm.engine.connect() as connection:
        return {t.name: sorted(repr(row) for row in connection.execute(sa.select(t))) for t in crm.tables}
