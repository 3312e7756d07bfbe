"""What duplicates bring to the roles an administrator starts from."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import Crm, Role, hookimpl


@hookimpl
def crm_role_offers(crm: Crm) -> Iterable[Role]:
    """Everybody is warned while typing; who leads decides about pairs of records they see."""
    yield Role("everybody", {"duplicates.check": "all"})
    for name in ("team_lead", "dealer_head", "operator"):
        yield Role(name, {"duplicates.pair.read": "all", "duplicates.decide": "all"})
    yield Role("director", {"duplicates.*": "all"})
