"""What is kept of people who wear prostheses."""

from .cards import FOLLOW_UP, Answer, Feedback, FollowUpCall, Skipped
from .incidents import INCIDENT_PIPELINES, OTHER, REFIT, REMAKE, REPAIR, VISIT, Incident, Pause, Policy, Urgency
from .protocols import Group, Protocol, ProtocolVersion
from .services import SERVICE, Device, DeviceProtocol, DeviceState, Ended, Respondent, Service

__all__ = [
    "FOLLOW_UP", "INCIDENT_PIPELINES", "OTHER", "REFIT", "REMAKE", "REPAIR", "SERVICE", "VISIT", "Answer", "Device", "DeviceProtocol", "DeviceState",
    "Ended", "Feedback", "FollowUpCall", "Group", "Incident", "Pause", "Policy", "Protocol", "ProtocolVersion", "Respondent", "Service", "Skipped",
    "Urgency",
]  # fmt: skip
