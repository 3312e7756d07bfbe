"""Servers doing the same move and the same list over HTTP, and the client that measures them.

A server is a module with:

- `LABEL`: its name in the table; `SCHEMA` and `build(place, data)` as in `bench.peers.Peer`;
- `create_app()`: the ASGI application; the database's DSN is in the environment as `BENCH_DSN`;
- `move(deal_id, stage, actor)` and `page(actor, before)`: the `Request` that asks for it;
- `ids(body)`: the ids in the answer to `page`, so that the run can check it read the right rows.

The actor comes in the header `X-Actor`, as from a gateway that has authenticated; nobody looks a token up.
"""

from __future__ import annotations

import importlib
import json
import os
from types import ModuleType
from typing import NamedTuple

from bench.peers import Actor
from bench.place import Place

LEAN = "lean"
SERVERS = {
    LEAN: "bench.http.lean",
    "orm": "bench.http.starlette_orm",
    "fastapi": "bench.http.fastapi_orm",
    "drf": "bench.http.django_drf",
    "crmkit": "bench.http.crmkit_server",
}
POOL = 8


class Request(NamedTuple):
    """One HTTP request, before it becomes bytes."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]

    def encode(self) -> bytes:
        """The bytes on the wire, keep-alive."""
        head = [f"{self.method} {self.path} HTTP/1.1", "host: bench", *(f"{k}: {v}" for k, v in self.headers.items())]
        if self.body:
            head += ["content-type: application/json", f"content-length: {len(self.body)}"]
        return "\r\n".join([*head, "", ""]).encode() + self.body


def move_request(deal_id: int, stage: str, actor: Actor) -> Request:
    """The move in the form the hand-written servers share."""
    body = json.dumps({"stage": stage}).encode()
    return Request("POST", f"/deals/{deal_id}/move", body, {"x-actor": str(actor.id)})


def page_request(actor: Actor, before: int) -> Request:
    """The list in the form the hand-written servers share."""
    return Request("GET", f"/deals?before={before}", b"", {"x-actor": str(actor.id)})


def ids_of(body: bytes) -> list[int]:
    """The ids in the answer of the hand-written servers."""
    return [item["id"] for item in json.loads(body)["items"]]


def place_of_server() -> Place:
    """The database of this server process."""
    return Place(os.environ.get("BENCH_DATABASE", "postgresql"), os.environ["BENCH_DSN"])


def find(name: str) -> ModuleType:
    """The module of a server; raises ImportError when what it needs is not there."""
    return importlib.import_module(SERVERS[name])
