"""Service cards, feedback and incidents.

Revision prosthesis_feedback_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "prosthesis_feedback_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "prosthesis_feedback_access",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("user", sa.String(length=200), nullable=False),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_access")),
    )
    op.create_table(
        "prosthesis_feedback_kept",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_prosthesis_feedback_kept")),
    )
    op.create_table(
        "prosthesis_feedback_protocol",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("group", c.Choice(), nullable=False),
        sa.Column("in_force", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_protocol")),
        sa.UniqueConstraint("name", name=op.f("uq_prosthesis_feedback_protocol_name")),
    )
    op.create_table(
        "prosthesis_feedback_protocol_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("protocol_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.Column("published_at", c.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["protocol_id"],
            ["prosthesis_feedback_protocol.id"],
            name=op.f("fk_prosthesis_feedback_protocol_version_protocol_id_prosthesis_feedback_protocol"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_protocol_version")),
    )
    op.create_table(
        "prosthesis_feedback_service",
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
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("born", sa.Date(), nullable=True),
        sa.Column("group", c.Choice(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("respondent", c.Choice(), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=True),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("worked", sa.Text(), nullable=True),
        sa.Column("did_not_work", sa.Text(), nullable=True),
        sa.Column("crossed_on", sa.Date(), nullable=True),
        sa.Column("ended", c.Choice(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_again_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_prosthesis_feedback_service_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deal.id"],
            name=op.f("fk_prosthesis_feedback_service_deal_id_sales_deal"),
        ),
        sa.ForeignKeyConstraint(
            ["guardian_id"],
            ["sales_contact.id"],
            name=op.f("fk_prosthesis_feedback_service_guardian_id_sales_contact"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_service")),
    )
    op.create_table(
        "prosthesis_feedback_device",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=True),
        sa.Column("batch", sa.String(length=60), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("state", c.Choice(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("replaces_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("begun_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deal.id"],
            name=op.f("fk_prosthesis_feedback_device_deal_id_sales_deal"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["prosthesis_feedback_device.id"],
            name=op.f("fk_prosthesis_feedback_device_replaces_id_prosthesis_feedback_device"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["prosthesis_feedback_service.id"],
            name=op.f("fk_prosthesis_feedback_device_service_id_prosthesis_feedback_service"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_device")),
    )
    op.create_table(
        "prosthesis_feedback_pause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("policy", c.Choice(), nullable=True),
        sa.Column("catch_up_days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["prosthesis_feedback_service.id"],
            name=op.f("fk_prosthesis_feedback_pause_service_id_prosthesis_feedback_service"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_pause")),
    )
    op.create_table(
        "prosthesis_feedback_call",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"],
            ["taskqueue_task.id"],
            name=op.f("fk_prosthesis_feedback_call_id_taskqueue_task"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["prosthesis_feedback_service.id"],
            name=op.f("fk_prosthesis_feedback_call_service_id_prosthesis_feedback_service"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_call")),
    )
    op.create_table(
        "prosthesis_feedback_card",
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
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("protocol_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group", c.Choice(), nullable=False),
        sa.Column("period", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("earliest", sa.Date(), nullable=False),
        sa.Column("ideal", sa.Date(), nullable=False),
        sa.Column("latest", sa.Date(), nullable=False),
        sa.Column("planned_at", c.UtcDateTime(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("given_up_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_at", c.UtcDateTime(), nullable=True),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.Column("respondent", c.Choice(), nullable=True),
        sa.Column("skipped", c.Choice(), nullable=True),
        sa.Column("score", c.Exact(8, 2), nullable=True),
        sa.Column("red_flags", sa.Integer(), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_prosthesis_feedback_card_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["prosthesis_feedback_device.id"],
            name=op.f("fk_prosthesis_feedback_card_device_id_prosthesis_feedback_device"),
        ),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"],
            ["prosthesis_feedback_protocol_version.id"],
            name=op.f("fk_prosthesis_feedback_card_protocol_version_id_prosthesis_feedback_protocol_version"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["prosthesis_feedback_service.id"],
            name=op.f("fk_prosthesis_feedback_card_service_id_prosthesis_feedback_service"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_card")),
    )
    op.create_table(
        "prosthesis_feedback_device_protocol",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("protocol_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group", c.Choice(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["prosthesis_feedback_device.id"],
            name=op.f("fk_prosthesis_feedback_device_protocol_device_id_prosthesis_feedback_device"),
        ),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"],
            ["prosthesis_feedback_protocol_version.id"],
            name=op.f(
                "fk_prosthesis_feedback_device_protocol_protocol_version_id_prosthesis_feedback_protocol_version",
            ),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_device_protocol")),
    )
    op.create_table(
        "prosthesis_feedback_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("feedback_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("protocol_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period", sa.String(length=40), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("yes", sa.Boolean(), nullable=True),
        sa.Column("choice", sa.String(length=40), nullable=True),
        sa.Column("number", c.Exact(12, 3), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("photo", sa.String(length=64), nullable=True),
        sa.Column("score", c.Exact(8, 2), nullable=True),
        sa.Column("red_flag", sa.Boolean(), nullable=False),
        sa.Column("answered_at", c.UtcDateTime(), nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["prosthesis_feedback_device.id"],
            name=op.f("fk_prosthesis_feedback_answer_device_id_prosthesis_feedback_device"),
        ),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["prosthesis_feedback_card.id"],
            name=op.f("fk_prosthesis_feedback_answer_feedback_id_prosthesis_feedback_card"),
        ),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"],
            ["prosthesis_feedback_protocol_version.id"],
            name=op.f("fk_prosthesis_feedback_answer_protocol_version_id_prosthesis_feedback_protocol_version"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["prosthesis_feedback_service.id"],
            name=op.f("fk_prosthesis_feedback_answer_service_id_prosthesis_feedback_service"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_answer")),
    )
    op.create_table(
        "prosthesis_feedback_incident",
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
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("feedback_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pause_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("urgency", c.Choice(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("opened_at", c.UtcDateTime(), nullable=True),
        sa.Column("closed_at", c.UtcDateTime(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("policy", c.Choice(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_prosthesis_feedback_incident_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["prosthesis_feedback_device.id"],
            name=op.f("fk_prosthesis_feedback_incident_device_id_prosthesis_feedback_device"),
        ),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["prosthesis_feedback_card.id"],
            name=op.f("fk_prosthesis_feedback_incident_feedback_id_prosthesis_feedback_card"),
        ),
        sa.ForeignKeyConstraint(
            ["pause_id"],
            ["prosthesis_feedback_pause.id"],
            name=op.f("fk_prosthesis_feedback_incident_pause_id_prosthesis_feedback_pause"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["prosthesis_feedback_service.id"],
            name=op.f("fk_prosthesis_feedback_incident_service_id_prosthesis_feedback_service"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prosthesis_feedback_incident")),
    )
    op.create_index("ix_prosthesis_feedback_access_at", "prosthesis_feedback_access", ["at"], unique=False)
    op.create_index(
        "ix_prosthesis_feedback_access_service",
        "prosthesis_feedback_access",
        ["service_id", "at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_answer_device_id"),
        "prosthesis_feedback_answer",
        ["device_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_answer_feedback_id"),
        "prosthesis_feedback_answer",
        ["feedback_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_answer_question"),
        "prosthesis_feedback_answer",
        ["question"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_answer_service_id"),
        "prosthesis_feedback_answer",
        ["service_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_call_service_id"),
        "prosthesis_feedback_call",
        ["service_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_card_contact_id"),
        "prosthesis_feedback_card",
        ["contact_id"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_card_day",
        "prosthesis_feedback_card",
        ["pipeline", "stage", "planned_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_card_device_id"),
        "prosthesis_feedback_card",
        ["device_id"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_card_open",
        "prosthesis_feedback_card",
        ["planned_at", "service_id"],
        unique=False,
        postgresql_where=sa.text("done_on IS NULL AND skipped IS NULL AND archived_at IS NULL"),
        sqlite_where=sa.text("done_on IS NULL AND skipped IS NULL AND archived_at IS NULL"),
    )
    op.create_index(
        "ix_prosthesis_feedback_card_owner",
        "prosthesis_feedback_card",
        ["owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_card_owner_stage",
        "prosthesis_feedback_card",
        ["owner_id", "pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_card_protocol_version_id"),
        "prosthesis_feedback_card",
        ["protocol_version_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_card_service_id"),
        "prosthesis_feedback_card",
        ["service_id"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_card_stage",
        "prosthesis_feedback_card",
        ["pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_card_team",
        "prosthesis_feedback_card",
        ["team_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_device_batch"),
        "prosthesis_feedback_device",
        ["batch"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_device_deal_id"),
        "prosthesis_feedback_device",
        ["deal_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_device_model"),
        "prosthesis_feedback_device",
        ["model"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_device_protocol_device_id"),
        "prosthesis_feedback_device_protocol",
        ["device_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_device_protocol_protocol_version_id"),
        "prosthesis_feedback_device_protocol",
        ["protocol_version_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_device_replaces_id"),
        "prosthesis_feedback_device",
        ["replaces_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_device_serial"),
        "prosthesis_feedback_device",
        ["serial"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_device_service_id"),
        "prosthesis_feedback_device",
        ["service_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_incident_contact_id"),
        "prosthesis_feedback_incident",
        ["contact_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_incident_device_id"),
        "prosthesis_feedback_incident",
        ["device_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_incident_feedback_id"),
        "prosthesis_feedback_incident",
        ["feedback_id"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_incident_owner",
        "prosthesis_feedback_incident",
        ["owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_incident_owner_stage",
        "prosthesis_feedback_incident",
        ["owner_id", "pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_incident_pause_id"),
        "prosthesis_feedback_incident",
        ["pause_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_incident_reason"),
        "prosthesis_feedback_incident",
        ["reason"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_incident_service_id"),
        "prosthesis_feedback_incident",
        ["service_id"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_incident_stage",
        "prosthesis_feedback_incident",
        ["pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_incident_team",
        "prosthesis_feedback_incident",
        ["team_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_pause_service_id"),
        "prosthesis_feedback_pause",
        ["service_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_protocol_version_protocol_id"),
        "prosthesis_feedback_protocol_version",
        ["protocol_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_service_deal_id"),
        "prosthesis_feedback_service",
        ["deal_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prosthesis_feedback_service_guardian_id"),
        "prosthesis_feedback_service",
        ["guardian_id"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_service_owner",
        "prosthesis_feedback_service",
        ["owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_service_owner_stage",
        "prosthesis_feedback_service",
        ["owner_id", "pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_service_stage",
        "prosthesis_feedback_service",
        ["pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(
        "ix_prosthesis_feedback_service_team",
        "prosthesis_feedback_service",
        ["team_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_prosthesis_feedback_answer",
        "prosthesis_feedback_answer",
        ["feedback_id", "question"],
        unique=True,
    )
    op.create_index(
        "uq_prosthesis_feedback_card",
        "prosthesis_feedback_card",
        ["device_id", "protocol_version_id", "period"],
        unique=True,
    )
    op.create_index(
        "uq_prosthesis_feedback_device_protocol",
        "prosthesis_feedback_device_protocol",
        ["device_id", "protocol_version_id"],
        unique=True,
    )
    op.create_index(
        "uq_prosthesis_feedback_service",
        "prosthesis_feedback_service",
        ["contact_id"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_index(
        "uq_prosthesis_feedback_version",
        "prosthesis_feedback_protocol_version",
        ["protocol_id", "number"],
        unique=True,
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("uq_prosthesis_feedback_version", table_name="prosthesis_feedback_protocol_version")
    op.drop_index("uq_prosthesis_feedback_service", table_name="prosthesis_feedback_service")
    op.drop_index("uq_prosthesis_feedback_device_protocol", table_name="prosthesis_feedback_device_protocol")
    op.drop_index("uq_prosthesis_feedback_card", table_name="prosthesis_feedback_card")
    op.drop_index("uq_prosthesis_feedback_answer", table_name="prosthesis_feedback_answer")
    op.drop_index("ix_prosthesis_feedback_service_team", table_name="prosthesis_feedback_service")
    op.drop_index("ix_prosthesis_feedback_service_stage", table_name="prosthesis_feedback_service")
    op.drop_index("ix_prosthesis_feedback_service_owner_stage", table_name="prosthesis_feedback_service")
    op.drop_index("ix_prosthesis_feedback_service_owner", table_name="prosthesis_feedback_service")
    op.drop_index(op.f("ix_prosthesis_feedback_service_guardian_id"), table_name="prosthesis_feedback_service")
    op.drop_index(op.f("ix_prosthesis_feedback_service_deal_id"), table_name="prosthesis_feedback_service")
    op.drop_index(
        op.f("ix_prosthesis_feedback_protocol_version_protocol_id"),
        table_name="prosthesis_feedback_protocol_version",
    )
    op.drop_index(op.f("ix_prosthesis_feedback_pause_service_id"), table_name="prosthesis_feedback_pause")
    op.drop_index("ix_prosthesis_feedback_incident_team", table_name="prosthesis_feedback_incident")
    op.drop_index("ix_prosthesis_feedback_incident_stage", table_name="prosthesis_feedback_incident")
    op.drop_index(op.f("ix_prosthesis_feedback_incident_service_id"), table_name="prosthesis_feedback_incident")
    op.drop_index(op.f("ix_prosthesis_feedback_incident_reason"), table_name="prosthesis_feedback_incident")
    op.drop_index(op.f("ix_prosthesis_feedback_incident_pause_id"), table_name="prosthesis_feedback_incident")
    op.drop_index("ix_prosthesis_feedback_incident_owner_stage", table_name="prosthesis_feedback_incident")
    op.drop_index("ix_prosthesis_feedback_incident_owner", table_name="prosthesis_feedback_incident")
    op.drop_index(op.f("ix_prosthesis_feedback_incident_feedback_id"), table_name="prosthesis_feedback_incident")
    op.drop_index(op.f("ix_prosthesis_feedback_incident_device_id"), table_name="prosthesis_feedback_incident")
    op.drop_index(op.f("ix_prosthesis_feedback_incident_contact_id"), table_name="prosthesis_feedback_incident")
    op.drop_index(op.f("ix_prosthesis_feedback_device_service_id"), table_name="prosthesis_feedback_device")
    op.drop_index(op.f("ix_prosthesis_feedback_device_serial"), table_name="prosthesis_feedback_device")
    op.drop_index(op.f("ix_prosthesis_feedback_device_replaces_id"), table_name="prosthesis_feedback_device")
    op.drop_index(
        op.f("ix_prosthesis_feedback_device_protocol_protocol_version_id"),
        table_name="prosthesis_feedback_device_protocol",
    )
    op.drop_index(
        op.f("ix_prosthesis_feedback_device_protocol_device_id"),
        table_name="prosthesis_feedback_device_protocol",
    )
    op.drop_index(op.f("ix_prosthesis_feedback_device_model"), table_name="prosthesis_feedback_device")
    op.drop_index(op.f("ix_prosthesis_feedback_device_deal_id"), table_name="prosthesis_feedback_device")
    op.drop_index(op.f("ix_prosthesis_feedback_device_batch"), table_name="prosthesis_feedback_device")
    op.drop_index("ix_prosthesis_feedback_card_team", table_name="prosthesis_feedback_card")
    op.drop_index("ix_prosthesis_feedback_card_stage", table_name="prosthesis_feedback_card")
    op.drop_index(op.f("ix_prosthesis_feedback_card_service_id"), table_name="prosthesis_feedback_card")
    op.drop_index(op.f("ix_prosthesis_feedback_card_protocol_version_id"), table_name="prosthesis_feedback_card")
    op.drop_index("ix_prosthesis_feedback_card_owner_stage", table_name="prosthesis_feedback_card")
    op.drop_index("ix_prosthesis_feedback_card_owner", table_name="prosthesis_feedback_card")
    op.drop_index("ix_prosthesis_feedback_card_open", table_name="prosthesis_feedback_card")
    op.drop_index(op.f("ix_prosthesis_feedback_card_device_id"), table_name="prosthesis_feedback_card")
    op.drop_index("ix_prosthesis_feedback_card_day", table_name="prosthesis_feedback_card")
    op.drop_index(op.f("ix_prosthesis_feedback_card_contact_id"), table_name="prosthesis_feedback_card")
    op.drop_index(op.f("ix_prosthesis_feedback_call_service_id"), table_name="prosthesis_feedback_call")
    op.drop_index(op.f("ix_prosthesis_feedback_answer_service_id"), table_name="prosthesis_feedback_answer")
    op.drop_index(op.f("ix_prosthesis_feedback_answer_question"), table_name="prosthesis_feedback_answer")
    op.drop_index(op.f("ix_prosthesis_feedback_answer_feedback_id"), table_name="prosthesis_feedback_answer")
    op.drop_index(op.f("ix_prosthesis_feedback_answer_device_id"), table_name="prosthesis_feedback_answer")
    op.drop_index("ix_prosthesis_feedback_access_service", table_name="prosthesis_feedback_access")
    op.drop_index("ix_prosthesis_feedback_access_at", table_name="prosthesis_feedback_access")
    op.drop_table("prosthesis_feedback_incident")
    op.drop_table("prosthesis_feedback_answer")
    op.drop_table("prosthesis_feedback_device_protocol")
    op.drop_table("prosthesis_feedback_card")
    op.drop_table("prosthesis_feedback_call")
    op.drop_table("prosthesis_feedback_pause")
    op.drop_table("prosthesis_feedback_device")
    op.drop_table("prosthesis_feedback_service")
    op.drop_table("prosthesis_feedback_protocol_version")
    op.drop_table("prosthesis_feedback_protocol")
    op.drop_table("prosthesis_feedback_kept")
    op.drop_table("prosthesis_feedback_access")
