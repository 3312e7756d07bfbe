"""What one composed CRM remembers between requests: its hasher, and the roles and teams as they were last read."""

from __future__ import annotations

import threading
import typing as t
import weakref

import attrs

if t.TYPE_CHECKING:
    from crmkit import Crm

    from .passwords import Passwords

Stamp = tuple[t.Any, ...]


@attrs.define(eq=False)
class State:
    """Roles and teams come with a stamp, which every sign of life compares: what another process changed is noticed at once."""

    roles: Stamp | None = None
    teams: Stamp | None = None
    tree: dict[int, int | None] | None = None
    passwords: Passwords | None = None
    lock: threading.Lock = attrs.field(factory=threading.Lock)


_STATES: weakref.WeakKeyDictionary[Crm, State] = weakref.WeakKeyDictionary()


def state_of(crm: Crm) -> State:
    """Return what is remembered of a CRM."""
    found = _STATES.get(crm)
    return found if found is not None else _STATES.setdefault(crm, State())
