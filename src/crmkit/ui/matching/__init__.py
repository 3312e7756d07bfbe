"""Records that are one: merging them, and what plugins say beside a form that is being filled in."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room
from . import merging
from .beside import beside

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(
        below={"/_/beside/{plugin}/{key}/{kind}": Address(post=beside, outside=True)},
        of_record={"merge": Address(get=merging.page, post=merging.merge, again=merging.once_more)},
    )
