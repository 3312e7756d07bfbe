"""Clients, inquiries, leads and deals, the dealers who sell, and the ways they go."""

from pathlib import Path

from crmkit import Plugin, _

from .calendar import WorkCalendar, read_hours
from .entities import (
    Absence,
    Assignee,
    AssignmentRule,
    Assigns,
    Channel,
    Company,
    Contact,
    ContactPoint,
    Deal,
    Dealer,
    DealLine,
    ForecastCategory,
    Inquiry,
    Lead,
    LostReason,
    PointOfSale,
    Registration,
    Source,
    Way,
)
from .hooks import Specs
from .normal import inn_is_right, normal_email, normal_phone
from .opened import is_open
from .pipelines import INQUIRIES, LEADS, REGISTRATIONS, SALES
from .roles import ROLES
from .settings import SalesSettings

_ENTITIES = [f"entities.{m}" for m in ("people", "network", "funnel", "people_at_work", "registrations")]
_MODULES = [
    "roles", "pipelines", "points", "response", "conversion", "assignment", "registering", "steps", "automations", "commands", "site", "story",
    "alike", "demo", "simulation", "reports.frame", "reports.routes", "looks", "dashboard", "dashboard.tiles", "dashboard.home",
]  # fmt: skip

plugin = Plugin(
    "sales",
    label=_("Sales", ru="Продажи"),
    modules=[f"{__name__}.{m}" for m in (*_ENTITIES, *_MODULES)],
    requires=("activities",),
    follows=("accounts", "duplicates", "views"),
    settings=SalesSettings,
    specs=Specs,
    migrations=Path(__file__).parent / "migrations",
)

__all__ = [
    "INQUIRIES", "LEADS", "REGISTRATIONS", "ROLES", "SALES", "Absence", "Assignee", "AssignmentRule", "Assigns", "Channel", "Company", "Contact",
    "ContactPoint", "Deal", "DealLine", "Dealer", "ForecastCategory", "Inquiry", "Lead", "LostReason", "PointOfSale", "Registration",
    "SalesSettings", "Source", "Specs", "Way", "WorkCalendar", "inn_is_right", "is_open", "normal_email", "normal_phone", "plugin", "read_hours",
]  # fmt: skip
