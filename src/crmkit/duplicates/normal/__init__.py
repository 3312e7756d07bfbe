"""Bringing what people type to one spelling, so that it can be compared."""

from .address import Place, read_address
from .company import company_name
from .dates import read_date
from .email import read_email
from .names import Name, akin, full_name, read_name
from .phone import read_phone, say_phone
from .text import fold, latin, sound, words

__all__ = [
    "Name", "Place", "akin", "company_name", "fold", "full_name", "latin", "read_address", "read_date", "read_email", "read_name",
    "read_phone", "say_phone", "sound", "words",
]  # fmt: skip
