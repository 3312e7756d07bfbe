"""Tables no person looks at: what records are found by, and what was learned."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# One row for each key of each record. A key is a digest of kind, pass and value, so the table repeats nobody's data.
keys = sa.Table(
    "duplicates_key", metadata,
    sa.Column("key", _id, primary_key=True, autoincrement=False),
    sa.Column("record_id", _id, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(120), nullable=False),
    sa.Index("ix_duplicates_key_record", "kind", "record_id"),
)  # fmt: skip
weights = sa.Table(
    "duplicates_weights", metadata,
    sa.Column("kind", sa.String(120), primary_key=True),
    sa.Column("weights", sa.JSON, nullable=False),
    sa.Column("pairs", sa.BigInteger, nullable=False),
)  # fmt: skip
