"""crmkit's own API, mounted the way a host mounts it; the actor comes from the same header as everywhere here."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Mount

import crmkit
from bench.data import Data
from bench.http import POOL, Request, place_of_server
from bench.peers import PAGE, Actor
from bench.peers.crmkit_peer import FIELDS, OWN, CrmkitPeer
from bench.peers.crmkit_plugin import plugin

LABEL = "crmkit's API"
SCHEMA = "crmkit"
build = CrmkitPeer.build


def move(deal: int, stage: str, actor: Actor) -> Request:
    """POST …/deal/ID/move {"stage": CODE}."""
    body = json.dumps({"stage": stage}).encode()
    return Request("POST", f"/crm/api/benchcrm/deal/{deal}/move", body, {"x-actor": str(actor.id)})


def page(actor: Actor, before: int) -> Request:
    """GET …/deal, 50 newest with an id under `before`."""
    asked = quote(json.dumps({"id": {"lt": before}}))
    path = f"/crm/api/benchcrm/deal?filter={asked}&sort=-id&limit={PAGE}&fields={','.join(FIELDS)}"
    return Request("GET", path, b"", {"x-actor": str(actor.id)})


def ids(body: bytes) -> list[int]:
    """The ids of a page."""
    return [row["id"] for row in json.loads(body)["rows"]]


def create_app() -> Starlette:
    """A host with crmkit at /crm."""
    place, data = place_of_server(), Data()
    engine = sa.create_engine(place.sqlalchemy, pool_size=POOL)
    settings = {"crmkit": {"jobs": False}}
    crm = crmkit.Crm(plugin, database=engine, roles=[OWN], settings=settings)
    actors = {n: crmkit.Actor(n, "Ann", ["own"], [data.team_of(n)]) for n in range(1, data.owners + 1)}

    async def who(connection: HTTPConnection) -> crmkit.Actor | None:
        return actors.get(int(connection.headers.get("x-actor", 0)))

    routes: list[Any] = [Mount("/crm", crm.embedded(actor=who))]
    return Starlette(routes=routes, lifespan=crm.lifespan())
