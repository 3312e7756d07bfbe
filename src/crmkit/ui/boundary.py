"""The boundary around what plugins add: one that fails or is slow costs its own tile, never the page."""

from __future__ import annotations

import logging
import threading
import time
import typing as t
from collections.abc import Callable, Sequence

import attrs
from markupsafe import Markup

from ..core.database import is_timeout
from ..core.errors import Refusal
from ..core.text import _
from .part_threads import Run, Threads
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
MOST_THREADS, MOST_EACH = 16, 4
PATIENCE = 5
"""How many times longer than in a page a part may take that is fetched by itself."""


@attrs.frozen(kw_only=True)
class Part:
    """A contribution as it came out: its HTML (None: it has nothing to show), and how it went."""

    item: Item[t.Any]
    html: Markup | None
    state: str = "ok"
    """``ok``, ``failed``, ``slow`` (it did not come in time) or ``lazy`` (not asked yet)."""


class Boundary:
    """Runs contributions beside each other, each with a unit of work of its own, and waits for them only so long.

    What takes longer is left behind: the database ends its statement, so that thread and connection come back; for a while its
    tile is fetched by itself, after the page. One that hangs outside the database keeps at most `MOST_EACH` threads.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self._threads = Threads(MOST_THREADS, MOST_EACH)
        self._late: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """How long a page waits for a part."""
        return self.site.settings.part_seconds

    def all(self, visit: Visit, uow: Uow, items: Sequence[Item[t.Any]], call: Callable[[Item[t.Any], Uow], Result]) -> list[Part]:
        """Run contributions and return how each came out, in order; those that are lazy, or were too slow a moment ago, are left for later."""
        if visit.call.edge.connection is not None:  # a host's connection serves one thread
            return [self._guarded(visit, item, lambda i: call(i, uow)) for item in items]
        waiting: list[tuple[Item[t.Any], Run[Part] | None]] = []
        for item in items:
            later = getattr(item.mark, "lazy", False) or self._resting(item) or not self._threads.room(_key(item))
            waiting.append((item, None if later else self._start(visit, item, call, self.seconds)))
        ends = time.monotonic() + self.seconds
        return [Part(item=item, html=Markup(""), state="lazy") if run is None else self._outcome(item, run, ends) for item, run in waiting]

    def one(self, visit: Visit, uow: Uow, item: Item[t.Any], call: Callable[[Item[t.Any], Uow], Result]) -> Part:
        """Run one contribution in the unit of work at hand; whoever asked waits for it."""
        return self._guarded(visit, item, lambda i: call(i, uow))

    def alone(self, visit: Visit, uow: Uow, item: Item[t.Any], call: Callable[[Item[t.Any], Uow], Result]) -> Part:
        """Run one contribution that is fetched by itself, after its page: with more patience, but not without end."""
        if visit.call.edge.connection is not None:
            return self.one(visit, uow, item, call)
        if not self._threads.room(_key(item)):
            return self._too_slow(visit, item)
        patience = self.seconds * PATIENCE
        run = self._start(visit, item, call, patience)
        if run.wait(patience):
            return run.result()
        self._left(item, run)
        return self._too_slow(visit, item)

    def _start(self, visit: Visit, item: Item[t.Any], call: Callable[[Item[t.Any], Uow], Result], seconds: float) -> Run[Part]:
        return self._threads.start(_key(item), lambda: self._apart(visit, item, call, seconds))

    def _apart(self, visit: Visit, item: Item[t.Any], call: Callable[[Item[t.Any], Uow], Result], seconds: float) -> Part:
        started = time.monotonic()
        with self.site.crm.read(visit.actor) as uow, self.site.crm.database.limited(uow.connection, seconds):
            part = self._guarded(visit, item, lambda i: call(i, uow))
        if time.monotonic() - started <= self.seconds:
            with self._lock:
                self._late.pop(_key(item), None)
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
            if is_timeout(error):
                return self._too_slow(visit, item)
            log.exception("%s of plugin %s failed", item.key, item.plugin)
            if "crm_error" in self.site.crm.hooked:
                self.site.crm.hook.crm_error(error=error, where=f"{item.plugin}:{item.key}")
            return Part(item=item, html=self._told(visit, item, None), state="failed")

    def _too_slow(self, visit: Visit, item: Item[t.Any]) -> Part:
        return Part(item=item, html=self._told(visit, item, Refusal(SLOW)), state="failed")

    def _told(self, visit: Visit, item: Item[t.Any], refusal: Refusal | None) -> Markup:
        words = visit.say(refusal.message) if refusal is not None else visit.say(BROKEN)
        label = next((p.label or p.name for p in self.site.crm.plugins if p.name == item.plugin), item.plugin)
        return self.site.fragment(visit, View("ui/broken.html", words=words, plugin=visit.say(label)), "")

    def _resting(self, item: Item[t.Any]) -> bool:
        late = self._late.get(_key(item))
        return late is not None and time.monotonic() - late < REST_SECONDS

    def _outcome(self, item: Item[t.Any], run: Run[Part], ends: float) -> Part:
        if run.wait(ends - time.monotonic()):
            return run.result()
        self._left(item, run)
        return Part(item=item, html=Markup(""), state="slow")

    def _left(self, item: Item[t.Any], run: Run[Part]) -> None:
        """Go on without a part. One that only waited for a thread is not to blame."""
        if not run.give_up():
            return
        with self._lock:
            self._late[_key(item)] = time.monotonic()
        log.warning("%s of plugin %s took more than %s s; the page was shown without it", item.key, item.plugin, self.seconds)


def _key(item: Item[t.Any]) -> tuple[str, str]:
    return item.plugin, item.key
