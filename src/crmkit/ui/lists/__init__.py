"""Lists of records: sorting, filters, columns, views, bulk work."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room
from .editor import apply, editor
from .page import listed, rows

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(of_kind={"": Address(get=listed), "rows": Address(get=rows), "filter": Address(get=editor), "filter/apply": Address(get=apply)})
