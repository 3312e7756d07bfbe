"""Two years of follow-up: feedback from people who wear prostheses."""

from pathlib import Path

from crmkit import Plugin, _

from .calling import Number, align, may_be_called, numbers
from .cards import Change, Facts, Replanned, State, due, facts_of, preview, replan
from .collecting import Given, answers_of_card, asked_of, collect, value_of, weighed
from .correcting import Corrected, correct
from .crossing import cross, cross_all, crosses_on, due_to_cross, preview_crossing
from .days import today
from .devices import end_device, found_again, issue_device
from .entities import (
    FOLLOW_UP,
    INCIDENT_PIPELINES,
    SERVICE,
    Answer,
    Device,
    DeviceProtocol,
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
from .hooks import Specs
from .incidents import close_incident, open_incident, open_incidents, open_pause, preview_closing, reopen_incident
from .opening import open_service
from .planning import calendar_of
from .protocols import Body, Offset, Period, Question
from .publish import body_of, in_force, new_draft, period_label, protocol_of, publish, save_draft
from .reading import read, read_toml, write
from .roles import ROLES
from .settings import FeedbackSettings, Reason
from .stages import service_stage, stage_of
from .versions import followers, move_everybody, move_on, preview_move

_ENTITIES = [f"entities.{m}" for m in ("protocols", "services", "cards", "incidents")]
_MODULES = [
    "tables", "roles", "cards", "devices", "opening", "incidents", "merging", "collecting", "crossing", "versions", "following", "commands",
    "checking", "planning_anew", "calling", "correcting", "simulating", "privacy", "privacy_page", "reports.routes", "reports.page",
    "reports.recall_page", "looks", "panels", "work", "calls", "screen.asking", "screen.incidents", "screen.protocols", "screen.moving", "demo",
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
    specs=Specs,
    suggests={"taskqueue": {"kinds": {"follow_up": FOLLOW_UP_KIND}}},
    migrations=Path(__file__).parent / "migrations",
)

__all__ = [
    "FOLLOW_UP", "INCIDENT_PIPELINES", "ROLES", "SERVICE", "Answer", "Body", "Change", "Corrected", "Device", "DeviceProtocol", "DeviceState",
    "Ended", "Facts", "Feedback", "FeedbackSettings", "FollowUpCall", "Given", "Group", "Incident", "Number", "Offset", "Pause", "Period",
    "Policy", "Protocol", "ProtocolVersion", "Question", "Reason", "Replanned", "Respondent", "Service", "Skipped", "Specs", "State", "Urgency",
    "align", "answers_of_card", "asked_of", "body_of", "calendar_of", "close_incident", "collect", "correct", "cross", "cross_all",
    "crosses_on", "due", "due_to_cross", "end_device", "facts_of", "followers", "found_again", "in_force", "issue_device", "may_be_called",
    "move_everybody", "move_on", "new_draft", "numbers", "open_incident", "open_incidents", "open_pause", "open_service", "period_label",
    "plugin", "preview", "preview_closing", "preview_crossing", "preview_move", "protocol_of", "publish", "read", "read_toml",
    "reopen_incident", "replan", "save_draft", "service_stage", "stage_of", "today", "value_of", "weighed", "write",
]  # fmt: skip
