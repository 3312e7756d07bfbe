"""Telephone numbers in one form, however they are written."""

from __future__ import annotations

import typing as t
from collections.abc import MutableMapping

from crmkit import Crm, Invalid, Problem, Uow
from crmkit_sales import SalesSettings, normal_phone

from .settings import TelephonySettings


def e164(given: str | None, crm: Crm) -> str | None:
    """Return a number as E.164, None for what is none: a word, a colleague's extension, a hidden number.

    ``8 (912) 345-67-89``, ``7912…`` and ``+7912…`` are one number where the country of the settings is Russia.
    """
    text = (given or "").strip().partition("@")[0]
    digits = "".join(c for c in text if c.isdecimal())
    if "*" in text or len(digits) <= crm[TelephonySettings].internal_digits:
        return None
    region = crm[SalesSettings].country
    for tried in (text, f"+{digits}") if not text.startswith("+") else (text,):
        try:
            return normal_phone(tried, region)
        except ValueError:
            continue
    return None


def normalised(values: MutableMapping[str, t.Any], name: str, uow: Uow) -> None:
    """Bring a field into one form; `Invalid` names it."""
    value = values.get(name)
    if value:
        try:
            values[name] = normal_phone(value, uow.crm[SalesSettings].country)
        except ValueError as error:
            raise Invalid(problems=[Problem(name, "invalid", error.args[0])]) from error
