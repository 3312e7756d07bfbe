"""Companies, people and how they are reached."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Crm, Invalid, Uow
from crmkit_sales import Company, Contact, ContactPoint, Dealer, Way, inn_is_right, normal_email, normal_phone
from crmkit_sales.normal import inn_of


def paths(refused: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [p.path for p in refused.value.problems]


@pytest.mark.parametrize(
    "given, region, kept",
    [
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("9123456789", "RU", "+79123456789"),
        ("+44 20 7946 0123", "RU", "+442079460123"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("(202) 555-0123", "US", "+12025550123"),
    ],
)
def test_a_number_is_kept_in_one_form(given: str, region: str, kept: str):
    assert normal_phone(given, region) == kept


@pytest.mark.parametrize("given", ["12345", "call me", "", "+7912", "343-45-41", "9" * 30])
def test_what_is_no_number_is_refused_with_its_path(uow: Uow, given: str):
    with pytest.raises(ValueError):
        normal_phone(given, "RU")
    if given:
        with pytest.raises(Invalid) as refused:  # noqa: PT012
            uow.add(Contact(name="Ann", phone=given))
            uow.flush()
        assert paths(refused) == ["phone"]


def test_in_bulk_the_row_is_named_too(uow: Uow):
    with pytest.raises(Invalid) as refused:
        uow.add_many(Contact, [{"name": "Ann", "phone": "+79123456789"}, {"name": "Ben", "phone": "none"}])
    assert paths(refused) == ["1.phone"]


def test_the_country_of_a_contact_says_how_its_number_is_read(make: Any):
    assert make(Contact, phone="020 7946 0123", country="gb").phone == "+442079460123"
    assert make(Contact, phone="8 912 345-67-89").phone == "+79123456789"


class TestElsewhere:
    @pytest.fixture
    def crm_settings(self) -> dict[str, Any]:
        return {"sales": {"country": "GB"}}

    def test_the_crm_has_a_country(self, make: Any):
        assert make(Contact, phone="020 7946 0123").phone == "+442079460123"
        assert make(Company, tax_number="123 456").tax_number == "123456"


@pytest.mark.parametrize("given, kept", [("  Ann.Bell@Example.COM ", "ann.bell@example.com"), ("иван@почта.рф", "иван@почта.рф")])
def test_addresses_are_compared_in_lower_case(given: str, kept: str):
    assert normal_email(given) == kept


@pytest.mark.parametrize("given", ["ann", "ann@", "a b@example.com", "ann@example", "ann@@example.com"])
def test_what_is_no_address_is_refused(given: str):
    with pytest.raises(ValueError):
        normal_email(given)
    with pytest.raises(Invalid) as refused:
        Contact(name="Ann", email=given)
    assert paths(refused) == ["email"]


# Tax numbers of Sberbank and of the example of a person in the service's own form.
@pytest.mark.parametrize(
    "number, right", [("7707083893", True), ("500100732259", True), ("7707083894", False), ("500100732250", False), ("770708389", False)]
)
def test_check_digits_of_tax_numbers(uow: Uow, number: str, right: bool):
    assert inn_is_right(number) is right
    company = Company(name="Firm", tax_number=number)
    if right:
        uow.add(company)
        uow.flush()
        return
    with pytest.raises(Invalid) as refused:  # noqa: PT012
        uow.add(company)
        uow.flush()
    assert paths(refused) == ["tax_number"]


@given(st.text("0123456789", min_size=9, max_size=10))
def test_one_wrong_digit_is_noticed(first: str):
    number = inn_of(first)
    assert inn_is_right(number)
    last = int(number[-1])
    assert not inn_is_right(number[:-1] + str((last + 1) % 10))


def test_other_fields_of_a_company_are_in_one_form(make: Any):
    firm = make(Company, name="  Ромашка   ", website="Romashka.EXAMPLE/", kpp=" 770101001 ", tax_number="7707 083 893")
    assert (firm.name, firm.website, firm.kpp, firm.tax_number) == ("Ромашка", "https://romashka.example", "770101001", "7707083893")
    assert make(Company, tax_number="DE 123-456").tax_number == "DE123456", "those of other countries have letters"
    for field, value in (("kpp", "77"), ("website", "not a site"), ("country", "XX")):
        with pytest.raises(Invalid) as refused:
            Company(name="x", **{field: value})
        assert paths(refused) == [field]


@pytest.mark.parametrize("cls", [Company, Dealer])
def test_a_tree_has_no_circles(uow: Uow, make: Any, cls: Any):
    top = make(cls, name="top")
    middle = make(cls, name="middle", parent_id=top.id)
    low = make(cls, name="low", parent_id=middle.id)
    for above in (low, middle, top):
        with pytest.raises(Invalid) as refused:  # noqa: PT012
            top.parent_id = above.id
            uow.flush()
        assert paths(refused) == ["parent_id"]
        assert "top" in refused.value.problems[0].message
        uow.rollback()  # type: ignore[attr-defined]
    low.parent_id = top.id


def test_no_circle_comes_of_two_edits_at_once(crm: Crm, make: Any):
    one, two = make(Company, name="one"), make(Company, name="two")
    refused: list[Exception] = []
    start = threading.Barrier(2)

    def put(child: int, parent: int) -> None:
        start.wait(10)
        try:
            with crm.uow() as uow:
                uow.get(Company, child).parent_id = parent
        except Exception as error:
            refused.append(error)

    threads = [threading.Thread(target=put, args=pair) for pair in ((one.id, two.id), (two.id, one.id))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(e) for e in refused] == [Invalid]


def test_how_somebody_is_addressed(make: Any):
    assert make(Contact, name="Петрова А. П.", first_name="Анна", patronymic="Петровна").salutation == "Анна Петровна"
    assert make(Contact, name="Ann Bell").salutation == "Ann Bell"


# ---- contact points ---------------------------------------------------------------------------------------------
def points(uow: Uow, contact: Contact) -> list[tuple[str, str, bool]]:
    found = uow.find(ContactPoint).where(ContactPoint.contact_id == contact.id).order_by(ContactPoint.id)
    return [(p.way.value, p.value, p.primary) for p in found]


ONE, TWO, THREE = "+79120000001", "+79120000002", "+79120000003"


def test_what_a_contact_has_is_its_primary_point(uow: Uow, make: Any):
    ann = make(Contact, phone=ONE, email="ann@example.com")
    assert points(uow, ann) == [("phone", ONE, True), ("email", "ann@example.com", True)]
    ann.phone = TWO
    uow.settle()
    assert points(uow, ann) == [("phone", TWO, True), ("email", "ann@example.com", True)]
    ann.email = None
    uow.settle()
    assert points(uow, ann) == [("phone", TWO, True)]


def test_the_primary_point_is_what_the_contact_has(uow: Uow, make: Any):
    ann = make(Contact)
    one = make(ContactPoint, contact_id=ann.id, way=Way.PHONE, value="8 912 000 00 01")
    assert (ann.phone, one.primary, one.value) == (ONE, True, ONE), "the first one becomes it by itself"
    two = make(ContactPoint, contact_id=ann.id, way=Way.PHONE, value=TWO, primary=True)
    assert ann.phone == TWO
    assert points(uow, ann) == [("phone", ONE, False), ("phone", TWO, True)]
    two.value = THREE
    uow.settle()
    assert ann.phone == THREE
    uow.archive(two)
    uow.settle()
    assert ann.phone == ONE
    uow.archive(one)
    uow.settle()
    assert ann.phone is None


def test_a_number_that_is_there_already_only_becomes_primary(uow: Uow, make: Any):
    ann = make(Contact, phone=ONE)
    make(ContactPoint, contact_id=ann.id, way=Way.PHONE, value=TWO)
    ann.phone = TWO
    uow.settle()
    assert points(uow, ann) == [("phone", ONE, False), ("phone", TWO, True)]


def test_messengers_need_a_name_and_change_nothing_else(uow: Uow, make: Any):
    ann = make(Contact, phone=ONE)
    make(ContactPoint, contact_id=ann.id, way=Way.MESSENGER, value="@ann", service="telegram")
    assert ann.phone == ONE
    with pytest.raises(Invalid) as refused:  # noqa: PT012
        uow.add(ContactPoint(contact_id=ann.id, way=Way.MESSENGER, value="@ann"))
        uow.flush()
    assert paths(refused) == ["service"]


def test_many_contacts_get_their_points_by_sets(crm: Crm, queries: Any):
    with crm.uow() as uow, queries.at_most(40):
        uow.add_many(Contact, [{"name": f"c{i}", "phone": f"+7912{i:07d}", "email": f"c{i}@example.com"} for i in range(1000)])
    with crm.read() as uow:
        assert uow.find(ContactPoint).where(ContactPoint.primary.is_(True)).count() == 2000
        assert uow.find(Contact).where({"phone": {"empty": True}}).count() == 0
