"""What a message says."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping

from crmkit import Uow

from .entities import Endpoint


def body_of(event: str, entry: Mapping[str, t.Any], record: Mapping[str, t.Any], *, full: bool) -> str:
    """Return the JSON of one event: thin, which record it is about; full, what changed and how the record looks now.

    `sequence` grows with time: of two messages about a record the one with the higher number is the later one.
    """
    data: dict[str, t.Any] = {"kind": entry["kind"], "id": entry["record_id"], "version": record["version"], "sequence": entry["id"]}
    if full:
        data |= {"actor_id": entry["actor_id"], "changes": entry["changes"], "record": dict(record)}
    return json.dumps({"type": event, "timestamp": entry["at"], "data": data}, ensure_ascii=False, separators=(",", ":"))


def test_body(endpoint: Endpoint, uow: Uow) -> str:
    """Return the JSON of a message that only asks whether anybody is there."""
    told = {"type": "webhooks.endpoint.test", "timestamp": uow.now.isoformat().replace("+00:00", "Z"), "data": {"id": endpoint.id}}
    return json.dumps(told, separators=(",", ":"))
