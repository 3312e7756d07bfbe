"""Whom a supervisor looks at and hands tasks to: nobody, unless a role says so."""

from __future__ import annotations

import pytest

from crmkit import Actor, Forbidden, Invalid
from crmkit_sales import Assignee
from crmkit_taskqueue import Task, start
from crmkit_taskqueue.commands import give, pause_kind
from crmkit_taskqueue.reach import Reach, reach_of
from crmkit_taskqueue.roles import SUPERVISE

ANN = Actor(1, "Ann", roles=["manager"], teams=(7,))
LEAD = Actor(5, "Lead", roles=["team_lead"], teams=(7,))
DIRECTOR = Actor(9, "Vera", roles=["director"])


def test_a_reach_is_what_the_role_says(crm):
    def of(who: Actor) -> Reach:
        with crm.read(who) as uow:
            return reach_of(uow, SUPERVISE)

    assert of(ANN) == of(Actor(3)) == Reach()
    assert of(DIRECTOR) == Reach(everybody=True)
    assert of(LEAD) == Reach(people=frozenset({5}), teams=frozenset({7}))
    assert of(LEAD).holds(1, (7,))
    assert not of(LEAD).holds(2, (8, None))


def test_a_task_is_given_within_the_reach_alone(crm, make, uow):
    make(Assignee, name="Bob", user_id=2, team_id=8)
    task = make(Task, kind="task", owner_id=1, team_id=7)
    with crm.uow(ANN) as own:
        start(own)
    with crm.uow(LEAD) as lead:
        with pytest.raises(Invalid) as refused:
            give(lead.get(Task, task.id), lead, user_id=2)
        assert [p.path for p in refused.value.problems] == ["user_id"]
        with pytest.raises(Forbidden):
            pause_kind(lead, kind="call")
        give(lead.get(Task, task.id), lead, user_id=1)
    with crm.uow(DIRECTOR) as director:
        give(director.get(Task, task.id), director, user_id=2)
    uow.refresh()
    assert (task.owner_id, task.team_id) == (2, 8)
