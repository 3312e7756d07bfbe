"""The boundary around what plugins add: one that fails or is slow costs its own tile, never the page."""

from __future__ import annotations

import concurrent.futures
import contextvars
import logging
import threading
import time
import typing as t
from collections.abc import Callable, Sequence

import attrs
from markupsafe import Markup

from ..core.errors import Refusal
from ..core.text import _
from .registry import Item
from .results import Result, View

if t.TYPE_CHECKING:
    from ..core.uow import Uow
    from .site import Site
    from .visit import Visit

log = logging.getLogger("crmkit.ui")
BROKEN = _("This part did not work", ru="Эта часть не сработала")
SLOW = _("This part is taking too long", ru="Эта часть слишком долго загружается")
REST_SECONDS = 30.0
MOST_THREADS = 16


@attrs.frozen(kw_only=True)
class Part:
    """A contribution as it came out: its HTML (None: it has nothing to show), and how it went."""

    item: Item[t.Any]
    html: Markup | None
    state: str = "ok"
    """``ok``, ``failed``, ``slow`` (it did not come in time) or ``lazy`` (not asked yet)."""


class Boundary:
    """Runs contributions beside each other, each with a unit of work of its own, and waits for them only so long."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._threads = concurrent.futures.ThreadPoolExecutor(MOST_THREADS, "crm-part")
        self._late: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def all(self, visit: Visit, uow: Uow, items: Sequence[Item[t.Any]], call: Callable[[Item[t.Any], Uow], Result]) -> list[Part]:
        """Run contributions and return how each came out, in order; those that are lazy, or were too slow a moment ago, are left for later."""
        if visit.call.edge.connection is not None:  # a host's connection serves one thread
            return [self._guarded(visit, item, lambda i: call(i, uow)) for item in items]
        waiting: list[tuple[Item[t.Any], concurrent.futures.Future[Part] | None]] = []
        for item in items:
            if getattr(item.mark, "lazy", False) or self._resting(item):
                waiting.append((item, None))
                continue
            context = contextvars.copy_context()
            waiting.append((item, self._threads.submit(context.run, self._apart, visit, item, call)))
        concurrent.futures.wait([f for _item, f in waiting if f is not None], timeout=self.site.settings.part_seconds)
        return [self._outcome(item, future) for item, future in waiting]

    def one(self, visit: Visit, uow: Uow, item: Item[t.Any], call: Callable[[Item[t.Any], Uow], Result]) -> Part:
        """Run one contribution in its own request: nobody else waits for it."""
        return self._guarded(visit, item, lambda i: call(i, uow))

    def _apart(self, visit: Visit, item: Item[t.Any], call: Callable[[Item[t.Any], Uow], Result]) -> Part:
        started = time.monotonic()
        with self.site.crm.read(visit.actor) as uow:
            part = self._guarded(visit, item, lambda i: call(i, uow))
        if time.monotonic() - started <= self.site.settings.part_seconds:
            with self._lock:
                self._late.pop((item.plugin, item.key), None)
        return part

    def _guarded(self, visit: Visit, item: Item[t.Any], call: Callable[[Item[t.Any]], Result]) -> Part:
        try:
            result = call(item)
            if result is None:
                return Part(item=item, html=None)
            if isinstance(result, View):
                return Part(item=item, html=self.site.fragment(visit, result, item.plugin))
            return Part(item=item, html=Markup(result) if isinstance(result, Markup) else Markup.escape(str(result)))
        except Refusal as refusal:
            if refusal.status in (401, 403, 404):
                return Part(item=item, html=None)
            return Part(item=item, html=self._told(visit, item, refusal), state="failed")
        except Exception as error:
            log.exception("%s of plugin %s failed", item.key, item.plugin)
            if "crm_error" in self.site.crm.hooked:
                self.site.crm.hook.crm_error(error=error, where=f"{item.plugin}:{item.key}")
            return Part(item=item, html=self._told(visit, item, None), state="failed")

    def _told(self, visit: Visit, item: Item[t.Any], refusal: Refusal | None) -> Markup:
        words = visit.say(refusal.message) if refusal is not None else visit.say(BROKEN)
        label = next((p.label or p.name for p in self.site.crm.plugins if p.name == item.plugin), item.plugin)
        return self.site.fragment(visit, View("ui/broken.html", words=words, plugin=visit.say(label)), "")

    def _resting(self, item: Item[t.Any]) -> bool:
        late = self._late.get((item.plugin, item.key))
        return late is not None and time.monotonic() - late < REST_SECONDS

    def _outcome(self, item: Item[t.Any], future: concurrent.futures.Future[Part] | None) -> Part:
        if future is None:
            return Part(item=item, html=Markup(""), state="lazy")
        if future.done():
            return future.result()
        future.cancel()
        with self._lock:
            self._late[item.plugin, item.key] = time.monotonic()
        log.warning("%s of plugin %s took more than %s s; the page was shown without it", item.key, item.plugin, self.site.settings.part_seconds)
        return Part(item=item, html=Markup(""), state="slow")
