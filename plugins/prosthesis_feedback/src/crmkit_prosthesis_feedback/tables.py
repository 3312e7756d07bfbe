"""What is kept beside the records: who has looked at medical answers."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import UtcDateTime

metadata = sa.MetaData()
_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")

accesses = sa.Table(
    "prosthesis_feedback_access", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("user_id", _id),
    sa.Column("user", sa.String(200), nullable=False),
    sa.Column("service_id", _id),  # empty: a list or a report over many
    sa.Column("what", sa.String(40), nullable=False),  # one of LOOKS
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Index("ix_prosthesis_feedback_access_service", "service_id", "at"),
    sa.Index("ix_prosthesis_feedback_access_at", "at"),
)  # fmt: skip
# What was in force when the cards were planned: `fingerprint` of the settings.
kept = sa.Table(
    "prosthesis_feedback_kept", metadata, sa.Column("name", sa.String(40), primary_key=True), sa.Column("value", sa.String(80), nullable=False)
)
LOOKS = ("card", "service", "answers", "photo", "report", "export", "erased")
