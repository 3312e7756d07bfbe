"""What an editor must catch: each line marked ``# E<number>`` is wrong for mypy, pyright and ty, and no other line is.

It borrows its entities from `good.py`.
"""

import datetime as dt
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

from good import REFUND, SALES, Company, Contact, Deal, Fitted, Patient, Settings
from starlette.requests import Request

from crmkit import (
    PUBLIC,
    Created,
    Crm,
    Entity,
    Extension,
    Mapped,
    Moved,
    Permission,
    Pipeline,
    Plugin,
    Role,
    Stage,
    Staged,
    Tick,
    Topic,
    Uow,
    after,
    column,
    command,
    every,
    on,
    on_enter,
    on_leave,
    outside,
    route,
    while_in,
)


class Lead(Staged, table="dental_lead"):
    """Goes through a pipeline of its own."""

    source: Mapped[str] = column(default="")


LEADS = Pipeline("leads", of=Lead, stages=[Stage("raw"), Stage("lost")])


# ---- records -------------------------------------------------------------------------------------------------------
def records(uow: Uow, company: Company, contact: Contact, deal: Deal) -> None:
    Contact(nam="x")  # E1
    Contact(name=5)  # E2
    print(contact.nmae)  # E3
    print(contact[Patient].insurance)  # E4
    print(contact[Patient].visits.upper())  # E5
    uow.find(Contact).where(Contact.nam == 1)  # E6
    Contact()  # E7
    Contact(name="x", company=company)  # E9 a relation is assigned, not an argument
    print(contact[Patient].subject.nmae)  # E10 the record of an extension has its own type
    contact.name = 5  # E13
    contact[Patient].visits = "7"  # E14 text for a number
    print(deal.stage_since.upper())  # E15
    print(company.owner_id)  # E16 Company is not Owned
    Company(name="Acme", owner_id=1)  # E17
    Deal(title="Crown", contact_id=1, amount=5.0)  # E18 money is exact: a Decimal
    deal.amount = 5.0  # E19
    deal.company = company  # E20 no such relation
    deal.contact = company  # E21 a relation to another entity
    Contact(name="x", id=1)  # E22 the CRM gives numbers
    print(deal.amount + Decimal(1))  # E23 may be None
    deal[Patient].visits += 1  # E24 Patient extends Contact
    deal.attach(Patient())  # E25
    print(contact[Company])  # E26 an entity is no extension
    contact.created_at = "2026-01-01"  # E27


# ---- the unit of work ----------------------------------------------------------------------------------------------
def work(uow: Uow, contact: Contact, deal: Deal, lead: Lead) -> None:
    uow.get(Deal, "5")  # E28
    print(uow.find(Deal).one().nmae)  # E29
    print(uow.find(Deal).first().title)  # E30 may be None
    uow.find(Patient)  # E31 an extension is reached through its record
    wrong: list[Contact] = uow.find(Deal).all()  # E32
    uow.find(Deal).where("amount > 5")  # E33 text is no condition
    uow.find(Deal).limit("5")  # E34
    uow.move(contact, SALES["offer"])  # E35 a contact has no stages
    uow.move(lead, SALES["offer"])  # E36 the stage of another entity's pipeline
    uow.move(deal, "offer")  # E37 a stage, not its name
    uow.move(deal, SALES)  # E38
    uow.can_move(deal, LEADS["lost"])  # E39
    uow.can_move(deal, SALES["offer"]).missin  # E40
    uow.add(Deal)  # E41 the class instead of a record
    uow.archive(contact[Patient])  # E42
    uow.schedule(Fitted(1), delay=30)  # E43 thirty what?
    uow.schedule(Fitted(1), at="tomorrow")  # E44
    uow.schedule(Fitted(1), key=deal.id, delay=timedelta(days=1))  # E45
    uow.emit(Fitted("1"))  # E46
    uow.require(Permission)  # E47
    uow.publish("dental.chair", deal)  # E48 an id, not a record
    uow.cancel(5)  # E49
    uow.crm[Settings].doctor_phon  # E8
    uow.crm["dental"]  # E50 settings are found by their class
    uow.find(Deal).order_by(Deal.amont)  # E51
    wrong_name: str = uow.get(Contact, 1).phone  # E52 may be None


# ---- declarations --------------------------------------------------------------------------------------------------
Stage("offer", need=["amount"])  # E53
Stage("offer", rots_after=5)  # E54 five what?
Stage("offer", outcome="won")  # E55 WON, not its name
Pipeline("contacts", of=Contact, stages=[Stage("new")])  # E56 a contact has no stages
Pipeline("sales", of=Deal, stages=["new", "won"])  # E57
Permission("dental.look", label=5)  # E58
Topic("dental.chair", permission="dental.look")  # E59
Plugin("dental", require=["sales"])  # E60
Plugin("dental", requires=[SALES])  # E61
Role("doctor", grants=["dental.deal.*"])  # E62
Crm(Settings)  # E63


class Note(Entity, tabel="dental_note"):  # E64
    """A wrong class argument."""


class Allergy(Extension[Contact]):  # E90 which table?
    """No table."""


# ---- automations ---------------------------------------------------------------------------------------------------
@on(Fitted)  # E11
def another_event(event: int, uow: Uow) -> None: ...


@on(Fitted)  # E12
def one_argument(event: Fitted) -> None: ...


@on(Created[Deal])  # E65
def another_record(event: Created[Contact], uow: Uow) -> None: ...


@after(Created[Deal])  # E66
def another_happening(event: Moved[Deal], uow: Uow) -> None: ...


@on(Created[Deal])  # E67
async def not_awaited(event: Created[Deal], uow: Uow) -> None: ...


@on_enter(SALES["won"])  # E68
def too_many(moved: Moved[Deal], uow: Uow, why: str) -> None: ...


@on_enter(SALES["won"])  # E69
def takes_the_record(deal: Deal, uow: Uow) -> None: ...


@on_leave(LEADS["raw"])  # E70
def leaves_another(moved: Moved[Deal], uow: Uow) -> None: ...


@while_in(SALES["offer"], longer_than=timedelta(days=5))  # E71
def waits_for_another(lead: Lead, uow: Uow) -> None: ...


@every(cron="10 0 1 * *")  # E72
def without_tick(uow: Uow) -> None: ...


@every(timedelta(hours=1))  # E73
def ticks_elsewhere(tick: dt.datetime, uow: Uow) -> None: ...


def declared(event: Created[Deal], uow: Uow) -> None: ...


on("created")(declared)  # E74
on_enter("won")(declared)  # E75
while_in(SALES["offer"], longer_than=5)  # E76
while_in(SALES["offer"])  # E77
every(cron=5)  # E78
every("1h")  # E79


# ---- what people call ----------------------------------------------------------------------------------------------
@command("Refund", permission=REFUND, of=Deal)  # E80
def refund_a_contact(contact: Contact, uow: Uow, *, amount: Decimal) -> None: ...


@command("Refund", permission=REFUND, of=Deal)  # E81
def refund_nothing(uow: Uow, *, amount: Decimal) -> None: ...


command("Refund", permission="dental.refund")  # E82
command("Refund")  # E83 default deny: say who may


@route("/chair", permission=PUBLIC)  # E84
def no_uow(request: Request) -> None: ...


route("/chair")  # E85 default deny: say who may


def ticks(tick: Tick, crm: Crm) -> None:
    print(tick.when)  # E86
    with crm.uow("Ann") as uow:  # E87 an Actor
        print(uow.user)  # E88


async def streams(crm: Crm) -> AsyncIterator[str]:
    async with crm.uow() as uow:  # E89 units of work are not asynchronous
        yield "opened"


@outside(Created[Deal])  # E91 outside there is no unit of work
def calls_inside(event: Created[Deal], uow: Uow) -> None: ...


@outside(Created[Deal])  # E92
def calls_about_a_contact(event: Created[Contact], crm: Crm) -> None: ...
