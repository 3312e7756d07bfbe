"""Imports that are interrupted: killed anywhere and begun again they come to what they would have come to."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Conflict, Crm
from crmkit.core.tables import external, operation
from tests.suite.forked import Forked

from .conftest import counts
from .shop import Person, compose

MAPPING = """
[import.clients]
from = {file = "c.csv"}
into = "shop.client"
id = "id"
fields = {name = "name", parent = {column = "parent", ref = "clients"}}
[import.people]
from = {file = "p.csv"}
into = "shop.person"
id = "id"
fields = {name = "name", phone = "phone", client = {column = "client", ref = "clients"}}
[import.orders]
from = {file = "o.csv"}
into = "shop.order"
id = "id"
fields = {title = "title", amount = "sum", stage = "stage", person = {column = "person", ref = "people"}, "created_at" = "made"}
"""


def write_files(folder: Path) -> Path:
    clients = "".join(f"{n},Client {n},{(n * 7) % 300 if n % 3 else ''}\n" for n in range(1, 300))
    people = "".join(f"{n},Person {n},{'none' if n % 50 == 0 else f'+7342{n:06}'},{n % 350 or ''}\n" for n in range(600))
    orders = "".join(f"{n},Order {n},{n}.50,{'offer' if n % 4 else 'new'},{n % 700},20{n % 10 + 10}-01-12\n" for n in range(400))
    (folder / "c.csv").write_text("id,name,parent\n" + clients)
    (folder / "p.csv").write_text("id,name,phone,client\n" + people)
    (folder / "o.csv").write_text("id,title,sum,stage,person,made\n" + orders)
    (folder / "m.toml").write_text(MAPPING)
    return folder / "m.toml"


def run(url: str, mapping: Path, words: int | None) -> str:
    """Run the worker until it has said so many words, then kill it; or to its end."""
    command = ["-m", "tests.transfer.worker", url, str(mapping)]
    with Forked(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line.strip())
            if words is not None and len(said) > words:
                process.kill()
                break
        process.stdout.read()
    return said[-1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_and_resumed_equals_uninterrupted(copy_of, tmp_path, seed):
    from .conftest import make_tables

    chance = random.Random(seed * 1000 + int(os.environ.get("PYTEST_RANDOMLY_SEED", "0") or 0))
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    for folder in (straight, broken):
        folder.mkdir()
        stamp = write_files(folder).stat()
        for file in folder.iterdir():
            os.utime(file, ns=(stamp.st_atime_ns, 10**18))
    urls = copy_of("transfer", make_tables), copy_of("transfer", make_tables)
    assert run(urls[0], straight / "m.toml", None) == "done"
    for _again in range(6):
        run(urls[1], broken / "m.toml", chance.randrange(1, 14))
    assert run(urls[1], broken / "m.toml", None) == "done"
    resumed, uninterrupted = contents(urls[1]), contents(urls[0])
    for table, rows in uninterrupted.items():
        assert resumed[table] == rows, table
    for file in straight.glob("*.errors.csv"):
        assert (broken / file.name).read_text("utf-8-sig") == file.read_text("utf-8-sig")
    assert list(straight.glob("*.errors.csv"))


def contents(url: str) -> dict[str, list[Any]]:
    """Return every row, with keys replaced by their place (sequences skip numbers) and without what names a process."""
    crm = compose(url)
    with crm.engine.connect() as connection:
        every = {k.key: connection.execute(sa.select(k.table.c.id).order_by(k.table.c.id)).scalars() for k in crm.kinds.values()}
        place = {kind: {key: n for n, key in enumerate(keys)} for kind, keys in every.items()}
        by_table = {k.table.name: k.key for k in crm.kinds.values()}
        found = {t.name: sorted(repr(plain(t, row, place, by_table)) for row in connection.execute(sa.select(t)).mappings()) for t in crm.tables}
    crm.engine.dispose()
    found.pop("crm_job", None)
    return found


def plain(table: sa.Table, row: Any, place: dict[str, dict[int, int]], by_table: dict[str, str]) -> dict[str, Any]:
    values = {n: v for n, v in row.items() if n not in ("tx",)}
    for name, value in list(values.items()):
        keys = [k.column.table.name for k in table.c[name].foreign_keys]
        if name == "id":
            values[name] = place[by_table[table.name]][value] if table.name in by_table else None
        elif name in ("record_id",) and value is not None:
            values[name] = place[row["kind" if "kind" in row else "topic"]][value]
        elif keys and value is not None and keys[0] in by_table:
            values[name] = place[by_table[keys[0]]][value]
    if table.name == "crm_operation":
        values["facts"] = {n: v for n, v in values["facts"].items() if n not in ("pid", "host")}
    if table.name == "crm_journal":  # keys stand in there too
        values["changes"] = {n: v for n, v in values["changes"].items() if not n.endswith("_id") and n != "stage_since"}
    return values


class Stopped(Exception):
    pass


def stop_after(monkeypatch: pytest.MonkeyPatch, chunks: int) -> None:
    from crmkit.transfer.loading import Loader

    real, left = Loader.load, [chunks]

    def load(self: Loader, *args: Any) -> Any:
        if not left[0]:
            raise Stopped
        left[0] -= 1
        return real(self, *args)

    monkeypatch.setattr(Loader, "load", load)


PEOPLE = """
[import.people]
from = {file = "p.csv"}
into = "shop.person"
id = "id"
fields = {name = "name"}
"""
FILE = "id,name\n" + "".join(f"{n},P{n}\n" for n in range(10)) + ",none\n"


def test_an_interrupted_import_goes_on_by_itself(crm: Crm, load, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Stopped):
            load(PEOPLE, {"p.csv": FILE}, chunk=4)
    with crm.read() as uow:
        assert uow.find(Person).count() == 8
        assert uow.connection.execute(sa.select(operation.c.state)).scalar_one() == "running"
    report = load(PEOPLE, chunk=4)
    assert report.resumed == report.operation
    assert counts(report) == {"people": (10, 0, 0, 1)}, "counted once"
    with crm.read() as uow:
        assert uow.connection.execute(sa.select(operation.c.state)).scalars().all() == ["done"]
        assert set(uow.connection.execute(sa.select(external.c.operation)).scalars()) == {report.operation}
    assert load(PEOPLE).resumed is None


def test_a_changed_source_is_told_and_needs_a_word(crm: Crm, load, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(Stopped):
            load(PEOPLE, {"p.csv": FILE}, chunk=4)
    (tmp_path / "p.csv").write_text(FILE + "11,More\n")
    with pytest.raises(Conflict, match="people changed since: --resume goes on all the same, --restart begins a new one"):
        load(PEOPLE)
    report = load(PEOPLE, restart=True, chunk=4)
    assert counts(report) == {"people": (7, 0, 4, 1)}
    with crm.read() as uow:
        assert sorted(uow.connection.execute(sa.select(operation.c.state)).scalars()) == ["done", "failed"]


def test_going_on_with_a_changed_source_is_possible(crm: Crm, load, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(Stopped):
            load(PEOPLE, {"p.csv": FILE}, chunk=4)
    (tmp_path / "p.csv").write_text(FILE + "11,More\n")
    assert counts(load(PEOPLE, resume=True, chunk=4)) == {"people": (11, 0, 0, 1)}
    with pytest.raises(Conflict, match="no interrupted import"):
        load(PEOPLE, resume=True)


def test_two_at_once_are_kept_apart(crm: Crm, load, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(Stopped):
            load(PEOPLE, {"p.csv": FILE}, chunk=4)
    with crm.uow() as uow:
        from crmkit.core.operation import note

        number = uow.connection.execute(sa.select(operation.c.id)).scalar_one()
        note(uow, number, {"pid": os.getppid()})
    with pytest.raises(Conflict, match=f"running in process {os.getppid()}"):
        load(PEOPLE)
    assert counts(load(PEOPLE, resume=True)) == {"people": (10, 0, 0, 1)}


def test_a_failing_automation_is_a_bug_that_can_be_mended_and_gone_on_from(crm: Crm, load, monkeypatch):
    from crmkit.core import bulk

    with monkeypatch.context() as patch:
        patch.setattr(bulk, "add_many", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load(PEOPLE, {"p.csv": FILE})
    with crm.read() as uow:
        assert uow.find(Person).count() == 0
        assert uow.connection.execute(sa.select(operation)).all() == [], "the chunk took its beginning back with it"
    assert counts(load(PEOPLE)) == {"people": (10, 0, 0, 1)}


def test_what_was_changed_before_the_interruption_is_counted_once(crm: Crm, load, monkeypatch):
    load(PEOPLE, {"p.csv": FILE})
    other = FILE.replace("P1", "Q1").replace("P5", "Q5").replace("P9", "Q9")
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Stopped):
            load(PEOPLE, {"p.csv": other}, chunk=4)
    assert counts(load(PEOPLE, chunk=4)) == {"people": (0, 3, 7, 1)}


def test_undoing_an_update_lets_the_next_import_look_again(crm: Crm, load):
    from crmkit.core.undo import undo

    load(PEOPLE, {"p.csv": FILE})
    report = load(PEOPLE, {"p.csv": FILE.replace("P5", "Q5")})
    with crm.uow() as uow:
        undo(uow, operation=report.operation)
    with crm.read() as uow:
        assert uow.find(Person).where(Person.name == "Q5").count() == 0
    assert counts(load(PEOPLE)) == {"people": (0, 1, 9, 1)}, "known still, and changed again"
