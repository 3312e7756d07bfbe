"""Companies, contacts and deals.

Revision sales_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "sales_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "sales_company",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("tax_number", sa.String(length=20), nullable=True),
        sa.Column("website", sa.String(length=200), nullable=True),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["sales_company.id"],
            name=op.f("fk_sales_company_parent_id_sales_company"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_company")),
    )
    op.create_table(
        "sales_contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", c.Phone(), nullable=True),
        sa.Column("email", c.Email(), nullable=True),
        sa.Column("position", sa.String(length=100), nullable=True),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["sales_company.id"],
            name=op.f("fk_sales_contact_company_id_sales_company"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_contact")),
    )
    op.create_table(
        "sales_deal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("pipeline", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("stage_since", c.UtcDateTime(), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("amount", c.Money(), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("lost_reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["sales_company.id"],
            name=op.f("fk_sales_deal_company_id_sales_company"),
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_sales_deal_contact_id_sales_contact"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_deal")),
    )
    op.create_table(
        "sales_follow_up",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_at", c.UtcDateTime(), nullable=False),
        sa.Column("done_at", c.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deal.id"],
            name=op.f("fk_sales_follow_up_deal_id_sales_deal"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_follow_up")),
    )
    op.create_index(op.f("ix_sales_company_city"), "sales_company", ["city"], unique=False)
    op.create_index("ix_sales_company_owner", "sales_company", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_company_parent_id"), "sales_company", ["parent_id"], unique=False)
    op.create_index(op.f("ix_sales_company_tax_number"), "sales_company", ["tax_number"], unique=False)
    op.create_index("ix_sales_company_team", "sales_company", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_contact_company_id"), "sales_contact", ["company_id"], unique=False)
    op.create_index(op.f("ix_sales_contact_email"), "sales_contact", ["email"], unique=False)
    op.create_index("ix_sales_contact_owner", "sales_contact", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_contact_phone"), "sales_contact", ["phone"], unique=False)
    op.create_index("ix_sales_contact_team", "sales_contact", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_deal_company_id"), "sales_deal", ["company_id"], unique=False)
    op.create_index(op.f("ix_sales_deal_contact_id"), "sales_deal", ["contact_id"], unique=False)
    op.create_index("ix_sales_deal_owner", "sales_deal", ["owner_id", "id"], unique=False)
    op.create_index(
        "ix_sales_deal_owner_stage",
        "sales_deal",
        ["owner_id", "pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index("ix_sales_deal_stage", "sales_deal", ["pipeline", "stage", "stage_since"], unique=False)
    op.create_index("ix_sales_deal_team", "sales_deal", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_follow_up_deal_id"), "sales_follow_up", ["deal_id"], unique=False)
    op.create_index("ix_sales_follow_up_owner", "sales_follow_up", ["owner_id", "id"], unique=False)
    op.create_index("ix_sales_follow_up_team", "sales_follow_up", ["team_id", "id"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_sales_follow_up_team", table_name="sales_follow_up")
    op.drop_index("ix_sales_follow_up_owner", table_name="sales_follow_up")
    op.drop_index(op.f("ix_sales_follow_up_deal_id"), table_name="sales_follow_up")
    op.drop_index("ix_sales_deal_team", table_name="sales_deal")
    op.drop_index("ix_sales_deal_stage", table_name="sales_deal")
    op.drop_index("ix_sales_deal_owner_stage", table_name="sales_deal")
    op.drop_index("ix_sales_deal_owner", table_name="sales_deal")
    op.drop_index(op.f("ix_sales_deal_contact_id"), table_name="sales_deal")
    op.drop_index(op.f("ix_sales_deal_company_id"), table_name="sales_deal")
    op.drop_index("ix_sales_contact_team", table_name="sales_contact")
    op.drop_index(op.f("ix_sales_contact_phone"), table_name="sales_contact")
    op.drop_index("ix_sales_contact_owner", table_name="sales_contact")
    op.drop_index(op.f("ix_sales_contact_email"), table_name="sales_contact")
    op.drop_index(op.f("ix_sales_contact_company_id"), table_name="sales_contact")
    op.drop_index("ix_sales_company_team", table_name="sales_company")
    op.drop_index(op.f("ix_sales_company_tax_number"), table_name="sales_company")
    op.drop_index(op.f("ix_sales_company_parent_id"), table_name="sales_company")
    op.drop_index("ix_sales_company_owner", table_name="sales_company")
    op.drop_index(op.f("ix_sales_company_city"), table_name="sales_company")
    op.drop_table("sales_follow_up")
    op.drop_table("sales_deal")
    op.drop_table("sales_contact")
    op.drop_table("sales_company")
