"""The demo is believable, fictional, and the same every time."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit.activities
from crmkit import LOST, OPEN, WON, Crm, MovableClock
from crmkit.activities import Activity, Note
from crmkit_sales import SALES, plugin
from crmkit_sales.audit import Audit
from crmkit_sales.entities import Company, Contact, ContactPoint, Deal, DealLine, Inquiry, Lead, Source


def _load(url: str, size: int = 300) -> None:
    crm = Crm(crmkit.activities.plugin, plugin, database=url, clock=MovableClock())
    for table in crm.tables:
        table.create(crm.engine, checkfirst=True)
    with crm.uow() as uow:
        crm.hook.crm_demo(uow=uow, random=random.Random(1), size=size)
        assert uow.now == crm.clock.now()
        assert uow.actor.system
    crm.engine.dispose()


LATE = ("nudged", "was to be done", "marked as late", "is approved, and protected until")


@pytest.fixture
def demo(copy_of: Callable[..., str]) -> Iterator[Crm]:
    crm = Crm(crmkit.activities.plugin, plugin, database=copy_of("sales demo", _load), clock=MovableClock())
    yield crm
    crm.engine.dispose()


def rows(crm: Crm, *columns: Any) -> list[tuple[Any, ...]]:
    with crm.read() as uow:
        return [tuple(row) for row in uow.connection.execute(sa.select(*columns))]


def test_half_a_year_of_selling_has_happened(demo: Crm):
    stages = Counter(stage for (stage,) in rows(demo, Deal.stage))
    assert sum(stages.values()) == pytest.approx(300, abs=40)
    outcomes = Counter(dict.fromkeys((OPEN, WON, LOST), 0))
    for stage, count in stages.items():
        outcomes[SALES.stages[stage].outcome] += count
    assert min(outcomes.values()) > 50
    assert all(stages[stage] >= 5 for stage in SALES.stages)
    created = [at for (at,) in rows(demo, Deal.created_at)]
    assert (demo.clock.now() - min(created)).days > 150
    assert max(created) <= demo.clock.now()
    assert {owner for (owner,) in rows(demo, Deal.owner_id)} >= {1, 2, 3, 4, 5, 6}
    assert {team for (team,) in rows(demo, Deal.team_id)} >= {1, 2, 3, 4, 5, 6, 7, 8}


def test_it_went_through_the_pipeline(demo: Crm):
    with demo.read() as uow:
        broken = Audit(uow, uow.find(Deal).ids()).broken()
    # Timers that would have fired in the past fire when the demo begins to work.
    assert [b for b in broken if not any(late in b for late in LATE)] == []
    demo.deliver(reraise=True)
    with demo.read() as uow:
        assert Audit(uow, []).broken() == []
    assert all(reason for stage, reason in rows(demo, Deal.stage, Deal.lost_reason_id) if stage == "lost")
    assert all(amount for stage, amount in rows(demo, Deal.stage, Deal.amount) if stage in ("offer", "won"))
    journal = next(t for t in demo.tables if t.name == "crm_journal")
    moments = [at for _id, at in sorted(rows(demo, journal.c.id, journal.c.at))]
    assert moments == sorted(moments)
    assert "Вера Соколова" in {actor for (actor,) in rows(demo, journal.c.actor)}


def test_nobody_in_it_exists(demo: Crm):
    fictional = re.compile(r"\+7000\d{7}|\+442079460\d{3}|\+120255501\d{2}")
    for phone, email in rows(demo, Contact.phone, Contact.email):
        assert fictional.fullmatch(phone), phone
        assert email is None or email.endswith(".example"), email
    for (value,) in rows(demo, Inquiry.phone_number):
        assert fictional.fullmatch(value), value
    for website, tax_number in rows(demo, Company.website, Company.tax_number):
        assert website.endswith(".example")
        assert tax_number is None or tax_number.startswith("00")


def test_it_speaks_both_languages(demo: Crm):
    for column in (
        Contact.name,
        Company.name,
        Company.city,
        Deal.title,
        Lead.title,
        Inquiry.text,
        Activity.subject,
        Note.text,
        Source.name,
        DealLine.title,
    ):
        texts = " ".join(text for (text,) in rows(demo, column))
        assert re.search("[а-яё]", texts), column
        if column is not Activity.subject:
            assert re.search("[a-z]", texts), column


def test_everything_there_is_in_sales_happens(demo: Crm):
    with demo.read() as uow:
        for kind in demo.kinds.values():
            if kind.plugin == "sales":
                assert uow.find(kind.cls).count() > 0, kind.key
        stages = Counter(stage for (stage,) in rows(demo, Inquiry.stage))
        assert min(stages[s] for s in ("new", "converted", "attached", "rejected", "spam")) > 0
        assert {late for (late,) in rows(demo, Inquiry.response_late)} == {True, False}
        assert uow.find(ContactPoint).where(ContactPoint.primary.is_(False)).exists()
        assert all(why for (why,) in rows(demo, Lead.assigned_why))


def test_it_is_the_same_every_time(fresh_database: Callable[[str], str]):
    seen = []
    for _time in range(2):
        url = fresh_database("sqlite")
        _load(url, 30)
        crm = Crm(crmkit.activities.plugin, plugin, database=url, clock=MovableClock())
        seen.append([rows(crm, *t.columns) for t in crm.tables if t.name.startswith("sales_")])
        crm.engine.dispose()
    assert seen[0] == seen[1]
    assert sum(len(table) for table in seen[0]) > 150
