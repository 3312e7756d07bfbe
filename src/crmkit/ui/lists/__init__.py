"""Lists of records: sorting, filters, columns, views, bulk work."""

from __future__ import annotations

import typing as t

from ..rooms import Room

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room()
