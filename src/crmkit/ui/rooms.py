"""Addresses of the pages: each room of the interface says which are its own."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import attrs

from ..core.errors import Refusal

if t.TYPE_CHECKING:
    from ..core.plugin import Upload
    from ..core.text import Text
    from ..core.uow import Uow
    from ..web.answer import Answer
    from .results import Result
    from .visit import Visit

Handler = t.Callable[["Visit", "Uow"], "Result | Answer"]


@attrs.frozen(kw_only=True)
class Address:
    """What answers at an address: `get` with a unit of work that reads, `post` with one that writes.

    When `post` is refused, everything it did is undone, and `again` (visit, a reading uow, the refusal) shows the form once more
    with what is wrong; without it the refusal is told as a toast, or as a page. `open` lets nobody in particular come in.
    `outside` handlers get no unit of work (`None`) and open their own. `upload` takes large bodies to `post`, read into a
    temporary file (``visit.call.upload``) once the visitor is known to hold `permission`.
    """

    get: Handler | None = None
    post: Handler | None = None
    again: t.Callable[[Visit, Uow, Refusal], Result | Answer] | None = None
    open: bool = False
    upload: Upload | None = None
    permission: str = ""
    outside: bool = False
    plugin: str = ""


Addresses = Mapping[str, Address]


@attrs.frozen(kw_only=True)
class RoomLine:
    """A line of the sidebar that leads to a page of ours."""

    label: Text
    path: str
    icon: str
    permission: str
    section: str = "admin"
    order: int = 50


@attrs.frozen(kw_only=True)
class Room:
    """The addresses of one room.

    `fixed` are whole paths (``"/admin/jobs"``), `below` paths with ``{names}`` (``"/_/pop/{topic}/{id:int}"``), `of_kind` what
    follows ``/<plugin>/<entity>/`` (``""`` is the list), `of_record` what follows ``/<plugin>/<entity>/<id>/``.
    """

    fixed: Addresses = attrs.field(factory=dict)
    below: Addresses = attrs.field(factory=dict)
    of_kind: Addresses = attrs.field(factory=dict)
    of_record: Addresses = attrs.field(factory=dict)
    menu: tuple[RoomLine, ...] = ()
