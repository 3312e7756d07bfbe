"""What telephony keeps for itself: parties of calls, everything providers told, and what they were asked to do."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import UtcDateTime

metadata = sa.MetaData()
_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Everything a provider told, as it came and as it was understood; never changed. Calls are worked out from it.
events = sa.Table(
    "telephony_event", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("provider", sa.String(40), nullable=False),
    sa.Column("call_key", sa.String(160), nullable=False),  # the provider's key of the whole call
    sa.Column("call_id", _id, index=True),  # empty for what belongs to no call of ours
    sa.Column("key", sa.String(200), nullable=False),  # the same thing told twice has one key
    sa.Column("type", sa.String(20), nullable=False),
    sa.Column("leg", sa.String(160)),
    sa.Column("at", UtcDateTime, nullable=False),  # the provider's time
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),  # the other fields of the CallEvent that are not empty
    sa.Column("raw", sa.JSON, nullable=False),
    sa.UniqueConstraint("provider", "key", name="uq_telephony_event_key"),
    sa.Index("ix_telephony_event_call", "provider", "call_key"),
    sa.Index("ix_telephony_event_received", "received_at"),
)  # fmt: skip
# Parties of a call: worked out from the events, for call control and for who talked when.
legs = sa.Table(
    "telephony_leg", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("call_id", _id, nullable=False),
    sa.Column("key", sa.String(160), nullable=False),
    sa.Column("control", sa.String(160)),
    sa.Column("extension", sa.String(60)),
    sa.Column("device", sa.String(60)),
    sa.Column("user_id", _id),
    sa.Column("rang_at", UtcDateTime),
    sa.Column("answered_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("outcome", sa.String(20)),
    sa.UniqueConstraint("call_id", "key", name="uq_telephony_leg_key"),
    sa.Index("ix_telephony_leg_user", "user_id", "ended_at"),
)  # fmt: skip
# What a provider was asked to do. An order is written before it is sent, so that a crash never sends it twice.
orders = sa.Table(
    "telephony_order", metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("call_id", _id, nullable=False, index=True),
    sa.Column("user_id", _id),
    sa.Column("what", sa.String(20), nullable=False),  # one of WHATS
    sa.Column("args", sa.JSON, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),  # one of ORDER_STATES
    sa.Column("reference", sa.String(40), nullable=False, unique=True),  # ours, for providers that give it back
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("done_at", UtcDateTime),
    sa.Column("error", sa.Text),
    sa.Index("ix_telephony_order_open", "state", "sent_at"),
)  # fmt: skip
# What is known of each provider's connection: the secret in the address it calls, and when it may be asked again.
links = sa.Table(
    "telephony_link", metadata,
    sa.Column("provider", sa.String(40), primary_key=True),
    sa.Column("secret", sa.String(60), nullable=False),
    sa.Column("old_secret", sa.String(60)),  # good for a while after a change
    sa.Column("old_until", UtcDateTime),
    sa.Column("ask_after", UtcDateTime),
    sa.Column("caught_up_at", UtcDateTime),  # calls that began before have been looked for in its history
)  # fmt: skip
WHATS = ("originate", "hang_up", "hold", "resume", "transfer")
ORDER_STATES = ("asked", "sent", "done", "failed", "unsure")
