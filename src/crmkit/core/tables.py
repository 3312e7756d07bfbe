"""Further tables of the kernel: API tokens, remembered answers, operations, other systems' keys, search."""

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
operation = sa.Table(
    "crm_operation", metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("kind", sa.String(60), nullable=False),  # import, bulk, merge, undo …
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("actor_id", sa.BigInteger),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("state", sa.String(20), nullable=False),  # running, done, failed, undone
    sa.Column("undone_by", sa.BigInteger),
    sa.Column("facts", sa.JSON, nullable=False),
)  # fmt: skip
external = sa.Table(
    "crm_external", metadata,
    sa.Column("source", sa.String(100), primary_key=True),  # the other system, as a mapping or plugin names it
    sa.Column("kind", sa.String(120), primary_key=True),
    sa.Column("external_id", sa.String(200), primary_key=True),
    sa.Column("record_id", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64)),  # of what was last taken over: the same again needs no work
    sa.Column("operation", sa.BigInteger),
    sa.Index("crm_external_record", "kind", "record_id"),
    sa.Index("crm_external_operation", "operation"),
)  # fmt: skip
search = sa.Table(
    "crm_search", metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("kind", sa.String(120), nullable=False),
    sa.Column("record_id", sa.BigInteger, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.UniqueConstraint("kind", "record_id"),
)  # fmt: skip
merged = sa.Table(
    "crm_merged", metadata,
    sa.Column("kind", sa.String(120), primary_key=True),
    sa.Column("loser_id", BigId, primary_key=True, autoincrement=False),
    sa.Column("winner_id", sa.BigInteger, nullable=False),
    sa.Column("operation", sa.BigInteger),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("crm_merged_winner", "kind", "winner_id"),
)  # fmt: skip
