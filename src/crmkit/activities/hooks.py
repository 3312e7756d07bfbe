"""Hooks of this plugin, for other plugins and hosts."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from crmkit import Crm, Uow, hookspec

if t.TYPE_CHECKING:
    from .entities import File
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

    @hookspec
    def activities_file_opened(self, file: File, uow: Uow) -> None:
        """Learn that the content of a file is about to be handed to the actor, who may see it; raise a refusal to keep it.

        Called before anything is sent. What cannot be done twice belongs past a note of your own: browsers ask again, and for parts.
        """
