"""The world of the forty people, served."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import attrs
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from crmkit import Crm, MovableClock

from .oracle import Person, World
from .world import PASSWORD, PLUGINS, SETTINGS, build, observed, people

ORIGIN = "https://crm.example"


@attrs.frozen
class Scene:
    """A served CRM, what is in it, and who is who."""

    crm: Crm
    world: World
    people: list[Person]
    app: Starlette

    @property
    def asked(self) -> list[Person]:
        """Those who are asked about everything: half of them on each database; CRMKIT_TEST_LONG=1 asks all of them on both."""
        if os.environ.get("CRMKIT_TEST_LONG"):
            return self.people
        return self.people[self.crm.engine.dialect.name == "sqlite" :: 2]

    def browser(self, person: Person) -> TestClient:
        """Return a browser in which a person has signed in with their password."""
        made = TestClient(self.app, base_url=ORIGIN, headers={"origin": ORIGIN})
        login = next(r["login"] for r in self.world.rows["accounts.user"] if r["id"] == person.id)
        answer = made.post("/x/accounts/login", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return made

    def may(self, person: Person, kind: str, action: str = "read") -> bool:
        """True when some role grants a permission at all, in whatever scope."""
        from fnmatch import fnmatchcase

        wanted = self.world.permission(kind, action)
        return any(fnmatchcase(wanted, p) for r in person.roles for p in self.world.grants[r])


def _prepare(url: str) -> None:
    crm = Crm(*PLUGINS, database=url, settings=SETTINGS, clock=MovableClock())
    crm.migrate()
    build(crm)
    crm.engine.dispose()


@pytest.fixture
def scene(copy_of: Callable[..., str]) -> Iterator[Scene]:
    """The world, served."""
    crm = Crm(*PLUGINS, database=copy_of("forty people", _prepare), settings=SETTINGS, clock=MovableClock())
    world = observed(crm)
    app = Starlette(routes=[Mount("/", app=crm.embedded())], lifespan=crm.lifespan())
    with TestClient(app):
        yield Scene(crm, world, list(people(crm, world)), app)
    crm.engine.dispose()
