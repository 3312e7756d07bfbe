"""The supervisor's board: who works at what, for those who may see it, in a fixed number of statements."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from crmkit import Actor
from crmkit_sales import Absence, Assignee, Contact
from crmkit_taskqueue import Task, complete, leave, next_turn, pause, start, stop
from crmkit_taskqueue.board import Manager, forecast, read_day
from crmkit_taskqueue.reach import reach_of
from crmkit_taskqueue.roles import SUPERVISE

ANN, BOB = Actor(1, "Ann", roles=["manager"], teams=(7,)), Actor(2, "Bob", roles=["manager"], teams=(8,))
LEAD = Actor(5, "Lead", roles=["team_lead"], teams=(7,))
DIRECTOR = Actor(9, "Vera", roles=["director"])
HX = {"hx-request": "true", "hx-request-type": "partial"}


@pytest.fixture
def people(make):
    for number, name, team in ((1, "Ann <b>Lee</b>", 7), (2, "Bob", 8), (3, "Cid", 7), (4, "Dan", 7)):
        found = make(Assignee, name=name, user_id=number, team_id=team)
    make(Absence, assignee_id=found.id, first_day=dt.date(2026, 3, 16), last_day=dt.date(2026, 3, 20))


@pytest.fixture
def work(crm):
    def run(function, *args, who=ANN):
        with crm.uow(who) as uow:
            return function(uow, *args)

    return run


def day(crm, who, team=None):
    with crm.read(who) as uow:
        return {m.id: m for m in read_day(uow, reach_of(uow, SUPERVISE), team).managers}


def test_a_day_is_counted(crm, make, work, clock, people):
    for _number in range(4):
        make(Task, kind="call", owner_id=1, team_id=7, contact_id=make(Contact, name="Client").id)
    work(start)
    work(start, who=BOB)
    clock.forward(minutes=2)
    turn = work(next_turn)
    clock.forward(minutes=28)
    turn = work(complete, turn.id, "reached")
    clock.forward(minutes=10)
    work(pause, "lunch")
    work(leave, turn.id, "not_mine", "It is Bob's")
    clock.forward(minutes=5)
    found = day(crm, DIRECTOR)
    ann = found[1]
    assert {m.id: m.state for m in found.values()} == {1: "break", 2: "idle", 3: "none", 4: "away"}
    assert (ann.closed, ann.exits, ann.opened, ann.pause) == (1, {"not_mine": 1}, 2, "lunch")
    assert ann.lost == dt.timedelta(minutes=2)
    assert ann.breaks == {"lunch": dt.timedelta(minutes=5)}
    assert found[2].lost == dt.timedelta(minutes=45)
    assert ann.forecast == 1 + int(495 / 40)  # until 18:00 there are 495 minutes; 40 were worked
    work(stop)
    assert day(crm, LEAD)[1].state == "ended"
    assert set(day(crm, LEAD)) == {1, 3, 4}
    assert day(crm, ANN) == {}
    assert set(day(crm, DIRECTOR, 8)) == {2}


def test_the_pace_is_not_told_too_soon():
    now = dt.datetime(2026, 3, 16, 9, tzinfo=dt.UTC)
    late = now + dt.timedelta(hours=6)
    early = Manager(id=1, team_id=None, state="task", closed=3, worked=dt.timedelta(minutes=10))
    assert forecast(early, now, late) is None
    assert forecast(Manager(id=1, team_id=None, state="task", closed=30, worked=dt.timedelta(hours=2)), now, late) == 120
    assert forecast(Manager(id=1, team_id=None, state="ended", closed=3), now, late) == 3
    assert forecast(Manager(id=1, team_id=None, state="task", closed=3, worked=dt.timedelta(hours=2)), now, now) == 3


def test_the_page_for_each(client, make, work, people, clock):
    make(Task, kind="call", owner_id=1, team_id=7, title="Ask <i>him</i>", contact_id=make(Contact, name="Client <u>").id)
    work(start)
    turn = work(next_turn)
    client.act_as(ANN)
    assert client.get("/taskqueue/board").status_code == 403
    assert client.get("/taskqueue/board/rows").status_code == 403
    assert client.post("/taskqueue/board/pause", data={"kind": "call"}).status_code == 403
    client.act_as(LEAD)
    text = client.get("/taskqueue/board").text
    assert "Ask &lt;i&gt;him&lt;/i&gt;" in text
    assert "Ann &lt;b&gt;Lee" in text
    assert "Bob" not in text
    assert f'data-tqb-since="{int(clock.now().timestamp() * 1000)}"' in text
    assert "tqb-kinds-pop" not in text
    assert client.post("/taskqueue/board/pause", data={"kind": "call"}, headers=HX).status_code == 403
    assert "Cid" not in client.get("/taskqueue/board?state=task").text
    assert "Ann" not in client.get("/taskqueue/board/rows?q=ci&sort=lost").text
    assert client.get("/taskqueue/board?team=x&state=zz&sort=y&page=99999").status_code == 200
    work(leave, turn.id, "not_mine", "It is <s>Bob's")
    text = client.get("/taskqueue/board/rows").text
    assert "It is &lt;s&gt;Bob" in text
    assert re.search(r"/taskqueue/task/\d+/do/give", text)
    client.act_as(DIRECTOR)
    assert "Bob" in client.get("/taskqueue/board").text
    assert client.post("/taskqueue/board/pause", data={"kind": "call", "reason": "Stock"}, headers=HX).status_code == 204
    assert "Stock" in client.get("/taskqueue/board/rows").text
    assert client.post("/taskqueue/board/resume", data={"kind": "call"}, headers=HX).status_code == 204
    assert "Stock" not in client.get("/taskqueue/board/rows").text


def test_a_task_is_given_and_opened_at_once(client, make, work, people, uow):
    task = make(Task, kind="call", owner_id=2, team_id=7, title="Boiler")
    work(start)
    client.act_as(LEAD)
    form = client.get("/taskqueue/board/give?user=1", headers=HX)
    assert 'name="user" value="1"' in form.text
    assert client.get("/taskqueue/board/give?user=2", headers=HX).status_code == 404
    assert "Boiler" in client.get("/taskqueue/board/tasks?q=boiler&user=1", headers=HX).text
    empty = client.post("/taskqueue/board/give", data={"user": "1", "now": "true"}, headers=HX)
    assert empty.status_code == 422
    assert 'id="tqb-give-say"' in empty.text
    given = client.post("/taskqueue/board/give", data={"user": "1", "task": str(task.id), "now": "true"}, headers=HX)
    assert given.status_code == 204
    uow.refresh()
    assert (task.opened_by, task.owner_id) == (1, 1)
    again = client.post("/taskqueue/board/give", data={"user": "1", "task": str(task.id), "now": "true"}, headers=HX)
    assert again.status_code in (409, 422)
    assert client.post(f"/taskqueue/task/{task.id}/do/take_back", headers=HX).status_code == 204


def test_a_full_day_shows_the_days_to_pick_another_from(client, make, people, uow, clock):
    tomorrow = clock.now() + dt.timedelta(days=1)
    for number in range(30):
        make(Task, kind="task", owner_id=1, team_id=7, due_at=tomorrow + dt.timedelta(minutes=number))
    task = make(Task, kind="task", owner_id=3, team_id=7, due_at=tomorrow)
    client.act_as(LEAD)
    full = client.post("/taskqueue/board/give", data={"user": "1", "task": str(task.id)}, headers=HX)
    assert full.status_code == 422
    assert 'aria-label="17 March, full: 30 of 30"' in full.text
    assert 'name="due_at" value="2026-03-18T10:00"' in full.text
    assert "Open leads: 0" in full.text
    picked = client.post("/taskqueue/board/give", data={"user": "1", "task": str(task.id), "due_at": "2026-03-18T10:00"}, headers=HX)
    assert picked.status_code == 204
    uow.refresh()
    assert (task.owner_id, task.day) == (1, dt.date(2026, 3, 18))


def test_five_hundred_managers_cost_as_many_statements_as_one(client, crm, make, work, queries, clock):
    work(start)
    client.act_as(DIRECTOR)

    def cost() -> int:
        client.get("/taskqueue/board/rows")
        queries.clear()
        assert client.get("/taskqueue/board/rows").status_code == 200
        return int(queries.count)

    one = cost()
    with crm.uow() as uow:
        uow.add_many(Assignee, [{"name": f"Manager {n}", "user_id": n, "team_id": n % 20} for n in range(10, 510)])
        uow.add_many(Task, [{"kind": "task", "owner_id": n, "team_id": n % 20, "title": f"T{n}"} for n in range(10, 30)])
    for number in range(10, 30):
        who = Actor(number, str(number), roles=["manager"], teams=(number % 20,))
        work(start, who=who)
        work(next_turn, who=who)
    assert cost() <= one + 2  # the titles of open tasks, and breaks
    assert one <= 9
    text = client.get("/taskqueue/board").text
    assert "T10" in text
    assert "1–60 of 501" in text or "1–60 из 501" in text
