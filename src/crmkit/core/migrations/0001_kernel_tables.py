"""Kernel tables.

Revision core_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "core_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "crm_external",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("operation", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("source", "kind", "external_id", name=op.f("pk_crm_external")),
    )
    op.create_table(
        "crm_idempotency",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("caller", sa.String(length=80), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", "caller", name=op.f("pk_crm_idempotency")),
    )
    op.create_table(
        "crm_job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("queue", sa.String(length=60), server_default="default", nullable=False),
        sa.Column("key", sa.String(length=250), nullable=True),
        sa.Column("subject", sa.String(length=120), nullable=True),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=10), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="10", nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("died_at", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("plugin", sa.String(length=100), nullable=True),
        sa.Column("tx", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_job")),
    )
    op.create_table(
        "crm_job_cron",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("spec", sa.String(length=120), nullable=False),
        sa.Column("tz", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("queue", sa.String(length=60), server_default="default", nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("plugin", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_crm_job_cron")),
    )
    op.create_table(
        "crm_journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tx", sa.BigInteger(), nullable=False),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("operation", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_journal")),
    )
    op.create_table(
        "crm_merged",
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column(
            "loser_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("winner_id", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.BigInteger(), nullable=True),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "loser_id", name=op.f("pk_crm_merged")),
    )
    op.create_table(
        "crm_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tx", sa.BigInteger(), nullable=False),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.Column("topic", sa.String(length=120), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_message")),
    )
    op.create_table(
        "crm_operation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("at", c.UtcDateTime(), nullable=False),
        sa.Column("finished_at", c.UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_operation")),
    )
    op.create_table(
        "crm_plugin",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=True),
        sa.Column("requires", sa.JSON(), nullable=False),
        sa.Column("tables", sa.JSON(), nullable=False),
        sa.Column("parked_at", c.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_crm_plugin")),
    )
    op.create_table(
        "crm_search",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_search")),
        sa.UniqueConstraint("kind", "record_id", name=op.f("uq_crm_search_kind_record_id")),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_crm_search_words ON crm_search USING gin (array_to_tsvector(string_to_array(body, ' ')))")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE crm_search_fts USING fts5(body, content='crm_search', content_rowid='id', detail='none', columnsize=0, "
            "tokenize=\"ascii tokenchars '_.@+-'\")"
        )
        gone = "INSERT INTO crm_search_fts (crm_search_fts, rowid, body) VALUES ('delete', old.id, old.body)"
        here = "INSERT INTO crm_search_fts (rowid, body) VALUES (new.id, new.body)"
        op.execute(f"CREATE TRIGGER crm_search_added AFTER INSERT ON crm_search BEGIN {here}; END")
        op.execute(f"CREATE TRIGGER crm_search_gone AFTER DELETE ON crm_search BEGIN {gone}; END")
        op.execute(
            "CREATE TRIGGER crm_search_changed AFTER UPDATE ON crm_search WHEN old.body <> new.body OR old.id <> new.id "
            f"BEGIN {gone}; {here}; END"
        )
    op.create_table(
        "crm_stage_history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("pipeline", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("entered_at", c.UtcDateTime(), nullable=False),
        sa.Column("left_at", c.UtcDateTime(), nullable=False),
        sa.Column("to_pipeline", sa.String(length=60), nullable=False),
        sa.Column("to_stage", sa.String(length=60), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_stage_history")),
    )
    op.create_table(
        "crm_tally",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("pipeline", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("t0", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("t1", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("t2", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_tally")),
    )
    op.create_table(
        "crm_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("teams", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("expires_at", c.UtcDateTime(), nullable=True),
        sa.Column("revoked_at", c.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_crm_token_digest")),
    )
    op.create_index("crm_external_operation", "crm_external", ["operation"], unique=False)
    op.create_index("crm_external_record", "crm_external", ["kind", "record_id"], unique=False)
    op.create_index("crm_idempotency_at", "crm_idempotency", ["at"], unique=False)
    op.create_index(
        "crm_job_dead",
        "crm_job",
        ["died_at"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
        sqlite_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "crm_job_due",
        "crm_job",
        ["queue", "run_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "crm_job_key",
        "crm_job",
        ["key"],
        unique=True,
        postgresql_where=sa.text("state IN ('pending', 'held', 'queued') AND key IS NOT NULL"),
        sqlite_where=sa.text("state IN ('pending', 'held', 'queued') AND \"key\" IS NOT NULL"),
    )
    op.create_index(
        "crm_job_lease",
        "crm_job",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state IN ('running', 'queued')"),
        sqlite_where=sa.text("state IN ('running', 'queued')"),
    )
    op.create_index(
        "crm_job_subject",
        "crm_job",
        ["subject"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'held', 'queued') AND subject IS NOT NULL"),
        sqlite_where=sa.text("state IN ('pending', 'held', 'queued') AND subject IS NOT NULL"),
    )
    op.create_index(
        "crm_job_urgent",
        "crm_job",
        ["queue", "run_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending' AND priority < 0"),
        sqlite_where=sa.text("state = 'pending' AND priority < 0"),
    )
    op.create_index(
        "crm_journal_operation",
        "crm_journal",
        ["operation", "kind", "record_id"],
        unique=False,
        postgresql_where=sa.text("operation IS NOT NULL"),
        sqlite_where=sa.text("operation IS NOT NULL"),
    )
    op.create_index("crm_journal_record", "crm_journal", ["kind", "record_id", "id"], unique=False)
    op.create_index("crm_journal_tx", "crm_journal", ["tx"], unique=False)
    op.create_index("crm_merged_winner", "crm_merged", ["kind", "winner_id"], unique=False)
    op.create_index("crm_stage_history_record", "crm_stage_history", ["kind", "record_id", "id"], unique=False)
    op.create_index("crm_tally_place", "crm_tally", ["kind", "pipeline"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("crm_tally_place", table_name="crm_tally")
    op.drop_index("crm_stage_history_record", table_name="crm_stage_history")
    op.drop_index("crm_merged_winner", table_name="crm_merged")
    op.drop_index("crm_journal_tx", table_name="crm_journal")
    op.drop_index("crm_journal_record", table_name="crm_journal")
    op.drop_index("crm_journal_operation", table_name="crm_journal")
    op.drop_index("crm_job_urgent", table_name="crm_job")
    op.drop_index("crm_job_subject", table_name="crm_job")
    op.drop_index("crm_job_lease", table_name="crm_job")
    op.drop_index("crm_job_key", table_name="crm_job")
    op.drop_index("crm_job_due", table_name="crm_job")
    op.drop_index("crm_job_dead", table_name="crm_job")
    op.drop_index("crm_idempotency_at", table_name="crm_idempotency")
    op.drop_index("crm_external_record", table_name="crm_external")
    op.drop_index("crm_external_operation", table_name="crm_external")
    op.drop_table("crm_token")
    op.drop_table("crm_tally")
    op.drop_table("crm_stage_history")
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE crm_search_fts")
    op.drop_table("crm_search")
    op.drop_table("crm_plugin")
    op.drop_table("crm_operation")
    op.drop_table("crm_message")
    op.drop_table("crm_merged")
    op.drop_table("crm_journal")
    op.drop_table("crm_job_cron")
    op.drop_table("crm_job")
    op.drop_table("crm_idempotency")
    op.drop_table("crm_external")
