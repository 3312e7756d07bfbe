"""Where the time goes: how long each step of serving a client takes, against norms, with coaching."""

from pathlib import Path

from crmkit import Plugin, _

from .entities import ASSIGNMENTS, Assignment, Case, Course, EndedHow, Log, Mentor, Norm, NormFrom, Step, Worker
from .roles import ROLES
from .settings import MonitorSettings, StepPages

_ENTITIES = [f"entities.{m}" for m in ("steps", "cases", "coaching")]
_MODULES = [
    "tables", "roles", "demo", "simulating", "steps", "cases", "recounting", "taking", "hearing", "serving", "retention",
    "exchange.keeping", "exchange.verbs", "exchange.routes", "exchange.page",
    *(f"norming.{m}" for m in ("entering", "recomputing", "page", "proposals")),
    *(f"dashboard.{m}" for m in ("page", "profile", "timeline", "export", "home")),
    *(f"coaching.{m}" for m in ("giving", "reminding", "calendar_file", "measuring", "coach_page", "mine", "effect_page", "catalogue", "told")),
    "coaching.steps_tab",
]  # fmt: skip

plugin = Plugin(
    "process_monitor",
    label=_("Process monitor", ru="Монитор процесса"),
    modules=[f"{__name__}.{m}" for m in (*_ENTITIES, *_MODULES)],
    requires=("activities", "sales"),
    follows=("accounts", "taskqueue", "telephony"),
    settings=MonitorSettings,
    migrations=Path(__file__).parent / "migrations",
)

__all__ = [
    "ASSIGNMENTS", "ROLES", "Assignment", "Case", "Course", "EndedHow", "Log", "Mentor", "MonitorSettings", "Norm", "NormFrom", "Step", "StepPages",
    "Worker", "plugin",
]  # fmt: skip
