"""Calls: screen pop, call control, recordings, and a port for telephone providers."""

from pathlib import Path

from crmkit import Plugin, _

from .commands import said
from .entities import Call, CallState, Direction, DoNotCall, Line, OurNumber
from .events import CallEvent, EventType, Outcome
from .finding import Found, calls_of, do_not_call, find, line_of
from .folding import Folded, fold
from .hooking import hook_path, new_secret
from .hooks import Specs
from .numbers import e164
from .ordering import call, can, hang_up, hold, resume, transfer
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
from .reading import of_active, of_past
from .roles import ROLES, SET_UP
from .secret_files import read_secret
from .settings import TelephonySettings
from .taking import PHONE, my_calls, parties, take

_ENTITIES = [f"entities.{m}" for m in ("calls", "lines")]
_MODULES = [
    "tables", "roles", "taking", "ordering", "carrying", "reconciling", "missing", "hooking", "aligning", "commands",
    "looks", "panels", "screen.pages", "screen.pop", "screen.recording", "reports.page",
]  # fmt: skip

plugin = Plugin(
    "telephony",
    label=_("Telephony", ru="Телефония"),
    modules=[f"{__name__}.{m}" for m in (*_ENTITIES, *_MODULES)],
    requires=("activities", "sales"),
    follows=("accounts",),
    settings=TelephonySettings,
    specs=Specs,
    migrations=Path(__file__).parent / "migrations",
)

__all__ = [
    "PHONE", "ROLES", "SET_UP", "Active", "Call", "CallEvent", "CallState", "Capability", "Direction", "DoNotCall", "EventType", "Finding",
    "Folded", "Found", "Heard", "Leg", "Line", "NotThere", "Originate", "OurNumber", "Outcome", "Past", "Placed", "Provider", "ProviderError",
    "Received", "Recording", "Specs", "TelephonySettings", "Unknown", "call", "calls_of", "can", "do_not_call", "e164", "find", "fold", "hang_up",
    "hold", "hook_path", "line_of", "my_calls", "new_secret", "of_active", "of_past", "parties", "plugin", "provider_named", "providers",
    "read_secret", "resume", "said", "take", "transfer",
]  # fmt: skip
