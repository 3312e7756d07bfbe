"""Giving out leads: turns by weight, limits, absences, whatever happens at the same time."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Crm, Invalid, Plugin, Uow, hookimpl
from crmkit_sales import LEADS, Absence, Assignee, AssignmentRule, Assigns, Inquiry, Lead, LostReason
from crmkit_sales.assignment import Person, turn

people = st.lists(st.integers(1, 9), min_size=1, max_size=7)


def persons(weights: list[int]) -> list[Person]:
    return [Person(i, i, None, str(i), w, None, 0, False) for i, w in enumerate(weights, 1)]


@given(people, st.integers(1, 300))
def test_any_run_of_turns_splits_by_weight(weights: list[int], count: int):
    given, credits = Counter[int](), dict[str, int]()
    for number in range(1, count + 1):
        chosen, credits = turn(persons(weights), credits)
        assert chosen is not None
        given[chosen.id] += 1
        for i, weight in enumerate(weights, 1):
            assert abs(given[i] - number * weight / sum(weights)) < len(weights)
    if count % sum(weights) == 0:
        assert [given[i] for i in range(1, len(weights) + 1)] == [count * w // sum(weights) for w in weights]


@given(people, st.data())
def test_who_was_away_does_not_catch_up(weights: list[int], data: Any):
    credits: dict[str, int] = {}
    everybody = persons(weights)
    for _number in range(50):
        chosen, credits = turn([attrs.evolve(p, away=p.id == 1 and len(everybody) > 1) for p in everybody], credits)
        assert chosen is not None
    back = Counter[int]()
    for _number in range(sum(weights)):
        chosen, credits = turn(everybody, credits)
        assert chosen is not None
        back[chosen.id] += 1
    assert back[1] <= weights[0] + 1


@pytest.fixture
def team(make: Any) -> list[Assignee]:
    made = [make(Assignee, name=n, user_id=u, team_id=5, weight=w) for n, u, w in (("Anna", 11, 2), ("Boris", 12, 1), ("Vera", 13, 1))]
    make(AssignmentRule, name="Team five", team_id=5)
    return made


def owners(uow: Uow) -> Counter[Any]:
    return Counter(row[0] for row in uow.find(Lead).columns(Lead.owner_id))


def test_leads_go_round_by_weight_and_say_why(uow: Uow, make: Any, team: list[Assignee]):
    leads = [make(Lead) for _number in range(8)]
    assert owners(uow) == {11: 4, 12: 2, 13: 2}
    assert [lead.owner_id for lead in leads[:4]] == [lead.owner_id for lead in leads[4:]]
    assert leads[0].team_id == 5
    assert leads[0].assigned_why == "Rule «Team five»: the turn of Anna, weight 2 of 4, open: 1"


def test_who_has_an_owner_keeps_it(make: Any, team: list[Assignee]):
    assert make(Lead, owner_id=99).owner_id == 99


def test_nobody_gets_more_than_they_may_have_and_the_rest_waits(uow: Uow, make: Any, team: list[Assignee], deliver: Any):
    for person in team:
        person.max_active = 1
    leads = [make(Lead) for _number in range(5)]
    assert owners(uow) == {11: 1, 12: 1, 13: 1, None: 2}
    assert leads[4].team_id == 5, "it waits in the team's queue"
    assert leads[4].assigned_why == "Rule «Team five»: nobody can take it. Anna: open 1 of 1; Boris: open 1 of 1; Vera: open 1 of 1"
    uow.move(next(lead for lead in leads if lead.owner_id == 12), LEADS["lost"], {"lost_reason_id": make(LostReason).id})
    deliver()
    assert leads[3].owner_id == 12, "who has room again gets the oldest that waits"
    team[0].max_active = None
    deliver()
    assert leads[4].owner_id == 11


def test_who_is_away_gets_nothing_until_they_are_back(uow: Uow, make: Any, team: list[Assignee], clock: Any, deliver: Any):
    today = clock.now().date()
    for person in team:
        make(Absence, assignee_id=person.id, first_day=today, last_day=today + dt.timedelta(days=person.user_id - 11))
    lead = make(Lead)
    assert lead.owner_id is None
    assert "Anna: away" in (lead.assigned_why or "")
    deliver(until=dt.timedelta(days=1))
    assert lead.owner_id == 11
    assert make(Lead).owner_id == 11
    with pytest.raises(Invalid):  # noqa: PT012
        uow.add(Absence(assignee_id=team[0].id, first_day=today, last_day=today - dt.timedelta(days=1)))
        uow.flush()


class TestOtherPlugins:
    @pytest.fixture
    def crm_plugins(self) -> list[Plugin]:
        import sys
        import types

        import crmkit_sales

        @hookimpl
        def sales_absent(assignee: Assignee, day: dt.date, uow: Uow) -> bool:
            return assignee.user_id == 11

        module = types.ModuleType("leave")
        sys.modules["leave"] = module
        sales_absent.__module__ = "leave"
        module.sales_absent = sales_absent  # type: ignore[attr-defined]
        return [crmkit_sales.plugin, Plugin("leave", modules=[module], requires=["sales"])]

    def test_they_may_know_who_is_away(self, uow: Uow, make: Any, team: list[Assignee]):
        assert {make(Lead).owner_id for _number in range(4)} == {12, 13}


def test_the_first_rule_that_fits_decides(uow: Uow, make: Any, team: list[Assignee]):
    make(Assignee, name="Gleb", user_id=20, team_id=6)
    make(AssignmentRule, name="Perm", position=1, fits={"city": "Пермь"}, people=[20])
    make(AssignmentRule, name="Inquiries", position=1, assigns=Assigns.INQUIRIES, team_id=6)
    assert make(Lead, city="Пермь").owner_id == 20
    assert make(Lead, city="Казань").owner_id == 11
    assert make(Inquiry, phone="1").owner_id == 20
    make(Assignee, name="Nobody", user_id=30, team_id=7, active=False)
    make(AssignmentRule, name="Empty", position=0, team_id=7, fits={"city": "Омск"})
    empty = make(Lead, city="Омск")
    assert (empty.owner_id, empty.team_id) == (None, 7)


@pytest.mark.parametrize(
    "values, path",
    [
        ({"team_id": 1, "fits": {"citty": "x"}}, "fits.citty"), ({}, "team_id"), ({"people": ["x"]}, "people"),
        ({"team_id": 1, "assigns": Assigns.INQUIRIES, "fits": {"deal.amount": {"gt": []}}}, "fits.deal.amount.gt"),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused(uow: Uow, values: dict[str, Any], path: str):
    with pytest.raises(Invalid) as refused:  # noqa: PT012
        uow.add(AssignmentRule(name="x", **values))
        uow.flush()
    assert [p.path for p in refused.value.problems] == [path]


def test_by_hand(crm: Crm, uow: Uow, make: Any, team: list[Assignee]):
    lead = make(Lead, owner_id=99)
    crm.commands["sales.lead.hand_over"].run(uow, lead, {"user_id": 13})
    assert (lead.owner_id, lead.team_id) == (13, 5)
    crm.commands["sales.lead.assign_by_rules"].run(uow, lead, {})
    assert lead.owner_id == 11
    with pytest.raises(Invalid) as refused:
        crm.commands["sales.lead.hand_over"].run(uow, lead, {"user_id": 77})
    assert [p.path for p in refused.value.problems] == ["user_id"]


class TestAtOnce:
    THREADS, LEADS = 16, 1000

    def test_nobody_is_above_the_limit_and_shares_are_as_weighted(self, crm: Crm, uow: Uow, make: Any):
        count = self.LEADS if crm.engine.dialect.name == "postgresql" else 160
        weights, limit = {1: 1, 2: 2, 3: 3, 4: 4}, count // 5
        for user, weight in weights.items():
            make(Assignee, user_id=user, team_id=5, weight=weight)
        limited = make(Assignee, user_id=5, team_id=5, weight=10, max_active=limit)
        make(AssignmentRule, name="one", team_id=5)
        uow.commit()  # type: ignore[attr-defined]
        errors: list[Exception] = []

        def work(number: int) -> None:
            try:
                for _n in range(number, count, self.THREADS):
                    with crm.uow() as theirs:
                        theirs.add(Lead(title="x"))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(self.THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        found = owners(uow)
        assert sum(found.values()) == count
        assert found[limited.user_id] == limit
        rest = count - limit
        for user, weight in weights.items():
            assert abs(found[user] - rest * weight / 10) <= 1.5, found
