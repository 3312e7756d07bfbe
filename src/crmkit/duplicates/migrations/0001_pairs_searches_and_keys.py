"""Pairs, searches and keys.

Revision duplicates_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "duplicates_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "duplicates_key",
        sa.Column(
            "key",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "record_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("key", "record_id", name=op.f("pk_duplicates_key")),
    )
    op.create_table(
        "duplicates_pair",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("a_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("b_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("via_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", c.Choice(), nullable=False),
        sa.Column("decided_at", c.UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("checked_at", c.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicates_pair")),
    )
    op.create_table(
        "duplicates_scan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("started_at", c.UtcDateTime(), nullable=False),
        sa.Column("finished_at", c.UtcDateTime(), nullable=True),
        sa.Column("indexed", sa.Boolean(), nullable=False),
        sa.Column("reached_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("records", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("compared", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("found", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicates_scan")),
    )
    op.create_table(
        "duplicates_weights",
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("pairs", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_duplicates_weights")),
    )
    op.create_index("ix_duplicates_key_record", "duplicates_key", ["kind", "record_id"], unique=False)
    op.create_index("ix_duplicates_pair_a_id", "duplicates_pair", ["kind", "a_id"], unique=False)
    op.create_index("ix_duplicates_pair_b_id", "duplicates_pair", ["kind", "b_id"], unique=False)
    op.create_index("ix_duplicates_pair_open", "duplicates_pair", ["kind", "state", "score", "id"], unique=False)
    op.create_index("ix_duplicates_pair_records", "duplicates_pair", ["kind", "a_id", "b_id"], unique=True)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_duplicates_pair_records", table_name="duplicates_pair")
    op.drop_index("ix_duplicates_pair_open", table_name="duplicates_pair")
    op.drop_index("ix_duplicates_pair_b_id", table_name="duplicates_pair")
    op.drop_index("ix_duplicates_pair_a_id", table_name="duplicates_pair")
    op.drop_index("ix_duplicates_key_record", table_name="duplicates_key")
    op.drop_table("duplicates_weights")
    op.drop_table("duplicates_scan")
    op.drop_table("duplicates_pair")
    op.drop_table("duplicates_key")
