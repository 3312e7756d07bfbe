"""Three regions, nine dealers, forty people with every role there is, and rows of every kind among them."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import random
from collections.abc import Iterator
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Crm, Entity, Uow, accounts, activities, views
from crmkit.accounts import Delegation, Membership, StoredRole, Team, TeamKind, User, UserRole
from crmkit.accounts.passwords import passwords_of
from crmkit.accounts.roles import seed
from crmkit.activities import Activity, Note
from crmkit.views import View
from crmkit.views.entities import Sharing
from crmkit_sales import (
    ROLES,
    Channel,
    Company,
    Contact,
    ContactPoint,
    Deal,
    Dealer,
    DealLine,
    Inquiry,
    Lead,
    PointOfSale,
    Registration,
    Source,
    Way,
)
from crmkit_sales import plugin as sales

from .oracle import Person, World

PLUGINS = (accounts.plugin, activities.plugin, views.plugin, sales)
PASSWORD = "синий трактор едет в поле"
SETTINGS = {"accounts": {"argon2_time": 1, "argon2_memory": 64, "argon2_lanes": 1}}
ODD_ROLES: dict[str, dict[str, object]] = {
    "own_team": {"sales.*": ["own", "team"], "activities.*": "all"},
    "reader": {"sales.*.read": "below", "activities.*.read": "all"},
    "picky": {"sales.deal.*": {"stage": "new", "owner_id": {"ne": {"relative": "me"}}}, "sales.contact.read": {"or": [
        {"owner_id": {"relative": "me"}}, {"team_id": {"in": {"relative": "my_teams"}}}]}, "activities.note.*": "own"},
    "nothing": {"sales.contact.read": {"owner_id": -1}},
}  # fmt: skip
WORDS = ("Окна", "Двери", "Кухня", "Лестница", "Беседка", "Roof", "Fence", "Windows")
NAMES = ("Анна Щукина", "Пётр Ёлкин", "Мария Цой", "Oleg Smirnov", "Kate Jones", "Юрий Жуков")


@attrs.define
class Built:
    """What was built, by number."""

    people: list[int] = attrs.field(factory=list)
    teams: dict[str, int] = attrs.field(factory=dict)
    dealers: list[int] = attrs.field(factory=list)
    points: list[int] = attrs.field(factory=list)


def build(crm: Crm) -> None:
    """Fill an empty CRM, the same way every time."""
    dice, built = random.Random(3), Built()
    with crm.uow() as uow:
        seed(uow)
        for role in ROLES:
            uow.add(StoredRole(name=f"s_{role.name}", grants=dict(role.grants), hidden=list(role.hidden), read_only=list(role.read_only)))
        for name, grants in ODD_ROLES.items():
            uow.add(StoredRole(name=name, grants=grants))
        uow.flush()
        _organisation(uow, built)
        _people(uow, built, dice)
        _clients(uow, built, dice)


def _organisation(uow: Uow, built: Built) -> None:
    def team(name: str, kind: TeamKind, above: str | None) -> int:
        made = uow.add(Team(name=name, kind=kind, parent_id=built.teams[above] if above else None))
        uow.flush()
        built.teams[name] = made.id
        return made.id

    team("company", TeamKind.COMPANY, None)
    for r in range(3):
        team(f"region{r}", TeamKind.REGION, "company")
        for d in range(3):
            # The third dealer of a region stands below the second: dealers form a tree of their own.
            above = f"dealer{r}1" if d == 2 else f"region{r}"
            number = team(f"dealer{r}{d}", TeamKind.DEALER, above)
            parent = built.dealers[-1] if d == 2 else None
            dealer = uow.add(Dealer(name=f"Дилер {r}{d}", city=f"Город {r}", team_id=number, parent_id=parent))
            uow.flush()
            built.dealers.append(dealer.id)
            point = uow.add(PointOfSale(name=f"Салон {r}{d}", dealer_id=dealer.id, city=f"Город {r}"))
            uow.flush()
            built.points.append(point.id)


def _people(uow: Uow, built: Built, dice: random.Random) -> None:
    roles = {r.name: r.id for r in uow.find(StoredRole)}
    hashed = passwords_of(uow.crm).hash(PASSWORD)
    names = sorted(roles)
    places = list(built.teams)
    for n in range(40):
        place = places[n % len(places)]
        user = uow.add(User(login=f"p{n}@example.com", name=f"{NAMES[n % 6]} {n}", team_id=built.teams[place], password_hash=hashed))
        uow.flush()
        user.owner_id = user.id
        built.people.append(user.id)
        held = {names[n % len(names)]} | ({dice.choice(names)} if n % 5 == 0 else set())
        for role in sorted(held):
            uow.add(UserRole(user_id=user.id, role_id=roles[role]))
        if n % 7 == 0:
            uow.add(Membership(user_id=user.id, team_id=built.teams[dice.choice(places)], owner_id=user.id))
    today = uow.now.astimezone(uow.crm.zone).date()
    day = dt.timedelta(days=1)
    for away, deputy, first, last in ((3, 4, today, today + day), (8, 9, today - 9 * day, today - day), (12, 30, today - day, today)):
        uow.add(Delegation(from_user_id=built.people[away], to_user_id=built.people[deputy], starts_on=first, ends_on=last,
            owner_id=built.people[away]))  # fmt: skip


def _clients(uow: Uow, built: Built, dice: random.Random) -> None:
    source = uow.add(Source(name="Ярмарка", code="fair"))
    uow.flush()
    teams = list(built.teams.values())

    def whose() -> dict[str, Any]:
        return {"owner_id": dice.choice([*built.people, None]), "team_id": dice.choice([*teams, None])}

    def place() -> dict[str, Any]:
        return {"dealer_id": dice.choice(built.dealers)} if dice.random() < 0.5 else {}

    subjects: list[Entity] = []
    companies, contacts, deals = [], [], []
    for n in range(24):
        companies.append(uow.add(Company(name=f"{dice.choice(WORDS)} {n}", **whose())))
    uow.flush()
    for n in range(60):
        contact = uow.add(Contact(name=f"{dice.choice(NAMES)} {n}", phone=f"+7916{n:07}", company_id=dice.choice(companies).id, **whose()))
        contacts.append(contact)
    uow.flush()
    for n, contact in enumerate(contacts[::2]):
        uow.add(ContactPoint(contact_id=contact.id, way=Way.EMAIL, value=f"c{n}@example.com"))
    for n in range(60):
        uow.add(Inquiry(name=f"{dice.choice(WORDS)} {n}", channel=Channel.CALL, source_id=source.id, phone=f"+7926{n:07}", **whose(), **place()))
        uow.add(Lead(title=f"{dice.choice(WORDS)} {n}", contact_id=dice.choice(contacts).id, **whose(), **place()))
        title, amount = f"{dice.choice(WORDS)} {n}", decimal.Decimal(n * 10)
        deals.append(uow.add(Deal(title=title, amount=amount, contact_id=dice.choice(contacts).id, **whose(), **place())))
    uow.flush()
    for n, deal in enumerate(deals[::2]):
        uow.add(DealLine(deal_id=deal.id, title=f"Line {n}", quantity=decimal.Decimal(1), price=decimal.Decimal(n)))
    for n in range(9):
        uow.add(Registration(title=f"Reg {n}", dealer_id=built.dealers[n], phone=f"+7999{n:07}", owner_id=dice.choice(built.people)))
    uow.flush()
    subjects = [*companies, *contacts, *deals]
    for n in range(60):
        about = uow.about(dice.choice(subjects))
        uow.add(Note(text=f"{dice.choice(WORDS)} заметка {n}", **about, **whose()))
        uow.add(Activity(kind="call", subject=f"Звонок {n}", due_at=uow.now + dt.timedelta(days=n), **about, **whose()))
    for n, shared in enumerate(list(Sharing) * 4):
        uow.add(View(name=f"View {n}", kind="sales.deal", shared=shared, **whose()))


def observed(crm: Crm) -> World:
    """Read the world back as plain rows, for the oracle."""
    rows: dict[str, list[dict[str, Any]]] = {}
    with crm.read() as uow:
        for kind in crm.kinds.values():
            rows[kind.key] = [{n: _plain(v) for n, v in r._mapping.items()} for r in uow.connection.execute(sa.select(kind.table))]
    parents = {row["id"]: row["parent_id"] for row in rows["accounts.team"]}
    grants = {row["name"]: row["grants"] for row in rows["accounts.role"]}
    parts = {k.key: (k.whole.target, k.whole.field.name) for k in crm.kinds.values() if k.whole is not None}
    scopes = {(k.key, s.name): s.filter for k in crm.kinds.values() for s in k.scopes.values()}
    about = frozenset(k.key for k in crm.kinds.values() if k.abouts)
    return World(rows, grants, parents, parts, about, frozenset(k.key for k in crm.kinds.values() if k.owned), scopes)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def people(crm: Crm, world: World) -> Iterator[Person]:
    """Yield the forty, with what their rows say they are."""
    role_names = {r["id"]: r["name"] for r in world.rows["accounts.role"]}
    today = crm.clock.now().astimezone(crm.zone).date()
    for row in world.rows["accounts.user"]:
        held = [role_names[r["role_id"]] for r in world.rows["accounts.user_role"] if r["user_id"] == row["id"]]
        teams = [row["team_id"], *(m["team_id"] for m in world.rows["accounts.membership"] if m["user_id"] == row["id"])]
        covered = [d for d in world.rows["accounts.delegation"] if d["to_user_id"] == row["id"] and d["starts_on"] <= today <= d["ends_on"]]
        away = [d["from_user_id"] for d in covered]
        yield Person(row["id"], row["name"], held, teams, away)
