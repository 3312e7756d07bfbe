"""Companies, contacts and deals, and the pipeline a deal goes through."""

from crmkit import Plugin, _

from .entities import Company, Contact, Deal, FollowUp
from .pipelines import SALES
from .settings import SalesSettings

plugin = Plugin(
    "sales",
    label=_("Sales", ru="Продажи"),
    modules=[f"{__name__}.{m}" for m in ("entities", "pipelines", "automations", "commands", "demo", "simulation")],
    settings=SalesSettings,
)

__all__ = ["SALES", "Company", "Contact", "Deal", "FollowUp", "SalesSettings", "plugin"]
