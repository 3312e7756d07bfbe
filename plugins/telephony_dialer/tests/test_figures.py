"""The dialer's figures for supervisors, on the page of the reports on calls."""

import pytest

from crmkit import Actor, Role
from crmkit_telephony import Ask, Outcome
from crmkit_telephony_dialer.figures import by_hour, dialled

from .conftest import ANN

LEAD = Actor(9, "Lead", roles=["lead"], teams=(7,))
RU = {"accept-language": "ru"}
TILES = ("dialer_results", "dialer_hours", "dialer_outcomes")


@pytest.fixture
def crm_roles(crm_roles):
    reports = {"telephony.reports.read": "all"}
    return [*crm_roles, Role("lead", {**reports, "taskqueue.task.read": "team"}), Role("guest", reports)]


def tile(client, name):
    return client.get(f"/_/widget/telephony_dialer/{name}?period=today", headers={**RU, "hx-request": "true", "hx-request-type": "partial"}).text


def test_attempts_by_outcome_and_hour(floor, crm, client):
    client.act_as(LEAD)
    assert "Доля ответов" not in tile(client, "dialer_results")
    floor.task()
    floor.task()
    floor.work(ANN)
    floor.rings()
    floor.run(21)  # nobody answers
    floor.rings()
    floor.pbx.answer(floor.call())
    floor.hear()
    floor.pbx.end(floor.call())
    floor.hear()
    with crm.read(LEAD) as uow:
        found = dialled(uow, Ask())
        assert found.by_outcome == {Outcome.NO_ANSWER.value: 1, Outcome.ANSWERED.value: 1}
        assert (found.counted, found.answered, found.rate) == (2, 1, 0.5)
        assert by_hour(uow, Ask()) == {9: (2, 1)}
        assert dialled(uow, Ask(manager=2)).counted == dialled(uow, Ask(team=8)).counted == 0
        assert dialled(uow, Ask(manager=1, team=7)).counted == 2
    assert "50" in tile(client, "dialer_results")
    assert "09" in tile(client, "dialer_hours")
    assert "Разговор состоялся" in tile(client, "dialer_outcomes")
    client.act_as(Actor(10, "Guest", roles=["guest"], teams=(7,)))
    for name in TILES:
        assert "Доля ответов" not in tile(client, name)  # whose tasks one does not see
