"""Every room of the interface, and the pages of plugins."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from . import admin, boards, calendar, components, dashboards, forms, history, lists, matching, plugin_pages, records, shell, transferring, windows
from .rooms import Room

if t.TYPE_CHECKING:
    from .site import Site

ROOMS = (
    shell, dashboards, lists, calendar, boards, records, forms, history, matching, transferring, windows, admin, components, plugin_pages,
)  # fmt: skip


def rooms(site: Site) -> Iterator[Room]:
    """Yield the rooms; what comes first is found first."""
    for module in ROOMS:
        yield module.room(site)
