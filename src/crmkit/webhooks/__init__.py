"""Webhooks: other systems are told what happens here, signed, again and again until they have heard."""

from crmkit import Plugin, _

from .entities import Delivery, Endpoint, Payload, State
from .settings import WebhooksSettings
from .upkeep import EndpointDisabled

MODULES = ("entities", "checks", "commands", "listening", "dispatch", "attempt", "upkeep", "looks", "page_form", "pages")
plugin = Plugin(
    "webhooks",
    label=_("Webhooks", ru="Вебхуки"),
    modules=[f"{__name__}.{m}" for m in MODULES],
    settings=WebhooksSettings,
)

__all__ = ["Delivery", "Endpoint", "EndpointDisabled", "Payload", "State", "WebhooksSettings", "plugin"]
