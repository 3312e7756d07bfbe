"""The floor over HTTP: Starlette routes straight onto asyncpg, orjson out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import plain
from bench.data import MOVES, utc_now
from bench.http import POOL, ids_of, move_request, page_request, place_of_server
from bench.peers import floor

LABEL = "Starlette + asyncpg (the floor)"
SCHEMA = "plain"
build = plain.build
move = move_request
page = page_request
ids = ids_of


def _numbered(statement: str) -> str:
    head, *rest = statement.split("?")
    return head + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))


STAGE, UPDATE, HISTORY = _numbered(floor.STAGE), _numbered(floor.UPDATE), _numbered(floor.HISTORY)
FOLLOW_UP, PAGE = _numbered(floor.FOLLOW_UP), _numbered(floor.PAGE_SQL)
LOCK = (
    "SELECT id, title, amount, currency, stage_id, owner_id, created_at, version, archived_at"
    " FROM bench_deal WHERE id = $1 FOR UPDATE"
)


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, default=str), media_type="application/json")


def _actor(request: Request) -> int:
    actor = int(request.headers.get("x-actor", 0))
    if actor not in request.app.state.owners:
        raise HTTPException(401)
    return actor


async def move_deal(request: Request) -> Response:
    """POST /deals/ID/move {"stage": CODE}."""
    actor, deal_id = _actor(request), request.path_params["deal_id"]
    try:
        code = json.loads(await request.body())["stage"]
    except (ValueError, KeyError, TypeError):
        raise HTTPException(422, "stage is missing") from None
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        stage = await connection.fetchrow(STAGE, code)
        deal = await connection.fetchrow(LOCK, deal_id)
        if deal is None or stage is None or deal["archived_at"] is not None:
            raise HTTPException(404)
        if deal["owner_id"] != actor:
            raise HTTPException(403)
        if stage["id"] not in MOVES[deal["stage_id"]]:
            raise HTTPException(409, "not from here")
        if stage["needs_amount"] and deal["amount"] is None:
            raise HTTPException(422, "amount is missing")
        now = utc_now()
        if await connection.execute(UPDATE, stage["id"], now, now, deal_id, deal["version"]) != "UPDATE 1":
            raise HTTPException(409, "changed meanwhile")
        await connection.execute(HISTORY, deal_id, deal["stage_id"], stage["id"], actor, now)
        text = f"Call about {code}"
        await connection.execute(FOLLOW_UP, deal_id, deal["owner_id"], text, now + timedelta(days=1), now)
    return _json({**deal, "stage_id": stage["id"], "version": deal["version"] + 1})


async def list_deals(request: Request) -> Response:
    """GET /deals?before=ID."""
    actor = _actor(request)
    rows = await request.app.state.pool.fetch(PAGE, actor, int(request.query_params.get("before", 2**62)))
    items = [dict(zip(floor.PAGE_COLUMNS, row, strict=True)) for row in rows]
    return _json({"items": items, "next": items[-1]["id"] if len(items) == 50 else None})


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """A pool of constant size, and the owners in memory."""
    async with asyncpg.create_pool(place_of_server().dsn, min_size=POOL, max_size=POOL) as pool:
        app.state.pool = pool
        app.state.owners = {
            row["id"]: row["team_id"] for row in await pool.fetch("SELECT id, team_id FROM bench_owner")
        }
        yield


def create_app() -> Starlette:
    """The application."""
    routes = [Route("/deals/{deal_id:int}/move", move_deal, methods=["POST"]), Route("/deals", list_deals)]
    return Starlette(routes=routes, lifespan=lifespan)
