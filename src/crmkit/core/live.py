"""Live messages: a topic and an id, nothing else; whoever may see the record fetches it through the authorised route."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import attrs


@attrs.frozen
class Message:
    """Something changed: `topic` is an entity (``"sales.deal"``) or a plugin's own topic, `id` the record it is about."""

    topic: str
    id: int | None = None


Listener = Callable[[Sequence[Message]], None]


class Hub:
    """Hands messages to whoever listens in this process, after the commit. Listeners must return at once."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._lock = threading.Lock()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each batch of messages; the returned function ends it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def leave() -> None:
            with self._lock:
                self._listeners = tuple(x for x in self._listeners if x is not listener)

        return leave

    def publish(self, messages: Sequence[Message]) -> None:
        """Hand out messages."""
        for listener in self._listeners:
            listener(messages)
