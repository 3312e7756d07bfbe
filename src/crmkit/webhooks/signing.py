"""Signatures as Standard Webhooks writes them down (https://www.standardwebhooks.com, version 1)."""

from __future__ import annotations

import base64
import datetime as dt
import secrets

from standardwebhooks import Webhook

from .entities import Endpoint

PREFIX = "whsec_"


def new_secret() -> str:
    """Return a new secret: 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers_of(endpoint: Endpoint, message_id: str, now: dt.datetime, body: str) -> dict[str, str]:
    """Return the headers of one attempt, signed with the secret, and with the one before while it still holds."""
    keys = [endpoint.secret]
    if endpoint.old_secret is not None and endpoint.old_secret_until is not None and now < endpoint.old_secret_until:
        keys.append(endpoint.old_secret)
    signed = " ".join(Webhook(key).sign(message_id, now, body) for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signed}
