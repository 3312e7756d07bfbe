"""Bringing files in on the screen: sent, mapped, checked, imported, and taken back."""

from __future__ import annotations

import typing as t

from ...core.plugin import Upload
from ..rooms import Address, Room, RoomLine
from . import words
from .pages import PERMISSION, Pages
from .work import register

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    register(site.crm)
    pages, most = Pages(site), site.settings.import_size
    begin = Address(get=pages.begin)
    return Room(
        fixed={
            "/import": begin,
            "/_/import": Address(post=pages.send, upload=Upload(limit=lambda crm: most), permission=PERMISSION, outside=True),
        },
        below={
            "/import/{id}": Address(get=pages.show, post=pages.decide, again=pages.again),
            "/import/{id}/progress": Address(get=pages.progress),
            "/import/{id}/act": Address(post=pages.act),
            "/import/{id}/mapping.toml": Address(get=pages.toml),
            "/import/{id}/errors/{name}": Address(get=pages.errors),
        },
        of_kind={"import": begin},
        menu=(RoomLine(label=words.title, path="/import", icon="file-down", permission=PERMISSION, order=60),),
    )
