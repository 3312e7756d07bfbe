"""Saved views.

Revision views_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "views_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "views_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("sort", sa.JSON(), nullable=False),
        sa.Column("layout", c.Choice(), nullable=False),
        sa.Column("shared", c.Choice(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_views_view")),
    )
    op.create_index(op.f("ix_views_view_kind"), "views_view", ["kind"], unique=False)
    op.create_index("ix_views_view_owner", "views_view", ["owner_id", "id"], unique=False)
    op.create_index("ix_views_view_team", "views_view", ["team_id", "id"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_views_view_team", table_name="views_view")
    op.drop_index("ix_views_view_owner", table_name="views_view")
    op.drop_index(op.f("ix_views_view_kind"), table_name="views_view")
    op.drop_table("views_view")
