"""Whatever comes: a clear error, or a row in the error file; the rest is loaded."""

from __future__ import annotations

import datetime as dt
import decimal
import resource
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from crmkit import Crm, Invalid
from crmkit.transfer.mapping import read_mapping
from crmkit.transfer.sources import From, open_source

from .conftest import counts
from .shop import Client, Order, Person

PEOPLE = """
[import.people]
from = {file = "p.csv"}
into = "shop.person"
id = "id"
fields = {name = "name", phone = "phone"}
"""


def rows(tmp_path: Path, content: bytes, **how: Any) -> list[Any]:
    file = tmp_path / how.pop("name", "f.csv")
    file.write_bytes(content)
    source = open_source(From(path="x.from", file=file, **how))
    found = list(source.rows())
    source.close()
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_encodings_are_found_out(tmp_path, encoding):
    text = "id;имя\n1;Анна Иванова из Перми\n2;Борис Петров и сыновья\n"
    assert [r.cells["имя"] for r in rows(tmp_path, text.encode(encoding))] == ["Анна Иванова из Перми", "Борис Петров и сыновья"]


def test_a_guess_is_said_aloud(tmp_path):
    file = tmp_path / "f.csv"
    file.write_bytes("id;имя\n1;Анна Иванова из Перми\n".encode("cp1251"))
    source = open_source(From(path="x", file=file))
    assert "cp1251" in source.notes[0]
    source.close()


def test_a_broken_byte_spoils_its_line_alone(crm: Crm, load):
    report = load(PEOPLE, {"p.csv": "id,name,phone\n1,Анна,\n2,Бо".encode() + b"\xff" + "рис,\n3,Вера,\n".encode()})
    assert counts(report) == {"people": (2, 0, 0, 1)}
    assert (report.troubles[0].line, report.troubles[0].reason) == (3, "byte 7 of the line is not utf-8")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_out(tmp_path, delimiter):
    text = f"a{delimiter}b\n1{delimiter}2\n"
    assert rows(tmp_path, text.encode())[0].cells == {"a": "1", "b": "2"}


def test_a_wrong_delimiter_is_told_with_the_columns_it_makes(crm: Crm, load):
    with pytest.raises(Invalid) as refused:
        load(PEOPLE.replace('file = "p.csv"', 'file = "p.csv", delimiter = ";"'), {"p.csv": "id,name,phone\n1,A,\n"})
    assert [p.path for p in refused.value.problems] == ["import.people.id", "import.people.fields.name", "import.people.fields.phone"]
    assert "cut at ';'" in refused.value.problems[0].message


@pytest.mark.slow
def test_a_line_of_two_gigabytes_is_refused_without_being_held(tmp_path):
    file = tmp_path / "f.csv"
    with file.open("wb") as stream:
        stream.write(b"id,name\n1,A\n2,")
        stream.seek(2 * 2**30)  # a hole: nothing is written, all of it is read
        stream.write(b"\n3,C\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = open_source(From(path="x", file=file))
    found = list(source.rows())
    source.close()
    assert [(r.line, r.cells.get("name"),
        str(r.problem or "")) for r in found] == [(2, "A", ""), (3, None, "the line is longer than 4 MB"), (4, "C", "")]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kilobytes"


def test_a_quote_that_is_never_closed_spoils_its_line_alone(tmp_path):
    text = 'a,b\n1,"open\n' + "".join(f"{n},x{n}\n" for n in range(2, 40_000))
    found = rows(tmp_path, text.encode())
    assert found[0].problem is not None
    assert [r.line for r in found[:3]] == [2, 3, 4]
    assert len(found) == 39_999
    assert found[-1].cells == {"a": "39999", "b": "x39999"}


def test_quoted_line_ends_are_part_of_a_cell(tmp_path):
    found = rows(tmp_path, b'a,b\r\n1,"two\r\nlines"\r\n\r\n2,x,,\r\n')
    assert [(r.line, dict(r.cells)) for r in found] == [(2, {"a": "1", "b": "two\r\nlines"}), (5, {"a": "2", "b": "x"})]


def test_nul_ragged_and_long_rows_are_told(crm: Crm, load):
    report = load(PEOPLE, {"p.csv": b"id,name,phone\n1,A\x00B,\n2,C\n3,D,,more\n4," + b"x" * 61 + b",\n5,E,\n"})
    assert counts(report) == {"people": (1, 0, 0, 4)}
    assert {t.line: t.reason for t in report.troubles} == {
        2: "Name: contains a NUL character", 3: "2 cells, the header has 3", 4: "4 cells, the header has 3",
        5: "Name: at most 60 characters, got 61"}  # fmt: skip


def test_columns_that_come_twice_must_be_told_apart(crm: Crm, load):
    with pytest.raises(Invalid) as refused:
        load(PEOPLE, {"p.csv": "id,name,phone,phone\n1,A,112,113\n"})
    assert "phone#1, phone#2" in str(refused.value.problems[0].message)
    assert counts(load(PEOPLE.replace('"phone"', '"phone#2"'))) == {"people": (1, 0, 0, 0)}
    with crm.read() as uow:
        assert uow.find(Person).one().phone == "113"


def test_json_lines_that_are_none(tmp_path):
    found = rows(tmp_path, b'\xef\xbb\xbf{"a": {"b": 1}}\n\nnot json\n[1]\n{"a": 2}\n', name="f.jsonl")
    assert [(r.line, r.problem is None) for r in found] == [(1, True), (3, False), (4, False), (5, True)]


def test_files_that_are_none(tmp_path):
    for name, content, words in [("f.xlsx",
        b"no zip", "save it as .xlsx"), ("f.csv", b"", "the file is empty"), ("f.xls", b"x", "cannot be told by its name")]:
        with pytest.raises(Invalid, match=words):
            rows(tmp_path, content, name=name)
    with pytest.raises(Invalid, match=r"there is no file .*gone\.csv"):
        open_source(From(path="x", file=tmp_path / "gone.csv"))
    with pytest.raises(Invalid, match=r"cannot be opened|refuses"):
        open_source(From(path="x", url="postgresql://nobody@127.0.0.1:1/none", table="t"))
    with pytest.raises(Invalid, match="no address"):
        open_source(From(path="x", url="nonsense", table="t"))


def sheet(file: Path, *lines: list[Any]) -> None:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    book.save(file)


def test_workbooks_with_dates_numbers_and_formulas(crm: Crm, load, tmp_path):
    sheet(tmp_path / "o.xlsx", ["id", "title", "sum", "ready", "called"],
        [1, "A", 12.3, dt.datetime(2026, 1, 12), dt.datetime(2026, 1, 12, 12, 30)],  # noqa: DTZ001  # a cell has no zone
        [2, 79161234567, "=C2*2", None, None], [], ["x3", "C", 1e-9, None, None], [4, "=1/0", 5, None, None])  # fmt: skip
    mapping = """
    [import.orders]
    from = {file = "o.xlsx"}
    into = "shop.order"
    id = "id"
    fields = {title = "title", amount = "sum", ready_on = "ready", called_at = "called"}
    """
    report = load(mapping)
    assert counts(report) == {"orders": (1, 0, 0, 3)}
    told = {t.line: t.reason for t in report.troubles}
    assert "C3 is a formula without a value" in told[3]
    assert "at most 2 digits" in told[5]
    with crm.read() as uow:
        order = uow.find(Order).one()
    assert (order.amount, order.ready_on, order.called_at) == (
        decimal.Decimal("12.30"), dt.date(2026, 1, 12), dt.datetime(2026, 1, 12, 9, 30, tzinfo=dt.UTC))  # fmt: skip


def test_numbers_in_text_cells_of_a_workbook(crm: Crm, load, tmp_path):
    sheet(tmp_path / "p.xlsx", ["id", "name", "phone"], [1, 5, 79161234567], [2, 2.5, "112"])
    assert counts(load(PEOPLE.replace("p.csv", "p.xlsx"))) == {"people": (2, 0, 0, 0)}
    with crm.read() as uow:
        assert uow.find(Person).order_by(Person.id).columns(Person.name, Person.phone) == [("5", "79161234567"), ("2.5", "112")]


def test_everything_wrong_with_a_mapping_is_told_at_once(crm: Crm, tmp_path):
    file = tmp_path / "m.toml"
    file.write_text("""
    nam = "x"
    [import.people]
    from = {fil = "p.csv"}
    into = "shop.person"
    id = "id"
    update = "sometimes"
    [import.people.fields]
    nmae = "name"
    phone = {column = "p", convert = ["stripp", "date %d", "round x"]}
    client = {column = "c", ref = "client"}
    born = "b"
    "patient.brn" = "b"
    email = {column = "a", value = "b"}
    owner_id = {column = "o", find = "shop.person.logn"}
    [import.clients]
    from = {file = "{folder}/c.csv"}
    into = "shop.cleint"
    [import.empty]
    from = {file = "p.csv"}
    into = "shop.client"
    id = "x"
    """)
    with pytest.raises(Invalid) as refused:
        read_mapping(file, crm, {"fold": "x"}, {})
    told = {p.path: p.message for p in refused.value.problems}
    people = "import.people"
    assert "'name'" in told["nam"]
    assert "'file'" in told[f"{people}.from.fil"]
    assert f"{people}.from" in told
    assert f"{people}.update" in told
    assert "'name'" in told[f"{people}.fields.nmae"]
    assert "round does not take" in told[f"{people}.fields.phone.convert"]
    assert "'clients'" in told[f"{people}.fields.client.ref"]
    assert f"{people}.fields.born" in told
    assert "'patient.born'" in told[f"{people}.fields.patient.brn"]
    assert "say one of" in told[f"{people}.fields.email"]
    assert "'login'" in told[f"{people}.fields.owner_id.find"]
    assert "'shop.client'" in told["import.clients.into"]
    assert "import.clients.id" in told
    assert "import.clients.from.file" in told
    assert "name at least one field of shop.client: name, city" in told["import.empty.fields"]
    assert "--data fold" in told
    assert len(told) >= 16


def test_a_mapping_that_is_no_toml_or_not_there(crm: Crm, tmp_path):
    (tmp_path / "m.toml").write_text("[import\n")
    with pytest.raises(Invalid, match=r"m\.toml cannot be read: .*line 1"):
        read_mapping(tmp_path / "m.toml", crm)
    with pytest.raises(Invalid, match=r"Did you mean 'm\.toml'"):
        read_mapping(tmp_path / "n.toml", crm)


def test_imports_that_need_each_other_are_refused(crm: Crm, load):
    with pytest.raises(Invalid, match="in a circle"):
        load("""
        [import.a]
        from = {file = "p.csv"}
        into = "shop.client"
        id = "id"
        fields = {name = "name", parent = {column = "p", ref = "b"}}
        [import.b]
        from = {file = "p.csv"}
        into = "shop.client"
        id = "id"
        fields = {name = "name", parent = {column = "p", ref = "a"}}
        """)


def test_a_fault_that_only_the_database_sees(crm: Crm, load):
    """Rows are tried in ever smaller groups until the bad one is alone."""
    with crm.uow() as uow:
        uow.add(Client(name="There", tax_number="77"))
    mapping = """
    [import.clients]
    from = {file = "c.csv"}
    into = "shop.client"
    id = "id"
    fields = {name = "name", tax_number = "id"}
    """
    report = load(mapping, {"c.csv": "id,name\n" + "".join(f"{n},C{n}\n" for n in range(100))})
    assert counts(report) == {"clients": (99, 0, 0, 1)}
    assert report.troubles[0].id == "77"
