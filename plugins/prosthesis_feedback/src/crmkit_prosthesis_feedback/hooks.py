"""Hooks of this plugin, for other plugins."""

from __future__ import annotations

import typing as t

from crmkit import Uow, hookspec

if t.TYPE_CHECKING:
    from .entities import Service


class Specs:
    """What other plugins may do for the follow-up of wearers."""

    @hookspec
    def prosthesis_feedback_message(self, service: Service, text: str, uow: Uow) -> None:
        """Send the settings' `message` to somebody whom no call has reached, in the transaction that gives the calling up for a while.

        Send it past the transaction (``uow.schedule`` and ``@outside``): it may still be undone.
        """
