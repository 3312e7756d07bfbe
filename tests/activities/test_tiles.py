"""The tile of the first page: the visitor's own next steps, with what they are about."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from crmkit import Actor, MovableClock, Role, activities
from crmkit.accounts import Team
from crmkit.accounts import plugin as accounts
from crmkit.activities import Activity

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
ANN = Actor(5, "Ann", ("worker",))


@pytest.fixture
def crm_plugins():
    return [activities.plugin, accounts]


@pytest.fixture
def crm_roles():
    return [Role("worker", {"activities.*": "own", "accounts.team.read": "all"}), Role("blind", {"activities.*": "own"}), Role("guest", {})]


@pytest.fixture
def clock():
    return MovableClock(NOW)


def tile(client, actor: Actor = ANN, language: str = "en") -> str:
    return str(client.act_as(actor).get("/_/widget/activities/my_steps", headers={"accept-language": language}).text)


def test_what_is_due_comes_first_with_what_it_is_about(client, make, uow):
    team = make(Team, name="Nord <b>")
    make(Activity, kind="todo", subject="Later", due_at=NOW + dt.timedelta(days=2), owner_id=5, **uow.about(team))
    make(Activity, kind="call", subject="Call <i>", due_at=NOW - dt.timedelta(hours=2), owner_id=5, **uow.about(team))
    make(Activity, kind="todo", subject="Somebody else's", due_at=NOW, owner_id=6, **uow.about(team))
    make(Activity, kind="todo", subject="Done", due_at=NOW, done_at=NOW, owner_id=5, **uow.about(team))
    make(Activity, kind="todo", subject="Some day", due_at=None, owner_id=5, **uow.about(team))
    text = tile(client)
    assert re.findall(r"<b>(.*?)</b>", text) == ["Call &lt;i&gt;", "Later"]
    assert "<small>Nord &lt;b&gt;</small>" in text
    assert f'href="/accounts/team/{team.id}"' in text
    assert text.count("overdue since") == 1
    assert "просрочено с" in tile(client, language="ru")


def test_many_are_shown_in_part_with_a_link_to_all(client, make, uow, queries):
    teams = [make(Team, name=f"Team {n}") for n in range(8)]
    for number, team in enumerate(teams):
        make(Activity, kind="todo", subject=f"Step {number}", due_at=NOW + dt.timedelta(days=number), owner_id=5, **uow.about(team))
    client.act_as(ANN).get("/")
    with queries.at_most(6):
        text = tile(client)
    assert re.findall(r"<b>Step (\d)</b>", text) == ["0", "1", "2", "3", "4", "5"]
    assert "All my activities: 8" in text


def test_what_one_may_not_see_is_not_named(client, make, uow):
    team = make(Team, name="Secret")
    make(Activity, kind="todo", subject="Call", due_at=NOW, owner_id=5, **uow.about(team))
    assert "Secret" not in tile(client, Actor(5, "Ann", ("blind",)))
    assert client.act_as(Actor(5, "Ann", ("guest",))).get("/_/widget/activities/my_steps").text == ""


def test_where_nothing_is_due_it_says_so(client):
    assert "Ничего не запланировано" in tile(client, language="ru")
