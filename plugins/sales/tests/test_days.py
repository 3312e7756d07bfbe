"""Random days of sales with everything composed together: what is kept twice is in step after each step, and undone in the end."""

from __future__ import annotations

import datetime as dt
import os
import random
from decimal import Decimal as D
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit_sales
from crmkit import Conflict, Crm, Invalid, Plugin, accounts, activities, change_many, duplicates, merge, undo, views
from crmkit.activities import Activity, Note
from crmkit.core.ledger import journal
from crmkit.core.tables import operation
from crmkit_sales import (
    INQUIRIES,
    LEADS,
    REGISTRATIONS,
    SALES,
    Company,
    Contact,
    ContactPoint,
    Deal,
    Dealer,
    DealLine,
    Inquiry,
    Lead,
    LostReason,
    Registration,
    Way,
)  # fmt: skip
from plugins.sales.tests.test_taken_back import in_step


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [accounts.plugin, activities.plugin, duplicates.plugin, views.plugin, crmkit_sales.plugin]


@pytest.fixture
def crm_settings() -> dict[str, Any]:
    return {"accounts": {"argon2_time": 1, "argon2_memory": 64, "argon2_lanes": 1}, "sales": {"next_step_in": ["offer"]}}


PHONES = [f"+7912000000{i}" for i in range(6)]
MAILS = [f"a{i}@example.com" for i in range(4)]
LEFT_OUT = {"crm_journal", "crm_operation", "crm_tally", "crm_job", "crm_job_cron", "crm_message", "duplicates_pair", "duplicates_key",
    "sales_assignment_rule"}


def state(crm: Crm) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    with crm.read() as uow:
        for table in crm.tables:
            if table.name in LEFT_OUT:
                continue
            left = {"version", "updated_at"} | ({"id"} if table.name in ("crm_stage_history", "crm_search") else set())
            names = [c.name for c in table.columns if c.name not in left]
            for row in uow.connection.execute(sa.select(*(table.c[n] for n in names))):
                found[(table.name, *map(repr, row))] = found.get((table.name, *map(repr, row)), 0) + 1
    return found


class Days:
    def __init__(self, crm: Crm, seed: int) -> None:
        self.crm, self.r = crm, random.Random(seed)
        self.log: list[Any] = []

    def one(self, cls: Any, uow: Any, archived: bool = False) -> Any:
        keys = (uow.find(cls).archived(only=True) if archived else uow.find(cls)).ids()
        return uow.get(cls, self.r.choice(keys)) if keys else None

    def step(self) -> None:
        name = self.r.choice([n for n in dir(self) if n.startswith("do_")])
        try:
            with self.crm.uow() as uow:
                getattr(self, name)(uow)
            self.log.append(name)
        except (Conflict, Invalid) as e:
            self.log.append((name, str(e)[:80], [str(getattr(p, "message", p))[:80] for p in e.problems][:2]))

    def do_contact(self, uow: Any) -> None:
        phone, email = self.r.choice([None, *PHONES]), self.r.choice([None, *MAILS])
        uow.add(Contact(name=self.r.choice(["Анна Петрова", "Ann", "Боб"]), phone=phone, email=email))

    def do_contacts(self, uow: Any) -> None:
        uow.add_many(Contact, [{"name": "Bulk", "phone": self.r.choice([None, *PHONES])} for _ in range(3)])

    def do_edit_contact(self, uow: Any) -> None:
        c = self.one(Contact, uow)
        if c:
            if self.r.random() < .7:
                c.phone = self.r.choice([None, *PHONES])
            if self.r.random() < .5:
                c.email = self.r.choice([None, *MAILS])

    def do_point(self, uow: Any) -> None:
        c = self.one(Contact, uow)
        if c:
            for _ in range(self.r.randint(1, 3)):
                uow.add(ContactPoint(contact_id=c.id, way=Way.PHONE, value=self.r.choice(PHONES), primary=self.r.random() < .4))

    def do_edit_point(self, uow: Any) -> None:
        for _ in range(self.r.randint(1, 3)):
            p = self.one(ContactPoint, uow)
            if p:
                k = self.r.randint(0, 3)
                if k == 0:
                    p.primary = not p.primary
                elif k == 1 and p.way is Way.PHONE:
                    p.value = self.r.choice(PHONES)
                elif k == 2:
                    uow.archive(p)
                else:
                    p.label = self.r.choice("abc")

    def do_back_point(self, uow: Any) -> None:
        p = self.one(ContactPoint, uow, True)
        if p:
            uow.restore(p)

    def do_bulk(self, uow: Any) -> None:
        kind = self.r.choice([Contact, ContactPoint, DealLine, Activity, Deal])
        action = self.r.choice(["archive", "restore", "change"])
        q = uow.find(kind).archived(only=True) if action == "restore" else uow.find(kind)
        ids = q.ids()
        ids = self.r.sample(ids, min(len(ids), 3))
        values: dict[Any, dict[str, Any]] = {
            Contact: {"phone": self.r.choice(PHONES)}, ContactPoint: {"primary": True}, DealLine: {"price": 7}, Activity: {"subject": "x"},
            Deal: {"probability": 11},
        }  # fmt: skip
        if ids:
            change_many(uow, self.crm.kind(kind), action, ids=ids, values=values[kind] if action == "change" else None)

    def do_deal(self, uow: Any) -> None:
        c = self.one(Contact, uow)
        d = uow.add(Deal(title="Kitchen", amount=self.r.choice([None, D(100)]), contact_id=c and c.id, owner_id=self.r.choice([None, 1, 2])))
        if self.r.random() < .5:
            uow.flush()
            uow.add(DealLine(deal_id=d.id, title="x", price=D(self.r.randint(0, 9)), quantity=D(self.r.randint(1, 3))))

    def do_line(self, uow: Any) -> None:
        d = self.one(Deal, uow)
        if d:
            more = [{"price": D(self.r.randint(0, 4)), "quantity": D(self.r.choice([-1, 1]))} for _ in range(2)]
            uow.add_many(DealLine, [{"deal_id": d.id, "title": "y", **one} for one in more])

    def do_edit_line(self, uow: Any) -> None:
        p = self.one(DealLine, uow)
        if p:
            p.price = D(self.r.randint(0, 9))

    def do_archive(self, uow: Any) -> None:
        p = self.one(self.r.choice([Deal, Contact, DealLine, Inquiry, Lead, Activity, Registration]), uow)
        if p:
            uow.archive(p)

    def do_restore(self, uow: Any) -> None:
        p = self.one(self.r.choice([Deal, Contact, DealLine, Inquiry, Lead, Activity, Registration]), uow, True)
        if p:
            uow.restore(p)

    def do_move(self, uow: Any) -> None:
        kind, pipe = self.r.choice([(Deal, SALES), (Lead, LEADS), (Inquiry, INQUIRIES), (Registration, REGISTRATIONS)])
        p = self.one(kind, uow)
        if p:
            to = self.r.choice(list(pipe.stages))
            v = {}
            if to in ("lost", "rejected"):
                v["lost_reason_id"] = uow.find(LostReason).first().id
            if to == "negotiation":
                v["closes_on"] = dt.date(2026, 5, 5)
            uow.move(p, pipe[to], v)

    def do_inquiry(self, uow: Any) -> None:
        uow.add(Inquiry(name="Анна", phone=self.r.choice(PHONES), email=self.r.choice([None, *MAILS])))

    def do_convert(self, uow: Any) -> None:
        p = self.one(Inquiry, uow)
        if p:
            self.crm.commands["sales.inquiry.to_lead"].run(uow, p, {})

    def do_convert2(self, uow: Any) -> None:
        p = self.one(Lead, uow)
        if p:
            self.crm.commands["sales.lead.to_deal"].run(uow, p, {})

    def do_note(self, uow: Any) -> None:
        p = self.one(self.r.choice([Deal, Contact, Lead]), uow)
        if p:
            uow.add(Note(text="n", **uow.about(p)))
            activities.plan(uow, p, "call", "c", uow.now)

    def do_done(self, uow: Any) -> None:
        p = self.one(Activity, uow)
        if p:
            p.done_at = None if p.done_at else uow.now

    def do_register(self, uow: Any) -> None:
        d, c = self.one(Dealer, uow), self.one(Company, uow)
        if c is None:
            return
        uow.add(Registration(title="r", dealer_id=d.id, company_id=c.id, phone=self.r.choice([None, *PHONES])))

    def do_company(self, uow: Any) -> None:
        p = self.one(Company, uow)
        uow.add(Company(name=self.r.choice(["Ромашка", "Acme"]), parent_id=p and p.id))

    def do_merge(self, uow: Any) -> None:
        kind = self.r.choice([Contact, Contact, Company, Deal, Lead])
        ids = uow.find(kind).ids()
        if len(ids) > 1:
            a, b = self.r.sample(ids, 2)
            merge(uow, self.crm.kind(kind), a, b, {"phone": "loser"} if kind is Contact and self.r.random() < .3 else None)

    def units(self) -> list[dict[str, int]]:
        with self.crm.read() as uow:
            c, o = journal.c, operation.c
            dead = set(uow.connection.execute(sa.select(o.id).where(sa.or_(o.state == "undone"))).scalars())
            rows = uow.connection.execute(sa.select(c.tx, c.operation).order_by(c.id)).all()
        found: dict[Any, dict[str, int]] = {}
        for tx, number in rows:
            if number is None:
                found["tx", tx] = {"tx": tx}
            elif number not in dead:
                found["op", number] = {"operation": number}
        return list(found.values())

    def undo_one(self) -> None:
        units = self.units()[1:][-15:]
        if not units:
            return
        unit = self.r.choice(units)
        try:
            with self.crm.uow() as uow:
                undo(uow, **unit)
            self.log.append(("undone", unit))
        except (Conflict, Invalid) as e:
            self.log.append(("not undone", unit, [str(p.message)[:100] for p in e.problems][:2]))


SEEDS, STEPS = int(os.environ.get("CRMKIT_TEST_DAYS", "2")), 25


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_days(crm: Crm, clock: Any, seed: int):
    with crm.uow() as uow:
        uow.add(LostReason(name="x"))
        for name in ("North", "South"):
            uow.add(Dealer(name=name))
        uow.add(Company(name="Acme"))
    days = Days(crm, seed)
    for _number in range(STEPS):
        clock.forward(minutes=days.r.randint(0, 30))
        if days.r.random() < 0.25:
            days.undo_one()
        elif days.r.random() < 0.08:
            crm.deliver(until=clock.now() + dt.timedelta(days=days.r.randint(0, 30)))
        else:
            there_and_back(crm, days)
        assert in_step(crm) == [], days.log[-6:]


def there_and_back(crm: Crm, days: Days) -> None:
    """Take a step; now and then undo it, and undo the undoing."""
    before, known = state(crm), days.units()
    days.step()
    units = days.units()
    if units == known or days.r.random() < 0.7:
        return
    after = state(crm)
    with crm.uow() as uow:
        number = undo(uow, **units[-1]).operation
    assert state(crm) == before, days.log[-1]
    with crm.uow() as uow:
        undo(uow, operation=number)
    assert state(crm) == after, days.log[-1]
