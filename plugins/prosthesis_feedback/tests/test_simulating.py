"""The simulation keeps every promise, and the audit that says so finds a promise that is broken."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from crmkit import Crm, Misuse
from crmkit_prosthesis_feedback.auditing import Audit, Rules
from crmkit_prosthesis_feedback.recalculating import birthday, later
from crmkit_prosthesis_feedback.simulating import read
from crmkit_sales import SalesSettings

SMALL = {"people": 7, "months": 1, "crashes": 0.15, "every": 7, "seed": 4}
CARD, SERVICE, PAUSE = "prosthesis_feedback_card", "prosthesis_feedback_service", "prosthesis_feedback_pause"
OPEN_CARD = f"SELECT min(id) FROM {CARD} WHERE done_on IS NULL AND skipped IS NULL"
DONE_CARD = f"SELECT min(id) FROM {CARD} WHERE done_on IS NOT NULL"
BEGIN_PAUSE = f"""INSERT INTO {PAUSE} (id, created_at, updated_at, version, service_id, began_on)
    SELECT 9999, created_at, updated_at, 1, id, '2026-01-20' FROM {SERVICE} WHERE stage = 'active' ORDER BY id LIMIT 1"""
# What is done past the code, and what the audit says then.
BROKEN = [
    (f"UPDATE {CARD} SET stage = 'later' WHERE id = ({DONE_CARD})", "is in later, done on"),
    (f"UPDATE {CARD} SET stage = 'unreachable' WHERE stage = 'later'", "is in unreachable, not in later"),
    (f"UPDATE {CARD} SET ideal = '2026-01-01' WHERE id = ({OPEN_CARD})", "from scratch"),
    (f"UPDATE {CARD} SET skipped = 'pause', stage = 'skipped' WHERE id = ({OPEN_CARD})", "from scratch"),
    (f"DELETE FROM {CARD} WHERE id = ({OPEN_CARD})", "no card for"),
    (f"UPDATE {SERVICE} SET stage = 'finished' WHERE stage = 'active'", "is in finished, not in"),
    (f"UPDATE {SERVICE} SET \"group\" = 'adult' WHERE \"group\" = 'child'", "is a child, and followed as an adult"),
    (BEGIN_PAUSE, "0 open incidents and 1 open pauses"),
    ("DELETE FROM prosthesis_feedback_answer WHERE id > 0", "done without an answer"),
    ("DELETE FROM crm_tally WHERE kind = 'prosthesis_feedback.card'", "boards of cards count"),
    (f"UPDATE {CARD} SET planned_at = '2026-01-15 08:00:00.000000' WHERE stage = 'later'", "has 0 calls, and is due"),
    ("UPDATE taskqueue_task SET state = 'waiting' WHERE id IN (SELECT id FROM prosthesis_feedback_call)", "is not due"),
]  # fmt: skip


def play(crm, clock, **options):
    return crm.hook.crm_simulate(crm=crm, plugin="prosthesis_feedback", clock=clock, options=options)


@pytest.fixture
def crm_settings():
    return {}


def rules(crm: Crm) -> Rules:
    works = crm[SalesSettings].calendar.of
    return Rules(zone=ZoneInfo("Europe/Berlin"), works=lambda day: bool(works(day)))


def test_two_months_and_every_broken_promise_is_found(crm, clock):
    report = play(crm, clock, **SMALL)
    assert report["violations"] == 0, report["broken"]
    told = report["happened"]
    assert told["deals won"] == 7
    assert told["cards asked"] == report["cards"]["done"] > 2
    assert told["days looked over"] == report["days"] + 1
    assert told["died before the commit"] > 1
    aligned = clock.now().replace(hour=0)
    with crm.database.engine.connect() as connection:
        connection.begin()
        assert Audit(rules(crm)).look(connection, clock.now(), every=True, aligned=aligned) == []
        for broken, said in BROKEN:
            with connection.begin_nested() as point:
                if connection.execute(sa.text(broken)).rowcount == 0:
                    pytest.fail(f"nothing to break: {broken}")
                found = Audit(rules(crm)).look(connection, clock.now(), every=True, aligned=aligned)
                point.rollback()
            assert any(said in words for words in found), (broken, found)
        connection.rollback()


WRONG = [
    ({"person": 3}, "no option 'person'"), ({"people": "many"}, "people = 'many'"), ({"people": 0}, "people = 0"), ({"months": 1.5}, "months = 1.5"),
    ({"crashes": 1}, "crashes = 1"), ({"seed": None}, "seed = None"), ({"every": 0}, "every = 0"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "named"), WRONG)
def test_an_option_that_will_not_do_is_named(options, named):
    with pytest.raises(Misuse) as refused:
        read(options)
    assert named in str(refused.value)


def test_another_plugin_is_not_ours_to_play(crm, clock):
    assert crm.hook.crm_simulate(crm=crm, plugin="loyalty", clock=clock, options={}) is None


def test_the_audit_can_count_days():
    assert later(dt.date(2026, 11, 30), "3mo") == dt.date(2027, 2, 28)
    assert later(dt.date(2026, 3, 1), "-2w") == dt.date(2026, 2, 15)
    assert later(dt.date(2024, 2, 29), "1y 1d") == dt.date(2025, 3, 1)
    assert birthday(dt.date(2008, 2, 29), 18) == dt.date(2026, 2, 28)
