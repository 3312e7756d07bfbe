"""The manager's screen: a work queue that decides which task comes next."""

from pathlib import Path

from crmkit import Plugin, _

from .clients import put_back
from .deciding import Candidate, Choice, Question, decide
from .ending import complete, leave, postpone
from .entities import OldClient, OldClientLink, Pause, Recurring, Result, StackState, Task, TaskState, WorkSession
from .filling import take_in
from .following import Retry
from .handing import Turn, current, next_turn, renew, why
from .hooks import Specs
from .kinds import Ask, Outcome, TaskKind
from .load import Day, days_of, free_days, place
from .planning import in_working_time
from .roles import ROLES
from .sessions import pause, resume, start, stop
from .settings import TaskqueueSettings
from .zones import in_client_hours, is_awake, zone_of_number

_ENTITIES = [f"entities.{m}" for m in ("tasks", "old_clients", "recurring", "sessions")]
_MODULES = [
    "tables", "roles", "load", "filling", "making", "days", "demo", "handing", "putting_right", "sessions", "aligning", "repeating",
    "checking", "commands", "forgetting", "simulating", "looks", "panels", "in_force", "board.page", "board.actions",
    "reports.page", "reports.routes", "screen.pages", "screen.tile",
]  # fmt: skip

plugin = Plugin(
    "taskqueue",
    label=_("Work queue", ru="Очередь задач"),
    modules=[f"{__name__}.{m}" for m in (*_ENTITIES, *_MODULES)],
    requires=("sales",),
    follows=("accounts", "activities"),
    settings=TaskqueueSettings,
    specs=Specs,
    migrations=Path(__file__).parent / "migrations",
)

__all__ = [
    "ROLES", "Ask", "Candidate", "Choice", "Day", "OldClient", "OldClientLink", "Outcome", "Pause", "Question", "Recurring", "Result", "Retry",
    "Specs", "StackState", "Task", "TaskKind", "TaskState", "TaskqueueSettings", "Turn", "WorkSession", "complete", "current", "days_of", "decide",
    "free_days", "in_client_hours", "in_working_time", "is_awake", "leave", "next_turn", "pause", "place", "plugin", "postpone", "put_back", "renew",
    "resume", "start", "stop", "take_in", "why", "zone_of_number",
]  # fmt: skip
