"""People, teams, roles and signing in.

Revision accounts_0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import crmkit as c

revision = "accounts_0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "accounts_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_at", c.UtcDateTime(), nullable=False),
        sa.Column("blocked_until", c.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_attempt")),
        sa.UniqueConstraint("key", name=op.f("uq_accounts_attempt_key")),
    )
    op.create_table(
        "accounts_handshake",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=60), nullable=False),
        sa.Column("nonce", sa.String(length=100), nullable=False),
        sa.Column("verifier", sa.String(length=200), nullable=False),
        sa.Column("back", sa.String(length=500), nullable=False),
        sa.Column("expires_at", c.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_handshake")),
        sa.UniqueConstraint("digest", name=op.f("uq_accounts_handshake_digest")),
    )
    op.create_table(
        "accounts_role",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("label_ru", sa.String(length=120), nullable=False),
        sa.Column("grants", sa.JSON(), nullable=False),
        sa.Column("hidden", sa.JSON(), nullable=False),
        sa.Column("read_only", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_role")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_role_name")),
    )
    op.create_table(
        "accounts_team",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", c.Choice(), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["accounts_team.id"],
            name=op.f("fk_accounts_team_parent_id_accounts_team"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_team")),
    )
    op.create_table(
        "accounts_user",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("login", c.Email(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.String(length=200), nullable=True),
        sa.Column("phone", c.Phone(), nullable=True),
        sa.Column("manager_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("totp_secret", sa.String(length=64), nullable=True),
        sa.Column("totp_pending", sa.String(length=64), nullable=True),
        sa.Column("totp_step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recovery", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["manager_id"],
            ["accounts_user.id"],
            name=op.f("fk_accounts_user_manager_id_accounts_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_user")),
        sa.UniqueConstraint("login", name=op.f("uq_accounts_user_login")),
    )
    op.create_table(
        "accounts_delegation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("from_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("to_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("with_roles", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_user_id"],
            ["accounts_user.id"],
            name=op.f("fk_accounts_delegation_from_user_id_accounts_user"),
        ),
        sa.ForeignKeyConstraint(
            ["to_user_id"],
            ["accounts_user.id"],
            name=op.f("fk_accounts_delegation_to_user_id_accounts_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_delegation")),
    )
    op.create_table(
        "accounts_identity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["accounts_user.id"],
            name=op.f("fk_accounts_identity_user_id_accounts_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_identity")),
        sa.UniqueConstraint("digest", name=op.f("uq_accounts_identity_digest")),
    )
    op.create_table(
        "accounts_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("expires_at", c.UtcDateTime(), nullable=False),
        sa.Column("used_at", c.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["accounts_user.id"],
            name=op.f("fk_accounts_link_user_id_accounts_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_accounts_link_digest")),
    )
    op.create_table(
        "accounts_membership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["accounts_user.id"],
            name=op.f("fk_accounts_membership_user_id_accounts_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_membership")),
    )
    op.create_table(
        "accounts_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("seen_at", c.UtcDateTime(), nullable=False),
        sa.Column("expires_at", c.UtcDateTime(), nullable=False),
        sa.Column("ended_at", c.UtcDateTime(), nullable=True),
        sa.Column("address", sa.String(length=60), nullable=True),
        sa.Column("agent", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["accounts_user.id"],
            name=op.f("fk_accounts_session_user_id_accounts_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_accounts_session_digest")),
    )
    op.create_table(
        "accounts_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("expires_at", c.UtcDateTime(), nullable=False),
        sa.Column("seen_at", c.UtcDateTime(), nullable=True),
        sa.Column("revoked_at", c.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["accounts_user.id"],
            name=op.f("fk_accounts_token_user_id_accounts_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_accounts_token_digest")),
    )
    op.create_table(
        "accounts_user_role",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", c.UtcDateTime(), nullable=False),
        sa.Column("updated_at", c.UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archived_at", c.UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["accounts_role.id"],
            name=op.f("fk_accounts_user_role_role_id_accounts_role"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["accounts_user.id"],
            name=op.f("fk_accounts_user_role_user_id_accounts_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_user_role")),
    )
    op.create_index(op.f("ix_accounts_attempt_last_at"), "accounts_attempt", ["last_at"], unique=False)
    op.create_index(
        op.f("ix_accounts_delegation_from_user_id"),
        "accounts_delegation",
        ["from_user_id"],
        unique=False,
    )
    op.create_index("ix_accounts_delegation_owner", "accounts_delegation", ["owner_id", "id"], unique=False)
    op.create_index("ix_accounts_delegation_team", "accounts_delegation", ["team_id", "id"], unique=False)
    op.create_index(
        op.f("ix_accounts_delegation_to_user_id"),
        "accounts_delegation",
        ["to_user_id"],
        unique=False,
    )
    op.create_index(op.f("ix_accounts_handshake_expires_at"), "accounts_handshake", ["expires_at"], unique=False)
    op.create_index(op.f("ix_accounts_identity_user_id"), "accounts_identity", ["user_id"], unique=False)
    op.create_index(op.f("ix_accounts_link_user_id"), "accounts_link", ["user_id"], unique=False)
    op.create_index("ix_accounts_membership_owner", "accounts_membership", ["owner_id", "id"], unique=False)
    op.create_index("ix_accounts_membership_team", "accounts_membership", ["team_id", "id"], unique=False)
    op.create_index(op.f("ix_accounts_membership_user_id"), "accounts_membership", ["user_id"], unique=False)
    op.create_index(op.f("ix_accounts_session_user_id"), "accounts_session", ["user_id"], unique=False)
    op.create_index(op.f("ix_accounts_team_parent_id"), "accounts_team", ["parent_id"], unique=False)
    op.create_index(op.f("ix_accounts_token_user_id"), "accounts_token", ["user_id"], unique=False)
    op.create_index(op.f("ix_accounts_user_manager_id"), "accounts_user", ["manager_id"], unique=False)
    op.create_index("ix_accounts_user_owner", "accounts_user", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_accounts_user_role_role_id"), "accounts_user_role", ["role_id"], unique=False)
    op.create_index(op.f("ix_accounts_user_role_user_id"), "accounts_user_role", ["user_id"], unique=False)
    op.create_index("ix_accounts_user_team", "accounts_user", ["team_id", "id"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_accounts_user_team", table_name="accounts_user")
    op.drop_index(op.f("ix_accounts_user_role_user_id"), table_name="accounts_user_role")
    op.drop_index(op.f("ix_accounts_user_role_role_id"), table_name="accounts_user_role")
    op.drop_index("ix_accounts_user_owner", table_name="accounts_user")
    op.drop_index(op.f("ix_accounts_user_manager_id"), table_name="accounts_user")
    op.drop_index(op.f("ix_accounts_token_user_id"), table_name="accounts_token")
    op.drop_index(op.f("ix_accounts_team_parent_id"), table_name="accounts_team")
    op.drop_index(op.f("ix_accounts_session_user_id"), table_name="accounts_session")
    op.drop_index(op.f("ix_accounts_membership_user_id"), table_name="accounts_membership")
    op.drop_index("ix_accounts_membership_team", table_name="accounts_membership")
    op.drop_index("ix_accounts_membership_owner", table_name="accounts_membership")
    op.drop_index(op.f("ix_accounts_link_user_id"), table_name="accounts_link")
    op.drop_index(op.f("ix_accounts_identity_user_id"), table_name="accounts_identity")
    op.drop_index(op.f("ix_accounts_handshake_expires_at"), table_name="accounts_handshake")
    op.drop_index(op.f("ix_accounts_delegation_to_user_id"), table_name="accounts_delegation")
    op.drop_index("ix_accounts_delegation_team", table_name="accounts_delegation")
    op.drop_index("ix_accounts_delegation_owner", table_name="accounts_delegation")
    op.drop_index(op.f("ix_accounts_delegation_from_user_id"), table_name="accounts_delegation")
    op.drop_index(op.f("ix_accounts_attempt_last_at"), table_name="accounts_attempt")
    op.drop_table("accounts_user_role")
    op.drop_table("accounts_token")
    op.drop_table("accounts_session")
    op.drop_table("accounts_membership")
    op.drop_table("accounts_link")
    op.drop_table("accounts_identity")
    op.drop_table("accounts_delegation")
    op.drop_table("accounts_user")
    op.drop_table("accounts_team")
    op.drop_table("accounts_role")
    op.drop_table("accounts_handshake")
    op.drop_table("accounts_attempt")
