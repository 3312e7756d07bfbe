"""A plugin's worth of correct code over the public API. Every checker must be silent about it, and see these types."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, assert_type

import attrs
from sqlalchemy import Select, String, func, select
from starlette.responses import JSONResponse

from crmkit import (
    LOST,
    PUBLIC,
    WON,
    Actor,
    Archived,
    Changed,
    Choice,
    Created,
    Crm,
    Email,
    Entity,
    Extension,
    Mapped,
    Message,
    Money,
    MovableClock,
    Moved,
    Outcome,
    Owned,
    Permission,
    Phone,
    Pipeline,
    Plugin,
    Problem,
    Query,
    Restored,
    Role,
    Stage,
    Staged,
    StageOf,
    Text,
    Tick,
    Topic,
    Uow,
    UtcDateTime,
    Verdict,
    _,
    after,
    column,
    command,
    every,
    hookimpl,
    hookspec,
    on,
    on_enter,
    on_leave,
    outside,
    relation,
    route,
    while_in,
)

if TYPE_CHECKING:
    from starlette.requests import Request


# ---- entities ------------------------------------------------------------------------------------------------------
class Channel(enum.Enum):
    """Where somebody comes from."""

    PHONE = "phone"
    SHOP = "shop"


class Company(Entity, table="dental_company", label=_("Company", ru="Компания")):
    """An organisation; a holding is a tree."""

    name: Mapped[str] = column(String(200), clean=str.strip, search=True)
    parent_id: Mapped[int | None] = column(to="self", default=None)
    parent: Mapped[Company | None] = relation()


class Contact(Owned, table="dental_contact", label=_("Contact", ru="Контакт"), plural=_("Contacts", ru="Контакты")):
    """A person."""

    name: Mapped[str] = column(String(200), clean=str.strip, index=True)
    phone: Mapped[str | None] = column(Phone, default=None, personal=True, unique=True)
    email: Mapped[str | None] = column(Email, default=None, personal=True)
    came_by: Mapped[Channel] = column(default=Channel.PHONE, label=_("Came by", ru="Источник"))
    liked: Mapped[Channel | None] = column(Choice(Channel), default=None)
    tags: Mapped[list[str]] = column(factory=list)
    company_id: Mapped[int | None] = column(to=Company, default=None)
    company: Mapped[Company | None] = relation()


class Deal(Owned, Staged, table="dental_deal"):
    """Something a client may buy."""

    title: Mapped[str]
    amount: Mapped[decimal.Decimal | None] = column(Money, default=None, total=True)
    contact_id: Mapped[int] = column(to=Contact)
    contact: Mapped[Contact] = relation()
    payer_id: Mapped[int | None] = column(to=Company, default=None)
    paid_by: Mapped[Company | None] = relation(via="payer_id")
    closes_on: Mapped[dt.date | None] = column(default=None)
    lost_reason: Mapped[str | None] = column(default=None)


class Patient(Extension[Contact], table="dental_patient", label=_("Patient", ru="Пациент")):
    """What a clinic knows about a contact."""

    visits: Mapped[int] = column(default=0)
    born: Mapped[dt.date | None] = column(default=None)
    seen_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None)


def records(uow: Uow) -> None:
    """What is made, read and assigned."""
    company = uow.add(Company(name="Acme"))
    contact = uow.add(Contact(name="Ann", phone="+7 342 200-00-00", company_id=company.id, owner_id=1))
    assert_type(contact, Contact)
    assert_type(contact.id, int)
    assert_type(contact.version, int)
    assert_type(contact.created_at, dt.datetime)
    assert_type(contact.archived_at, dt.datetime | None)
    assert_type(contact.name, str)
    assert_type(contact.phone, str | None)
    assert_type(contact.came_by, Channel)
    assert_type(contact.liked, Channel | None)
    assert_type(contact.tags, list[str])
    assert_type(contact.owner_id, int | None)
    assert_type(contact.company, Company | None)
    contact.company = company
    contact.company = Company(name="New")
    contact.name = "Bella"
    deal = uow.add(Deal(title="Crown", contact_id=contact.id, amount=decimal.Decimal("120.50")), into=SALES["offer"])
    assert_type(deal.stage_since, dt.datetime)
    assert_type(deal.stage, str)
    assert_type(deal.contact, Contact)
    assert_type(deal.contact.company, Company | None)
    assert_type(deal.paid_by, Company | None)


def extensions(uow: Uow, contact: Contact) -> None:
    """What another plugin adds."""
    patient = contact.attach(Patient(born=dt.date(1980, 1, 1)))
    assert_type(patient, Patient)
    assert_type(contact[Patient], Patient)
    assert_type(contact[Patient].born, dt.date | None)
    assert_type(contact[Patient].subject, Contact)
    assert_type(contact.get(Patient), Patient | None)
    contact[Patient].visits += 1
    if (known := contact.get(Patient)) is not None:
        known.seen_at = uow.now


# ---- queries -------------------------------------------------------------------------------------------------------
def queries(uow: Uow) -> None:
    """What is found."""
    assert_type(uow.find(Deal), Query[Deal])
    assert_type(uow.find(Deal).where(Deal.amount > 5).all(), list[Deal])
    assert_type(uow.find(Deal).where(Deal.closes_on.is_(None), {"contact.name": "Ann"}).one(), Deal)
    assert_type(uow.find(Deal).order_by(Deal.id.desc(), Deal.amount).limit(1).first(), Deal | None)
    assert_type(
        uow.find(Deal).where(Deal.title.ilike("a%") | (Deal.amount == 1), ~Deal.contact_id.in_([1])).count(), int
    )
    assert_type(uow.find(Deal).archived().exists(), bool)
    assert_type(uow.find(Deal).ids(), list[int])
    for deal in uow.find(Deal).where(
        {"and": [{"amount": {"gte": "100"}}, {"stage_since": {"lt": {"relative": "-7d"}}}]}
    ):
        assert_type(deal, Deal)
    assert_type(uow.get(Contact, 1, lock=True), Contact)
    assert_type(uow.peek(Contact, 1), Contact | None)
    total = uow.connection.execute(select(func.sum(Deal.amount)).where(Deal.owner_id == 1)).scalar()
    assert_type(total, decimal.Decimal | None)
    for row in uow.find(Deal).columns(Deal.title, Deal.amount, func.count()):
        print(row.title, row[1])


# ---- pipelines -----------------------------------------------------------------------------------------------------
def has_payer(record: Deal, uow: Uow) -> str | None:
    """A guard."""
    return None if record.paid_by or uow.elevated else _("say who pays", ru="укажите плательщика")


SALES = Pipeline(
    "dental_sales",
    of=Deal,
    label=_("Sales", ru="Продажи"),
    stages=[
        Stage("new", label="New"),
        Stage("offer", needs=["amount"], rots_after=timedelta(days=5), guards=[has_payer]),
        Stage("won", needs=("amount", "closes_on"), outcome=WON),
        Stage("lost", outcome=LOST, label=_("Lost", ru="Отказ")),
    ],
    moves={"new": ["offer", "lost"], "offer": ("won", "lost")},
)
assert_type(SALES, Pipeline[Deal])
assert_type(SALES["offer"], StageOf[Deal])
assert_type(SALES["offer"].stage.outcome, Outcome)
assert_type(SALES["offer"].stage.needs, tuple[str, ...])


def moves(uow: Uow, deal: Deal) -> None:
    """What goes from stage to stage."""
    verdict = uow.can_move(deal, SALES["offer"])
    assert_type(verdict, Verdict)
    if not verdict.allowed:
        assert_type(verdict.problems, tuple[Problem, ...])
        assert_type(verdict.missing, tuple[str, ...])
    assert_type(uow.move(deal, SALES["lost"], {"lost_reason": "price"}), Deal)
    assert_type(uow.archive(deal), Deal)
    assert_type(uow.restore(deal), Deal)


# ---- automations ---------------------------------------------------------------------------------------------------
@attrs.frozen
class Fitted:
    """An event of our own."""

    contact_id: int
    comfort: int = 5


@on(Created[Deal])
def plan(event: Created[Deal], uow: Uow) -> None:
    """Schedule, emit and cancel."""
    assert_type(event.record, Deal)
    uow.emit(Fitted(event.record.contact_id))
    uow.schedule(
        Fitted(contact_id=1), delay=timedelta(days=30), key=f"fitted:{event.record.id}", about=event.record.contact
    )
    uow.schedule(Fitted(contact_id=1), at=uow.now + timedelta(days=1))
    assert_type(uow.cancel("fitted:1"), bool)
    assert_type(uow.cancel_about(event.record), int)


@after(Changed[Deal], fields=["amount"], when={"amount": {"gte": "1000"}})
def tell(event: Changed[Deal], uow: Uow) -> None:
    """Look at what was changed."""
    for name, (_old, new) in event.changes.items():
        print(name, new, uow.now)
    uow.publish("dental.chair", event.record.id)


@on(Archived[Deal])
@on(Restored[Deal])
def both(event: Archived[Deal] | Restored[Deal], uow: Uow) -> None:
    """One handler of two events."""
    assert_type(event.record, Deal)


@on(Fitted)
def count_visit(event: Fitted, uow: Uow) -> None:
    """Handle an event of our own."""
    uow.get(Contact, event.contact_id)[Patient].visits += 1


@outside(Created[Deal])
@outside(Fitted)
def order_parts(event: Created[Deal] | Fitted, crm: Crm) -> None:
    """Outside any transaction the handler gets the CRM, and opens units of work itself."""
    with crm.uow() as uow:
        assert_type(uow.operation("order", "Parts", count=1), int)
        assert_type(uow.visible(Deal), Select[int])


@on_enter(SALES["won"])
@on_enter(SALES["lost"])
@on_leave(SALES["new"])
def note(moved: Moved[Deal], uow: Uow) -> None:
    """Entering and leaving."""
    assert_type(moved.record, Deal)
    print(moved.from_stage, moved.pipeline, uow.actor.name)


@while_in(SALES["offer"], longer_than=timedelta(days=5), repeat=True)
def nudge(deal: Deal, uow: Uow) -> None:
    """A durable timer."""
    uow.move(deal, SALES["lost"], {"lost_reason": "silence"})


@while_in(SALES["new"], longer_than=timedelta(days=5))
@while_in(SALES["offer"], longer_than=timedelta(days=9))
def stamp(record: Staged, uow: Uow) -> None:
    """A handler may take something wider."""
    print(record.stage, uow.now)


@every(cron="10 0 1 * *", timezone="Europe/Moscow")
@every(timedelta(hours=1))
def sweep(tick: Tick, uow: Uow) -> None:
    """At set times."""
    for deal in uow.find(Deal).where(Deal.stage_since < tick.at - timedelta(days=90)):
        uow.archive(deal)


# ---- what people call ----------------------------------------------------------------------------------------------
REFUND = Permission("dental.refund", _("Refund", ru="Возврат"))
LOOK = Permission("dental.look")
CHAIR = Topic("dental.chair", of=Contact)
HALL = Topic("dental.hall", permission=LOOK)


@command(_("Refund", ru="Вернуть деньги"), permission=REFUND, of=Deal)
def refund(deal: Deal, uow: Uow, *, amount: decimal.Decimal, why: str = "") -> Deal:
    """Give money back."""
    uow.require(REFUND, deal)
    deal.amount = (deal.amount or decimal.Decimal(0)) - amount
    deal.lost_reason = why or None
    return deal


@command("Close the day", permission=LOOK, name="close")
def close_day(uow: Uow, *, day: dt.date) -> dict[str, int]:
    """A command about no record."""
    return {"deals": uow.find(Deal).where(Deal.closes_on == day).count()}


def calls(deal: Deal, uow: Uow) -> None:
    """Commands stay ordinary functions."""
    assert_type(refund(deal, uow, amount=decimal.Decimal(1)), Deal)
    assert_type(close_day(uow, day=dt.date(2026, 1, 1)), dict[str, int])


@route("/board/{contact:int}", permission=LOOK, methods=["POST"])
def board(request: Request, uow: Uow) -> JSONResponse:
    """Serve data."""
    settings = uow.crm[Settings]
    return JSONResponse({"contact": request.path_params["contact"], "alarm": settings.alarm_below})


@route("/health", permission=PUBLIC)
def health(request: Request, uow: Uow) -> Mapping[str, object]:
    """Serve everybody."""
    return {"path": request.url.path, "now": uow.now}


# ---- hooks ---------------------------------------------------------------------------------------------------------
class Specs:
    """Hooks of our own."""

    @hookspec(firstresult=True)
    def dental_price(self, deal: Deal) -> decimal.Decimal | None:
        """Say what it costs."""


@hookimpl
def dental_price(deal: Deal) -> decimal.Decimal | None:
    """Answer our own hook."""
    return deal.amount


@hookimpl(trylast=True)
def crm_check(record: Entity, changes: Mapping[str, tuple[Any, Any]], uow: Uow) -> Iterable[Problem] | None:
    """Find fault."""
    if isinstance(record, Deal) and "amount" in changes and record.amount is None and not uow.elevated:
        return [Problem("amount", "required", _("say how much", ru="укажите сумму"))]
    return None


@hookimpl
def crm_publish(messages: Sequence[Message]) -> None:
    """Learn what was published."""
    print([(m.topic, m.id) for m in messages])


# ---- composing -----------------------------------------------------------------------------------------------------
@attrs.frozen(kw_only=True)
class Settings:
    """What an integrator sets under ``[dental]``."""

    alarm_below: int = 3
    doctor_phone: str


plugin = Plugin(
    "dental",
    modules=[__name__],
    requires=["sales"],
    follows=("telephony",),
    settings=Settings,
    specs=Specs,
    label=_("Dental", ru="Стоматология"),
)
assert_type(plugin.requires, tuple[str, ...])
assert_type(_("Deal", ru="Сделка"), Text)
assert_type(_("Deal", ru="Сделка").to("ru"), str)


def compose() -> None:
    """One CRM, its settings and its units of work."""
    clock = MovableClock()
    role = Role(
        "doctor",
        {"dental.deal.*": "own", "dental.contact.read": ["team", {"name": "Ann"}]},
        hidden=["dental.contact.phone"],
    )
    crm = Crm(
        plugin,
        database="sqlite://",
        settings={"dental": {"doctor_phone": "112"}},
        clock=clock,
        roles=[role],
        teams={2: 1, 1: None},
    )
    clock.forward(days=1)
    assert_type(crm[Settings], Settings)
    assert_type(crm[Settings].doctor_phone, str)
    assert_type(crm.pipelines["dental_sales"].first.name, str)
    with crm.uow(Actor(1, "Ann", roles=["doctor"], teams=(2,))) as uow:
        assert_type(uow, Uow)
        records(uow)
        uow.flush()
        uow.settle()
    with crm.read() as reading:
        queries(reading)
