"""The stack of old clients: who comes in, in which order, and who never does again."""

from __future__ import annotations

import decimal
import threading

import pytest

import crmkit_taskqueue
from crmkit import Actor, Conflict, Invalid, Plugin, Role, Uow, hookimpl, undo
from crmkit_sales import LEADS, SALES, Contact, Deal, Lead, LostReason
from crmkit_taskqueue import OldClient, OldClientLink, Result, StackState, Task, TaskState, complete, leave, next_turn, start, take_in
from crmkit_taskqueue.filling import contact_to_stack, deal_to_stack, why_not

ANN = Actor(1, "Ann", roles=["boss"], teams=(7,))


@hookimpl
def taskqueue_score(client: OldClient, uow: Uow) -> decimal.Decimal | None:
    """A company's own order: VIPs first, the rest as usual."""
    return decimal.Decimal(5000) if client.title.startswith("VIP") else None


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_taskqueue.plugin, Plugin("vips", modules=[__name__], requires=["taskqueue"])]


@pytest.fixture
def crm_roles() -> list[Role]:
    return [Role("boss", {"*": "all"})]


@pytest.fixture
def lost(make, crm):
    """Make a contact with a deal that was lost."""
    reason = make(LostReason, name="Дорого", for_pipeline=None)

    def made(name: str = "Old", amount: int = 100_000, **values: object) -> tuple[Contact, Deal]:
        contact = make(Contact, name=name, phone="+74957654321", owner_id=1, team_id=7)
        deal = make(Deal, title=name, contact_id=contact.id, owner_id=1, team_id=7, amount=decimal.Decimal(amount), **values)
        with crm.uow() as uow:
            uow.move(uow.get(Deal, deal.id), SALES["lost"], {"lost_reason_id": reason.id})
        return contact, deal

    return made


@pytest.fixture
def later(clock, deliver):
    """Let days go by, and do what is due then."""

    def go(days: int) -> None:
        clock.forward(days=days)
        deliver()

    return go


def stack(uow) -> list[tuple[str, StackState, Result | None]]:
    uow.refresh()
    return [(c.title, c.state, c.result) for c in uow.find(OldClient).order_by(OldClient.id)]


def test_a_loss_of_ninety_days_comes_by_itself(lost, uow, later, make):
    contact, deal = lost()
    lost("Busy")
    busy = uow.find(Contact).where(Contact.name == "Busy").one()
    later(89)
    assert stack(uow) == []
    make(Lead, title="again", contact_id=busy.id)
    later(2)
    assert stack(uow) == [("Old", StackState.WAITING, None)]
    client = uow.find(OldClient).one()
    assert (client.owner_id, client.team_id, client.contact_id, client.reason) == (1, 7, contact.id, "Deal lost: Дорого")
    assert {(link.contact_id, link.deal_id) for link in uow.find(OldClientLink)} == {(contact.id, None), (None, deal.id)}
    assert client.score == pytest.approx(decimal.Decimal("84"), abs=1)  # 100 thousand, three months ago


def test_a_deal_that_is_open_again_does_not_come(lost, uow, later):
    _contact, deal = lost()
    uow.move(uow.get(Deal, deal.id), SALES["new"])
    uow.commit()
    later(100)
    assert stack(uow) == []


def test_an_undone_loss_does_not_come(crm, lost, uow, later):
    _contact, deal = lost()
    with crm.uow() as other:
        other.move(other.get(Deal, deal.id), SALES["new"])
        moved = other.tx
    with crm.uow() as other:
        undo(other, tx=moved)
    later(100)  # lost after all
    assert len(stack(uow)) == 1


def test_by_hand_and_why_not(crm, lost, make, uow):
    contact, deal = lost()
    with crm.uow(ANN) as mine:
        deal_to_stack(mine.get(Deal, deal.id), mine)
    with pytest.raises(Conflict, match=r"already|уже"), crm.uow(ANN) as mine:
        contact_to_stack(mine.get(Contact, contact.id), mine)
    busy = make(Contact, owner_id=1, team_id=7)
    open_deal = make(Deal, contact_id=busy.id, owner_id=1, team_id=7)
    for record in (busy, open_deal):
        with crm.read() as reading:
            assert "open deal or lead" in str(why_not(reading, reading.get(type(record), record.id)))
    with pytest.raises(Invalid) as refused, crm.uow() as system:
        system.add(OldClient(title="by API", contact_id=contact.id))
    assert [(p.path, p.code) for p in refused.value.problems] == [("contact_id", "barred")]
    with pytest.raises(Invalid) as refused, crm.uow() as system:
        system.add_many(OldClient, [{"title": "a", "contact_id": busy.id}, {"title": "b", "contact_id": busy.id}])
    assert [(p.path, p.code) for p in refused.value.problems] == [("1.contact_id", "barred")]


def test_a_list_at_once_leaves_out_those_who_may_not(client, lost, make, uow):
    (_a, one), (_b, two) = lost("One"), lost("Two")
    busy = make(Deal, owner_id=1, team_id=7)
    client.act_as(Actor(1, "Ann", roles=["boss"]))
    for _again in range(2):
        form = {"do": "command:deal_to_stack", "ids": f"{one.id},{two.id},{busy.id}"}
        answer = client.post("/sales/deal/bulk", data=form, headers={"HX-Request": "true"})
        assert answer.status_code == 204, answer.text
    assert [title for title, _state, _result in stack(uow)] == ["One", "Two"]


def test_one_client_once_however_many_put_them_in(crm, lost, uow):
    contact, deal = lost()
    begin, errors = threading.Barrier(4), list[Exception]()

    def put() -> None:
        begin.wait()
        try:
            with crm.uow() as mine:
                take_in(mine, mine.get(Deal, deal.id), "again")
        except Invalid as error:
            errors.append(error)

    threads = [threading.Thread(target=put) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(stack(uow)), errors) == (1, [])
    assert uow.find(OldClientLink).where(OldClientLink.contact_id == contact.id).count() == 1


def test_the_order_is_a_plugins_or_by_amount_and_age(lost, uow, crm, clock):
    for name, amount in (("Small", 10_000), ("Large", 900_000), ("VIP", 1)):
        _contact, deal = lost(name, amount)
        with crm.uow() as other:
            take_in(other, other.get(Deal, deal.id), "test")
    uow.refresh()
    assert [c.title for c in uow.find(OldClient).order_by(OldClient.score.desc())] == ["VIP", "Large", "Small"]
    with crm.uow() as other:
        other.add(OldClient(title="Given", score=decimal.Decimal(7)))
    assert uow.find(OldClient).where(OldClient.title == "Given").one().score == 7


def test_who_asked_not_to_be_called_never_comes_again(crm, lost, uow, later):
    contact, deal = lost()
    with crm.uow() as other:
        take_in(other, other.get(Deal, deal.id), "test")
    with crm.uow(ANN) as work:
        start(work)
        turn = next_turn(work)
        leave(work, turn.id, "do_not_call", "said so")
    assert stack(uow) == [("Old", StackState.CLOSED, Result.DO_NOT_CALL)]
    with crm.read() as reading:
        assert "not to be called" in str(why_not(reading, reading.get(Contact, contact.id)))
    later(91)
    assert len(stack(uow)) == 1


def test_wants_to_buy_again(crm, lost, uow, clock):
    contact, deal = lost()
    with crm.uow() as other:
        take_in(other, other.get(Deal, deal.id), "test")
    with crm.uow(ANN) as work:
        start(work)
        complete(work, next_turn(work).id, "revived")
    assert stack(uow) == [("Old", StackState.CLOSED, Result.REVIVED)]
    lead = uow.find(Lead).one()
    assert (lead.contact_id, lead.owner_id, lead.stage) == (contact.id, 1, "working")
    call = uow.find(Task).where(Task.state == TaskState.WAITING).one()
    assert (call.kind, call.lead_id, call.deal_id) == ("call", lead.id, None)


def test_a_client_who_comes_back_leaves_the_stack(crm, lost, make, uow):
    contact, deal = lost()
    with crm.uow() as other:
        take_in(other, other.get(Deal, deal.id), "test")
    make(Deal, contact_id=contact.id)
    assert stack(uow) == [("Old", StackState.CLOSED, Result.REVIVED)]


def test_a_new_lead_has_a_task_which_goes_with_it(crm, make, uow):
    lead = make(Lead, owner_id=1, team_id=7)
    task = uow.find(Task).one()
    assert (task.kind, task.lead_id, task.owner_id, task.priority) == ("new_lead", lead.id, 1, 1)
    uow.get(Lead, lead.id).owner_id = 2
    uow.commit()
    assert uow.find(Task).one().owner_id == 2
    uow.move(uow.get(Lead, lead.id), LEADS["working"])
    uow.commit()
    uow.refresh()
    assert uow.find(Task).one().state is TaskState.CANCELLED
