"""Names of events, ``sales.deal.created``, and patterns of them, ``sales.*.created``."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator

from crmkit import Crm

ACTIONS = ("created", "changed", "moved", "archived", "restored", "merged")
OWN = "webhooks."


def kinds_of(crm: Crm) -> Iterator[str]:
    """Yield the kinds of records that events are about; our own are not among them, or telling would never end."""
    return (key for key in crm.kinds if not key.startswith(OWN))


def events_of(crm: Crm) -> list[str]:
    """Return the names of all events of a CRM."""
    return [f"{key}.{action}" for key in kinds_of(crm) for action in ACTIONS if action != "moved" or crm.kinds[key].staged]


def matches(event: str, patterns: Iterable[str]) -> bool:
    """True when a name fits one of the patterns; ``*`` stands for anything."""
    return any(fnmatch.fnmatchcase(event, pattern) for pattern in patterns)
