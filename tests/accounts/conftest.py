"""A CRM with sales and accounts, a company of three teams, and browsers that sign in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from crmkit import Crm, Role
from crmkit.accounts import StoredRole, Team, TeamKind, User, UserRole, plugin
from crmkit.accounts.passwords import passwords_of
from tests.accounts.shop import shop

PASSWORD = "тёплый плед на кухне"
CHEAP = {"argon2_time": 1, "argon2_memory": 64, "argon2_lanes": 1}
ORIGIN = "https://crm.example"


@pytest.fixture
def crm_plugins() -> list[Any]:
    return [plugin, shop]


@pytest.fixture
def crm_settings() -> dict[str, Any]:
    return {"accounts": {**CHEAP, "base_url": ORIGIN}}


@pytest.fixture
def crm_roles() -> list[Role]:
    return []


class Company:
    """Teams, roles and people by name."""

    def __init__(self, crm: Crm, make: Callable[..., Any]) -> None:
        self.crm, self.make = crm, make
        self.head = make(Team, name="Head office", kind=TeamKind.COMPANY)
        self.north = make(Team, name="North", kind=TeamKind.DEALER, parent_id=self.head.id)
        self.south = make(Team, name="South", kind=TeamKind.DEALER, parent_id=self.head.id)
        self.admin_role = self.role("administrator", {"*": "all"})
        self.seller_role = self.role("seller", {"shop.order.*": "own", "accounts.user.read": "all", "accounts.delegation.*": "own"})
        self.lead_role = self.role("lead", {"shop.order.*": "team", "accounts.user.read": "all"})
        self.hash = passwords_of(crm).hash(PASSWORD)

    def role(self, name: str, grants: dict[str, Any], **more: Any) -> StoredRole:
        made: StoredRole = self.make(StoredRole, name=name, grants=grants, **more)
        return made

    def person(self, name: str, *roles: StoredRole, team: Team | None = None, password: bool = True) -> User:
        kept = self.hash if password else None
        made: User = self.make(User, login=f"{name}@example.com", name=name.capitalize(), team_id=team.id if team else None, password_hash=kept)
        for role in roles:
            self.make(UserRole, user_id=made.id, role_id=role.id)
        return made


@pytest.fixture
def company(crm: Crm, make: Callable[..., Any]) -> Company:
    return Company(crm, make)


class Browser(TestClient):
    """A browser on one of our own pages: it says so, keeps cookies, and sends no token of its own accord."""

    def __init__(self, kit: Any, crm: Crm | None = None, root: str = "", address: str = "10.0.0.1") -> None:
        self.kit, self.root = kit, root
        inner = (crm or kit.crm).embedded()
        app = Starlette(routes=[Mount(root or "/", app=inner)], lifespan=(crm or kit.crm).lifespan())
        super().__init__(app, base_url=ORIGIN, headers={"origin": ORIGIN}, client=(address, 5000))

    def request(self, method: str, url: Any, *args: Any, **kw: Any) -> Any:
        self.kit.pause()
        try:
            return super().request(method, self.root + url if isinstance(url, str) else url, *args, **kw)
        finally:
            self.kit.refresh()

    def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> Any:
        return self.post("/x/accounts/login", json={"login": f"{name}@example.com", "password": password, **more})


@pytest.fixture
def browser(crm_kit: Any) -> Iterator[Callable[..., Browser]]:
    """``browser()`` opens a browser, ``browser("ann")`` one where Ann is signed in."""
    opened: list[Browser] = []

    def make_one(name: str | None = None, **more: Any) -> Browser:
        made = Browser(crm_kit, **more)
        made.__enter__()
        opened.append(made)
        if name is not None:
            answer = made.sign_in(name)
            assert answer.status_code == 200, answer.text
        return made

    yield make_one
    for one in reversed(opened):
        one.__exit__(None, None, None)
