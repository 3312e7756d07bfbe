"""Everything sales remembers."""

from .funnel import (
    ATTRIBUTION,
    Channel,
    Deal,
    DealLine,
    ForecastCategory,
    Inquiry,
    Lead,
    LostReason,
    Source,
)
from .network import Dealer, PointOfSale
from .people import Company, Contact, ContactPoint, Way
from .people_at_work import Absence, Assignee, AssignmentRule, Assigns
from .registrations import Registration

__all__ = [
    "ATTRIBUTION", "Absence", "Assignee", "AssignmentRule", "Assigns", "Channel", "Company", "Contact", "ContactPoint", "Deal", "DealLine",
    "Dealer", "ForecastCategory", "Inquiry", "Lead", "LostReason", "PointOfSale", "Registration", "Source", "Way",
]  # fmt: skip
