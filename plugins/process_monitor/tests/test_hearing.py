"""Cases that begin by themselves: a task that is opened, a call that is answered. Neither plugin is required."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

import crmkit_process_monitor
import crmkit_taskqueue
import crmkit_telephony
from crmkit import Actor, Crm, Plugin, Role, hookimpl
from crmkit_process_monitor import Case, EndedHow, cases
from crmkit_process_monitor.tables import spans, talks
from crmkit_sales import Contact
from crmkit_taskqueue import Task, complete, next_turn, start
from crmkit_telephony import Call, Line, provider_named, take
from crmkit_telephony.testing import paper

OLGA = Actor(7, "Olga", ("manager",), teams=(3,))
LENA = "+79123456789"


@hookimpl
def crm_person(crm: Crm, id: int) -> Actor | None:
    """Say who people are, as the accounts plugin does."""
    return OLGA if id == OLGA.id else Actor(id, "Somebody else", ())


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    folks = Plugin("folks", modules=[__name__])
    return [crmkit_taskqueue.plugin, crmkit_telephony.plugin, paper.plugin, crmkit_process_monitor.plugin, folks]


@pytest.fixture
def crm_roles() -> list[Role]:
    grants = {}
    for plugin in (crmkit_process_monitor, crmkit_taskqueue, crmkit_telephony):
        grants |= next(r for r in plugin.ROLES if r.name == "manager").grants
    return [Role("manager", grants)]


def test_a_task_is_a_case(crm, uow, make, clock):
    ann = make(Contact)
    for number in (1, 2):
        make(Task, kind="call", owner_id=7, contact_id=ann.id, due_at=clock.now() - dt.timedelta(minutes=9 - number))
    with crm.uow(OLGA) as hers:
        start(hers)
        turn = next_turn(hers)
        case = cases.open_case(hers)
        assert (case.key, case.contact_id, case.kind, case.team_id) == (f"task:{turn.task_id}", ann.id, "new", 3)
    clock.forward(minutes=4)
    with crm.uow(OLGA) as hers:
        second = complete(hers, turn.id, "reached", {"note": "Called"})
        assert cases.open_case(hers).key == f"task:{second.task_id}"
        assert cases.open_case(hers).kind == "repeat"
    kept = uow.get(Case, case.id)
    assert (kept.outcome, kept.ended_how, kept.ended_at - kept.began_at) == ("reached", EndedHow.DONE, dt.timedelta(minutes=4))


def test_an_answered_call_is_a_case_until_it_is_written_up(crm, uow, make, clock):
    make(Line, provider="paper", extension="101", owner_id=7)
    make(Line, provider="paper", extension="102", owner_id=8)
    lena = make(Contact, phone=LENA, owner_id=7)
    pbx = provider_named(crm, "paper")

    def tell():
        (call,) = take(uow, "paper", pbx.heard())
        uow.commit()
        return call

    ringing = pbx.ring(LENA, "101")
    tell()
    assert cases.open_case(uow, 7) is None
    clock.forward(seconds=5)
    pbx.answer(ringing)
    clock.forward(seconds=1)
    call = tell()
    case = cases.open_case(uow, 7)
    assert (case.key, case.contact_id, case.channel, case.began_at) == (f"call:{call.id}", lena.id, "phone", call.answered_at)
    clock.forward(seconds=60)
    row = {"case_id": case.id, "worker_id": case.worker_id, "tab": "t", "seq": 1, "called": 0, "began_at": case.began_at, "hidden": 0}
    uow.connection.execute(spans.insert().values(**row, active=10_000, idle=51_000, told=[0, 10_000, 1, 51_000]))
    pbx.end(ringing)
    tell()
    assert cases.open_case(uow, 7).id == case.id  # what follows a call is service, too
    clock.forward(seconds=30)
    uow.keep(uow.get(Call, call.id), wrapped_at=clock.now())
    uow.commit()
    case = uow.get(Case, case.id)
    assert (case.ended_how, case.active, case.idle) == (EndedHow.DONE, 61, 0)
    # Who is not measured has no cases; who is being served is not put off by a second call.
    pbx.answer(pbx.ring("+79160000000", "102"))
    tell()
    assert cases.open_case(uow, 8) is None
    with crm.uow(OLGA) as hers:
        mine = cases.begin(hers)
    other = pbx.ring("+79161112233", "101")
    pbx.answer(other)
    tell()
    assert cases.open_case(uow, 7).id == mine.id
    going_on = sa.select(sa.func.count()).select_from(talks).where(talks.c.ended_at.is_(None), talks.c.user_id == 7)
    assert uow.connection.execute(going_on).scalar_one() == 1
