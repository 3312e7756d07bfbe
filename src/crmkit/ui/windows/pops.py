"""Which windows open by themselves: asked by a browser that was told of a topic, with the rights of whoever sits before it."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Sequence

import orjson

from ...core.errors import Refusal
from ...core.live import Message
from ...web.answer import JSON, Answer
from ...web.live.scope import topics_of, visible
from ..results import Window

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..marks import PopMark
    from ..registry import Item
    from ..visit import Visit

log = logging.getLogger("crmkit.ui")


def pop(visit: Visit, uow: Uow) -> Answer:
    """GET /_/pop/<topic>[/<id>]: the windows a person gets for what was told, or 204 for none (any more)."""
    topic, key = visit.path["topic"], visit.path.get("id")
    about = int(key) if key is not None else None
    items = visit.site.registry.pops.get(topic, ()) if may_hear(uow, topic, about) else ()
    windows = [made for item in items for made in _made(visit, uow, item, about)]
    if not windows:
        return Answer(b"", 204, [], None)
    found = [
        {"url": visit.url(w.path), "title": visit.say(w.title), "kind": w.kind, "urgent": w.urgent} | ({} if w.opens else {"opens": False})
        for w in windows
    ]  # fmt: skip
    return Answer(orjson.dumps({"windows": found}), 200, [(b"cache-control", b"no-store")], JSON)


def may_hear(uow: Uow, topic: str, about: int | None) -> bool:
    """True when an actor is told of a topic, about this record."""
    try:
        of = topics_of(uow, [topic])[topic]
    except Refusal:
        return False
    return of is None or about is None or bool(visible(uow, of, [Message(topic, about)]))


def _made(visit: Visit, uow: Uow, item: Item[PopMark], about: int | None) -> Sequence[Window]:
    """Return what a plugin wants opened. What it refuses is no window; what fails costs only its own."""
    try:
        found = t.cast("Window | Sequence[Window] | None", item.function(about, uow))
        return () if found is None else (found,) if isinstance(found, Window) else found
    except Refusal:
        return ()
    except Exception as error:
        log.exception("%s of plugin %s failed", item.key, item.plugin)
        if "crm_error" in visit.crm.hooked:
            visit.crm.hook.crm_error(error=error, where=f"{item.plugin}:{item.key}")
        return ()
