"""Clients inquiries leads and deals.

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
        "sales_assignee",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("max_active", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_assignee")),
        sa.UniqueConstraint("user_id", name=op.f("uq_sales_assignee_user_id")),
    )
    op.create_table(
        "sales_assignment_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("assigns", c.Choice(), nullable=False),
        sa.Column("fits", sa.JSON(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("turns", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_assignment_rule")),
    )
    op.create_table(
        "sales_company",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("area", sa.String(length=100), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("tax_number", sa.String(length=20), nullable=True),
        sa.Column("kpp", sa.String(length=9), nullable=True),
        sa.Column("website", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("legal_address", sa.String(length=300), nullable=True),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["sales_company.id"],
            name=op.f("fk_sales_company_parent_id_sales_company"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_company")),
    )
    op.create_table(
        "sales_dealer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("area", sa.String(length=100), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tax_number", sa.String(length=20), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["sales_dealer.id"],
            name=op.f("fk_sales_dealer_parent_id_sales_dealer"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_dealer")),
    )
    op.create_table(
        "sales_lost_reason",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("for_pipeline", sa.String(length=60), nullable=True),
        sa.Column("asks_competitor", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_lost_reason")),
    )
    op.create_table(
        "sales_source",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_source")),
        sa.UniqueConstraint("code", name=op.f("uq_sales_source_code")),
    )
    op.create_table(
        "sales_absence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("assignee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignee_id"],
            ["sales_assignee.id"],
            name=op.f("fk_sales_absence_assignee_id_sales_assignee"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_absence")),
    )
    op.create_table(
        "sales_contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("area", sa.String(length=100), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=True),
        sa.Column("first_name", sa.String(length=100), nullable=True),
        sa.Column("patronymic", sa.String(length=100), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("position", sa.String(length=100), nullable=True),
        sa.Column("delivery_address", sa.String(length=300), nullable=True),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["sales_company.id"],
            name=op.f("fk_sales_contact_company_id_sales_company"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_contact")),
    )
    op.create_table(
        "sales_point_of_sale",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("area", sa.String(length=100), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["dealer_id"],
            ["sales_dealer.id"],
            name=op.f("fk_sales_point_of_sale_dealer_id_sales_dealer"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_point_of_sale")),
    )
    op.create_table(
        "sales_contact_point",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("way", c.Choice(), nullable=False),
        sa.Column("value", sa.String(length=254), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=True),
        sa.Column("label", sa.String(length=60), nullable=True),
        sa.Column("primary", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_sales_contact_point_contact_id_sales_contact"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_contact_point")),
    )
    op.create_table(
        "sales_deal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("assigned_why", sa.String(length=400), nullable=True),
        sa.Column("lost_reason_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("competitor", sa.String(length=200), nullable=True),
        sa.Column("lost_comment", sa.String(length=1000), nullable=True),
        sa.Column("channel", c.Choice(), nullable=True),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("utm_source", sa.String(length=200), nullable=True),
        sa.Column("utm_medium", sa.String(length=200), nullable=True),
        sa.Column("utm_campaign", sa.String(length=200), nullable=True),
        sa.Column("utm_content", sa.String(length=200), nullable=True),
        sa.Column("utm_term", sa.String(length=200), nullable=True),
        sa.Column("page", sa.String(length=1000), nullable=True),
        sa.Column("referrer", sa.String(length=1000), nullable=True),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("point_of_sale_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pipeline", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("stage_since", c.UtcDateTime(), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("amount", c.Money(), nullable=True),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.Column("chance", sa.Integer(), nullable=True),
        sa.Column("expected_amount", c.Money(), nullable=True),
        sa.Column("forecast", c.Choice(), nullable=True),
        sa.Column("forecast_category", c.Choice(), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("closed_at", c.UtcDateTime(), nullable=True),
        sa.Column("no_next_step", sa.Boolean(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["dealer_id"],
            ["sales_dealer.id"],
            name=op.f("fk_sales_deal_dealer_id_sales_dealer"),
        ),
        sa.ForeignKeyConstraint(
            ["lost_reason_id"],
            ["sales_lost_reason.id"],
            name=op.f("fk_sales_deal_lost_reason_id_sales_lost_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["point_of_sale_id"],
            ["sales_point_of_sale.id"],
            name=op.f("fk_sales_deal_point_of_sale_id_sales_point_of_sale"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sales_source.id"],
            name=op.f("fk_sales_deal_source_id_sales_source"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_deal")),
    )
    op.create_table(
        "sales_deal_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("sku", sa.String(length=60), nullable=True),
        sa.Column("quantity", c.Exact(14, 3), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=True),
        sa.Column("price", c.Money(), nullable=False),
        sa.Column("discount", c.Exact(5, 2), nullable=False),
        sa.Column("discount_amount", c.Money(), nullable=False),
        sa.Column("amount", c.Money(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deal.id"],
            name=op.f("fk_sales_deal_line_deal_id_sales_deal"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_deal_line")),
    )
    op.create_table(
        "sales_lead",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("assigned_why", sa.String(length=400), nullable=True),
        sa.Column("lost_reason_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("competitor", sa.String(length=200), nullable=True),
        sa.Column("lost_comment", sa.String(length=1000), nullable=True),
        sa.Column("channel", c.Choice(), nullable=True),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("utm_source", sa.String(length=200), nullable=True),
        sa.Column("utm_medium", sa.String(length=200), nullable=True),
        sa.Column("utm_campaign", sa.String(length=200), nullable=True),
        sa.Column("utm_content", sa.String(length=200), nullable=True),
        sa.Column("utm_term", sa.String(length=200), nullable=True),
        sa.Column("page", sa.String(length=1000), nullable=True),
        sa.Column("referrer", sa.String(length=1000), nullable=True),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("point_of_sale_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pipeline", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("stage_since", c.UtcDateTime(), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("amount", c.Money(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["sales_company.id"],
            name=op.f("fk_sales_lead_company_id_sales_company"),
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_sales_lead_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(["deal_id"], ["sales_deal.id"], name=op.f("fk_sales_lead_deal_id_sales_deal")),
        sa.ForeignKeyConstraint(
            ["dealer_id"],
            ["sales_dealer.id"],
            name=op.f("fk_sales_lead_dealer_id_sales_dealer"),
        ),
        sa.ForeignKeyConstraint(
            ["lost_reason_id"],
            ["sales_lost_reason.id"],
            name=op.f("fk_sales_lead_lost_reason_id_sales_lost_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["point_of_sale_id"],
            ["sales_point_of_sale.id"],
            name=op.f("fk_sales_lead_point_of_sale_id_sales_point_of_sale"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sales_source.id"],
            name=op.f("fk_sales_lead_source_id_sales_source"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_lead")),
    )
    op.create_table(
        "sales_registration",
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
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("client_name", sa.String(length=200), nullable=True),
        sa.Column("tax_number", sa.String(length=20), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("amount", c.Money(), nullable=True),
        sa.Column("protected_until", c.UtcDateTime(), nullable=True),
        sa.Column("extended_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refused_why", sa.String(length=400), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["sales_company.id"],
            name=op.f("fk_sales_registration_company_id_sales_company"),
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_sales_registration_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deal.id"],
            name=op.f("fk_sales_registration_deal_id_sales_deal"),
        ),
        sa.ForeignKeyConstraint(
            ["dealer_id"],
            ["sales_dealer.id"],
            name=op.f("fk_sales_registration_dealer_id_sales_dealer"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_registration")),
    )
    op.create_table(
        "sales_inquiry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("assigned_why", sa.String(length=400), nullable=True),
        sa.Column("lost_reason_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("competitor", sa.String(length=200), nullable=True),
        sa.Column("lost_comment", sa.String(length=1000), nullable=True),
        sa.Column("channel", c.Choice(), nullable=True),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("utm_source", sa.String(length=200), nullable=True),
        sa.Column("utm_medium", sa.String(length=200), nullable=True),
        sa.Column("utm_campaign", sa.String(length=200), nullable=True),
        sa.Column("utm_content", sa.String(length=200), nullable=True),
        sa.Column("utm_term", sa.String(length=200), nullable=True),
        sa.Column("page", sa.String(length=1000), nullable=True),
        sa.Column("referrer", sa.String(length=1000), nullable=True),
        sa.Column("dealer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("point_of_sale_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pipeline", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("stage_since", c.UtcDateTime(), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone_number", sa.String(length=20), nullable=True),
        sa.Column("email_address", sa.String(length=254), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("received_at", c.UtcDateTime(), nullable=True),
        sa.Column("respond_by", c.UtcDateTime(), nullable=True),
        sa.Column("first_response_at", c.UtcDateTime(), nullable=True),
        sa.Column("response_minutes", sa.Integer(), nullable=True),
        sa.Column("response_late", sa.Boolean(), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_sales_inquiry_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(["deal_id"], ["sales_deal.id"], name=op.f("fk_sales_inquiry_deal_id_sales_deal")),
        sa.ForeignKeyConstraint(
            ["dealer_id"],
            ["sales_dealer.id"],
            name=op.f("fk_sales_inquiry_dealer_id_sales_dealer"),
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["sales_lead.id"], name=op.f("fk_sales_inquiry_lead_id_sales_lead")),
        sa.ForeignKeyConstraint(
            ["lost_reason_id"],
            ["sales_lost_reason.id"],
            name=op.f("fk_sales_inquiry_lost_reason_id_sales_lost_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["point_of_sale_id"],
            ["sales_point_of_sale.id"],
            name=op.f("fk_sales_inquiry_point_of_sale_id_sales_point_of_sale"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sales_source.id"],
            name=op.f("fk_sales_inquiry_source_id_sales_source"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_inquiry")),
    )
    op.create_index(op.f("ix_sales_absence_assignee_id"), "sales_absence", ["assignee_id"], unique=False)
    op.create_index(op.f("ix_sales_assignee_team_id"), "sales_assignee", ["team_id"], unique=False)
    op.create_index(op.f("ix_sales_company_city"), "sales_company", ["city"], unique=False)
    op.create_index(op.f("ix_sales_company_email"), "sales_company", ["email"], unique=False)
    op.create_index("ix_sales_company_owner", "sales_company", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_company_parent_id"), "sales_company", ["parent_id"], unique=False)
    op.create_index(op.f("ix_sales_company_phone"), "sales_company", ["phone"], unique=False)
    op.create_index(op.f("ix_sales_company_tax_number"), "sales_company", ["tax_number"], unique=False)
    op.create_index("ix_sales_company_team", "sales_company", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_contact_city"), "sales_contact", ["city"], unique=False)
    op.create_index(op.f("ix_sales_contact_company_id"), "sales_contact", ["company_id"], unique=False)
    op.create_index(op.f("ix_sales_contact_email"), "sales_contact", ["email"], unique=False)
    op.create_index("ix_sales_contact_owner", "sales_contact", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_contact_phone"), "sales_contact", ["phone"], unique=False)
    op.create_index(
        op.f("ix_sales_contact_point_contact_id"),
        "sales_contact_point",
        ["contact_id"],
        unique=False,
    )
    op.create_index(op.f("ix_sales_contact_point_value"), "sales_contact_point", ["value"], unique=False)
    op.create_index("ix_sales_contact_team", "sales_contact", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_deal_company_id"), "sales_deal", ["company_id"], unique=False)
    op.create_index(op.f("ix_sales_deal_contact_id"), "sales_deal", ["contact_id"], unique=False)
    op.create_index(op.f("ix_sales_deal_dealer_id"), "sales_deal", ["dealer_id"], unique=False)
    op.create_index(op.f("ix_sales_deal_line_deal_id"), "sales_deal_line", ["deal_id"], unique=False)
    op.create_index(op.f("ix_sales_deal_lost_reason_id"), "sales_deal", ["lost_reason_id"], unique=False)
    op.create_index("ix_sales_deal_owner", "sales_deal", ["owner_id", "id"], unique=False)
    op.create_index(
        "ix_sales_deal_owner_stage",
        "sales_deal",
        ["owner_id", "pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(op.f("ix_sales_deal_point_of_sale_id"), "sales_deal", ["point_of_sale_id"], unique=False)
    op.create_index(op.f("ix_sales_deal_source_id"), "sales_deal", ["source_id"], unique=False)
    op.create_index("ix_sales_deal_stage", "sales_deal", ["pipeline", "stage", "stage_since"], unique=False)
    op.create_index("ix_sales_deal_team", "sales_deal", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_dealer_city"), "sales_dealer", ["city"], unique=False)
    op.create_index("ix_sales_dealer_owner", "sales_dealer", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_dealer_parent_id"), "sales_dealer", ["parent_id"], unique=False)
    op.create_index(op.f("ix_sales_dealer_tax_number"), "sales_dealer", ["tax_number"], unique=False)
    op.create_index("ix_sales_dealer_team", "sales_dealer", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_inquiry_city"), "sales_inquiry", ["city"], unique=False)
    op.create_index(op.f("ix_sales_inquiry_contact_id"), "sales_inquiry", ["contact_id"], unique=False)
    op.create_index(op.f("ix_sales_inquiry_deal_id"), "sales_inquiry", ["deal_id"], unique=False)
    op.create_index(op.f("ix_sales_inquiry_dealer_id"), "sales_inquiry", ["dealer_id"], unique=False)
    op.create_index(op.f("ix_sales_inquiry_email_address"), "sales_inquiry", ["email_address"], unique=False)
    op.create_index(op.f("ix_sales_inquiry_lead_id"), "sales_inquiry", ["lead_id"], unique=False)
    op.create_index(op.f("ix_sales_inquiry_lost_reason_id"), "sales_inquiry", ["lost_reason_id"], unique=False)
    op.create_index("ix_sales_inquiry_owner", "sales_inquiry", ["owner_id", "id"], unique=False)
    op.create_index(
        "ix_sales_inquiry_owner_stage",
        "sales_inquiry",
        ["owner_id", "pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(op.f("ix_sales_inquiry_phone_number"), "sales_inquiry", ["phone_number"], unique=False)
    op.create_index(
        op.f("ix_sales_inquiry_point_of_sale_id"),
        "sales_inquiry",
        ["point_of_sale_id"],
        unique=False,
    )
    op.create_index(op.f("ix_sales_inquiry_received_at"), "sales_inquiry", ["received_at"], unique=False)
    op.create_index(op.f("ix_sales_inquiry_respond_by"), "sales_inquiry", ["respond_by"], unique=False)
    op.create_index(op.f("ix_sales_inquiry_source_id"), "sales_inquiry", ["source_id"], unique=False)
    op.create_index("ix_sales_inquiry_stage", "sales_inquiry", ["pipeline", "stage", "stage_since"], unique=False)
    op.create_index("ix_sales_inquiry_team", "sales_inquiry", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_lead_city"), "sales_lead", ["city"], unique=False)
    op.create_index(op.f("ix_sales_lead_company_id"), "sales_lead", ["company_id"], unique=False)
    op.create_index(op.f("ix_sales_lead_contact_id"), "sales_lead", ["contact_id"], unique=False)
    op.create_index(op.f("ix_sales_lead_deal_id"), "sales_lead", ["deal_id"], unique=False)
    op.create_index(op.f("ix_sales_lead_dealer_id"), "sales_lead", ["dealer_id"], unique=False)
    op.create_index(op.f("ix_sales_lead_email"), "sales_lead", ["email"], unique=False)
    op.create_index(op.f("ix_sales_lead_lost_reason_id"), "sales_lead", ["lost_reason_id"], unique=False)
    op.create_index("ix_sales_lead_owner", "sales_lead", ["owner_id", "id"], unique=False)
    op.create_index(
        "ix_sales_lead_owner_stage",
        "sales_lead",
        ["owner_id", "pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(op.f("ix_sales_lead_phone"), "sales_lead", ["phone"], unique=False)
    op.create_index(op.f("ix_sales_lead_point_of_sale_id"), "sales_lead", ["point_of_sale_id"], unique=False)
    op.create_index(op.f("ix_sales_lead_source_id"), "sales_lead", ["source_id"], unique=False)
    op.create_index("ix_sales_lead_stage", "sales_lead", ["pipeline", "stage", "stage_since"], unique=False)
    op.create_index("ix_sales_lead_team", "sales_lead", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_point_of_sale_city"), "sales_point_of_sale", ["city"], unique=False)
    op.create_index(op.f("ix_sales_point_of_sale_dealer_id"), "sales_point_of_sale", ["dealer_id"], unique=False)
    op.create_index("ix_sales_point_of_sale_owner", "sales_point_of_sale", ["owner_id", "id"], unique=False)
    op.create_index("ix_sales_point_of_sale_team", "sales_point_of_sale", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_sales_registration_company_id"), "sales_registration", ["company_id"], unique=False)
    op.create_index(op.f("ix_sales_registration_contact_id"), "sales_registration", ["contact_id"], unique=False)
    op.create_index(op.f("ix_sales_registration_deal_id"), "sales_registration", ["deal_id"], unique=False)
    op.create_index(op.f("ix_sales_registration_dealer_id"), "sales_registration", ["dealer_id"], unique=False)
    op.create_index("ix_sales_registration_owner", "sales_registration", ["owner_id", "id"], unique=False)
    op.create_index(
        "ix_sales_registration_owner_stage",
        "sales_registration",
        ["owner_id", "pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(op.f("ix_sales_registration_phone"), "sales_registration", ["phone"], unique=False)
    op.create_index(
        op.f("ix_sales_registration_protected_until"),
        "sales_registration",
        ["protected_until"],
        unique=False,
    )
    op.create_index(
        "ix_sales_registration_stage",
        "sales_registration",
        ["pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(op.f("ix_sales_registration_tax_number"), "sales_registration", ["tax_number"], unique=False)
    op.create_index("ix_sales_registration_team", "sales_registration", ["team_id", "id"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_sales_registration_team", table_name="sales_registration")
    op.drop_index(op.f("ix_sales_registration_tax_number"), table_name="sales_registration")
    op.drop_index("ix_sales_registration_stage", table_name="sales_registration")
    op.drop_index(op.f("ix_sales_registration_protected_until"), table_name="sales_registration")
    op.drop_index(op.f("ix_sales_registration_phone"), table_name="sales_registration")
    op.drop_index("ix_sales_registration_owner_stage", table_name="sales_registration")
    op.drop_index("ix_sales_registration_owner", table_name="sales_registration")
    op.drop_index(op.f("ix_sales_registration_dealer_id"), table_name="sales_registration")
    op.drop_index(op.f("ix_sales_registration_deal_id"), table_name="sales_registration")
    op.drop_index(op.f("ix_sales_registration_contact_id"), table_name="sales_registration")
    op.drop_index(op.f("ix_sales_registration_company_id"), table_name="sales_registration")
    op.drop_index("ix_sales_point_of_sale_team", table_name="sales_point_of_sale")
    op.drop_index("ix_sales_point_of_sale_owner", table_name="sales_point_of_sale")
    op.drop_index(op.f("ix_sales_point_of_sale_dealer_id"), table_name="sales_point_of_sale")
    op.drop_index(op.f("ix_sales_point_of_sale_city"), table_name="sales_point_of_sale")
    op.drop_index("ix_sales_lead_team", table_name="sales_lead")
    op.drop_index("ix_sales_lead_stage", table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_source_id"), table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_point_of_sale_id"), table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_phone"), table_name="sales_lead")
    op.drop_index("ix_sales_lead_owner_stage", table_name="sales_lead")
    op.drop_index("ix_sales_lead_owner", table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_lost_reason_id"), table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_email"), table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_dealer_id"), table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_deal_id"), table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_contact_id"), table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_company_id"), table_name="sales_lead")
    op.drop_index(op.f("ix_sales_lead_city"), table_name="sales_lead")
    op.drop_index("ix_sales_inquiry_team", table_name="sales_inquiry")
    op.drop_index("ix_sales_inquiry_stage", table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_source_id"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_respond_by"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_received_at"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_point_of_sale_id"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_phone_number"), table_name="sales_inquiry")
    op.drop_index("ix_sales_inquiry_owner_stage", table_name="sales_inquiry")
    op.drop_index("ix_sales_inquiry_owner", table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_lost_reason_id"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_lead_id"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_email_address"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_dealer_id"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_deal_id"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_contact_id"), table_name="sales_inquiry")
    op.drop_index(op.f("ix_sales_inquiry_city"), table_name="sales_inquiry")
    op.drop_index("ix_sales_dealer_team", table_name="sales_dealer")
    op.drop_index(op.f("ix_sales_dealer_tax_number"), table_name="sales_dealer")
    op.drop_index(op.f("ix_sales_dealer_parent_id"), table_name="sales_dealer")
    op.drop_index("ix_sales_dealer_owner", table_name="sales_dealer")
    op.drop_index(op.f("ix_sales_dealer_city"), table_name="sales_dealer")
    op.drop_index("ix_sales_deal_team", table_name="sales_deal")
    op.drop_index("ix_sales_deal_stage", table_name="sales_deal")
    op.drop_index(op.f("ix_sales_deal_source_id"), table_name="sales_deal")
    op.drop_index(op.f("ix_sales_deal_point_of_sale_id"), table_name="sales_deal")
    op.drop_index("ix_sales_deal_owner_stage", table_name="sales_deal")
    op.drop_index("ix_sales_deal_owner", table_name="sales_deal")
    op.drop_index(op.f("ix_sales_deal_lost_reason_id"), table_name="sales_deal")
    op.drop_index(op.f("ix_sales_deal_line_deal_id"), table_name="sales_deal_line")
    op.drop_index(op.f("ix_sales_deal_dealer_id"), table_name="sales_deal")
    op.drop_index(op.f("ix_sales_deal_contact_id"), table_name="sales_deal")
    op.drop_index(op.f("ix_sales_deal_company_id"), table_name="sales_deal")
    op.drop_index("ix_sales_contact_team", table_name="sales_contact")
    op.drop_index(op.f("ix_sales_contact_point_value"), table_name="sales_contact_point")
    op.drop_index(op.f("ix_sales_contact_point_contact_id"), table_name="sales_contact_point")
    op.drop_index(op.f("ix_sales_contact_phone"), table_name="sales_contact")
    op.drop_index("ix_sales_contact_owner", table_name="sales_contact")
    op.drop_index(op.f("ix_sales_contact_email"), table_name="sales_contact")
    op.drop_index(op.f("ix_sales_contact_company_id"), table_name="sales_contact")
    op.drop_index(op.f("ix_sales_contact_city"), table_name="sales_contact")
    op.drop_index("ix_sales_company_team", table_name="sales_company")
    op.drop_index(op.f("ix_sales_company_tax_number"), table_name="sales_company")
    op.drop_index(op.f("ix_sales_company_phone"), table_name="sales_company")
    op.drop_index(op.f("ix_sales_company_parent_id"), table_name="sales_company")
    op.drop_index("ix_sales_company_owner", table_name="sales_company")
    op.drop_index(op.f("ix_sales_company_email"), table_name="sales_company")
    op.drop_index(op.f("ix_sales_company_city"), table_name="sales_company")
    op.drop_index(op.f("ix_sales_assignee_team_id"), table_name="sales_assignee")
    op.drop_index(op.f("ix_sales_absence_assignee_id"), table_name="sales_absence")
    op.drop_table("sales_inquiry")
    op.drop_table("sales_registration")
    op.drop_table("sales_lead")
    op.drop_table("sales_deal_line")
    op.drop_table("sales_deal")
    op.drop_table("sales_contact_point")
    op.drop_table("sales_point_of_sale")
    op.drop_table("sales_contact")
    op.drop_table("sales_absence")
    op.drop_table("sales_source")
    op.drop_table("sales_lost_reason")
    op.drop_table("sales_dealer")
    op.drop_table("sales_company")
    op.drop_table("sales_assignment_rule")
    op.drop_table("sales_assignee")
