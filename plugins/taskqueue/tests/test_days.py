"""The calendar of days: what it says, and where a day leads."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Actor, Role
from crmkit_sales import Assignee, Lead
from crmkit_taskqueue import ROLES, Task


@pytest.fixture
def crm_settings() -> dict[str, object]:
    return {"taskqueue": {"daily_cap": 2}, "crmkit": {"timezone": "Europe/Moscow", "language": "ru"}}


@pytest.fixture
def crm_roles() -> list[Role]:
    return [Role("boss", {"*": "all"}), *ROLES]


def test_a_month_with_its_load(client, make):
    make(Assignee, user_id=1, max_active=40)
    make(Lead, owner_id=1)
    for day, count in ((17, 2), (18, 1)):
        for _number in range(count):
            make(Task, kind="task", owner_id=1, due_at=dt.datetime(2026, 3, day, 9, tzinfo=dt.UTC))
    client.act_as(Actor(1, "Анна", roles=["boss"], language="ru"))
    told = client.get("/taskqueue/days").text
    assert 'aria-label="18 марта, 1 из 2"' in told
    assert 'aria-label="17 марта, занято: 2 из 2"' in told
    assert 'aria-label="21 марта, выходной, 0 из 2"' in told
    assert "Открытых лидов: 1 из 40" in told
    assert "due_at=2026-03-18T10" in told
    assert "due_at=2026-03-17T10" not in told  # a full day cannot be picked
    assert "due_at=2026-03-13" not in told  # nor one that is over
    assert "Апрель 2026" in client.get("/taskqueue/days?month=2026-04-01&user=2").text
    for wrong in ("month=x", "month=9999-01-01", "user=x", "user=99999999999999999999"):
        assert client.get(f"/taskqueue/days?{wrong}").status_code == 200
    form = client.get("/taskqueue/task/new?kind=task").text
    assert "/_/beside/taskqueue/days_beside/taskqueue.task" in form
    typed = {"kind": "task", "due_at": "2026-03-18T15:30", "owner_id": "1"}
    beside = client.post("/_/beside/taskqueue/days_beside/taskqueue.task", data=typed, headers={"HX-Request": "true"}).text
    assert 'data-day="2026-03-19T15:30"' in beside
    assert 'aria-pressed="true"' in beside
    assert not client.post("/_/beside/taskqueue/days_beside/taskqueue.task", data={"kind": "new_lead"}, headers={"HX-Request": "true"}).text.strip()


def test_the_days_of_people_one_has_nothing_to_do_with_are_not_shown(client, make):
    make(Assignee, user_id=2, team_id=8)
    client.act_as(Actor(1, "Анна", roles=["manager"], teams=(7,), language="ru"))
    assert client.get("/taskqueue/days").status_code == 200
    assert client.get("/taskqueue/days?user=2").status_code == 404
    asked = {"kind": "task", "due_at": "2026-03-18T15:30", "owner_id": "2"}
    assert "tqd" not in client.post("/_/beside/taskqueue/days_beside/taskqueue.task", data=asked, headers={"HX-Request": "true"}).text
