"""An index that was never written, was half written, or went wrong is brought in step."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import Crm
from crmkit.core.search import reindex as room
from crmkit.core.search.port import FTS
from crmkit.core.search.reindex import is_whole, reindex
from crmkit.core.tables import search
from tests.core.search.world import Member, Person, found


def fill(crm: Crm) -> None:
    with crm.uow() as uow:
        uow.add_many(Person, [{"name": f"Клиент {n}", "phone": f"+7916000{n:04}"} for n in range(250)])
        uow.add(Person(name="Анна")).attach(Member(nick="Белка"))


def summed(crm: Crm, *, write: bool) -> dict[str, tuple[int, int, int]]:
    return {step.kind.key: (step.seen, step.wrong, step.orphans) for step in reindex(crm, write=write)}


def test_what_is_written_in_everyday_work_is_right(crm: Crm):
    fill(crm)
    assert summed(crm, write=False)["people.person"] == (251, 0, 0)


def test_a_database_filled_before(crm: Crm, monkeypatch):
    monkeypatch.setattr(room, "CHUNK", 100)
    fill(crm)
    with crm.engine.begin() as connection:
        connection.execute(search.delete())
    assert found(crm, "анна") == []
    assert summed(crm, write=False)["people.person"] == (251, 251, 0)
    assert found(crm, "анна") == [], "a check changes nothing"
    for step in reindex(crm):  # stopped after the first chunk …
        assert (step.seen, step.wrong) == (100, 100)
        break
    assert summed(crm, write=True)["people.person"] == (251, 151, 0)  # … and begun again
    assert found(crm, "белка") == ["Анна"]
    assert found(crm, "клиент 79160000007") == ["Клиент 7"]
    assert summed(crm, write=True)["people.person"] == (251, 0, 0)


def test_what_was_changed_or_removed_behind_its_back(crm: Crm):
    fill(crm)
    with crm.engine.begin() as connection:
        table = Person.__table__
        connection.execute(table.update().where(table.c.name == "Клиент 7").values(name="Ольга"))
        connection.execute(table.delete().where(table.c.name == "Клиент 8"))
    assert found(crm, "ольга") == []
    assert summed(crm, write=False)["people.person"] == (250, 1, 1)
    assert summed(crm, write=True)["people.person"] == (250, 1, 1)
    assert found(crm, "ольга") == ["Ольга"]
    assert summed(crm, write=False)["people.person"] == (250, 0, 0)


def test_sqlites_full_text_is_built_anew_when_it_is_broken(crm: Crm):
    fill(crm)
    assert is_whole(crm)
    if crm.database.postgres:
        return
    with crm.engine.begin() as connection:
        connection.execute(sa.text(f"INSERT INTO {FTS} ({FTS}) VALUES ('delete-all')"))
    assert not is_whole(crm)
    assert found(crm, "анна") == []
    list(reindex(crm))
    assert is_whole(crm)
    assert found(crm, "анна") == ["Анна"]
