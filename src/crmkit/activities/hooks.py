"""Hooks of this plugin, for other plugins and hosts."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from crmkit import Crm, hookspec

if t.TYPE_CHECKING:
    from .kinds import ActivityKind
    from .store import FileStore


class Specs:
    """What other plugins may add."""

    @hookspec
    def activities_kinds(self, crm: Crm) -> Iterable[ActivityKind] | None:
        """Add kinds of activities of your own: ``[ActivityKind("fitting", _("Fitting", ru="Примерка"))]``."""

    @hookspec(firstresult=True)
    def activities_file_store(self, crm: Crm) -> FileStore | None:
        """Keep files somewhere of your own instead of on disk or in S3."""
