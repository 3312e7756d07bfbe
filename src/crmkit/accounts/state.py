"""What one composed CRM remembers between requests: its hasher, and the roles and teams as they were last read."""

from __future__ import annotations

import datetime as dt
import threading
import typing as t
import weakref

import attrs

if t.TYPE_CHECKING:
    from crmkit import Crm

    from .passwords import Passwords

Stamp = tuple[t.Any, ...]
NAMES_FOR = dt.timedelta(minutes=1)


@attrs.define(eq=False)
class State:
    """Roles and teams come with a stamp, which every sign of life compares: what another process changed is noticed at once."""

    roles: Stamp | None = None
    teams: Stamp | None = None
    tree: dict[int, int | None] | None = None
    passwords: Passwords | None = None
    names: dict[str, tuple[dt.datetime, dict[int, str]]] = attrs.field(factory=dict)
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    def names_of(self, of: str, now: dt.datetime) -> dict[int, str]:
        """Return the names of people or teams that were read in the last minute; what is put into it is remembered."""
        since, names = self.names.get(of, (now, {}))
        if now - since > NAMES_FOR or now < since or of not in self.names:
            names = {}
            self.names[of] = now, names
        return names

    def forget_names(self, of: str) -> None:
        """Forget the names of people or teams."""
        self.names.pop(of, None)


_STATES: weakref.WeakKeyDictionary[Crm, State] = weakref.WeakKeyDictionary()


def state_of(crm: Crm) -> State:
    """Return what is remembered of a CRM."""
    found = _STATES.get(crm)
    return found if found is not None else _STATES.setdefault(crm, State())
