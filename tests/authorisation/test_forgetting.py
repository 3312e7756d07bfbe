"""What is forgotten is in no table any more: rows, journal, search, messages of webhooks; and no undo brings it back."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import String

from crmkit import (
    Actor,
    Conflict,
    Entity,
    Invalid,
    Mapped,
    Misuse,
    Plugin,
    UtcDateTime,
    Written,
    column,
    forget,
    hookimpl,
    undo,
)
from crmkit.core.ledger import journal
from crmkit.core.tables import search
from tests.core.shop import module_of

WHO = Actor(7, "Olga", roles=["all"])
WORDS = "chronic rhinitis"


class Visit(Entity, table="ward_visit"):
    guest: Mapped[str] = column(String(40), search=True)
    note: Mapped[str | None] = column(sa.Text, default=None, search=True)
    code: Mapped[str | None] = column(String(40), default=None, secret=True)
    seen_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None)
    days: Mapped[int] = column(default=0, total=True)


TOLD: list[tuple[str, tuple[int, ...], tuple[str, ...]]] = []
SETTLED: list[frozenset[str] | None] = []


@hookimpl
def crm_forget(kind: Any, ids: Any, fields: Any, uow: Any) -> None:
    TOLD.append((kind.key, tuple(ids), tuple(fields)))


@hookimpl
def crm_settle(kind: Any, rows: list[Written], uow: Any) -> None:
    SETTLED.extend(row.changed for row in rows)


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [Plugin("ward", modules=[module_of([Visit, crm_forget, crm_settle])])]


@pytest.fixture
def visit(crm: Any) -> int:
    """Somebody wrote a visit down, thought better of it, and changed something else."""
    with crm.uow(WHO) as uow, uow.as_system():
        made = uow.add(Visit(guest="Ann", note=WORDS, code="1234"))
    with crm.uow(WHO) as uow, uow.as_system():
        uow.get(Visit, made.id).note = WORDS.upper()
    with crm.uow(WHO) as uow, uow.as_system():
        uow.get(Visit, made.id).guest = "Anna"
    return int(made.id)


def everything(crm: Any) -> str:
    """Return what all tables hold, as one text."""
    found = ""
    with crm.read() as uow:
        for table in (Visit.__table__, journal, search):
            found += str(uow.connection.execute(sa.select(table)).all())
    return found.lower()


def test_nothing_tells_it_any_more(crm, visit):
    assert WORDS in everything(crm)
    TOLD.clear()
    SETTLED.clear()
    with crm.uow(WHO) as uow:
        with uow.as_system():
            held = uow.get(Visit, visit)
            assert forget(uow, Visit, [visit, visit, visit + 99], {"note": None, "code": None}) == 1
            assert (held.note, held.code, held.guest, held.version) == (None, None, "Anna", 4)
        assert forget_again(uow, visit) == 0
    found = everything(crm)
    assert WORDS not in found
    assert "rhin" not in found
    assert "anna" in found
    assert TOLD[0] == ("ward.visit", (visit, visit + 99), ("note", "code"))
    assert [set(names or ()) for names in SETTLED] == [{"note", "code"}]
    with crm.read() as uow:
        last = uow.connection.execute(sa.select(journal).order_by(journal.c.id.desc())).first()
        assert (last.actor, last.action, last.changes["note"]) == ("Olga", "changed", ["•••", None])
        assert not uow.search("rhinitis")
        assert uow.search("anna")


def forget_again(uow: Any, key: int) -> int:
    with uow.as_system():
        return forget(uow, Visit, [key], {"note": None})


def test_no_undo_brings_it_back(crm, visit):
    with crm.read() as uow:
        mine = sa.select(journal.c.tx).where(journal.c.kind == "ward.visit").order_by(journal.c.id)
        created, changed, renamed = uow.connection.execute(mine).scalars()
    with crm.uow() as uow:
        forget(uow, Visit, [visit], {"note": None})
        mine = uow.tx
    for tx in (changed, mine, created):
        with pytest.raises(Conflict) as refused, crm.uow() as uow:
            undo(uow, tx=tx)
        assert WORDS not in str(refused.value.problems).lower()
    with crm.uow() as uow:
        undo(uow, tx=renamed)  # what is not erased can be taken back as ever
        assert (uow.get(Visit, visit).guest, uow.get(Visit, visit).note) == ("Ann", None)


def test_archived_records_are_forgotten_and_a_failure_leaves_all_as_it_was(crm, visit):
    with crm.uow() as uow:
        uow.archive(uow.get(Visit, visit))
    with contextlib.suppress(Misuse), crm.uow() as uow:
        forget(uow, Visit, [visit], {"note": None})
        forget(uow, Visit, [visit], {"nothing": None})
    assert WORDS in everything(crm)
    with crm.uow() as uow:
        assert forget(uow, "ward.visit", [visit], {"note": "erased"}) == 1
    assert WORDS not in everything(crm)


def test_what_cannot_be_forgotten_is_told(crm, visit):
    with crm.uow(WHO) as uow, pytest.raises(Misuse, match="as_system"):
        forget(uow, Visit, [visit], {"note": None})
    with crm.uow() as uow:
        for blank, words in (({"id": 1}, "'id'"), ({"nott": None}, "nott"), ({"days": 0}, "summed")):
            with pytest.raises(Misuse, match=words):
                forget(uow, Visit, [visit], blank)
        with pytest.raises((Invalid, ValueError, TypeError)):
            forget(uow, Visit, [visit], {"guest": None})
