"""Boards: a pipeline's stages as columns, and plugins' own."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room
from .moving import asked_again, moved
from .page import changes, folds, more, shown
from .plugins import boards

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(
        of_kind={
            "board": Address(get=shown), "board/changes": Address(get=changes), "board/more": Address(get=more), "board/fold": Address(post=folds),
        },
        of_record={"move": Address(post=moved, again=asked_again)},
        below=boards(site),
    )  # fmt: skip
