"""FastAPI with pydantic models and the SQLAlchemy ORM, sync endpoints in its thread pool, psycopg."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bench import plain
from bench.data import utc_now
from bench.http import POOL, ids_of, move_request, page_request, place_of_server
from bench.peers import PAGE, Actor, Refused
from bench.peers.orm import as_dict, deals_before, move_deal
from bench.peers.orm_models import Owner
from bench.peers.sqlalchemy_engine import engine_for

LABEL = "FastAPI + SQLAlchemy ORM"
SCHEMA = "plain"
build = plain.build
move = move_request
page = page_request
ids = ids_of


class Move(BaseModel):
    """What a move asks for."""

    stage: str


class DealOut(BaseModel):
    """A deal as the API shows it."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str
    amount: Decimal | None
    currency: str
    stage_id: int
    owner_id: int
    created_at: datetime
    version: int


class Line(DealOut):
    """A deal in the list."""

    company: str | None
    contact: str | None


class PageOut(BaseModel):
    """A page of the list."""

    items: list[Line]
    next: int | None


def create_app() -> FastAPI:
    """The application."""
    engine = engine_for(place_of_server(), pool_size=POOL)
    sessions = sessionmaker(engine, expire_on_commit=False)
    with sessions() as start:
        owners = {owner.id: owner.team_id for owner in start.scalars(select(Owner))}
    app = FastAPI()

    def session() -> Iterator[Session]:
        with sessions() as opened:
            yield opened

    def actor(x_actor: Annotated[int, Header()]) -> Actor:
        if x_actor not in owners:
            raise HTTPException(401)
        return Actor(x_actor, owners[x_actor])

    Who = Annotated[Actor, Depends(actor)]
    Db = Annotated[Session, Depends(session)]

    @app.post("/deals/{deal_id}/move", response_model=DealOut)
    def move_one(deal_id: int, asked: Move, who: Who, db: Db) -> Any:
        try:
            with db.begin():
                return move_deal(db, deal_id, asked.stage, who, utc_now())
        except Refused as refusal:
            raise HTTPException(409, str(refusal)) from refusal

    @app.get("/deals", response_model=PageOut)
    def list_deals(who: Who, db: Db, before: int = 2**62) -> Any:
        items = [as_dict(deal) for deal in deals_before(db, who, before)]
        return {"items": items, "next": items[-1]["id"] if len(items) == PAGE else None}

    return app
