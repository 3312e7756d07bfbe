"""The page of one record: what it is, what happened, what can be done."""

from __future__ import annotations

import typing as t

from ..rooms import Address, Room
from . import doing, feed, page, panels, props, related

if t.TYPE_CHECKING:
    from ..site import Site


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    command = Address(get=doing.ask, post=doing.do, again=doing.do_again)
    verbs = {c.verb for c in site.crm.commands.values() if c.kind is not None}
    return Room(
        below={
            "/_/panel/{plugin}/{key}/{kind}/{id:int}": Address(get=panels.one),
            "/_/command/{name}": command,
        },
        of_record={
            "": Address(get=page.page),
            "timeline": Address(get=feed.shown_to),
            "field": Address(get=props.field, post=props.keep, again=props.keep_again),
            "related": Address(get=related.related),
            "parts": Address(get=related.parts, post=related.keep_part, again=related.keep_part_again),
            "archive": Address(post=doing.archive),
            "restore": Address(post=doing.restore),
            **{f"do/{verb}": command for verb in sorted(verbs)},
        },
    )
