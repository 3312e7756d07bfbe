"""Mango Office among the providers of telephony."""

from __future__ import annotations

from crmkit import Crm, hookimpl
from crmkit_telephony import Provider

from .provider import MangoProvider


@hookimpl
def telephony_providers(crm: Crm) -> tuple[Provider, ...]:
    """Offer Mango Office."""
    return (MangoProvider(crm),)
