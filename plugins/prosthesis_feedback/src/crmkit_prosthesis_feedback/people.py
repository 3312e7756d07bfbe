"""What people are called, whoever knows them."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import Uow


def names_of(uow: Uow, of: str, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of people (`of` is ``"person"``) or teams (``"team"``); ``№ 5`` where nobody knows one."""
    wanted = sorted({key for key in ids if key is not None})
    if not wanted:
        return {}
    known = dict(uow.crm.hook.crm_names(crm=uow.crm, of=of, ids=wanted) or {}) if "crm_names" in uow.crm.hooked else {}
    return {key: known.get(key) or f"№ {key}" for key in wanted}


__all__ = ["names_of"]
