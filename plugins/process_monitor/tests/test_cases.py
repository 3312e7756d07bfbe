"""Cases begin and end, at most one at a time for each colleague."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from crmkit import Actor, Conflict, Invalid
from crmkit_process_monitor import Case, EndedHow, cases
from crmkit_sales import SALES, Contact, Deal

OLGA = Actor(7, "Olga", ("manager",), teams=(3,))


def test_one_client_after_another(crm, uow, make, clock, published):
    ann = make(Contact, name="Ann")
    with crm.uow(OLGA) as hers:
        first = cases.begin(hers, contact_id=ann.id, channel="shop")
        assert (first.kind, first.owner_id, first.team_id, cases.open_case(hers)) == ("new", 7, 3, first)
    assert ("process_monitor.serving", 7) in [(m.topic, m.id) for m in published]
    clock.forward(minutes=10)
    with crm.uow(OLGA) as hers:
        second = cases.begin(hers, contact_id=ann.id, key="call:5")
        assert (second.kind, second.key) == ("repeat", "call:5")
    kept = uow.get(Case, first.id)
    assert (kept.ended_how, kept.ended_at) == (EndedHow.NEXT, clock.now())
    clock.forward(minutes=1)
    with crm.uow(OLGA) as hers:
        cases.end(hers, outcome="sold")
        assert cases.open_case(hers) is None
        with pytest.raises(Conflict, match="serving nobody"):
            cases.end(hers)
    kept = uow.get(Case, second.id)
    assert (kept.outcome, kept.ended_how, kept.ended_at - kept.began_at) == ("sold", EndedHow.DONE, dt.timedelta(minutes=1))


def test_who_bought_before_is_no_new_client(crm, make):
    boris = make(Contact)
    make(Deal, contact_id=boris.id, into=SALES["won"])
    with crm.uow(OLGA) as hers:
        assert cases.begin(hers, contact_id=boris.id).kind == "repeat"
        assert cases.begin(hers, kind="new", contact_id=boris.id).kind == "new"
        with pytest.raises(Invalid, match="no kind"):
            cases.begin(hers, kind="nonsense")


def test_a_case_ends_by_silence_and_by_its_limit(crm, uow, clock, deliver):
    with crm.uow(OLGA) as hers:
        quiet = cases.begin(hers)
    deliver(until=dt.timedelta(minutes=31))
    kept = uow.get(Case, quiet.id)
    assert (kept.ended_how, kept.ended_at) == (EndedHow.TIME, kept.began_at)


def test_at_most_one_is_open_whoever_begins_at_once(crm, uow):
    """A task, a call and two tabs at the same moment: each begins, the last one stays."""
    uow.commit()

    def begun(number):
        with crm.uow(OLGA) as hers:
            return cases.begin(hers, key=f"task:{number}").id

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(begun, range(4)))
    kept = uow.find(Case).order_by(Case.id).all()
    assert sorted(made) == [case.id for case in kept]
    assert [case.ended_how for case in kept].count(EndedHow.NEXT) == 3
    assert len({case.worker_id for case in kept}) == 1
