"""The test kit: fixtures for pytest, a clock that is moved by hand, and a conformance check for plugins.

pytest finds the fixtures by itself; this module has what tests import: `check_plugin`, and the fixtures' types.
"""

from __future__ import annotations

import typing as t

from .check import Findings, check_plugin
from .checks.templates import template_problems
from .kit import Kit, Seen
from .queries import Queries

if t.TYPE_CHECKING:
    import datetime as dt

    from crmkit import Entity, Extension, Message, StageOf

E = t.TypeVar("E", bound="Entity")


class Make(t.Protocol):
    """The `make` fixture: saves a record with sensible values for required fields that are not given."""

    def __call__(
        self, cls: type[E], *extensions: Extension[t.Any], into: StageOf[t.Any] | None = None, **values: t.Any
    ) -> E:
        """Save a record of `cls` and return it."""


class Deliver(t.Protocol):
    """The `deliver` fixture: runs everything due now, or (`until`) everything on the way to a later moment."""

    def __call__(self, until: dt.datetime | dt.timedelta | None = None) -> int:
        """Run it, and return how much that was."""


Emitted: t.TypeAlias = Seen[object]
Published: t.TypeAlias = "Seen[Message]"

__all__ = ["Deliver", "Emitted", "Findings", "Kit", "Make", "Published", "Queries", "Seen", "check_plugin", "template_problems"]
