"""Who may use the dialer, and what the usual roles get."""

from __future__ import annotations

from crmkit import Crm, Permission, Role, _, hookimpl

DIAL = Permission("telephony_dialer.use", _("Have tasks dialled", ru="Работать с автонабором"))
ROLES = (
    Role("manager", {"telephony_dialer.use": "own"}, label=_("Sales manager", ru="Менеджер по продажам")),
    Role("team_lead", {"telephony_dialer.use": "own"}, label=_("Team lead", ru="Руководитель группы")),
    Role("director", {"telephony_dialer.use": "all"}, label=_("Sales director", ru="Директор по продажам")),
)


@hookimpl
def crm_role_offers(crm: Crm) -> tuple[Role, ...]:
    """Offer the dialer's part of the usual roles."""
    return ROLES
