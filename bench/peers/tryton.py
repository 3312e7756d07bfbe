"""Tryton 8 with its own `sale_opportunity` module: the nearest real thing to a deal, through its own machinery.

What it does not have: ten stages (its state machine has six; the move is lead → opportunity), a row rule by owner (its
rule is by company), a company beside the contact (the page joins the party and the employee). What it has on top:
history tables with a full copy of the record, button and model access, translated messages, retries, caches.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from trytond import config

from bench.data import Data, NewDeal, load, settle
from bench.peers import PAGE, Actor, Counts, Peer
from bench.place import Place

MODULES = ["ir", "res", "sale_opportunity"]
OPPORTUNITY_COLUMNS = (
    *("id", "number", "description", "amount", "currency", "company", "party", "employee", "state", "start_date"),
    *("conversion_probability", "create_date", "create_uid"),
)
FIELDS = [
    *("number", "description", "amount", "currency", "state", "employee", "start_date", "create_date"),
    *("party.rec_name", "employee.rec_name"),
]


def point(place: Place) -> str:
    """Tell Tryton where its databases are; the name of this one.

    Its backend is chosen when the rest of it is first imported, which is why those imports are inside the functions.
    """
    if place.database == "sqlite":
        path = Path(place.dsn)
        config.set("database", "uri", "sqlite://")
        config.set("database", "path", str(path.parent))
        return path.stem
    parts = urlsplit(place.dsn)
    config.set("database", "uri", urlunsplit(parts._replace(path="")))
    return parts.path.lstrip("/")


class Tryton(Peer):
    """Calls as its RPC dispatcher makes them: a transaction, access checked, retried when it must lock first."""

    label: ClassVar[str] = "Tryton, sale_opportunity"
    schema: ClassVar[str] = "tryton"
    refuses_strangers: ClassVar[bool] = False
    refuses_stages: ClassVar[bool] = False
    bulk_rows: ClassVar[int] = 250

    @classmethod
    def build(cls, place: Place, data: Data) -> None:
        """Install the modules, make a company with employees and a user, then load parties and opportunities."""
        name = point(place)
        from trytond import backend
        from trytond.pool import Pool
        from trytond.transaction import Transaction

        if place.database == "sqlite":
            backend.Database.create(None, name)
        database = backend.Database(name)
        database.connect()
        database.init()
        Pool(name).init(update=MODULES, lang=["en"], activatedeps=True, indexes=True)
        with Transaction().start(name, 0):
            setup = _set_up(data)
        database.close()
        _load(place, data, *setup)
        settle(place)

    def __init__(self, place: Place, data: Data) -> None:
        """Fill the pool of models, as a server does when it starts."""
        self.name = point(place)
        self.database = place.database
        from trytond.pool import Pool
        from trytond.transaction import Transaction

        self.transaction = Transaction
        Pool.start()
        self.pool = Pool(self.name)
        self.pool.init()
        with Transaction().start(self.name, 0, readonly=True):
            self.user = self.pool.get("res.user").search([("login", "=", "bench")])[0].id
            self.company = self.pool.get("company.company").search([])[0].id
            found = self.pool.get("company.employee").search([], order=[("id", "ASC")])
            self.employees = [employee.id for employee in found]

    def call(self, actor: Actor, work: Callable[[], Any], readonly: bool = False) -> Any:
        """What Tryton's dispatcher does round a remote call."""
        from trytond.transaction import TransactionError

        employee = self.employees[actor.id - 1]
        context = {"company": self.company, "employee": employee, "language": "en", "_check_access": True}
        extras: dict[str, Any] = {}
        while True:
            start = self.transaction().start
            with start(self.name, self.user, context=context, readonly=readonly, **extras) as transaction:
                try:
                    return work()
                except TransactionError as wanted:
                    transaction.rollback()
                    transaction.tasks.clear()
                    wanted.fix(extras)

    def move(self, deal_id: int, stage: str, actor: Actor) -> None:
        """Press the button `opportunity`, then add a line to it, the plainest row of the module, as the follow-up.

        A note would be nearer in meaning, but its checks walk every model there is.
        """

        def work() -> None:
            opportunities = self.pool.get("sale.opportunity")
            opportunities.opportunity([opportunities(deal_id)])
            self.pool.get("sale.opportunity.line").create([{"opportunity": deal_id, "quantity": 1}])

        self.call(actor, work)

    def page(self, actor: Actor, before: int) -> Sequence[Mapping[str, Any]]:
        """`search_read`, which its clients use."""
        domain = [("employee", "=", self.employees[actor.id - 1]), ("id", "<", before)]

        def work() -> Any:
            found = self.pool.get("sale.opportunity")
            return found.search_read(domain, limit=PAGE, order=[("id", "DESC")], fields_names=FIELDS)

        rows: list[Mapping[str, Any]] = self.call(actor, work, readonly=True)
        return rows

    def bulk(self, deals: Sequence[NewDeal], actor: Actor) -> None:
        """`create` with a list; its history table is the journal."""
        employee = self.employees[actor.id - 1]

        def work() -> None:
            opportunities = self.pool.get("sale.opportunity")
            currency = self.pool.get("company.company")(self.company).currency.id
            first = self.pool.get("party.party").search([("code", "=", "P1")])[0].id - 1
            opportunities.create(
                [
                    {
                        "description": deal.title,
                        "amount": deal.amount,
                        "currency": currency,
                        "company": self.company,
                        "party": first + deal.contact_id,
                        "employee": employee,
                        "start_date": dt.date(2026, 11, 1),
                    }
                    for deal in deals
                ]
            )

        self.call(actor, work)

    def counts(self) -> Counts:
        """History rows stand for the stage history and for the journal."""
        with self.transaction().start(self.name, 0, readonly=True) as transaction:
            cursor = transaction.connection.cursor()
            found = []
            for table in ("sale_opportunity", "sale_opportunity__history", "sale_opportunity_line"):
                cursor.execute(f"SELECT count(*) FROM {table}")
                found.append(int(cursor.fetchone()[0]))
        return Counts(found[0], found[1], found[2], journal=found[1])


def _set_up(data: Data) -> tuple[int, int, list[int], int]:
    from trytond.pool import Pool

    pool = Pool()
    models = {name: pool.get(name) for name in ("currency.currency", "party.party", "company.company", "res.user")}
    currency = models["currency.currency"](name="Rouble", code="RUB", symbol="₽", rounding=Decimal("0.01"))
    currency.save()
    (party,) = models["party.party"].create([{"name": "Crm", "addresses": [("create", [{}])]}])
    company = models["company.company"](party=party, currency=currency)
    company.save()
    people = models["party.party"].create([{"name": data.person(n)} for n in range(1, data.owners + 1)])
    employees = pool.get("company.employee").create([{"party": p.id, "company": company.id} for p in people])
    groups = pool.get("res.group").search([("name", "in", ["Sales", "Sale Opportunity"])])
    (user,) = models["res.user"].create(
        [
            {
                "name": "Bench",
                "login": "bench",
                "companies": [("add", [company.id])],
                "company": company.id,
                "employees": [("add", [employee.id for employee in employees])],
                "employee": employees[0].id,
                "groups": [("add", [group.id for group in groups])],
            }
        ]
    )
    return company.id, currency.id, [employee.id for employee in employees], user.id


def _sqlite(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value).encode() if isinstance(value, Decimal) else value


def _load(place: Place, data: Data, company: int, currency: int, employees: list[int], user: int) -> None:
    base = 1_000  # parties of the contacts come after those of the company and its employees
    parties = (
        (base + n, data.person(n), f"P{n}", True, data.born(1).replace(tzinfo=None), user)
        for n in range(1, data.contacts + 1)
    )
    load(place, "party_party", ("id", "name", "code", "active", "create_date", "create_uid"), parties, _sqlite)

    def opportunities() -> Iterator[tuple[Any, ...]]:
        for n, deal, born in data.deal_rows():
            owner, born = employees[deal.owner_id - 1], born.replace(tzinfo=None)
            what = (n, str(n), deal.title, deal.amount, currency, company, base + deal.contact_id, owner)
            yield (*what, "lead", born.date(), 0.5, born, user)

    load(place, "sale_opportunity", OPPORTUNITY_COLUMNS, opportunities(), _sqlite)
