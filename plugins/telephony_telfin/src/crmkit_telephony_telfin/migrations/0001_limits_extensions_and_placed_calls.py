"""Limits extensions and placed calls.

Revision telephony_telfin_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "telephony_telfin_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "telephony_telfin_account",
        sa.Column("app_id", sa.String(length=200), nullable=False),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("remaining", sa.Integer(), nullable=True),
        sa.Column("reset_at", c.UtcDateTime(), nullable=True),
        sa.Column("seen_at", c.UtcDateTime(), nullable=True),
        sa.Column("asking_until", c.UtcDateTime(), nullable=True),
        sa.Column("asking", sa.String(length=40), nullable=True),
        sa.Column("listed_at", c.UtcDateTime(), nullable=True),
        sa.Column("phones_aligned", sa.String(length=64), nullable=True),
        sa.Column("phones_aligned_at", c.UtcDateTime(), nullable=True),
        sa.Column("checked_at", c.UtcDateTime(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("app_id", name=op.f("pk_telephony_telfin_account")),
    )
    op.create_table(
        "telephony_telfin_extension",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("app_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("aligned", sa.String(length=64), nullable=True),
        sa.Column("aligned_at", c.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_telfin_extension")),
    )
    op.create_table(
        "telephony_telfin_placed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("asked_at", c.UtcDateTime(), nullable=False),
        sa.Column("call_key", sa.String(length=160), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_telfin_placed")),
    )
    op.create_index(
        op.f("ix_telephony_telfin_placed_asked_at"),
        "telephony_telfin_placed",
        ["asked_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_telephony_telfin_placed_call_key"),
        "telephony_telfin_placed",
        ["call_key"],
        unique=False,
    )
    op.create_index(
        "ix_telephony_telfin_placed_line",
        "telephony_telfin_placed",
        ["device", "number"],
        unique=False,
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_telephony_telfin_placed_line", table_name="telephony_telfin_placed")
    op.drop_index(op.f("ix_telephony_telfin_placed_call_key"), table_name="telephony_telfin_placed")
    op.drop_index(op.f("ix_telephony_telfin_placed_asked_at"), table_name="telephony_telfin_placed")
    op.drop_table("telephony_telfin_placed")
    op.drop_table("telephony_telfin_extension")
    op.drop_table("telephony_telfin_account")
