"""Two people at the same record at once: both have their way, one of them first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

from crmkit import Conflict, Crm
from crmkit_sales import Contact, ContactPoint, Deal, DealLine, Inquiry, Lead, Way

ONE, TWO, MAIL = "+79120000001", "+79120000002", "ann@example.com"


def at_once(*work: Callable[[], Any]) -> list[Any]:
    gate, told = threading.Barrier(len(work)), list[Any]()

    def run(one: Callable[[], Any]) -> None:
        gate.wait()
        try:
            told.append(one())
        except Exception as error:
            told.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_lines_added_to_one_deal_at_once(crm: Crm):
    with crm.uow() as uow:
        deal = uow.add(Deal(title="Kitchen"))

    def add(price: int) -> None:
        with crm.uow() as uow:
            uow.add(DealLine(deal_id=deal.id, title="Table", price=D(price)))

    assert at_once(lambda: add(1), lambda: add(2), lambda: add(3)) == [None] * 3
    with crm.read() as uow:
        assert uow.get(Deal, deal.id).amount == 6


def test_numbers_added_to_one_contact_at_once(crm: Crm):
    with crm.uow() as uow:
        ann = uow.add(Contact(name="Ann"))

    def add(number: str) -> None:
        with crm.uow() as uow:
            uow.add(ContactPoint(contact_id=ann.id, way=Way.PHONE, value=number, primary=True))

    assert at_once(lambda: add(ONE), lambda: add(TWO)) == [None] * 2
    with crm.read() as uow:
        primary = uow.find(ContactPoint).where(ContactPoint.primary.is_(True)).columns(ContactPoint.value)
        assert primary == [(uow.get(Contact, ann.id).phone,)]


def test_two_inquiries_that_share_only_the_address_become_one_lead(crm: Crm):
    with crm.uow() as uow:
        inquiries = [uow.add(Inquiry(name="Ann", phone=number, email=MAIL)) for number in (ONE, TWO)]

    def convert(key: int) -> int:
        with crm.uow() as uow:
            return int(crm.commands["sales.inquiry.to_lead"].run(uow, uow.get(Inquiry, key), {}).id)

    first, second = inquiries
    told = at_once(lambda: convert(first.id), lambda: convert(second.id))
    assert told == [told[0]] * 2
    with crm.read() as uow:
        assert (uow.find(Lead).count(), uow.find(Contact).count()) == (1, 1)


def test_what_is_converted_twice_at_once_is_converted_once(crm: Crm):
    with crm.uow() as uow:
        inquiry = uow.add(Inquiry(name="Ann", phone=ONE))

    def convert() -> int:
        with crm.uow() as uow:
            return int(crm.commands["sales.inquiry.to_lead"].run(uow, uow.get(Inquiry, inquiry.id), {}).id)

    told = at_once(convert, convert)
    assert sorted(type(x) is int for x in told) == [False, True]
    assert [type(x) for x in told if type(x) is not int] == [Conflict]
