"""crmkit: a CRM framework made of plugins. Everything a plugin needs is imported from here."""

from .core.access import ANONYMOUS, SYSTEM, Actor, Role
from .core.clock import Clock, MovableClock, SystemClock
from .core.compose import Crm
from .core.errors import (
    CompositionError,
    Conflict,
    CrmError,
    EndlessLoop,
    Forbidden,
    Invalid,
    Misuse,
    NotFound,
    NotRunning,
    Problem,
    Refusal,
    Stale,
    Unauthenticated,
    Unavailable,
)  # fmt: skip
from .core.events import Archived, Changed, Created, Moved, Restored, Tick, Undone
from .core.kind import Kind
from .core.lists import ListRequest, Page
from .core.live import Message
from .core.model import About, Entity, Extension, Mapped, Owned, Staged, column, relation
from .core.pipeline import LOST, OPEN, WON, Outcome, Pipeline, Stage, StageOf, Verdict
from .core.plugin import (
    PUBLIC,
    Permission,
    Plugin,
    Streamed,
    Topic,
    Upload,
    after,
    command,
    every,
    hookimpl,
    hookspec,
    on,
    on_enter,
    on_leave,
    outside,
    route,
    while_in,
)  # fmt: skip
from .core.query import Query
from .core.scopes import RowScope
from .core.search.hits import Hit, Matched
from .core.text import Text, _
from .core.types import Choice, Email, Exact, Money, Phone, UtcDateTime
from .core.uow import Uow
from .core.written import Written

__version__ = "0.1.0"
__all__ = [
    "ANONYMOUS", "LOST", "OPEN", "PUBLIC", "SYSTEM", "WON", "About", "Actor", "Archived", "Changed", "Choice", "Clock",
    "CompositionError", "Conflict", "Created", "Crm", "CrmError", "Email", "EndlessLoop", "Entity", "Exact", "Extension",
    "Forbidden", "Hit", "Invalid", "Kind", "ListRequest", "Mapped", "Matched", "Message", "Misuse", "Money", "MovableClock",
    "Moved", "NotFound", "NotRunning", "Outcome", "Owned", "Page", "Permission", "Phone", "Pipeline", "Plugin", "Problem",
    "Query", "Refusal", "Restored", "Role", "RowScope", "Stage", "StageOf", "Staged", "Stale", "Streamed", "SystemClock",
    "Text", "Tick", "Topic", "Unauthenticated", "Unavailable", "Undone", "Uow", "Upload", "UtcDateTime", "Verdict", "Written",
    "_", "after", "column", "command", "every", "hookimpl", "hookspec", "on", "on_enter", "on_leave", "outside", "relation",
    "route", "while_in",
]  # fmt: skip
