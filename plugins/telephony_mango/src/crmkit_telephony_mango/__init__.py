"""Mango Office as a telephone provider of crmkit."""

from crmkit import Plugin, _

from .provider import MangoProvider
from .settings import MangoSettings

plugin = Plugin(
    "telephony_mango",
    label=_("Mango Office", ru="Mango Office"),
    modules=[f"{__name__}.{m}" for m in ("offering", "tab")],
    requires=("telephony",),
    follows=("accounts",),
    settings=MangoSettings,
)

__all__ = ["MangoProvider", "MangoSettings", "plugin"]
