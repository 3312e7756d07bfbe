"""Floating windows, and what opens them by itself."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room
from .pops import pop

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(below={"/_/pop/{topic}": Address(get=pop), "/_/pop/{topic}/{id:int}": Address(get=pop)})
