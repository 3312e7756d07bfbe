"""Two years of follow-up: feedback from people who wear prostheses."""

from pathlib import Path

from crmkit import Plugin, _

from .entities import (
    FOLLOW_UP,
    INCIDENT_PIPELINES,
    SERVICE,
    Answer,
    Device,
    DeviceState,
    Ended,
    Feedback,
    FollowUpCall,
    Group,
    Incident,
    Pause,
    Policy,
    Protocol,
    ProtocolVersion,
    Respondent,
    Service,
    Skipped,
    Urgency,
)
from .roles import ROLES
from .settings import FeedbackSettings, Reason

_ENTITIES = [f"entities.{m}" for m in ("protocols", "services", "cards", "incidents")]
_MODULES = [
    "tables", "roles",
]  # fmt: skip
FOLLOW_UP_KIND = {
    "label": {"en": "Follow-up call", "ru": "Звонок наблюдения"}, "priority": 2, "minutes": 10, "dials": True, "icon": "heart-pulse",
    "retry_after": ["2h", "1d", "2d"],
    "outcomes": {
        "asked": {"label": {"en": "Asked", "ru": "Опрошен"}},
        "call_back": {"label": {"en": "Call back at", "ru": "Перезвонить"}, "then": "again"},
        "no_answer": {"label": {"en": "No answer", "ru": "Не дозвонились"}, "then": "retry", "reached": False},
    },
}  # fmt: skip

plugin = Plugin(
    "prosthesis_feedback",
    label=_("Prosthesis follow-up", ru="Наблюдение за протезами"),
    modules=[f"{__name__}.{m}" for m in (*_ENTITIES, *_MODULES)],
    requires=("sales", "taskqueue"),
    follows=("accounts", "activities", "telephony"),
    settings=FeedbackSettings,
    suggests={"taskqueue": {"kinds": {"follow_up": FOLLOW_UP_KIND}}},
    migrations=Path(__file__).parent / "migrations",
)

__all__ = [
    "FOLLOW_UP", "INCIDENT_PIPELINES", "ROLES", "SERVICE", "Answer", "Device", "DeviceState", "Ended", "Feedback", "FeedbackSettings",
    "FollowUpCall", "Group", "Incident", "Pause", "Policy", "Protocol", "ProtocolVersion", "Reason", "Respondent", "Service", "Skipped",
    "Urgency", "plugin",
]  # fmt: skip
