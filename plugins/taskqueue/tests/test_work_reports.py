"""Reports on work: the figures of a day, the lists behind them, who sees whose, JSON and CSV."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from crmkit import Actor, Forbidden, Invalid
from crmkit_sales import Assignee
from crmkit_taskqueue import Task, complete, leave, next_turn, pause, resume, start
from crmkit_taskqueue.reports import Ask, breaks, queue, work
from crmkit_taskqueue.tables import turns

ANN, BOB = Actor(1, "Ann", roles=["manager"], teams=(7,)), Actor(2, "Bob", roles=["manager"], teams=(8,))
LEAD = Actor(5, "Lead", roles=["team_lead"], teams=(7,))
DIRECTOR = Actor(9, "Vera", roles=["director"])
MINUTE = dt.timedelta(minutes=1)
TILES = ("results", "pace", "waiting", "managers", "teams", "kinds", "outcomes", "exits", "rests")


@pytest.fixture
def run(crm):
    def as_(who, function, *args):
        with crm.uow(who) as uow:
            return function(uow, *args)

    return as_


@pytest.fixture
def a_day(make, run, clock):
    """Ann closes two calls in 4 and 8 minutes, leaves one, takes a break; Bob closes one; one of Ann's is overdue."""
    make(Assignee, name="=Ann", user_id=1, team_id=7)
    for who in (ANN, ANN, ANN, ANN, BOB):
        make(Task, kind="call", owner_id=who.id, team_id=who.teams[0], title="T")
    for who in (ANN, BOB):
        run(who, start)
    clock.forward(minutes=2)
    turn, bobs = run(ANN, next_turn), run(BOB, next_turn)
    clock.forward(minutes=4)
    run(BOB, complete, bobs.id, "reached")
    turn = run(ANN, complete, turn.id, "reached")
    clock.forward(minutes=8)
    turn = run(ANN, complete, turn.id, "no_answer")
    clock.forward(minutes=1)
    run(ANN, pause, "lunch")
    run(ANN, leave, turn.id, "not_mine", "Bob's")
    clock.forward(minutes=20)
    run(ANN, resume)


def read(crm, who, make, **ask):
    with crm.read(who) as uow:
        return make(uow, Ask(**ask))


def test_the_figures_of_a_day(crm, a_day):
    (ann, bob) = read(crm, DIRECTOR, work, by=("manager",)).rows
    assert (ann.by[0].label, ann.opened, ann.closed, ann.left) == ("=Ann", 3, 2, 1)
    assert (ann.average, ann.median, ann.lost) == (6 * MINUTE, 6 * MINUTE, 2 * MINUTE)
    assert (bob.closed, bob.median) == (1, 4 * MINUTE)
    kinds = {row.by[0].value: row.closed for row in read(crm, DIRECTOR, work, by=("outcome",)).rows}
    assert kinds == {"reached": 2, "no_answer": 1, None: 0}
    (rest,) = read(crm, DIRECTOR, breaks, by=("reason", "manager")).rows
    assert (rest.by[0].value, rest.breaks, rest.time) == ("lunch", 1, 20 * MINUTE)
    (waits,) = read(crm, DIRECTOR, queue).rows
    assert (waits.overdue, waits.starving, waits.held, waits.longest) == (2, 0, 1, 35 * MINUTE)  # the one tried in vain is due again
    hours = read(crm, DIRECTOR, work, by=("day", "hour")).rows
    assert [(row.by[0].value, row.by[1].label, row.closed) for row in hours] == [(dt.date(2026, 3, 16), "09:00", 3)]
    assert read(crm, DIRECTOR, work, since=dt.date(2026, 3, 1), until=dt.date(2026, 3, 15)).rows == []


def test_who_sees_whose(crm, a_day):
    assert [row.by[0].value for row in read(crm, LEAD, work, by=("manager",)).rows] == [1]
    assert read(crm, LEAD, queue).rows[0].held == 1
    assert read(crm, LEAD, breaks).rows[0].breaks == 1
    assert read(crm, LEAD, work, team=8).rows == read(crm, LEAD, work, manager=2).rows == []
    for who in (ANN, Actor(3)):
        for make in (work, breaks, queue):
            with pytest.raises(Forbidden):
                read(crm, who, make)


@pytest.mark.parametrize(
    "ask",
    [
        {"by": ("colour",)}, {"by": ("team", "team")}, {"by": ("day", "team", "kind", "class")}, {"since": dt.date(2025, 1, 1)},
        {"until": dt.date(1, 1, 1)}, {"since": dt.date(2026, 3, 20)}, {"by": ("hour",), "since": dt.date(2026, 3, 14)},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(crm, ask):
    with pytest.raises(Invalid):
        read(crm, DIRECTOR, work, **ask)


def test_over_http(client, a_day):
    client.act_as(DIRECTOR)
    found = client.get("/x/taskqueue/reports/work?by=manager,kind&from=2026-03-16&to=2026-03-16").json()
    assert found["rows"][0]["by"]["kind"]["value"] == "call"
    assert found["rows"][0]["median"] == 360
    text = client.get("/x/taskqueue/reports/work?by=manager&format=csv", headers={"accept-language": "ru"}).text
    assert text.splitlines()[0].startswith("\ufeffМенеджер,Открыто,Закрыто")
    assert "'=Ann,3,2,6.00,6.00,2.00" in text
    assert client.get("/x/taskqueue/reports/breaks?by=reason").json()["rows"][0]["time"] == 1200
    assert client.get("/x/taskqueue/reports/queue?by=kind,class").json()["rows"][0]["held"] == 1
    wrong = client.get("/x/taskqueue/reports/work?from=yesterday&team=x&colour=red&team=2&format=pdf")
    assert wrong.status_code == 422
    assert {p["path"] for p in wrong.json()["problems"]} == {"from", "team", "colour", "format"}
    client.act_as(ANN)
    assert client.get("/x/taskqueue/reports/work").status_code == 403
    assert client.get("/taskqueue/reports").status_code == 403


def listed(client, href: str) -> int:
    """Return how many tasks the list has that a figure leads to."""
    tree = parse_qs(urlsplit(html.unescape(href)).query)["filter"][0]
    return len(client.get("/api/taskqueue/task", params={"filter": tree, "fields": "id"}).json()["rows"])


def test_the_page_and_its_tiles(client, a_day):
    client.act_as(DIRECTOR)
    page = client.get("/taskqueue/reports?period=week&manager=1&kind=nonsense&team=zz").text
    assert "=Ann" in page
    shown = {name: client.get(f"/_/widget/taskqueue/{name}").text for name in TILES}
    assert not [name for name, text in shown.items() if "broken" in text]
    hrefs = re.findall(r'href="([^"]*/taskqueue/task\?filter=[^"]*)"', "".join(shown.values()))
    assert len(hrefs) > 6
    closed = next(href for href in re.findall(r'href="([^"]*)"', shown["results"]) if "filter" in href)
    assert listed(client, closed) == 3
    held = next(href for href in hrefs if json.dumps("held") in parse_qs(urlsplit(html.unescape(href)).query)["filter"][0])
    assert listed(client, held) == 1
    for name in TILES:
        assert "broken" not in client.get(f"/_/widget/taskqueue/{name}?period=month&manager=1").text
    client.act_as(LEAD)
    assert "Bob" not in client.get("/_/widget/taskqueue/managers").text
    assert "№ 2" not in client.get("/_/widget/taskqueue/managers").text


def test_a_report_of_a_day_goes_by_an_index(crm, a_day):
    """Among the turns of years those of a day are found without looking at the others."""
    long_ago = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    past = {"task_id": 1, "session_id": 1, "kind": "call", "priority": 1, "why": {}}
    with crm.uow() as uow:
        uow.connection.execute(turns.insert(), [{**past, "user_id": n % 500, "opened_at": long_ago + n * MINUTE} for n in range(5_000)])
        uow.connection.execute(sa.text("ANALYZE taskqueue_turn"))
    day = sa.select(sa.func.count()).where(turns.c.opened_at >= dt.datetime(2026, 3, 16, tzinfo=dt.UTC))
    with crm.uow() as uow:
        dialect = uow.connection.dialect
        said = day.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        prefix = "EXPLAIN " if dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        plan = str(uow.connection.execute(sa.text(f"{prefix}{said}")).all())
    assert "ix_taskqueue_turn_day" in plan
