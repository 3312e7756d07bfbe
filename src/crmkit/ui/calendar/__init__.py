"""Calendars of entities that have a day."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room
from .page import calendar

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(of_kind={"calendar": Address(get=calendar)})
