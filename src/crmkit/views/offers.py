"""What views bring to the roles an administrator starts from."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import Crm, Role, hookimpl


@hookimpl
def crm_role_offers(crm: Crm) -> Iterable[Role]:
    """Everybody keeps views of their own and sees those that are shared; who leads shares them."""
    yield Role("everybody", {"views.view.read": "shared", "views.view.*": "own"})
    for name in ("director", "team_lead", "dealer_head"):
        yield Role(name, {"views.share": "all"})
