"""The hook of this plugin."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from crmkit import hookspec

if t.TYPE_CHECKING:
    from crmkit import Crm

    from .declare import Duplicates


class DuplicatesSpecs:
    """What other plugins may do for duplicates."""

    @hookspec
    def duplicates_declared(self, crm: Crm) -> Iterable[Duplicates] | None:
        """Declare what is compared, from a plugin that works without this one too.

        Mark it ``@hookimpl(optionalhook=True)`` and import `crmkit.duplicates` inside: where this plugin is not composed, it is
        never called.
        """
