"""A dialer: the next task dials by itself, and closes by itself when nobody answers."""

from pathlib import Path

from crmkit import Plugin, _

from .choosing import Refused
from .machine import State, Why
from .policy import Next, Step, Tried, allowed_from, choose, what_follows
from .roles import ROLES
from .settings import DialerSettings

_MODULES = ["tables", "roles", "store", "dialing", "following", "finishing", "incoming", "commands", "panels", "figures", "demo"]

plugin = Plugin(
    "telephony_dialer",
    label=_("Dialer", ru="Автонабор"),
    modules=[f"{__name__}.{m}" for m in _MODULES],
    requires=("sales", "taskqueue", "telephony"),
    follows=("accounts", "activities"),
    settings=DialerSettings,
    migrations=Path(__file__).parent / "migrations",
)

__all__ = ["ROLES", "DialerSettings", "Next", "Refused", "State", "Step", "Tried", "Why", "allowed_from", "choose", "plugin", "what_follows"]
