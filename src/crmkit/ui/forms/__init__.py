"""Forms for new records and for editing, and what is chosen in them."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room
from .page import change, create, edit, edit_again, new, new_again
from .picking import pick_person, pick_record

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(
        below={"/_/pick/{of}": Address(get=pick_person)},
        of_kind={"new": Address(get=new, post=create, again=new_again), "pick": Address(get=pick_record)},
        of_record={"edit": Address(get=edit, post=change, again=edit_again)},
    )
