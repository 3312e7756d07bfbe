"""Asking the CRM under test over HTTP, without a network."""

from __future__ import annotations

import typing as t

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from crmkit.core.access import Actor

if t.TYPE_CHECKING:
    from .kit import Kit

ALMIGHTY = Actor(1, "tester", system=True)


class Client(TestClient):
    """Starlette's test client, signed in. `act_as` says as whom; the default may do everything."""

    def __init__(self, kit: Kit) -> None:
        self.kit, self.actor = kit, ALMIGHTY
        inner = kit.crm.embedded(actor=lambda connection: self.actor)
        super().__init__(Starlette(routes=[Mount("/", app=inner)], lifespan=kit.crm.lifespan()))

    def act_as(self, actor: Actor) -> Client:
        """Make the following requests as `actor`; `ANONYMOUS` is nobody."""
        self.actor = actor
        return self

    def request(self, *args: t.Any, **kw: t.Any) -> t.Any:
        """Commit what the `uow` fixture did, ask, and let records in hand show what came of it."""
        self.kit.pause()
        try:
            return super().request(*args, **kw)
        finally:
            self.kit.refresh()
