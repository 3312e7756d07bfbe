"""Who is shown by name, and who by a pseudonym."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import Uow


def names(uow: Uow, ids: Iterable[int]) -> dict[int, str]:
    """Return what workers are to be called before the actor: by name whoever may be seen by name and oneself, else by pseudonym."""
    raise NotImplementedError


__all__ = ["names"]
