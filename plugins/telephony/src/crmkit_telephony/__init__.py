"""Calls: screen pop, call control, recordings, and a port for telephone providers."""

from pathlib import Path

from crmkit import Plugin, _

from .aligning import align_soon
from .commands import said
from .demo import demo_calls
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
from .reports.figures import Ask, half_hour, in_zone, span_of
from .reports.page import report_of
from .roles import CALL, REPORTS, ROLES, SET_UP
from .screen.mine import number_of
from .secret_files import read_secret
from .settings import TelephonySettings, public_url
from .taking import PHONE, my_calls, parties, take

_ENTITIES = [f"entities.{m}" for m in ("calls", "lines")]
_MODULES = [
    "tables", "roles", "taking", "ordering", "carrying", "reconciling", "missing", "hooking", "aligning", "commands",
    "looks", "panels", "demo", "health", "screen.set_up", "screen.pages", "screen.pop", "screen.recording", "reports.page",
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
    "CALL", "PHONE", "REPORTS", "ROLES", "SET_UP", "Active", "Ask", "Call", "CallEvent", "CallState", "Capability", "Direction", "DoNotCall",
    "EventType", "Finding", "Folded", "Found", "Heard", "Leg", "Line", "NotThere", "Originate", "OurNumber", "Outcome", "Past", "Placed",
    "Provider", "ProviderError", "Received", "Recording", "Specs", "TelephonySettings", "Unknown", "align_soon", "call", "calls_of", "can",
    "demo_calls", "do_not_call", "e164", "find", "fold", "half_hour", "hang_up", "hold", "hook_path", "in_zone", "line_of", "my_calls",
    "new_secret", "number_of", "of_active", "of_past", "parties", "plugin", "provider_named", "providers", "public_url", "read_secret",
    "report_of", "resume", "said", "span_of", "take", "transfer",
]  # fmt: skip
