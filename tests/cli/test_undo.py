"""`crmkit undo`, as somebody types it."""

from __future__ import annotations

import importlib

from crmkit import Actor, Crm


def test_where_there_is_nothing_it_says_so_and_makes_nothing(typed, here):
    code, out, _said = typed("undo")
    assert code == 0
    assert "nothing to undo" in out
    assert list(here.iterdir()) == []


def test_on_a_fresh_database_there_is_nothing(typed, settings):
    assert typed("undo")[:2] == (0, "There is nothing to undo: the database is empty.\n")
    assert typed("migrate")[0] == 0
    assert typed("undo")[:2] == (0, "There is nothing to undo.\n")
    assert typed("--language", "ru", "undo", "--list")[:2] == (0, "Операций нет.\n")
    assert typed("undo", "77")[0] == 3
    assert typed("undo", "7", "--tx", "5")[0] == 2


def test_the_last_operation_goes_and_comes_back(typed, settings):
    typed("migrate")
    crm = Crm.from_file(settings)
    question = importlib.import_module("crmkit_visits.entities").Question
    with crm.uow(Actor(None, "Eve", system=True)) as uow:
        kept = uow.add(question(subject="kept"))
    with crm.uow() as uow:
        uow.operation("import", "questions.csv")
        uow.add_many(question, [{"subject": f"Q{i}"} for i in range(3)])
        uow.finish()

    def there() -> int:
        with crm.read() as uow:
            return int(uow.find(question).count())

    code, out, _said = typed("undo", "--dry-run")
    assert code == 0
    assert "operation 1: questions.csv" in out
    assert "visits.question: removed for good: 3" in out
    assert there() == 4
    code, out, _said = typed("undo")
    assert (code, there()) == (0, 1)
    assert "crmkit undo 2" in out
    assert "undone (2)" in typed("undo", "--list")[1]
    assert (typed("undo", "2")[0], there()) == (0, 4)
    with crm.uow(Actor(None, "Eve", system=True)) as uow:
        uow.get(question, kept.id + 1).subject = "newer"
    code, out, _said = typed("undo", "1")
    assert (code, there()) == (3, 4)
    assert "Eve" in out
    assert "Nothing was undone." in out
    assert typed("undo", "1", "--dry-run")[0] == 3
    with crm.read() as uow:
        from crmkit.core.ledger import journal

        newest = uow.connection.execute(journal.select().order_by(journal.c.id.desc())).first()
    assert newest is not None
    assert typed("undo", "--tx", str(newest.tx))[0] == 0
    assert (typed("undo")[0], there()) == (0, 1)
    assert (typed("undo")[0], there()) == (0, 0)
    assert typed("undo")[:2] == (0, "There is nothing to undo.\n")
    crm.engine.dispose()
