"""What the work queue keeps."""

from .old_clients import OldClient, OldClientLink, Result, StackState
from .recurring import Recurring
from .sessions import Pause, WorkSession
from .tasks import Task, TaskState

__all__ = ["OldClient", "OldClientLink", "Pause", "Recurring", "Result", "StackState", "Task", "TaskState", "WorkSession"]
