"""What people and teams are called, whoever knows them: accounts, or who gives leads to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from crmkit import Uow
from crmkit_sales import Assignee


def names_of(uow: Uow, of: str, ids: Iterable[int | None], known: Mapping[int, str] | None = None) -> dict[int, str]:
    """Return the names of people (`of` is ``"person"``) or teams (``"team"``); ``№ 5`` where nobody has one. `known` saves a question."""
    wanted = sorted({x for x in ids if x is not None})
    if not wanted:
        return {}
    crm = uow.crm
    found: dict[int, str] = dict(crm.hook.crm_names(crm=crm, of=of, ids=wanted) or {}) if "crm_names" in crm.hooked else {}
    missing = [x for x in wanted if x not in found]
    if missing and of == "person":
        a = Assignee.__table__.c
        taking = sa.select(a.user_id, a.name).where(a.user_id.in_(missing))
        found |= {row[0]: row[1] for row in uow.connection.execute(taking)} if known is None else known
    return {x: found.get(x) or f"№ {x}" for x in wanted}


__all__ = ["names_of"]
