"""The tile of the first page for those who have not started work."""

from __future__ import annotations

from crmkit import Uow
from crmkit.ui import View, widget

from ..desk import desk_of
from ..roles import WORK
from . import words
from .standing import ahead


@widget(label=words.screen, permission=WORK, order=1, live=["taskqueue.desk"])
def begin(uow: Uow) -> View | None:
    """What waits for today, and the button that begins; nothing for those who work already."""
    if uow.actor.id is None:
        return None
    desk = desk_of(uow, uow.actor.id)
    if desk is not None and desk.session_id is not None:
        return None
    return View("begin.html", s=words, waiting=ahead(uow)["waiting"])
