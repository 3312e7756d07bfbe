"""Who has a number, in whatever form it was written; and what people do with calls by command."""

import pytest

from crmkit import Actor, Role
from crmkit_sales import SALES, Company, Contact, ContactPoint, Deal, Lead, Way
from crmkit_telephony import Call, Line, Outcome, do_not_call, find, line_of, take

ANN, BEN = 7, 8
ANNA = "+79123456789"


@pytest.fixture
def crm_roles():
    own = dict.fromkeys(("sales.contact.*", "telephony.call.*", "telephony.use"), "own")
    return [Role("manager", own)]


@pytest.mark.parametrize("written", ["8 (912) 345-67-89", "+7 912 3456789", "79123456789", "9123456789", "sip:89123456789@pbx"])
def test_everybody_who_has_a_number_is_found(uow, make, written):
    if uow.find(Contact).count() == 0:
        contact = make(Contact, name="Anna", phone=ANNA, owner_id=ANN)
        other = make(Contact, name="Her mother")
        make(ContactPoint, contact_id=other.id, way=Way.PHONE, value="8-912-345-67-89")
        make(Company, name="Works", phone=ANNA)
        make(Lead, title="Roof", phone=ANNA)
        make(Deal, title="House", contact_id=contact.id)
        make(Deal, title="Sold", contact_id=contact.id, into=SALES["won"])
        make(Contact, name="Stranger", phone="+79123456780")
    number = written.removeprefix("sip:")
    assert [(f.kind, f.title) for f in find(uow, number)] == [
        ("sales.contact", "Anna"), ("sales.contact", "Her mother"), ("sales.company", "Works"), ("sales.lead", "Roof"), ("sales.deal", "House"),
    ]  # fmt: skip


def test_extensions_and_hidden_numbers_are_nobodys(uow, make):
    make(Contact, phone=ANNA)
    assert [find(uow, n) for n in ("101", "1111*101", "anonymous", "", "6789")] == [[]] * 5


def test_one_finds_what_one_may_see(crm, make):
    make(Contact, phone=ANNA, owner_id=ANN)
    make(Contact, phone=ANNA, owner_id=BEN)
    with crm.read(Actor(ANN, roles=["manager"])) as mine:
        assert len(find(mine, ANNA)) == 1
    for n in range(6):  # more than are asked for one by one
        make(Contact, name=f"Ann {n}", phone=ANNA, owner_id=(ANN, BEN)[n % 2])
    with crm.read(Actor(ANN, roles=["manager"])) as mine:
        assert [f.owner_id for f in find(mine, ANNA)] == [ANN] * 4


def test_who_has_a_number_is_one_question(crm, make, uow, queries):
    contact = make(Contact, name="Anna", phone=ANNA, company_id=make(Company, name="Works").id)
    make(Lead, title="Roof", contact_id=contact.id)
    uow.commit()
    with crm.read() as other, queries.at_most(4):  # the question, the contact, its company, the lead
        assert [f.title for f in find(other, ANNA)] == ["Anna", "Roof"]


def test_whose_telephone_and_the_do_not_call_list(uow, make, lines):
    from crmkit_telephony import DoNotCall

    make(DoNotCall, number="8 912 345 67 89")
    assert (do_not_call(uow, ANNA), do_not_call(uow, "+79000000000"), do_not_call(uow, "x")) == (True, False, False)
    assert (line_of(uow, ANN).extension, line_of(uow, 99)) == ("101", None)
    lines[0].in_use = False
    uow.flush()
    assert line_of(uow, ANN) is None


def test_people_work_with_their_calls_by_command(uow, client, lines, pbx, deliver, make):
    client.act_as(Actor(ANN, "Ann", roles=["manager"]))
    placed = client.post("/api/telephony/do/dial", json={"number": "8 912 345-67-89"})
    assert placed.status_code == 200, placed.text
    at = f"/api/telephony/call/{placed.json()['result']['id']}/do"
    deliver()
    assert client.post(f"{at}/set_outcome", json={"outcome": "voicemail"}).status_code == 409
    assert client.post(f"{at}/hang_up", json={}).status_code == 200
    deliver()
    take(uow, "paper", pbx.heard())
    uow.commit()
    assert client.post(f"{at}/wrap_up", json={"note": "A machine.", "outcome": "voicemail"}).status_code == 200
    assert client.post(f"{at}/set_outcome", json={"outcome": "nonsense"}).status_code == 422
    call = uow.find(Call).one()
    assert (call.outcome, call.said, call.note, call.wrapped_at is not None) == (Outcome.VOICEMAIL, Outcome.VOICEMAIL, "A machine.", True)
    pbx.end(pbx.calls["c1"], Outcome.BUSY)  # what is told later does not take it back
    take(uow, "paper", pbx.heard())
    assert call.outcome is Outcome.VOICEMAIL
    client.act_as(Actor(BEN, "Ben", roles=["manager"]))
    assert client.post(f"{at}/hang_up", json={}).status_code == 404
    assert uow.find(Line).count() == 2
