"""The hub of one CRM in one process: hears of changes anywhere, tells the clients connected here."""

from __future__ import annotations

import logging
import threading
import time
import typing as t
import weakref
from collections.abc import Sequence

from ...core.live import Message
from .client import Client
from .marks import Mark, read_mark, since
from .scope import deliver
from .sources import FileSource, ListenSource, Source

if t.TYPE_CHECKING:
    from ...core.compose import Crm

log = logging.getLogger("crmkit.live")
FRESH_SECONDS = 30.0
"""How old a mark handed out with a list may be: older ones only mean that more is told twice."""


class LiveHub:
    """Registers clients, hears messages from its source's thread and delivers them there: no thread per client."""

    def __init__(self, crm: Crm) -> None:
        self._crm = weakref.ref(crm)
        self._clients: dict[int, Client] = {}
        self._lock = threading.Lock()
        self._source: Source | None = None
        self._mark: Mark | None = None
        self.told: Mark | None = None  # everything before it has been put into the clients' queues
        self._marked_at = 0.0

    @property
    def crm(self) -> Crm:
        """The CRM, which outlives its hub."""
        return t.cast("Crm", self._crm())

    @property
    def busy(self) -> bool:
        """True while somebody is connected."""
        return bool(self._clients)

    # ---- life --------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to listen."""
        self._source = (ListenSource if self.crm.database.postgres else FileSource)(self)
        self._source.start()

    def stop(self) -> None:
        """Stop listening and end every stream."""
        if self._source is not None:
            self._source.stop()
            self._source = None
        self.hang_up()

    def hang_up(self) -> None:
        """End every stream; clients come back by themselves. Safe in a signal handler."""
        for client in list(self._clients.values()):
            client.close()

    # ---- clients -----------------------------------------------------------------------------------------------
    def join(self, client: Client, mark: Mark | None) -> tuple[list[Message] | None, Mark]:
        """Register a client; return what it missed since `mark` (None when that cannot be told) and the mark it starts at.

        Registered first, read afterwards: what commits in between is heard, what was committed before is read.
        """
        with self._lock:
            self._clients[id(client)] = client
        crm = self.crm
        with crm.database.read() as db:
            here = client.first = read_mark(crm, db)
        if self._source is not None:
            self._source.joined(here)
        if mark is None:
            return [], here
        with crm.database.read() as db:
            return since(crm, db, mark, client.topics, here), here

    def leave(self, client: Client) -> None:
        """Forget a client."""
        with self._lock:
            self._clients.pop(id(client), None)

    # ---- marks -------------------------------------------------------------------------------------------------
    def mark(self) -> Mark:
        """Return a mark for an answer about to be read: recent, never too late."""
        mark = self._mark
        if mark is None or time.monotonic() - self._marked_at > FRESH_SECONDS:
            crm = self.crm
            with crm.database.read() as db:
                mark = read_mark(crm, db)
            self._mark, self._marked_at = mark, time.monotonic()
        return mark

    def passed(self, mark: Mark) -> None:
        """Take note that everything before `mark` has been told."""
        self.told = self._mark = mark
        self._marked_at = time.monotonic()

    # ---- telling (in the source's thread) ----------------------------------------------------------------------
    def tell(self, messages: Sequence[Message], mark: Mark) -> None:
        """Deliver messages to those who may hear them."""
        with self._lock:
            clients = list(self._clients.values())
        if not clients or not messages:
            return
        crm = self.crm
        try:
            with crm.database.read() as db:
                deliver(crm, db, clients, messages, mark)
        except Exception as error:  # the streams go on: everybody fetches again
            log.warning("live messages could not be checked, clients fetch again: %s", type(error).__name__, exc_info=error)
            self.resync(mark)

    def resync(self, mark: Mark) -> None:
        """Tell everybody to fetch again."""
        with self._lock:
            clients = list(self._clients.values())
        for client in clients:
            client.resync(mark)

    def missed(self, mark: Mark) -> None:
        """Tell what happened since `mark`, after the source was cut off for a while."""
        crm = self.crm
        with crm.database.read() as db:
            here = read_mark(crm, db)
            found = since(crm, db, mark, {t_ for c in list(self._clients.values()) for t_ in c.topics}, here)
        if found is None:
            self.resync(here)
        else:
            self.tell(found, mark)
        self.passed(here)
