"""Notes files and activities.

Revision activities_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "activities_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "activities_activity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("about_kind", sa.String(length=120), nullable=False),
        sa.Column("about_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("due_at", c.UtcDateTime(), nullable=True),
        sa.Column("done_at", c.UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=200), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("duration", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities_activity")),
    )
    op.create_table(
        "activities_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("about_kind", sa.String(length=120), nullable=False),
        sa.Column("about_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("removed_at", c.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities_file")),
    )
    op.create_table(
        "activities_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("about_kind", sa.String(length=120), nullable=False),
        sa.Column("about_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities_note")),
    )
    op.create_index(
        "ix_activities_activity_about_id",
        "activities_activity",
        ["about_kind", "about_id"],
        unique=False,
    )
    op.create_index("ix_activities_activity_due", "activities_activity", ["done_at", "due_at"], unique=False)
    op.create_index(op.f("ix_activities_activity_kind"), "activities_activity", ["kind"], unique=False)
    op.create_index(
        "ix_activities_activity_open",
        "activities_activity",
        ["owner_id", "done_at", "due_at"],
        unique=False,
    )
    op.create_index("ix_activities_activity_owner", "activities_activity", ["owner_id", "id"], unique=False)
    op.create_index("ix_activities_activity_team", "activities_activity", ["team_id", "id"], unique=False)
    op.create_index("ix_activities_file_about_id", "activities_file", ["about_kind", "about_id"], unique=False)
    op.create_index(op.f("ix_activities_file_key"), "activities_file", ["key"], unique=False)
    op.create_index("ix_activities_file_owner", "activities_file", ["owner_id", "id"], unique=False)
    op.create_index("ix_activities_file_team", "activities_file", ["team_id", "id"], unique=False)
    op.create_index("ix_activities_note_about_id", "activities_note", ["about_kind", "about_id"], unique=False)
    op.create_index("ix_activities_note_owner", "activities_note", ["owner_id", "id"], unique=False)
    op.create_index("ix_activities_note_team", "activities_note", ["team_id", "id"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_activities_note_team", table_name="activities_note")
    op.drop_index("ix_activities_note_owner", table_name="activities_note")
    op.drop_index("ix_activities_note_about_id", table_name="activities_note")
    op.drop_index("ix_activities_file_team", table_name="activities_file")
    op.drop_index("ix_activities_file_owner", table_name="activities_file")
    op.drop_index(op.f("ix_activities_file_key"), table_name="activities_file")
    op.drop_index("ix_activities_file_about_id", table_name="activities_file")
    op.drop_index("ix_activities_activity_team", table_name="activities_activity")
    op.drop_index("ix_activities_activity_owner", table_name="activities_activity")
    op.drop_index("ix_activities_activity_open", table_name="activities_activity")
    op.drop_index(op.f("ix_activities_activity_kind"), table_name="activities_activity")
    op.drop_index("ix_activities_activity_due", table_name="activities_activity")
    op.drop_index("ix_activities_activity_about_id", table_name="activities_activity")
    op.drop_table("activities_note")
    op.drop_table("activities_file")
    op.drop_table("activities_activity")
