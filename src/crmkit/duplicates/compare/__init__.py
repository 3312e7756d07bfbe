"""What can be compared: each kind of value has its own normaliser, its own kinds of likeness, and its own keys."""

from .base import Comparison, Key, Level, Part, Seen, part_name
from .contact import EmailAddress, PhoneNumber
from .people import Birthday, PersonName
from .places import Address, City, PostCode
from .plain import CompanyName, Exact, Identifier, Text

__all__ = [
    "Address", "Birthday", "City", "CompanyName", "Comparison", "EmailAddress", "Exact", "Identifier", "Key", "Level", "Part",
    "PersonName", "PhoneNumber", "PostCode", "Seen", "Text", "part_name",
]  # fmt: skip
