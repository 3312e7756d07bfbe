"""Telfin (Telphin, RingMe) as a telephone provider of crmkit."""

from pathlib import Path

from crmkit import Plugin, _

from .provider import TelfinProvider
from .settings import TelfinSettings

_MODULES = ["tables", "provider", "checking", "tab", "verbs", "exchange.running", "exchange.page", "exchange.demo"]

plugin = Plugin(
    "telephony_telfin",
    label=_("Telfin", ru="Телфин"),
    modules=[f"{__name__}.{m}" for m in _MODULES],
    requires=("telephony",),
    follows=("accounts",),
    settings=TelfinSettings,
    migrations=Path(__file__).parent / "migrations",
)

__all__ = ["TelfinProvider", "TelfinSettings", "plugin"]
