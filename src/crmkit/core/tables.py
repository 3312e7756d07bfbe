"""Tables of the web edge that migrate with the kernel: API tokens and remembered answers."""

from __future__ import annotations

import sqlalchemy as sa

from .types import BigId, UtcDateTime

metadata = sa.MetaData()
token = sa.Table(
    "crm_token", metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),  # SHA-256; the token itself is shown once
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("actor_id", sa.BigInteger),
    sa.Column("roles", sa.JSON, nullable=False),
    sa.Column("teams", sa.JSON, nullable=False),
    sa.Column("language", sa.String(8)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)  # fmt: skip
idempotency = sa.Table(
    "crm_idempotency", metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("caller", sa.String(80), primary_key=True),  # one caller's keys never meet another's
    sa.Column("request", sa.String(64), nullable=False),  # SHA-256 of method, path and body
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("crm_idempotency_at", "at"),
)  # fmt: skip
