"""What happened to a record and in the whole CRM, and taking it back."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room, RoomLine
from . import listed, record, undoing, words

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(
        fixed={
            "/operations": Address(get=listed.listed),
            "/undo": Address(get=undoing.preview, post=undoing.confirm, again=undoing.still),
            "/_/undo": Address(post=undoing.at_once, again=undoing.look),
        },
        below={"/operations/{number:int}": Address(get=listed.one)},
        of_record={"history": Address(get=record.history)},
        menu=(RoomLine(label=words.operations, path="/operations", icon="history", permission="crmkit.journal", order=70),),
    )
