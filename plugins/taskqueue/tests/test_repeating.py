"""Recurring tasks: by the company's clocks, in working time, made up for once."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Invalid
from crmkit_sales import Absence, Assignee
from crmkit_taskqueue import Recurring, Task
from crmkit_taskqueue.repeating import next_time


@pytest.fixture
def crm_settings() -> dict[str, object]:
    return {"crmkit": {"timezone": "Europe/London"}, "taskqueue": {"daily_cap": 2}, "sales": {"country": "GB"}}


@pytest.fixture
def pass_days(clock, deliver):
    """Let mornings go by, one after the other: it is 10:30 then."""

    def go(count: int) -> None:
        for _day in range(count):
            clock.forward(hours=1, minutes=30)
            deliver()
            clock.forward(hours=22, minutes=30)

    return go


def days(uow) -> list[str]:
    uow.refresh()
    return [f"{task.due_at.astimezone(uow.crm.zone):%d.%m %H:%M}" for task in uow.find(Task).order_by(Task.due_at, Task.id)]


def test_every_working_day_once(make, uow, pass_days):
    make(Recurring, kind="new_lead", cron="0 10 * * *", owner_id=1)
    pass_days(8)
    assert days(uow) == ["16.03 10:00", "17.03 10:00", "18.03 10:00", "19.03 10:00", "20.03 10:00", "23.03 10:00"]


def test_missed_times_are_made_up_for_once(make, uow, clock, deliver, pass_days):
    make(Recurring, kind="new_lead", cron="0 10 * * *", owner_id=1)
    clock.forward(days=8)
    deliver()
    assert len(days(uow)) == 1
    pass_days(1)
    assert len(days(uow)) == 2


def test_the_cap_moves_it_and_its_end_ends_it(make, uow, pass_days):
    for _number in range(3):
        make(Recurring, kind="task", cron="0 10 * * mon", until=dt.date(2026, 3, 22), owner_id=1)
    rule = uow.find(Recurring).first()
    pass_days(8)
    assert days(uow) == ["16.03 10:00", "16.03 10:00", "17.03 10:00"]
    uow.refresh()
    assert rule.next_at is None


def test_an_archived_rule_rests(make, uow, pass_days):
    rule = make(Recurring, kind="task", cron="0 10 * * *", owner_id=1)
    uow.archive(rule)
    pass_days(3)
    assert days(uow) == []
    uow.restore(rule)
    uow.commit()
    assert rule.next_at == dt.datetime(2026, 3, 19, 10, tzinfo=dt.UTC)


def test_while_its_owner_is_away_it_waits_for_them(make, uow, pass_days):
    person = make(Assignee, user_id=1)
    make(Absence, assignee_id=person.id, first_day=dt.date(2026, 3, 16), last_day=dt.date(2026, 3, 25))
    make(Recurring, kind="new_lead", cron="0 10 * * *", owner_id=1)
    pass_days(5)
    assert days(uow) == ["26.03 09:00"]


def test_a_rule_that_will_not_do_holds_up_no_other(make, uow, pass_days, caplog):
    bad = make(Recurring, kind="task", cron="0 10 * * *", owner_id=1)
    make(Recurring, kind="new_lead", cron="0 10 * * *", owner_id=1)
    uow.connection.execute(Recurring.__table__.update().where(Recurring.__table__.c.id == bad.id).values(kind="removed"))
    uow.commit()
    pass_days(1)
    assert days(uow) == ["16.03 10:00"]
    assert "was not made" in caplog.text


@pytest.mark.parametrize(("after", "cron", "expected"), [
    ("2026-03-28T12:00", "30 1 * * *", "2026-03-29T01:30"),  # 01:30 is skipped: it is 02:30 by the clocks then
    ("2026-03-29T02:00", "30 1 * * *", "2026-03-30T00:30"),
    ("2026-10-24T12:00", "30 1 * * *", "2026-10-25T00:30"),  # 01:30 comes twice: the first one
    ("2026-10-25T00:45", "30 1 * * *", "2026-10-26T01:30"),
    ("2026-10-25T01:15", "30 1 * * *", "2026-10-26T01:30"),
    ("2026-03-16T12:00", "0 10 30 2 *", None),
])  # fmt: skip
def test_when_the_clocks_change(uow, after, cron, expected):
    found = next_time(cron, None, dt.datetime.fromisoformat(after).replace(tzinfo=dt.UTC), uow)
    assert found == (None if expected is None else dt.datetime.fromisoformat(expected).replace(tzinfo=dt.UTC))


@pytest.mark.parametrize("values", [{"cron": "every monday"}, {"cron": "* * * * * *"}, {"kind": "nothing", "cron": "0 10 * * *"}])
def test_a_rule_must_be_one(crm, values):
    with pytest.raises(Invalid), crm.uow() as uow:
        uow.add(Recurring(**{"kind": "task", "title": "x", **values}))
