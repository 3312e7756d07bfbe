"""How webhooks and their deliveries are shown."""

from __future__ import annotations

from crmkit.ui import Look

from .entities import Delivery, Endpoint

WEBHOOKS = Look(
    of=Endpoint, icon="webhook", section="", title="url", columns=("url", "description", "active", "payload", "failing_since", "owner_id"),
    form=("url", "description", "events", "payload", "active"),
)  # fmt: skip
DELIVERIES = Look(
    of=Delivery, icon="send", section="", title="event", day="next_at",
    columns=("event", "endpoint_id", "state", "status", "tries", "error", "created_at", "next_at"), hidden=("attempts",),
)  # fmt: skip
