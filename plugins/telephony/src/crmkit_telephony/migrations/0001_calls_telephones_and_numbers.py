"""Calls telephones and numbers.

Revision telephony_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "telephony_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "telephony_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("call_key", sa.String(length=160), nullable=False),
        sa.Column("call_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("leg", sa.String(length=160), nullable=True),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.Column("received_at", c.UtcDateTime(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_event")),
        sa.UniqueConstraint("provider", "key", name="uq_telephony_event_key"),
    )
    op.create_table(
        "telephony_leg",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("call_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("control", sa.String(length=160), nullable=True),
        sa.Column("extension", sa.String(length=60), nullable=True),
        sa.Column("device", sa.String(length=60), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rang_at", c.UtcDateTime(), nullable=True),
        sa.Column("answered_at", c.UtcDateTime(), nullable=True),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_leg")),
        sa.UniqueConstraint("call_id", "key", name="uq_telephony_leg_key"),
    )
    op.create_table(
        "telephony_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("extension", sa.String(length=60), nullable=False),
        sa.Column("device", sa.String(length=60), nullable=True),
        sa.Column("from_number", sa.String(length=20), nullable=True),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=True),
        sa.Column("present_at", c.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_line")),
    )
    op.create_table(
        "telephony_link",
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("secret", sa.String(length=60), nullable=False),
        sa.Column("old_secret", sa.String(length=60), nullable=True),
        sa.Column("old_until", c.UtcDateTime(), nullable=True),
        sa.Column("ask_after", c.UtcDateTime(), nullable=True),
        sa.Column("caught_up_at", c.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_telephony_link")),
    )
    op.create_table(
        "telephony_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("call_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", c.UtcDateTime(), nullable=False),
        sa.Column("sent_at", c.UtcDateTime(), nullable=True),
        sa.Column("done_at", c.UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_order")),
        sa.UniqueConstraint("reference", name=op.f("uq_telephony_order_reference")),
    )
    op.create_table(
        "telephony_number",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sales_source.id"],
            name=op.f("fk_telephony_number_source_id_sales_source"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_number")),
        sa.UniqueConstraint("number", name=op.f("uq_telephony_number_number")),
    )
    op.create_table(
        "telephony_do_not_call",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_telephony_do_not_call_contact_id_sales_contact"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_do_not_call")),
        sa.UniqueConstraint("number", name=op.f("uq_telephony_do_not_call_number")),
    )
    op.create_table(
        "telephony_call",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("provider", sa.String(length=40), nullable=True),
        sa.Column("direction", c.Choice(), nullable=False),
        sa.Column("state", c.Choice(), nullable=False),
        sa.Column("outcome", c.Choice(), nullable=True),
        sa.Column("said", c.Choice(), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("given", sa.String(length=60), nullable=True),
        sa.Column("our_number", sa.String(length=20), nullable=True),
        sa.Column("extension", sa.String(length=60), nullable=True),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("inquiry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("began_at", c.UtcDateTime(), nullable=True),
        sa.Column("ringing_at", c.UtcDateTime(), nullable=True),
        sa.Column("answered_at", c.UtcDateTime(), nullable=True),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.Column("rang", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("talked", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("wrapped_at", c.UtcDateTime(), nullable=True),
        sa.Column("recording", sa.String(length=200), nullable=True),
        sa.Column("heard_at", c.UtcDateTime(), nullable=True),
        sa.Column("asked_at", c.UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("trouble", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_telephony_call_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deal.id"],
            name=op.f("fk_telephony_call_deal_id_sales_deal"),
        ),
        sa.ForeignKeyConstraint(
            ["inquiry_id"],
            ["sales_inquiry.id"],
            name=op.f("fk_telephony_call_inquiry_id_sales_inquiry"),
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["sales_lead.id"],
            name=op.f("fk_telephony_call_lead_id_sales_lead"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sales_source.id"],
            name=op.f("fk_telephony_call_source_id_sales_source"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_call")),
        sa.UniqueConstraint("key", name=op.f("uq_telephony_call_key")),
    )
    op.create_index(op.f("ix_telephony_call_began_at"), "telephony_call", ["began_at"], unique=False)
    op.create_index(op.f("ix_telephony_call_contact_id"), "telephony_call", ["contact_id"], unique=False)
    op.create_index(op.f("ix_telephony_call_deal_id"), "telephony_call", ["deal_id"], unique=False)
    op.create_index(op.f("ix_telephony_call_heard_at"), "telephony_call", ["heard_at"], unique=False)
    op.create_index(op.f("ix_telephony_call_inquiry_id"), "telephony_call", ["inquiry_id"], unique=False)
    op.create_index(op.f("ix_telephony_call_lead_id"), "telephony_call", ["lead_id"], unique=False)
    op.create_index(op.f("ix_telephony_call_number"), "telephony_call", ["number"], unique=False)
    op.create_index(op.f("ix_telephony_call_our_number"), "telephony_call", ["our_number"], unique=False)
    op.create_index(op.f("ix_telephony_call_outcome"), "telephony_call", ["outcome"], unique=False)
    op.create_index("ix_telephony_call_owner", "telephony_call", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_telephony_call_source_id"), "telephony_call", ["source_id"], unique=False)
    op.create_index(op.f("ix_telephony_call_state"), "telephony_call", ["state"], unique=False)
    op.create_index("ix_telephony_call_team", "telephony_call", ["team_id", "id"], unique=False)
    op.create_index(
        op.f("ix_telephony_do_not_call_contact_id"),
        "telephony_do_not_call",
        ["contact_id"],
        unique=False,
    )
    op.create_index("ix_telephony_event_call", "telephony_event", ["provider", "call_key"], unique=False)
    op.create_index(op.f("ix_telephony_event_call_id"), "telephony_event", ["call_id"], unique=False)
    op.create_index("ix_telephony_event_received", "telephony_event", ["received_at"], unique=False)
    op.create_index("ix_telephony_leg_user", "telephony_leg", ["user_id", "ended_at"], unique=False)
    op.create_index(op.f("ix_telephony_line_device"), "telephony_line", ["device"], unique=False)
    op.create_index(op.f("ix_telephony_line_extension"), "telephony_line", ["extension"], unique=False)
    op.create_index("ix_telephony_line_owner", "telephony_line", ["owner_id", "id"], unique=False)
    op.create_index("ix_telephony_line_team", "telephony_line", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_telephony_number_source_id"), "telephony_number", ["source_id"], unique=False)
    op.create_index(op.f("ix_telephony_order_call_id"), "telephony_order", ["call_id"], unique=False)
    op.create_index("ix_telephony_order_open", "telephony_order", ["state", "sent_at"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_telephony_order_open", table_name="telephony_order")
    op.drop_index(op.f("ix_telephony_order_call_id"), table_name="telephony_order")
    op.drop_index(op.f("ix_telephony_number_source_id"), table_name="telephony_number")
    op.drop_index("ix_telephony_line_team", table_name="telephony_line")
    op.drop_index("ix_telephony_line_owner", table_name="telephony_line")
    op.drop_index(op.f("ix_telephony_line_extension"), table_name="telephony_line")
    op.drop_index(op.f("ix_telephony_line_device"), table_name="telephony_line")
    op.drop_index("ix_telephony_leg_user", table_name="telephony_leg")
    op.drop_index("ix_telephony_event_received", table_name="telephony_event")
    op.drop_index(op.f("ix_telephony_event_call_id"), table_name="telephony_event")
    op.drop_index("ix_telephony_event_call", table_name="telephony_event")
    op.drop_index(op.f("ix_telephony_do_not_call_contact_id"), table_name="telephony_do_not_call")
    op.drop_index("ix_telephony_call_team", table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_state"), table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_source_id"), table_name="telephony_call")
    op.drop_index("ix_telephony_call_owner", table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_outcome"), table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_our_number"), table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_number"), table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_lead_id"), table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_inquiry_id"), table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_heard_at"), table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_deal_id"), table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_contact_id"), table_name="telephony_call")
    op.drop_index(op.f("ix_telephony_call_began_at"), table_name="telephony_call")
    op.drop_table("telephony_call")
    op.drop_table("telephony_do_not_call")
    op.drop_table("telephony_number")
    op.drop_table("telephony_order")
    op.drop_table("telephony_link")
    op.drop_table("telephony_line")
    op.drop_table("telephony_leg")
    op.drop_table("telephony_event")
