"""Duplicates: what a plugin declares about an entity, found while typing, by a scan, and after every change."""

from crmkit import Plugin, _

from .compare import (
    Address,
    Birthday,
    City,
    CompanyName,
    Comparison,
    EmailAddress,
    Exact,
    Identifier,
    Level,
    Part,
    PersonName,
    PhoneNumber,
    PostCode,
    Seen,
    Text,
)
from .declare import Duplicates
from .entities import Pair, PairState, Scan
from .settings import DuplicatesSettings
from .specs import DuplicatesSpecs

plugin = Plugin(
    "duplicates",
    label=_("Duplicates", ru="Дубликаты"),
    modules=[f"{__name__}.{m}" for m in ("entities", "tables", "registry", "index", "scan", "review", "live", "verbs", "offers", "looks", "pages")],
    settings=DuplicatesSettings,
    specs=DuplicatesSpecs,
)

__all__ = [
    "Address", "Birthday", "City", "CompanyName", "Comparison", "Duplicates", "DuplicatesSettings", "DuplicatesSpecs", "EmailAddress", "Exact",
    "Identifier", "Level", "Pair", "PairState", "Part", "PersonName", "PhoneNumber", "PostCode", "Scan", "Seen", "Text", "plugin",
]  # fmt: skip
