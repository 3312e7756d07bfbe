"""What only a composed CRM can tell about the settings."""

from __future__ import annotations

from crmkit import CompositionError, Crm, hookimpl

from .kinds import check_kinds
from .settings import TaskqueueSettings


@hookimpl
def crm_composed(crm: Crm) -> None:
    """Refuse kinds whose outcomes lead to stages or kinds that are not there."""
    problems = check_kinds(crm[TaskqueueSettings].all_kinds, crm)
    if problems:
        raise CompositionError(problems)
