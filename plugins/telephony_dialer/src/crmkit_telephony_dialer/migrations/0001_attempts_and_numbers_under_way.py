"""Attempts and numbers under way.

Revision telephony_dialer_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "telephony_dialer_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "telephony_dialer_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("turn_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("task_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chain", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("call_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", c.UtcDateTime(), nullable=True),
        sa.Column("began_at", c.UtcDateTime(), nullable=False),
        sa.Column("dialled_at", c.UtcDateTime(), nullable=True),
        sa.Column("picked_at", c.UtcDateTime(), nullable=True),
        sa.Column("rang_at", c.UtcDateTime(), nullable=True),
        sa.Column("deadline", c.UtcDateTime(), nullable=True),
        sa.Column("answered_at", c.UtcDateTime(), nullable=True),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.Column("followed_at", c.UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("refused", sa.String(length=20), nullable=True),
        sa.Column("until", c.UtcDateTime(), nullable=True),
        sa.Column("why", sa.String(length=20), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_dialer_attempt")),
        sa.UniqueConstraint("call_id", name=op.f("uq_telephony_dialer_attempt_call_id")),
    )
    op.create_table(
        "telephony_dialer_live",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_telephony_dialer_live")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_telephony_dialer_live_attempt_id")),
    )
    op.create_table(
        "telephony_dialer_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.Column("was", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_dialer_step")),
    )
    op.create_index(
        op.f("ix_telephony_dialer_attempt_chain"),
        "telephony_dialer_attempt",
        ["chain"],
        unique=False,
    )
    op.create_index(
        "ix_telephony_dialer_attempt_contact",
        "telephony_dialer_attempt",
        ["contact_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_telephony_dialer_attempt_followed",
        "telephony_dialer_attempt",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("followed_at IS NULL"),
        sqlite_where=sa.text("followed_at IS NULL"),
    )
    op.create_index(
        "ix_telephony_dialer_attempt_live",
        "telephony_dialer_attempt",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state != 'ended'"),
        sqlite_where=sa.text("state != 'ended'"),
    )
    op.create_index(
        op.f("ix_telephony_dialer_attempt_number"),
        "telephony_dialer_attempt",
        ["number"],
        unique=False,
    )
    op.create_index(
        op.f("ix_telephony_dialer_attempt_task_id"),
        "telephony_dialer_attempt",
        ["task_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_telephony_dialer_attempt_turn_id"),
        "telephony_dialer_attempt",
        ["turn_id"],
        unique=False,
    )
    op.create_index(
        "ix_telephony_dialer_attempt_user",
        "telephony_dialer_attempt",
        ["user_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_telephony_dialer_step_attempt_id"),
        "telephony_dialer_step",
        ["attempt_id"],
        unique=False,
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index(op.f("ix_telephony_dialer_step_attempt_id"), table_name="telephony_dialer_step")
    op.drop_index("ix_telephony_dialer_attempt_user", table_name="telephony_dialer_attempt")
    op.drop_index(op.f("ix_telephony_dialer_attempt_turn_id"), table_name="telephony_dialer_attempt")
    op.drop_index(op.f("ix_telephony_dialer_attempt_task_id"), table_name="telephony_dialer_attempt")
    op.drop_index(op.f("ix_telephony_dialer_attempt_number"), table_name="telephony_dialer_attempt")
    op.drop_index("ix_telephony_dialer_attempt_live", table_name="telephony_dialer_attempt")
    op.drop_index("ix_telephony_dialer_attempt_followed", table_name="telephony_dialer_attempt")
    op.drop_index("ix_telephony_dialer_attempt_contact", table_name="telephony_dialer_attempt")
    op.drop_index(op.f("ix_telephony_dialer_attempt_chain"), table_name="telephony_dialer_attempt")
    op.drop_table("telephony_dialer_step")
    op.drop_table("telephony_dialer_live")
    op.drop_table("telephony_dialer_attempt")
