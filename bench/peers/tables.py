"""The plain schema as SQLAlchemy Core tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()
TIME = sa.DateTime(timezone=True)


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)


def _to(name: str, target: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, sa.ForeignKey(f"{target}.id"), nullable=nullable)


def _base() -> list[sa.Column[Any]]:
    return [
        _to("owner_id", "bench_owner"),
        _to("team_id", "bench_team"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("archived_at", TIME),
    ]


team = sa.Table("bench_team", metadata, _key(), sa.Column("name", sa.String(200), nullable=False))
owner = sa.Table(
    "bench_owner", metadata, _key(), sa.Column("name", sa.String(200), nullable=False), _to("team_id", "bench_team")
)
stage = sa.Table(
    "bench_stage",
    metadata,
    _key(),
    sa.Column("code", sa.String(20), nullable=False),
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("outcome", sa.String(10), nullable=False),
    sa.Column("needs_amount", sa.Boolean, nullable=False),
)
company = sa.Table("bench_company", metadata, _key(), sa.Column("name", sa.String(200), nullable=False))
contact = sa.Table(
    "bench_contact",
    metadata,
    _key(),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("phone", sa.String(40)),
    sa.Column("email", sa.String(200)),
    _to("company_id", "bench_company", nullable=True),
    *_base(),
)
deal = sa.Table(
    "bench_deal",
    metadata,
    _key(),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("amount", sa.Numeric(14, 2)),
    sa.Column("currency", sa.String(3), nullable=False),
    _to("stage_id", "bench_stage"),
    sa.Column("stage_since", TIME, nullable=False),
    sa.Column("lost_reason", sa.Text),
    _to("contact_id", "bench_contact", nullable=True),
    _to("company_id", "bench_company", nullable=True),
    *_base(),
)
history = sa.Table(
    "bench_stage_history",
    metadata,
    _key(),
    _to("deal_id", "bench_deal"),
    _to("from_stage_id", "bench_stage"),
    _to("to_stage_id", "bench_stage"),
    _to("actor_id", "bench_owner"),
    sa.Column("at", TIME, nullable=False),
)
follow_up = sa.Table(
    "bench_follow_up",
    metadata,
    _key(),
    _to("deal_id", "bench_deal"),
    _to("owner_id", "bench_owner"),
    sa.Column("text", sa.String(200), nullable=False),
    sa.Column("due_at", TIME, nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("done_at", TIME),
)
journal = sa.Table(
    "bench_journal",
    metadata,
    _key(),
    sa.Column("at", TIME, nullable=False),
    sa.Column("actor_id", sa.BigInteger, nullable=False),
    sa.Column("entity", sa.String(60), nullable=False),
    sa.Column("record_id", sa.BigInteger, nullable=False),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("changes", sa.Text, nullable=False),
)
