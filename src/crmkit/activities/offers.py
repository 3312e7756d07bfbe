"""What activities bring to the roles an administrator starts from."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import Crm, Role, hookimpl


@hookimpl
def crm_role_offers(crm: Crm) -> Iterable[Role]:
    """Everybody reads what is said about records they see, and changes what is their own; who leads, what is their people's."""
    own = {f"activities.{kind}.{action}": "own" for kind in ("note", "file", "activity") for action in ("create", "change", "archive")}
    yield Role("everybody", {"activities.*.read": "all", **own, "activities.work": "own"})
    for name in ("team_lead", "dealer_head"):
        yield Role(name, {**dict.fromkeys(own, "below"), "activities.work": "below"})
    yield Role("director", {"activities.*": "all"})
