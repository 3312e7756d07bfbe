"""People, roles, plugins, jobs, webhooks, the journal, settings: for those who run the CRM."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room, RoomLine
from . import audit, explaining, jobs, plugins, settings, words

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(
        fixed={
            "/admin/plugins": Address(get=plugins.show),
            "/admin/jobs": Address(get=jobs.show),
            "/admin/jobs/replay": Address(post=jobs.replay),
            "/admin/journal": Address(get=audit.show),
            "/admin/why": Address(get=explaining.show),
            "/settings": Address(get=settings.first),
        },
        below={"/settings/{tab}": Address(get=settings.show, post=settings.send, again=settings.again)},
        menu=(
            RoomLine(label=words.journal, path="/admin/journal", icon="scroll-text", permission="crmkit.journal", order=60),
            RoomLine(label=words.jobs, path="/admin/jobs", icon="timer", permission="crmkit.jobs", order=70),
            RoomLine(label=words.why, path="/admin/why", icon="eye", permission="crmkit.explain", order=80),
            RoomLine(label=words.plugins, path="/admin/plugins", icon="blocks", permission="crmkit.plugins", order=85),
            RoomLine(label=words.settings, path="/settings", icon="settings", permission="crmkit.plugins", order=90),
        ),
    )
