"""People for the demo. They may not sign in until `crmkit demo` gives them a password of its own making."""

from __future__ import annotations

import random as chance
import typing as t

from crmkit import Crm, Uow, hookimpl

from .entities import Team, TeamKind, User
from .passwords import passwords_of
from .roles import give, seed

# Teams 1 to 8 and people 1 to 6 are those who sell in the sales plugin's demo: 4 to 8 are its dealers.
TEAMS: tuple[tuple[str, TeamKind, int | None, str | None], ...] = (
    ("Головная компания · Head office", TeamKind.COMPANY, None, "Москва"),
    ("Россия · отдел продаж", TeamKind.REGION, 1, "Москва"),
    ("International sales", TeamKind.REGION, 1, "London"),
    ("Дилер «Прикамье»", TeamKind.DEALER, 2, "Пермь"),
    ("Дилер «Чусовая»", TeamKind.DEALER, 4, "Чусовой"),
    ("Дилер «Нева»", TeamKind.DEALER, 2, "Санкт-Петербург"),
    ("Thames Trading", TeamKind.DEALER, 3, "London"),
    ("Severn Supplies", TeamKind.DEALER, 3, "Bristol"),
    ("«Прикамье», салон на улице Мира", TeamKind.POINT_OF_SALE, 4, "Пермь"),
)
PEOPLE: tuple[tuple[str, str, str, str, int, str, int | None], ...] = (
    ("director", "Вера Соколова", "ru", "director", 1, "Директор", None),
    ("lead", "Илья Громов", "ru", "team_lead", 2, "Руководитель отдела", 1),
    ("manager", "Юлия Зимина", "ru", "manager", 2, "Менеджер", 2),
    ("artem", "Артём Лунин", "ru", "manager", 2, "Менеджер", 2),
    ("kate", "Kate Morris", "en", "team_lead", 3, "Head of sales", 1),
    ("owen", "Owen Blake", "en", "manager", 3, "Sales manager", 5),
    ("admin", "Нина Орлова", "ru", "administrator", 1, "Администратор", 1),
    ("operator", "Диана Ким", "ru", "operator", 1, "Оператор колл-центра", 1),
    ("dealer", "Олег Терещенко", "ru", "dealer_head", 4, "Руководитель дилера", 2),
    ("seller", "Рита Белых", "ru", "dealer_manager", 5, "Менеджер дилера", 9),
    ("cashier", "Ева Черных", "ru", "cashier", 4, "Кассир", 9),
    ("grace", "Grace Osborne", "en", "dealer_manager", 7, "Sales consultant", 5),
)
# A team of a plugin that may not be there: its people are added after everybody else, where one of their roles is offered.
CARE = ("Служба заботы · Customer service", TeamKind.DEPARTMENT, 1, "Москва")
CARERS: tuple[tuple[str, str, str, str, str], ...] = (
    ("care", "Алла Ветрова", "ru", "service_caller", "Специалист службы заботы"),
    ("claire", "Claire Dunn", "en", "service_head", "Head of customer service"),
)
DOMAIN = "demo.example"


@hookimpl
def crm_demo(uow: Uow, random: chance.Random, size: int) -> None:
    """Add the usual roles, a few teams and the people who work in them."""
    made = set(seed(uow))
    teams: list[Team] = []
    for name, kind, above, city in TEAMS:
        teams.append(uow.add(Team(name=name, kind=kind, city=city, parent_id=teams[above - 1].id if above else None)))
        uow.flush()
    people: list[User] = []
    for login, name, language, role, team, position, manager in PEOPLE:
        people.append(uow.add(User(
            login=f"{login}@{DOMAIN}", name=name, language=language, position=position, team_id=teams[team - 1].id,
            phone=f"+7000{random.randrange(10**7):07}", manager_id=people[manager - 1].id if manager else None)))  # fmt: skip
        uow.flush()
        if role in made:
            give(uow, people[-1].id, [role])
    if made & {role for _login, _name, _language, role, _position in CARERS}:
        _carers(uow, made, teams)


def _carers(uow: Uow, made: set[str], teams: list[Team]) -> None:
    name, kind, above, city = CARE
    team = uow.add(Team(name=name, kind=kind, city=city, parent_id=teams[above - 1].id))
    uow.flush()
    for login, called, language, role, position in CARERS:
        person = uow.add(User(login=f"{login}@{DOMAIN}", name=called, language=language, position=position, team_id=team.id))
        uow.flush()
        if role in made:
            give(uow, person.id, [role])


def open_doors(crm: Crm, password: str) -> list[tuple[str, str, str]]:
    """Give everybody of the demo one password and return (login, name, position): for `crmkit demo`, which makes it up and prints it."""
    kept, found = passwords_of(crm).hash(password), list[tuple[str, str, str]]()
    with crm.uow() as uow:
        for user in t.cast("t.Iterable[User]", uow.find(User).where(User.login.like(f"%@{DOMAIN}"))):
            if user.password_hash is None or not passwords_of(crm).verify(user.password_hash, password):
                user.password_hash = kept
            found.append((user.login, user.name, user.position or ""))
    return found
