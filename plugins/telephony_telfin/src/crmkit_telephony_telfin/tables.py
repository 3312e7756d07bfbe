"""What is kept between processes: what is left of the hourly limit, which extensions there are, which calls are being placed."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import UtcDateTime

metadata = sa.MetaData()
_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# One row for each application: its limit is one for all processes, and its history answers one question at a time.
accounts = sa.Table(
    "telephony_telfin_account", metadata,
    sa.Column("app_id", sa.String(200), primary_key=True),
    sa.Column("most", sa.Integer),  # requests an hour
    sa.Column("remaining", sa.Integer),
    sa.Column("reset_at", UtcDateTime),
    sa.Column("seen_at", UtcDateTime),
    sa.Column("asking_until", UtcDateTime),  # somebody asks the history
    sa.Column("asking", sa.String(40)),  # who
    sa.Column("listed_at", UtcDateTime),  # when the list of extensions was read
    sa.Column("phones_aligned", sa.String(64)),  # a digest of what is subscribed to for all phones at once
    sa.Column("phones_aligned_at", UtcDateTime),
    sa.Column("checked_at", UtcDateTime),
    sa.Column("findings", sa.JSON),  # of the last check: [[ok, what], …]
)  # fmt: skip
# The extensions of the PBX, and how far their subscriptions are ours.
extensions = sa.Table(
    "telephony_telfin_extension", metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=False),
    sa.Column("app_id", sa.String(200), nullable=False),
    sa.Column("name", sa.String(60), nullable=False),  # 1111*101
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("type", sa.String(20), nullable=False),  # phone, queue, ivr, fax
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("aligned", sa.String(64)),  # a digest of what was subscribed to, empty while nothing is
    sa.Column("aligned_at", UtcDateTime),
)  # fmt: skip
# Calls we placed lately: their first leg rings at a colleague's, and must not be taken for a call that comes in.
placed = sa.Table(
    "telephony_telfin_placed", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("device", sa.String(20), nullable=False),
    sa.Column("number", sa.String(20), nullable=False),  # its last ten digits
    sa.Column("reference", sa.String(200), nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False, index=True),
    sa.Column("call_key", sa.String(160), index=True),  # once Telfin has answered
    sa.Index("ix_telephony_telfin_placed_line", "device", "number"),
)  # fmt: skip
