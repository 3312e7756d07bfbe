"""Every card in the stage its dates say: on the 1st, after a missed run, when clocks change, and while others are at work."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import threading

import pytest
import sqlalchemy as sa

from crmkit.core import ledger, together, totals
from crmkit.core.jobs import job
from crmkit_prosthesis_feedback import (
    Feedback,
    FeedbackSettings,
    Pause,
    Service,
    Skipped,
    close_incident,
    collect,
    correct,
    issue_device,
    open_incident,
    preview,
    replan,
    service_stage,
    stage_of,
)
from crmkit_prosthesis_feedback.correcting import CallsFollow, frozen, stages_of_cards
from crmkit_taskqueue import Task
from tests.suite import forked

from .people import answers_to, cards_of, win

UTC = dt.UTC


def expected(uow, card):
    """Return the stage of a card by the function that says what stages are."""
    service = uow.get(Service, card.service_id)
    today = uow.now.astimezone(uow.crm.zone).date()
    return stage_of(
        card.planned_at.astimezone(uow.crm.zone).date(), card.latest, today, done=card.done_on is not None, skipped=card.skipped is not None,
        frozen=uow.find(Pause).where(Pause.service_id == service.id, Pause.ended_on.is_(None)).exists(),
        unreachable=service.try_again_on is not None and service.try_again_on > today,
    )  # fmt: skip


def all_right(uow):
    uow.settle()
    for card in uow.find(Feedback):
        assert card.stage == expected(uow, card), (card.period, card.planned_at, uow.now)
    for service in uow.find(Service):
        assert preview(uow, service) == []
        waits = any(c.done_on is None and c.skipped is None for c in cards_of(uow, service))
        paused = uow.find(Pause).where(Pause.service_id == service.id, Pause.ended_on.is_(None)).exists()
        away = service.try_again_on is not None and service.try_again_on > uow.now.astimezone(uow.crm.zone).date()
        assert service.stage == service_stage(ended=service.ended, frozen=paused, unreachable=away, undone=waits)
    assert totals.differences(uow) == []


@pytest.fixture
def crm_settings(request):
    zone = getattr(request, "param", "Europe/Moscow")
    settings = {"missed_after": "400d"} if zone == "Europe/Moscow" else {}
    return {"crmkit": {"timezone": zone}, "taskqueue": {"client_hours": ["mon-sun 09:00-21:00"]}, "prosthesis_feedback": settings}


def begin(uow, make):
    """Return a service card all of whose periods have cards."""
    service = win(uow, make)
    (card,) = cards_of(uow, service)
    collect(uow, card, answers_to(uow, card), finish=True)
    return service


# Berlin and New York change their clocks in March, Auckland's day is another one, Lord Howe goes by half an hour.
@pytest.mark.parametrize("crm_settings", ["America/New_York", "Pacific/Auckland"], indirect=True)
def test_every_night_of_a_year_and_a_half(crm, uow, make, deliver, clock):
    service = begin(uow, make)
    hour, minute = 0, 30
    local = uow.now.astimezone(crm.zone).date()
    for step in (1, 4, 28, 31, 1, 29, 121, 31, 200):
        local += dt.timedelta(days=step)
        clock.set(dt.datetime.combine(local, dt.time(hour, minute), crm.zone).astimezone(UTC))
        deliver()
        all_right(uow)
    assert service.stage == "active"
    assert {c.stage for c in cards_of(uow, service)} >= {"done", "later"}


def test_on_the_first_they_move_and_a_second_run_changes_nothing(uow, make, clock):
    service = begin(uow, make)
    assert [c.stage for c in cards_of(uow, service)[:4]] == ["done", "next_month", "later", "later"]
    clock.set(dt.datetime(2026, 3, 31, 20, 59, tzinfo=UTC))  # 23:59 in Moscow
    assert correct(uow).cards == {}
    clock.set(dt.datetime(2026, 3, 31, 21, 30, tzinfo=UTC))
    assert correct(uow).cards == {("next_month", "this_month"): 1}
    assert correct(uow).cards == {}
    all_right(uow)
    clock.set(dt.datetime(2026, 5, 1, tzinfo=UTC))
    assert correct(uow).cards == {("this_month", "overdue"): 1, ("later", "next_month"): 1}


def test_conditions_say_what_the_function_says(uow, make, clock):
    """Whatever the dates: the stage in SQL is the stage in Python."""
    dice, service = random.Random(5), begin(uow, make)
    cards = [c for c in cards_of(uow, service) if c.done_on is None]
    goal = sa.case(*((condition, name) for name, condition in stages_of_cards(uow).items()))
    for _round in range(8):
        for card in cards:
            at = dt.datetime(2026, dice.randint(1, 6), dice.randint(1, 28), dice.choice((0, 20, 21, 22)), dice.choice((0, 59)), tzinfo=UTC)
            uow.keep(card, planned_at=at, latest=at.date() + dt.timedelta(days=dice.randint(-40, 40)))
        uow.flush()
        rows = dict(uow.connection.execute(sa.select(Feedback.id, goal).where(Feedback.done_on.is_(None))).all())
        assert rows == {card.id: expected(uow, card) for card in cards}


def test_whoever_is_frozen_or_away_stays_where_they_are(uow, make, clock):
    service = begin(uow, make)
    other = win(uow, make)
    incident = open_incident(uow, service, reason="repair")
    uow.keep(other, try_again_on=dt.date(2026, 4, 1))
    replan(uow, other)
    assert other.stage == "unreachable"
    clock.set(dt.datetime(2026, 3, 31, tzinfo=UTC))
    assert correct(uow).cards == {}
    clock.set(dt.datetime(2026, 4, 1, tzinfo=UTC))
    assert correct(uow).cards == {("unreachable", "overdue"): 1}
    assert (service.stage, other.stage) == ("incident", "active")
    close_incident(uow, incident, resolution="mended")
    all_right(uow)
    assert {key for (key,) in uow.connection.execute(frozen())} == set()


def test_what_nobody_asked_for_long_is_given_up(crm, uow, make, clock, crm_settings):
    first = win(uow, make)
    second = begin(uow, make)
    limit = crm[FeedbackSettings].missed_after
    (card,) = cards_of(uow, first)
    clock.set(dt.datetime.combine(card.latest + limit, dt.time(12), UTC))
    assert correct(uow).given_up == 0
    clock.forward(days=1)
    done = correct(uow)
    assert done.given_up == 1
    assert (card.stage, card.skipped, card.given_up_on) == ("skipped", Skipped.MISSED, uow.now.astimezone(crm.zone).date())
    assert len(cards_of(uow, first)) > 5, "the following cards are made all the same"
    all_right(uow)
    clock.forward(days=1200)
    correct(uow)
    all_right(uow)
    assert (first.stage, second.stage) == ("finished", "finished")
    issue_device(uow, second, model="Another one")
    assert second.stage == "active"


def test_the_number_of_statements_does_not_grow(uow, make, queries, clock, monkeypatch):
    monkeypatch.setattr(together, "CHUNK", 2)  # whoever looked at the cards would ask for two at a time
    counts = []
    for size in (1, 6):
        for _n in range(size):
            begin(uow, make)
        clock.set(dt.datetime(2026, 4 + size, 1, tzinfo=UTC))
        uow.settle()
        uow.connection.execute(sa.select(sa.literal(1)))
        queries.clear()
        moved = correct(uow)
        assert sum(moved.cards.values()) > size
        counts.append(queries.count)
    assert counts[0] == counts[1]


def test_an_incident_opened_meanwhile_is_not_overrun(crm, make, uow, clock, crm_database):
    if crm_database == "sqlite":
        pytest.skip("SQLite has one writer: nothing happens meanwhile")
    service = begin(uow, make)
    key, first = service.id, threading.Event()
    uow.settle()
    clock.set(dt.datetime(2026, 4, 1, tzinfo=UTC))

    def run() -> None:
        first.wait(10)
        with crm.uow() as mine:
            correct(mine)

    at_work = threading.Thread(target=run)
    at_work.start()
    with crm.uow() as mine:
        open_incident(mine, mine.get(Service, key), reason="repair")
        mine.flush()
        first.set()
        at_work.join(0.3)
        assert at_work.is_alive(), "it waits for whoever holds the service card"
    at_work.join()
    with crm.uow() as mine:
        assert {c.stage for c in cards_of(mine, mine.get(Service, key))} == {"done", "incident"}
        all_right(mine)


def test_it_runs_by_itself_and_makes_up_for_what_was_missed(crm, uow, make, deliver, clock, emitted):
    begin(uow, make)
    deliver()
    clock.set(dt.datetime(2026, 6, 20, 5, tzinfo=UTC))  # nothing ran for months
    assert uow.find(Feedback).where(Feedback.stage == "next_month").exists()
    deliver()
    all_right(uow)
    assert len(emitted.of(CallsFollow)) == 1


def everything(uow):
    """Return all that the run writes, as it can be compared; the jobs engine keeps its own books."""
    uow.refresh()
    tables = [Feedback.__table__, Service.__table__, Task.__table__, ledger.history]
    told = [list(uow.connection.execute(sa.select(table).order_by(table.c.id))) for table in tables]
    moved = sa.select(sa.func.count()).where(ledger.journal.c.action == "moved")
    return [*told, totals.kept(uow, uow.crm.kind(Feedback)), uow.connection.execute(moved).scalar_one()]


def test_killed_in_the_middle_of_the_monthly_run(crm, uow, make, deliver, clock):
    for _n in range(3):
        begin(uow, make)
    deliver()
    clock.set(dt.datetime(2026, 4, 1, 1, tzinfo=UTC))
    uow.commit()
    before = everything(uow)
    uow.commit()
    database = crm.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    script = os.path.join(os.path.dirname(__file__), "correction_to_kill.py")
    for statements in (3, 0):
        done = forked.run([script, database, clock.now().isoformat(), str(statements)])
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert everything(uow) == before
        uow.connection.execute(job.update().where(job.c.owner.is_not(None)).values(lease_until=1))  # its worker has been silent for long
        uow.commit()
    clock.forward(minutes=5)
    deliver()
    uow.refresh()
    all_right(uow)
    assert everything(uow) != before
    again = everything(uow)
    correct(uow)
    assert everything(uow) == again, "running it once more changes nothing"
