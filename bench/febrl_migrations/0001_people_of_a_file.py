"""People of a file.

Revision febrl_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "febrl_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "febrl_person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("given_name", sa.String(length=100), nullable=True),
        sa.Column("surname", sa.String(length=100), nullable=True),
        sa.Column("street_number", sa.String(length=100), nullable=True),
        sa.Column("address_1", sa.String(length=100), nullable=True),
        sa.Column("address_2", sa.String(length=100), nullable=True),
        sa.Column("suburb", sa.String(length=100), nullable=True),
        sa.Column("postcode", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=100), nullable=True),
        sa.Column("date_of_birth", sa.String(length=100), nullable=True),
        sa.Column("soc_sec_id", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_febrl_person")),
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("febrl_person")
