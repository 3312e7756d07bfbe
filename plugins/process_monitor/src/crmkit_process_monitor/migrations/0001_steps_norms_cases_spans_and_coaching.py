"""Steps norms cases spans and coaching.

Revision process_monitor_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "process_monitor_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "process_monitor_day",
        sa.Column(
            "log_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "worker_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "step_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "team_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "point_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("took", sa.BigInteger(), nullable=False),
        sa.Column("logs", sa.Float(), nullable=False),
        sa.Column("log_squares", sa.Float(), nullable=False),
        sa.Column("fast", sa.Integer(), nullable=False),
        sa.Column("slow", sa.Integer(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint(
            "log_id",
            "day",
            "worker_id",
            "step_id",
            "kind",
            "team_id",
            "point_id",
            name=op.f("pk_process_monitor_day"),
        ),
    )
    op.create_table(
        "process_monitor_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.Column("transition", sa.String(length=40), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_event")),
    )
    op.create_table(
        "process_monitor_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=True),
        sa.Column("imported_at", c.UtcDateTime(), nullable=True),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_log")),
    )
    op.create_table(
        "process_monitor_month",
        sa.Column(
            "log_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "worker_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "step_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "team_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "point_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("fast", sa.Integer(), nullable=False),
        sa.Column("slow", sa.Integer(), nullable=False),
        sa.Column("took", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("logs", sa.Float(), nullable=False),
        sa.Column("log_squares", sa.Float(), nullable=False),
        sa.Column("ns_squared", sa.Float(), nullable=False),
        sa.Column("ns_logs", sa.Float(), nullable=False),
        sa.Column("logs_squared", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(
            "log_id",
            "month",
            "worker_id",
            "step_id",
            "kind",
            "team_id",
            "point_id",
            name=op.f("pk_process_monitor_month"),
        ),
    )
    op.create_table(
        "process_monitor_page",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seen_at", c.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_page")),
        sa.UniqueConstraint("path", name=op.f("uq_process_monitor_page_path")),
    )
    op.create_table(
        "process_monitor_refused",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("why", sa.String(length=60), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_refused")),
    )
    op.create_table(
        "process_monitor_served",
        sa.Column(
            "log_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "worker_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "team_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "point_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("took", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "log_id",
            "day",
            "worker_id",
            "kind",
            "team_id",
            "point_id",
            name=op.f("pk_process_monitor_served"),
        ),
    )
    op.create_table(
        "process_monitor_served_month",
        sa.Column(
            "log_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "worker_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "team_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "point_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("took", sa.BigInteger(), nullable=False),
        sa.Column("mask", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "log_id",
            "month",
            "worker_id",
            "kind",
            "team_id",
            "point_id",
            name=op.f("pk_process_monitor_served_month"),
        ),
    )
    op.create_table(
        "process_monitor_span",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("page_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tab", sa.String(length=24), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("began_at", c.UtcDateTime(), nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("idle", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Integer(), nullable=False),
        sa.Column("called", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_span")),
        sa.UniqueConstraint("tab", "seq", "case_id", name="uq_process_monitor_span"),
    )
    op.create_table(
        "process_monitor_talk",
        sa.Column(
            "call_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "user_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("began_at", c.UtcDateTime(), nullable=False),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("call_id", "user_id", name=op.f("pk_process_monitor_talk")),
    )
    op.create_table(
        "process_monitor_trace",
        sa.Column(
            "case_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_process_monitor_trace")),
    )
    op.create_table(
        "process_monitor_work",
        sa.Column(
            "case_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "step_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "worker_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("point_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("took", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.BigInteger(), nullable=False),
        sa.Column("idle", sa.BigInteger(), nullable=False),
        sa.Column("hidden", sa.BigInteger(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "step_id", "worker_id", name=op.f("pk_process_monitor_work")),
    )
    op.create_table(
        "process_monitor_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log_id"],
            ["process_monitor_log.id"],
            name=op.f("fk_process_monitor_step_log_id_process_monitor_log"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_step")),
    )
    op.create_table(
        "process_monitor_worker",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["log_id"],
            ["process_monitor_log.id"],
            name=op.f("fk_process_monitor_worker_log_id_process_monitor_log"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_worker")),
        sa.UniqueConstraint("user_id", name=op.f("uq_process_monitor_worker_user_id")),
    )
    op.create_table(
        "process_monitor_case",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=120), nullable=True),
        sa.Column("channel", sa.String(length=60), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("point_of_sale_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("began_at", c.UtcDateTime(), nullable=False),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.Column("ended_how", c.Choice(), nullable=True),
        sa.Column("outcome", sa.String(length=60), nullable=True),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("idle", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["sales_contact.id"],
            name=op.f("fk_process_monitor_case_contact_id_sales_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["log_id"],
            ["process_monitor_log.id"],
            name=op.f("fk_process_monitor_case_log_id_process_monitor_log"),
        ),
        sa.ForeignKeyConstraint(
            ["point_of_sale_id"],
            ["sales_point_of_sale.id"],
            name=op.f("fk_process_monitor_case_point_of_sale_id_sales_point_of_sale"),
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"],
            ["process_monitor_worker.id"],
            name=op.f("fk_process_monitor_case_worker_id_process_monitor_worker"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_case")),
    )
    op.create_table(
        "process_monitor_course",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("link", sa.String(length=500), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id"],
            ["process_monitor_step.id"],
            name=op.f("fk_process_monitor_course_step_id_process_monitor_step"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_course")),
    )
    op.create_table(
        "process_monitor_mentor",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id"],
            ["process_monitor_step.id"],
            name=op.f("fk_process_monitor_mentor_step_id_process_monitor_step"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_mentor")),
    )
    op.create_table(
        "process_monitor_norm",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_kind", sa.String(length=40), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("came_from", c.Choice(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["step_id"],
            ["process_monitor_step.id"],
            name=op.f("fk_process_monitor_norm_step_id_process_monitor_step"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_norm")),
    )
    op.create_table(
        "process_monitor_assignment",
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
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("course_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("mentor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("given_by", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("meets_at", c.UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("done_at", c.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["process_monitor_course.id"],
            name=op.f("fk_process_monitor_assignment_course_id_process_monitor_course"),
        ),
        sa.ForeignKeyConstraint(
            ["mentor_id"],
            ["process_monitor_mentor.id"],
            name=op.f("fk_process_monitor_assignment_mentor_id_process_monitor_mentor"),
        ),
        sa.ForeignKeyConstraint(
            ["step_id"],
            ["process_monitor_step.id"],
            name=op.f("fk_process_monitor_assignment_step_id_process_monitor_step"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_monitor_assignment")),
    )
    op.create_index(
        op.f("ix_process_monitor_assignment_course_id"),
        "process_monitor_assignment",
        ["course_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_process_monitor_assignment_mentor_id"),
        "process_monitor_assignment",
        ["mentor_id"],
        unique=False,
    )
    op.create_index(
        "ix_process_monitor_assignment_owner",
        "process_monitor_assignment",
        ["owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_process_monitor_assignment_owner_stage",
        "process_monitor_assignment",
        ["owner_id", "pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(
        "ix_process_monitor_assignment_stage",
        "process_monitor_assignment",
        ["pipeline", "stage", "stage_since"],
        unique=False,
    )
    op.create_index(
        op.f("ix_process_monitor_assignment_step_id"),
        "process_monitor_assignment",
        ["step_id"],
        unique=False,
    )
    op.create_index(
        "ix_process_monitor_assignment_team",
        "process_monitor_assignment",
        ["team_id", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_process_monitor_case_began_at"), "process_monitor_case", ["began_at"], unique=False)
    op.create_index(
        op.f("ix_process_monitor_case_contact_id"),
        "process_monitor_case",
        ["contact_id"],
        unique=False,
    )
    op.create_index(op.f("ix_process_monitor_case_log_id"), "process_monitor_case", ["log_id"], unique=False)
    op.create_index("ix_process_monitor_case_owner", "process_monitor_case", ["owner_id", "id"], unique=False)
    op.create_index(
        op.f("ix_process_monitor_case_point_of_sale_id"),
        "process_monitor_case",
        ["point_of_sale_id"],
        unique=False,
    )
    op.create_index("ix_process_monitor_case_team", "process_monitor_case", ["team_id", "id"], unique=False)
    op.create_index(
        op.f("ix_process_monitor_case_worker_id"),
        "process_monitor_case",
        ["worker_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_process_monitor_course_step_id"),
        "process_monitor_course",
        ["step_id"],
        unique=False,
    )
    op.create_index(
        "ix_process_monitor_day_worker",
        "process_monitor_day",
        ["worker_id", "log_id", "day"],
        unique=False,
    )
    op.create_index("ix_process_monitor_event_case", "process_monitor_event", ["case_id", "id"], unique=False)
    op.create_index("ix_process_monitor_event_log", "process_monitor_event", ["log_id"], unique=False)
    op.create_index("ix_process_monitor_mentor_owner", "process_monitor_mentor", ["owner_id", "id"], unique=False)
    op.create_index(
        op.f("ix_process_monitor_mentor_step_id"),
        "process_monitor_mentor",
        ["step_id"],
        unique=False,
    )
    op.create_index("ix_process_monitor_mentor_team", "process_monitor_mentor", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_process_monitor_norm_step_id"), "process_monitor_norm", ["step_id"], unique=False)
    op.create_index("ix_process_monitor_refused_at", "process_monitor_refused", ["at"], unique=False)
    op.create_index(
        "ix_process_monitor_served_worker",
        "process_monitor_served",
        ["worker_id", "log_id", "day"],
        unique=False,
    )
    op.create_index("ix_process_monitor_span_began", "process_monitor_span", ["began_at"], unique=False)
    op.create_index("ix_process_monitor_span_case", "process_monitor_span", ["case_id"], unique=False)
    op.create_index(op.f("ix_process_monitor_step_log_id"), "process_monitor_step", ["log_id"], unique=False)
    op.create_index("ix_process_monitor_talk_user", "process_monitor_talk", ["user_id", "began_at"], unique=False)
    op.create_index(op.f("ix_process_monitor_trace_log_id"), "process_monitor_trace", ["log_id"], unique=False)
    op.create_index(
        "ix_process_monitor_work_cell",
        "process_monitor_work",
        ["worker_id", "step_id", "day"],
        unique=False,
    )
    op.create_index("ix_process_monitor_work_day", "process_monitor_work", ["log_id", "day"], unique=False)
    op.create_index(op.f("ix_process_monitor_worker_log_id"), "process_monitor_worker", ["log_id"], unique=False)
    op.create_index(
        "uq_process_monitor_case_open",
        "process_monitor_case",
        ["owner_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL AND log_id IS NULL AND archived_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL AND log_id IS NULL AND archived_at IS NULL"),
    )
    op.create_index(
        "uq_process_monitor_norm",
        "process_monitor_norm",
        ["step_id", sa.literal_column("coalesce(case_kind, '')"), "since"],
        unique=True,
    )
    op.create_index(
        "uq_process_monitor_step",
        "process_monitor_step",
        [sa.literal_column("coalesce(log_id, 0)"), "name"],
        unique=True,
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("uq_process_monitor_step", table_name="process_monitor_step")
    op.drop_index("uq_process_monitor_norm", table_name="process_monitor_norm")
    op.drop_index("uq_process_monitor_case_open", table_name="process_monitor_case")
    op.drop_index(op.f("ix_process_monitor_worker_log_id"), table_name="process_monitor_worker")
    op.drop_index("ix_process_monitor_work_day", table_name="process_monitor_work")
    op.drop_index("ix_process_monitor_work_cell", table_name="process_monitor_work")
    op.drop_index(op.f("ix_process_monitor_trace_log_id"), table_name="process_monitor_trace")
    op.drop_index("ix_process_monitor_talk_user", table_name="process_monitor_talk")
    op.drop_index(op.f("ix_process_monitor_step_log_id"), table_name="process_monitor_step")
    op.drop_index("ix_process_monitor_span_case", table_name="process_monitor_span")
    op.drop_index("ix_process_monitor_span_began", table_name="process_monitor_span")
    op.drop_index("ix_process_monitor_served_worker", table_name="process_monitor_served")
    op.drop_index("ix_process_monitor_refused_at", table_name="process_monitor_refused")
    op.drop_index(op.f("ix_process_monitor_norm_step_id"), table_name="process_monitor_norm")
    op.drop_index("ix_process_monitor_mentor_team", table_name="process_monitor_mentor")
    op.drop_index(op.f("ix_process_monitor_mentor_step_id"), table_name="process_monitor_mentor")
    op.drop_index("ix_process_monitor_mentor_owner", table_name="process_monitor_mentor")
    op.drop_index("ix_process_monitor_event_log", table_name="process_monitor_event")
    op.drop_index("ix_process_monitor_event_case", table_name="process_monitor_event")
    op.drop_index("ix_process_monitor_day_worker", table_name="process_monitor_day")
    op.drop_index(op.f("ix_process_monitor_course_step_id"), table_name="process_monitor_course")
    op.drop_index(op.f("ix_process_monitor_case_worker_id"), table_name="process_monitor_case")
    op.drop_index("ix_process_monitor_case_team", table_name="process_monitor_case")
    op.drop_index(op.f("ix_process_monitor_case_point_of_sale_id"), table_name="process_monitor_case")
    op.drop_index("ix_process_monitor_case_owner", table_name="process_monitor_case")
    op.drop_index(op.f("ix_process_monitor_case_log_id"), table_name="process_monitor_case")
    op.drop_index(op.f("ix_process_monitor_case_contact_id"), table_name="process_monitor_case")
    op.drop_index(op.f("ix_process_monitor_case_began_at"), table_name="process_monitor_case")
    op.drop_index("ix_process_monitor_assignment_team", table_name="process_monitor_assignment")
    op.drop_index(op.f("ix_process_monitor_assignment_step_id"), table_name="process_monitor_assignment")
    op.drop_index("ix_process_monitor_assignment_stage", table_name="process_monitor_assignment")
    op.drop_index("ix_process_monitor_assignment_owner_stage", table_name="process_monitor_assignment")
    op.drop_index("ix_process_monitor_assignment_owner", table_name="process_monitor_assignment")
    op.drop_index(op.f("ix_process_monitor_assignment_mentor_id"), table_name="process_monitor_assignment")
    op.drop_index(op.f("ix_process_monitor_assignment_course_id"), table_name="process_monitor_assignment")
    op.drop_table("process_monitor_assignment")
    op.drop_table("process_monitor_norm")
    op.drop_table("process_monitor_mentor")
    op.drop_table("process_monitor_course")
    op.drop_table("process_monitor_case")
    op.drop_table("process_monitor_worker")
    op.drop_table("process_monitor_step")
    op.drop_table("process_monitor_work")
    op.drop_table("process_monitor_trace")
    op.drop_table("process_monitor_talk")
    op.drop_table("process_monitor_span")
    op.drop_table("process_monitor_served_month")
    op.drop_table("process_monitor_served")
    op.drop_table("process_monitor_refused")
    op.drop_table("process_monitor_page")
    op.drop_table("process_monitor_month")
    op.drop_table("process_monitor_log")
    op.drop_table("process_monitor_event")
    op.drop_table("process_monitor_day")
