"""Endpoints and deliveries.

Revision webhooks_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "webhooks_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "webhooks_endpoint",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("payload", c.Choice(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("old_secret", sa.String(length=100), nullable=True),
        sa.Column("old_secret_until", c.UtcDateTime(), nullable=True),
        sa.Column("acts_as", sa.JSON(), nullable=False),
        sa.Column("failing_since", c.UtcDateTime(), nullable=True),
        sa.Column("disabled_because", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_endpoint")),
    )
    op.create_table(
        "webhooks_delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("endpoint_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.String(length=60), nullable=False),
        sa.Column("event", sa.String(length=200), nullable=False),
        sa.Column("record_kind", sa.String(length=120), nullable=True),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", c.Choice(), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempts", sa.JSON(), nullable=False),
        sa.Column("next_at", c.UtcDateTime(), nullable=True),
        sa.Column("status", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhooks_endpoint.id"],
            name=op.f("fk_webhooks_delivery_endpoint_id_webhooks_endpoint"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_delivery")),
    )
    op.create_index("ix_webhooks_delivery_age", "webhooks_delivery", ["created_at"], unique=False)
    op.create_index(
        "ix_webhooks_delivery_endpoint",
        "webhooks_delivery",
        ["endpoint_id", "state", "id"],
        unique=False,
    )
    op.create_index(
        "ix_webhooks_delivery_record",
        "webhooks_delivery",
        ["record_kind", "record_id", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_webhooks_endpoint_active"), "webhooks_endpoint", ["active"], unique=False)
    op.create_index("ix_webhooks_endpoint_owner", "webhooks_endpoint", ["owner_id", "id"], unique=False)
    op.create_index("ix_webhooks_endpoint_team", "webhooks_endpoint", ["team_id", "id"], unique=False)
    op.create_index(
        "uq_webhooks_delivery_message",
        "webhooks_delivery",
        ["endpoint_id", "message_id"],
        unique=True,
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("uq_webhooks_delivery_message", table_name="webhooks_delivery")
    op.drop_index("ix_webhooks_endpoint_team", table_name="webhooks_endpoint")
    op.drop_index("ix_webhooks_endpoint_owner", table_name="webhooks_endpoint")
    op.drop_index(op.f("ix_webhooks_endpoint_active"), table_name="webhooks_endpoint")
    op.drop_index("ix_webhooks_delivery_record", table_name="webhooks_delivery")
    op.drop_index("ix_webhooks_delivery_endpoint", table_name="webhooks_delivery")
    op.drop_index("ix_webhooks_delivery_age", table_name="webhooks_delivery")
    op.drop_table("webhooks_delivery")
    op.drop_table("webhooks_endpoint")
