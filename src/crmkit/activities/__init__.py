"""Notes, files and activities about any record: what was said, what was sent, what is to be done next."""

from crmkit import Plugin, _

from . import demo
from .entities import OVERDUE, Activity, File, Note
from .hooks import Specs
from .kinds import ActivityKind
from .planning import has_next_step, next_step, next_steps, plan
from .settings import ActivitiesSettings
from .store import FileStore
from .store.disk import DiskStore

_MODULES = ("entities", "kinds", "checks", "planning", "timeline", "keeping", "upload", "download", "offers", "looks", "tiles", "pages", "cards")

plugin = Plugin(
    "activities",
    label=_("Activities", ru="Дела и файлы"),
    modules=[f"{__name__}.{m}" for m in _MODULES],
    settings=ActivitiesSettings,
    specs=Specs,
)

__all__ = [
    "OVERDUE", "ActivitiesSettings", "Activity", "ActivityKind", "DiskStore", "File", "FileStore", "Note", "demo", "has_next_step",
    "next_step", "next_steps", "plan", "plugin",
]  # fmt: skip
