"""Calls: one task for all that is due of a person, other numbers when nobody answers, and nobody called who must not be."""

from __future__ import annotations

import datetime as dt
import threading
import types

import pytest
import sqlalchemy as sa

from crmkit import SYSTEM, Actor, Conflict, Invalid, Plugin, Role, hookimpl
from crmkit_prosthesis_feedback import (
    ROLES,
    Ended,
    Feedback,
    FollowUpCall,
    Respondent,
    Service,
    close_incident,
    collect,
    correct,
    end_device,
    issue_device,
    may_be_called,
    numbers,
    open_incident,
)
from crmkit_prosthesis_feedback.entities import Device, DeviceState
from crmkit_sales import Contact, ContactPoint, Way
from crmkit_taskqueue import Task, TaskState, Turn, complete, leave, next_turn, postpone, start

from .people import answers_to, astray, cards_of, win

UTC = dt.UTC
UNDER_WAY = (TaskState.WAITING, TaskState.OPEN, TaskState.HELD)
OLGA = Actor(7, "Olga", roles=["service_caller", "works"], teams=[4])
SENT: list[tuple[int, str]] = []


@hookimpl
def prosthesis_feedback_message(service, text, uow):
    SENT.append((service.id, text))


@pytest.fixture
def crm_plugins(crm_plugins):
    told = types.ModuleType("messages")
    prosthesis_feedback_message.__module__ = "messages"
    told.prosthesis_feedback_message = prosthesis_feedback_message
    SENT.clear()
    return [*crm_plugins, Plugin("messages", modules=[told], requires=("prosthesis_feedback",))]


@pytest.fixture
def crm_roles():
    return [*ROLES, Role("works", {"taskqueue.work": "own", "taskqueue.task.*": "team"})]


@pytest.fixture
def crm_settings(crm_settings):
    mine = {"team": 4, "callers": [7], "message": "Please call us"}
    return crm_settings | {"prosthesis_feedback": mine, "sales": {"holidays": False, "working_hours": ["mon-sun 08:00-22:00"]}}


def calls(uow, service, *states):
    found = uow.find(Task).where(Task.id.in_(_ids(uow, service)), Task.state.in_(states or UNDER_WAY)).order_by(Task.id)
    return found.all()


def _ids(uow, service):
    c = FollowUpCall.__table__.c
    uow.flush()
    return list(uow.connection.execute(sa.select(c.id).where(c.service_id == service.id)).scalars())


def due(uow, make, clock, **contact):
    """Return a service card of whose first card the day has come."""
    service = win(uow, make, **contact)
    assert calls(uow, service) == [], "nothing is due yet"
    clock.set(dt.datetime(2026, 3, 16, 6, tzinfo=UTC))
    return service


def test_a_call_comes_the_day_before_and_goes_when_everything_is_asked(crm, uow, make, deliver, clock):
    service = due(uow, make, clock)
    issue_device(uow, service, model="Second hand", issued_on=dt.date(2026, 3, 2))
    deliver()
    (task,) = calls(uow, service)
    first, second = cards_of(uow, service)
    assert (task.kind, task.owner_id, task.team_id, task.contact_id) == ("follow_up", 7, 4, service.contact_id)
    assert task.due_at == first.planned_at == dt.datetime(2026, 3, 16, 7, tzinfo=UTC)
    assert task.title == "🧑 Anna Petrova · 2 weeks +1"
    assert task.text is not None
    assert "Second hand" in task.text
    collect(uow, first, answers_to(uow, first), finish=True)
    uow.settle()
    assert calls(uow, service) == [task]
    collect(uow, second, answers_to(uow, second), finish=True)
    uow.settle()
    assert calls(uow, service) == []
    assert task.state is TaskState.CANCELLED
    deliver()
    assert calls(uow, service) == []


def at_work(crm, uow, clock):
    """Let Olga come to work at nine in Moscow, and return her first task."""
    clock.set(dt.datetime(2026, 3, 16, 7, 5, tzinfo=UTC))
    with crm.uow(OLGA) as hers:
        start(hers)
        turn = next_turn(hers)
        assert isinstance(turn, Turn)
    return turn


def test_nobody_is_told_to_be_asked_who_was_not(crm, uow, make, deliver, clock):
    service = due(uow, make, clock)
    deliver()
    turn = at_work(crm, uow, clock)
    (card,) = cards_of(uow, service)
    with pytest.raises(Invalid) as refused, crm.uow(OLGA) as hers:
        complete(hers, turn.id, "asked")
    assert [(p.path, p.code) for p in refused.value.problems] == [("outcome", "not_asked")]
    assert "2 weeks" in refused.value.problems[0].message
    with crm.uow(OLGA) as hers:
        card = hers.peek(Feedback, card.id)
        collect(hers, card, answers_to(hers, card), finish=True)
        hers.settle()
        complete(hers, turn.id, "asked")
    assert calls(uow, service) == []
    assert [t.outcome for t in calls(uow, service, TaskState.DONE)] == ["asked"]


def test_an_incident_in_the_middle_of_a_call_ends_it_and_the_next_comes_after_the_closing(crm, uow, make, deliver, clock):
    service = due(uow, make, clock)
    deliver()
    turn = at_work(crm, uow, clock)
    incident = open_incident(uow, service, reason="repair")
    uow.settle()
    assert [t.state for t in calls(uow, service)] == [TaskState.OPEN], "the one that is talked about is left to whoever talks"
    with crm.uow(OLGA) as hers:
        complete(hers, turn.id, "no_answer")
    uow.refresh()
    assert calls(uow, service) == []
    assert not may_be_called(uow, service)
    clock.forward(days=2)
    deliver()
    assert calls(uow, service) == []
    close_incident(uow, incident, resolution="mended")
    uow.settle()
    (card,) = cards_of(uow, service)
    assert card.planned_at.date() == dt.date(2026, 3, 18)
    assert [t.due_at for t in calls(uow, service)] == [card.planned_at]


def test_another_day_that_was_agreed_upon(crm, uow, make, deliver, clock):
    service = due(uow, make, clock)
    deliver()
    turn = at_work(crm, uow, clock)
    at = dt.datetime(2026, 3, 24, 12, tzinfo=UTC)
    with crm.uow(OLGA) as hers:
        complete(hers, turn.id, "call_back", {"at": at})
    uow.refresh()
    (card,) = cards_of(uow, service)
    assert (card.wanted_on, card.planned_at) == (dt.date(2026, 3, 24), dt.datetime(2026, 3, 24, 7, tzinfo=UTC))
    (task,) = calls(uow, service)
    assert (task.due_at, task.get(FollowUpCall).service_id) == (at, service.id)
    for day in (17, 20, 24):
        clock.set(dt.datetime(2026, 3, day, 5, tzinfo=UTC))
        deliver()
        uow.refresh()
        assert calls(uow, service) == [task]
        assert task.due_at == at


def test_nobody_answers(crm, uow, make, deliver, clock):
    service = due(uow, make, clock, born_on=dt.date(2018, 5, 1))
    mother = make(Contact, name="Maria Petrova", phone="+79167654321")
    make(ContactPoint, contact_id=service.contact_id, way=Way.PHONE, value="+79160000001")
    service.guardian_id = mother.id
    uow.settle()
    assert [n.phone for n in numbers(uow, service)] == ["+79167654321", "+79161234567", "+79160000001"]
    assert service.respondent is Respondent.GUARDIAN
    clock.set(dt.datetime(2026, 3, 9, 6, tzinfo=UTC))
    deliver()
    (task,) = calls(uow, service)
    assert task.contact_id == mother.id
    assert "Maria Petrova" in (task.text or "")
    uow.settle()
    for number in range(3):
        clock.set(max(clock.now() + dt.timedelta(days=3), dt.datetime(2026, 3, 16, 7, 5, tzinfo=UTC)))
        with crm.uow(OLGA) as hers:
            start(hers)
            turn = next_turn(hers)
            assert isinstance(turn, Turn)
            complete(hers, turn.id, "no_answer")
        uow.refresh()
        told = calls(uow, service)
        if number < 2:
            assert [t.contact_id for t in told] == [service.contact_id]
            assert ("+79161234567", "+79160000001")[number] in (told[0].text or "")
    assert told == []
    assert (service.attempts, service.stage) == (3, "unreachable")
    assert {c.stage for c in cards_of(uow, service)} == {"unreachable"}
    assert list(SENT) == [(service.id, "Please call us")]
    clock.forward(days=29)
    correct(uow)
    deliver()
    assert calls(uow, service) == []
    clock.forward(days=1)
    deliver()
    uow.refresh()
    assert service.stage == "active"
    (task,) = calls(uow, service)
    assert task.contact_id == mother.id, "it begins anew"


def test_a_wrong_number_and_somebody_who_wants_no_calls(crm, uow, make, deliver, clock):
    service = due(uow, make, clock)
    deliver()
    turn = at_work(crm, uow, clock)
    with crm.uow(OLGA) as hers:
        turn = leave(hers, turn.id, "wrong_number", "somebody else's")
    uow.refresh()
    assert service.attempts == 1
    assert len(calls(uow, service)) == 1
    with crm.uow(OLGA) as hers:
        turn = turn if isinstance(turn, Turn) else next_turn(hers)
        leave(hers, turn.id, "do_not_call", "asked not to be called")
    uow.refresh()
    assert (service.ended, service.stage) == (Ended.WITHDRAWN, "ended")
    assert calls(uow, service) == []


def test_no_device_no_call(uow, make, deliver, clock):
    service = due(uow, make, clock)
    deliver()
    assert len(calls(uow, service)) == 1
    end_device(uow, uow.find(Device).one(), DeviceState.LOST)
    uow.settle()
    assert calls(uow, service) == []
    issue_device(uow, service, model="A new one", issued_on=dt.date(2026, 3, 2))
    uow.settle()
    assert len(calls(uow, service)) == 1
    service.owner_id = 9
    uow.settle()
    assert [t.owner_id for t in calls(uow, service)] == [9]
    assert uow.find(Service).count() == 1


def test_an_incident_while_the_call_is_handed_out(crm, uow, make, deliver, clock, crm_database):
    if crm_database == "sqlite":
        pytest.skip("SQLite has one writer: nothing happens meanwhile")
    service = due(uow, make, clock)
    deliver()
    clock.set(dt.datetime(2026, 3, 16, 7, 5, tzinfo=UTC))
    with crm.uow(OLGA) as hers:
        start(hers)
    with crm.engine.connect() as other:  # somebody is about to open an incident
        other.execute(sa.select(Service.id).where(Service.id == service.id).with_for_update())
        with pytest.raises(Conflict), crm.uow(OLGA) as hers:
            next_turn(hers)
        other.rollback()
    open_incident(uow, service, reason="repair")
    uow.commit()
    with crm.uow(OLGA) as hers:
        assert not isinstance(next_turn(hers), Turn)
    assert calls(uow, service) == []


def test_a_call_that_was_held_meanwhile_is_cancelled_soon(crm, uow, make, deliver, clock, crm_database):
    if crm_database == "sqlite":
        pytest.skip("SQLite has one writer: nothing is held meanwhile")
    service = due(uow, make, clock)
    deliver()
    (task,) = calls(uow, service)
    uow.commit()
    with crm.engine.connect() as other:
        other.execute(sa.select(Task.id).where(Task.id == task.id).with_for_update())
        with crm.uow() as mine:
            open_incident(mine, mine.get(Service, service.id), reason="repair")
        other.rollback()
    uow.refresh()
    assert calls(uow, service) == [task]
    clock.forward(seconds=3)
    deliver()
    uow.refresh()
    assert calls(uow, service) == []


# ---- the order of locks -------------------------------------------------------------------------------------------------
def waits(crm) -> None:
    """Return as soon as some transaction waits for another's lock."""
    pause = threading.Event()
    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    for _n in range(2000):
        with crm.engine.connect() as connection:
            if connection.execute(waiting).scalar_one():
                return
        pause.wait(0.005)
    raise AssertionError("nobody waits")


def meanwhile(crm, first, second, who=(SYSTEM, SYSTEM)):
    """Let `first` hold what it holds, `second` begin and wait for it, and `first` go on: with two connections. Return what went wrong."""
    wrong = []

    def other():
        try:
            with crm.uow(who[1]) as uow:
                second(uow)
        except Exception as error:
            wrong.append(error)

    thread = threading.Thread(target=other)
    with crm.uow(who[0]) as uow:
        goes_on = first(uow)
        thread.start()
        waits(crm)
        if goes_on is not None:
            goes_on()
    thread.join(20)
    return wrong


@pytest.mark.parametrize("ending", ["no_answer", "later"])
def test_a_call_that_ends_while_the_cards_of_the_person_are_worked_out_anew(crm, uow, make, deliver, clock, crm_database, ending):
    """A call holds its task, then the service card; whoever plans anew holds the service card and wants the task: neither waits in a circle."""
    if crm_database == "sqlite":
        pytest.skip("SQLite has one writer")
    service = due(uow, make, clock)
    deliver()
    turn = at_work(crm, uow, clock)
    uow.commit()
    key = service.id

    def end(hers):
        if ending == "no_answer":
            complete(hers, turn.id, "no_answer")
        else:
            postpone(hers, turn.id, clock.now() + dt.timedelta(days=1))

    def another_device(mine):
        held = mine.get(Service, key, lock=True)

        def go_on():
            issue_device(mine, held, model="Second hand", issued_on=dt.date(2026, 3, 2))
            mine.settle()

        return go_on

    assert meanwhile(crm, another_device, end, (SYSTEM, OLGA)) == []
    uow.refresh()
    assert astray(crm, uow) == []
    assert len(calls(uow, service)) == 1
    assert len(cards_of(uow, service)) == 2
    uow.commit()

    clock.set(dt.datetime(2026, 3, 18, 9, tzinfo=UTC))
    with crm.uow(OLGA) as hers:
        start(hers)
        turn = next_turn(hers)
        assert isinstance(turn, Turn)
    uow.commit()

    # The other way round: the call has ended and is not committed yet, when an incident is opened.
    def stop(mine):
        open_incident(mine, mine.get(Service, key), reason="repair")
        mine.settle()

    assert meanwhile(crm, lambda hers: (end(hers), hers.settle(), None)[-1], stop, (OLGA, SYSTEM)) == []
    clock.forward(seconds=3)
    deliver()
    uow.refresh()
    assert astray(crm, uow) == []
    assert calls(uow, service) == []
