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
from .core.forgetting import forget
from .core.kind import Kind
from .core.lists import ListRequest, Page
from .core.live import Message
from .core.many import Many, change_many
from .core.merge import Merged, merge
from .core.merge import plan as plan_merge
from .core.model import About, Entity, Extension, Mapped, Owned, Staged, column, relation
from .core.pipeline import LOST, OPEN, WON, Outcome, Pipeline, Stage, StageOf, Verdict
from .core.plugin import (
    PUBLIC,
    Later,
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
from .core.undo import Preview, undo
from .core.undo import preview as preview_undo
from .core.uow import Uow
from .core.written import Written

__version__ = "0.1.0"
__all__ = [
    "ANONYMOUS", "LOST", "OPEN", "PUBLIC", "SYSTEM", "WON", "About", "Actor", "Archived", "Changed", "Choice", "Clock",
    "CompositionError", "Conflict", "Created", "Crm", "CrmError", "Email", "EndlessLoop", "Entity", "Exact", "Extension",
    "Forbidden", "Hit", "Invalid", "Kind", "Later", "ListRequest", "Many", "Mapped", "Matched", "Merged", "Message", "Misuse", "Money",
    "MovableClock", "Moved", "NotFound", "NotRunning", "Outcome", "Owned", "Page", "Permission", "Phone", "Pipeline", "Plugin",
    "Preview", "Problem", "Query", "Refusal", "Restored", "Role", "RowScope", "Stage", "StageOf", "Staged", "Stale", "Streamed",
    "SystemClock", "Text", "Tick", "Topic", "Unauthenticated", "Unavailable", "Undone", "Uow", "Upload", "UtcDateTime",
    "Verdict", "Written", "_", "after", "change_many", "column", "command", "every", "forget", "hookimpl", "hookspec", "merge",
    "on", "on_enter", "on_leave", "outside", "plan_merge", "preview_undo", "relation", "route", "undo", "while_in",
]  # fmt: skip
