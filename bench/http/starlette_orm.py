"""The SQLAlchemy ORM by hand under Starlette: plain functions in its threads, psycopg, orjson."""

from __future__ import annotations

import json
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import plain
from bench.http import POOL, ids_of, move_request, page_request, place_of_server
from bench.peers import PAGE, Actor, Refused
from bench.peers.orm import as_dict, deals_before, move_deal
from bench.peers.orm_models import Owner
from bench.peers.sqlalchemy_engine import engine_for, now

LABEL = "Starlette + SQLAlchemy ORM by hand"
SCHEMA = "plain"
SHOWN = ("id", "title", "amount", "currency", "stage_id", "owner_id", "created_at", "version")
build = plain.build
move = move_request
page = page_request
ids = ids_of


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, default=str), media_type="application/json")


def _actor(request: Request) -> Actor:
    owners, actor = request.app.state.owners, int(request.headers.get("x-actor", 0))
    if actor not in owners:
        raise HTTPException(401)
    return Actor(actor, owners[actor])


async def move_deal_over_http(request: Request) -> Response:
    """POST /deals/ID/move {"stage": CODE}."""
    actor = _actor(request)
    try:
        code = json.loads(await request.body())["stage"]
    except (ValueError, KeyError, TypeError):
        raise HTTPException(422, "stage is missing") from None

    def work() -> dict[str, Any]:
        with request.app.state.sessions.begin() as session:
            deal = move_deal(session, request.path_params["deal_id"], code, actor, request.app.state.now())
        return {name: getattr(deal, name) for name in SHOWN}

    try:
        return _json(await run_in_threadpool(work))
    except Refused as refusal:
        raise HTTPException(409, str(refusal)) from refusal


def list_deals(request: Request) -> Response:
    """GET /deals?before=ID."""
    actor, before = _actor(request), int(request.query_params.get("before", 2**62))
    with request.app.state.sessions() as session:
        items = [as_dict(deal) for deal in deals_before(session, actor, before)]
    return _json({"items": items, "next": items[-1]["id"] if len(items) == PAGE else None})


def create_app() -> Starlette:
    """The application."""
    engine = engine_for(place_of_server(), pool_size=POOL)
    routes = [
        Route("/deals/{deal_id:int}/move", move_deal_over_http, methods=["POST"]),
        Route("/deals", list_deals),
    ]
    app = Starlette(routes=routes)
    app.state.sessions = sessionmaker(engine, class_=Session, expire_on_commit=False)
    app.state.now = lambda: now(engine)
    with app.state.sessions() as session:
        app.state.owners = {owner.id: owner.team_id for owner in session.scalars(select(Owner))}
    return app
