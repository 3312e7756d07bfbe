"""Who a person is while they are away: for webhooks and schedules on their behalf."""

from __future__ import annotations


def test_a_person_is_who_they_are_now(crm, company, uow):
    clerk = company.role("clerk", {"accounts.user.read": "all"})
    ann = company.person("ann", clerk, team=company.north)
    found = crm.hook.crm_person(crm=crm, id=ann.id)
    assert (found.id, found.name, found.roles, found.system) == (ann.id, "Ann", ("clerk",), False)
    ann.active = False
    uow.settle()
    assert crm.hook.crm_person(crm=crm, id=ann.id) is None
    assert crm.hook.crm_person(crm=crm, id=10**9) is None
