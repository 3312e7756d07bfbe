"""Working as one of the CRM's people instead of as the system."""

from __future__ import annotations

import typing as t

from crmkit.core.errors import Misuse, NotFound

from .speak import _

if t.TYPE_CHECKING:
    from crmkit import Actor, Crm


def actor_of(crm: Crm, login: str) -> Actor:
    """Return the person who signs in as `login`, with their roles and teams as of now."""
    if "accounts.user" not in crm.kinds:
        raise Misuse(_("--as needs the plugin accounts, which is not in this CRM", ru="для --as нужен плагин accounts, а его нет в этой CRM"))
    import sqlalchemy as sa

    from crmkit.accounts.people import actor_of as person

    table = crm.kinds["accounts.user"].table
    with crm.read() as uow:
        key = uow.connection.execute(sa.select(table.c.id).where(table.c.login == login.strip().lower())).scalar_one_or_none()
    found = person(crm, key) if key is not None else None
    if found is None:
        raise NotFound(_("nobody signs in as {login}", ru="никто не входит под именем {login}").format(login=login))
    return found
