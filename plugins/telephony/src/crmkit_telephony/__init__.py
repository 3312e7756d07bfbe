"""Calls: screen pop, call control, recordings, and a port for telephone providers."""

from pathlib import Path

from crmkit import Plugin, _

from .entities import Call, CallState, Direction, DoNotCall, Line, OurNumber
from .events import CallEvent, EventType, Outcome
from .hooks import Specs
from .provider import (
    Active,
    Capability,
    Finding,
    Heard,
    Leg,
    NotThere,
    Originate,
    Past,
    Placed,
    Provider,
    ProviderError,
    Received,
    Recording,
    Unknown,
    provider_named,
    providers,
)
from .roles import ROLES
from .settings import TelephonySettings

_ENTITIES = [f"entities.{m}" for m in ("calls", "lines")]
_MODULES = ["tables", "roles"]

plugin = Plugin(
    "telephony",
    label=_("Telephony", ru="Телефония"),
    modules=[f"{__name__}.{m}" for m in (*_ENTITIES, *_MODULES)],
    requires=("sales",),
    follows=("accounts", "activities"),
    settings=TelephonySettings,
    specs=Specs,
    migrations=Path(__file__).parent / "migrations",
)

__all__ = [
    "ROLES", "Active", "Call", "CallEvent", "CallState", "Capability", "Direction", "DoNotCall", "EventType", "Finding", "Heard", "Leg", "Line",
    "NotThere", "Originate", "OurNumber", "Outcome", "Past", "Placed", "Provider", "ProviderError", "Received", "Recording", "Specs",
    "TelephonySettings", "Unknown", "plugin", "provider_named", "providers",
]  # fmt: skip
