"""Tasks sessions and the stack.

Revision taskqueue_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "taskqueue_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "taskqueue_class",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_taskqueue_class")),
    )
    op.create_table(
        "taskqueue_desk",
        sa.Column(
            "user_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pause_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pause_after", sa.String(length=40), nullable=True),
        sa.Column("task_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("turn_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_at", c.UtcDateTime(), nullable=True),
        sa.Column("lease_until", c.UtcDateTime(), nullable=True),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.Column("seen_at", c.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_taskqueue_desk")),
        sa.UniqueConstraint("task_id", name=op.f("uq_taskqueue_desk_task_id")),
    )
    op.create_table(
        "taskqueue_paused",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("since", c.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_taskqueue_paused")),
    )
    op.create_table(
        "taskqueue_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("started_at", c.UtcDateTime(), nullable=True),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.Column("ended_how", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taskqueue_session")),
    )
    op.create_table(
        "taskqueue_turn",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("task_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("opened_at", c.UtcDateTime(), nullable=False),
        sa.Column("waited", sa.Integer(), nullable=True),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.Column("ended", sa.String(length=20), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taskqueue_turn")),
    )
    op.create_table(
        "taskqueue_zone",
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("zone", name=op.f("pk_taskqueue_zone")),
    )
    op.create_table(
        "taskqueue_pause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("started_at", c.UtcDateTime(), nullable=False),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["taskqueue_session.id"],
            name=op.f("fk_taskqueue_pause_session_id_taskqueue_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taskqueue_pause")),
    )
    op.create_table(
        "taskqueue_old_client",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("score", c.Exact(12, 2), nullable=False),
        sa.Column("not_before", c.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("state", c.Choice(), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("drawn_at", c.UtcDateTime(), nullable=True),
        sa.Column("result", c.Choice(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_taskqueue_old_client_contact_id_sales_contact"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taskqueue_old_client")),
    )
    op.create_table(
        "taskqueue_old_client_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("old_client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_taskqueue_old_client_link_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deal.id"],
            name=op.f("fk_taskqueue_old_client_link_deal_id_sales_deal"),
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["sales_lead.id"],
            name=op.f("fk_taskqueue_old_client_link_lead_id_sales_lead"),
        ),
        sa.ForeignKeyConstraint(
            ["old_client_id"],
            ["taskqueue_old_client.id"],
            name=op.f("fk_taskqueue_old_client_link_old_client_id_taskqueue_old_client"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taskqueue_old_client_link")),
    )
    op.create_table(
        "taskqueue_recurring",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("cron", sa.String(length=80), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("next_at", c.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_taskqueue_recurring_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deal.id"],
            name=op.f("fk_taskqueue_recurring_deal_id_sales_deal"),
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["sales_lead.id"],
            name=op.f("fk_taskqueue_recurring_lead_id_sales_lead"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taskqueue_recurring")),
    )
    op.create_table(
        "taskqueue_task",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("due_at", c.UtcDateTime(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("old_client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", c.Choice(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("zone", sa.String(length=40), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_by", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", c.UtcDateTime(), nullable=True),
        sa.Column("done_at", c.UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_taskqueue_task_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deal.id"],
            name=op.f("fk_taskqueue_task_deal_id_sales_deal"),
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["sales_lead.id"],
            name=op.f("fk_taskqueue_task_lead_id_sales_lead"),
        ),
        sa.ForeignKeyConstraint(
            ["old_client_id"],
            ["taskqueue_old_client.id"],
            name=op.f("fk_taskqueue_task_old_client_id_taskqueue_old_client"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taskqueue_task")),
    )
    op.create_index(
        op.f("ix_taskqueue_old_client_contact_id"),
        "taskqueue_old_client",
        ["contact_id"],
        unique=False,
    )
    op.create_index(
        "ix_taskqueue_old_client_help",
        "taskqueue_old_client",
        ["team_id", sa.literal_column("score DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' AND archived_at IS NULL"),
        sqlite_where=sa.text("state = 'waiting' AND archived_at IS NULL"),
    )
    op.create_index(
        op.f("ix_taskqueue_old_client_link_contact_id"),
        "taskqueue_old_client_link",
        ["contact_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_taskqueue_old_client_link_deal_id"),
        "taskqueue_old_client_link",
        ["deal_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_taskqueue_old_client_link_lead_id"),
        "taskqueue_old_client_link",
        ["lead_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_taskqueue_old_client_link_old_client_id"),
        "taskqueue_old_client_link",
        ["old_client_id"],
        unique=False,
    )
    op.create_index(
        "ix_taskqueue_old_client_own",
        "taskqueue_old_client",
        ["owner_id", sa.literal_column("score DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' AND archived_at IS NULL"),
        sqlite_where=sa.text("state = 'waiting' AND archived_at IS NULL"),
    )
    op.create_index("ix_taskqueue_old_client_owner", "taskqueue_old_client", ["owner_id", "id"], unique=False)
    op.create_index("ix_taskqueue_old_client_team", "taskqueue_old_client", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_taskqueue_pause_session_id"), "taskqueue_pause", ["session_id"], unique=False)
    op.create_index(
        op.f("ix_taskqueue_recurring_contact_id"),
        "taskqueue_recurring",
        ["contact_id"],
        unique=False,
    )
    op.create_index(op.f("ix_taskqueue_recurring_deal_id"), "taskqueue_recurring", ["deal_id"], unique=False)
    op.create_index(op.f("ix_taskqueue_recurring_lead_id"), "taskqueue_recurring", ["lead_id"], unique=False)
    op.create_index("ix_taskqueue_recurring_owner", "taskqueue_recurring", ["owner_id", "id"], unique=False)
    op.create_index("ix_taskqueue_recurring_team", "taskqueue_recurring", ["team_id", "id"], unique=False)
    op.create_index("ix_taskqueue_session_owner", "taskqueue_session", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_taskqueue_session_started_at"), "taskqueue_session", ["started_at"], unique=False)
    op.create_index("ix_taskqueue_session_team", "taskqueue_session", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_taskqueue_task_contact_id"), "taskqueue_task", ["contact_id"], unique=False)
    op.create_index("ix_taskqueue_task_day", "taskqueue_task", ["owner_id", "day"], unique=False)
    op.create_index(op.f("ix_taskqueue_task_deal_id"), "taskqueue_task", ["deal_id"], unique=False)
    op.create_index("ix_taskqueue_task_done", "taskqueue_task", ["opened_by", "done_at"], unique=False)
    op.create_index(
        "ix_taskqueue_task_held",
        "taskqueue_task",
        ["team_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'held' AND archived_at IS NULL"),
        sqlite_where=sa.text("state = 'held' AND archived_at IS NULL"),
    )
    op.create_index(
        "ix_taskqueue_task_help",
        "taskqueue_task",
        ["team_id", "priority", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' AND archived_at IS NULL"),
        sqlite_where=sa.text("state = 'waiting' AND archived_at IS NULL"),
    )
    op.create_index(op.f("ix_taskqueue_task_lead_id"), "taskqueue_task", ["lead_id"], unique=False)
    op.create_index(op.f("ix_taskqueue_task_old_client_id"), "taskqueue_task", ["old_client_id"], unique=False)
    op.create_index(
        "ix_taskqueue_task_own",
        "taskqueue_task",
        ["owner_id", "priority", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' AND archived_at IS NULL"),
        sqlite_where=sa.text("state = 'waiting' AND archived_at IS NULL"),
    )
    op.create_index("ix_taskqueue_task_owner", "taskqueue_task", ["owner_id", "id"], unique=False)
    op.create_index(
        "ix_taskqueue_task_previous",
        "taskqueue_task",
        ["previous_id"],
        unique=False,
        postgresql_where=sa.text("previous_id IS NOT NULL"),
        sqlite_where=sa.text("previous_id IS NOT NULL"),
    )
    op.create_index("ix_taskqueue_task_team", "taskqueue_task", ["team_id", "id"], unique=False)
    op.create_index("ix_taskqueue_turn_day", "taskqueue_turn", ["opened_at", "user_id"], unique=False)
    op.create_index(op.f("ix_taskqueue_turn_task_id"), "taskqueue_turn", ["task_id"], unique=False)
    op.create_index("ix_taskqueue_turn_user", "taskqueue_turn", ["user_id", "opened_at"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_taskqueue_turn_user", table_name="taskqueue_turn")
    op.drop_index(op.f("ix_taskqueue_turn_task_id"), table_name="taskqueue_turn")
    op.drop_index("ix_taskqueue_turn_day", table_name="taskqueue_turn")
    op.drop_index("ix_taskqueue_task_team", table_name="taskqueue_task")
    op.drop_index("ix_taskqueue_task_previous", table_name="taskqueue_task")
    op.drop_index("ix_taskqueue_task_owner", table_name="taskqueue_task")
    op.drop_index("ix_taskqueue_task_own", table_name="taskqueue_task")
    op.drop_index(op.f("ix_taskqueue_task_old_client_id"), table_name="taskqueue_task")
    op.drop_index(op.f("ix_taskqueue_task_lead_id"), table_name="taskqueue_task")
    op.drop_index("ix_taskqueue_task_help", table_name="taskqueue_task")
    op.drop_index("ix_taskqueue_task_held", table_name="taskqueue_task")
    op.drop_index("ix_taskqueue_task_done", table_name="taskqueue_task")
    op.drop_index(op.f("ix_taskqueue_task_deal_id"), table_name="taskqueue_task")
    op.drop_index("ix_taskqueue_task_day", table_name="taskqueue_task")
    op.drop_index(op.f("ix_taskqueue_task_contact_id"), table_name="taskqueue_task")
    op.drop_index("ix_taskqueue_session_team", table_name="taskqueue_session")
    op.drop_index(op.f("ix_taskqueue_session_started_at"), table_name="taskqueue_session")
    op.drop_index("ix_taskqueue_session_owner", table_name="taskqueue_session")
    op.drop_index("ix_taskqueue_recurring_team", table_name="taskqueue_recurring")
    op.drop_index("ix_taskqueue_recurring_owner", table_name="taskqueue_recurring")
    op.drop_index(op.f("ix_taskqueue_recurring_lead_id"), table_name="taskqueue_recurring")
    op.drop_index(op.f("ix_taskqueue_recurring_deal_id"), table_name="taskqueue_recurring")
    op.drop_index(op.f("ix_taskqueue_recurring_contact_id"), table_name="taskqueue_recurring")
    op.drop_index(op.f("ix_taskqueue_pause_session_id"), table_name="taskqueue_pause")
    op.drop_index("ix_taskqueue_old_client_team", table_name="taskqueue_old_client")
    op.drop_index("ix_taskqueue_old_client_owner", table_name="taskqueue_old_client")
    op.drop_index("ix_taskqueue_old_client_own", table_name="taskqueue_old_client")
    op.drop_index(op.f("ix_taskqueue_old_client_link_old_client_id"), table_name="taskqueue_old_client_link")
    op.drop_index(op.f("ix_taskqueue_old_client_link_lead_id"), table_name="taskqueue_old_client_link")
    op.drop_index(op.f("ix_taskqueue_old_client_link_deal_id"), table_name="taskqueue_old_client_link")
    op.drop_index(op.f("ix_taskqueue_old_client_link_contact_id"), table_name="taskqueue_old_client_link")
    op.drop_index("ix_taskqueue_old_client_help", table_name="taskqueue_old_client")
    op.drop_index(op.f("ix_taskqueue_old_client_contact_id"), table_name="taskqueue_old_client")
    op.drop_table("taskqueue_task")
    op.drop_table("taskqueue_recurring")
    op.drop_table("taskqueue_old_client_link")
    op.drop_table("taskqueue_old_client")
    op.drop_table("taskqueue_pause")
    op.drop_table("taskqueue_zone")
    op.drop_table("taskqueue_turn")
    op.drop_table("taskqueue_session")
    op.drop_table("taskqueue_paused")
    op.drop_table("taskqueue_desk")
    op.drop_table("taskqueue_class")
