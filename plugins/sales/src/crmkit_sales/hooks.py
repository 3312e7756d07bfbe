"""Hooks of this plugin, for other plugins and hosts."""

from __future__ import annotations

import datetime as dt

from crmkit import Staged, Uow, hookspec

from .entities import Assignee


class Specs:
    """What other plugins may add to sales."""

    @hookspec
    def sales_converted(self, source: Staged, target: Staged, uow: Uow) -> None:
        """Carry over what is yours when an inquiry became a lead, or a lead a deal; in the same transaction.

        What an extension of `source` shares by name with one of `target`, of the same plugin, has been copied already.
        """

    @hookspec
    def sales_absent(self, assignee: Assignee, day: dt.date, uow: Uow) -> bool | None:
        """Say True when somebody is away on a day and shall be given nothing."""
