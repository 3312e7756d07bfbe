"""Hooks of this plugin, for providers and other plugins."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from crmkit import Crm, Uow, hookspec

if t.TYPE_CHECKING:
    from .entities import Call
    from .events import CallEvent
    from .finding import Found
    from .provider import Provider


class Specs:
    """What other plugins may do with calls."""

    @hookspec
    def telephony_providers(self, crm: Crm) -> Sequence[Provider]:
        """Return your telephone provider, ready for this CRM; asked once."""
        raise NotImplementedError

    @hookspec
    def telephony_find(self, number: str, uow: Uow) -> Sequence[Found]:
        """Say who has a number (E.164), in your own entities, besides contacts, companies, leads and inquiries of sales."""
        raise NotImplementedError

    @hookspec
    def telephony_changed(self, call: Call, events: Sequence[CallEvent], uow: Uow) -> None:
        """Do your part when something new was told about a call, in the same transaction.

        `events` are the new ones, oldest first; `call` is what is known by now, whatever the order they came in.
        """

    @hookspec
    def telephony_card(self, call: Call, uow: Uow) -> Sequence[Mapping[str, t.Any]] | None:
        """Add ways to the card of a call: mappings with ``title``, ``path`` (an address within the CRM), and ``about`` and ``icon`` if you like.

        Asked each time the card is drawn, with the rights of whoever sees it: add only what they may see. `call.contact_id` is whose call it
        is, once that is known.
        """

    @hookspec(firstresult=True)
    def telephony_missed(self, call: Call, uow: Uow) -> bool | None:
        """Make a task of a missed call for its owner; True when that is done. Where nobody does, it becomes a next step of the client."""
